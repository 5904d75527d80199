import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { computeMarginalLoss, computeSaleProceeds, computeSelfSale } from '../../../src/path/closed-forms/pool-sale.ts';
import { pairAccounts, pools, TINY, targets } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);
const POOL = { depthUsd: d(1_000_000), fee: d('0.003'), basis: ONE };

describe(computeSaleProceeds, () => {
  test('default', () => {
    expect(computeSaleProceeds(POOL, d(10_000)).toFixed(2)).toBe('9871.58');
    expect(computeSaleProceeds(POOL, d(0)).isZero()).toBe(true);
  });

  test('behavior: the marginal loss is the derivative', () => {
    fc.assert(
      fc.property(pools, fc.integer({ min: 0, max: 10_000_000 }), (pool, amount) => {
        const step = d('1e-30');
        const slope = computeSaleProceeds(pool, step.plus(amount))
          .minus(computeSaleProceeds(pool, d(amount)))
          .div(step);
        expect(
          ONE.minus(slope)
            .minus(computeMarginalLoss(pool, d(amount)))
            .abs()
            .lt('1e-25'),
        ).toBe(true);
      }),
    );
  });
});

describe(computeSelfSale, () => {
  test('default', () => {
    const sums = { collateralUsd: d(830_000), debtUsd: d(820_000) };
    const answer = computeSelfSale(sums, { collateralUsd: d(1_000_000), threshold: d('0.83'), debtUsd: d(820_000), debtWeight: ONE }, { ...POOL, depthUsd: d(20_000_000) }, d('1.1'));
    expect(answer.kind === 'amount' && answer.amount.toFixed(0)).toBe('286562');
  });

  test('behavior: the root puts the account on the target; where there is none, no size on a grid does', () => {
    fc.assert(
      fc.property(pairAccounts, pools, targets, ({ sums, pair }, pool, target) => {
        const answer = computeSelfSale(sums, pair, pool, target);
        // What remains to the target after selling x and repaying with the proceeds, written out.
        const missing = (x: Decimal) => target.times(sums.debtUsd.minus(pair.debtWeight.times(computeSaleProceeds(pool, x)))).minus(sums.collateralUsd.minus(pair.threshold.times(x)));
        const grid = Array.from({ length: 200 }, (_, at) => pair.collateralUsd.times(at + 1).div(200));
        const possible = grid.filter((x) => missing(x).lte(0) && computeSaleProceeds(pool, x).lte(pair.debtUsd));
        if (answer.kind === 'none-needed') expect(missing(d(0)).lte(0)).toBe(true);
        if (answer.kind === 'amount') {
          expect(missing(answer.amount).abs().lt(TINY)).toBe(true);
          expect(answer.amount.gt(0) && answer.amount.lte(pair.collateralUsd)).toBe(true);
          expect(computeSaleProceeds(pool, answer.amount).lte(pair.debtUsd)).toBe(true);
          // The smaller root: nothing below it is enough.
          expect(possible.every((x) => x.gte(answer.amount))).toBe(true);
        }
        if (answer.kind === 'limited') expect(missing(answer.needed).abs().lt(TINY)).toBe(true);
        if (answer.kind === 'limited' || answer.kind === 'harmful') expect(possible).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test('behavior: two negative roots are no answer', () => {
    // A deficit of ten times the pool: both roots are negative, and a root rule without the sign would have answered.
    const sums = { collateralUsd: d(0), debtUsd: d(10_000_000) };
    const sale = { collateralUsd: d(10_000_000), threshold: d('0.1'), debtUsd: d(10_000_000), debtWeight: ONE };
    expect(computeSelfSale(sums, sale, POOL, ONE).kind).toBe('harmful');
  });

  test('behavior: a collateral that does not count is sold at no cost to the health', () => {
    const sums = { collateralUsd: d(900), debtUsd: d(1000) };
    const answer = computeSelfSale(sums, { collateralUsd: d(500), threshold: d(0), debtUsd: d(1000), debtWeight: ONE }, { ...POOL, fee: d(0) }, ONE);
    expect(answer.kind === 'amount' && answer.amount.toFixed(6)).toBe('100.010001');
  });

  test('behavior: proceeds above the debt are limited by it', () => {
    const sums = { collateralUsd: d(100), debtUsd: d(200) };
    const repaying = (debtUsd: string) => computeSelfSale(sums, { collateralUsd: d(1000), threshold: d('0.01'), debtUsd: d(debtUsd), debtWeight: ONE }, POOL, ONE);
    expect(repaying('101')).toMatchObject({ kind: 'limited', limit: { name: 'debt' } });
    expect(repaying('101.1').kind).toBe('amount');
  });
});
