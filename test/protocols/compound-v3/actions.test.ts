import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import { MAX_UINT256 } from '../../../src/core/fixed-point.ts';
import type { Address } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { encodeBuyCollateral, encodeCometStep } from '../../../src/protocols/compound-v3/actions.ts';
import { compoundV3Deployments } from '../../../src/protocols/compound-v3/deployments.ts';
import type { ActionContext, UnsignedCall } from '../../../src/protocols/protocol.ts';
import { USDC, usdcComet, WETH } from './usdc-comet.ts';

const OWNER: Address = '0x00000000000000000000000000000000000000aa';
const HELPER: Address = '0x00000000000000000000000000000000000000bb';
const COMET = '0xc3d688b66703497daa19211eedff47f25384cdc3';
const USDT = 'eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7';

const abi = new Interface([
  'function approve(address spender, uint256 amount)',
  'function supply(address asset, uint256 amount)',
  'function supplyTo(address dst, address asset, uint256 amount)',
  'function withdraw(address asset, uint256 amount)',
  'function withdrawFrom(address src, address to, address asset, uint256 amount)',
  'function absorb(address absorber, address[] accounts)',
  'function buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient)',
]);

function contextOf(id = 'compound-v3/1/usdc', sender = OWNER): ActionContext {
  const deployment = compoundV3Deployments.find((row) => row.id === id);
  if (deployment === undefined) throw new Error(id);
  return { deployment, market: deployment.market, state: usdcComet(), owner: OWNER, sender };
}

function decode(calls: readonly UnsignedCall[]) {
  return calls.map(({ to, data }) => {
    const parsed = abi.parseTransaction({ data });
    return [to, parsed?.name, ...(parsed?.args.toArray(true) ?? []).map(lowerCase)];
  });
}

function lowerCase(arg: unknown): unknown {
  if (Array.isArray(arg)) return arg.map(lowerCase);
  return typeof arg === 'string' ? arg.toLowerCase() : arg;
}

const token = (asset: string) => asset.slice(-42);

describe('encodeCometStep', () => {
  const encode = (step: Step, context = contextOf()) => decode(encodeCometStep(context, step));

  test('default: an exact approval, then the supply', () => {
    expect(encode({ kind: 'supply', asset: WETH, amount: 5n })).toEqual([
      [token(WETH), 'approve', COMET, 5n],
      [COMET, 'supply', token(WETH), 5n],
    ]);
  });

  test("behavior: repaying 'max' takes the rest of the approval back", () => {
    expect(encode({ kind: 'repay', asset: USDC, amount: 'max' })).toEqual([
      [token(USDC), 'approve', COMET, MAX_UINT256],
      [COMET, 'supply', token(USDC), MAX_UINT256],
      [token(USDC), 'approve', COMET, 0n],
    ]);
  });

  test('behavior: USDT is approved from 0', () => {
    const names = encode({ kind: 'repay', asset: USDT, amount: 7n }, contextOf('compound-v3/1/usdt')).map((call) => call.slice(1, 2).concat(call.slice(3)));
    expect(names).toEqual([
      ['approve', 0n],
      ['approve', 7n],
      ['supply', 7n],
    ]);
  });

  test('behavior: withdraw and borrow are the same call; max is uint256.max', () => {
    expect(encode({ kind: 'borrow', asset: USDC, amount: 9n })).toEqual([[COMET, 'withdraw', token(USDC), 9n]]);
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 'max' })).toEqual([[COMET, 'withdraw', token(USDC), MAX_UINT256]]);
    expect(encode({ kind: 'withdraw', asset: WETH, amount: 3n })).toEqual([[COMET, 'withdraw', token(WETH), 3n]]);
  });

  test('behavior: another sender acts for the owner', () => {
    const context = contextOf('compound-v3/1/usdc', HELPER);
    expect(encode({ kind: 'supply', asset: WETH, amount: 5n }, context)[1]).toEqual([COMET, 'supplyTo', OWNER, token(WETH), 5n]);
    expect(encode({ kind: 'withdraw', asset: WETH, amount: 5n }, context)).toEqual([[COMET, 'withdrawFrom', OWNER, HELPER, token(WETH), 5n]]);
    expect(encode({ kind: 'liquidate' }, context)).toEqual([[COMET, 'absorb', HELPER, [OWNER]]]);
  });

  test('error: INVALID_ARGUMENT', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => encode({ kind: 'supply', asset: 'eip155:1/erc20:0x0000000000000000000000000000000000000001', amount: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'supply', asset: 'iso4217:usd', amount: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'withdraw', asset: WETH, amount: 'max' })).toThrow(invalid);
    expect(() => encode({ kind: 'close', sizeUsd: 1n })).toThrow(invalid);
  });
});

describe('encodeBuyCollateral', () => {
  test('default', () => {
    const request = { asset: WETH, baseAmount: 10n, minAmount: 2n } as const;
    expect(decode(encodeBuyCollateral(contextOf('compound-v3/1/usdc', HELPER), request))).toEqual([
      [token(USDC), 'approve', COMET, 10n],
      [COMET, 'buyCollateral', token(WETH), 2n, 10n, HELPER],
    ]);
  });

  test('error: INVALID_ARGUMENT where the row names no base token', () => {
    const context = contextOf();
    const bare = { ...context, deployment: { ...context.deployment, contracts: {} } };
    expect(() => encodeBuyCollateral(bare, { asset: WETH, baseAmount: 1n, minAmount: 1n })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
