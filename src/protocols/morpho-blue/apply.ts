import { min, subFloor0 } from '../../core/fixed-point.ts';
import type { AccountView, Applied, LiquidateStep, Step, StepAmount, TokenAmount } from '../../core/rule.ts';
import { borrowTotals, isHealthy, supplyTotals } from './health.ts';
import { accrueInterest } from './interest.ts';
import { computeLiquidation, greatestLiquidation, type LiquidationInput } from './liquidation.ts';
import { toAssetsDown, toAssetsUp, toSharesDown, toSharesUp } from './shares.ts';
import type { MorphoMarket, MorphoPosition, MorphoToken } from './state.ts';
import { addUint128, subChecked, toUint128, violation } from './violations.ts';

type MorphoView = AccountView<MorphoMarket, MorphoPosition>;
type MorphoApplied = Applied<MorphoMarket, MorphoPosition>;

/**
 * The state after one step at `view.at`, in the order of the contract: interest first, then the change, then the checks.
 *
 * Supplying the collateral token adds collateral; supplying the loan token lends. 'max' withdraws or repays every share.
 *
 * @throws {RuleViolation} with the contract's own revert reason.
 * @throws {MissingPrice} where the contract would ask an oracle that did not answer.
 * @source Morpho.sol
 */
export function applyStep(view: MorphoView, step: Step): MorphoApplied {
  if (view.market.lastUpdate === 0n) throw violation('marketNotCreated', `market ${view.market.id} does not exist`);
  switch (step.kind) {
    case 'supply':
      return isCollateral(view.market, step.asset) ? supplyCollateral(view, step.amount) : supplyLoan(view, step.asset, step.amount);
    case 'withdraw':
      return isCollateral(view.market, step.asset) ? withdrawCollateral(view, step.amount) : withdrawLoan(view, step.asset, step.amount);
    case 'borrow':
      return borrow(view, step.asset, step.amount);
    case 'repay':
      return repay(view, step.asset, step.amount);
    case 'liquidate':
      return liquidate(view, step);
    case 'close':
      throw violation('inconsistentInput', 'a lending position is repaid, not closed');
  }
}

function isCollateral(market: MorphoMarket, asset: string): boolean {
  return asset === market.collateral.asset;
}

function requireLoanAsset(market: MorphoMarket, asset: string): void {
  if (asset !== market.loan.asset) {
    throw violation('marketNotCreated', `no market with the loan token ${asset} has the parameters of ${market.id}`);
  }
}

function supplyCollateral({ market, position }: MorphoView, assets: bigint): MorphoApplied {
  if (assets === 0n) throw violation('zeroAssets', 'the amount of collateral is 0');
  const collateral = addUint128(position.collateral, toUint128(assets, 'collateral'), 'the collateral');
  return { market, position: { ...position, collateral }, paid: [amountOf(market.collateral, assets)], received: [] };
}

function withdrawCollateral(view: MorphoView, amount: StepAmount): MorphoApplied {
  const assets = amount === 'max' ? view.position.collateral : amount;
  if (assets === 0n) throw violation('zeroAssets', 'the amount of collateral is 0');
  const market = accrueInterest(view.market, view.at);
  const collateral = subChecked(view.position.collateral, toUint128(assets, 'collateral'), 'collateral');
  const position = { ...view.position, collateral };
  requireHealthy(market, position);
  return { market, position, paid: [], received: [amountOf(market.collateral, assets)] };
}

function supplyLoan(view: MorphoView, asset: string, assets: bigint): MorphoApplied {
  requireLoanAsset(view.market, asset);
  requireNonZero(assets);
  const market = accrueInterest(view.market, view.at);
  const shares = toUint128(toSharesDown(assets, supplyTotals(market)), 'supply shares');
  return {
    market: {
      ...market,
      totalSupplyShares: addUint128(market.totalSupplyShares, shares, 'the supply shares'),
      totalSupplyAssets: addUint128(market.totalSupplyAssets, toUint128(assets, 'supply'), 'the supply'),
    },
    position: { ...view.position, supplyShares: view.position.supplyShares + shares },
    paid: [amountOf(market.loan, assets)],
    received: [],
  };
}

function withdrawLoan(view: MorphoView, asset: string, amount: StepAmount): MorphoApplied {
  requireLoanAsset(view.market, asset);
  requireNonZero(amount === 'max' ? view.position.supplyShares : amount);
  const market = accrueInterest(view.market, view.at);
  const totals = supplyTotals(market);
  const shares = amount === 'max' ? view.position.supplyShares : toSharesUp(amount, totals);
  const assets = amount === 'max' ? toAssetsDown(shares, totals) : amount;
  const position = { ...view.position, supplyShares: subChecked(view.position.supplyShares, shares, 'supply shares') };
  const after = {
    ...market,
    totalSupplyShares: subChecked(market.totalSupplyShares, toUint128(shares, 'supply shares'), 'total supply shares'),
    totalSupplyAssets: subChecked(market.totalSupplyAssets, toUint128(assets, 'supply'), 'total supply'),
  };
  requireLiquidity(after);
  return { market: after, position, paid: [], received: [amountOf(market.loan, assets)] };
}

