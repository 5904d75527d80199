import { divDown, divUp, min, pow10, WAD } from '../../core/fixed-point.ts';
import type { AaveAccountData, ValuedHolding } from './account-data.ts';
import { tokenMath } from './indexes.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveEMode, AaveReserve } from './state.ts';
import { percentDivDown, percentDivHalfUp, percentDivUp, percentMulDown, percentMulHalfUp, percentMulUp } from './wad-ray.ts';

/** Above this health factor (wad) a liquidation is limited to the close factor. @source LiquidationLogic.CLOSE_FACTOR_HF_THRESHOLD */
export const CLOSE_FACTOR_HF_THRESHOLD = (95n * WAD) / 100n;
/** The close factor in bps. @source LiquidationLogic.DEFAULT_LIQUIDATION_CLOSE_FACTOR */
export const DEFAULT_CLOSE_FACTOR_BPS = 5_000n;
/** Base units below which a leg is liquidated whole (3.3). @source LiquidationLogic.MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD */
export const MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD = 2_000n * 10n ** 8n;
/** Base units that a partial liquidation must leave on both sides (3.3). @source LiquidationLogic.MIN_LEFTOVER_BASE */
export const MIN_LEFTOVER_BASE = 1_000n * 10n ** 8n;

/** One pair's facts, enough for the seizure arithmetic alone. Amounts are raw token units, prices base-currency units. */
export interface SeizureInput {
  readonly collateralPrice: bigint;
  readonly collateralDecimals: number;
  /** What the user has of the collateral. */
  readonly collateralBalance: bigint;
  readonly debtPrice: bigint;
  readonly debtDecimals: number;
  /** After the close factor. */
  readonly debtToCover: bigint;
  /** Including the 100 %. */
  readonly bonusBps: bigint;
  readonly protocolFeeBps: bigint;
}

/** What is seized for what. `seized` includes the protocol fee. */
export interface Seizure {
  readonly repaid: bigint;
  readonly seized: bigint;
  readonly protocolFee: bigint;
  /** Which side bound the amounts. */
  readonly limitedBy: 'debt' | 'collateral';
}

/**
 * Computes how much collateral a repayment seizes, and how much debt is needed where the collateral does not suffice.
 *
 * @source LiquidationLogic._calculateAvailableCollateralToLiquidate of each v3 version; LendingPoolCollateralManager (v2)
 */
export function computeSeizure(profile: AaveProfile, input: SeizureInput): Seizure {
  const collateralUnit = pow10(input.collateralDecimals);
  const debtUnit = pow10(input.debtDecimals);
  const numerator = input.debtPrice * input.debtToCover * collateralUnit;
  const denominator = input.collateralPrice * debtUnit;
  const wanted = computeWanted(profile, numerator, denominator, input.bonusBps);
  if (wanted <= input.collateralBalance) {
    return { repaid: input.debtToCover, seized: wanted, protocolFee: computeProtocolFee(profile, wanted, input), limitedBy: 'debt' };
  }
  const worth = divDown(input.collateralPrice * input.collateralBalance * debtUnit, input.debtPrice * collateralUnit);
  const needed = profile.seizure === 'v2' || profile.seizure === 'half-up' ? percentDivHalfUp(worth, input.bonusBps) : percentDivUp(worth, input.bonusBps);
  return {
    // v2 lowers the repayment to what is needed; v3 sets it, which is the same but for its last unit.
    repaid: profile.seizure === 'v2' ? min(needed, input.debtToCover) : needed,
    seized: input.collateralBalance,
    protocolFee: computeProtocolFee(profile, input.collateralBalance, input),
    limitedBy: 'collateral',
  };
}

function computeWanted(profile: AaveProfile, numerator: bigint, denominator: bigint, bonusBps: bigint): bigint {
  if (profile.seizure === 'v2') return divDown(percentMulHalfUp(numerator, bonusBps), denominator);
  const base = divDown(numerator, denominator);
  return profile.seizure === 'strict' ? percentMulDown(base, bonusBps) : percentMulHalfUp(base, bonusBps);
}

function computeProtocolFee(profile: AaveProfile, seized: bigint, input: SeizureInput): bigint {
  if (input.protocolFeeBps === 0n || profile.seizure === 'v2') return 0n;
  if (profile.seizure === 'strict') return percentMulUp(seized - percentDivDown(seized, input.bonusBps), input.protocolFeeBps);
  return percentMulHalfUp(seized - percentDivHalfUp(seized, input.bonusBps), input.protocolFeeBps);
}

/** The bonus in bps (including the 100 %) that a collateral is seized with. */
export function computeBonusBps(reserve: AaveReserve, eMode: AaveEMode | null): bigint {
  return BigInt(eMode?.collateral.includes(reserve.id) === true ? eMode.liquidationBonusBps : reserve.liquidationBonusBps);
}

/**
 * The largest repayment that one call may make of one debt, in raw units of the debt.
 *
 * @source LiquidationLogic.executeLiquidationCall (3.3 and later), _calculateDebt (3.0 to 3.2); LendingPoolCollateralManager (v2)
 */
