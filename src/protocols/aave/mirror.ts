import type * as z from 'zod';
import { type Address, tokenOf } from '../../core/ids.ts';
import type { Deployment, Mirror, MirroredInput, MirroredPlace, MirroredPosition, MirrorQuery } from '../protocol.ts';
import { discoverAave } from './discover.ts';
import { readRowsHoldings } from './read-rows.ts';
import { readPoolRows, userReserveRow, userRow } from './rows.ts';
import type { AavePool } from './state.ts';

const NO_EMODE = '0';

/** How a pool of Aave's own subgraphs is mirrored: what each user has in each reserve, and who chose an e-mode. */
export function mirrorAave(deployment: Deployment): Mirror {
  const documents = deployment.protocol;
  const pool = deployment.contracts.provider ?? '';
  const { market } = deployment;
  const shared = discoverAave(deployment, [])
    .filter((query) => query.name === 'Reserves' || query.name === 'EModeCategories')
    .map((query): MirrorQuery => ({ ...query, holds: 'shared', changes: [], byId: null, place: () => ({ owner: null, market }) }));
  const userReserves: MirrorQuery = {
    name: 'UserReserves',
    documents,
    operation: 'MirrorUserReserves',
    root: 'userReserves',
    variables: { pool },
    row: userReserveRow,
    holds: 'positions',
    changes: [
      { by: 'change-block', operation: 'MirrorUserReservesChanged' },
      { by: 'update-time', operation: 'MirrorUserReservesUpdated' },
    ],
    byId: 'MirrorUserReservesById',
    place: (row) => placeUserReserve(userReserveRow.parse(row), market),
  };
  const users: MirrorQuery = {
    name: 'Users',
    documents,
    operation: 'MirrorUsers',
    root: 'users',
    variables: {},
    row: userRow,
    holds: 'positions',
    changes: [{ by: 'change-block', operation: 'MirrorUsersChanged' }],
    byId: 'MirrorUsersById',
    place: (row) => placeUser(userRow.parse(row), market),
  };
  return {
    queries: deployment.protocol === 'aave-v3' ? [...shared, userReserves, users] : [...shared, userReserves],
    join: (rows) => rows,
    listPositions,
    layoutOf: (state) => reservesOf(state as AavePool).join(' '),
  };
}

function placeUserReserve(row: z.infer<typeof userReserveRow>, market: string): MirroredPlace | null {
  const isHeld = row.scaledATokenBalance > 0n || row.scaledVariableDebt > 0n || row.principalStableDebt > 0n;
  return isHeld ? { owner: row.user.id, market } : null;
}

function placeUser(row: z.infer<typeof userRow>, market: string): MirroredPlace | null {
  const category = row.eModeCategoryId?.id ?? NO_EMODE;
  return category === NO_EMODE ? null : { owner: row.id, market };
}

function listPositions({ deployment, rows, markets }: MirroredInput): readonly MirroredPosition[] {
  const state = markets.get(deployment.market);
  if (state === undefined) return [];
  const assetsById = reservesOf(state as AavePool);
  const pool = readPoolRows(rows);
  const byOwner = Map.groupBy(pool.userReserves, (row) => row.owner);
  return [...byOwner].flatMap(([owner, userReserves]): MirroredPosition[] => {
    const holdings = readRowsHoldings(owner, { ...pool, userReserves }, assetsById);
    if (holdings.length === 0) return [];
    return [{ id: `${deployment.id}/${owner}`, owner, market: deployment.market, position: { eMode: pool.userEModes.get(owner) ?? 0, holdings } }];
  });
}

/** The assets of a pool by reserve id. */
function reservesOf(pool: AavePool): readonly (Address | null)[] {
  const assets = new Map(pool.reserves.map((reserve) => [reserve.id, tokenOf(reserve.asset)]));
  const last = Math.max(-1, ...assets.keys());
  return Array.from({ length: last + 1 }, (_, id) => assets.get(id) ?? null);
}
