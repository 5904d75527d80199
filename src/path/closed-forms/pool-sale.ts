import { type Decimal, ONE } from '../../core/decimal.ts';
import { computeDeficit, type ExposureSums, type LeastAmount, withinLimits } from './closed-form.ts';

/** A constant-product pool seen from the side that is sold into it. */
export interface ConstantProductPool {
  /** Value of the in-side reserve at the account's prices, USD: half of a v2 pool's total. */
  readonly depthUsd: Decimal;
  /** Share of the input that stays with the pool: 0.003 = 0.3 %. */
  readonly fee: Decimal;
  /** The pool's price of the in-side in terms of the out-side, divided by the account's: 1 where they agree. */
  readonly basis: Decimal;
}

/**
 * Value received for `amountUsd` sold: basis · γ·x·L ÷ (L + γ·x), γ = 1 − fee. Nothing sold gives 0; what can be sold has no upper bound.
 *
 * @source uniswap v2-core UniswapV2Pair.swap (x·y ≥ k after the fee)
 */
export function computeSaleProceeds(pool: ConstantProductPool, amountUsd: Decimal): Decimal {
  const paid = amountUsd.times(ONE.minus(pool.fee));
  return pool.basis.times(paid).times(pool.depthUsd).div(pool.depthUsd.plus(paid));
}

/** Share of value that the next dollar loses after `amountUsd` were sold: 1 − out'(x). Negative where the pool pays above the account's price. */
export function computeMarginalLoss(pool: ConstantProductPool, amountUsd: Decimal): Decimal {
  const kept = ONE.minus(pool.fee);
  const left = pool.depthUsd.div(pool.depthUsd.plus(amountUsd.times(kept)));
  return ONE.minus(pool.basis.times(kept).times(left).times(left));
}

/** A collateral that is sold to repay a debt of the same account. */
export interface SelfSale {
  readonly collateralUsd: Decimal;
  readonly threshold: Decimal;
  readonly debtUsd: Decimal;
  readonly debtWeight: Decimal;
}

/**
 * The least value of collateral to sell into the pool so that repaying with the proceeds reaches `target`: the smaller root of
 * LT·γ·x² + (LT·L − H·w·β·γ·L + G·γ)·x + G·L = 0. Both roots may be negative or there may be none: then this sale cannot do it (`harmful`). A root that lies above
 * the collateral, or whose proceeds exceed the debt, is `limited`; `needed` then counts what would have to be sold.
 *
 * @source derived: A − LT·x = H·(L − w·out(x)) with out of {@link computeSaleProceeds}
 */
export function computeSelfSale(sums: ExposureSums, sale: SelfSale, pool: ConstantProductPool, target: Decimal): LeastAmount {
  const deficit = computeDeficit(sums, target);
  if (deficit.lte(0)) return { kind: 'none-needed' };
  const kept = ONE.minus(pool.fee);
  const gain = target.times(sale.debtWeight).times(pool.basis).times(kept).times(pool.depthUsd);
  const a = sale.threshold.times(kept);
  const b = sale.threshold.times(pool.depthUsd).minus(gain).plus(deficit.times(kept));
  const c = deficit.times(pool.depthUsd);
  const discriminant = b.times(b).minus(a.times(c).times(4));
  // With a ≥ 0 and c > 0 both roots have the sign of −b.
  if (b.gte(0) || discriminant.lt(0)) return { kind: 'harmful' };
  // 2c ÷ (−b + √d) is the smaller root, without cancellation, and also right where a is 0.
  const amount = c.times(2).div(discriminant.sqrt().minus(b));
  const inCollateral = withinLimits(amount, [{ name: 'collateral', amount: sale.collateralUsd }]);
  if (inCollateral.kind !== 'amount') return inCollateral;
  const proceeds = computeSaleProceeds(pool, amount);
  return proceeds.gt(sale.debtUsd) ? { kind: 'limited', needed: amount, limit: { name: 'debt', amount: sale.debtUsd } } : inCollateral;
}
