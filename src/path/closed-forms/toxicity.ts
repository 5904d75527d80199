import { type Decimal, ONE, ratioOrNull } from '../../core/decimal.ts';
import { type ExposureSums, type LiquidationPair, liquidationEffect } from './closed-form.ts';

/** What liquidating one pair does to its account. Both questions are asked of every pair, since with several collaterals their answers differ. */
export interface Toxicity {
  /** T1: the health A/L falls with each dollar repaid. False without debt. */
  readonly lowersHealth: boolean;
  /** The health below which T1 holds: LT·(1 + b) ÷ w. */
  readonly lowersHealthBelow: Decimal;
  /** T2: the loan-to-value D/C rises with each dollar repaid, towards bad debt. False without debt. */
  readonly raisesLoanToValue: boolean;
  /** The loan-to-value above which T2 holds: 1 ÷ (1 + b). */
  readonly raisesLoanToValueAbove: Decimal;
  /** The account's D/C; null where it holds no collateral. */
  readonly loanToValue: Decimal | null;
}

/** Plain values of a whole account, no thresholds and no weights applied, USD. */
export interface PlainSums {
  readonly collateralUsd: Decimal;
  readonly debtUsd: Decimal;
}

/**
 * Judges a pair at the margin: does a first dollar of liquidation harm the account (T1) and does it drive it towards bad debt (T2)?
 *
 * @param sums the account in exposure form
 * @param plain the account's plain values at the same prices
 * @source T1: derivative of A/L. T2: arXiv 2212.07306 (Warmuz, Chaudhary, Pinna), arXiv 2510.10171 (the frontier 1/(1 + i))
 */
export function computeToxicity(sums: ExposureSums, plain: PlainSums, pair: LiquidationPair): Toxicity {
  const taken = pair.bonus.plus(1);
  const effect = liquidationEffect(pair);
  const hasDebt = sums.debtUsd.gt(0);
  // (A + ΔA·r)/(L + ΔL·r) falls with r exactly where ΔA·L < A·ΔL; no quotient is rounded.
  const lowersHealth = hasDebt && effect.collateralUsd.times(sums.debtUsd).lt(sums.collateralUsd.times(effect.debtUsd));
  return {
    lowersHealth,
    lowersHealthBelow: pair.threshold.times(taken).div(pair.debtWeight),
    raisesLoanToValue: plain.debtUsd.gt(0) && plain.debtUsd.times(taken).gt(plain.collateralUsd),
    raisesLoanToValueAbove: ONE.div(taken),
    loanToValue: ratioOrNull(plain.debtUsd, plain.collateralUsd),
  };
}

/** Tells whether any size of this pair could lift the account to `target`, its amounts aside: H·w > LT·(1 + b). */
export function isRestorable(pair: LiquidationPair, target: Decimal): boolean {
  return target.times(pair.debtWeight).gt(pair.threshold.times(pair.bonus.plus(1)));
}
