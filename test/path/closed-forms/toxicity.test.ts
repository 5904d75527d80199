import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { applyEffect, liquidationEffect } from '../../../src/path/closed-forms/closed-form.ts';
import { computeToxicity, isRestorable } from '../../../src/path/closed-forms/toxicity.ts';
import { decimalBetween, pairAccounts, targets } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);

describe(computeToxicity, () => {
  test('default', () => {
    // Aave's e-mode 0.95 at 1 %: between 0.95 and 0.9595 a liquidation lowers the health into the zone where everything may be repaid.
    const pair = { collateralUsd: d(1000), threshold: d('0.95'), debtUsd: d(995), debtWeight: ONE, bonus: d('0.01') };
    const at = (debt: number) => computeToxicity({ collateralUsd: d(950), debtUsd: d(debt) }, { collateralUsd: d(1000), debtUsd: d(debt) }, pair);
    expect(at(995)).toMatchObject({ lowersHealth: true, raisesLoanToValue: true });
    expect(at(985)).toMatchObject({ lowersHealth: false, raisesLoanToValue: false });
    expect(at(995).lowersHealthBelow.toString()).toBe('0.9595');
    expect(at(995).loanToValue?.toString()).toBe('0.995');
  });

  test('behavior: thresholds of three pairs', () => {
    const of = (threshold: string, bonus: string) =>
      computeToxicity(
        { collateralUsd: ONE, debtUsd: ONE },
        { collateralUsd: ONE, debtUsd: ONE },
        { collateralUsd: ONE, threshold: d(threshold), debtUsd: ONE, debtWeight: ONE, bonus: d(bonus) },
      ).lowersHealthBelow.toString();
    expect([of('0.83', '0.05'), of('0.9', '0.04')]).toEqual(['0.8715', '0.936']);
  });

  test('behavior: both verdicts are what a first small repayment does', () => {
    fc.assert(
      fc.property(pairAccounts, decimalBetween(0, 1_000_000), decimalBetween(0, 1), decimalBetween(0, 500_000), ({ sums, pair }, otherCollateral, otherThreshold, otherDebt) => {
        // Other legs make the account one of several collaterals, where the verdicts part.
        const whole = { collateralUsd: sums.collateralUsd.plus(otherCollateral.times(otherThreshold)), debtUsd: sums.debtUsd.plus(otherDebt) };
        const plain = { collateralUsd: pair.collateralUsd.plus(otherCollateral), debtUsd: pair.debtUsd.plus(otherDebt) };
        const verdict = computeToxicity(whole, plain, pair);
        const repay = d('1e-20');
        const after = applyEffect(whole, liquidationEffect(pair), repay);
        expect(verdict.lowersHealth).toBe(after.collateralUsd.times(whole.debtUsd).lt(whole.collateralUsd.times(after.debtUsd)));
        const seized = repay.times(pair.bonus.plus(1));
        expect(verdict.raisesLoanToValue).toBe(
          plain.debtUsd
            .minus(repay)
            .times(plain.collateralUsd)
            .gt(plain.debtUsd.times(plain.collateralUsd.minus(seized))),
        );
      }),
    );
  });

  test('behavior: the verdicts are strict at their own thresholds', () => {
    fc.assert(
      fc.property(pairAccounts, ({ sums, pair }) => {
        const border = computeToxicity(sums, { collateralUsd: pair.bonus.plus(1).times(100), debtUsd: d(100) }, pair);
        expect(border.raisesLoanToValue).toBe(false);
        // Health against the threshold, in products: a quotient is rounded.
        expect(border.lowersHealth).toBe(sums.collateralUsd.times(pair.debtWeight).lt(sums.debtUsd.times(pair.threshold).times(pair.bonus.plus(1))));
        expect(
          border.lowersHealthBelow
            .times(pair.debtWeight)
            .minus(pair.threshold.times(pair.bonus.plus(1)))
            .abs()
            .lt('1e-100'),
        ).toBe(true);
      }),
    );
  });

  test('behavior: with one collateral and one debt the verdicts are the same', () => {
    fc.assert(
      fc.property(pairAccounts, ({ sums, pair }) => {
        const verdict = computeToxicity(sums, { collateralUsd: pair.collateralUsd, debtUsd: pair.debtUsd }, pair);
        expect(verdict.lowersHealth).toBe(verdict.raisesLoanToValue);
      }),
    );
  });

  test('behavior: without debt nothing is toxic, without collateral there is no loan-to-value', () => {
    const pair = { collateralUsd: d(0), threshold: d('0.8'), debtUsd: d(0), debtWeight: ONE, bonus: d('0.1') };
    const verdict = computeToxicity({ collateralUsd: d(0), debtUsd: d(0) }, { collateralUsd: d(0), debtUsd: d(0) }, pair);
    expect(verdict).toMatchObject({ lowersHealth: false, raisesLoanToValue: false, loanToValue: null });
  });
});

describe(isRestorable, () => {
  test('default', () => {
    fc.assert(
      fc.property(pairAccounts, targets, ({ pair }, target) => {
        const effect = liquidationEffect(pair);
        expect(isRestorable(pair, target)).toBe(effect.collateralUsd.minus(target.times(effect.debtUsd)).gt(0));
      }),
    );
  });
});
