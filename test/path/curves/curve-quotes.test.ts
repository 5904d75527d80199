import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ASSUMED_IMPACT, assumedCurve } from '../../../src/path/curves/curve-assumed.ts';
import { concaveEnvelope, impactCurve, quoteCurve } from '../../../src/path/curves/curve-quotes.ts';
import { expectConcave, USDC, WETH } from './curve-properties.ts';

const SET = { from: WETH, to: USDC, source: 'test quotes', observedAt: 5, assumed: false } as const;
const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
const quoteLists = fc.array(fc.record({ in: positive, out: positive }), { minLength: 1, maxLength: 25 });

describe(concaveEnvelope, () => {
  test('default', () => {
    // The second quote lies below the line from the first to the third; the last gives less than a smaller one.
    const quotes = [
      { in: 1, out: 10 },
      { in: 2, out: 11 },
      { in: 4, out: 25 },
      { in: 8, out: 24 },
    ];
    expect(concaveEnvelope(quotes)).toEqual([
      { in: 0, out: 0 },
      { in: 1, out: 10 },
      { in: 4, out: 25 },
      { in: 8, out: 25 },
    ]);
  });

  test('behavior: it covers every quote, and each corner is a quote or flat', () => {
    fc.assert(
      fc.property(quoteLists, (quotes) => {
        const curve = quoteCurve({ ...SET, quotes });
        for (const quote of quotes) expect(curve.out(quote.in)).toBeGreaterThanOrEqual(quote.out * (1 - 1e-9));
        const best = Math.max(...quotes.map((quote) => quote.out));
        for (const corner of concaveEnvelope(quotes).slice(1)) expect(quotes.some((quote) => quote.out === corner.out) && corner.out <= best).toBe(true);
        expect(curve.depth).toBe(Math.max(...quotes.map((quote) => quote.in)));
      }),
    );
  });

  test('error: INVALID_ARGUMENT', () => {
    for (const quotes of [[], [{ in: 0, out: 1 }], [{ in: 1, out: 0 }], [{ in: Number.NaN, out: 1 }], [{ in: 1, out: Number.POSITIVE_INFINITY }]]) {
      expect(() => concaveEnvelope(quotes)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });
});

describe(quoteCurve, () => {
  test('default', () => {
    const curve = quoteCurve({
      ...SET,
      quotes: [
        { in: 1, out: 10 },
        { in: 3, out: 20 },
      ],
    });
    expect([curve.out(0.5), curve.out(1), curve.out(2), curve.out(3)]).toEqual([5, 10, 15, 20]);
    expect([curve.marginal(0), curve.marginal(0.999), curve.marginal(1), curve.marginal(3)]).toEqual([10, 10, 5, 5]);
  });

  test('behavior: concave and monotone from any quotes', () => {
    fc.assert(fc.property(quoteLists, (quotes) => expectConcave(quoteCurve({ ...SET, quotes }), 15)));
  });
});

describe(impactCurve, () => {
  test('default', () => {
    const curve = impactCurve({
      ...SET,
      rate: 2_000,
      points: [
        { size: 1, impact: 0 },
        { size: 100, impact: 0.01 },
        { size: 1_000, impact: 0.1 },
      ],
    });
    expect(curve.marginal(0)).toBe(2_000);
    expect(curve.out(100)).toBe(198_000);
    expect(curve.out(1_000)).toBe(1_800_000);
  });

  test('behavior: doubling the rate doubles every output', () => {
    const points = [
      { size: 1, impact: 0 },
      { size: 10, impact: 0.02 },
      { size: 50, impact: 0.5 },
    ];
    const [one, two] = [impactCurve({ ...SET, rate: 3, points }), impactCurve({ ...SET, rate: 6, points })];
    for (const amount of [0, 0.5, 1, 7, 50]) expect(two.out(amount)).toBeCloseTo(2 * one.out(amount), 9);
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => impactCurve({ ...SET, rate: 0, points: [{ size: 1, impact: 0 }] })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(assumedCurve, () => {
  test('default', () => {
    const curve = assumedCurve(WETH, USDC, { fromUsd: 2_000, toUsd: 1 });
    expect(curve).toMatchObject({ assumed: true, observedAt: null, depth: 500 });
    for (const { usd, impact } of ASSUMED_IMPACT) expect(curve.out(usd / 2_000)).toBeCloseTo(usd * (1 - impact), 6);
    expectConcave(curve);
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => assumedCurve(WETH, USDC, { fromUsd: 2_000, toUsd: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
