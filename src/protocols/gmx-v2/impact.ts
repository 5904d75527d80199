import { max, min } from '../../core/fixed-point.ts';
import { applyFactor, mulDivFrom0, mulDivTowards0 } from './pnl.ts';
import type { GmxMarket, GmxPosition } from './state.ts';

/** Prices an amount of pending impact, USD with 30 decimals: gains at the lower, losses at the upper index price. */
function priceOfImpact(market: GmxMarket, amount: bigint): bigint {
  return amount * (amount > 0n ? market.indexToken.priceMin : market.indexToken.priceMax);
}

/**
 * Computes the price impact that the liquidation check counts, USD with 30 decimals, never above 0: that of closing all of it and what is pending from opening,
 * together no worse than the market's limit for liquidations.
 *
 * @source PositionUtils.sol isPositionLiquidatable
 */
export function computeLiquidationImpact(market: GmxMarket, position: GmxPosition): bigint {
  const greatestGain = applyFactor(position.sizeInUsd, market.maxPositionImpactFactorPositive);
  const impact = min(position.closingImpactUsd, greatestGain) + priceOfImpact(market, position.pendingImpactAmount);
  const worst = -applyFactor(position.sizeInUsd, market.maxPositionImpactFactorForLiquidations);
  return impact >= 0n ? 0n : max(impact, worst);
}

/** Price impact of an order that closes a part, USD with 30 decimals. */
export interface CloseImpact {
  /** At most 0: what the order pays. Gains are not counted, since they depend on what is in the impact pool. */
  readonly paidUsd: bigint;
  /** What exceeds the order's limit: taken from the account too, and claimable later. */
  readonly claimableUsd: bigint;
  /** Index tokens of pending impact that the part settles. */
  readonly settledAmount: bigint;
}

/**
 * Computes the price impact of closing `sizeDeltaUsd` (30 decimals). The impact of a part is taken as its share of the whole's. That is an approximation: impact grows faster
 * than the size, so a loss is overstated rather than understated as long as the close does not tip the market's balance over.
 *
 * @source DecreasePositionCollateralUtils.sol processCollateral
 */
export function computeCloseImpact(market: GmxMarket, position: GmxPosition, sizeDeltaUsd: bigint): CloseImpact {
  const { pendingImpactAmount, closingImpactUsd, sizeInUsd } = position;
  const share = pendingImpactAmount < 0n ? mulDivFrom0 : mulDivTowards0;
  const settledAmount = share(pendingImpactAmount, sizeDeltaUsd, sizeInUsd);
  const total = mulDivFrom0(closingImpactUsd, sizeDeltaUsd, sizeInUsd) + priceOfImpact(market, settledAmount);
  const worst = -applyFactor(sizeDeltaUsd, market.maxPositionImpactFactorNegative);
  if (total >= 0n) return { paidUsd: 0n, claimableUsd: 0n, settledAmount };
  return { paidUsd: max(total, worst), claimableUsd: max(worst - total, 0n), settledAmount };
}
