import { MissingPrice, UnknownMarket } from '../../core/errors.ts';
import { divDown, divUp, MAX_UINT256, pow10 } from '../../core/fixed-point.ts';
import { computeCompounded, computeDebtIndex, computeIncomeIndex, tokenMath } from './indexes.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveEMode, AaveHolding, AavePool, AavePosition, AaveReserve } from './state.ts';
import { percentMulHalfUp, rayMulHalfUp, wadDivHalfUp } from './wad-ray.ts';

/** One reserve of one user, valued. Amounts are raw token units, values base-currency units. */
export interface ValuedHolding {
  readonly holding: AaveHolding;
  readonly reserve: AaveReserve;
  readonly incomeIndex: bigint;
  readonly debtIndex: bigint;
  readonly supplied: bigint;
  readonly variableDebt: bigint;
  readonly stableDebt: bigint;
  /** Price in base currency; the e-mode category's own where it has one. */
  readonly price: bigint;
  /** Whether the protocol counts the supply as collateral. */
  readonly counts: boolean;
  /** Threshold it counts with, bps. */
  readonly thresholdBps: number;
  readonly ltvBps: number;
  /** 0 where it does not count. */
  readonly collateralValue: bigint;
  readonly debtValue: bigint;
}

/** What `getUserAccountData` returns, and what the code inside it knows. */
export interface AaveAccountData {
  readonly holdings: readonly ValuedHolding[];
  readonly totalCollateralBase: bigint;
  readonly totalDebtBase: bigint;
  /** Σ value · threshold, in base units × bps. */
  readonly weightedCollateral: bigint;
  readonly currentLiquidationThreshold: bigint;
  readonly ltv: bigint;
  /** Wad; 2^256 − 1 where there is no debt. */
  readonly healthFactor: bigint;
  readonly hasZeroLtvCollateral: boolean;
}

/** The reserve with list position `id`. @throws {UnknownMarket} */
export function getReserve(pool: AavePool, id: number): AaveReserve {
  const found = pool.reserves.find((reserve) => reserve.id === id);
  if (found === undefined) throw new UnknownMarket(`reserve ${id}`, 'this pool');
  return found;
}

/** The user's e-mode category, or null where none is chosen. @throws {UnknownMarket} where the category was not read. */
export function getEMode(pool: AavePool, position: AavePosition): AaveEMode | null {
  if (position.eMode === 0) return null;
  const found = pool.eModes.find((category) => category.id === position.eMode);
  if (found === undefined) throw new UnknownMarket(`e-mode category ${position.eMode}`, 'this pool');
  return found;
}

/** The LTV that a reserve has for a user, in bps. @source ValidationLogic.getUserReserveLtv (3.6), GenericLogic (before) */
export function computeUserLtvBps(profile: AaveProfile, reserve: AaveReserve, eMode: AaveEMode | null): number {
  const isMember = eMode?.collateral.includes(reserve.id) === true;
  if (profile.eModeLtv === 'needs-base-ltv') return reserve.ltvBps !== 0 && isMember ? eMode.ltvBps : reserve.ltvBps;
  if (isMember) return eMode.ltvZero.includes(reserve.id) ? 0 : eMode.ltvBps;
  return eMode?.isolated === true ? 0 : reserve.ltvBps;
}

/** How accounts of an e-mode see a reserve. */
export interface ReserveUse {
  /** In base currency; the category's own where it has one. */
  readonly price: bigint;
  /** Whether supply counts that is used as collateral. */
  readonly counts: boolean;
  readonly thresholdBps: number;
}

/** The price and threshold of a reserve for accounts of an e-mode, or of none. @source GenericLogic.calculateUserAccountData */
export function resolveUse(profile: AaveProfile, eMode: AaveEMode | null, reserve: AaveReserve): ReserveUse {
  const isMember = eMode?.collateral.includes(reserve.id) === true;
  return {
    price: isMember && eMode.price !== null && eMode.price !== 0n ? eMode.price : reserve.price,
    counts: profile.countsZeroThreshold || reserve.liquidationThresholdBps !== 0,
    thresholdBps: isMember ? eMode.liquidationThresholdBps : reserve.liquidationThresholdBps,
  };
}

/** A reserve with its indexes at a unix second. */
export interface AccruedReserve {
  readonly reserve: AaveReserve;
  /** Raw units per whole token. */
  readonly unit: bigint;
  readonly at: bigint;
  readonly incomeIndex: bigint;
  /** As an account sees it that owes. */
  readonly debtIndex: bigint;
}

/** Accrues one reserve to unix second `at`. */
export function accrueReserve(profile: AaveProfile, reserve: AaveReserve, at: bigint): AccruedReserve {
  return { reserve, unit: pow10(reserve.decimals), at, incomeIndex: computeIncomeIndex(reserve, at), debtIndex: computeDebtIndex(profile, reserve, { at, ownScaledDebt: 1n }) };
}

