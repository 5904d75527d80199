import { Decimal, ONE } from '../../core/decimal.ts';
import { type ConstantProductPool, computeSaleProceeds } from '../closed-forms/pool-sale.ts';

/**
 * A reverse Dutch liquidation: the discount grows as the health falls, discount = 1 − health, up to a maximum. Any part of the debt may be repaid.
 *
 * @source euler-xyz/euler-vault-kit@5b98b42 Liquidation.sol calculateMaxLiquidation (discount factor = health score, floored)
 */
export interface ReverseDutchTerms {
  /** Value of the whole debt, USD. */
  readonly debtUsd: Decimal;
  /** Greatest discount: 0.15 = 15 %. */
  readonly maxDiscount: Decimal;
  readonly pool: ConstantProductPool;
  readonly flashFee: Decimal;
  readonly gasUsd: Decimal;
}

/** Where a position is first worth taking. */
export interface ReverseDutchTake {
  /** Health at which the best repayment just pays its gas. */
  readonly health: Decimal;
  /** That repayment, USD: the whole debt, or less where the pool is too shallow for it. */
  readonly repayUsd: Decimal;
}

/**
 * The health at which a rational liquidator takes the position, and how much of it. With g' = g/β: a debt above r* = L·(√k − 1)·HS/γ is taken in part at
 * HS = β·γ·(1 − √(g'/L))² ÷ (1 + f); a smaller one whole at HS = γ·r·(L − t) ÷ (t·L) with t = ((1 + f)·r + g)/β. Null where it is never taken: the discount stops before
 * it pays, or the pool cannot pay the gas.
 *
 * @source derived: greatest profit over the repaid size set to 0
 */
export function findReverseDutchTake(terms: ReverseDutchTerms): ReverseDutchTake | null {
  const { depthUsd, fee, basis } = terms.pool;
  const gas = terms.gasUsd.div(basis);
  if (gas.gte(depthUsd)) return null;
  const root = ONE.minus(gas.div(depthUsd).sqrt());
  const large = basis.times(ONE.minus(fee)).times(root).times(root).div(terms.flashFee.plus(1));
  // At that health 1/√k = root.
  const largeRepay = depthUsd.times(ONE.div(root).minus(1)).times(large).div(ONE.minus(fee));
  const take = terms.debtUsd.gte(largeRepay) ? { health: large, repayUsd: largeRepay } : takeWhole(terms);
  if (take === null) return null;
  // Liquidation begins at a health of 1, however much earlier it would pay.
  if (take.health.gte(ONE)) return { health: ONE, repayUsd: Decimal.min(terms.debtUsd, bestRepayAtOne(terms)) };
  return take.health.gte(ONE.minus(terms.maxDiscount)) ? take : null;
}

/** r* without any discount. */
function bestRepayAtOne(terms: ReverseDutchTerms): Decimal {
  const kept = ONE.minus(terms.pool.fee);
  const k = terms.pool.basis.times(kept).div(terms.flashFee.plus(1));
  return terms.pool.depthUsd.times(k.sqrt().minus(1)).div(kept);
}

function takeWhole(terms: ReverseDutchTerms): ReverseDutchTake | null {
  const { depthUsd, fee, basis } = terms.pool;
  const cost = terms.debtUsd.times(terms.flashFee.plus(1)).plus(terms.gasUsd).div(basis);
  if (cost.gte(depthUsd)) return null;
  return { health: ONE.minus(fee).times(terms.debtUsd).times(depthUsd.minus(cost)).div(cost.times(depthUsd)), repayUsd: terms.debtUsd };
}

/** Profit of repaying `repayUsd` at a health: proceeds of repay ÷ discount factor − (1 + flash fee)·repay − gas, USD. */
export function computeReverseDutchProfit(terms: ReverseDutchTerms, health: Decimal, repayUsd: Decimal): Decimal {
  const factor = Decimal.max(Decimal.min(health, ONE), ONE.minus(terms.maxDiscount));
  return computeSaleProceeds(terms.pool, repayUsd.div(factor))
    .minus(repayUsd.times(terms.flashFee.plus(1)))
    .minus(terms.gasUsd);
}

/**
 * The health below which taking a collateral with `threshold` lowers the health further (T1): √LT while the discount still grows, LT ÷ (1 − maximum) once it is capped.
 *
 * @source derived: HS < LT·(1 + b) with 1 + b = 1 ÷ max(HS, 1 − maxDiscount)
 */
export function computeReverseDutchToxicBelow(threshold: Decimal, maxDiscount: Decimal): Decimal {
  const floor = ONE.minus(maxDiscount);
  const growing = threshold.sqrt();
  return growing.gte(floor) ? growing : threshold.div(floor);
}
