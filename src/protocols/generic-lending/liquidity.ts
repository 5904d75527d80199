import { divDown, mulDivDown, pow10, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import { type GenericAsset, type GenericMarket, type GenericPosition, getAsset, getBorrowFactor, getCollateralFactor, getPrice } from './state.ts';

/** One asset of an account, split into the part where its own collateral covers its own debt and the rest. Raw base units. */
export interface AssetSplit {
  readonly asset: GenericAsset;
  /** True where the asset is both collateral and debt, and the book has a self-collateral factor. */
  readonly overlaps: boolean;
  /** Debt covered by collateral in the same asset; it stands on both sides at full value. */
  readonly selfCovered: bigint;
  /** Collateral left for other debt. */
  readonly collateral: bigint;
  /** Debt left for other collateral. */
  readonly debt: bigint;
}

/** Risk-adjusted sums in the unit of account at 1e18. */
export interface Liquidity {
  readonly collateralValue: bigint;
  readonly liabilityValue: bigint;
  readonly borrows: number;
  /** True where the debt may only stand alone: an isolated asset, or one that its own collateral covers. */
  readonly isolated: boolean;
}

/**
 * Splits an (accrued) position by asset: d of debt takes d / factor of the same asset's collateral, or all of it.
 *
 * @source euler-xyz/euler-contracts RiskManager.computeLiquidityRaw
 */
export function splitBySelfCollateral(market: GenericMarket, position: GenericPosition): readonly AssetSplit[] {
  const ids = new Set<AssetId>([...position.supplied.map((entry) => entry.asset), ...position.debts.map((entry) => entry.asset)]);
  return [...ids].map((id) => {
    const asset = getAsset(market, id);
    const held = position.supplied.find((entry) => entry.asset === id);
    const balance = held?.collateral === true ? held.amount : 0n;
    const owed = position.debts.find((entry) => entry.asset === id)?.amount ?? 0n;
    const factor = market.selfCollateralFactor;
    if (factor === null || balance === 0n || owed === 0n) {
      return { asset, overlaps: false, selfCovered: 0n, collateral: balance, debt: owed };
    }
    const needed = mulDivDown(owed, WAD, factor);
    return needed > balance ? splitOf(asset, mulDivDown(balance, factor, WAD), 0n, owed) : splitOf(asset, owed, balance - needed, owed);
  });
}

function splitOf(asset: GenericAsset, selfCovered: bigint, collateral: bigint, owed: bigint): AssetSplit {
  return { asset, overlaps: true, selfCovered, collateral, debt: owed - selfCovered };
}

/**
 * Sums an (accrued) position as the protocol does, every step rounded down.
 *
 * @throws {MissingPrice} @throws {UnknownMarket} @throws {UnsupportedState} where a factor that is needed is not known.
 * @source euler-xyz/euler-contracts RiskManager.computeLiquidityRaw
 */
export function computeLiquidity(market: GenericMarket, position: GenericPosition): Liquidity {
  let collateralValue = 0n;
  let liabilityValue = 0n;
  let borrows = 0;
  let isolated = false;
  for (const { asset, overlaps, selfCovered, collateral, debt } of splitBySelfCollateral(market, position)) {
    if (selfCovered + debt > 0n) {
      borrows += 1;
      isolated ||= asset.borrowIsolated || overlaps;
    }
    if (overlaps) {
      const counted = (collateral > 0n ? mulDivDown(collateral, getCollateralFactor(asset), WAD) : 0n) + selfCovered;
      collateralValue += valueOf(asset, counted);
      liabilityValue += valueOf(asset, selfCovered);
    } else if (collateral > 0n) {
      collateralValue += mulDivDown(valueOf(asset, collateral), getCollateralFactor(asset), WAD);
    }
    if (debt > 0n) liabilityValue += divDown(valueOf(asset, debt) * WAD, getBorrowFactor(asset));
  }
  return { collateralValue, liabilityValue, borrows, isolated };
}

/** Value of `amount` in the unit of account at 1e18, rounded down. @throws {MissingPrice} */
export function valueOf(asset: GenericAsset, amount: bigint): bigint {
  return mulDivDown(amount, getPrice(asset), pow10(asset.decimals));
}
