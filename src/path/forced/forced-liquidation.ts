import { type Decimal, fromFixed, ONE, ZERO } from '../../core/decimal.ts';
import { UnsupportedState } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { LiquidateStep, TokenAmount } from '../../core/rule.ts';
import type { LiquidationCall } from './liquidation-choices.ts';
import { debtUsdOf, evaluateState, isEmpty, type LiquidationState, sumUsd, tokenOf, type ValuedAmount, valueAmounts } from './liquidation-state.ts';

/** An account's health in both forms; null where it owes nothing. */
export interface HealthAfter {
  /** As the protocol computes and rounds it; never decide by it. */
  readonly native: Decimal | null;
  /** Adjusted collateral ÷ adjusted debt. */
  readonly exposure: Decimal | null;
  /** The protocol's own decision. */
  readonly liquidatable: boolean;
}

/** One liquidation as the protocol's rule books it. Amounts are raw with their decimals; USD are decimals at market prices. */
export interface ForcedLiquidation {
  /** The pair; null where the protocol takes everything at once. */
  readonly collateral: AssetId | null;
  readonly debt: AssetId | null;
  readonly step: LiquidateStep;
  /** Taken off the debt. */
  readonly repaid: readonly ValuedAmount[];
  /** Taken from the account, protocol fee included. */
  readonly seized: readonly ValuedAmount[];
  readonly protocolFee: readonly ValuedAmount[];
  /** Written off because nothing was left to take. */
  readonly badDebt: readonly ValuedAmount[];
  /** Paid by the liquidator and received by it (of a comet's absorption: nothing; of a perp: what goes back to the owner). */
  readonly paid: readonly ValuedAmount[];
  readonly received: readonly ValuedAmount[];
  /** Seized ÷ repaid − 1 at the protocol's own prices: bonus and protocol fee; null where nothing is repaid. */
  readonly bonus: Decimal | null;
  /**
   * What the borrower loses, USD: seized − repaid; of a comet less what it credits as supply; of a perp equity before closing costs less what the owner gets back. Debt that is written off does not
   * lower it.
   */
  readonly costUsd: Decimal;
  readonly badDebtUsd: Decimal;
  readonly healthAfter: HealthAfter;
}

/** Describes a liquidation that a rule has accepted. @throws {UnsupportedState} where it pays out a token of unknown decimals */
export function describeLiquidation(call: LiquidationCall): ForcedLiquidation {
  const { before, choice, step, outcome } = call;
  const value = (amounts: readonly TokenAmount[]): readonly ValuedAmount[] => valueAmounts(before, amounts);
  const badDebt = value(outcome.badDebt);
  return {
    collateral: choice.collateral,
    debt: choice.debt,
    step,
    repaid: value(outcome.repaid),
    seized: value(outcome.seized),
    protocolFee: value(outcome.protocolFee),
    badDebt,
    paid: value(call.paid),
    received: value(call.received),
    bonus: bonusOf(call),
    costUsd: costOf(call),
    badDebtUsd: sumUsd(badDebt),
    healthAfter: healthOf(call.after),
  };
}

/** An account's health now. */
export function healthOf(state: LiquidationState): HealthAfter {
  const { native, health } = evaluateState(state);
  return { native: native.healthFactor, exposure: health, liquidatable: native.liquidatable };
}

/** Debt that nothing is left to pay for, USD at market prices: 0 as long as there is collateral. */
export function uncoveredDebtUsd(state: LiquidationState): Decimal {
  return isEmpty(state) ? debtUsdOf(state) : ZERO;
}

/** What a liquidation costs the borrower, USD at market prices, as {@link ForcedLiquidation.costUsd} says. */
export function costOf(call: LiquidationCall): Decimal {
  const { before, choice, outcome } = call;
  if (choice.kind !== 'whole') return sumUsd(valueAmounts(before, outcome.seized)).minus(sumUsd(valueAmounts(before, outcome.repaid)));
  return before.account.rule.kind === 'perp' ? perpCost(call) : wholeCost(call);
}

/** Net worth before and after; a debt that is forgiven is no gain of the liquidation's. */
function wholeCost({ before, after, outcome }: LiquidationCall): Decimal {
  return netUsd(before)
    .minus(netUsd(after))
    .plus(sumUsd(valueAmounts(before, outcome.badDebt)));
}

function netUsd(state: LiquidationState): Decimal {
  const legs = state.account.rule.legs(state.view);
  const assets = valueAmounts(
    state,
    legs.filter(({ side }) => side === 'collateral' || side === 'supply'),
  );
  return sumUsd(assets).minus(debtUsdOf(state));
}

/** USD figures of a position have 30 decimals. @source gmx-synthetics Precision.FLOAT_PRECISION */
const FLOAT_DECIMALS = 30;

/**
 * Equity before closing costs (collateral + profit − borrowing and funding fees; nothing where it is negative) less what the owner gets back, at the venue's prices: closing fee, impact and the fee
 * for being liquidated.
 */
function perpCost({ before, received }: LiquidationCall): Decimal {
  const { figures } = before.account.rule.health(before.view);
  const figure = (name: string): bigint => {
    const value = figures[name];
    if (value === undefined) throw new UnsupportedState(`its rule does not report ${name}`, before.account.marketEntry.label);
    return value;
  };
  const margin = before.account.rule.legs(before.view).find(({ side }) => side === 'margin');
  if (margin === undefined) return ZERO;
  const pending = figure('totalCostAmount') - figure('positionFeeAmount') + figure('totalDiscountAmount');
  const equity = fromFixed(figure('collateralUsd') + figure('basePnlUsd'), FLOAT_DECIMALS).minus(fromFixed(pending, margin.decimals).times(margin.priceUsd));
  const returned = received.reduce((total, { asset, amount }) => total.plus(oracleValue(before, { asset, amount })), ZERO);
  return equity.gt(0) ? equity.minus(returned) : ZERO;
}

function bonusOf({ before, outcome, choice }: LiquidationCall): Decimal | null {
  const value = (amounts: readonly TokenAmount[]): Decimal => amounts.reduce((total, entry) => total.plus(oracleValue(before, entry)), ZERO);
  const repaid = value(outcome.repaid);
  return choice.kind === 'whole' || repaid.isZero() ? null : value(outcome.seized).div(repaid).minus(ONE);
}

function oracleValue(state: LiquidationState, { asset, amount }: TokenAmount): Decimal {
  const { decimals, oracleUsd } = tokenOf(state, asset);
  return fromFixed(amount, decimals).times(oracleUsd);
}
