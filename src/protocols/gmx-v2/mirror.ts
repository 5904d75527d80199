import type { Deployment, Mirror, MirroredInput, MirroredPosition, MirrorQuery } from '../protocol.ts';
import { discoverGmx } from './discover.ts';
import { readSquidPosition } from './positions.ts';
import { positionRow, readRows } from './rows.ts';

/** How GMX is mirrored: every open position, every market and price, each time whole, since a squid can neither be pinned nor say what changed. */
export function mirrorGmx(deployment: Deployment): Mirror {
  const shared = discoverGmx(deployment, [])
    .filter((query) => query.name !== 'positions')
    .map((query): MirrorQuery => ({ ...query, holds: 'shared', changes: [], byId: null, place: () => ({ owner: null, market: '' }) }));
  const positions: MirrorQuery = {
    name: 'positions',
    documents: 'gmx-v2',
    operation: 'MirrorPositions',
    root: 'positions',
    variables: {},
    row: positionRow,
    holds: 'positions',
    changes: [],
    byId: null,
    place(given) {
      const row = positionRow.parse(given);
      return row.sizeInUsd > 0n || row.collateralAmount > 0n ? { owner: row.account, market: row.market } : null;
    },
  };
  return { queries: shared.length === 0 ? [] : [...shared, positions], join: (rows) => rows, listPositions, layoutOf: () => '' };
}

function listPositions({ deployment, block, rows }: MirroredInput): readonly MirroredPosition[] {
  const at = { chain: deployment.chain, timestamp: block.timestamp };
  return (readRows(rows).positions ?? []).map((row) => ({ id: `${deployment.id}/${row.positionKey}`, owner: row.account, market: row.market, position: readSquidPosition(row, at) }));
}
