import { UnknownMarket } from '../../core/errors.ts';
import { divDown, min, pow10, subFloor0, WAD } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Applied, StepAmount, TokenAmount } from '../../core/rule.ts';
import { computeAccountData, computeUserLtvBps, getEMode, getReserve, type ValuedHolding, valueHolding } from './account-data.ts';
import { tokenMath } from './indexes.ts';
import { type AaveLedger, holdingOf, withHolding, withReserve } from './pool-ledger.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveEMode, AavePool, AavePosition, AaveReserve } from './state.ts';
import { violate } from './violations.ts';
import { percentDivHalfUp, percentDivUp, percentMulHalfUp, rayMulHalfUp, wadDivHalfUp } from './wad-ray.ts';

type AaveApplied = Applied<AavePool, AavePosition>;

/** The reserve of an asset. @throws {RuleViolation} AssetNotListed */
export function getReserveOf(profile: AaveProfile, pool: AavePool, asset: AssetId): AaveReserve {
  const found = pool.reserves.find((reserve) => reserve.asset === asset);
  if (found === undefined) throw violate(profile, 'AssetNotListed', `${asset} is not a reserve of the pool`);
  return found;
}

/** Refuses a reserve that is inactive or paused, and a frozen one where the step adds to it. */
export function requireUsable(profile: AaveProfile, reserve: AaveReserve, intent: 'add' | 'reduce'): void {
  if (!reserve.active) throw violate(profile, 'ReserveInactive', `${reserve.symbol} is not active`);
  if (reserve.paused) throw violate(profile, 'ReservePaused', `${reserve.symbol} is paused`);
  if (intent === 'add' && reserve.frozen) throw violate(profile, 'ReserveFrozen', `${reserve.symbol} is frozen`);
}

/** Supplies `amount` of the reserve's asset. @source SupplyLogic.executeSupply, ValidationLogic.validateSupply */
export function applySupply(profile: AaveProfile, ledger: AaveLedger, asset: AssetId, amount: bigint, at: bigint): AaveApplied {
  const reserve = getReserveOf(profile, ledger.pool, asset);
  const valued = valueHolding(profile, ledger.pool, null, { ...holdingOf(ledger.position, reserve.id), usedAsCollateral: false, scaledVariableDebt: 0n, stableDebt: null }, at);
  requirePositive(profile, amount);
  const scaled = tokenMath.supplyMint(profile, amount, valued.incomeIndex);
  requireScaled(profile, scaled, 'InvalidMintAmount');
  requireUsable(profile, reserve, 'add');
  requireSupplyCap(profile, reserve, scaled, amount, valued.incomeIndex);
  const holding = holdingOf(ledger.position, reserve.id);
  const isFirst = holding.scaledSupply === 0n;
  const usedAsCollateral = isFirst ? enablesAutomatically(profile, ledger, reserve) || holding.usedAsCollateral : holding.usedAsCollateral;
  const next = withHolding(ledger, { ...holding, scaledSupply: holding.scaledSupply + scaled, usedAsCollateral });
  return applied(withReserve(profile, next, reserve.id, at, { scaledSupply: scaled, liquidity: amount }), { paid: [{ asset, amount }] });
}

/** Withdraws an amount or all. @source SupplyLogic.executeWithdraw, ValidationLogic.validateWithdraw, validateHFAndLtvzero */
export function applyWithdraw(profile: AaveProfile, ledger: AaveLedger, asset: AssetId, wanted: StepAmount, at: bigint): AaveApplied {
  const reserve = getReserveOf(profile, ledger.pool, asset);
  const holding = holdingOf(ledger.position, reserve.id);
  const valued = valueHolding(profile, ledger.pool, getEMode(ledger.pool, ledger.position), holding, at);
  const amount = wanted === 'max' ? valued.supplied : wanted;
  requirePositive(profile, amount);
  const scaled = wanted === 'max' && profile.tokenRounding === 'protocol' ? holding.scaledSupply : tokenMath.supplyBurn(profile, amount, valued.incomeIndex);
  requireScaled(profile, scaled, 'InvalidBurnAmount');
  const isTooMuch = profile.tokenRounding === 'protocol' ? scaled > holding.scaledSupply : amount > valued.supplied;
  if (isTooMuch) throw violate(profile, 'NotEnoughAvailableUserBalance', `${amount} of ${reserve.symbol} asked, ${valued.supplied} supplied`);
  requireUsable(profile, reserve, 'reduce');
  const isSecurity = holding.usedAsCollateral && owesAnything(ledger.position);
  if (isSecurity && profile.withdrawCheck === 'before') requireDecreaseAllowed(profile, ledger, { valued, amount }, at);
  requireLiquidity(profile, reserve, amount);
  const scaledLeft = holding.scaledSupply - min(scaled, holding.scaledSupply);
  const flagCleared = profile.tokenRounding === 'protocol' ? scaledLeft === 0n : amount === valued.supplied;
  const next = withReserve(profile, withHolding(ledger, { ...holding, scaledSupply: scaledLeft, usedAsCollateral: holding.usedAsCollateral && !flagCleared }), reserve.id, at, {
    scaledSupply: -scaled,
    liquidity: -amount,
  });
  if (isSecurity && profile.withdrawCheck === 'after') requireHealthyAfterWithdraw(profile, next, reserve, at);
  return applied(next, { received: [{ asset, amount }] });
}

