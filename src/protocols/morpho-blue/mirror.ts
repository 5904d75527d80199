import type { Deployment, Mirror, MirroredInput, MirroredPosition, MirrorQuery, Rows } from '../protocol.ts';
import { positionOfRows } from './normalize.ts';
import { MARKET_ID_LENGTH, marketRow, mirroredPositionRow } from './rows.ts';

/** How Morpho is mirrored: every market, and each side of everybody's positions. */
export function mirrorMorpho(_deployment: Deployment): Mirror {
  const documents = 'morpho-blue';
  const markets: MirrorQuery = {
    name: 'markets',
    documents,
    operation: 'mirrorMarkets',
    root: 'markets',
    variables: {},
    row: marketRow,
    holds: 'shared',
    changes: [],
    byId: null,
    place(given) {
      const { id } = marketRow.parse(given);
      return id.length === MARKET_ID_LENGTH ? { owner: null, market: id } : null;
    },
  };
  const positions: MirrorQuery = {
    name: 'positions',
    documents,
    operation: 'mirrorPositions',
    root: 'positions',
    variables: {},
    row: mirroredPositionRow,
    holds: 'positions',
    changes: [{ by: 'change-block', operation: 'mirrorPositionsChanged' }],
    byId: 'mirrorPositionsById',
    place(given) {
      const { side, account, market, shares, balance } = mirroredPositionRow.parse(given);
      const held = side === 'COLLATERAL' ? balance : (shares ?? 0n);
      return held > 0n && market.id.length === MARKET_ID_LENGTH ? { owner: account.id, market: market.id } : null;
    },
  };
  return { queries: [markets, positions], join: joinMarkets, listPositions, layoutOf: () => '' };
}

/** Discovery reads each position with its market in it. */
function joinMarkets(rows: Rows): Rows {
  const markets = new Map((rows['markets'] ?? []).map((row) => [marketRow.parse(row).id, row]));
  const positions = (rows['positions'] ?? []).flatMap((given) => {
    const row = mirroredPositionRow.parse(given);
    const market = markets.get(row.market.id);
    return market === undefined ? [] : [{ ...row, market }];
  });
  return { positions };
}

function listPositions({ deployment, rows }: MirroredInput): readonly MirroredPosition[] {
  const parsed = (rows['positions'] ?? []).map((row) => mirroredPositionRow.parse(row));
  const byAccount = Map.groupBy(parsed, (row) => `${row.market.id}/${row.account.id}`);
  return [...byAccount.values()].flatMap((sides): MirroredPosition[] => {
    const [first] = sides;
    const position = positionOfRows(sides);
    if (first === undefined || (position.supplyShares === 0n && position.borrowShares === 0n && position.collateral === 0n)) return [];
    return [{ id: `${deployment.id}/${first.market.id}/${first.account.id}`, owner: first.account.id, market: first.market.id, position }];
  });
}
