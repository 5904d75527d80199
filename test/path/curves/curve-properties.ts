import { expect } from 'vitest';
import type { SwapCurve } from '../../../src/path/curves/curve.ts';

export const WETH = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
export const USDC = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
export const WBTC = 'eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599';

/** Expects what every curve promises: out(0) = 0, increasing, concave, tangents above and chords below, within float rounding. */
export function expectConcave(curve: SwapCurve, samples = 40): void {
  expect(curve.depth).toBeGreaterThan(0);
  expect(curve.out(0)).toBe(0);
  const at = Array.from({ length: samples + 1 }, (_, index) => (curve.depth * index) / samples);
  const top = curve.out(curve.depth);
  const slack = 1e-9 * Math.max(top, Number.MIN_VALUE);
  for (const a of at) {
    expect(curve.out(a)).toBeGreaterThanOrEqual(-slack);
    expect(curve.marginal(a)).toBeGreaterThanOrEqual(0);
    for (const b of at) {
      // The tangent at a bounds the curve everywhere.
      expect(curve.out(b)).toBeLessThanOrEqual(curve.out(a) + curve.marginal(a) * (b - a) + slack);
      if (a < b) {
        expect(curve.out(b)).toBeGreaterThanOrEqual(curve.out(a) - slack);
        expect(curve.marginal(b)).toBeLessThanOrEqual(curve.marginal(a) * (1 + 1e-9));
      }
    }
  }
}

/** Expects `marginal` to be the slope of `out` where the curve is smooth. */
export function expectDerivative(curve: SwapCurve, amount: number): void {
  const step = curve.depth * 1e-6;
  const slope = (curve.out(amount + step) - curve.out(amount - step)) / (2 * step);
  expect(Math.abs(slope / curve.marginal(amount) - 1)).toBeLessThan(1e-4);
}
