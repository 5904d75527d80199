import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { computeTwoStepLiquidation } from '../../../src/path/closed-forms/two-step.ts';
import { decimalBetween, pairAccounts, TINY } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);
const accountAt = (health: string) => ({
  sums: { collateralUsd: d(1000).times(health), debtUsd: d(1000) },
  pair: { collateralUsd: d(1000).times(health).div('0.8'), threshold: d('0.8'), debtUsd: d(1000), debtWeight: ONE, bonus: d('0.05') },
});

describe(computeTwoStepLiquidation, () => {
  test('default', () => {
    const { sums, pair } = accountAt('0.99');
    const both = computeTwoStepLiquidation(sums, pair, d(1000), d('0.5'));
    expect(both.first.toString()).toBe('62.5');
    expect(both.second.toString()).toBe('468.75');
    expect(both.single.toString()).toBe('500');
  });

  test('behavior: no pair of calls on a grid repays more', () => {
    fc.assert(
      fc.property(pairAccounts, decimalBetween(0.1, 1), ({ sums, pair }, closeFactor) => {
        const both = computeTwoStepLiquidation(sums, pair, pair.debtUsd, closeFactor);
        const payable = Decimal.min(pair.debtUsd, pair.collateralUsd.div(pair.bonus.plus(1)));
        const healthyAfter = (r: Decimal) => sums.collateralUsd.minus(r.times(pair.threshold).times(pair.bonus.plus(1))).gte(sums.debtUsd.minus(r.times(pair.debtWeight)));
        if (healthyAfter(d(0))) {
          expect(both.total.isZero()).toBe(true);
          return;
        }
        const single = Decimal.min(payable, closeFactor.times(pair.debtUsd));
        for (let at = 0; at <= 100; at++) {
          const first = single.times(at).div(100);
          const second = healthyAfter(first) ? d(0) : Decimal.min(payable.minus(first), closeFactor.times(pair.debtUsd.minus(first)));
          // A close factor of 1 with a second call is what one call could have done.
          expect(first.plus(second).lte(both.total.plus(TINY))).toBe(true);
        }
        expect(both.total.lte(payable) && both.total.gte(both.single) && both.first.plus(both.second).eq(both.total)).toBe(true);
        // Just under the first amount the account can still be liquidated.
        if (both.second.gt(0)) expect(healthyAfter(both.first.times('0.999999'))).toBe(false);
      }),
    );
  });

  test('behavior: the gain over one call is (1 − CF)·r₁ ÷ (CF·D)', () => {
    const { sums, pair } = accountAt('0.97');
    const both = computeTwoStepLiquidation(sums, pair, d(1000), d('0.5'));
    expect(both.total.div(both.single).minus(1).eq(both.first.times('0.5').div(500))).toBe(true);
  });

  test('behavior: where the collateral pays for one call only, there is no second', () => {
    const { sums, pair } = accountAt('0.99');
    const both = computeTwoStepLiquidation(sums, { ...pair, collateralUsd: d(105) }, d(1000), d('0.5'));
    expect(both).toMatchObject({ first: d(100), second: d(0), total: d(100), single: d(100) });
  });

  test('behavior: where each call makes it worse, the first may be the whole close factor', () => {
    const { sums, pair } = accountAt('0.83');
    expect(computeTwoStepLiquidation(sums, pair, d(1000), d('0.5'))).toMatchObject({ first: d(500), second: d(250) });
  });
});
