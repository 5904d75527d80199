import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { computeReverseDutchProfit, computeReverseDutchToxicBelow, findReverseDutchTake, type ReverseDutchTerms } from '../../../src/path/auctions/reverse-dutch.ts';
import { decimalBetween, pools } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);
const LARGE: ReverseDutchTerms = { debtUsd: d(500_000), maxDiscount: d('0.15'), pool: { depthUsd: d(1_000_000), fee: d('0.003'), basis: ONE }, flashFee: d(0), gasUsd: d(20) };
const terms = fc.record({ debtUsd: decimalBetween(100, 2_000_000), maxDiscount: decimalBetween(0.05, 0.3), pool: pools, flashFee: fc.constantFrom(d(0), d('0.0009')), gasUsd: decimalBetween(1, 200) });

/** The greatest profit at a health over sizes up to the debt, by ternary search. */
function bestProfit(given: ReverseDutchTerms, health: Decimal): Decimal {
  let low = d(0);
  let high = given.debtUsd;
  for (let step = 0; step < 120; step++) {
    const third = high.minus(low).div(3);
    if (computeReverseDutchProfit(given, health, low.plus(third)).lt(computeReverseDutchProfit(given, health, high.minus(third)))) low = low.plus(third);
    else high = high.minus(third);
  }
  return Decimal.max(computeReverseDutchProfit(given, health, low), computeReverseDutchProfit(given, health, given.debtUsd));
}

describe(findReverseDutchTake, () => {
  test('default', () => {
    expect(findReverseDutchTake(LARGE)?.health.toFixed(3)).toBe('0.988');
    expect(findReverseDutchTake(LARGE)?.repayUsd.toFixed(0)).toBe('4452');
    const small = findReverseDutchTake({ ...LARGE, debtUsd: d(1_000) });
    expect([small?.health.toFixed(4), small?.repayUsd.toString()]).toEqual(['0.9765', '1000']);
  });

  test('behavior: at that health the best size just pays its gas, a little above none does', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const take = findReverseDutchTake(given);
        const floor = ONE.minus(given.maxDiscount);
        if (take === null) {
          expect(bestProfit(given, floor).lt('1e-12')).toBe(true);
          return;
        }
        expect(take.health.gte(floor) && take.health.lte(1) && take.repayUsd.lte(given.debtUsd)).toBe(true);
        expect(computeReverseDutchProfit(given, take.health, take.repayUsd).gte('-1e-60')).toBe(true);
        if (take.health.lt(1)) {
          expect(computeReverseDutchProfit(given, take.health, take.repayUsd).abs().lt('1e-60')).toBe(true);
          expect(bestProfit(given, Decimal.min(ONE, take.health.times('1.0001'))).lte('1e-12')).toBe(true);
        }
      }),
    );
  });

  test('behavior: gas above the pool is never earned', () => {
    expect(findReverseDutchTake({ ...LARGE, gasUsd: d(2_000_000) })).toBeNull();
  });
});

describe(computeReverseDutchToxicBelow, () => {
  test('default', () => {
    expect(computeReverseDutchToxicBelow(d('0.81'), d('0.15')).toString()).toBe('0.9');
    expect(computeReverseDutchToxicBelow(d('0.68'), d('0.15')).toString()).toBe('0.8');
  });

  test('behavior: it separates the healths at which LT·(1 + b) exceeds the health', () => {
    fc.assert(
      fc.property(decimalBetween(0.3, 0.97), decimalBetween(0.05, 0.3), decimalBetween(0.3, 1), (threshold, maxDiscount, health) => {
        const factor = Decimal.max(health, ONE.minus(maxDiscount));
        const border = computeReverseDutchToxicBelow(threshold, maxDiscount);
        fc.pre(health.minus(border).abs().gt('1e-60'));
        expect(health.lt(threshold.div(factor))).toBe(health.lt(border));
      }),
    );
  });
});
