import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { CallResult } from '../../../src/core/source.ts';
import { AAVE_V2_DEPLOYMENTS, AAVE_V3_DEPLOYMENTS, SPARK_DEPLOYMENTS } from '../../../src/protocols/aave/deployments.ts';
import { normalizeAave } from '../../../src/protocols/aave/normalize.ts';
import type { AavePosition } from '../../../src/protocols/aave/state.ts';
import { valueAave } from '../../../src/protocols/aave/value.ts';
import type { Deployment, Rows } from '../../../src/protocols/protocol.ts';
import { category, T0 } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';
import { positionOf, stateOf } from './normalized.ts';
import { addressOf, answerCalls, type PoolContracts } from './pool-contracts.ts';
import { aaveRows, changeRows, messariRows, type Row } from './subgraph-rows.ts';

const RAY = 10n ** 27n;
const WAD = 10n ** 18n;
const AT = T0 + 3_600n;
const OWNER: Address = '0x00000000000000000000000000000000000000f1';
const BLOCK = { chain: 'eip155:1', number: 18_000_000n, hash: `0x${'ab'.repeat(32)}`, timestamp: AT } as const;

function find(deployments: readonly Deployment[], id: string): Deployment {
  const found = deployments.find((deployment) => deployment.id === id);
  if (found === undefined) throw new Error('fixture');
  return found;
}
const CORE = find(AAVE_V3_DEPLOYMENTS, 'aave-v3/1/core');
const V2 = find(AAVE_V2_DEPLOYMENTS, 'aave-v2/1/core');
const SPARK = find(SPARK_DEPLOYMENTS, 'spark/1/core');

const TOTALS = { scaledSupply: 10n ** 24n, scaledVariableDebt: 10n ** 23n, accruedToTreasury: 4n, availableLiquidity: 10n ** 22n } as const;
const RESERVES = [
  reserveOf('WETH', { ...TOTALS, liquidityIndex: RAY + 123n, liquidityRate: RAY / 50n, supplyCap: 1_800_000n, borrowCap: 1_400_000n }),
  reserveOf('wstETH', { ...TOTALS, frozen: true, siloedBorrowing: true, borrowingEnabled: false, gracePeriodUntil: 55n }),
  reserveOf('USDC', { ...TOTALS, variableBorrowIndex: RAY + 456n, variableBorrowRate: RAY / 20n, borrowableInIsolation: true }),
  reserveOf('DAI', { ...TOTALS, paused: true, active: false, debtCeiling: 9_000_000_000n, isolationDebt: 77n }),
];
const POOL = poolOf(RESERVES, { eModes: [category({ borrowable: [0, 1], ltvZero: [0] }), category({ id: 8, label: 'stable', collateral: [2, 3], borrowable: [] })] });
const POSITION: AavePosition = { eMode: 1, holdings: [supplied(0, 5n * WAD), { ...supplied(1, 2n * WAD), usedAsCollateral: false }, owed(2, 3_000n * 10n ** 6n)] };
const USERS = new Map([[OWNER, POSITION]]);
const CONTRACTS: PoolContracts = { rule: 'aave-v3@3.6', revision: 10n, pool: POOL, users: USERS, at: AT, eModes: 'bitmap' };

/** Runs plan, answers and normalizing as the service does. */
function read(options: { deployment?: Deployment; contracts?: PoolContracts; rows?: Rows; change?: (answers: Map<string, CallResult>) => void; owners?: readonly Address[] } = {}) {
  const { deployment = CORE, contracts = CONTRACTS, rows = aaveRows(POOL, USERS), owners = [OWNER] } = options;
  const calls = answerCalls(contracts, valueAave(deployment, owners, rows));
  options.change?.(calls);
  return normalizeAave({ deployment, owners, block: BLOCK, rows, calls });
}

const fail = (key: string) => (answers: Map<string, CallResult>) => void answers.set(key, { ok: false, reason: 'execution reverted' });
const set =
  (key: string, ...values: readonly unknown[]) =>
  (answers: Map<string, CallResult>) =>
    void answers.set(key, { ok: true, values });

