import { toAddress } from '../../core/ids.ts';
import type { Deployment, Mirror, MirroredInput, MirroredPosition, MirrorQuery } from '../protocol.ts';
import { discoverComet } from './discover.ts';
import { readSubgraphPosition } from './from-subgraph.ts';
import { positionRow, readRows } from './rows.ts';

/** How a comet is mirrored: its own row, and everybody's position in it. */
export function mirrorComet(deployment: Deployment): Mirror {
  const { chain, market } = deployment;
  const shared = discoverComet(deployment, [])
    .filter((query) => query.name === 'markets')
    .map((query): MirrorQuery => ({ ...query, holds: 'shared', changes: [], byId: null, place: () => ({ owner: null, market }) }));
  const positions: MirrorQuery = {
    name: 'positions',
    documents: 'compound-v3',
    operation: 'MirrorPositions',
    root: 'positions',
    variables: { market },
    row: positionRow,
    holds: 'positions',
    changes: [{ by: 'update-block', operation: 'MirrorPositionsUpdated' }],
    byId: 'MirrorPositionsById',
    place(given) {
      const row = positionRow.parse(given);
      return readSubgraphPosition(chain, row) === null ? null : { owner: toAddress(row.account.id), market };
    },
  };
  return { queries: shared.length === 0 ? [] : [...shared, positions], join: (rows) => rows, listPositions, layoutOf: () => '' };
}

function listPositions({ deployment, rows }: MirroredInput): readonly MirroredPosition[] {
  const { positions } = readRows(deployment, rows);
  return (positions ?? []).flatMap((row): MirroredPosition[] => {
    const position = readSubgraphPosition(deployment.chain, row);
    const owner = toAddress(row.account.id);
    return position === null ? [] : [{ id: `${deployment.id}/${owner}`, owner, market: deployment.market, position }];
  });
}
