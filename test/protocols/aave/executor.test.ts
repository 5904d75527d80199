import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Address, AssetId } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { AAVE_V2_DEPLOYMENTS, AAVE_V3_DEPLOYMENTS, SPARK_DEPLOYMENTS } from '../../../src/protocols/aave/deployments.ts';
import { AAVE_ERRORS } from '../../../src/protocols/aave/errors.ts';
import { aaveExecutor } from '../../../src/protocols/aave/executor.ts';
import { listReserveTokens } from '../../../src/protocols/aave/reserve-contracts.ts';
import { RESERVE_TOKENS } from '../../../src/protocols/aave/reserve-tokens.ts';
import type { ActionContext, Deployment } from '../../../src/protocols/protocol.ts';
import { poolOf, reserveOf } from './fact-sheet-pool.ts';

const ABI = new Interface([
  'function supply(address,uint256,address,uint16)',
  'function deposit(address,uint256,address,uint16)',
  'function withdraw(address,uint256,address)',
  'function borrow(address,uint256,uint256,uint16,address)',
  'function repay(address,uint256,uint256,address)',
  'function transferFrom(address,address,uint256)',
  'function getUserAccountData(address)',
]);
const ALL = 2n ** 256n - 1n;
const OWNER: Address = '0x00000000000000000000000000000000000000f1';
const EXECUTOR: Address = '0x00000000000000000000000000000000000000f2';
const WETH = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const A_WETH = '0x4d5f47fa6a74757f35c14fd3a6ef8e3c9bc514e8';
const DEBT_WETH = '0xea51d7853eefb32b6ee06b1c12e6dcca88be0ffe';
const ASSET: AssetId = `eip155:1/erc20:${WETH}`;
const [CORE] = AAVE_V3_DEPLOYMENTS as [Deployment];
const [V2] = AAVE_V2_DEPLOYMENTS as [Deployment];
const POOL = CORE.market as Address;

function contextOf(deployment: Deployment, changes: Partial<ActionContext> = {}): ActionContext {
  return { deployment, market: '0xanything', state: poolOf([reserveOf('WETH', { asset: ASSET })]), owner: OWNER, sender: EXECUTOR, ...changes };
}

function encode(step: Step, changes: Partial<ActionContext> = {}, deployment = CORE) {
  const { calls, ...rest } = aaveExecutor.encodeStep(contextOf(deployment, changes), step);
  const decoded = calls.map(({ target, value, data, approval }) => {
    const parsed = ABI.parseTransaction({ data });
    expect(value).toBe(0n);
    return { target, name: parsed?.name, args: (parsed?.args.toArray() ?? []).map((arg: unknown) => (typeof arg === 'string' ? arg.toLowerCase() : arg)), approval };
  });
  return { calls: decoded, ...rest };
}