/**
 * v2 does not value the account after the withdrawal: it takes the withdrawn value off the total, and its share off the average threshold that was
 * already cut to whole bps.
 *
 * @source GenericLogic.balanceDecreaseAllowed of protocol-v2
 */
function requireDecreaseAllowed(profile: AaveProfile, ledger: AaveLedger, withdrawal: { valued: ValuedHolding; amount: bigint }, at: bigint): void {
  const { reserve, price } = withdrawal.valued;
  const account = computeAccountData(profile, ledger.pool, ledger.position, at);
  if (reserve.liquidationThresholdBps === 0 || account.totalDebtBase === 0n) return;
  const value = divDown(price * withdrawal.amount, pow10(reserve.decimals));
  const collateralLeft = account.totalCollateralBase - value;
  const weightLeft = account.totalCollateralBase * account.currentLiquidationThreshold - value * BigInt(reserve.liquidationThresholdBps);
  const threshold = collateralLeft <= 0n ? 0n : subFloor0(weightLeft, 0n) / collateralLeft;
  const healthFactor = wadDivHalfUp(percentMulHalfUp(subFloor0(collateralLeft, 0n), threshold), account.totalDebtBase);
  if (healthFactor < WAD) throw violate(profile, 'TransferNotAllowed', `the health factor would be ${healthFactor}`);
}

function requireHealthyAfterWithdraw(profile: AaveProfile, next: AaveLedger, reserve: AaveReserve, at: bigint): void {
  const account = computeAccountData(profile, next.pool, next.position, at);
  if (account.healthFactor < WAD) {
    throw violate(profile, 'HealthFactorLowerThanLiquidationThreshold', `the health factor would be ${account.healthFactor}`);
  }
  const ltvBps = profile.eModeLtv === 'own' ? computeUserLtvBps(profile, reserve, getEMode(next.pool, next.position)) : reserve.ltvBps;
  if (account.hasZeroLtvCollateral && ltvBps !== 0) {
    throw violate(profile, 'LtvValidationFailed', 'a collateral with LTV 0 must be withdrawn first');
  }
}

/** Borrows at the variable rate. @source BorrowLogic.executeBorrow, ValidationLogic.validateBorrow, validateHFAndLtv */
export function applyBorrow(profile: AaveProfile, ledger: AaveLedger, asset: AssetId, amount: bigint, at: bigint): AaveApplied {
  const reserve = getReserveOf(profile, ledger.pool, asset);
  const eMode = getEMode(ledger.pool, ledger.position);
  const holding = holdingOf(ledger.position, reserve.id);
  const valued = valueHolding(profile, ledger.pool, eMode, holding, at);
  requirePositive(profile, amount);
  const scaled = tokenMath.debtMint(profile, amount, valued.debtIndex);
  requireScaled(profile, scaled, 'InvalidMintAmount');
  requireUsable(profile, reserve, 'add');
  requireBorrowable(profile, ledger, reserve, eMode);
  if (!ledger.pool.borrowAllowed && profile.sentinel) throw violate(profile, 'PriceOracleSentinelCheckFailed', 'the sequencer sentinel forbids borrowing now');
  requireLiquidity(profile, reserve, amount);
  requireBorrowCap(profile, reserve, { scaled, amount, debtIndex: valued.debtIndex });
  requireNotSiloed(profile, ledger, reserve);
  const isolation = isolationChange(profile, ledger, reserve, amount);
  if (profile.borrowCheck === 'before') requirePowerBefore(profile, ledger, { reserve, amount, price: valued.price }, at);
  let next = withReserve(profile, withHolding(ledger, { ...holding, scaledVariableDebt: holding.scaledVariableDebt + scaled }), reserve.id, at, {
    scaledVariableDebt: scaled,
    liquidity: -amount,
  });
  if (isolation !== null) next = withReserve(profile, next, isolation.collateral, at, { isolationDebt: isolation.added });
  if (profile.borrowCheck === 'after') requirePowerAfter(profile, next, at);
  return applied(next, { received: [{ asset, amount }] });
}

