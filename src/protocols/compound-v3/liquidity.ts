import { MissingPrice, UnknownMarket } from '../../core/errors.ts';
import { mulDivDown, pow10, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import { computePresentValue } from './interest.ts';
import type { CometCollateral, CometMarket, CometPosition } from './state.ts';

/** Which of an asset's two factors weighs it: the one for borrowing and withdrawing, or the one for absorbing. */
export type CollateralFactor = 'borrowCollateralFactor' | 'liquidateCollateralFactor';

/** A held collateral with its market entry. */
export interface HeldCollateral {
  readonly collateral: CometCollateral;
  readonly balance: bigint;
}

/** Gets a comet's collateral entry. @throws {UnknownMarket} where the asset is not listed. */
export function getCollateral(market: CometMarket, asset: AssetId): CometCollateral {
  const found = market.collaterals.find((entry) => entry.asset === asset);
  if (found === undefined) throw new UnknownMarket(`Collateral ${asset}`, `comet ${market.comet}`);
  return found;
}

/** Lists what a position holds in the comet's own order, which decides which feeds are read first. @throws {UnknownMarket} where an asset is not listed. */
export function listHeld(market: CometMarket, position: CometPosition): readonly HeldCollateral[] {
  for (const held of position.collaterals) getCollateral(market, held.asset);
  return market.collaterals.flatMap((collateral) => {
    const balance = position.collaterals.find((held) => held.asset === collateral.asset)?.balance ?? 0n;
    return balance === 0n ? [] : [{ collateral, balance }];
  });
}

/** The price of the base token in the comet's unit, 8 decimals. @throws {MissingPrice} */
export function requireBasePrice(market: CometMarket): bigint {
  if (market.base.price === null) throw new MissingPrice(market.base.symbol, `comet ${market.comet}`);
  return market.base.price;
}

/**
 * Computes the value of a holding in the comet's unit, 8 decimals, rounded down.
 *
 * @throws {MissingPrice}
 * @source CometWithExtendedAssetList.sol mulPrice
 */
export function computeValue(market: CometMarket, held: HeldCollateral): bigint {
  if (held.collateral.price === null) throw new MissingPrice(held.collateral.symbol, `comet ${market.comet}`);
  return mulDivDown(held.balance, held.collateral.price, pow10(held.collateral.decimals));
}

/**
 * Computes the value of the signed base balance at the stored indexes, 8 decimals. A debt is truncated towards zero, in the account's favour.
 *
 * @throws {MissingPrice}
 * @source CometWithExtendedAssetList.sol signedMulPrice
 */
export function computeBaseValue(market: CometMarket, position: CometPosition): bigint {
  return (computePresentValue(market, position.principal) * requireBasePrice(market)) / pow10(market.base.decimals);
}

/**
 * Computes base value plus weighted collateral values, 8 decimals, at the stored indexes: negative means liquidatable (or, with the borrow factor, that
 * nothing more may be borrowed or withdrawn). Every held asset is counted, so that the result is the account's whole slack.
 *
 * @throws {MissingPrice}
 * @source CometWithExtendedAssetList.sol isLiquidatable, isBorrowCollateralized
 */
export function computeLiquidity(market: CometMarket, position: CometPosition, factor: CollateralFactor): bigint {
  return listHeld(market, position).reduce((total, held) => total + mulDivDown(computeValue(market, held), held.collateral[factor], WAD), computeBaseValue(market, position));
}

/**
 * Tells whether the account's liquidity is below 0 at the stored indexes, reading feeds in the comet's order and stopping as soon as it is covered, as
 * the comet does: a dead feed of a later asset does not matter.
 *
 * @throws {MissingPrice} where the comet would revert with BadPrice.
 * @source CometWithExtendedAssetList.sol isLiquidatable, isBorrowCollateralized
 */
export function isUncovered(market: CometMarket, position: CometPosition, factor: CollateralFactor): boolean {
  if (position.principal >= 0n) return false;
  let liquidity = computeBaseValue(market, position);
  for (const held of listHeld(market, position)) {
    if (liquidity >= 0n) return false;
    liquidity += mulDivDown(computeValue(market, held), held.collateral[factor], WAD);
  }
  return liquidity < 0n;
}
