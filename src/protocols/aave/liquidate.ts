import { MissingPrice } from '../../core/errors.ts';
import { min, WAD } from '../../core/fixed-point.ts';
import type { Applied, LiquidateStep, LiquidationOutcome, TokenAmount } from '../../core/rule.ts';
import { type AaveAccountData, computeAccountData, getEMode, getReserve, type ValuedHolding } from './account-data.ts';
import { computeBonusBps, computeMaxRepay, computeSeizure, leavesDust, settleCollateral } from './liquidation.ts';
import { type AaveLedger, holdingOf, withHolding, withReserve } from './pool-ledger.ts';
import type { AaveProfile } from './profile.ts';
import type { AavePool, AavePosition, AaveReserve } from './state.ts';
import { getReserveOf, isolatedCollateral, reduceDebt, reduceIsolationDebt, requireLiquidity, requireUsable } from './steps.ts';
import { violate } from './violations.ts';

/** Health factor below which the sequencer sentinel does not protect, wad. @source ValidationLogic.MINIMUM_HEALTH_FACTOR_LIQUIDATION_THRESHOLD */
const SENTINEL_HF = (95n * WAD) / 100n;

/**
 * Liquidates one pair by somebody else, paid out in the underlying. `repay` is an amount or 'max'; what is above the close factor is cut, as
 * the pool cuts it.
 *
 * @source LiquidationLogic.executeLiquidationCall of each version; LendingPoolCollateralManager.liquidationCall (v2)
 * @throws {RuleViolation} where the pool would revert
 */
export function applyLiquidation(profile: AaveProfile, ledger: AaveLedger, step: LiquidateStep, at: bigint): Applied<AavePool, AavePosition> {
  const pair = getPair(profile, ledger, step);
  const account = computeAccountData(profile, ledger.pool, ledger.position, at);
  const collateral = valuedOf(account, ledger, pair.collateral, profile);
  const debt = valuedOf(account, ledger, pair.debt, profile);
  validate(profile, ledger.pool, { account, collateral, debt }, at);

  if (typeof step.repay === 'bigint' && step.repay < 0n) throw violate(profile, 'InvalidAmount', 'the repayment is below 0');
  const limit = computeMaxRepay(profile, account, collateral, debt);
  const debtToCover = step.repay === undefined || step.repay === 'max' ? limit : min(step.repay, limit);
  const eMode = getEMode(ledger.pool, ledger.position);
  const seizure = computeSeizure(profile, {
    collateralPrice: collateral.price,
    collateralDecimals: pair.collateral.decimals,
    collateralBalance: collateral.supplied,
    debtPrice: debtPriceOf(profile, eMode?.price ?? null, debt),
    debtDecimals: pair.debt.decimals,
    debtToCover,
    bonusBps: computeBonusBps(pair.collateral, eMode),
    protocolFeeBps: BigInt(pair.collateral.liquidationProtocolFeeBps),
  });
  if (leavesDust(profile, seizure, collateral, debt)) throw violate(profile, 'MustNotLeaveDust', 'a leftover of debt and collateral would be below 1,000 base units');
  const settlement = settleCollateral(profile, account, collateral, seizure);
  if (settlement.scaledToLiquidator === 0n) throw violate(profile, 'InvalidBurnAmount', 'the repayment is worth less than one scaled unit of the collateral');
  requireLiquidity(profile, pair.collateral, settlement.toLiquidator);

  const wroteOff = settlement.hasNoCollateralLeft;
  const owed = debt.variableDebt + debt.stableDebt;
  let next = reduceDebt(
    profile,
    ledger,
    { reserve: pair.debt, amount: wroteOff ? owed : seizure.repaid, paid: seizure.repaid, debtIndex: debt.debtIndex, variableDebt: debt.variableDebt, stableDebt: debt.stableDebt },
    at,
  );
  next = settleSupply(profile, next, { collateral, settlement }, at);
  next = settleIsolation(profile, ledger, next, { ...pair, repaid: seizure.repaid }, at);
  const writtenOff: TokenAmount[] = wroteOff && owed > seizure.repaid ? [{ asset: pair.debt.asset, amount: owed - seizure.repaid }] : [];
  if (wroteOff) next = writeOffOtherDebts(profile, next, account, pair.debt, writtenOff, at);
  return {
    market: next.pool,
    position: next.position,
    paid: [{ asset: pair.debt.asset, amount: seizure.repaid }],
    received: [{ asset: pair.collateral.asset, amount: settlement.toLiquidator }],
    liquidation: outcome(pair, seizure.repaid, settlement, writtenOff),
  };
}

interface Pair {
  readonly collateral: AaveReserve;
  readonly debt: AaveReserve;
}

function getPair(profile: AaveProfile, ledger: AaveLedger, step: LiquidateStep): Pair {
  if (step.collateral === undefined || step.debt === undefined) {
    throw violate(profile, 'InvalidAmount', 'a liquidation names a collateral and a debt asset');
  }
  return { collateral: getReserveOf(profile, ledger.pool, step.collateral), debt: getReserveOf(profile, ledger.pool, step.debt) };
}

