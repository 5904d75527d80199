import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/core/ids.ts';
import type { SwapRequest } from '../../../src/path/transactions/swap-venue.ts';
import { UNISWAP_V3_ROUTERS } from '../../../src/path/transactions/uniswap-v3-routers.ts';
import { uniswapV3Venue } from '../../../src/path/transactions/uniswap-v3-venue.ts';

const [WETH, USDC, WBTC]: readonly Address[] = ['1', '2', '3'].map((digit): Address => `0x${digit.repeat(40)}`);
const RECIPIENT: Address = `0x${'a'.repeat(40)}`;
const ROUTER = new Interface([
  'function multicall(uint256,bytes[])',
  'function exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))',
  'function exactInput((bytes,address,uint256,uint256))',
]);
const request: SwapRequest = { chain: 'eip155:1', route: 'weth-usdc', from: WETH as Address, to: USDC as Address, amountIn: 10n, minimumOut: 9n, recipient: RECIPIENT, deadline: 1_700n };

function venueFor(tokens: readonly (Address | undefined)[], fees: readonly number[]) {
  return uniswapV3Venue((_chain, route) => (route === 'weth-usdc' ? { tokens: tokens as Address[], fees } : null));
}

function innerOf(data: string | undefined) {
  const outer = ROUTER.parseTransaction({ data: data ?? '0x' });
  expect([outer?.name, outer?.args[0], outer?.args[1].length]).toEqual(['multicall', 1_700n, 1]);
  const inner = ROUTER.parseTransaction({ data: String(outer?.args[1][0]) });
  return [inner?.name, ...(inner?.args[0].toArray() ?? []).map((arg: unknown) => (typeof arg === 'string' ? arg.toLowerCase() : arg))];
}

describe(uniswapV3Venue, () => {
  test('default: one pool, with minimum output and deadline, at the built-in router', () => {
    const call = venueFor([WETH, USDC], [500]).encodeSwap(request);
    expect(call?.target).toBe('0x68b3465833fb72a70ecdf485e0e4c7bd8665fc45');
    expect(innerOf(call?.data)).toEqual(['exactInputSingle', WETH, USDC, 500n, RECIPIENT, 10n, 9n, 0n]);
  });

  test('behavior: the selectors of the deployed router', () => {
    const single = venueFor([WETH, USDC], [500]).encodeSwap(request)?.data ?? '';
    const several = venueFor([WETH, WBTC, USDC], [500, 3_000]).encodeSwap(request)?.data ?? '';
    expect([single.slice(0, 10), single.includes('04e45aaf'), several.includes('b858183f')]).toEqual(['0x5ae401dc', true, true]);
  });

  test('behavior: several pools are a packed path', () => {
    const call = venueFor([WETH, WBTC, USDC], [500, 3_000]).encodeSwap(request);
    const path = `0x${'1'.repeat(40)}0001f4${'3'.repeat(40)}000bb8${'2'.repeat(40)}`;
    expect(innerOf(call?.data)).toEqual(['exactInput', path, RECIPIENT, 10n, 9n]);
  });

  test('behavior: a route that is not its own, or a chain without a router, is not served', () => {
    const venue = venueFor([WETH, USDC], [500]);
    expect(venue.encodeSwap({ ...request, route: 'other' })).toBeNull();
    expect(venue.encodeSwap({ ...request, chain: 'eip155:100' })).toBeNull();
  });

  test.each([
    { tokens: [USDC, WETH], fees: [500] },
    { tokens: [WETH, WBTC], fees: [500] },
    { tokens: [WETH, WBTC, USDC], fees: [500] },
    { tokens: [WETH], fees: [] },
  ])('error: INVALID_ARGUMENT for pools that do not lead from one to the other: %o', ({ tokens, fees }) => {
    expect(() => venueFor(tokens, fees).encodeSwap(request)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('behavior: routers are lower-case addresses', () => {
    for (const router of Object.values(UNISWAP_V3_ROUTERS)) expect(router).toMatch(/^0x[0-9a-f]{40}$/);
  });
});