describe('normalizeAave with a chain: v3', () => {
  test("default: the pool and the position are the contracts' own, exactly", () => {
    const result = read();
    expect(result.gaps).toEqual([]);
    expect(result.discrepancies).toEqual([]);
    expect(result.accounts).toEqual([{ id: `aave-v3/1/core/${OWNER}`, market: 'aave-v3/1/core', owner: OWNER, position: POSITION, precision: 'exact', missing: [] }]);
    expect(result.markets).toEqual([{ id: 'aave-v3/1/core', market: CORE.market, label: 'Aave v3 Ethereum', rule: 'aave-v3@3.6', state: POOL }]);
  });

  test('behavior: the chain is believed, whatever the subgraph says of parameters and prices', () => {
    const rows = changeRows(aaveRows(POOL, USERS), 'Reserves', (row) => ({
      ...row,
      price: { priceInEth: '1' },
      reserveLiquidationThreshold: '1',
      liquidityIndex: '5',
      lastUpdateTimestamp: 9,
      isPaused: true,
    }));
    expect(read({ rows })).toEqual(read());
  });

  test.each([
    [5n, 'aave-v3@3.2'],
    [6n, 'aave-v3@3.3'],
    [7n, 'aave-v3@3.3'],
    [8n, 'aave-v3@3.4'],
    [9n, 'aave-v3@3.5'],
    [10n, 'aave-v3@3.6'],
    [11n, 'aave-v3@3.7'],
  ])('behavior: revision %s runs %s', (revision, rule) => {
    const result = read({ contracts: { ...CONTRACTS, revision, rule } });
    expect(result.markets[0]?.rule).toBe(rule);
    expect(result.gaps).toEqual([]);
    expect(result.accounts[0]?.precision).toBe('exact');
  });

  test('behavior: LTV-zero members are told from 3.6 on, isolated categories from 3.7 on', () => {
    const pool = { ...POOL, eModes: POOL.eModes.map((entry) => ({ ...entry, isolated: true })) };
    const eModes = (rule: string, revision: bigint) => stateOf(read({ contracts: { ...CONTRACTS, pool, rule, revision } })).eModes[0];
    expect(eModes('aave-v3@3.5', 9n)).toMatchObject({ ltvZero: [], isolated: false });
    expect(eModes('aave-v3@3.6', 10n)).toMatchObject({ ltvZero: [0], isolated: false });
    expect(eModes('aave-v3@3.7', 11n)).toMatchObject({ ltvZero: [0], isolated: true });
  });

  test('behavior: up to 3.1 the reserves say which category they are in', () => {
    const pool = { ...POOL, eModes: [category({ borrowable: [0, 1] })] };
    const result = read({ contracts: { ...CONTRACTS, pool, rule: 'aave-v3@3.0', revision: 3n, eModes: 'category' }, rows: aaveRows(POOL, USERS) });
    expect(result.gaps).toEqual([]);
    expect(result.markets[0]).toMatchObject({ rule: 'aave-v3@3.0', state: { eModes: pool.eModes } });
  });

  test('behavior: a category that neither kind of pool knows is left out', () => {
    const result = read({ contracts: { ...CONTRACTS, eModes: 'none', users: new Map([[OWNER, { ...POSITION, eMode: 0 }]]) } });
    expect(stateOf(result).eModes).toEqual([]);
    expect(result.gaps).toEqual([]);
  });

  test('behavior: the sentinel of an L2 is asked where there is one', () => {
    const arbitrum = find(AAVE_V3_DEPLOYMENTS, 'aave-v3/42161/core');
    const reserves = RESERVES.map((reserve) => ({ ...reserve, asset: reserve.asset.replace('eip155:1/', 'eip155:42161/') as typeof reserve.asset }));
    const closed = poolOf(reserves, { eModes: POOL.eModes, liquidationAllowed: false, borrowAllowed: false });
    const result = read({ deployment: arbitrum, contracts: { ...CONTRACTS, pool: closed } });
    expect(result.markets[0]?.state).toEqual(closed);
    expect(valueAave(CORE, [], {}).some((call) => call.key === 'liquidationAllowed')).toBe(false);
  });

  test('behavior: two owners, one of whom has nothing', () => {
    const other: Address = '0x00000000000000000000000000000000000000f2';
    expect(read({ owners: [OWNER, other] }).accounts.map((account) => account.owner)).toEqual([OWNER]);
    expect(read({ owners: [other] })).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
  });

  test('behavior: the same input gives the same output, and is left as it was', () => {
    const rows = aaveRows(POOL, USERS);
    const calls = answerCalls(CONTRACTS, valueAave(CORE, [OWNER], rows));
    const before = [structuredClone(rows), structuredClone(calls)];
    const first = normalizeAave({ deployment: CORE, owners: [OWNER], block: BLOCK, rows, calls });
    expect(normalizeAave({ deployment: CORE, owners: [OWNER], block: BLOCK, rows, calls })).toEqual(first);
    expect([rows, calls]).toEqual(before);
  });
});