function requirePowerBefore(profile: AaveProfile, ledger: AaveLedger, loan: { reserve: AaveReserve; amount: bigint; price: bigint }, at: bigint): void {
  const account = computeAccountData(profile, ledger.pool, ledger.position, at);
  if (account.totalCollateralBase === 0n) throw violate(profile, 'CollateralBalanceIsZero', 'nothing is used as collateral');
  // v2 meets a zero LTV only where it divides by it, after the health factor.
  const hasNoPower = account.ltv === 0n;
  if (hasNoPower && profile.errors !== 'v2-codes') throw violate(profile, 'LtvValidationFailed', 'the collateral has no borrowing power');
  if (account.healthFactor <= WAD) throw violate(profile, 'HealthFactorLowerThanLiquidationThreshold', `the health factor is ${account.healthFactor}`);
  if (hasNoPower) throw violate(profile, 'LtvValidationFailed', 'the collateral has no borrowing power');
  const value = divDown(loan.price * loan.amount, pow10(loan.reserve.decimals));
  const needed = percentDivHalfUp(account.totalDebtBase + value, account.ltv);
  if (needed > account.totalCollateralBase) {
    throw violate(profile, 'CollateralCannotCoverNewBorrow', `${needed} of collateral needed, ${account.totalCollateralBase} there`);
  }
}

function requirePowerAfter(profile: AaveProfile, next: AaveLedger, at: bigint): void {
  const account = computeAccountData(profile, next.pool, next.position, at);
  if (account.ltv === 0n) throw violate(profile, 'LtvValidationFailed', 'the collateral has no borrowing power');
  if (account.healthFactor < WAD) throw violate(profile, 'HealthFactorLowerThanLiquidationThreshold', `the health factor would be ${account.healthFactor}`);
  const needed = percentDivUp(account.totalDebtBase, account.ltv);
  if (needed > account.totalCollateralBase) {
    throw violate(profile, 'CollateralCannotCoverNewBorrow', `${needed} of collateral needed, ${account.totalCollateralBase} there`);
  }
}

/** Repays an amount or all: variable debt, or stable debt where that is the only one. @source BorrowLogic.executeRepay */
export function applyRepay(profile: AaveProfile, ledger: AaveLedger, asset: AssetId, wanted: StepAmount, at: bigint): AaveApplied {
  const reserve = getReserveOf(profile, ledger.pool, asset);
  const holding = holdingOf(ledger.position, reserve.id);
  const valued = valueHolding(profile, ledger.pool, null, { ...holding, usedAsCollateral: false }, at);
  if (wanted !== 'max') requirePositive(profile, wanted);
  requireUsable(profile, reserve, 'reduce');
  const owed = holding.scaledVariableDebt !== 0n ? valued.variableDebt : valued.stableDebt;
  if (owed === 0n) throw violate(profile, 'NoDebtOfSelectedType', `no ${reserve.symbol} is owed`);
  const amount = wanted === 'max' ? owed : min(wanted, owed);
  const next = reduceDebt(profile, ledger, { reserve, amount, debtIndex: valued.debtIndex, variableDebt: valued.variableDebt, stableDebt: valued.stableDebt }, at);
  const isolated = isolatedCollateral(profile, ledger);
  const settled = isolated === null ? next : reduceIsolationDebt(profile, next, isolated, { reserve, amount }, at);
  return applied(settled, { paid: [{ asset, amount }] });
}

/** What a repayment, a liquidation or a write-off takes from a debt. */
export interface DebtReduction {
  readonly reserve: AaveReserve;
  readonly amount: bigint;
  readonly debtIndex: bigint;
  readonly variableDebt: bigint;
  readonly stableDebt: bigint;
  /** Liquidity that comes back; the amount itself unless given (a write-off brings none). */
  readonly paid?: bigint;
}

