import { InvalidArgument, isPlimsollError, RuleViolation } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { AccountView, Applied, LiquidationOutcome, Step, StepAmount } from '../../core/rule.ts';
import { computeAbsorption } from './absorb.ts';
import { accrueMarket, computePresentValue, computePrincipal } from './interest.ts';
import { isUncovered } from './liquidity.ts';
import { COMPOUND_V3_RULE } from './rule-id.ts';
import type { CometMarket, CometPosition } from './state.ts';

type View = AccountView<CometMarket, CometPosition>;
type Result = Applied<CometMarket, CometPosition>;

/**
 * Applies one step as the comet would. Base movements and `absorb` accrue first; collateral movements do not, and check with the stored indexes.
 *
 * @throws {RuleViolation} with the comet's own error: Paused, BadAsset, SupplyCapExceeded, BorrowTooSmall, NotCollateralized, NotLiquidatable, BadPrice …
 * @throws {InvalidArgument} where Comet has no such step.
 */
export function applyCometStep(view: View, step: Step): Result {
  switch (step.kind) {
    case 'supply':
      return step.asset === view.market.base.asset ? supplyBase(view, requireAmount(step.amount)) : supplyCollateral(view, step.asset, requireAmount(step.amount));
    case 'repay':
      requireBase(view.market, step.asset, 'repaid');
      return supplyBase(view, step.amount === 'max' ? debtOf(view) : requireAmount(step.amount));
    case 'borrow':
      requireBase(view.market, step.asset, 'borrowed');
      return withdrawBase(view, requireAmount(step.amount));
    case 'withdraw':
      return withdraw(view, step.asset, step.amount);
    case 'liquidate':
      return absorb(view);
    case 'close':
      throw new InvalidArgument('A comet has no position size to close; use repay and withdraw.');
  }
}

/** The debt at `view.at`, which is what repaying `type(uint256).max` takes. @source CometWithExtendedAssetList.sol borrowBalanceOf */
function debtOf(view: View): bigint {
  const value = computePresentValue(accrueMarket(view.market, view.at), view.position.principal);
  return value < 0n ? -value : 0n;
}

function supplyBase({ market, position, at }: View, amount: bigint): Result {
  if (market.paused.supply) violate('Paused', 'supplying is paused');
  const accrued = accrueMarket(market, at);
  const principal = computePrincipal(accrued, computePresentValue(accrued, position.principal) + amount);
  const moved = moveTotals(accrued, position.principal, principal);
  return {
    market: { ...moved, baseBalance: moved.baseBalance + amount },
    position: { ...position, principal },
    paid: [{ asset: market.base.asset, amount }],
    received: [],
  };
}

function supplyCollateral({ market, position }: View, asset: AssetId, amount: bigint): Result {
  if (market.paused.supply) violate('Paused', 'supplying is paused');
  const collateral = findListed(market, asset);
  const totalSupply = collateral.totalSupply + amount;
  if (totalSupply > collateral.supplyCap) {
    violate('SupplyCapExceeded', `${totalSupply} ${collateral.symbol} would exceed the cap of ${collateral.supplyCap}`);
  }
  return {
    market: moveCollateral(market, asset, amount, 0n),
    position: setBalance(market, position, asset, balanceOf(position, asset) + amount),
    paid: [{ asset, amount }],
    received: [],
  };
}

function withdraw(view: View, asset: AssetId, amount: StepAmount): Result {
  if (asset !== view.market.base.asset) {
    // Comet reads uint256.max as "all" for the base token only; a collateral amount has to fit 128 bits.
    if (amount === 'max') violate('InvalidUInt128', 'only the base token can be withdrawn with "max"; state the collateral amount');
    return withdrawCollateral(view, asset, requireAmount(amount));
  }
  if (amount !== 'max') return withdrawBase(view, requireAmount(amount));
  const supplied = computePresentValue(accrueMarket(view.market, view.at), view.position.principal);
  return withdrawBase(view, supplied > 0n ? supplied : 0n);
}

function withdrawBase({ market, position, at }: View, amount: bigint): Result {
  if (market.paused.withdraw) violate('Paused', 'withdrawing is paused');
  const accrued = accrueMarket(market, at);
  const balance = computePresentValue(accrued, position.principal) - amount;
  const principal = computePrincipal(accrued, balance);
  const moved = moveTotals(accrued, position.principal, principal);
  const next = { ...position, principal };
  if (balance < 0n) {
    if (-balance < market.baseBorrowMin) violate('BorrowTooSmall', `a debt of ${-balance} is below the least of ${market.baseBorrowMin}`);
    requireCollateralized(moved, next);
  }
  if (amount > market.baseBalance) violate('TransferOutFailed', `the comet has ${market.baseBalance} ${market.base.symbol}, not ${amount}`);
  return {
    market: { ...moved, baseBalance: moved.baseBalance - amount },
    position: next,
    paid: [],
    received: [{ asset: market.base.asset, amount }],
  };
}

