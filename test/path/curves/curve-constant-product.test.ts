import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import { expectConcave, expectDerivative, USDC, WETH } from './curve-properties.ts';

const POOL = { from: WETH, to: USDC, reserveFrom: 1_000, reserveTo: 2_000_000, fee: 0.003, depth: null, source: 'test pool', observedAt: 0, assumed: false } as const;

describe(constantProductCurve, () => {
  test('default', () => {
    const curve = constantProductCurve(POOL);
    expect(curve.out(1)).toBeCloseTo(1_992.013_961_941, 6);
    expect(curve.depth).toBe(1_000);
  });

  test('behavior: concave, with its own derivative, and never paying out the reserve', () => {
    const reserve = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(reserve, reserve, fc.double({ min: 0, max: 0.3, noNaN: true }), fc.double({ min: 0.1, max: 20, noNaN: true }), (reserveFrom, reserveTo, fee, reach) => {
        const curve = constantProductCurve({ ...POOL, reserveFrom, reserveTo, fee, depth: reserveFrom * reach });
        expectConcave(curve, 12);
        expectDerivative(curve, curve.depth / 2);
        expect(curve.out(curve.depth)).toBeLessThan(reserveTo);
      }),
    );
  });

  test('error: INVALID_ARGUMENT', () => {
    for (const wrong of [{ reserveFrom: 0 }, { reserveTo: -1 }, { fee: 1 }, { fee: Number.NaN }]) {
      expect(() => constantProductCurve({ ...POOL, ...wrong })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});