/**
 * Values one holding at unix second `at`.
 *
 * @throws {MissingPrice} where it counts, or owes, and its price is 0.
 */
export function valueHolding(profile: AaveProfile, pool: AavePool, eMode: AaveEMode | null, holding: AaveHolding, at: bigint): ValuedHolding {
  return valueAccrued(profile, eMode, holding, accrueReserve(profile, getReserve(pool, holding.reserve), at));
}

function valueAccrued(profile: AaveProfile, eMode: AaveEMode | null, holding: AaveHolding, { reserve, unit, at, incomeIndex, ...accrued }: AccruedReserve): ValuedHolding {
  const debtIndex = holding.scaledVariableDebt === 0n && reserve.scaledVariableDebt === 0n ? reserve.variableBorrowIndex : accrued.debtIndex;
  const supplied = tokenMath.supplyBalance(profile, holding.scaledSupply, incomeIndex);
  const variableDebt = tokenMath.debtBalance(profile, holding.scaledVariableDebt, debtIndex);
  const stableDebt = computeStableDebt(profile, holding, at);
  const debt = variableDebt + stableDebt;
  const { price, thresholdBps, ...use } = resolveUse(profile, eMode, reserve);
  const counts = holding.usedAsCollateral && use.counts;
  if (price === 0n && (debt !== 0n || (counts && supplied !== 0n))) throw new MissingPrice(reserve.asset, profile.label);
  return {
    holding,
    reserve,
    incomeIndex,
    debtIndex,
    supplied,
    variableDebt,
    stableDebt,
    price,
    counts,
    thresholdBps,
    ltvBps: computeUserLtvBps(profile, reserve, eMode),
    collateralValue: counts ? divDown(supplied * price, unit) : 0n,
    debtValue: profile.debtValue === 'up' ? divUp(debt * price, unit) : divDown(debt * price, unit),
  };
}

/** Stable-rate debt with its interest to `at`. @source StableDebtToken.balanceOf */
function computeStableDebt(profile: AaveProfile, holding: AaveHolding, at: bigint): bigint {
  const stable = holding.stableDebt;
  if (stable === null || stable.principal === 0n) return 0n;
  return rayMulHalfUp(stable.principal, computeCompounded(profile.compounding, stable.rate, at - stable.lastUpdate));
}

/**
 * The account as the pool sees it at unix second `at`.
 *
 * @source GenericLogic.calculateUserAccountData of each version
 * @throws {MissingPrice} @throws {UnknownMarket}
 */
export function computeAccountData(profile: AaveProfile, pool: AavePool, position: AavePosition, at: bigint): AaveAccountData {
  return computeAccruedData(profile, pool, position, (id) => accrueReserve(profile, getReserve(pool, id), at));
}

/** As {@link computeAccountData}, with reserves that were accrued before. */
export function computeAccruedData(profile: AaveProfile, pool: AavePool, position: AavePosition, accrued: (reserve: number) => AccruedReserve): AaveAccountData {
  const eMode = getEMode(pool, position);
  const holdings = position.holdings.map((holding) => valueAccrued(profile, eMode, holding, accrued(holding.reserve)));
  let totalCollateralBase = 0n;
  let totalDebtBase = 0n;
  let weightedCollateral = 0n;
  let weightedLtv = 0n;
  let hasZeroLtvCollateral = false;
  for (const valued of holdings) {
    totalDebtBase += valued.debtValue;
    if (!valued.counts) continue;
    totalCollateralBase += valued.collateralValue;
    weightedCollateral += valued.collateralValue * BigInt(valued.thresholdBps);
    weightedLtv += valued.collateralValue * BigInt(valued.ltvBps);
    if (valued.ltvBps === 0) hasZeroLtvCollateral = true;
  }
  const average = (weighted: bigint): bigint => (totalCollateralBase === 0n ? 0n : weighted / totalCollateralBase);
  const currentLiquidationThreshold = average(weightedCollateral);
  return {
    holdings,
    totalCollateralBase,
    totalDebtBase,
    weightedCollateral,
    currentLiquidationThreshold,
    ltv: average(weightedLtv),
    healthFactor: computeHealthFactor(profile, { totalCollateralBase, totalDebtBase, weightedCollateral, currentLiquidationThreshold }),
    hasZeroLtvCollateral,
  };
}

function computeHealthFactor(profile: AaveProfile, sums: Pick<AaveAccountData, 'totalCollateralBase' | 'totalDebtBase' | 'weightedCollateral' | 'currentLiquidationThreshold'>): bigint {
  if (sums.totalDebtBase === 0n) return MAX_UINT256;
  if (profile.healthFactor === 'full') return wadDivHalfUp(sums.weightedCollateral, sums.totalDebtBase) / 10_000n;
  return wadDivHalfUp(percentMulHalfUp(sums.totalCollateralBase, sums.currentLiquidationThreshold), sums.totalDebtBase);
}
