import { getAddress } from 'ethers';
import type { Address } from '../../core/ids.ts';
import type { RowQuery } from '../../core/source.ts';
import type { Deployment } from '../protocol.ts';
import { marketInfoRow, positionRow, priceRow } from './rows.ts';

const DOCUMENTS = 'gmx-v2';

/** Plans the squid reads: the owners' positions, under both spellings of an address since the squid compares text, every market, and the prices that were last reported. */
export function discoverGmx(deployment: Deployment, owners: readonly Address[]): readonly RowQuery[] {
  if (deployment.subgraph === null) return [];
  const accounts = owners.flatMap((owner) => [getAddress(owner), owner]);
  return [
    { name: 'positions', documents: DOCUMENTS, operation: 'Positions', root: 'positions', variables: { accounts }, row: positionRow },
    { name: 'marketInfos', documents: DOCUMENTS, operation: 'MarketInfos', root: 'marketInfos', variables: {}, row: marketInfoRow },
    { name: 'prices', documents: DOCUMENTS, operation: 'Prices', root: 'prices', variables: {}, row: priceRow },
  ];
}
