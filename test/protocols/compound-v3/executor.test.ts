import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import { MAX_UINT256 } from '../../../src/core/fixed-point.ts';
import type { Address } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { COMET_ERRORS } from '../../../src/protocols/compound-v3/comet-abi.ts';
import { compoundV3Deployments, listCometTokens } from '../../../src/protocols/compound-v3/deployments.ts';
import { cometExecutor } from '../../../src/protocols/compound-v3/executor.ts';
import type { ActionContext } from '../../../src/protocols/protocol.ts';
import { T0, USDC, usdcComet, V6_POSITION, WETH } from './usdc-comet.ts';

const OWNER: Address = '0x00000000000000000000000000000000000000aa';
const EXECUTOR: Address = `0x${'e'.repeat(40)}`;
const COMET = '0xc3d688b66703497daa19211eedff47f25384cdc3';
const abi = new Interface([
  'function supplyTo(address,address,uint256)',
  'function withdrawFrom(address,address,address,uint256)',
  'function isBorrowCollateralized(address)',
  'function borrowBalanceOf(address)',
  'function collateralBalanceOf(address,address)',
]);
const token = (asset: string): string => asset.slice(-42);

function contextOf(changes: Partial<ActionContext> = {}): ActionContext {
  const deployment = compoundV3Deployments.find((row) => row.id === 'compound-v3/1/usdc');
  if (deployment === undefined) return expect.unreachable('a deployment');
  return { deployment, market: deployment.market, state: usdcComet(), position: V6_POSITION, owner: OWNER, sender: EXECUTOR, ...changes };
}

function read(data: string): readonly unknown[] {
  const parsed = abi.parseTransaction({ data });
  return [parsed?.name, ...(parsed?.args.toArray() ?? []).map((arg: unknown) => (typeof arg === 'string' ? arg.toLowerCase() : arg))];
}

function encode(step: Step, changes: Partial<ActionContext> = {}) {
  const { calls, rights, takes, brings } = cometExecutor.encodeStep(contextOf(changes), step);
  return {
    calls: calls.map(({ target, data, approval }) => [target, ...read(data), approval?.amount ?? null]),
    rights: rights.map(({ kind, contract, amount }) => [kind, contract, amount]),
    takes,
    brings,
  };
}

describe('cometExecutor', () => {
  test('default: supplies for the owner need no right; all of a debt is the greatest integer with a bounded approval', () => {
    expect(encode({ kind: 'supply', asset: WETH, amount: 5n })).toEqual({
      calls: [[COMET, 'supplyTo', OWNER, token(WETH), 5n, 5n]],
      rights: [],
      takes: { token: token(WETH), expected: 5n, most: 5n },
      brings: null,
    });
    expect(encode({ kind: 'repay', asset: USDC, amount: 'max' }, { paid: 1_000_000n })).toMatchObject({
      calls: [[COMET, 'supplyTo', OWNER, token(USDC), MAX_UINT256, 1_000_101n]],
      takes: { expected: 1_000_000n, most: 1_000_101n },
    });
  });

  test('default: what is taken out goes to the executor, as a manager whom the owner allows', () => {
    const manager = [['manager', COMET, null]];
    expect(encode({ kind: 'withdraw', asset: WETH, amount: 5n })).toEqual({
      calls: [[COMET, 'withdrawFrom', OWNER, EXECUTOR, token(WETH), 5n, null]],
      rights: manager,
      takes: null,
      brings: { token: token(WETH), expected: 5n, least: 5n },
    });
    expect(encode({ kind: 'borrow', asset: USDC, amount: 7n })).toMatchObject({ calls: [[COMET, 'withdrawFrom', OWNER, EXECUTOR, token(USDC), 7n, null]], rights: manager });
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 'max' }, { received: 9n })).toMatchObject({
      calls: [[COMET, 'withdrawFrom', OWNER, EXECUTOR, token(USDC), MAX_UINT256, null]],
      brings: { expected: 9n },
    });
  });

  test('error: INVALID_ARGUMENT', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => encode({ kind: 'repay', asset: USDC, amount: 'max' })).toThrow(invalid);
    expect(() => encode({ kind: 'withdraw', asset: WETH, amount: 'max' }, { received: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'supply', asset: 'eip155:1/erc20:0x0000000000000000000000000000000000000001', amount: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'liquidate' })).toThrow(invalid);
  });

  test('default: afterwards the comet’s own test, the debt at most and collateral at least as predicted', () => {
    const checks = cometExecutor.encodeChecks(contextOf(), { before: V6_POSITION, at: T0, minimumHealth: 0n });
    // 15,000e6 at the index 1.081234567890123; a basis point of it and a unit for interest.
    const debt = 16_218_518_518n;
    expect(checks.map(({ target, data, offset, minimum, maximum }) => [target, ...read(data), offset, minimum, maximum])).toEqual([
      [COMET, 'isBorrowCollateralized', OWNER, 0, 1n, null],
      [COMET, 'borrowBalanceOf', OWNER, 0, 0n, debt + 1_621_852n + 1n],
      [COMET, 'collateralBalanceOf', OWNER, token(WETH), 0, 10n ** 19n, null],
    ]);
    const repaid = cometExecutor.encodeChecks(contextOf({ position: { principal: 0n, collaterals: [] } }), { before: V6_POSITION, at: T0, minimumHealth: 0n });
    expect(repaid[1]?.maximum).toBe(0n);
  });

  test('behavior: the row’s tokens are known by name; errors are ABI fragments', () => {
    expect(listCometTokens(contextOf().deployment)).toContainEqual({ token: token(WETH), symbol: 'WETH', decimals: null });
    expect(() => new Interface(COMET_ERRORS)).not.toThrow();
  });
});
