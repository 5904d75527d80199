import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromFixed, sum } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { Step } from '../../../src/core/rule.ts';
import type { GmxView } from '../../../src/protocols/gmx-v2/fees.ts';
import { computeMargin, computeRequirement } from '../../../src/protocols/gmx-v2/margin.ts';
import { gmxV2Rule } from '../../../src/protocols/gmx-v2/rule.ts';
import type { GmxMarket, GmxPosition, GmxSide } from '../../../src/protocols/gmx-v2/state.ts';
import { DOLLAR, ethLong, ethMarket, T0, USDC, WETH } from './eth-market.ts';

const big = (min: bigint, max: bigint) => fc.bigInt({ min, max });
const spread = fc.tuple(big(10n ** 14n, 10n ** 16n), big(0n, 10n ** 12n));
const stable = fc.tuple(big(98n * 10n ** 22n, 102n * 10n ** 22n), big(0n, 10n ** 21n));

const side: fc.Arbitrary<GmxSide> = fc.record({
  openInterestUsd: big(0n, 10n ** 38n),
  openInterestInTokens: big(0n, 10n ** 23n),
  poolAmount: big(0n, 10n ** 22n),
  maxPnlFactorForTraders: fc.option(big(0n, 10n ** 30n)),
  minCollateralFactorForOpenInterestMultiplier: big(0n, 10n ** 20n),
  borrowingFactorPerSecond: big(0n, 10n ** 23n),
  fundingFactorPerSecond: big(0n, 10n ** 23n),
});

const market: fc.Arbitrary<GmxMarket> = fc
  .record({ eth: spread, usdc: stable, longs: side, shorts: side, liquidation: big(0n, 2n * 10n ** 28n), impact: big(0n, 10n ** 28n) })
  .map(({ eth: [price, gap], usdc: [dollar, dollarGap], longs, shorts, liquidation, impact }) => {
    const base = ethMarket();
    const eth = { ...base.indexToken, priceMin: price, priceMax: price + gap };
    return {
      ...base,
      indexToken: eth,
      longToken: eth,
      shortToken: { ...base.shortToken, priceMin: dollar, priceMax: dollar + dollarGap },
      longs,
      shorts,
      minCollateralFactorForLiquidation: liquidation,
      maxPositionImpactFactorForLiquidations: impact,
    };
  });

const position: fc.Arbitrary<GmxPosition> = fc.record({
  key: fc.constant(ethLong().key),
  isLong: fc.boolean(),
  collateralToken: fc.constantFrom(USDC, WETH),
  sizeInUsd: big(DOLLAR, 10n ** 37n),
  sizeInTokens: big(10n ** 12n, 10n ** 22n),
  collateralAmount: big(0n, 10n ** 20n),
  pendingImpactAmount: big(-(10n ** 19n), 10n ** 19n),
  feesAsOf: fc.constant(T0),
  borrowingFeeUsd: big(0n, 10n ** 34n),
  fundingFeeAmount: big(0n, 10n ** 12n),
  closingImpactUsd: big(-(10n ** 35n), 10n ** 35n),
  closingImprovesBalance: fc.boolean(),
  traderDiscountFactor: big(0n, 3n * 10n ** 29n),
});

const view: fc.Arbitrary<GmxView> = fc.record({ market, position, at: big(T0, T0 + 1_000_000n) });

describe('gmxV2Rule', () => {
  test('behavior: A − L is E − M exactly, and negative or at 0 equity exactly when it can be liquidated', () => {
    fc.assert(
      fc.property(view, (one) => {
        const terms = gmxV2Rule.exposure(one);
        const total = (of: 'collateral' | 'debt') => sum(terms.filter((term) => term.side === of).map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
        const margin = computeMargin(one);
        const slack = margin.remainingCollateralUsd - computeRequirement(margin);
        expect(total('collateral').minus(total('debt')).eq(fromFixed(slack, 30))).toBe(true);
        expect(terms.every((term) => term.amount > 0n)).toBe(true);
        expect(gmxV2Rule.health(one).liquidatable).toBe(slack < 0n || margin.remainingCollateralUsd <= 0n);
      }),
      { numRuns: 500 },
    );
  });

  test('behavior: exactly the liquidatable positions can be liquidated, and nothing is conjured up', () => {
    fc.assert(
      fc.property(view, (one) => {
        const { liquidatable } = gmxV2Rule.health(one);
        if (!liquidatable) {
          expect(() => gmxV2Rule.apply(one, { kind: 'liquidate' })).toThrow(expect.objectContaining({ protocolError: 'PositionShouldNotBeLiquidated' }));
          return;
        }
        const { position: after, received, liquidation } = gmxV2Rule.apply(one, { kind: 'liquidate' });
        expect(after.sizeInUsd + after.collateralAmount).toBe(0n);
        const owed = liquidation?.badDebt[0]?.amount ?? 0n;
        expect(owed === 0n || received.every(({ asset }) => asset !== one.position.collateralToken)).toBe(true);
        expect((liquidation?.seized[0]?.amount ?? 0n) <= one.position.collateralAmount).toBe(true);
      }),
    );
  });

  test('behavior: more margin never lowers equity, and what it costs is what it brings', () => {
    fc.assert(
      fc.property(view, big(1n, 10n ** 18n), (one, amount) => {
        const richer = { ...one, position: { ...one.position, collateralAmount: one.position.collateralAmount + amount } };
        const before = computeMargin(one).remainingCollateralUsd;
        expect(computeMargin(richer).remainingCollateralUsd).toBeGreaterThan(before);
        try {
          const added = gmxV2Rule.apply(one, { kind: 'supply', asset: one.position.collateralToken, amount });
          expect(computeMargin({ ...one, ...added }).remainingCollateralUsd).toBe(computeMargin(richer).remainingCollateralUsd);
          expect(gmxV2Rule.health({ ...one, ...added }).liquidatable).toBe(false);
        } catch (error) {
          if (!isPlimsollError(error, 'RULE_VIOLATION')) throw error;
        }
      }),
    );
  });

  test('behavior: a longer wait never raises equity', () => {
    fc.assert(
      fc.property(view, big(0n, 1_000_000n), (one, wait) => {
        expect(computeMargin({ ...one, at: one.at + wait }).remainingCollateralUsd).toBeLessThanOrEqual(computeMargin(one).remainingCollateralUsd);
      }),
    );
  });

  test('behavior: state survives its document form, and a step changes neither of its arguments', () => {
    const steps: readonly Step[] = [
      { kind: 'supply', asset: USDC, amount: 10n ** 12n },
      { kind: 'withdraw', asset: USDC, amount: 1n },
      { kind: 'close', sizeUsd: 'max' },
      { kind: 'close', sizeUsd: DOLLAR },
    ];
    fc.assert(
      fc.property(view, fc.constantFrom(...steps), (one, step) => {
        const before = JSON.stringify(encodeJson(one));
        try {
          const { market: after, position: next } = gmxV2Rule.apply(one, step);
          expect(gmxV2Rule.marketSchema.parse(encodeJson(after))).toEqual(after);
          expect(gmxV2Rule.positionSchema.parse(encodeJson(next))).toEqual(next);
        } catch (error) {
          if (!isPlimsollError(error)) throw error;
        }
        expect(JSON.stringify(encodeJson(one))).toBe(before);
      }),
    );
  });
});