describe('normalizeAave with a chain: where it disagrees with the subgraph', () => {
  test('behavior: one unit of difference is a discrepancy, and the chain counts', () => {
    const rows = changeRows(aaveRows(POOL, USERS), 'UserReserves', (row, index) => (index === 0 ? { ...row, scaledATokenBalance: String(5n * WAD + 1n) } : { ...row, scaledVariableDebt: '4' }));
    const result = read({ rows });
    expect(result.discrepancies.map(({ field, subgraph, chain }) => ({ field, subgraph, chain }))).toEqual([
      { field: 'WETH scaledSupply', subgraph: '5000000000000000001', chain: '5000000000000000000' },
      { field: 'wstETH scaledVariableDebt', subgraph: '4', chain: '0' },
      { field: 'USDC scaledVariableDebt', subgraph: '4', chain: '3000000000' },
    ]);
    expect(result.gaps).toEqual([]);
    expect(result.accounts[0]?.position).toEqual(POSITION);
  });

  test('behavior: what the subgraph still lists though the chain has nothing is a discrepancy, and no account', () => {
    const result = read({ contracts: { ...CONTRACTS, users: new Map() } });
    expect(result.accounts).toEqual([]);
    expect(result.gaps).toEqual([]);
    expect(result.discrepancies.map((entry) => entry.chain)).toEqual(['0', '0', '0']);
  });

  test('error: MISSED_ACCOUNT for a leg that the subgraph did not list; it is counted', () => {
    const rows = aaveRows(POOL, new Map([[OWNER, { ...POSITION, holdings: POSITION.holdings.slice(0, 2) }]]));
    const result = read({ rows });
    expect(result.gaps).toMatchObject([{ code: 'MISSED_ACCOUNT', account: `aave-v3/1/core/${OWNER}`, retryable: false }]);
    expect(result.gaps[0]?.message).toContain('USDC');
    expect(result.accounts[0]?.position).toEqual(POSITION);
    expect(read({ rows: aaveRows(POOL, new Map()) }).gaps).toHaveLength(3);
  });

  test('error: MISSED_ACCOUNT and UNSUPPORTED_STATE for a reserve in use that the subgraph does not list', () => {
    const rows = aaveRows(poolOf(RESERVES.slice(0, 2), { eModes: POOL.eModes }), new Map([[OWNER, { ...POSITION, holdings: POSITION.holdings.slice(0, 2) }]]));
    const result = read({ rows });
    expect(result.gaps.map((gap) => gap.code)).toEqual(['MISSED_ACCOUNT', 'UNSUPPORTED_STATE']);
    expect(result.gaps[0]?.message).toContain('0x0000000000000000000000000000000000000003');
    expect(result.accounts[0]).toMatchObject({ precision: 'estimate' });
  });

  test('error: UNSUPPORTED_STATE for a debt of an account that otherwise looks empty', () => {
    const users = new Map([[OWNER, { eMode: 0, holdings: [{ ...owed(2, 0n), stableDebt: { principal: 10n ** 9n, rate: 0n, lastUpdate: T0 } }] }]]);
    const result = read({ contracts: { ...CONTRACTS, rule: 'aave-v3@3.0', revision: 1n, users }, rows: changeRows(aaveRows(POOL, new Map()), 'Reserves', (row) => ({ ...row, sToken: null })) });
    expect(result.accounts).toEqual([]);
    expect(result.gaps).toMatchObject([{ code: 'UNSUPPORTED_STATE', account: `aave-v3/1/core/${OWNER}` }]);
  });

  test('behavior: rows of a reserve that the pool does not list are a discrepancy, not a leg', () => {
    const extra = reserveOf('DAI', { id: 9, asset: assetOf('DAI').replace('4', 'e') as ReturnType<typeof assetOf>, symbol: 'OTHER' });
    const result = read({ rows: aaveRows(poolOf([...RESERVES, extra], { eModes: POOL.eModes }), new Map([[OWNER, { ...POSITION, holdings: [...POSITION.holdings, supplied(9, 5n)] }]])) });
    expect(result.discrepancies).toMatchObject([{ subgraph: '5', chain: '0' }]);
    expect(result.accounts[0]?.position).toEqual(POSITION);
  });

  test('behavior: a pool that has dropped a reserve lists the later ones at a place below their id', () => {
    const kept = RESERVES.filter((reserve) => reserve.id !== 1);
    const pool = poolOf(kept, { eModes: [category({ collateral: [0], borrowable: [0], ltvZero: [] })] });
    const position = { eMode: 1, holdings: [supplied(0, 5n * WAD), owed(2, 3_000n * 10n ** 6n)] };
    const contracts = { ...CONTRACTS, pool, users: new Map([[OWNER, position]]), reservesList: kept.map(addressOf) };
    const result = read({ contracts, rows: aaveRows(pool, new Map([[OWNER, position]])) });
    expect(result).toMatchObject({ gaps: [], discrepancies: [], accounts: [{ position, precision: 'exact' }] });
    // USDC, which has the number 2, is not listed by the subgraph: the pool's list alone cannot name it.
    const missing = read({
      contracts,
      rows: aaveRows(
        poolOf(
          kept.filter((reserve) => reserve.id !== 2),
          { eModes: pool.eModes },
        ),
        new Map([[OWNER, { ...position, holdings: position.holdings.slice(0, 1) }]]),
      ),
    });
    expect(missing.gaps[0]).toMatchObject({ code: 'MISSED_ACCOUNT' });
    expect(missing.gaps[0]?.message).toContain('number 2');
  });

  test("error: UNSUPPORTED_STATE where the pool's own figures differ from the rule's", () => {
    for (const [field, at] of [
      ['totalCollateralBase', 0],
      ['totalDebtBase', 1],
      ['currentLiquidationThreshold', 3],
      ['healthFactor', 5],
    ] as const) {
      const result = read({
        change: (answers) => {
          const own = answers.get(`account ${OWNER}`);
          if (own?.ok !== true) throw new Error('fixture');
          answers.set(`account ${OWNER}`, { ok: true, values: own.values.map((value, index) => (index === at ? (value as bigint) + 1n : value)) });
        },
      });
      expect(result.gaps).toMatchObject([{ code: 'UNSUPPORTED_STATE' }]);
      expect(result.gaps[0]?.message).toContain(field);
      expect(result.accounts[0]).toMatchObject({ precision: 'estimate', missing: [result.gaps[0]?.message] });
    }
  });

  test('behavior: without its account data a pool cannot contradict', () => {
    expect(read({ change: fail(`account ${OWNER}`) })).toEqual(read());
  });
});