function borrow(view: MorphoView, asset: string, assets: bigint): MorphoApplied {
  requireLoanAsset(view.market, asset);
  requireNonZero(assets);
  const market = accrueInterest(view.market, view.at);
  const shares = toUint128(toSharesUp(assets, borrowTotals(market)), 'borrow shares');
  const position = { ...view.position, borrowShares: addUint128(view.position.borrowShares, shares, 'the borrow shares') };
  const after = {
    ...market,
    totalBorrowShares: addUint128(market.totalBorrowShares, shares, 'the borrow shares'),
    totalBorrowAssets: addUint128(market.totalBorrowAssets, toUint128(assets, 'debt'), 'the debt'),
  };
  requireHealthy(after, position);
  requireLiquidity(after);
  return { market: after, position, paid: [], received: [amountOf(market.loan, assets)] };
}

function repay(view: MorphoView, asset: string, amount: StepAmount): MorphoApplied {
  requireLoanAsset(view.market, asset);
  requireNonZero(amount === 'max' ? view.position.borrowShares : amount);
  const market = accrueInterest(view.market, view.at);
  const totals = borrowTotals(market);
  const shares = amount === 'max' ? view.position.borrowShares : toUint128(toSharesDown(amount, totals), 'borrow shares');
  const assets = amount === 'max' ? toAssetsUp(shares, totals) : amount;
  const borrowShares = subChecked(view.position.borrowShares, shares, 'borrow shares');
  return {
    market: {
      ...market,
      totalBorrowShares: subChecked(market.totalBorrowShares, shares, 'total borrow shares'),
      totalBorrowAssets: subFloor0(market.totalBorrowAssets, assets),
    },
    position: { ...view.position, borrowShares },
    paid: [amountOf(market.loan, assets)],
    received: [],
  };
}

function liquidate(view: MorphoView, step: LiquidateStep): MorphoApplied {
  requireOwnAssets(view.market, step);
  const market = accrueInterest(view.market, view.at);
  if (isHealthy(market, view.position)) throw violation('healthyPosition', 'the collateral still covers the debt at the liquidation loan-to-value');
  const input = readInput(market, view.position, step);
  requireNonZero(input.kind === 'seize' ? input.assets : input.shares);
  const amounts = computeLiquidation(market, input);
  const borrowShares = subChecked(view.position.borrowShares, toUint128(amounts.repaidShares, 'repaid shares'), 'borrow shares');
  const totalBorrowShares = subChecked(market.totalBorrowShares, amounts.repaidShares, 'total borrow shares');
  const totalBorrowAssets = subFloor0(market.totalBorrowAssets, amounts.repaidAssets);
  const collateral = subChecked(view.position.collateral, toUint128(amounts.seizedAssets, 'seized collateral'), 'collateral');
  const repaid = [amountOf(market.loan, amounts.repaidAssets)];
  const seized = [amountOf(market.collateral, amounts.seizedAssets)];
  const settled = writeOffBadDebt({ ...market, totalBorrowShares, totalBorrowAssets }, { ...view.position, borrowShares, collateral });
  return { ...settled, paid: repaid, received: seized, liquidation: { repaid, seized, protocolFee: [], badDebt: settled.badDebt } };
}

interface Settled {
  readonly market: MorphoMarket;
  readonly position: MorphoPosition;
  readonly badDebt: readonly TokenAmount[];
}

function writeOffBadDebt(market: MorphoMarket, position: MorphoPosition): Settled {
  if (position.collateral > 0n || position.borrowShares === 0n) return { market, position, badDebt: [] };
  const owed = toAssetsUp(position.borrowShares, borrowTotals(market));
  const assets = min(owed, market.totalBorrowAssets);
  return {
    market: {
      ...market,
      totalBorrowAssets: market.totalBorrowAssets - assets,
      totalSupplyAssets: subChecked(market.totalSupplyAssets, assets, 'total supply'),
      totalBorrowShares: subChecked(market.totalBorrowShares, position.borrowShares, 'total borrow shares'),
    },
    position: { ...position, borrowShares: 0n },
    badDebt: assets === 0n ? [] : [amountOf(market.loan, assets)],
  };
}

function requireOwnAssets(market: MorphoMarket, step: LiquidateStep): void {
  if (step.debt !== undefined) requireLoanAsset(market, step.debt);
  if (step.collateral !== undefined && !isCollateral(market, step.collateral)) {
    throw violation('marketNotCreated', `no market with the collateral ${step.collateral} has the parameters of ${market.id}`);
  }
  const stated = [step.repayShares, step.seize].filter((amount) => amount !== undefined && amount !== 0n);
  if (stated.length !== 1 || step.repay !== undefined) {
    throw violation('inconsistentInput', 'a liquidation states exactly one of repayShares and seize');
  }
}

function readInput(market: MorphoMarket, position: MorphoPosition, step: LiquidateStep): LiquidationInput {
  if (step.repayShares === 'max') return greatestLiquidation(market, position);
  if (step.repayShares !== undefined && step.repayShares !== 0n) return { kind: 'repayShares', shares: step.repayShares };
  return { kind: 'seize', assets: step.seize ?? 0n };
}

function requireNonZero(amount: bigint): void {
  if (amount === 0n) throw violation('inconsistentInput', 'neither assets nor shares are stated');
}

function requireHealthy(market: MorphoMarket, position: MorphoPosition): void {
  if (!isHealthy(market, position)) throw violation('insufficientCollateral', 'the debt would exceed what the collateral allows');
}

function requireLiquidity(market: MorphoMarket): void {
  if (market.totalBorrowAssets > market.totalSupplyAssets) {
    throw violation('insufficientLiquidity', `the market lends ${market.totalBorrowAssets} out of a supply of ${market.totalSupplyAssets}`);
  }
}

function amountOf(token: MorphoToken, amount: bigint): TokenAmount {
  return { asset: token.asset, amount };
}
