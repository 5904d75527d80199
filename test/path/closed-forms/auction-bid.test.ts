import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import {
  type AuctionOffer,
  computeBestTake,
  computeBidTiming,
  computeDecay,
  computeTakeProfit,
  computeUncappedTake,
  findBreakEvenStep,
  isKickWorthwhile,
} from '../../../src/path/auctions/auction-bid.ts';
import { decimalBetween, pools } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);

/** The worked example: feed 2000, buf 1.2, cut 0.99 every 90 s, 100 ETH, a pool of 40 M at 0.3 %, gas 60. */
const START: AuctionOffer = {
  priceUsd: d(2400),
  marketUsd: d(2000),
  lot: d(100),
  tabUsd: d(1e9),
  chostUsd: d(0),
  pool: { depthUsd: d(40_000_000), fee: d('0.003'), basis: ONE },
  gasUsd: d(60),
};
const CUT = d('0.99');
const atStep = (step: number): AuctionOffer => ({ ...START, priceUsd: START.priceUsd.times(CUT.pow(step)) });

const offers: fc.Arbitrary<AuctionOffer> = fc
  .record({
    discount: decimalBetween(0.7, 1.2),
    marketUsd: decimalBetween(1, 5_000),
    lot: decimalBetween(1, 2_000),
    tab: decimalBetween(0.1, 1.5),
    chost: decimalBetween(0, 0.6),
    pool: pools,
    gasUsd: decimalBetween(0, 200),
  })
  .map(({ discount, tab, chost, ...rest }) => {
    const priceUsd = rest.marketUsd.times(discount);
    const tabUsd = priceUsd.times(rest.lot).times(tab);
    return { ...rest, priceUsd, tabUsd, chostUsd: tabUsd.times(chost) };
  });

describe(findBreakEvenStep, () => {
  test('default', () => {
    const step = findBreakEvenStep(START, START.lot, CUT);
    expect(step).toBe(19);
    expect((step ?? 0) * 90).toBe(1_710);
  });

  test('behavior: the step before earns nothing, the step itself does', () => {
    fc.assert(
      fc.property(offers, decimalBetween(0.9, 0.999), (offer, cut) => {
        const step = findBreakEvenStep(offer, offer.lot, cut);
        if (step === null) {
          expect(computeTakeProfit({ ...offer, priceUsd: d(0) }, offer.lot).lte(0)).toBe(true);
          return;
        }
        const profitAt = (at: number) => computeTakeProfit({ ...offer, priceUsd: offer.priceUsd.times(cut.pow(at)) }, offer.lot);
        expect(profitAt(step).gte('-1e-90')).toBe(true);
        if (step > 0) expect(profitAt(step - 1).lt(0)).toBe(true);
      }),
    );
  });

  test('behavior: gas above what selling gives is never earned', () => {
    expect(findBreakEvenStep({ ...START, gasUsd: d(1e6) }, START.lot, CUT)).toBeNull();
    expect(findBreakEvenStep({ ...START, priceUsd: d(1) }, START.lot, CUT)).toBe(0);
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => findBreakEvenStep(START, START.lot, ONE)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(computeBestTake, () => {
  test('default', () => {
    // Step 18 earns nothing, step 19 earns 256 USD; step 20 would earn 2,380 with 158 ETH, of which only 100 are for sale.
    expect(computeUncappedTake(atStep(18)).isZero()).toBe(true);
    const first = computeBestTake(atStep(19));
    expect([first.profitUsd.toFixed(0), first.quantity.toFixed(1)]).toEqual(['256', '56.6']);
    const uncapped = computeUncappedTake(atStep(20));
    expect([computeTakeProfit(atStep(20), uncapped).toFixed(0), uncapped.toFixed(1)]).toEqual(['2380', '157.9']);
    const second = computeBestTake(atStep(20));
    expect([second.profitUsd.toFixed(0), second.quantity.toString()]).toEqual(['2053', '100']);
  });

  test('behavior: a remainder below chost is avoided on the better side', () => {
    // Step 19 alone would take 56.6 ETH; of a target of 150,000 that would leave 37,700.
    const offer = { ...atStep(19), tabUsd: d(150_000) };
    const partial = computeBestTake({ ...offer, chostUsd: d(50_000) });
    expect(partial.quantity.times(offer.priceUsd).toFixed(6)).toBe('100000.000000');
    const whole = computeBestTake({ ...offer, chostUsd: d(140_000) });
    expect(whole.quantity.times(offer.priceUsd).toFixed(6)).toBe('150000.000000');
    expect(computeBestTake({ ...offer, chostUsd: d(37_000) }).quantity.toFixed(1)).toBe('56.6');
  });

  test('behavior: no quantity that the auction allows earns more, and the answer is allowed', () => {
    fc.assert(
      fc.property(offers, (offer) => {
        const best = computeBestTake(offer);
        const most = Decimal.min(offer.lot, offer.tabUsd.div(offer.priceUsd));
        const allowed = (q: Decimal) => {
          const left = offer.tabUsd.minus(q.times(offer.priceUsd));
          return q.gte(0) && q.lte(most) && (q.eq(most) || left.gte(offer.chostUsd.minus('1e-90')));
        };
        expect(allowed(best.quantity)).toBe(true);
        for (let at = 0; at <= 100; at++) {
          const quantity = at === 100 ? most : most.times(at).div(100);
          if (allowed(quantity)) expect(computeTakeProfit(offer, quantity).lte(best.profitUsd.plus('1e-60'))).toBe(true);
        }
      }),
    );
  });
});

describe(computeBidTiming, () => {
  test('default', () => {
    const decay = computeDecay(CUT, d(90));
    expect(decay.toFixed(7)).toBe('0.0001117');
    expect(computeBidTiming(decay, ONE.div(12)).margin.toFixed(4)).toBe('0.0013');
    expect(computeBidTiming(decay, ONE.div(600)).margin.toFixed(3)).toBe('0.063');
  });

  test('behavior: no other wait has a greater expected margin', () => {
    fc.assert(
      fc.property(decimalBetween(0.0001, 0.1), decimalBetween(0.0001, 1), (decay, rivals) => {
        const best = computeBidTiming(decay, rivals);
        const expected = (wait: Decimal) =>
          rivals
            .times(wait)
            .neg()
            .exp()
            .times(ONE.minus(decay.times(wait).neg().exp()));
        const top = expected(best.waitSeconds);
        for (const factor of ['0', '0.5', '0.9', '0.999', '1.001', '1.1', '2']) expect(expected(best.waitSeconds.times(factor)).lte(top)).toBe(true);
        expect(ONE.minus(decay.times(best.waitSeconds).neg().exp()).minus(best.margin).abs().lt('1e-90')).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => computeBidTiming(d(0), ONE)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => computeDecay(CUT, d(0))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe(isKickWorthwhile, () => {
  test('default', () => {
    expect(isKickWorthwhile({ rewardUsd: d(300), expectedTakeUsd: d(50), gasUsd: d(349) })).toBe(true);
    expect(isKickWorthwhile({ rewardUsd: d(300), expectedTakeUsd: d(50), gasUsd: d(350) })).toBe(false);
  });
});
