import fc from 'fast-check';
import { Decimal } from '../../../src/core/decimal.ts';
import type { ExposureSums, LiquidationPair } from '../../../src/path/closed-forms/closed-form.ts';
import type { ConstantProductPool } from '../../../src/path/closed-forms/pool-sale.ts';

/** A decimal with four places between two bounds. */
export function decimalBetween(low: number, high: number): fc.Arbitrary<Decimal> {
  return fc.integer({ min: Math.round(low * 10_000), max: Math.round(high * 10_000) }).map((units) => new Decimal(units).div(10_000));
}

/** One account of one collateral and one debt, with its sums. */
export interface PairAccount {
  readonly sums: ExposureSums;
  readonly pair: LiquidationPair;
}

/** An account whose health lies around 1. */
export const pairAccounts: fc.Arbitrary<PairAccount> = fc
  .record({
    debtUsd: decimalBetween(100, 5_000_000),
    threshold: decimalBetween(0.3, 0.97),
    debtWeight: fc.oneof(fc.constant(new Decimal(1)), decimalBetween(1, 2)),
    bonus: decimalBetween(0, 0.2),
    health: decimalBetween(0.6, 1.6),
  })
  .map(({ health, ...pair }) => accountOf({ ...pair, health }));

function accountOf({ health, ...pair }: Omit<LiquidationPair, 'collateralUsd'> & { readonly health: Decimal }): PairAccount {
  const debtUsd = pair.debtUsd.times(pair.debtWeight);
  const collateralUsd = debtUsd.times(health);
  return { sums: { collateralUsd, debtUsd }, pair: { ...pair, collateralUsd: collateralUsd.div(pair.threshold) } };
}

/** A target health. */
export const targets: fc.Arbitrary<Decimal> = decimalBetween(1, 2);

/** A pool from too shallow to deep for the accounts above. */
export const pools: fc.Arbitrary<ConstantProductPool> = fc.record({
  depthUsd: decimalBetween(10_000, 50_000_000),
  fee: fc.constantFrom('0', '0.0005', '0.003', '0.01').map((fee) => new Decimal(fee)),
  basis: fc.oneof(fc.constant(new Decimal(1)), decimalBetween(0.97, 1.03)),
});

/** Rounding of 120-digit arithmetic. */
export const TINY: Decimal = new Decimal('1e-80');
