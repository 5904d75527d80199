import { Decimal, ONE, ZERO } from '../../core/decimal.ts';
import { type ConstantProductPool, computeSaleProceeds } from './pool-sale.ts';

/** A liquidation that sells what it seizes into one pool. */
export interface LiquidatorTerms {
  readonly pool: ConstantProductPool;
  /** Bonus net of the protocol's share, as a share of the repaid value. */
  readonly netBonus: Decimal;
  /** Flash-loan fee as a share of what is repaid. */
  readonly flashFee: Decimal;
  /** Fixed cost of the transaction, USD. */
  readonly gasUsd: Decimal;
  /** The most that the rules let be repaid (close factor, debt, collateral, dust), USD. */
  readonly capUsd: Decimal;
}

/** The liquidator's best size and where it stops being worth it. USD. */
export interface LiquidatorOptimum {
  /** Best repayment within the cap; 0 where no size earns anything before gas. */
  readonly repayUsd: Decimal;
  /** The same without the cap. */
  readonly uncappedUsd: Decimal;
  /** Profit at `repayUsd` after gas; negative where it is not worth doing. */
  readonly profitUsd: Decimal;
  /** Gas at which the best size breaks even; 0 where no size earns anything. */
  readonly breakEvenGasUsd: Decimal;
  /** Smallest repayment that pays its gas; null where none within the cap does. */
  readonly breakEvenSizeUsd: Decimal | null;
}

/** Profit of repaying `repayUsd`: proceeds of what is seized − (1 + flash fee)·r − gas, USD; the cap is not applied. */
export function computeLiquidatorProfit(terms: LiquidatorTerms, repayUsd: Decimal): Decimal {
  const proceeds = computeSaleProceeds(terms.pool, repayUsd.times(terms.netBonus.plus(1)));
  return proceeds.minus(repayUsd.times(terms.flashFee.plus(1))).minus(terms.gasUsd);
}

/**
 * The most profitable repayment on a constant-product pool: with k = β·γ·(1 + b') ÷ (1 + f), r* = L·(√k − 1) ÷ (γ·(1 + b')) and profit
 * β·L·(1 − 1/√k)² − gas, where k > 1. Profit is concave in the size, so a cap below r* is taken whole.
 *
 * @source derived: dπ/dr = 0; the same optimum as arbitrage on a constant-product pool (arXiv 1911.03380, Angeris et al.)
 */
export function computeLiquidatorOptimum(terms: LiquidatorTerms): LiquidatorOptimum {
  const k = priceRatio(terms);
  const uncappedUsd = k.lte(1) ? ZERO : inputPerSqrt(terms).times(k.sqrt().minus(1));
  const repayUsd = Decimal.min(uncappedUsd, Decimal.max(terms.capUsd, ZERO));
  const profitUsd = computeLiquidatorProfit(terms, repayUsd);
  const breakEvenGasUsd = profitUsd.plus(terms.gasUsd);
  return { repayUsd, uncappedUsd, profitUsd, breakEvenGasUsd, breakEvenSizeUsd: computeBreakEvenSize(terms, k, repayUsd) };
}

/** k: what the pool pays for the first dollar's worth seized, per dollar that it costs. */
function priceRatio(terms: LiquidatorTerms): Decimal {
  const { pool, netBonus, flashFee } = terms;
  return pool.basis.times(ONE.minus(pool.fee)).times(netBonus.plus(1)).div(flashFee.plus(1));
}

/** L ÷ (γ·(1 + b')): repayment per unit of pool input relative to its depth. */
function inputPerSqrt(terms: LiquidatorTerms): Decimal {
  return terms.pool.depthUsd.div(ONE.minus(terms.pool.fee).times(terms.netBonus.plus(1)));
}

/** The smaller root of s² − (L·(k − 1) − g·k/β)·s + (g/β)·k·L = 0 in the pool's input s, as a repayment; null where it lies above the best size. */
function computeBreakEvenSize(terms: LiquidatorTerms, k: Decimal, bestUsd: Decimal): Decimal | null {
  const { depthUsd, basis } = terms.pool;
  const cost = terms.gasUsd.div(basis).times(k);
  const sumOfRoots = depthUsd.times(k.minus(1)).minus(cost);
  const product = cost.times(depthUsd);
  const discriminant = sumOfRoots.times(sumOfRoots).minus(product.times(4));
  if (bestUsd.lte(0) || sumOfRoots.lte(0) || discriminant.lt(0)) return null;
  const input = product.times(2).div(sumOfRoots.plus(discriminant.sqrt()));
  const repay = inputPerSqrt(terms).times(input.div(depthUsd));
  return repay.gt(bestUsd) ? null : repay;
}
