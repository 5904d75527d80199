import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RAY, WAD } from '../../../src/core/fixed-point.ts';
import { type AuctionCurve, type ClipperSale, type ClipperTerms, computeAuctionPrice, computeKickReward, computeStartingPrice, computeTake, needsReset } from '../../../src/path/auctions/auction.ts';

const STAIRS: AuctionCurve = { kind: 'stairstep', cutRay: (99n * RAY) / 100n, step: 90n };
const RAD = RAY * WAD;
const TERMS: ClipperTerms = { curve: STAIRS, tail: 7_200n, cuspRay: (4n * RAY) / 10n, chostRad: 1_000n * RAD };
const SALE: ClipperSale = { tabRad: 100_000n * RAD, lotWad: 100n * WAD, topRay: 2_400n * RAY };

const curves: fc.Arbitrary<AuctionCurve> = fc.oneof(
  fc.bigInt({ min: 1n, max: 100_000n }).map((tau) => ({ kind: 'linear' as const, tau })),
  fc.record({ kind: fc.constant('stairstep' as const), cutRay: fc.bigInt({ min: 0n, max: RAY }), step: fc.bigInt({ min: 1n, max: 600n }) }),
  fc.record({ kind: fc.constant('exponential' as const), cutRay: fc.bigInt({ min: (999n * RAY) / 1000n, max: RAY }) }),
);

describe(computeAuctionPrice, () => {
  test('default', () => {
    expect(computeAuctionPrice(STAIRS, 2_400n * RAY, 89n)).toBe(2_400n * RAY);
    expect(computeAuctionPrice(STAIRS, 2_400n * RAY, 90n)).toBe(2_376n * RAY);
    expect(computeAuctionPrice(STAIRS, 2_400n * RAY, 180n)).toBe(235_224n * (RAY / 100n));
    expect(computeAuctionPrice({ kind: 'linear', tau: 100n }, 2_400n * RAY, 25n)).toBe(1_800n * RAY);
    expect(computeAuctionPrice({ kind: 'linear', tau: 100n }, 2_400n * RAY, 100n)).toBe(0n);
    expect(computeAuctionPrice({ kind: 'exponential', cutRay: RAY / 2n }, 2_400n * RAY, 3n)).toBe(300n * RAY);
  });

  test("behavior: powers round half up at every product, as the contract's", () => {
    // The contract's algorithm, evaluated outside; rounding down would end in …0897600, exact arithmetic in …0607045….
    const cutRay = 999_991_977_495_368_425_989_823_173n;
    expect(computeAuctionPrice({ kind: 'exponential', cutRay }, 2_400n * RAY, 3_601n)).toBe(2_331_657_952_881_859_780_443_605_697_600n);
  });

  test('behavior: it starts at the top and never rises', () => {
    fc.assert(
      fc.property(curves, fc.bigInt({ min: 1n, max: 10n ** 36n }), fc.bigInt({ min: 0n, max: 20_000n }), fc.bigInt({ min: 0n, max: 20_000n }), (curve, top, a, b) => {
        const [early, late] = a < b ? [a, b] : [b, a];
        expect(computeAuctionPrice(curve, top, 0n)).toBe(top);
        expect(computeAuctionPrice(curve, top, late) <= computeAuctionPrice(curve, top, early)).toBe(true);
      }),
    );
  });

  test('error: INVALID_ARGUMENT', () => {
    for (const curve of [
      { kind: 'linear', tau: 0n },
      { kind: 'stairstep', cutRay: RAY, step: 0n },
      { kind: 'exponential', cutRay: RAY + 1n },
    ] as const) {
      expect(() => computeAuctionPrice(curve, RAY, 1n)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
    expect(() => computeAuctionPrice(STAIRS, RAY, -1n)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(needsReset, () => {
  test('default', () => {
    expect(needsReset(TERMS, SALE, 1_710n)).toBe(false);
    expect(needsReset({ ...TERMS, cuspRay: 0n }, SALE, 7_200n)).toBe(false);
    expect(needsReset({ ...TERMS, cuspRay: 0n }, SALE, 7_201n)).toBe(true);
  });

  test('behavior: the cusp is the last share of the top that still sells', () => {
    // 0.99^91 = 0.4007, 0.99^92 = 0.3967.
    const patient = { ...TERMS, tail: 100_000n };
    expect([91n, 92n].map((step) => needsReset(patient, SALE, step * 90n))).toEqual([false, true]);
  });
});

describe(computeTake, () => {
  test('default', () => {
    const take = computeTake(TERMS, SALE, 0n, 10n * WAD);
    expect(take).toEqual({ kind: 'taken', sliceWad: 10n * WAD, oweRad: 24_000n * RAD, left: { tabRad: 76_000n * RAD, lotWad: 90n * WAD } });
  });

  test('behavior: never more than the target, never a remainder below chost while collateral is left', () => {
    const amounts = fc.bigInt({ min: 1n, max: 200n * WAD });
    const tabs = fc.bigInt({ min: 1n, max: 300_000n * RAD });
    fc.assert(
      fc.property(amounts, tabs, fc.bigInt({ min: 0n, max: 8_000n }), (amount, tabRad, elapsed) => {
        const sale = { ...SALE, tabRad };
        const take = computeTake(TERMS, sale, elapsed, amount);
        if (take.kind === 'refused') {
          expect(take.reason === 'Clipper/needs-reset' ? needsReset(TERMS, sale, elapsed) : tabRad <= TERMS.chostRad).toBe(true);
          return;
        }
        expect(take.sliceWad <= amount && take.sliceWad <= sale.lotWad && take.oweRad <= tabRad).toBe(true);
        expect(take.left.tabRad === 0n || take.left.lotWad === 0n || take.left.tabRad >= TERMS.chostRad).toBe(true);
        // The buyer never gets collateral below the price.
        expect(take.sliceWad * computeAuctionPrice(STAIRS, sale.topRay, elapsed) <= take.oweRad).toBe(true);
      }),
    );
  });

  test('behavior: a partial purchase of a small target is refused', () => {
    const small = { ...SALE, tabRad: 900n * RAD, lotWad: WAD };
    expect(computeTake(TERMS, small, 0n, WAD / 10n)).toEqual({ kind: 'refused', reason: 'Clipper/no-partial-purchase' });
    const equal = { ...small, tabRad: TERMS.chostRad };
    expect(computeTake(TERMS, equal, 0n, WAD / 10n)).toEqual({ kind: 'refused', reason: 'Clipper/no-partial-purchase' });
    expect(computeTake(TERMS, small, 0n, WAD)).toMatchObject({ kind: 'taken', oweRad: 900n * RAD });
  });
});

describe(computeKickReward, () => {
  test('default', () => {
    expect(computeKickReward(100_000n * RAD, 300n * RAD, WAD / 1_000n)).toBe(400n * RAD);
    expect(computeStartingPrice(2_000n * RAY, (12n * RAY) / 10n)).toBe(2_400n * RAY);
  });
});
