import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import { MAX_UINT256 } from '../../../src/core/fixed-point.ts';
import type { Address } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { encodeGmxStep, type GmxActionContext } from '../../../src/protocols/gmx-v2/actions.ts';
import { gmxV2Deployments } from '../../../src/protocols/gmx-v2/deployments.ts';
import { DOLLAR, ethLong, ethMarket, MARKET_TOKEN, USDC, WETH } from './eth-market.ts';

const OWNER: Address = '0x00000000000000000000000000000000000000aa';
const ROUTER = '0x7452c558d45f8afc8c83dae62c3f8a5be19c71f6';
const EXCHANGE_ROUTER = '0x7de39ff2e232a2203196788d37e234cf8f1b83f1';
const VAULT = '0x31ef83a530fde1b38ee9a18093a333d8bbbc40d5';
const FEE = 2n * 10n ** 15n;

/** The router's functions by selector, written out apart from the adapter's own fragments. */
const abi = new Interface([
  'function approve(address,uint256)',
  'function multicall(bytes[])',
  'function sendWnt(address,uint256)',
  'function sendTokens(address,address,uint256)',
  'function createOrder(((address,address,address,address,address,address,address[]),(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256),uint8,uint8,bool,bool,bool,bytes32,bytes32[]))',
]);

function contextOf(changes: Partial<GmxActionContext> = {}): GmxActionContext {
  const [deployment] = gmxV2Deployments;
  if (deployment === undefined) throw new Error('no deployment');
  return { deployment, market: MARKET_TOKEN, state: ethMarket(), owner: OWNER, sender: OWNER, position: ethLong(), ...changes };
}

function lowerCase(arg: unknown): unknown {
  if (Array.isArray(arg)) return arg.map(lowerCase);
  return typeof arg === 'string' ? arg.toLowerCase() : arg;
}

function decode(data: string): readonly unknown[] {
  const parsed = abi.parseTransaction({ data });
  const args = lowerCase(parsed?.args.toArray(true) ?? []) as unknown[];
  return parsed?.name === 'multicall' ? (args[0] as string[]).map(decode) : [parsed?.name, ...args];
}

function encode(step: Step, context = contextOf()) {
  return encodeGmxStep(context, step).map(({ to, data, value }) => ({ to, value, call: decode(data) }));
}

const order = (numbers: readonly bigint[], orderType: bigint, isLong = true) => [
  'createOrder',
  [
    [OWNER, OWNER, `0x${'0'.repeat(40)}`, `0x${'0'.repeat(40)}`, MARKET_TOKEN, USDC.slice(-42), []],
    [numbers[0], numbers[1], 0n, numbers[2], FEE, 0n, 0n, 0n],
    orderType,
    0n,
    isLong,
    false,
    false,
    `0x${'0'.repeat(64)}`,
    [],
  ],
];
const fee = ['sendWnt', VAULT, FEE];

describe('encodeGmxStep', () => {
  test('default: margin is sent along with an increase of size 0', () => {
    expect(encode({ kind: 'supply', asset: USDC, amount: 5n })).toEqual([
      { to: USDC.slice(-42), value: 0n, call: ['approve', ROUTER, 5n] },
      { to: EXCHANGE_ROUTER, value: FEE, call: [fee, ['sendTokens', USDC.slice(-42), VAULT, 5n], order([0n, 5n, MAX_UINT256], 2n)] },
    ]);
    const short = encode({ kind: 'supply', asset: USDC, amount: 5n }, contextOf({ position: ethLong({ isLong: false }) }));
    expect(short[1]?.call[2]).toEqual(order([0n, 5n, 0n], 2n, false));
  });

  test('behavior: closing and withdrawing are decreases, no worse than 1 % from the oracle', () => {
    const lowest = (1_980n * 10n ** 12n * 99n) / 100n;
    expect(encode({ kind: 'close', sizeUsd: 'max' })).toEqual([{ to: EXCHANGE_ROUTER, value: FEE, call: [fee, order([100_000n * DOLLAR, 0n, lowest], 4n)] }]);
    expect(encode({ kind: 'close', sizeUsd: 7n })[0]?.call[1]).toEqual(order([7n, 0n, lowest], 4n));
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 3n })[0]?.call[1]).toEqual(order([0n, 3n, lowest], 4n));
    expect(encode({ kind: 'withdraw', asset: USDC, amount: 'max' })[0]?.call[1]).toEqual(order([0n, 2_000_000_000n, lowest], 4n));
    const short = encode({ kind: 'close', sizeUsd: 7n }, contextOf({ position: ethLong({ isLong: false }) }));
    expect(short[0]?.call[1]).toEqual(order([7n, 0n, (1_980n * 10n ** 12n * 101n) / 100n], 4n, false));
  });

  test('behavior: the execution fee can be stated', () => {
    expect(encodeGmxStep(contextOf({ executionFee: 9n }), { kind: 'close', sizeUsd: 'max' })[0]?.value).toBe(9n);
  });

  test('error: RULE_VIOLATION for a liquidation, which only keepers execute', () => {
    expect(() => encode({ kind: 'liquidate' })).toThrow(expect.objectContaining({ protocolError: 'Unauthorized' }));
  });

  test('error: INVALID_ARGUMENT', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    const close = { kind: 'close', sizeUsd: 'max' } as const;
    const { deployment } = contextOf();
    expect(() => encode(close, contextOf({ position: undefined }))).toThrow(invalid);
    expect(() => encode(close, contextOf({ sender: '0x00000000000000000000000000000000000000bb' }))).toThrow(invalid);
    expect(() => encode(close, contextOf({ deployment: { ...deployment, contracts: {} } }))).toThrow(invalid);
    expect(() => encode(close, contextOf({ deployment: { ...deployment, chain: 'eip155:1' } }))).toThrow(invalid);
    expect(() => encode(close, contextOf({ position: ethLong({ collateralToken: 'eip155:42161/erc20:0x0000000000000000000000000000000000000001' }) }))).toThrow(invalid);
    expect(() => encode({ kind: 'supply', asset: WETH, amount: 1n })).toThrow(invalid);
    expect(() => encode({ kind: 'borrow', asset: USDC, amount: 1n })).toThrow(invalid);
  });
});
