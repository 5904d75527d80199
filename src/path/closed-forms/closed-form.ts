import { type Decimal, ONE, ZERO } from '../../core/decimal.ts';

/** An account in exposure form: adjusted collateral and adjusted debt, USD. */
export interface ExposureSums {
  readonly collateralUsd: Decimal;
  readonly debtUsd: Decimal;
}

/** What one dollar (or one unit) of an action adds to the sums; a fall is negative. */
export interface UnitEffect {
  readonly collateralUsd: Decimal;
  readonly debtUsd: Decimal;
}

/** A bound on an amount, with the word that names it in an answer. */
export interface AmountLimit {
  readonly name: 'debt' | 'collateral' | 'close limit' | 'position' | 'cap' | 'wallet';
  readonly amount: Decimal;
}

/**
 * The least amount that does it, or why there is none. `harmful`: no amount helps, because each unit takes the account further from the target (or leaves it where
 * it is). `limited`: `needed` would help, but `limit` allows less.
 */
export type LeastAmount =
  | { readonly kind: 'none-needed' }
  | { readonly kind: 'amount'; readonly amount: Decimal }
  | { readonly kind: 'harmful' }
  | { readonly kind: 'limited'; readonly needed: Decimal; readonly limit: AmountLimit };

/** One collateral against one debt, at the protocol's own prices, as a liquidation takes them. */
export interface LiquidationPair {
  /** Value of the collateral held, USD. */
  readonly collateralUsd: Decimal;
  /** Liquidation threshold of the collateral, 0 … 1. */
  readonly threshold: Decimal;
  /** Value of the debt owed, USD, not weighted. */
  readonly debtUsd: Decimal;
  /** Borrow weight of the debt, 1 where the protocol has none. */
  readonly debtWeight: Decimal;
  /** Everything the borrower loses on top of the repaid value, as a share of it: 0.05 = 5 %. */
  readonly bonus: Decimal;
}

/**
 * How much adjusted collateral the account lacks for `target`: target · L − A in USD; negative or 0 where it is already there.
 *
 * @source design: solvency.md §2, A' ≥ H · L'
 */
export function computeDeficit(sums: ExposureSums, target: Decimal): Decimal {
  return target.times(sums.debtUsd).minus(sums.collateralUsd);
}

/** The sums after `amount` units of an action. */
export function applyEffect(sums: ExposureSums, effect: UnitEffect, amount: Decimal): ExposureSums {
  return { collateralUsd: sums.collateralUsd.plus(effect.collateralUsd.times(amount)), debtUsd: sums.debtUsd.plus(effect.debtUsd.times(amount)) };
}

/**
 * The least amount of an action with constant effect that brings A' to target · L': deficit ÷ (ΔA − target · ΔL), both per unit. Every other amount of this
 * file is this one with the effect of its action.
 *
 * @param limits bounds in the amount's own unit; the tightest one that is broken is reported
 * @example
 * ```ts
 * // Debt of 900, adjusted collateral 880; repaying lowers only the debt: 1.1 · (900 − r) = 880.
 * computeLeastAmount({ collateralUsd: new Decimal(880), debtUsd: new Decimal(900) }, new Decimal('1.1'), { collateralUsd: ZERO, debtUsd: new Decimal(-1) }); // { kind: 'amount', amount: 100 }
 * ```
 */
export function computeLeastAmount(sums: ExposureSums, target: Decimal, effect: UnitEffect, limits: readonly AmountLimit[] = []): LeastAmount {
  const deficit = computeDeficit(sums, target);
  if (deficit.lte(0)) return { kind: 'none-needed' };
  const relief = effect.collateralUsd.minus(target.times(effect.debtUsd));
  if (relief.lte(0)) return { kind: 'harmful' };
  return withinLimits(deficit.div(relief), limits);
}

/** Accepts an amount unless a limit is below it; of several, the tightest is named. */
export function withinLimits(amount: Decimal, limits: readonly AmountLimit[]): LeastAmount {
  const broken = limits.filter((limit) => amount.gt(limit.amount)).toSorted((a, b) => a.amount.cmp(b.amount))[0];
  return broken === undefined ? { kind: 'amount', amount } : { kind: 'limited', needed: amount, limit: broken };
}

/** What one dollar repaid by a liquidator does: the debt falls by its weight, (1 + bonus) of collateral leaves at its threshold. */
export function liquidationEffect(pair: LiquidationPair): UnitEffect {
  return { collateralUsd: pair.threshold.times(pair.bonus.plus(1)).neg(), debtUsd: pair.debtWeight.neg() };
}

/**
 * The least repayment (USD, unweighted value) by which a liquidation of `pair` reaches `target`: r = G ÷ (H·w − LT·(1 + b)), at most the debt, what the collateral
 * pays for, and the close limit.
 *
 * @param closeLimitUsd what the protocol lets one call repay; null where it sets no limit
 * @source aave-v4 LiquidationLogic (debtToTarget) for w = 1; gearbox liquidator-v2 optimalValueSeized with discount 1/(1 + b)
 */
