import { Decimal, ONE, ZERO } from '../../core/decimal.ts';
import type { ExposureSums, LiquidationPair } from './closed-form.ts';

/** Two liquidation calls in a row under a fixed spread and a close factor; value repaid, USD. */
export interface TwoStepLiquidation {
  /** Bound of the first call: everything strictly below it leaves the account liquidatable, so an integer caller stays a unit under it. */
  readonly first: Decimal;
  /** The second call: the close factor of what is then owed. */
  readonly second: Decimal;
  readonly total: Decimal;
  /** What one call alone may repay. */
  readonly single: Decimal;
}

/**
 * The most that two calls repay where a close factor below 1 limits each: first the largest amount that keeps the health below 1, then the close factor of the
 * rest. Total = CF·D + (1 − CF)·r₁. With a close factor of 1 the second call is 0. All 0 where the account is not liquidatable.
 *
 * The close factor must stay the same in between: where a rule raises it below some health, the caller checks the health after the first call.
 *
 * @param plainDebtUsd the account's total debt D, unweighted, which the close factor applies to
 * @source arXiv 2106.06389 (Qin, Zhou, Gamito, Jovanovic, Gervais: two successive liquidations); sizes derived here
 */
export function computeTwoStepLiquidation(sums: ExposureSums, pair: LiquidationPair, plainDebtUsd: Decimal, closeFactor: Decimal): TwoStepLiquidation {
  if (sums.collateralUsd.gte(sums.debtUsd)) return { first: ZERO, second: ZERO, total: ZERO, single: ZERO };
  const payable = Decimal.min(pair.debtUsd, pair.collateralUsd.div(pair.bonus.plus(1)));
  const single = Decimal.min(payable, closeFactor.times(plainDebtUsd));
  // Each dollar closes the shortfall by w − LT·(1 + b); where that is not positive, no amount ends the liquidation.
  const relief = pair.debtWeight.minus(pair.threshold.times(pair.bonus.plus(1)));
  const untilHealthy = relief.lte(0) ? single : Decimal.min(single, sums.debtUsd.minus(sums.collateralUsd).div(relief));
  const first = closeFactor.gte(ONE) ? single : untilHealthy;
  const second = Decimal.min(payable.minus(first), closeFactor.times(plainDebtUsd.minus(first)));
  const total = first.plus(second);
  return total.gt(single) ? { first, second, total, single } : { first: single, second: ZERO, total: single, single };
}
