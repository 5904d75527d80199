import { MissingPrice } from '../../core/errors.ts';
import { mulDivDown, WAD } from '../../core/fixed-point.ts';
import { type ShareTotals, toAssetsUp } from './shares.ts';
import type { MorphoMarket, MorphoPosition } from './state.ts';

/** Scale of an oracle's answer. @source ConstantsLib.sol */
export const ORACLE_PRICE_SCALE = 10n ** 36n;

/** The integers that the contract compares, in loan base units. */
export interface MorphoFigures {
  readonly borrowed: bigint;
  readonly maxBorrow: bigint;
  readonly collateralValue: bigint;
}

/** The borrow side's totals, as they stand in the market. */
export function borrowTotals(market: MorphoMarket): ShareTotals {
  return { assets: market.totalBorrowAssets, shares: market.totalBorrowShares };
}

/** The supply side's totals, as they stand in the market. */
export function supplyTotals(market: MorphoMarket): ShareTotals {
  return { assets: market.totalSupplyAssets, shares: market.totalSupplyShares };
}

/** The oracle's price, loan base units per collateral base unit × 1e36. @throws {MissingPrice} where it is absent or zero. */
export function getOraclePrice(market: MorphoMarket): bigint {
  if (market.oraclePrice === null || market.oraclePrice === 0n) {
    throw new MissingPrice(`${market.collateral.symbol} in ${market.loan.symbol}`, `Morpho market ${market.id}`);
  }
  return market.oraclePrice;
}

/**
 * What is owed and what may be owed, on totals that are already accrued.
 *
 * @throws {MissingPrice} where there is collateral and no price for it.
 * @source Morpho.sol _isHealthy
 */
export function computeFigures(accrued: MorphoMarket, position: MorphoPosition): MorphoFigures {
  const borrowed = toAssetsUp(position.borrowShares, borrowTotals(accrued));
  const collateralValue = position.collateral === 0n ? 0n : mulDivDown(position.collateral, getOraclePrice(accrued), ORACLE_PRICE_SCALE);
  return { borrowed, collateralValue, maxBorrow: mulDivDown(collateralValue, accrued.lltv, WAD) };
}

/** The contract's own decision on accrued totals: without debt always healthy, otherwise maxBorrow ≥ borrowed. @throws {MissingPrice} */
export function isHealthy(accrued: MorphoMarket, position: MorphoPosition): boolean {
  if (position.borrowShares === 0n) return true;
  const { borrowed, maxBorrow } = computeFigures(accrued, position);
  return maxBorrow >= borrowed;
}