describe('aaveExecutor.encodeStep', () => {
  test('default: supplies and repayments for the owner need no right', () => {
    const approval = { token: WETH, spender: POOL, amount: 5n };
    expect(encode({ kind: 'supply', asset: ASSET, amount: 5n })).toEqual({
      calls: [{ target: POOL, name: 'supply', args: [WETH, 5n, OWNER, 0n], approval }],
      rights: [],
      takes: { token: WETH, expected: 5n, most: 5n },
      brings: null,
    });
    expect(encode({ kind: 'repay', asset: ASSET, amount: 5n })).toEqual({
      calls: [{ target: POOL, name: 'repay', args: [WETH, 5n, 2n, OWNER], approval }],
      rights: [],
      takes: { token: WETH, expected: 5n, most: 5n },
      brings: null,
    });
    expect(encode({ kind: 'supply', asset: ASSET, amount: 5n }, {}, V2).calls[0]).toMatchObject({ target: V2.market, name: 'deposit' });
  });

  test("behavior: all of somebody else's debt is an amount with head-room, never the greatest integer", () => {
    const { calls, takes } = encode({ kind: 'repay', asset: ASSET, amount: 'max' }, { paid: 1_000_000n });
    expect(calls[0]).toMatchObject({ args: [WETH, 1_000_101n, 2n, OWNER], approval: { amount: 1_000_101n } });
    expect(takes).toEqual({ token: WETH, expected: 1_000_000n, most: 1_000_101n });
  });

  test('default: collateral is taken as aTokens by an exact allowance, then withdrawn whole', () => {
    const { calls, rights, brings } = encode({ kind: 'withdraw', asset: ASSET, amount: 10n ** 18n });
    expect(rights).toEqual([{ kind: 'allowance', contract: A_WETH, amount: 10n ** 18n, purpose: 'take 1 WETH of collateral out of Aave v3 Ethereum' }]);
    expect(calls).toEqual([
      { target: A_WETH, name: 'transferFrom', args: [OWNER, EXECUTOR, 10n ** 18n], approval: null },
      { target: POOL, name: 'withdraw', args: [WETH, ALL, EXECUTOR], approval: null },
    ]);
    expect(brings).toEqual({ token: WETH, expected: 10n ** 18n, least: 10n ** 18n });
  });

  test("behavior: 'max' takes what the rule computes; versions that round halves up may lose a unit", () => {
    const least = (rule: string, deployment = CORE) => encode({ kind: 'withdraw', asset: ASSET, amount: 'max' }, { received: 7n, rule }, deployment).brings;
    expect([least('aave-v3@3.0'), least('aave-v3@3.5'), least('aave-v2@2', V2)]).toEqual([6n, 7n, 6n].map((amount) => ({ token: WETH, expected: 7n, least: amount })));
  });

  test('default: a borrow needs an exact delegation of the debt token', () => {
    const { calls, rights, brings } = encode({ kind: 'borrow', asset: ASSET, amount: 5n });
    expect(rights).toMatchObject([{ kind: 'delegation', contract: DEBT_WETH, amount: 5n }]);
    expect(calls).toEqual([{ target: POOL, name: 'borrow', args: [WETH, 5n, 2n, 0n, OWNER], approval: null }]);
    expect(brings).toEqual({ token: WETH, expected: 5n, least: 5n });
  });

  test('error: INVALID_ARGUMENT for a reserve that the row does not name, and for "max" without the amount', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    const unlisted: AssetId = 'eip155:1/erc20:0x00000000000000000000000000000000000000aa';
    expect(() => encode({ kind: 'withdraw', asset: unlisted, amount: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'borrow', asset: unlisted, amount: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'withdraw', asset: ASSET, amount: 'max' })).toThrow(invalid);
    expect(() => encode({ kind: 'repay', asset: ASSET, amount: 'max' })).toThrow(invalid);
    expect(() => encode({ kind: 'close', sizeUsd: 'max' })).toThrow(expect.objectContaining({ code: 'RULE_VIOLATION' }));
  });
});

describe('aaveExecutor.encodeChecks', () => {
  const bounds = { before: null, at: 0n, minimumHealth: 1_250_000_000_000_000_000n };
  const check = (rule: string) => aaveExecutor.encodeChecks(contextOf(CORE, { rule }), bounds);

  test('default: the health factor at least as asked', () => {
    expect(check('aave-v3@3.6')).toEqual([{ target: POOL, data: ABI.encodeFunctionData('getUserAccountData', [OWNER]), offset: 160, minimum: bounds.minimumHealth, maximum: null }]);
  });

  test('behavior: where the average threshold is cut to basis points, less by what the cut may take', () => {
    expect(check('aave-v3@3.0')[0]?.minimum).toBe(1_249_687_500_000_000_000n);
  });
});

describe('reserve tokens', () => {
  const rows = [...AAVE_V3_DEPLOYMENTS, ...AAVE_V2_DEPLOYMENTS, ...SPARK_DEPLOYMENTS];

  test('default: every deployment has some, each name and each address once', () => {
    expect(Object.keys(RESERVE_TOKENS).toSorted()).toEqual(rows.map((row) => row.id).toSorted());
    for (const [id, tokens] of Object.entries(RESERVE_TOKENS)) {
      expect(tokens.length, id).toBeGreaterThan(3);
      expect(new Set(tokens.map(([name]) => name)).size, id).toBe(tokens.length);
      const addresses = tokens.flatMap(([, , ...own]) => own);
      expect(new Set(addresses).size, id).toBe(addresses.length);
      for (const address of addresses) expect(address, id).toMatch(/^0x[0-9a-f]{40}$/);
    }
  });

  test('behavior: decimals of a token are the same in every row of its chain', () => {
    const seen = new Map<string, number | null>();
    for (const row of rows) {
      for (const { token, decimals } of listReserveTokens(row)) {
        const key = `${row.chain} ${token}`;
        expect(seen.get(key) ?? decimals, `${row.id} ${token}`).toBe(decimals);
        seen.set(key, decimals);
      }
    }
  });

  test('behavior: errors are ABI fragments', () => {
    expect(() => new Interface(AAVE_ERRORS)).not.toThrow();
    expect(AAVE_ERRORS).toContain('error HealthFactorLowerThanLiquidationThreshold()');
  });
});
