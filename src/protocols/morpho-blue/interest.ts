import { InvalidArgument } from '../../core/errors.ts';
import { mulDivDown, WAD } from '../../core/fixed-point.ts';
import { toSharesDown } from './shares.ts';
import type { MorphoMarket } from './state.ts';

/**
 * e^(rate·elapsed) − 1 by its first three terms, each rounded down; rate per second and result in 1e18.
 *
 * @source MathLib.sol wTaylorCompounded
 */
export function compoundedGrowthWad(ratePerSecond: bigint, elapsed: bigint): bigint {
  const first = ratePerSecond * elapsed;
  const second = mulDivDown(first, first, 2n * WAD);
  const third = mulDivDown(second, first, 3n * WAD);
  return first + second + third;
}

/**
 * The market with the interest of the time since `lastUpdate` booked, at the market's own borrowRate.
 *
 * Totals are the contract's as long as borrowRate is what the rate model answers for this very span.
 *
 * @param at Unix seconds.
 * @throws {InvalidArgument} where `at` lies before lastUpdate.
 * @source Morpho.sol _accrueInterest
 */
export function accrueInterest(market: MorphoMarket, at: bigint): MorphoMarket {
  const elapsed = at - market.lastUpdate;
  if (elapsed < 0n) {
    throw new InvalidArgument(`Market ${market.id} was updated at ${market.lastUpdate}; it cannot be evaluated at the earlier time ${at}.`);
  }
  if (elapsed === 0n) return market;
  const interest = mulDivDown(market.totalBorrowAssets, compoundedGrowthWad(market.borrowRate, elapsed), WAD);
  const totalSupplyAssets = market.totalSupplyAssets + interest;
  const feeAmount = mulDivDown(interest, market.fee, WAD);
  const feeShares = toSharesDown(feeAmount, { assets: totalSupplyAssets - feeAmount, shares: market.totalSupplyShares });
  return {
    ...market,
    totalBorrowAssets: market.totalBorrowAssets + interest,
    totalSupplyAssets,
    totalSupplyShares: market.totalSupplyShares + feeShares,
    lastUpdate: at,
  };
}
