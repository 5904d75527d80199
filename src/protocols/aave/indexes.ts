import { RAY, SECONDS_PER_YEAR, subFloor0 } from '../../core/fixed-point.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveReserve } from './state.ts';
import { rayDivDown, rayDivHalfUp, rayDivUp, rayMulDown, rayMulHalfUp, rayMulUp } from './wad-ray.ts';

/**
 * The growth of a debt over `elapsed` seconds at `rate` (ray per year), in ray.
 *
 * @source MathUtils.calculateCompoundedInterest of protocol-v2, aave-v3-core and aave-v3-origin 3.4
 */
export function computeCompounded(compounding: AaveProfile['compounding'], rate: bigint, elapsed: bigint): bigint {
  if (elapsed <= 0n) return RAY;
  if (compounding === 'taylor') {
    const x = (rate * elapsed) / SECONDS_PER_YEAR;
    return RAY + x + rayMulHalfUp(x, x / 2n + rayMulHalfUp(x, x / 6n));
  }
  const [first, square, cube] = compounding === 'binomial' ? powersOfYearlyRate(rate, elapsed) : powersOfSecondRate(rate, elapsed);
  const second = (elapsed * (elapsed - 1n) * square) / 2n;
  const third = (elapsed * (elapsed - 1n) * subFloor0(elapsed, 2n) * cube) / 6n;
  return RAY + first + second + third;
}

function powersOfYearlyRate(rate: bigint, elapsed: bigint): [bigint, bigint, bigint] {
  const square = rayMulHalfUp(rate, rate) / (SECONDS_PER_YEAR * SECONDS_PER_YEAR);
  return [(rate * elapsed) / SECONDS_PER_YEAR, square, rayMulHalfUp(square, rate) / SECONDS_PER_YEAR];
}

function powersOfSecondRate(rate: bigint, elapsed: bigint): [bigint, bigint, bigint] {
  const perSecond = rate / SECONDS_PER_YEAR;
  const square = rayMulHalfUp(perSecond, perSecond);
  return [perSecond * elapsed, square, rayMulHalfUp(square, perSecond)];
}

/** The liquidity index at unix second `at`, ray. @source ReserveLogic.getNormalizedIncome */
export function computeIncomeIndex(reserve: AaveReserve, at: bigint): bigint {
  const elapsed = subFloor0(at, reserve.lastUpdate);
  if (elapsed === 0n) return reserve.liquidityIndex;
  return rayMulHalfUp(RAY + (reserve.liquidityRate * elapsed) / SECONDS_PER_YEAR, reserve.liquidityIndex);
}

/**
 * The variable borrow index at unix second `at`, ray. It stands still while nobody owes at the variable rate: the first loan starts from the stored index, whatever rate is stored beside it.
 *
 * @param ownScaledDebt the user's scaled debt: a total of 0 beside it is not believed
 * @source ReserveLogic.getNormalizedDebt, ReserveLogic._updateIndexes
 */
export function computeDebtIndex(profile: AaveProfile, reserve: AaveReserve, { at, ownScaledDebt }: { readonly at: bigint; readonly ownScaledDebt: bigint }): bigint {
  const elapsed = subFloor0(at, reserve.lastUpdate);
  if (elapsed === 0n || (reserve.scaledVariableDebt === 0n && ownScaledDebt === 0n)) return reserve.variableBorrowIndex;
  return rayMulHalfUp(computeCompounded(profile.compounding, reserve.variableBorrowRate, elapsed), reserve.variableBorrowIndex);
}

/**
 * The conversions between amounts and scaled balances, by the profile's rounding.
 *
 * @source TokenMath.sol (3.5 and later), ScaledBalanceTokenBase (before)
 */
export const tokenMath = {
  supplyBalance: (profile: AaveProfile, scaled: bigint, index: bigint) => (isProtocol(profile) ? rayMulDown(scaled, index) : rayMulHalfUp(scaled, index)),
  supplyMint: (profile: AaveProfile, amount: bigint, index: bigint) => (isProtocol(profile) ? rayDivDown(amount, index) : rayDivHalfUp(amount, index)),
  supplyBurn: (profile: AaveProfile, amount: bigint, index: bigint) => (isProtocol(profile) ? rayDivUp(amount, index) : rayDivHalfUp(amount, index)),
  debtBalance: (profile: AaveProfile, scaled: bigint, index: bigint) => (isProtocol(profile) ? rayMulUp(scaled, index) : rayMulHalfUp(scaled, index)),
  debtMint: (profile: AaveProfile, amount: bigint, index: bigint) => (isProtocol(profile) ? rayDivUp(amount, index) : rayDivHalfUp(amount, index)),
  debtBurn: (profile: AaveProfile, amount: bigint, index: bigint) => (isProtocol(profile) ? rayDivDown(amount, index) : rayDivHalfUp(amount, index)),
} as const;

function isProtocol(profile: AaveProfile): boolean {
  return profile.tokenRounding === 'protocol';
}
