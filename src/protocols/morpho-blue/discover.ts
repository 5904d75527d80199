import type { Address } from '../../core/ids.ts';
import type { RowQuery } from '../../core/source.ts';
import type { Deployment } from '../protocol.ts';
import { positionRow } from './rows.ts';

/** Every position of the owners, open or closed, with its market. */
export function discoverPositions(_deployment: Deployment, owners: readonly Address[]): readonly RowQuery[] {
  return [
    {
      name: 'positions',
      documents: 'morpho-blue',
      operation: 'positions',
      root: 'positions',
      variables: { owners },
      row: positionRow,
    },
  ];
}
