import type { Address } from '../../core/ids.ts';
import type { RowQuery } from '../../core/source.ts';
import type { Deployment } from '../protocol.ts';
import { marketRow, positionRow } from './rows.ts';

const DOCUMENTS = 'compound-v3';

/** Plans the subgraph reads of one comet: its own row, and the owners' positions in it. Empty where no subgraph covers the chain. */
export function discoverComet(deployment: Deployment, owners: readonly Address[]): readonly RowQuery[] {
  if (deployment.subgraph === null) return [];
  return [
    { name: 'markets', documents: DOCUMENTS, operation: 'Markets', root: 'markets', variables: { market: deployment.market }, row: marketRow },
    {
      name: 'positions',
      documents: DOCUMENTS,
      operation: 'Positions',
      root: 'positions',
      variables: { market: deployment.market, owners },
      row: positionRow,
    },
  ];
}
