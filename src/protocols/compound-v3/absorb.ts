import { max, mulDivDown, pow10, WAD } from '../../core/fixed-point.ts';
import type { TokenAmount } from '../../core/rule.ts';
import { computePresentValue, computePrincipal } from './interest.ts';
import { computeValue, listHeld, requireBasePrice } from './liquidity.ts';
import type { CometMarket, CometPosition } from './state.ts';

/** What absorbing one account does, before it is booked. Base amounts are raw units, values have 8 decimals in the comet's unit. */
export interface Absorption {
  /** All of the account's collateral. */
  readonly seized: readonly TokenAmount[];
  /** Σ value × liquidation factor: what the account is credited with. */
  readonly creditedValue: bigint;
  readonly creditedBase: bigint;
  /** The debt before, a positive number. */
  readonly debt: bigint;
  /** The balance after, never negative: what is left over stays as supply. */
  readonly newBalance: bigint;
  readonly newPrincipal: bigint;
  /** Debt that the collateral did not cover, taken by the reserves. */
  readonly badDebt: bigint;
  /** `basePaidOut` and `usdValue` of the AbsorbDebt event. */
  readonly basePaidOut: bigint;
  readonly basePaidOutValue: bigint;
}

/**
 * Computes the absorption of an account at the market's stored indexes; accrue first. All collateral goes, whatever the debt.
 *
 * @throws {MissingPrice} where a held asset has no price: the comet reverts with BadPrice.
 * @source CometWithExtendedAssetList.sol absorbInternal
 */
export function computeAbsorption(market: CometMarket, position: CometPosition): Absorption {
  const basePrice = requireBasePrice(market);
  const baseScale = pow10(market.base.decimals);
  const held = listHeld(market, position);
  const creditedValue = held.reduce((total, one) => total + mulDivDown(computeValue(market, one), one.collateral.liquidationFactor, WAD), 0n);
  const creditedBase = mulDivDown(creditedValue, baseScale, basePrice);
  const oldBalance = computePresentValue(market, position.principal);
  const newBalance = max(oldBalance + creditedBase, 0n);
  const basePaidOut = newBalance - oldBalance;
  return {
    seized: held.map((one) => ({ asset: one.collateral.asset, amount: one.balance })),
    creditedValue,
    creditedBase,
    debt: -oldBalance,
    newBalance,
    newPrincipal: computePrincipal(market, newBalance),
    badDebt: max(-oldBalance - creditedBase, 0n),
    basePaidOut,
    basePaidOutValue: mulDivDown(basePaidOut, basePrice, baseScale),
  };
}
