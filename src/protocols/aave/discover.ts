import type { Address } from '../../core/ids.ts';
import type { RowQuery } from '../../core/source.ts';
import type { Deployment } from '../protocol.ts';
import { eModeRow, marketRow, positionRow, reserveRow, userReserveRow, userRow } from './rows.ts';

/** What to read of a pool and its users, by the subgraph that the deployment has. */
export function discoverAave(deployment: Deployment, owners: readonly Address[]): readonly RowQuery[] {
  if (deployment.protocol === 'spark') return discoverMessari(owners);
  const documents = deployment.protocol;
  // The subgraphs call the addresses provider the pool's id.
  const pool = deployment.contracts.provider ?? '';
  const common: RowQuery[] = [
    { name: 'Reserves', documents, operation: 'Reserves', root: 'reserves', variables: { pool }, row: reserveRow },
    { name: 'UserReserves', documents, operation: 'UserReserves', root: 'userReserves', variables: { pool, owners }, row: userReserveRow },
  ];
  if (deployment.protocol === 'aave-v2') return common;
  return [
    ...common,
    { name: 'Users', documents, operation: 'Users', root: 'users', variables: { owners }, row: userRow },
    { name: 'EModeCategories', documents, operation: 'EModeCategories', root: 'emodeCategories', variables: {}, row: eModeRow },
  ];
}

function discoverMessari(owners: readonly Address[]): RowQuery[] {
  const documents = 'messari-lending';
  return [
    { name: 'Markets', documents, operation: 'Markets', root: 'markets', variables: {}, row: marketRow },
    { name: 'Positions', documents, operation: 'Positions', root: 'positions', variables: { owners }, row: positionRow },
  ];
}