function valuedOf(account: AaveAccountData, ledger: AaveLedger, reserve: AaveReserve, profile: AaveProfile): ValuedHolding {
  const found = account.holdings.find((valued) => valued.reserve.id === reserve.id);
  if (found !== undefined) return found;
  const empty = { pool: ledger.pool, position: { eMode: ledger.position.eMode, holdings: [holdingOf(ledger.position, reserve.id)] } };
  const [valued] = computeAccountData(profile, empty.pool, empty.position, reserve.lastUpdate).holdings;
  if (valued === undefined) throw new MissingPrice(reserve.asset, profile.label);
  return valued;
}

interface LiquidationFacts {
  readonly account: AaveAccountData;
  readonly collateral: ValuedHolding;
  readonly debt: ValuedHolding;
}

function validate(profile: AaveProfile, pool: AavePool, facts: LiquidationFacts, at: bigint): void {
  const { account, collateral, debt } = facts;
  for (const reserve of [collateral.reserve, debt.reserve]) requireUsable(profile, reserve, 'reduce');
  if (profile.sentinel && !pool.liquidationAllowed && account.healthFactor >= SENTINEL_HF) {
    throw violate(profile, 'PriceOracleSentinelCheckFailed', 'the sequencer sentinel forbids liquidations now');
  }
  if (collateral.reserve.gracePeriodUntil >= at || debt.reserve.gracePeriodUntil >= at) {
    throw violate(profile, 'LiquidationGraceSentinelCheckFailed', 'a grace period runs');
  }
  if (account.healthFactor >= WAD) throw violate(profile, 'HealthFactorNotBelowThreshold', `the health factor is ${account.healthFactor}`);
  if (!collateral.holding.usedAsCollateral || (!profile.countsZeroThreshold && collateral.reserve.liquidationThresholdBps === 0)) {
    throw violate(profile, 'CollateralCannotBeLiquidated', `${collateral.reserve.symbol} is not used as collateral`);
  }
  if (debt.variableDebt + debt.stableDebt === 0n) throw violate(profile, 'SpecifiedCurrencyNotBorrowedByUser', `no ${debt.reserve.symbol} is owed`);
  if (collateral.price === 0n) throw new MissingPrice(collateral.reserve.asset, profile.label);
}

/** With a category oracle the debt is priced by it whatever reserve it is. @source LiquidationLogic._getConfigurationData (3.0.2) */
function debtPriceOf(profile: AaveProfile, categoryPrice: bigint | null, debt: ValuedHolding): bigint {
  return profile.closeFactor === 'reserve' && categoryPrice !== null && categoryPrice !== 0n ? categoryPrice : debt.price;
}

function settleSupply(profile: AaveProfile, ledger: AaveLedger, move: { collateral: ValuedHolding; settlement: ReturnType<typeof settleCollateral> }, at: bigint): AaveLedger {
  const { collateral, settlement } = move;
  const holding = holdingOf(ledger.position, collateral.reserve.id);
  const next = withHolding(ledger, {
    ...holding,
    scaledSupply: settlement.scaledLeft,
    usedAsCollateral: holding.usedAsCollateral && !settlement.flagCleared,
  });
  // The fee moves to the treasury as aTokens: only the liquidator's part leaves the reserve.
  return withReserve(profile, next, collateral.reserve.id, at, {
    scaledSupply: -settlement.scaledToLiquidator,
    liquidity: -settlement.toLiquidator,
  });
}

function settleIsolation(profile: AaveProfile, before: AaveLedger, next: AaveLedger, move: Pair & { repaid: bigint }, at: bigint): AaveLedger {
  const isolated = profile.dustAndDeficit ? (move.collateral.debtCeiling === 0n || !profile.isolation ? null : move.collateral) : isolatedCollateral(profile, before);
  return isolated === null ? next : reduceIsolationDebt(profile, next, isolated, { reserve: move.debt, amount: move.repaid }, at);
}

function writeOffOtherDebts(profile: AaveProfile, ledger: AaveLedger, account: AaveAccountData, paid: AaveReserve, writtenOff: TokenAmount[], at: bigint): AaveLedger {
  let next = ledger;
  for (const valued of account.holdings) {
    const owed = valued.variableDebt + valued.stableDebt;
    if (valued.reserve.id === paid.id || owed === 0n || !getReserve(ledger.pool, valued.reserve.id).active) continue;
    writtenOff.push({ asset: valued.reserve.asset, amount: owed });
    next = reduceDebt(profile, next, { reserve: valued.reserve, amount: owed, paid: 0n, debtIndex: valued.debtIndex, variableDebt: valued.variableDebt, stableDebt: valued.stableDebt }, at);
  }
  return next;
}

function outcome(pair: Pair, repaid: bigint, settlement: ReturnType<typeof settleCollateral>, badDebt: readonly TokenAmount[]): LiquidationOutcome {
  const fee = settlement.protocolFee;
  return {
    repaid: [{ asset: pair.debt.asset, amount: repaid }],
    seized: [{ asset: pair.collateral.asset, amount: settlement.toLiquidator + fee }],
    protocolFee: fee === 0n ? [] : [{ asset: pair.collateral.asset, amount: fee }],
    badDebt,
  };
}