/** Burns debt tokens: variable first, then stable. A version before 3.5 burns by rounding halves up, which clears a full repayment exactly. */
export function reduceDebt(profile: AaveProfile, ledger: AaveLedger, reduction: DebtReduction, at: bigint): AaveLedger {
  const holding = holdingOf(ledger.position, reduction.reserve.id);
  const fromVariable = min(reduction.amount, reduction.variableDebt);
  const scaled = min(tokenMath.debtBurn(profile, fromVariable, reduction.debtIndex), holding.scaledVariableDebt);
  if (fromVariable > 0n && scaled === 0n) throw violate(profile, 'InvalidBurnAmount', 'the amount is below one unit of scaled debt');
  const stableLeft = reduction.stableDebt - (reduction.amount - fromVariable);
  const stableDebt = holding.stableDebt === null || stableLeft <= 0n ? null : { ...holding.stableDebt, principal: stableLeft, lastUpdate: at };
  const next = withHolding(ledger, { ...holding, scaledVariableDebt: holding.scaledVariableDebt - scaled, stableDebt });
  return withReserve(profile, next, reduction.reserve.id, at, { scaledVariableDebt: -scaled, liquidity: reduction.paid ?? reduction.amount });
}

function applied(ledger: AaveLedger, moved: { paid?: readonly TokenAmount[]; received?: readonly TokenAmount[] }): AaveApplied {
  return { market: ledger.pool, position: ledger.position, paid: moved.paid ?? [], received: moved.received ?? [] };
}

/** Refuses an amount that is not above 0. */
export function requirePositive(profile: AaveProfile, amount: bigint): void {
  if (amount <= 0n) throw violate(profile, 'InvalidAmount', 'the amount must be above 0');
}

function requireScaled(profile: AaveProfile, scaled: bigint, name: 'InvalidMintAmount' | 'InvalidBurnAmount'): void {
  if (scaled === 0n) throw violate(profile, profile.tokenRounding === 'protocol' ? 'InvalidAmount' : name, 'the amount is below one scaled unit');
}

function requireSupplyCap(profile: AaveProfile, reserve: AaveReserve, scaled: bigint, amount: bigint, index: bigint): void {
  if (!profile.caps || reserve.supplyCap === 0n || reserve.scaledSupply === null) return;
  const held = reserve.scaledSupply + (reserve.accruedToTreasury ?? 0n);
  const total = profile.tokenRounding === 'protocol' ? tokenMath.supplyBalance(profile, held + scaled, index) : rayMulHalfUp(held, index) + amount;
  if (total > reserve.supplyCap * pow10(reserve.decimals)) throw violate(profile, 'SupplyCapExceeded', `the cap of ${reserve.symbol} is ${reserve.supplyCap}`);
}

function requireBorrowCap(profile: AaveProfile, reserve: AaveReserve, loan: { scaled: bigint; amount: bigint; debtIndex: bigint }): void {
  if (!profile.caps || reserve.borrowCap === 0n || reserve.scaledVariableDebt === null) return;
  const total =
    profile.tokenRounding === 'protocol'
      ? tokenMath.debtBalance(profile, reserve.scaledVariableDebt + loan.scaled, loan.debtIndex)
      : rayMulHalfUp(reserve.scaledVariableDebt, loan.debtIndex) + loan.amount;
  if (total > reserve.borrowCap * pow10(reserve.decimals)) throw violate(profile, 'BorrowCapExceeded', `the cap of ${reserve.symbol} is ${reserve.borrowCap}`);
}

/** Refuses what the pool cannot pay out now; not checked where the liquidity was not read. */
export function requireLiquidity(profile: AaveProfile, reserve: AaveReserve, amount: bigint): void {
  if (reserve.availableLiquidity !== null && amount > reserve.availableLiquidity) {
    throw violate(profile, 'NotEnoughLiquidity', `${reserve.availableLiquidity} of ${reserve.symbol} is available`);
  }
}

function requireBorrowable(profile: AaveProfile, ledger: AaveLedger, reserve: AaveReserve, eMode: AaveEMode | null): void {
  if (needsBorrowFlag(profile, eMode) && !reserve.borrowingEnabled) throw violate(profile, 'BorrowingNotEnabled', `${reserve.symbol} cannot be borrowed`);
  if (isBorrowableIn(profile, reserve, eMode)) return;
  const name = profile.rule === 'aave-v3@3.0' || profile.rule.startsWith('spark') ? 'InconsistentEModeCategory' : 'NotBorrowableInEMode';
  throw violate(profile, name, `${reserve.symbol} is not borrowable in e-mode ${ledger.position.eMode}`);
}

