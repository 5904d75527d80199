import { MissingPrice, RuleViolation } from '../../core/errors.ts';
import { divDown, mulDivDown, pow10, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import { accrueMarket, BASE_INDEX_SCALE } from './interest.ts';
import { getCollateral, requireBasePrice } from './liquidity.ts';
import { COMPOUND_V3_RULE } from './rule-id.ts';
import type { CometMarket } from './state.ts';

/**
 * Computes the comet's reserves of base at `at`, raw units, negative where it owes more than it has.
 *
 * @source CometWithExtendedAssetList.sol getReserves
 */
export function computeReserves(market: CometMarket, at: bigint): bigint {
  const accrued = accrueMarket(market, at);
  const supplied = mulDivDown(accrued.totalSupplyBase, accrued.baseSupplyIndex, BASE_INDEX_SCALE);
  const borrowed = mulDivDown(accrued.totalBorrowBase, accrued.baseBorrowIndex, BASE_INDEX_SCALE);
  return accrued.baseBalance - supplied + borrowed;
}

/**
 * Quotes the collateral, in raw units, that a raw amount of base buys from the comet: oracle price less the store-front share of the liquidation penalty.
 *
 * @throws {MissingPrice} @throws {UnknownMarket}
 * @source CometWithExtendedAssetList.sol quoteCollateral
 */
export function quoteCollateral(market: CometMarket, asset: AssetId, baseAmount: bigint): bigint {
  const collateral = getCollateral(market, asset);
  if (collateral.price === null) throw new MissingPrice(collateral.symbol, `comet ${market.comet}`);
  const discount = mulDivDown(market.storeFrontPriceFactor, WAD - collateral.liquidationFactor, WAD);
  const discountedPrice = mulDivDown(collateral.price, WAD - discount, WAD);
  const scaled = divDown(requireBasePrice(market) * baseAmount * pow10(collateral.decimals), discountedPrice);
  return divDown(scaled, pow10(market.base.decimals));
}

/** A purchase of absorbed collateral. */
export interface CollateralPurchase {
  readonly market: CometMarket;
  /** Raw units of the collateral. */
  readonly bought: bigint;
}

/** What is bought, with how much base, and the least that the buyer accepts; `at` in unix seconds. */
export interface BuyCollateralOptions {
  readonly asset: AssetId;
  readonly baseAmount: bigint;
  readonly minAmount: bigint;
  readonly at: bigint;
}

/**
 * Computes a purchase of collateral that the comet holds, and the market after it.
 *
 * @throws {RuleViolation} Paused, NotForSale (reserves have reached their target), TooMuchSlippage, InsufficientReserves
 * @throws {MissingPrice} @throws {UnknownMarket}
 * @source CometWithExtendedAssetList.sol buyCollateral
 */
export function computeBuyCollateral(market: CometMarket, { asset, baseAmount, minAmount, at }: BuyCollateralOptions): CollateralPurchase {
  if (market.paused.buy) throw new RuleViolation(COMPOUND_V3_RULE, 'Paused', 'buying collateral is paused');
  const reserves = computeReserves(market, at);
  if (reserves >= 0n && reserves >= market.targetReserves) {
    throw new RuleViolation(COMPOUND_V3_RULE, 'NotForSale', `reserves of ${reserves} have reached their target of ${market.targetReserves}`);
  }
  const bought = quoteCollateral(market, asset, baseAmount);
  const available = getCollateral(market, asset).reserves;
  if (bought < minAmount) throw new RuleViolation(COMPOUND_V3_RULE, 'TooMuchSlippage', `${bought} is less than the ${minAmount} asked for`);
  if (bought > available) throw new RuleViolation(COMPOUND_V3_RULE, 'InsufficientReserves', `the comet has ${available}, not ${bought}`);
  const collaterals = market.collaterals.map((entry) => (entry.asset === asset ? { ...entry, reserves: entry.reserves - bought } : entry));
  return { market: { ...market, baseBalance: market.baseBalance + baseAmount, collaterals }, bought };
}
