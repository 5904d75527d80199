import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { morphoExecutor } from '../../../src/protocols/morpho-blue/executor.ts';
import { morphoBlue } from '../../../src/protocols/morpho-blue/index.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import type { ActionContext } from '../../../src/protocols/protocol.ts';
import { MARKET_ID, NOW, OWNER, USDC, v7Position, WSTETH, wstEthUsdc } from './wsteth-usdc.ts';

const MORPHO = '0xbbbbbbbbbb9cc5e90e3b3af64bdaf62c37eeffcb';
const EXECUTOR: Address = `0x${'e'.repeat(40)}`;
const [USDC_TOKEN, WSTETH_TOKEN] = [USDC, WSTETH].map((asset) => asset.slice(-42));
const PARAMS = '(address,address,address,address,uint256)';
const abi = new Interface([
  `function supply(${PARAMS},uint256,uint256,address,bytes)`,
  `function withdraw(${PARAMS},uint256,uint256,address,address)`,
  `function borrow(${PARAMS},uint256,uint256,address,address)`,
  `function repay(${PARAMS},uint256,uint256,address,bytes)`,
  `function supplyCollateral(${PARAMS},uint256,address,bytes)`,
  `function withdrawCollateral(${PARAMS},uint256,address,address)`,
]);

function contextOf(changes: Partial<ActionContext> = {}): ActionContext {
  const [deployment] = morphoBlue.deployments;
  if (deployment === undefined) return expect.unreachable('a deployment');
  return { deployment, market: MARKET_ID, state: wstEthUsdc, position: v7Position, owner: OWNER, sender: EXECUTOR, ...changes };
}

function encode(step: Step, changes: Partial<ActionContext> = {}) {
  const { calls, rights, takes, brings } = morphoExecutor.encodeStep(contextOf(changes), step);
  const decoded = calls.map(({ target, data, approval }) => {
    const parsed = abi.parseTransaction({ data });
    const args = (parsed?.args.toArray() ?? []).filter((arg: unknown) => typeof arg === 'bigint' || typeof arg === 'string').map((arg: unknown) => (typeof arg === 'string' ? arg.toLowerCase() : arg));
    return [target, parsed?.name, ...args, approval?.token ?? null, approval?.amount ?? null];
  });
  return { calls: decoded, rights: rights.map(({ kind, contract, amount }) => [kind, contract, amount]), takes, brings };
}

describe('morphoExecutor.encodeStep', () => {
  test('default: supplies and repayments for the owner need no right', () => {
    expect(encode({ kind: 'supply', asset: WSTETH, amount: 5n })).toEqual({
      calls: [[MORPHO, 'supplyCollateral', 5n, OWNER, '0x', WSTETH_TOKEN, 5n]],
      rights: [],
      takes: { token: WSTETH_TOKEN, expected: 5n, most: 5n },
      brings: null,
    });
    expect(encode({ kind: 'supply', asset: USDC, amount: 5n }).calls).toEqual([[MORPHO, 'supply', 5n, 0n, OWNER, '0x', USDC_TOKEN, 5n]]);
    expect(encode({ kind: 'repay', asset: USDC, amount: 5n }).calls).toEqual([[MORPHO, 'repay', 5n, 0n, OWNER, '0x', USDC_TOKEN, 5n]]);
  });

  test('behavior: all of a debt is its shares, with an approval that has room for interest', () => {
    const { calls, takes } = encode({ kind: 'repay', asset: USDC, amount: 'max' }, { paid: 1_000_000n });
    expect(calls).toEqual([[MORPHO, 'repay', 0n, v7Position.borrowShares, OWNER, '0x', USDC_TOKEN, 1_000_101n]]);
    expect(takes).toEqual({ token: USDC_TOKEN, expected: 1_000_000n, most: 1_000_101n });
  });

  test('default: what is taken out goes to the executor, by the owner’s authorization', () => {
    const authorization = [['authorization', MORPHO, null]];
    expect(encode({ kind: 'withdraw', asset: WSTETH, amount: 5n })).toEqual({
      calls: [[MORPHO, 'withdrawCollateral', 5n, OWNER, EXECUTOR, null, null]],
      rights: authorization,
      takes: null,
      brings: { token: WSTETH_TOKEN, expected: 5n, least: 5n },
    });
    expect(encode({ kind: 'withdraw', asset: WSTETH, amount: 'max' }).calls[0]?.[2]).toBe(v7Position.collateral);
    expect(encode({ kind: 'borrow', asset: USDC, amount: 9n })).toMatchObject({
      calls: [[MORPHO, 'borrow', 9n, 0n, OWNER, EXECUTOR, null, null]],
      rights: authorization,
      brings: { token: USDC_TOKEN, least: 9n },
    });
    const lent = { position: { ...v7Position, supplyShares: 3n }, received: 2n };
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 'max' }, lent)).toMatchObject({ calls: [[MORPHO, 'withdraw', 0n, 3n, OWNER, EXECUTOR, null, null]], brings: { expected: 2n } });
  });

  test.each<[string, Step, Partial<ActionContext>]>([
    ['INVALID_ARGUMENT', { kind: 'repay', asset: USDC, amount: 'max' }, {}],
    ['INVALID_ARGUMENT', { kind: 'supply', asset: WSTETH, amount: 1n }, { state: { ...wstEthUsdc, oracle: OWNER } }],
    ['RULE_VIOLATION', { kind: 'borrow', asset: WSTETH, amount: 1n }, {}],
    ['RULE_VIOLATION', { kind: 'liquidate', seize: 1n }, {}],
  ])('error: %s for %o', (code, step, changes) => {
    expect(() => encode(step, changes)).toThrow(expect.objectContaining({ code }));
  });
});

describe('morphoExecutor.encodeChecks', () => {
  const minimumHealth = 1_100_000_000_000_000_000n;
  const half = { ...v7Position, borrowShares: v7Position.borrowShares / 2n };
  const checks = (position: typeof v7Position, at = NOW) => morphoExecutor.encodeChecks(contextOf({ position }), { before: v7Position, at, minimumHealth });

  test('default: shares at most and collateral at least as predicted, and the least price at which the health holds', () => {
    const [shares, collateral, price] = checks(half);
    expect(shares).toMatchObject({ target: MORPHO, offset: 32, minimum: 0n, maximum: half.borrowShares + v7Position.borrowShares / 10_000n + 1n });
    expect(collateral).toMatchObject({ target: MORPHO, offset: 64, minimum: half.collateral, maximum: null });
    expect(price).toMatchObject({ target: wstEthUsdc.oracle, offset: 0, maximum: null });
    const healthAt = (oraclePrice: bigint): boolean => {
      const { borrowed = 0n, maxBorrow = 0n } = morphoBlueRule.health({ market: { ...wstEthUsdc, oraclePrice }, position: half, at: NOW }).figures;
      return maxBorrow * 10n ** 18n >= borrowed * minimumHealth;
    };
    const least = price?.minimum ?? 0n;
    expect([healthAt(least), healthAt(least - least / 10n ** 9n)]).toEqual([true, false]);
    expect(checks(half, NOW + 86_400n)[2]?.minimum).toBeGreaterThan(least);
  });

  test('behavior: a debt that is gone must be gone; then no price matters', () => {
    const [shares, ...rest] = checks({ ...v7Position, borrowShares: 0n });
    expect(shares?.maximum).toBe(0n);
    expect(rest).toHaveLength(1);
  });
});
