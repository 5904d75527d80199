import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import { AAVE_V2_DEPLOYMENTS, AAVE_V3_DEPLOYMENTS, SPARK_DEPLOYMENTS } from '../../../src/protocols/aave/deployments.ts';
import { normalizeAave } from '../../../src/protocols/aave/normalize.ts';
import type { AavePosition } from '../../../src/protocols/aave/state.ts';
import type { Deployment, Rows } from '../../../src/protocols/protocol.ts';
import { category, T0 } from './apply-step.ts';
import { owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';
import { positionOf, stateOf } from './normalized.ts';
import { aaveRows, changeRows, messariRows, type Row } from './subgraph-rows.ts';

const RAY = 10n ** 27n;
const WAD = 10n ** 18n;
const OWNER: Address = '0x00000000000000000000000000000000000000f1';
const BLOCK = { chain: 'eip155:1', number: 18_000_000n, hash: null, timestamp: T0 + 60n } as const;
const POOL = poolOf(
  [
    reserveOf('WETH', { liquidityIndex: RAY + 5n, liquidityRate: RAY / 40n, supplyCap: 3n, borrowCap: 2n }),
    reserveOf('wstETH', { frozen: true, paused: true, active: false, borrowingEnabled: false, debtCeiling: 12n }),
    reserveOf('USDC', { siloedBorrowing: true, borrowableInIsolation: true, variableBorrowIndex: RAY + 6n, variableBorrowRate: RAY / 20n }),
  ],
  { eModes: [category({ borrowable: [0] })] },
);
const POSITION: AavePosition = { eMode: 1, holdings: [supplied(0, 5n * WAD), owed(2, 3_000n * 10n ** 6n)] };
const USERS = new Map([[OWNER, POSITION]]);

function first(deployments: readonly Deployment[]): Deployment {
  const [deployment] = deployments;
  if (deployment === undefined) throw new Error('fixture');
  return deployment;
}
const [CORE, V2, SPARK] = [first(AAVE_V3_DEPLOYMENTS), first(AAVE_V2_DEPLOYMENTS), first(SPARK_DEPLOYMENTS)];
const read = (rows: Rows, deployment = CORE) => normalizeAave({ deployment, owners: [OWNER], block: BLOCK, rows, calls: null });

describe('normalizeAave without a chain: v3', () => {
  test('default: what the subgraph tells, called an estimate with its reasons', () => {
    const result = read(aaveRows(POOL, USERS));
    expect(result.gaps).toEqual([]);
    expect(result.discrepancies).toEqual([]);
    expect(result.markets).toEqual([{ id: CORE.id, market: CORE.market, label: CORE.label, rule: CORE.assumedRule, state: POOL }]);
    expect(result.accounts).toMatchObject([{ id: `${CORE.id}/${OWNER}`, position: POSITION, precision: 'estimate' }]);
    expect(result.accounts[0]?.missing).toHaveLength(2);
  });

  test('behavior: reserves are numbered by address, in whatever order they come', () => {
    const rows = aaveRows(POOL, USERS);
    const result = read({ ...rows, Reserves: rows.Reserves.toReversed(), UserReserves: rows.UserReserves.toReversed() });
    expect(result).toEqual(read(rows));
  });

  test('behavior: an owner without rows has no account, and no market is made for nobody', () => {
    expect(read(aaveRows(POOL, new Map()))).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
    expect(read({})).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
    expect(read(aaveRows(POOL, new Map([[OWNER, { eMode: 1, holdings: [supplied(0, 0n)] }]]))).accounts).toEqual([]);
  });

  test('behavior: fields that a subgraph may leave out mean nothing', () => {
    const bare = ({ isPaused: _p, siloedBorrowing: _s, sToken: _t, ...row }: Row): Row => ({
      ...row,
      liquidationProtocolFee: null,
      borrowCap: undefined,
      supplyCap: null,
      debtCeiling: null,
      borrowableInIsolation: null,
    });
    const [weth] = stateOf(read(changeRows(aaveRows(POOL, USERS), 'Reserves', bare))).reserves;
    expect(weth).toMatchObject({ paused: false, siloedBorrowing: false, liquidationProtocolFeeBps: 0, supplyCap: 0n, borrowCap: 0n, debtCeiling: 0n, borrowableInIsolation: false });
  });

  test('behavior: negative balances, which rebuilt ones can become, count as 0', () => {
    const rows = changeRows(aaveRows(POOL, USERS), 'UserReserves', (row) => ({ ...row, scaledATokenBalance: '-2', scaledVariableDebt: '-1', principalStableDebt: '-3' }));
    expect(read(rows).accounts).toEqual([]);
  });

  test('behavior: a flag without a balance is no collateral', () => {
    const users = new Map([[OWNER, { eMode: 0, holdings: [supplied(0, WAD), { ...owed(2, 5n), usedAsCollateral: true }] }]]);
    expect(positionOf(read(aaveRows(POOL, users))).holdings[1]).toEqual(owed(2, 5n));
  });

  test('behavior: stable debt is read, though the rule of the day has none', () => {
    const stable = { principal: 9n, rate: 3n, lastUpdate: 7n };
    const users = new Map([[OWNER, { eMode: 0, holdings: [supplied(0, WAD), { ...owed(2, 0n), stableDebt: stable }] }]]);
    expect(positionOf(read(aaveRows(POOL, users))).holdings[1]?.stableDebt).toEqual(stable);
  });

  test('behavior: a category without members, and members that were not listed', () => {
    const rows = aaveRows(POOL, USERS);
    const empty = changeRows(rows, 'EModeCategories', (row) => ({ ...row, assets: null }));
    expect(stateOf(read(empty)).eModes[0]).toMatchObject({ collateral: [], borrowable: [] });
    const foreign = { asset: `0x${'99'.repeat(20)}`, collateral: true, borrowable: true };
    const more = changeRows(rows, 'EModeCategories', (row) => ({ ...row, assets: [...(row['assets'] as Row[]), foreign] }));
    expect(stateOf(read(more)).eModes).toEqual(POOL.eModes);
  });

  test('behavior: rows that were parsed before are read the same, and are not changed', () => {
    const rows = aaveRows(POOL, USERS);
    const before = structuredClone(rows);
    const parsed = changeRows(
      changeRows(rows, 'UserReserves', (row) => ({ ...row, scaledATokenBalance: BigInt(String(row['scaledATokenBalance'])) })),
      'Reserves',
      (row) => ({
        ...row,
        liquidityIndex: BigInt(String(row['liquidityIndex'])),
      }),
    );
    expect(read(parsed)).toEqual(read(rows));
    expect(rows).toEqual(before);
  });

  test('error: MISSING_PRICE for a price of 0 of what counts', () => {
    const result = read(changeRows(aaveRows(POOL, USERS), 'Reserves', (row, index) => (index === 0 ? { ...row, price: { priceInEth: '0' } } : row)));
    expect(result.accounts).toEqual([]);
    expect(result.gaps).toMatchObject([{ code: 'MISSING_PRICE', account: `${CORE.id}/${OWNER}`, deployment: CORE.id }]);
  });

  test('error: UNKNOWN_MARKET for a reserve or an e-mode that was not listed', () => {
    const rows = aaveRows(POOL, USERS);
    expect(read({ ...rows, Reserves: rows.Reserves.slice(0, 2) }).gaps).toMatchObject([{ code: 'UNKNOWN_MARKET' }]);
    expect(read({ ...rows, EModeCategories: [] }).gaps).toMatchObject([{ code: 'UNKNOWN_MARKET' }]);
    expect(read({ Reserves: rows.Reserves, UserReserves: rows.UserReserves, Users: rows.Users }).gaps).toMatchObject([{ code: 'UNKNOWN_MARKET' }]);
  });

  test('behavior: without a row of the user there is no e-mode', () => {
    const { Reserves, UserReserves, EModeCategories } = aaveRows(POOL, USERS);
    expect(read({ Reserves, UserReserves, EModeCategories }).accounts[0]?.position).toEqual({ ...POSITION, eMode: 0 });
  });

  test.each([
    ['Reserves', { underlyingAsset: '0x12' }],
    ['Reserves', { liquidityIndex: '1.5' }],
    ['Reserves', { decimals: 37 }],
    ['Reserves', { price: null }],
    ['UserReserves', { user: null }],
    ['UserReserves', { scaledVariableDebt: 5 }],
    ['Users', { eModeCategoryId: { id: 'x' } }],
    ['EModeCategories', { ltv: null }],
  ] as const)('error: a %s row with %j is refused as a whole', (kind, fault) => {
    expect(() => read(changeRows(aaveRows(POOL, USERS), kind, (row) => ({ ...row, ...fault })))).toThrow();
  });
});

describe('normalizeAave without a chain: v2', () => {
  const pool = poolOf([reserveOf('WETH', { price: WAD }), reserveOf('wstETH', { price: WAD, id: 1 }), reserveOf('USDC', { price: 500_000_000_000_000n })]);
  const users = new Map([[OWNER, { eMode: 0, holdings: [supplied(0, WAD), owed(2, 5n)] }]]);
  const rows = (usdPriceEth: string | null): Rows => {
    const { Reserves, UserReserves } = aaveRows(pool, users);
    const price = (row: Row) => ({ ...(row['price'] as Row), ...(usdPriceEth === null ? {} : { oracle: { usdPriceEth } }) });
    return { Reserves: Reserves.map((row) => ({ ...row, price: price(row) })), UserReserves };
  };

  test('default: the price of ETH is what a dollar costs in wei, turned over', () => {
    const state = stateOf(read(rows('500000000000000'), V2));
    expect(state).toMatchObject({ baseUnit: WAD, baseUsdE8: 200_000_000_000n, eModes: [] });
    expect(state.baseAsset).toBe(pool.reserves[0]?.asset);
  });

  test('behavior: without it the base price is unknown, and so without WETH the base asset', () => {
    expect(stateOf(read(rows(null), V2)).baseUsdE8).toBe(0n);
    expect(stateOf(read(rows('0'), V2)).baseUsdE8).toBe(0n);
    const renamed = changeRows(rows(null), 'Reserves', (row) => ({ ...row, symbol: 'X' }));
    expect(stateOf(read(renamed, V2)).baseAsset).toBeNull();
  });
});

describe('normalizeAave without a chain: Spark', () => {
  const reserves = [
    reserveOf('WETH', { liquidityIndex: RAY + 5n, liquidityRate: RAY / 40n, variableBorrowRate: (RAY * 425n) / 10_000n, liquidationProtocolFeeBps: 0 }),
    reserveOf('USDC', { id: 1, liquidityRate: RAY / 40n, variableBorrowRate: (RAY * 425n) / 10_000n, liquidationProtocolFeeBps: 0, variableBorrowIndex: RAY + 6n }),
  ];
  const pool = poolOf(reserves);
  const users = new Map([[OWNER, { eMode: 0, holdings: [supplied(0, 5n * WAD), owed(1, 3_000n * 10n ** 6n)] }]]);

  test('default: percents, dollars and rates in the units of the chain, and a word about e-mode', () => {
    const result = read(messariRows(pool, users), SPARK);
    expect(result.gaps).toEqual([]);
    expect(result.markets).toMatchObject([{ rule: 'spark@1', state: pool }]);
    expect(result.accounts).toMatchObject([{ position: users.get(OWNER), precision: 'estimate' }]);
    expect(result.accounts[0]?.missing.at(-1)).toContain('e-mode');
  });

  test('behavior: supply and debt of one market become one holding, several positions add up', () => {
    const both = new Map([[OWNER, { eMode: 0, holdings: [{ ...supplied(0, WAD), scaledVariableDebt: 7n }] }]]);
    const rows = messariRows(pool, both);
    const result = read({ ...rows, Positions: [...rows.Positions, ...rows.Positions] }, SPARK);
    expect(positionOf(result).holdings).toEqual([{ ...supplied(0, 2n * WAD), scaledVariableDebt: 14n }]);
  });

  test('behavior: a collateral side without a flag counts, one that says no does not', () => {
    const flagged = (isCollateral: boolean | null) => {
      const rows = changeRows(messariRows(pool, users), 'Positions', (row, index) => (index === 0 ? { ...row, isCollateral } : row));
      return positionOf(read(rows, SPARK)).holdings[0]?.usedAsCollateral;
    };
    expect([flagged(null), flagged(true), flagged(false)]).toEqual([true, true, false]);
  });

  test('behavior: a market without its tokens is left out, and what is held there becomes a gap', () => {
    for (const token of ['outputToken', 'variableBorrowedToken']) {
      const result = read(
        changeRows(messariRows(pool, users), 'Markets', (row, index) => (index === 0 ? { ...row, [token]: null } : row)),
        SPARK,
      );
      expect(result.gaps).toMatchObject([{ code: 'UNKNOWN_MARKET' }]);
      expect(result.accounts).toEqual([]);
    }
  });

  test('behavior: a market that was never touched has indexes of 1 and no rates', () => {
    const rows = changeRows(messariRows(pool, users), 'Markets', (row) => ({ ...row, supplyIndex: null, borrowIndex: null, indexLastUpdatedTimestamp: null, rates: null }));
    expect(stateOf(read(rows, SPARK)).reserves[0]).toMatchObject({ liquidityIndex: RAY, variableBorrowIndex: RAY, liquidityRate: 0n, variableBorrowRate: 0n, lastUpdate: 0n });
    const others = changeRows(messariRows(pool, users), 'Markets', (row) => ({ ...row, rates: [{ rate: '3', side: 'BORROWER', type: 'STABLE' }] }));
    expect(stateOf(read(others, SPARK)).reserves[0]).toMatchObject({ liquidityRate: 0n, variableBorrowRate: 0n });
  });

  test('behavior: a threshold in percent keeps its basis points', () => {
    const rows = changeRows(messariRows(pool, users), 'Markets', (row) => ({ ...row, liquidationThreshold: '79.53', maximumLTV: '74', liquidationPenalty: '5.25' }));
    expect(stateOf(read(rows, SPARK)).reserves[0]).toMatchObject({ liquidationThresholdBps: 7_953, ltvBps: 7_400, liquidationBonusBps: 10_525 });
  });
});