describe('normalizeAave with a chain: failures', () => {
  const codes = (change: (answers: Map<string, CallResult>) => void) => {
    const result = read({ change });
    expect(result.accounts).toEqual([]);
    expect(result.markets).toEqual([]);
    return result.gaps.map((gap) => gap.code);
  };
  const weth = addressOf(reserveOf('WETH'));

  test('error: CALL_FAILED, for the pool or for the account', () => {
    for (const key of ['reservesList', 'revision', `reserve ${weth}`, `configuration ${OWNER}`, `supplied ${OWNER} ${weth}`, `owed ${OWNER} ${weth}`])
      expect(codes(fail(key)), key).toEqual(['CALL_FAILED']);
    expect(codes((answers) => void answers.delete('reservesList'))).toEqual(['CALL_FAILED']);
    expect(read({ change: fail('reservesList') }).gaps[0]).toMatchObject({ account: null, deployment: 'aave-v3/1/core', chain: 'eip155:1' });
    expect(read({ change: fail(`owed ${OWNER} ${weth}`) }).gaps[0]).toMatchObject({ account: `aave-v3/1/core/${OWNER}` });
  });

  test('error: MALFORMED_RESPONSE for an answer of another form', () => {
    for (const change of [
      set('reservesList', 5n),
      set('reservesList', [5n]),
      set('revision', 'ten'),
      set(`reserve ${weth}`, ['x']),
      set(`reserve ${weth}`, []),
      set(`reserve ${weth}`, 7n),
      set(`price ${weth}`, '12'),
      set(`supplied ${OWNER} ${weth}`, null),
      set('eMode 1 config', 'x'),
      set('eMode 1 isolated', 1n),
    ]) {
      expect(codes(change)).toEqual(['MALFORMED_RESPONSE']);
    }
  });

  test('error: UNSUPPORTED_STATE for a revision that is not known, and a category with an oracle of its own', () => {
    expect(codes(set('revision', 99n))).toEqual(['UNSUPPORTED_STATE']);
    const legacy = { ...CONTRACTS, rule: 'aave-v3@3.0', revision: 3n, eModes: 'category', categoryOracle: `0x${'12'.repeat(20)}` } as const;
    expect(read({ contracts: legacy }).gaps).toMatchObject([{ code: 'UNSUPPORTED_STATE', account: null }]);
  });

  test('error: MISSING_PRICE for a price of 0, or none, of what counts', () => {
    expect(codes(set(`price ${weth}`, 0n))).toEqual(['MISSING_PRICE']);
    expect(codes(fail(`price ${weth}`))).toEqual(['MISSING_PRICE']);
  });

  test('behavior: a price of 0 of what does not count is no gap', () => {
    const result = read({ change: set(`price ${addressOf(reserveOf('DAI'))}`, 0n) });
    expect(result.gaps).toEqual([]);
    expect(result.accounts).toHaveLength(1);
  });

  test('error: UNKNOWN_MARKET for an e-mode that was not read', () => {
    expect(codes(set(`eMode ${OWNER}`, 9n))).toEqual(['UNKNOWN_MARKET']);
  });

  test('behavior: totals that a token does not tell are unknown, not 0; a missing e-mode is none', () => {
    const change = (answers: Map<string, CallResult>) => {
      for (const key of [`scaledSupply ${weth}`, `scaledDebt ${weth}`, `liquidity ${weth}`, `grace ${weth}`, `eMode ${OWNER}`]) fail(key)(answers);
      fail(`account ${OWNER}`)(answers);
    };
    const result = read({ change });
    expect(stateOf(result).reserves[0]).toMatchObject({ scaledSupply: null, scaledVariableDebt: null, availableLiquidity: null, gracePeriodUntil: 0n });
    expect(result.accounts[0]?.position).toMatchObject({ eMode: 0 });
  });

  test('behavior: a failing owner leaves the others', () => {
    const other: Address = '0x00000000000000000000000000000000000000f2';
    const users = new Map([...USERS, [other, POSITION]]);
    const result = read({ contracts: { ...CONTRACTS, users }, rows: aaveRows(POOL, users), owners: [OWNER, other], change: fail(`configuration ${OWNER}`) });
    expect(result.accounts.map((account) => account.owner)).toEqual([other]);
    expect(result.gaps).toMatchObject([{ code: 'CALL_FAILED', account: `aave-v3/1/core/${OWNER}` }]);
  });

  test('behavior: a configuration word of another form uses nothing as collateral', () => {
    const result = read({
      change: (answers) => {
        set(`configuration ${OWNER}`, ['x'])(answers);
        fail(`account ${OWNER}`)(answers);
      },
    });
    expect(positionOf(result).holdings.some((holding) => holding.usedAsCollateral)).toBe(false);
  });
});

