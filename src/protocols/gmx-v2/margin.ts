import { max } from '../../core/fixed-point.ts';
import { computeFees, type GmxView, type PositionFees } from './fees.ts';
import { computeLiquidationImpact } from './impact.ts';
import { applyFactor, computePnl, getCollateralToken, type Pnl } from './pnl.ts';

/** Equity and requirement of a position, USD with 30 decimals, by the contracts' names. */
export interface Margin {
  /** E: collateral + profit + impact − costs of closing. */
  readonly remainingCollateralUsd: bigint;
  readonly collateralUsd: bigint;
  readonly pnl: Pnl;
  readonly priceImpactUsd: bigint;
  readonly fees: PositionFees;
  readonly collateralCostUsd: bigint;
  readonly minCollateralUsd: bigint;
  readonly minCollateralUsdForLeverage: bigint;
}

/**
 * Which minima hold: those of a liquidation, which a top-up is checked with too, or those for what is left after a withdrawal or a partial close: the factor for opening,
 * without the dollar minimum.
 */
export type MarginCheck = 'liquidation' | 'decrease';

/**
 * Computes equity and requirement at `view.at`. The fee for being liquidated, positive impact and claimable funding are not in it.
 *
 * @throws {UnknownMarket} @throws {InvalidArgument} where `view.at` lies before the second that the fees were read at.
 * @source PositionUtils.sol isPositionLiquidatable
 */
export function computeMargin(view: GmxView, check: MarginCheck = 'liquidation'): Margin {
  const { market, position } = view;
  const { priceMin } = getCollateralToken(market, position);
  const collateralUsd = position.collateralAmount * priceMin;
  const pnl = computePnl(market, position, position.sizeInUsd);
  const priceImpactUsd = computeLiquidationImpact(market, position);
  const fees = computeFees(view, position.sizeInUsd);
  const collateralCostUsd = fees.total * priceMin;
  const factor = check === 'liquidation' ? market.minCollateralFactorForLiquidation : market.minCollateralFactor;
  return {
    remainingCollateralUsd: collateralUsd + pnl.pnlUsd + priceImpactUsd - collateralCostUsd,
    collateralUsd,
    pnl,
    priceImpactUsd,
    fees,
    collateralCostUsd,
    minCollateralUsd: check === 'liquidation' ? market.minCollateralUsd : 0n,
    minCollateralUsdForLeverage: applyFactor(position.sizeInUsd, factor),
  };
}

/** M: the greater of the two minima, USD with 30 decimals. */
export function computeRequirement(margin: Margin): bigint {
  return max(margin.minCollateralUsd, margin.minCollateralUsdForLeverage);
}

/**
 * Finds the contract's reason to liquidate, or null: `min collateral`, `< 0` (which holds at 0 too) or `min collateral for leverage`.
 *
 * @source PositionUtils.sol isPositionLiquidatable
 */
export function findLiquidationReason(margin: Margin): string | null {
  const { remainingCollateralUsd, minCollateralUsd, minCollateralUsdForLeverage } = margin;
  if (remainingCollateralUsd < minCollateralUsd) return 'min collateral';
  if (remainingCollateralUsd <= 0n) return '< 0';
  return remainingCollateralUsd < minCollateralUsdForLeverage ? 'min collateral for leverage' : null;
}
