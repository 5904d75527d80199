import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SwapCurve } from '../../../src/path/curves/curve.ts';
import { parallelCurve, seriesCurve, splitParallel } from '../../../src/path/curves/curve-compose.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import { quoteCurve } from '../../../src/path/curves/curve-quotes.ts';
import { expectConcave, USDC, WBTC, WETH } from './curve-properties.ts';

const pool = (reserveFrom: number, reserveTo: number, extra: object = {}): SwapCurve =>
  constantProductCurve({ from: WETH, to: USDC, reserveFrom, reserveTo, fee: 0.003, depth: null, source: 'pool', observedAt: 10, assumed: false, ...extra });
const reserve = fc.double({ min: 10, max: 1e6, noNaN: true });
const pools = fc.tuple(reserve, reserve).map(([from, to]) => pool(from, to));
const quotes = fc
  .array(fc.record({ in: fc.double({ min: 1, max: 1e5, noNaN: true }), out: fc.double({ min: 1, max: 1e5, noNaN: true }) }), { minLength: 1, maxLength: 8 })
  .map((list) => quoteCurve({ from: WETH, to: USDC, quotes: list, source: 'quotes', observedAt: 20, assumed: true }));
const curves = fc.oneof(pools, quotes);

describe(seriesCurve, () => {
  const back = (reserveFrom: number, reserveTo: number) => pool(reserveFrom, reserveTo, { from: USDC, to: WBTC, observedAt: 7 });

  test('default', () => {
    const route = seriesCurve(pool(1_000, 2_000_000), back(10_000_000, 300));
    expect(route).toMatchObject({ from: WETH, to: WBTC, depth: 1_000, observedAt: 7, assumed: false });
    expect(route.out(10)).toBe(back(10_000_000, 300).out(pool(1_000, 2_000_000).out(10)));
  });

  test('behavior: concave, and no deeper than what its second leg vouches for', () => {
    fc.assert(
      fc.property(curves, reserve, reserve, (first, from, to) => {
        const second = back(from, to);
        const route = seriesCurve(first, second);
        expectConcave(route, 10);
        expect(first.out(route.depth)).toBeLessThanOrEqual(second.depth * (1 + 1e-9));
      }),
    );
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => seriesCurve(pool(1, 1), pool(1, 1))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(parallelCurve, () => {
  test('default', () => {
    // Pools of equal fee and price add up to one pool.
    const both = parallelCurve([pool(1_000, 2_000_000), pool(500, 1_000_000)]);
    for (const amount of [0.1, 1, 100, 900]) expect(both.out(amount) / pool(1_500, 3_000_000).out(amount)).toBeCloseTo(1, 9);
    expect(both.depth).toBe(1_500);
    expect(both.marginal(100) / pool(1_500, 3_000_000).marginal(100)).toBeCloseTo(1, 9);
  });

  test('behavior: concave; splits sum up, stay within each depth, and no other split on a grid gives more', () => {
    fc.assert(
      fc.property(curves, curves, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const both = parallelCurve([a, b]);
        expectConcave(both, 8);
        const amount = both.depth * share;
        const parts = splitParallel([a, b], amount);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(amount, 4);
        expect((parts[0] ?? 0) <= a.depth * (1 + 1e-12) && (parts[1] ?? 0) <= b.depth * (1 + 1e-12)).toBe(true);
        const best = both.out(amount);
        for (let at = 0; at <= 50; at++) {
          const first = Math.min(a.depth, (amount * at) / 50);
          if (amount - first <= b.depth) expect(a.out(first) + b.out(amount - first)).toBeLessThanOrEqual(best + 1e-7 * Math.max(1, best));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('behavior: as old as its oldest part, of no age where one part has none', () => {
    const young = quoteCurve({ from: WETH, to: USDC, quotes: [{ in: 1, out: 1 }], source: 'q', observedAt: 99, assumed: false });
    expect(parallelCurve([young, pool(1, 1)]).observedAt).toBe(10);
    expect(parallelCurve([young, pool(1, 1, { observedAt: null, assumed: true })])).toMatchObject({ observedAt: null, assumed: true });
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => parallelCurve([])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => parallelCurve([pool(1, 1), pool(1, 1, { to: WBTC })])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
