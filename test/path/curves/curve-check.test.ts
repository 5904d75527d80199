import { describe, expect, test } from 'vitest';
import { CurveOffMarket, curveAge, requireUsableCurve, StaleCurve } from '../../../src/path/curves/curve-check.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import { USDC, WETH } from './curve-properties.ts';

const CURVE = constantProductCurve({ from: WETH, to: USDC, reserveFrom: 1_000, reserveTo: 2_000_000, fee: 0, depth: null, source: 'test pool', observedAt: 1_000, assumed: false });
const LIMITS = { at: 1_060, maxAgeSeconds: 60, rate: 2_000, maxDeviation: 0.02 };

describe(requireUsableCurve, () => {
  test('default', () => {
    expect(requireUsableCurve(CURVE, LIMITS)).toBe(CURVE);
    expect(requireUsableCurve({ ...CURVE, observedAt: null }, LIMITS).observedAt).toBeNull();
  });

  test('error: StaleCurve', () => {
    expect(() => requireUsableCurve(CURVE, { ...LIMITS, at: 1_061 })).toThrow(StaleCurve);
    expect(() => requireUsableCurve(CURVE, { ...LIMITS, at: 1_061 })).toThrow(/61 s old \(limit 60 s\)/);
  });

  test.each([1_900, 2_100, Number.NaN, 0])('error: CurveOffMarket at a rate of %d', (rate) => {
    expect(() => requireUsableCurve(CURVE, { ...LIMITS, rate })).toThrow(CurveOffMarket);
  });
});

describe(curveAge, () => {
  test('default', () => {
    expect(curveAge(CURVE, 1_060)).toBe(60);
    expect(curveAge(CURVE, 900)).toBe(0);
    expect(curveAge({ ...CURVE, observedAt: null }, 900)).toBeNull();
  });
});
