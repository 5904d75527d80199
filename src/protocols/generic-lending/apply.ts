import { InvalidArgument } from '../../core/errors.ts';
import { min } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Applied, LiquidateStep, Step, StepAmount, TokenAmount } from '../../core/rule.ts';
import { computeLiquidation, violation } from './liquidation.ts';
import { computeLiquidity } from './liquidity.ts';
import { accruePosition, type GenericMarket, type GenericPosition, type GenericView, getAsset } from './state.ts';

type Outcome = Applied<GenericMarket, GenericPosition>;

/**
 * The account after one step, interest accrued first. `withdraw` of 'max' takes the whole balance, `repay` beyond the debt pays the debt,
 * `liquidate` takes `collateral`, `debt` and optionally `repay` (what the liquidator pays, fee included; 'max' by default).
 *
 * @throws {RuleViolation} COLLATERAL_VIOLATION, BORROW_ISOLATION_VIOLATION, INSUFFICIENT_BALANCE, NO_DEBT, NO_COLLATERAL, NOT_LIQUIDATABLE, EXCESSIVE_REPAY.
 * @throws {UnknownMarket} where the asset is not in the book.
 * @throws {InvalidArgument} where an amount is not positive, or the step is not one of a loan.
 */
export function applyStep(view: GenericView, step: Step): Outcome {
  switch (step.kind) {
    case 'supply':
      return applySupply(view, step);
    case 'withdraw':
      return applyWithdraw(view, step);
    case 'borrow':
      return applyBorrow(view, step);
    case 'repay':
      return applyRepay(view, step);
    case 'liquidate':
      return applyLiquidate(view, step);
    case 'close':
      throw new InvalidArgument('A loan has no size to close; repay it instead.');
  }
}

function applySupply(view: GenericView, step: { asset: AssetId; amount: bigint }): Outcome {
  requirePositive(step.amount);
  getAsset(view.market, step.asset);
  const position = accruePosition(view);
  const isHeld = position.supplied.some((entry) => entry.asset === step.asset);
  const supplied = isHeld
    ? position.supplied.map((entry) => (entry.asset === step.asset ? { ...entry, amount: entry.amount + step.amount } : entry))
    : [...position.supplied, { asset: step.asset, amount: step.amount, collateral: true }];
  return { market: view.market, position: { ...position, supplied }, paid: [tokens(step.asset, step.amount)], received: [] };
}

function applyWithdraw(view: GenericView, step: { asset: AssetId; amount: StepAmount }): Outcome {
  const position = accruePosition(view);
  const balance = amountOf(position.supplied, step.asset);
  const amount = step.amount === 'max' ? balance : requirePositive(step.amount);
  if (amount > balance || balance === 0n) throw violation('INSUFFICIENT_BALANCE', `the account holds ${balance} of ${step.asset}, not ${amount}`);
  const after = { ...position, supplied: reduced(position.supplied, step.asset, amount) };
  requireHealthy(view.market, after);
  return { market: view.market, position: after, paid: [], received: [tokens(step.asset, amount)] };
}

function applyBorrow(view: GenericView, step: { asset: AssetId; amount: bigint }): Outcome {
  requirePositive(step.amount);
  getAsset(view.market, step.asset);
  const position = accruePosition(view);
  const isOwed = position.debts.some((entry) => entry.asset === step.asset);
  const debts = isOwed
    ? position.debts.map((entry) => (entry.asset === step.asset ? { ...entry, amount: entry.amount + step.amount } : entry))
    : [...position.debts, { asset: step.asset, amount: step.amount }];
  const after = { ...position, debts };
  requireHealthy(view.market, after);
  return { market: view.market, position: after, paid: [], received: [tokens(step.asset, step.amount)] };
}

function applyRepay(view: GenericView, step: { asset: AssetId; amount: StepAmount }): Outcome {
  const position = accruePosition(view);
  const owed = amountOf(position.debts, step.asset);
  if (owed === 0n) throw violation('NO_DEBT', `the account owes nothing in ${step.asset}`);
  const amount = step.amount === 'max' ? owed : min(owed, requirePositive(step.amount));
  const after = { ...position, debts: reduced(position.debts, step.asset, amount) };
  return { market: view.market, position: after, paid: [tokens(step.asset, amount)], received: [] };
}

function applyLiquidate(view: GenericView, step: LiquidateStep): Outcome {
  const { collateral, debt } = step;
  if (collateral === undefined || debt === undefined || step.seize !== undefined || step.repayShares !== undefined) {
    throw new InvalidArgument('This liquidation takes collateral, debt and, optionally, repay.');
  }
  const result = computeLiquidation(view, { collateral, debt, repay: step.repay ?? 'max' });
  const before = accruePosition(view);
  const isCancelled = view.market.liquidation.writesOffBadDebt && result.badDebt.length > 0;
  const debts = isCancelled ? [] : reduced(before.debts, debt, result.repaid);
  return {
    market: view.market,
    position: { ...before, supplied: reduced(before.supplied, collateral, result.seized), debts },
    paid: [tokens(debt, result.paid)],
    received: [tokens(collateral, result.seized)],
    liquidation: {
      repaid: [tokens(debt, result.repaid)],
      seized: [tokens(collateral, result.seized)],
      protocolFee: [],
      badDebt: isCancelled ? result.badDebt : [],
    },
  };
}

function requireHealthy(market: GenericMarket, position: GenericPosition): void {
  if (position.debts.length === 0) return;
  const { collateralValue, liabilityValue, borrows, isolated } = computeLiquidity(market, position);
  if (isolated && borrows !== 1) throw violation('BORROW_ISOLATION_VIOLATION', 'an isolated or self-covered debt must stand alone');
  if (collateralValue < liabilityValue) {
    throw violation('COLLATERAL_VIOLATION', `the collateral would count ${collateralValue}, the debt ${liabilityValue}`);
  }
}

function requirePositive(amount: bigint): bigint {
  if (amount <= 0n) throw new InvalidArgument('The amount of a step is more than 0.');
  return amount;
}

function amountOf(entries: readonly TokenAmount[], asset: AssetId): bigint {
  return entries.find((entry) => entry.asset === asset)?.amount ?? 0n;
}

function reduced<Entry extends TokenAmount>(entries: readonly Entry[], asset: AssetId, amount: bigint): Entry[] {
  return entries.map((entry) => (entry.asset === asset ? { ...entry, amount: entry.amount - amount } : entry)).filter((entry) => entry.amount > 0n);
}

function tokens(asset: AssetId, amount: bigint): TokenAmount {
  return { asset, amount };
}
