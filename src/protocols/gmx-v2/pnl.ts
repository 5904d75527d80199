import { UnknownMarket } from '../../core/errors.ts';
import { divDown, divUp, min, mulDivDown } from '../../core/fixed-point.ts';
import type { GmxMarket, GmxPosition, GmxSide, GmxToken } from './state.ts';
import { FLOAT_PRECISION } from './state.ts';

/** Applies a 30-decimal factor, rounded down. @source Precision.sol applyFactor */
export function applyFactor(value: bigint, factor: bigint): bigint {
  return mulDivDown(value, factor, FLOAT_PRECISION);
}

/** Applies a share to a signed value, its magnitude rounded down. @source Precision.sol mulDiv */
export function mulDivTowards0(value: bigint, numerator: bigint, denominator: bigint): bigint {
  return value < 0n ? -divDown(-value * numerator, denominator) : divDown(value * numerator, denominator);
}

/** Applies a share to a signed value, its magnitude rounded up. @source Precision.sol mulDiv with roundUpMagnitude */
export function mulDivFrom0(value: bigint, numerator: bigint, denominator: bigint): bigint {
  return value < 0n ? -divUp(-value * numerator, denominator) : divUp(value * numerator, denominator);
}

/** Finds the collateral token of a position among its market's. @throws {UnknownMarket} where it is neither the long nor the short token. */
export function getCollateralToken(market: GmxMarket, position: GmxPosition): GmxToken {
  const found = [market.longToken, market.shortToken].find((token) => token.asset === position.collateralToken);
  if (found === undefined) throw new UnknownMarket(`Collateral ${position.collateralToken}`, `GMX market ${market.marketToken}`);
  return found;
}

/** The token that profits of a side are paid in. */
export function getPnlToken(market: GmxMarket, isLong: boolean): GmxToken {
  return isLong ? market.longToken : market.shortToken;
}

/** The index price that a position is valued at, the worse of the two. @source Price.sol pickPriceForPnl(isLong, maximize = false) */
export function pickIndexPrice(market: GmxMarket, isLong: boolean): bigint {
  return isLong ? market.indexToken.priceMin : market.indexToken.priceMax;
}

/** The market's side that a position stands on. */
export function sideOf(market: GmxMarket, isLong: boolean): GmxSide {
  return isLong ? market.longs : market.shorts;
}

/** Profit or loss of a part of a position, USD with 30 decimals. */
export interface Pnl {
  readonly pnlUsd: bigint;
  readonly uncappedPnlUsd: bigint;
  /** Index tokens that the part closes, raw units. */
  readonly sizeDeltaInTokens: bigint;
}

/**
 * Computes the profit or loss of closing `sizeDeltaUsd` (30 decimals) of a position. Profits shrink with the pool where all of the side's profits exceed their cap.
 *
 * @source PositionUtils.sol getPositionPnlUsd
 */
export function computePnl(market: GmxMarket, position: GmxPosition, sizeDeltaUsd: bigint): Pnl {
  const { isLong, sizeInUsd, sizeInTokens } = position;
  if (sizeInTokens === 0n) return { pnlUsd: 0n, uncappedPnlUsd: 0n, sizeDeltaInTokens: 0n };
  const value = sizeInTokens * pickIndexPrice(market, isLong);
  const uncapped = isLong ? value - sizeInUsd : sizeInUsd - value;
  const sizeDeltaInTokens = toTokens(position, sizeDeltaUsd);
  return {
    pnlUsd: mulDivTowards0(capProfit(market, isLong, uncapped), sizeDeltaInTokens, sizeInTokens),
    uncappedPnlUsd: mulDivTowards0(uncapped, sizeDeltaInTokens, sizeInTokens),
    sizeDeltaInTokens,
  };
}

function toTokens({ isLong, sizeInUsd, sizeInTokens }: GmxPosition, sizeDeltaUsd: bigint): bigint {
  if (sizeDeltaUsd === sizeInUsd) return sizeInTokens;
  return isLong ? divUp(sizeInTokens * sizeDeltaUsd, sizeInUsd) : divDown(sizeInTokens * sizeDeltaUsd, sizeInUsd);
}

/** @source MarketUtils.sol getPnl, getCappedPnl */
function capProfit(market: GmxMarket, isLong: boolean, profit: bigint): bigint {
  const { openInterestUsd, openInterestInTokens, poolAmount, maxPnlFactorForTraders } = sideOf(market, isLong);
  if (profit <= 0n || maxPnlFactorForTraders === null || openInterestUsd === 0n || openInterestInTokens === 0n) return profit;
  const openInterestValue = openInterestInTokens * (isLong ? market.indexToken.priceMax : market.indexToken.priceMin);
  const poolPnl = isLong ? openInterestValue - openInterestUsd : openInterestUsd - openInterestValue;
  if (poolPnl <= 0n) return profit;
  const capped = min(poolPnl, applyFactor(poolAmount * getPnlToken(market, isLong).priceMin, maxPnlFactorForTraders));
  return capped === poolPnl || capped === 0n ? profit : mulDivDown(profit, capped, poolPnl);
}