export function computeForcedRepay(sums: ExposureSums, pair: LiquidationPair, target: Decimal, closeLimitUsd: Decimal | null): LeastAmount {
  const limits: AmountLimit[] = [
    { name: 'debt', amount: pair.debtUsd },
    { name: 'collateral', amount: pair.collateralUsd.div(pair.bonus.plus(1)) },
  ];
  if (closeLimitUsd !== null) limits.push({ name: 'close limit', amount: closeLimitUsd });
  return computeLeastAmount(sums, target, liquidationEffect(pair), limits);
}

/** The least repayment from the owner's wallet, USD: r = G ÷ (H·w). */
export function computeSelfRepay(sums: ExposureSums, debt: { readonly debtUsd: Decimal; readonly weight: Decimal }, target: Decimal): LeastAmount {
  return computeLeastAmount(sums, target, { collateralUsd: ZERO, debtUsd: debt.weight.neg() }, [{ name: 'debt', amount: debt.debtUsd }]);
}

/** The least supply of an asset with `threshold`, USD: s = G ÷ LT; `capUsd` is the room under the supply cap, null where there is none. */
export function computeSupply(sums: ExposureSums, threshold: Decimal, target: Decimal, capUsd: Decimal | null): LeastAmount {
  const limits: AmountLimit[] = capUsd === null ? [] : [{ name: 'cap', amount: capUsd }];
  return computeLeastAmount(sums, target, { collateralUsd: threshold, debtUsd: ZERO }, limits);
}

/** A collateral to change for another one, losing a constant share of its value on the way. */
export interface CollateralSwap {
  /** Value held of what is sold, USD. */
  readonly fromUsd: Decimal;
  readonly fromThreshold: Decimal;
  readonly toThreshold: Decimal;
  /** Share of value that the swap loses: 0.003 = 0.3 %. */
  readonly loss: Decimal;
}

/** The least value of a collateral to swap into a better one, no debt touched, USD sold: x = G ÷ ((1 − s)·LT₂ − LT₁). */
export function computeCollateralSwap(sums: ExposureSums, swap: CollateralSwap, target: Decimal): LeastAmount {
  const gained = ONE.minus(swap.loss).times(swap.toThreshold).minus(swap.fromThreshold);
  return computeLeastAmount(sums, target, { collateralUsd: gained, debtUsd: ZERO }, [{ name: 'collateral', amount: swap.fromUsd }]);
}

/** A perp position in exposure form; everything in USD. */
export interface PerpClose {
  /** Position size at mark. */
  readonly sizeUsd: Decimal;
  /** What a dollar of size put into adjusted collateral and adjusted debt falls by when it is closed (both ≥ 0); realised profit or loss included, the fee not. */
  readonly collateralPerUsd: Decimal;
  readonly debtPerUsd: Decimal;
  /** Closing fee, price impact and liquidation fee per dollar closed, paid from the margin. */
  readonly feePerUsd: Decimal;
}

/**
 * The least size to close, USD: A − (α + κ)·n = H·(L − λ·n).
 *
 * @source design: path.md, corrections: A − ΔA + m ≥ H·(L − ΔL)
 */
export function computePerpClose(sums: ExposureSums, perp: PerpClose, target: Decimal): LeastAmount {
  const effect = { collateralUsd: perp.collateralPerUsd.plus(perp.feePerUsd).neg(), debtUsd: perp.debtPerUsd.neg() };
  return computeLeastAmount(sums, target, effect, [{ name: 'position', amount: perp.sizeUsd }]);
}

/** The least margin to add, USD of adjusted collateral: H·L − A; `walletUsd` null where the wallet is not looked at. */
export function computeMarginTopUp(sums: ExposureSums, target: Decimal, walletUsd: Decimal | null): LeastAmount {
  const limits: AmountLimit[] = walletUsd === null ? [] : [{ name: 'wallet', amount: walletUsd }];
  return computeLeastAmount(sums, target, { collateralUsd: ONE, debtUsd: ZERO }, limits);
}

/** A perp in its venue's own terms. */
export interface NativePerp {
  /** Equity E and maintenance margin M, USD. */
  readonly equityUsd: Decimal;
  readonly maintenanceUsd: Decimal;
  /** Maintenance margin per dollar of size. */
  readonly maintenancePerUsd: Decimal;
  readonly sizeUsd: Decimal;
  readonly feePerUsd: Decimal;
}

/**
 * The least size to close for E' = H·M' in the venue's own ratio, on request only: n = (H·M − E) ÷ (H·m − κ).
 *
 * @source drift-labs/protocol-v2 math/liquidation.rs (base to cover a margin shortage) for H = 1
 */
export function computeNativePerpClose(perp: NativePerp, target: Decimal): LeastAmount {
  const sums = { collateralUsd: perp.equityUsd, debtUsd: perp.maintenanceUsd };
  const effect = { collateralUsd: perp.feePerUsd.neg(), debtUsd: perp.maintenancePerUsd.neg() };
  return computeLeastAmount(sums, target, effect, [{ name: 'position', amount: perp.sizeUsd }]);
}