describe('normalizeAave with a chain: v2', () => {
  const v2Reserves = [
    reserveOf('WETH', { ...TOTALS, price: WAD, accruedToTreasury: null, liquidationProtocolFeeBps: 0, liquidityIndex: RAY + 123n, liquidityRate: RAY / 40n }),
    reserveOf('USDC', { ...TOTALS, price: 500_000_000_000_000n, accruedToTreasury: null, liquidationProtocolFeeBps: 0, id: 1, variableBorrowIndex: RAY + 9n, variableBorrowRate: RAY / 30n }),
  ];
  const weth = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
  const pool = poolOf(v2Reserves, { baseUnit: WAD, baseUsdE8: 200_000_000_000n, baseAsset: weth });
  const stable = { principal: 700n * 10n ** 6n, rate: RAY / 25n, lastUpdate: T0 - 50n };
  const position = { eMode: 0, holdings: [supplied(0, 5n * WAD), { ...owed(1, 3_000n * 10n ** 6n), stableDebt: stable }] };
  const users = new Map([[OWNER, position]]);
  const contracts: PoolContracts = { rule: 'aave-v2@2', revision: null, pool, users, at: AT, eModes: 'none' };
  const rows = (): Rows => {
    const { Reserves, UserReserves } = aaveRows(pool, users);
    return { Reserves, UserReserves };
  };

  test('default: prices in ETH, the price of ETH, stable debt with its own time', () => {
    const result = read({ deployment: V2, contracts, rows: rows() });
    expect(result.gaps).toEqual([]);
    expect(result.discrepancies).toEqual([]);
    expect(result.markets).toMatchObject([{ rule: 'aave-v2@2', state: pool }]);
    expect(result.accounts).toMatchObject([{ position, precision: 'exact' }]);
  });

  test('behavior: bits that v2 does not have mean nothing', () => {
    const set3 = {
      ...pool,
      reserves: pool.reserves.map((reserve) => ({ ...reserve, paused: true, siloedBorrowing: true, borrowableInIsolation: true, debtCeiling: 5n, supplyCap: 6n, borrowCap: 7n })),
    };
    const state = read({ deployment: V2, contracts: { ...contracts, pool: set3 }, rows: rows() }).markets[0]?.state;
    expect(state).toEqual(pool);
  });

  test('error: CALL_FAILED without the price of ETH', () => {
    expect(read({ deployment: V2, contracts, rows: rows(), change: fail('baseUsd') }).gaps).toMatchObject([{ code: 'CALL_FAILED' }]);
  });

  test('error: CALL_FAILED without the rate of a stable debt', () => {
    const usdc = addressOf(reserveOf('USDC'));
    expect(read({ deployment: V2, contracts, rows: rows(), change: fail(`stable ${OWNER} ${usdc} rate`) }).gaps).toMatchObject([{ code: 'CALL_FAILED' }]);
  });
});

