import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import { AAVE_V2_DEPLOYMENTS, AAVE_V3_DEPLOYMENTS, SPARK_DEPLOYMENTS } from '../../../src/protocols/aave/deployments.ts';
import { discoverAave } from '../../../src/protocols/aave/discover.ts';
import { valueAave } from '../../../src/protocols/aave/value.ts';
import type { Deployment, Rows } from '../../../src/protocols/protocol.ts';
import { category } from './apply-step.ts';
import { poolOf, reserveOf } from './fact-sheet-pool.ts';
import { addressOf, tokenAddress } from './pool-contracts.ts';
import { aaveRows, changeRows, messariRows } from './subgraph-rows.ts';

const OWNERS: readonly Address[] = ['0x00000000000000000000000000000000000000f1', '0x00000000000000000000000000000000000000f2'];
const RESERVES = [reserveOf('WETH'), reserveOf('USDC')];
const POOL = poolOf(RESERVES, { eModes: [category(), category({ id: 21 })] });
const ROWS = aaveRows(POOL, new Map());
const [CORE] = AAVE_V3_DEPLOYMENTS as [Deployment];
const [V2] = AAVE_V2_DEPLOYMENTS as [Deployment];
const [SPARK] = SPARK_DEPLOYMENTS as [Deployment];

describe('discoverAave', () => {
  test('default: v3 asks for reserves, holdings, users and categories of its addresses provider', () => {
    const queries = discoverAave(CORE, OWNERS);
    expect(queries.map(({ name, documents, root, variables }) => ({ name, documents, root, variables }))).toEqual([
      { name: 'Reserves', documents: 'aave-v3', root: 'reserves', variables: { pool: CORE.contracts['provider'] } },
      { name: 'UserReserves', documents: 'aave-v3', root: 'userReserves', variables: { pool: CORE.contracts['provider'], owners: OWNERS } },
      { name: 'Users', documents: 'aave-v3', root: 'users', variables: { owners: OWNERS } },
      { name: 'EModeCategories', documents: 'aave-v3', root: 'emodeCategories', variables: {} },
    ]);
  });

  test('behavior: every row schema reads the rows of the fixture', () => {
    for (const query of discoverAave(CORE, OWNERS)) for (const row of ROWS[query.name as keyof typeof ROWS]) expect(query.row.safeParse(row).success).toBe(true);
    const spark = messariRows(POOL, new Map());
    for (const query of discoverAave(SPARK, OWNERS)) for (const row of spark[query.name as keyof typeof spark]) expect(query.row.safeParse(row).success).toBe(true);
  });

  test('behavior: v2 has no users with e-modes; Spark speaks Messari', () => {
    expect(discoverAave(V2, OWNERS).map(({ name, documents }) => `${documents} ${name}`)).toEqual(['aave-v2 Reserves', 'aave-v2 UserReserves']);
    expect(discoverAave(SPARK, OWNERS).map(({ name, documents }) => `${documents} ${name}`)).toEqual(['messari-lending Markets', 'messari-lending Positions']);
  });

  test('behavior: a deployment without a provider asks for the pool of nobody', () => {
    expect(discoverAave({ ...CORE, contracts: {} }, OWNERS)[0]?.variables).toEqual({ pool: '' });
  });
});

describe('valueAave', () => {
  const targets = (deployment: Deployment, rows: Rows) => new Set(valueAave(deployment, OWNERS, rows).map((call) => call.to));

  test('default: every call is a view of its ABI, with arguments that fit, under a key of its own', () => {
    for (const [deployment, rows] of [
      [CORE, ROWS],
      [V2, ROWS],
      [SPARK, messariRows(POOL, new Map())],
    ] as const) {
      const calls = valueAave(deployment, OWNERS, rows);
      expect(new Set(calls.map((call) => call.key)).size).toBe(calls.length);
      for (const call of calls) {
        const abi = new Interface([call.signature]);
        const name = /function (\w+)/.exec(call.signature)?.[1] ?? '';
        expect(call.signature).toContain(' view ');
        expect(() => abi.encodeFunctionData(name, call.args)).not.toThrow();
      }
    }
  });

  test('behavior: calls go to the pool, its oracle, and the tokens and assets of the rows, nowhere else', () => {
    const tokens = RESERVES.flatMap((reserve) => [addressOf(reserve), tokenAddress(reserve.id, 'aToken'), tokenAddress(reserve.id, 'variable'), tokenAddress(reserve.id, 'stable')]);
    const known = new Set([...Object.values(CORE.contracts), ...tokens]);
    expect([...targets(CORE, ROWS)].filter((to) => !known.has(to))).toEqual([]);
    expect(targets(V2, ROWS).has(V2.contracts['baseUsdFeed'] as Address)).toBe(true);
    expect(targets(CORE, ROWS).has(CORE.contracts['provider'] as Address)).toBe(false);
  });

  test('behavior: v2 has no revision, no grace period, no e-mode; Spark has e-modes that nobody lists', () => {
    const keys = (deployment: Deployment, rows: Rows) => valueAave(deployment, [], rows).map((call) => call.key);
    expect(keys(V2, ROWS).filter((key) => /revision|grace|eMode/.test(key))).toEqual([]);
    expect(keys(SPARK, messariRows(POOL, new Map())).filter((key) => key.endsWith(' legacy'))).toEqual(['eMode 1 legacy', 'eMode 2 legacy', 'eMode 3 legacy']);
    expect(keys(CORE, ROWS).filter((key) => key.endsWith(' config'))).toEqual(['eMode 1 config', 'eMode 21 config']);
    expect(keys(CORE, ROWS)).toContain('revision');
    expect(keys(SPARK, messariRows(POOL, new Map())).some((key) => key.startsWith('grace'))).toBe(false);
  });

  test('behavior: without a stable debt token nothing is asked of one', () => {
    const rows = changeRows(ROWS, 'Reserves', (row) => ({ ...row, sToken: null }));
    expect(valueAave(CORE, OWNERS, rows).some((call) => call.key.startsWith('stable'))).toBe(false);
    expect(valueAave(CORE, OWNERS, ROWS).filter((call) => call.key.startsWith('stable'))).toHaveLength(3 * RESERVES.length * OWNERS.length);
  });
});