function withdrawCollateral({ market, position }: View, asset: AssetId, amount: bigint): Result {
  if (market.paused.withdraw) violate('Paused', 'withdrawing is paused');
  findListed(market, asset);
  const balance = balanceOf(position, asset) - amount;
  if (balance < 0n) violate('Panic(0x11)', `the account has ${balanceOf(position, asset)}, not ${amount}`);
  const next = setBalance(market, position, asset, balance);
  requireCollateralized(market, next);
  return { market: moveCollateral(market, asset, -amount, 0n), position: next, paid: [], received: [{ asset, amount }] };
}

function absorb({ market, position, at }: View): Result {
  if (market.paused.absorb) violate('Paused', 'absorbing is paused');
  const accrued = accrueMarket(market, at);
  if (!orBadPrice(() => isUncovered(accrued, position, 'liquidateCollateralFactor'))) violate('NotLiquidatable', 'the collateral covers the debt');
  const absorption = orBadPrice(() => computeAbsorption(accrued, position));
  const base = market.base.asset;
  const liquidation: LiquidationOutcome = {
    repaid: [{ asset: base, amount: absorption.debt - absorption.badDebt }],
    seized: absorption.seized,
    protocolFee: absorption.seized,
    badDebt: absorption.badDebt === 0n ? [] : [{ asset: base, amount: absorption.badDebt }],
  };
  const emptied = absorption.seized.reduce((current, { asset, amount }) => moveCollateral(current, asset, -amount, amount), accrued);
  return {
    market: moveTotals(emptied, position.principal, absorption.newPrincipal),
    position: { principal: absorption.newPrincipal, collaterals: [] },
    paid: [],
    received: [],
    liquidation,
  };
}

/** Moves the totals by the change of one principal: the part below 0 is debt, the part above is supply. @source repayAndSupplyAmount, withdrawAndBorrowAmount */
function moveTotals(market: CometMarket, before: bigint, after: bigint): CometMarket {
  const supply = (principal: bigint): bigint => (principal > 0n ? principal : 0n);
  const debt = (principal: bigint): bigint => (principal < 0n ? -principal : 0n);
  return {
    ...market,
    totalSupplyBase: requireNatural(market.totalSupplyBase + supply(after) - supply(before), 'totalSupplyBase'),
    totalBorrowBase: requireNatural(market.totalBorrowBase + debt(after) - debt(before), 'totalBorrowBase'),
  };
}

function moveCollateral(market: CometMarket, asset: AssetId, supplied: bigint, reserves: bigint): CometMarket {
  const collaterals = market.collaterals.map((entry) =>
    entry.asset === asset ? { ...entry, totalSupply: requireNatural(entry.totalSupply + supplied, 'totalSupplyAsset'), reserves: entry.reserves + reserves } : entry,
  );
  return { ...market, collaterals };
}

function setBalance(market: CometMarket, position: CometPosition, asset: AssetId, balance: bigint): CometPosition {
  const collaterals = market.collaterals.flatMap((entry) => {
    const held = entry.asset === asset ? balance : balanceOf(position, entry.asset);
    return held === 0n ? [] : [{ asset: entry.asset, balance: held }];
  });
  return { ...position, collaterals };
}

function balanceOf(position: CometPosition, asset: AssetId): bigint {
  return position.collaterals.find((held) => held.asset === asset)?.balance ?? 0n;
}

function findListed(market: CometMarket, asset: AssetId): CometMarket['collaterals'][number] {
  const found = market.collaterals.find((entry) => entry.asset === asset);
  return found ?? violate('BadAsset', `${asset} is neither the base token nor a collateral of comet ${market.comet}`);
}

function requireBase(market: CometMarket, asset: AssetId, verb: string): void {
  if (asset !== market.base.asset) violate('BadAsset', `only ${market.base.symbol} can be ${verb} in comet ${market.comet}`);
}

function requireCollateralized(market: CometMarket, position: CometPosition): void {
  if (orBadPrice(() => isUncovered(market, position, 'borrowCollateralFactor'))) {
    violate('NotCollateralized', 'the collateral, weighted for borrowing, would not cover the debt');
  }
}

/** Totals are unsigned: what would fall below 0 reverts. */
function requireNatural(total: bigint, name: string): bigint {
  return total < 0n ? violate('Panic(0x11)', `${name} would fall below 0`) : total;
}

function requireAmount(amount: bigint): bigint {
  if (amount < 0n) throw new InvalidArgument(`An amount cannot be negative: ${amount}.`);
  return amount;
}

/** The comet reverts with BadPrice where the account cannot be valued. */
function orBadPrice<Value>(compute: () => Value): Value {
  try {
    return compute();
  } catch (error) {
    if (isPlimsollError(error, 'MISSING_PRICE')) violate('BadPrice', `no price of ${error.fields.asset}`);
    throw error;
  }
}

function violate(protocolError: string, explanation: string): never {
  throw new RuleViolation(COMPOUND_V3_RULE, protocolError, explanation);
}
