import { InvalidArgument } from '../../core/errors.ts';
import { divUp, mulDivDown, WAD } from '../../core/fixed-point.ts';
import type { CometMarket, RateCurve } from './state.ts';

/** 1 in the 15-decimal fixed point of comet indexes. @source CometCore.sol BASE_INDEX_SCALE */
export const BASE_INDEX_SCALE = 10n ** 15n;

/**
 * Computes a curve's rate per second, 18 decimals, at a utilization with 18 decimals.
 *
 * @source CometWithExtendedAssetList.sol getSupplyRate, getBorrowRate
 */
export function computeRatePerSecond(curve: RateCurve, utilization: bigint): bigint {
  if (utilization <= curve.kink) return curve.base + mulDivDown(curve.slopeLow, utilization, WAD);
  return curve.base + mulDivDown(curve.slopeLow, curve.kink, WAD) + mulDivDown(curve.slopeHigh, utilization - curve.kink, WAD);
}

/**
 * Computes borrowed over supplied base, 18 decimals, from the stored indexes; 0 where nothing is supplied.
 *
 * @source CometWithExtendedAssetList.sol getUtilization
 */
export function computeUtilization(market: CometMarket): bigint {
  const supplied = mulDivDown(market.totalSupplyBase, market.baseSupplyIndex, BASE_INDEX_SCALE);
  const borrowed = mulDivDown(market.totalBorrowBase, market.baseBorrowIndex, BASE_INDEX_SCALE);
  return supplied === 0n ? 0n : mulDivDown(borrowed, WAD, supplied);
}

/**
 * Moves an index forward by simple interest over one step. The path matters: two half steps compound, one does not.
 *
 * @param ratePerSecond 18 decimals
 * @param elapsed seconds
 * @source CometWithExtendedAssetList.sol accruedInterestIndices
 * @example
 * ```ts
 * accrueIndex(1_081_234_567_890_123n, 1_759_893_453n, 3_600n); // 1081241418177616n
 * ```
 */
export function accrueIndex(index: bigint, ratePerSecond: bigint, elapsed: bigint): bigint {
  return index + mulDivDown(index, ratePerSecond * elapsed, WAD);
}

/**
 * Accrues a market's indexes in one step up to `at` (unix seconds), as every base movement and `absorb` do first.
 *
 * @throws {InvalidArgument} where `at` lies before the last accrual.
 * @source CometWithExtendedAssetList.sol accrueInternal
 */
export function accrueMarket(market: CometMarket, at: bigint): CometMarket {
  const elapsed = at - market.lastAccrualTime;
  if (elapsed < 0n) {
    throw new InvalidArgument(`Comet ${market.comet} last accrued at ${market.lastAccrualTime}; it cannot be evaluated at the earlier second ${at}.`);
  }
  if (elapsed === 0n) return market;
  const utilization = computeUtilization(market);
  return {
    ...market,
    baseSupplyIndex: accrueIndex(market.baseSupplyIndex, computeRatePerSecond(market.supplyCurve, utilization), elapsed),
    baseBorrowIndex: accrueIndex(market.baseBorrowIndex, computeRatePerSecond(market.borrowCurve, utilization), elapsed),
    lastAccrualTime: at,
  };
}

/**
 * Computes what a principal is worth in raw base units at the market's stored indexes; negative for debt, whose magnitude is rounded down.
 *
 * @source CometCore.sol presentValue
 */
export function computePresentValue(market: CometMarket, principal: bigint): bigint {
  return principal >= 0n ? mulDivDown(principal, market.baseSupplyIndex, BASE_INDEX_SCALE) : -mulDivDown(-principal, market.baseBorrowIndex, BASE_INDEX_SCALE);
}

/**
 * Computes the principal of a balance in raw base units: supply rounded down, debt rounded up.
 *
 * @source CometCore.sol principalValue
 */
export function computePrincipal(market: CometMarket, presentValue: bigint): bigint {
  return presentValue >= 0n ? mulDivDown(presentValue, BASE_INDEX_SCALE, market.baseSupplyIndex) : -divUp(-presentValue * BASE_INDEX_SCALE, market.baseBorrowIndex);
}
