import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { computeLiquidatorOptimum, computeLiquidatorProfit, type LiquidatorTerms } from '../../../src/path/closed-forms/liquidator-optimum.ts';
import { decimalBetween, pools } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);
const terms = fc.record({ pool: pools, netBonus: decimalBetween(0, 0.15), flashFee: fc.constantFrom(d(0), d('0.0005')), gasUsd: decimalBetween(0, 300), capUsd: decimalBetween(0, 2_000_000) });

function exampleAt(depthUsd: number, bonus: string): LiquidatorTerms {
  return { pool: { depthUsd: d(depthUsd), fee: d('0.003'), basis: ONE }, netBonus: d(bonus), flashFee: d(0), gasUsd: d(0), capUsd: d(1e12) };
}

describe(computeLiquidatorOptimum, () => {
  test('default', () => {
    // path.md §2.8: L = 1 M and 10 M at 5 %.
    const small = computeLiquidatorOptimum(exampleAt(1_000_000, '0.05'));
    const large = computeLiquidatorOptimum(exampleAt(10_000_000, '0.05'));
    expect([small.repayUsd.toFixed(0), small.profitUsd.toFixed(0)]).toEqual(['22121', '512']);
    expect(computeLiquidatorOptimum(exampleAt(1_000_000, '0.1')).profitUsd.toFixed(0)).toBe('2034');
    expect(large.repayUsd.div(small.repayUsd).minus(10).abs().lt('1e-100')).toBe(true);
  });

  test('behavior: no repayment on a grid within the cap earns more, and the optimum has no slope', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const best = computeLiquidatorOptimum(given);
        for (let at = 0; at <= 200; at++) expect(computeLiquidatorProfit(given, given.capUsd.times(at).div(200)).lte(best.profitUsd)).toBe(true);
        expect(best.repayUsd.lte(given.capUsd)).toBe(true);
        if (best.uncappedUsd.isZero()) return;
        const slope = computeLiquidatorProfit(given, best.uncappedUsd.plus('1e-30')).minus(computeLiquidatorProfit(given, best.uncappedUsd)).div('1e-30');
        expect(slope.abs().lt('1e-25')).toBe(true);
      }),
    );
  });

  test('behavior: without a cap the profit is β·L·(1 − 1/√k)² − gas', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const best = computeLiquidatorOptimum({ ...given, capUsd: d('1e15') });
        const k = given.pool.basis.times(ONE.minus(given.pool.fee)).times(given.netBonus.plus(1)).div(given.flashFee.plus(1));
        const gain = k.lte(1) ? d(0) : given.pool.basis.times(given.pool.depthUsd).times(ONE.minus(ONE.div(k.sqrt())).pow(2));
        expect(best.profitUsd.minus(gain.minus(given.gasUsd)).abs().lt('1e-80')).toBe(true);
      }),
    );
  });

  test('behavior: at break-even gas the best size earns nothing, at break-even size neither more nor less than the gas', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const best = computeLiquidatorOptimum(given);
        expect(
          computeLiquidatorOptimum({ ...given, gasUsd: best.breakEvenGasUsd })
            .profitUsd.abs()
            .lt('1e-80'),
        ).toBe(true);
        const size = best.breakEvenSizeUsd;
        if (size === null) {
          expect(best.profitUsd.lte(0)).toBe(true);
          return;
        }
        expect(size.lte(best.repayUsd)).toBe(true);
        expect(computeLiquidatorProfit(given, size).abs().lt('1e-60')).toBe(true);
        expect(size.isZero() || computeLiquidatorProfit(given, size.times('0.99')).lt(0)).toBe(true);
      }),
    );
  });
});