describe('normalizeAave with a chain: Spark', () => {
  const pool = poolOf(
    RESERVES.map((reserve) => ({ ...reserve, gracePeriodUntil: 0n })),
    { eModes: [category({ label: 'e-mode 1', borrowable: [0, 1] })] },
  );
  const contracts: PoolContracts = { rule: 'spark@1', revision: null, pool, users: USERS, at: AT, eModes: 'category' };

  test('default: rows of Messari, categories of the first kind, the assumed version', () => {
    const result = read({ deployment: SPARK, contracts, rows: messariRows(pool, USERS) });
    expect(result.gaps).toEqual([]);
    expect(result.discrepancies).toEqual([]);
    expect(result.markets).toEqual([{ id: 'spark/1/core', market: SPARK.market, label: 'SparkLend Ethereum', rule: 'spark@1', state: pool }]);
    expect(result.accounts).toMatchObject([{ position: POSITION, precision: 'exact' }]);
  });

  test('behavior: a position without principal, and one of an unknown market, are left to the chain', () => {
    const rows = changeRows(messariRows(pool, USERS), 'Positions', (row: Row, index) => (index === 0 ? { ...row, principal: null } : index === 1 ? { ...row, market: { id: 'gone' } } : row));
    const result = read({ deployment: SPARK, contracts, rows });
    expect(result.accounts).toMatchObject([{ position: POSITION }]);
    expect(result.gaps.map((gap) => gap.code)).toEqual(['MISSED_ACCOUNT', 'MISSED_ACCOUNT']);
  });
});