export function computeMaxRepay(profile: AaveProfile, account: AaveAccountData, collateral: ValuedHolding, debt: ValuedHolding): bigint {
  const owed = debt.variableDebt + debt.stableDebt;
  if (profile.closeFactor === 'half') return percentMulHalfUp(owed, DEFAULT_CLOSE_FACTOR_BPS);
  if (profile.closeFactor === 'reserve') {
    return account.healthFactor > CLOSE_FACTOR_HF_THRESHOLD ? percentMulHalfUp(owed, DEFAULT_CLOSE_FACTOR_BPS) : owed;
  }
  const collateralValue = divDown(collateral.supplied * collateral.price, pow10(collateral.reserve.decimals));
  const isLarge = collateralValue >= MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD && debt.debtValue >= MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD && account.healthFactor > CLOSE_FACTOR_HF_THRESHOLD;
  if (!isLarge) return owed;
  const limit = percentMulHalfUp(account.totalDebtBase, DEFAULT_CLOSE_FACTOR_BPS);
  return debt.debtValue > limit ? divDown(limit * pow10(debt.reserve.decimals), debt.price) : owed;
}

/** Whether a seizure would leave too little of both sides. @source LiquidationLogic.executeLiquidationCall, MustNotLeaveDust */
export function leavesDust(profile: AaveProfile, seizure: Seizure, collateral: ValuedHolding, debt: ValuedHolding): boolean {
  const debtLeft = debt.variableDebt + debt.stableDebt - seizure.repaid;
  const collateralLeft = collateral.supplied - seizure.seized;
  if (!profile.dustAndDeficit || debtLeft <= 0n || collateralLeft <= 0n) return false;
  const debtUnit = pow10(debt.reserve.decimals);
  const debtLeftValue = profile.debtValue === 'up' ? divUp(debtLeft * debt.price, debtUnit) : divDown(debtLeft * debt.price, debtUnit);
  const collateralLeftValue = divDown(collateralLeft * collateral.price, pow10(collateral.reserve.decimals));
  return debtLeftValue < MIN_LEFTOVER_BASE || collateralLeftValue < MIN_LEFTOVER_BASE;
}

/** How a seizure leaves the user's scaled supply, and the fee that is really paid. */
export interface CollateralSettlement {
  readonly scaledLeft: bigint;
  /** Burned for the liquidator; 0 is refused by the token. */
  readonly scaledToLiquidator: bigint;
  readonly toLiquidator: bigint;
  readonly protocolFee: bigint;
  readonly flagCleared: boolean;
  /** The whole collateral of the account is gone, so that its remaining debt is written off (3.3). */
  readonly hasNoCollateralLeft: boolean;
}

/**
 * Books a seizure on the scaled balance: the liquidator's part first, then the fee, capped by what is left.
 *
 * @source LiquidationLogic.executeLiquidationCall; 3.7 decides "no collateral left" by the scaled consumption
 */
export function settleCollateral(profile: AaveProfile, account: AaveAccountData, collateral: ValuedHolding, seizure: Seizure): CollateralSettlement {
  const index = collateral.incomeIndex;
  const scaled = collateral.holding.scaledSupply;
  const toLiquidator = seizure.seized - seizure.protocolFee;
  const scaledOut = min(tokenMath.supplyBurn(profile, toLiquidator, index), scaled);
  const left = scaled - scaledOut;
  const fee = settleFee(profile, seizure.protocolFee, left, index);
  const depletion = profile.seizure === 'strict' ? depleteByScaled : depleteByValue;
  return {
    scaledLeft: left - fee.scaled,
    scaledToLiquidator: scaledOut,
    toLiquidator,
    protocolFee: fee.amount,
    ...depletion(profile, account, collateral, seizure),
  };
}

function settleFee(profile: AaveProfile, fee: bigint, scaledLeft: bigint, index: bigint): { scaled: bigint; amount: bigint } {
  if (fee === 0n) return { scaled: 0n, amount: 0n };
  const scaled = tokenMath.supplyBurn(profile, fee, index);
  if (scaled <= scaledLeft) return { scaled, amount: fee };
  const amount = tokenMath.supplyBalance(profile, scaledLeft, index);
  return { scaled: profile.tokenRounding === 'protocol' ? scaledLeft : min(tokenMath.supplyBurn(profile, amount, index), scaledLeft), amount };
}

type Depletion = Pick<CollateralSettlement, 'flagCleared' | 'hasNoCollateralLeft'>;

function depleteByValue(profile: AaveProfile, account: AaveAccountData, collateral: ValuedHolding, seizure: Seizure): Depletion {
  const seizedValue = divDown(seizure.seized * collateral.price, pow10(collateral.reserve.decimals));
  return {
    flagCleared: seizure.seized === collateral.supplied,
    hasNoCollateralLeft: profile.dustAndDeficit && seizedValue === account.totalCollateralBase,
  };
}

function depleteByScaled(profile: AaveProfile, account: AaveAccountData, collateral: ValuedHolding, seizure: Seizure): Depletion {
  const scaled = collateral.holding.scaledSupply;
  const burn = (amount: bigint): bigint => tokenMath.supplyBurn(profile, amount, collateral.incomeIndex);
  const consumed = min(burn(seizure.seized - seizure.protocolFee) + burn(seizure.protocolFee), scaled);
  const consumedValue = divDown(tokenMath.supplyBalance(profile, consumed, collateral.incomeIndex) * collateral.price, pow10(collateral.reserve.decimals));
  const hasNoCollateralLeft = consumedValue === account.totalCollateralBase;
  return { flagCleared: consumed === scaled || hasNoCollateralLeft, hasNoCollateralLeft };
}
