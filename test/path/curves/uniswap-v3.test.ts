import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { integerText, naturalText } from '../../../src/core/json.ts';
import { uniswapV3Curve } from '../../../src/path/curves/curve-uniswap-v3.ts';
import { computeSwapStep, MAX_TICK, sqrtRatioAtTick, tickAtSqrtRatio } from '../../../src/path/curves/uniswap-v3-math.ts';
import { quoteExactInput, requireState, type UniswapV3State } from '../../../src/path/curves/uniswap-v3-pool.ts';
import { expectConcave, USDC, WETH } from './curve-properties.ts';

/** Figures of an independent implementation; see test/bench/uniswap-v3-peer. */
const VECTORS = z
  .object({
    ticks: z.array(z.tuple([z.int(), naturalText])),
    steps: z.array(
      z.object({
        feePips: z.int(),
        sqrtPriceX96: naturalText,
        targetX96: naturalText,
        liquidity: naturalText,
        remaining: naturalText,
        next: naturalText,
        amountIn: naturalText,
        amountOut: naturalText,
        feeAmount: naturalText,
      }),
    ),
    pools: z.array(
      z.object({
        feePips: z.int(),
        tickSpacing: z.int(),
        tick: z.int(),
        sqrtPriceX96: naturalText,
        liquidity: naturalText,
        ticks: z.array(z.tuple([z.int(), integerText]).transform(([tick, liquidityNet]) => ({ tick, liquidityNet }))),
        swaps: z.array(z.object({ sellsZero: z.boolean(), amountIn: naturalText, amountOut: naturalText, sqrtPriceX96: naturalText, liquidity: naturalText })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../fixtures/liquidity/uniswap-v3-vectors.json', import.meta.url), 'utf8')));

const ALL = { from: -MAX_TICK, to: MAX_TICK };
const pools = VECTORS.pools.map((pool) => ({ state: { ...pool, known: ALL } satisfies UniswapV3State, swaps: pool.swaps }));
const [first] = pools;
if (first === undefined) throw new TypeError('no vectors');
const TOKENS = { token0: { asset: WETH, decimals: 18 }, token1: { asset: USDC, decimals: 6 }, source: 'test pool', observedAt: 0 } as const;

describe(sqrtRatioAtTick, () => {
  test('default', () => {
    for (const [tick, price] of VECTORS.ticks) expect(sqrtRatioAtTick(tick)).toBe(price);
  });

  test('behavior: tickAtSqrtRatio is its inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: -MAX_TICK, max: MAX_TICK - 1 }), (tick) => {
        expect(tickAtSqrtRatio(sqrtRatioAtTick(tick))).toBe(tick);
        if (tick > -MAX_TICK) expect(tickAtSqrtRatio(sqrtRatioAtTick(tick) - 1n)).toBe(tick - 1);
      }),
    );
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => sqrtRatioAtTick(MAX_TICK + 1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => tickAtSqrtRatio(1n)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(computeSwapStep, () => {
  test('default', () => {
    expect(VECTORS.steps.length).toBeGreaterThan(100);
    for (const { next, amountIn, amountOut, feeAmount, ...input } of VECTORS.steps) expect(computeSwapStep(input)).toEqual({ sqrtPriceX96: next, amountIn, amountOut, feeAmount });
  });
});

describe(quoteExactInput, () => {
  test('default', () => {
    let complete = 0;
    for (const { state, swaps } of pools) {
      for (const swap of swaps) {
        const quote = quoteExactInput(state, swap.sellsZero, swap.amountIn);
        expect({ out: quote.amountOut, price: quote.sqrtPriceX96, liquidity: quote.liquidity }).toEqual({ out: swap.amountOut, price: swap.sqrtPriceX96, liquidity: swap.liquidity });
        complete += quote.complete ? 1 : 0;
      }
    }
    expect(complete).toBeGreaterThan(150);
  });

  test("behavior: within the range that was read a quote is the whole pool's, at its end it stops", () => {
    let stopped = 0;
    for (const { state, swaps } of pools) {
      const known = { from: state.tick - 300 * state.tickSpacing, to: state.tick + 300 * state.tickSpacing };
      const part = { ...state, known, ticks: state.ticks.filter((entry) => entry.tick >= known.from && entry.tick <= known.to) };
      for (const { sellsZero, amountIn } of swaps) {
        const [whole, read] = [quoteExactInput(state, sellsZero, amountIn), quoteExactInput(part, sellsZero, amountIn)];
        if (read.complete) expect(read).toEqual(whole);
        else {
          stopped++;
          expect(read.sqrtPriceX96).toBe(sqrtRatioAtTick(sellsZero ? known.from : known.to));
          expect(read.amountIn < amountIn && read.amountOut <= whole.amountOut).toBe(true);
        }
      }
    }
    expect(stopped).toBeGreaterThan(5);
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => quoteExactInput(first.state, true, -1n)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(requireState, () => {
  test.each([
    ['never initialised', { sqrtPriceX96: 0n }],
    ['fee', { feePips: 1_000_000 }],
    ['spacing', { tickSpacing: 0 }],
    ['does not contain', { known: { from: first.state.tick + 1, to: MAX_TICK } }],
    ['do not ascend', { ticks: first.state.ticks.toReversed() }],
    ['more liquidity than there is', { liquidity: 0n }],
  ])('error: INVALID_ARGUMENT: %s', (words, change) => {
    expect(() => requireState({ ...first.state, ...change })).toThrow(words);
  });
});

describe(uniswapV3Curve, () => {
  test('default', () => {
    for (const { state, swaps } of pools) {
      for (const { sellsZero, amountIn } of swaps) {
        const curve = uniswapV3Curve({ ...TOKENS, state, sellsZero });
        const quote = quoteExactInput(state, sellsZero, amountIn);
        const amount = Number(amountIn) / 10 ** (sellsZero ? 18 : 6);
        if (!quote.complete) {
          expect(curve.depth).toBeLessThan(amount * (1 + 1e-9));
          continue;
        }
        const out = Number(quote.amountOut) / 10 ** (sellsZero ? 6 : 18);
        const unit = 10 ** (sellsZero ? -6 : -18);
        // A raw unit of input, which a step may round away, is worth its marginal.
        const dust = 10 ** (sellsZero ? -18 : -6) * curve.marginal(0);
        expect(Math.abs(curve.out(amount) - out)).toBeLessThanOrEqual(1e-9 * out + 40 * (unit + dust));
      }
    }
  });

  test('behavior: concave in both directions, and as deep as the range that was read', () => {
    for (const { state } of pools) {
      const known = { from: state.tick - 400 * state.tickSpacing, to: state.tick + 400 * state.tickSpacing };
      const part = { ...state, known, ticks: state.ticks.filter((entry) => entry.tick >= known.from && entry.tick <= known.to) };
      for (const sellsZero of [true, false]) {
        const curve = uniswapV3Curve({ ...TOKENS, state: part, sellsZero });
        expectConcave(curve, 25);
        const raw = BigInt(Math.floor(curve.depth * 0.999_999 * 10 ** (sellsZero ? 18 : 6)));
        expect(quoteExactInput(part, sellsZero, raw).complete).toBe(true);
        expect(quoteExactInput(part, sellsZero, raw + raw / 1_000n + 1_000n).complete).toBe(false);
      }
    }
  });

  test('behavior: a pool without liquidity gives nothing', () => {
    const empty = uniswapV3Curve({ ...TOKENS, sellsZero: true, state: { ...first.state, liquidity: 0n, ticks: [] } });
    expect([empty.depth, empty.out(0), empty.marginal(0)]).toEqual([0, 0, 0]);
  });
});