/** Whether a reserve can be borrowed by a user of that e-mode (null = none), caps and liquidity apart. */
export function isBorrowableIn(profile: AaveProfile, reserve: AaveReserve, eMode: AaveEMode | null): boolean {
  if (needsBorrowFlag(profile, eMode) && !reserve.borrowingEnabled) return false;
  return eMode === null || eMode.borrowable.includes(reserve.id);
}

/** From 3.6 the category alone decides; before, borrowing must be enabled on the reserve as well. */
function needsBorrowFlag(profile: AaveProfile, eMode: AaveEMode | null): boolean {
  return profile.eModeLtv === 'needs-base-ltv' || eMode === null;
}

function requireNotSiloed(profile: AaveProfile, ledger: AaveLedger, reserve: AaveReserve): void {
  if (!profile.siloedBorrowing) return;
  const owed = ledger.position.holdings.filter(isOwing).map((holding) => getReserve(ledger.pool, holding.reserve));
  const [only] = owed;
  if (only === undefined) return;
  const isViolated = owed.length === 1 && only.siloedBorrowing ? only.id !== reserve.id : reserve.siloedBorrowing;
  if (isViolated) throw violate(profile, 'SiloedBorrowingViolation', 'a siloed asset is borrowed alone');
}

function isOwing(holding: { scaledVariableDebt: bigint; stableDebt: object | null }): boolean {
  return holding.scaledVariableDebt !== 0n || holding.stableDebt !== null;
}

function owesAnything(position: AavePosition): boolean {
  return position.holdings.some(isOwing);
}

/** Whether a first supply of the reserve becomes collateral by itself. @source ValidationLogic.validateAutomaticUseAsCollateral */
export function enablesAutomatically(profile: AaveProfile, ledger: AaveLedger, reserve: AaveReserve): boolean {
  if (profile.errors === 'v2-codes') return true;
  const eMode = getEMode(ledger.pool, ledger.position);
  const ltvBps = profile.eModeLtv === 'own' ? computeUserLtvBps(profile, reserve, eMode) : reserve.ltvBps;
  if (ltvBps === 0) return false;
  if (!profile.isolation) return true;
  return reserve.debtCeiling === 0n && isolatedCollateral(profile, ledger) === null;
}

/** The user's isolated collateral, or null where the account is not in isolation mode. @source UserConfiguration.getIsolationModeState */
export function isolatedCollateral(profile: AaveProfile, ledger: AaveLedger): AaveReserve | null {
  if (!profile.isolation) return null;
  const [only, ...rest] = ledger.position.holdings.filter((holding) => holding.usedAsCollateral);
  if (only === undefined || rest.length > 0) return null;
  const reserve = getReserve(ledger.pool, only.reserve);
  return reserve.debtCeiling === 0n ? null : reserve;
}

function isolationChange(profile: AaveProfile, ledger: AaveLedger, reserve: AaveReserve, amount: bigint): { collateral: number; added: bigint } | null {
  const collateral = isolatedCollateral(profile, ledger);
  if (collateral === null) return null;
  if (!reserve.borrowableInIsolation) throw violate(profile, 'AssetNotBorrowableInIsolation', `${reserve.symbol} cannot be borrowed in isolation mode`);
  const added = isolationUnits(reserve, amount);
  if (collateral.isolationDebt + added > collateral.debtCeiling) throw violate(profile, 'DebtCeilingExceeded', `the ceiling of ${collateral.symbol} is reached`);
  return { collateral: collateral.id, added };
}

/** Lowers the debt drawn against an isolated collateral, not below 0. @source IsolationModeLogic.updateIsolatedDebt */
export function reduceIsolationDebt(profile: AaveProfile, ledger: AaveLedger, collateral: AaveReserve, repaid: { reserve: AaveReserve; amount: bigint }, at: bigint): AaveLedger {
  const units = min(isolationUnits(repaid.reserve, repaid.amount), getReserve(ledger.pool, collateral.id).isolationDebt);
  return withReserve(profile, ledger, collateral.id, at, { isolationDebt: -units });
}

/** An amount in the debt ceiling's 2 decimals. */
function isolationUnits(reserve: AaveReserve, amount: bigint): bigint {
  if (reserve.decimals < 2) throw new UnknownMarket(`a debt ceiling in ${reserve.symbol} with ${reserve.decimals} decimals`, 'isolation mode');
  return divDown(amount, pow10(reserve.decimals - 2));
}
