import { InvalidArgument } from '../../core/errors.ts';
import { divUp, max, min } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Applied, Step, StepAmount, TokenAmount } from '../../core/rule.ts';
import { computeDecrease, type Decrease } from './decrease.ts';
import { computeFees, type GmxView } from './fees.ts';
import { computeMargin, findLiquidationReason, type MarginCheck } from './margin.ts';
import { applyFactor, computePnl, getCollateralToken, getPnlToken, mulDivTowards0, sideOf } from './pnl.ts';
import type { GmxMarket, GmxPosition, GmxSide } from './state.ts';
import { violate } from './violations.ts';

type Result = Applied<GmxMarket, GmxPosition>;

/**
 * Applies one step as the order's execution would, at the view's prices and second: orders run some seconds after they are sent, at the prices of then.
 *
 * `supply` adds margin, `withdraw` takes margin out, `close` takes a size in USD with 30 decimals, `liquidate` closes all of it; what a liquidation leaves goes to the owner
 * and is in `received`.
 *
 * @throws {RuleViolation} with GMX's own error.
 * @throws {InvalidArgument} where a position has no such step.
 */
export function applyGmxStep(view: GmxView, step: Step): Result {
  switch (step.kind) {
    case 'supply':
      return addMargin(view, step.asset, step.amount);
    case 'withdraw':
      return removeMargin(view, step.asset, step.amount);
    case 'close':
      return close(view, step.sizeUsd);
    case 'liquidate':
      return liquidate(view);
    case 'borrow':
    case 'repay':
      throw new InvalidArgument('A GMX position has no debt of its own; use supply, withdraw or close.');
  }
}

/** @source IncreasePositionUtils.sol increasePosition with a size of 0 */
function addMargin(view: GmxView, asset: AssetId, amount: bigint): Result {
  requireOpen(view);
  requireCollateral(view, asset);
  if (amount < 0n) throw new InvalidArgument(`An amount cannot be negative: ${amount}.`);
  const { market, position, at } = view;
  const collateralAmount = position.collateralAmount + amount - computeFees(view, 0n).total;
  if (collateralAmount < 0n) violate('InsufficientCollateralAmount', `the pending fees exceed the collateral by ${-collateralAmount}`);
  const next = { ...position, ...NO_FEES, collateralAmount, feesAsOf: at };
  if (position.sizeInUsd < market.minPositionSizeUsd) violate('MinPositionSize', `a size of ${position.sizeInUsd} is below ${market.minPositionSizeUsd}`);
  requireMargin({ market, position: next, at }, 'liquidation');
  return { market, position: next, paid: [{ asset, amount }], received: [] };
}

/** @source DecreasePositionUtils.sol decreasePosition with a size of 0 */
function removeMargin(view: GmxView, asset: AssetId, wanted: StepAmount): Result {
  requireOpen(view);
  requireCollateral(view, asset);
  const { market, position, at } = view;
  if (wanted !== 'max' && wanted < 0n) throw new InvalidArgument(`An amount cannot be negative: ${wanted}.`);
  const amount = wanted === 'max' ? position.collateralAmount : min(wanted, position.collateralAmount);
  const estimate = estimateRemaining(view, 0n, amount);
  if (!estimate.isSufficient || estimate.collateralUsd + estimate.pnlUsd < market.minCollateralUsd) {
    violate('UnableToWithdrawCollateral', `${estimate.collateralUsd} (USD with 30 decimals) would not suffice`);
  }
  const settled = computeDecrease(view, 0n, 'order');
  const taken = min(amount, settled.remainingCollateral);
  const next = { ...position, ...NO_FEES, collateralAmount: settled.remainingCollateral - taken, feesAsOf: at };
  requireMargin({ market, position: next, at }, 'decrease');
  return { market, position: next, paid: [], received: amounts([asset, settled.output + taken]) };
}

/** @source DecreasePositionUtils.sol decreasePosition */
function close(view: GmxView, wanted: StepAmount): Result {
  requireOpen(view);
  const { market, position, at } = view;
  const { sizeInUsd } = position;
  if (wanted !== 'max' && wanted > sizeInUsd) violate('InvalidDecreaseOrderSize', `${wanted} is more than the size of ${sizeInUsd}`);
  if (wanted !== 'max' && wanted <= 0n) throw new InvalidArgument(`A size to close must be positive: ${wanted}.`);
  const size = wanted === 'max' ? sizeInUsd : completeSize(view, wanted);
  const decrease = computeDecrease(view, size, 'order');
  const moved = reduceOpenInterest(market, position, size, decrease.sizeDeltaInTokens);
  if (size === sizeInUsd || decrease.sizeDeltaInTokens === position.sizeInTokens) {
    return { market: moved, position: emptied(position, at), paid: [], received: paidOut(view, decrease, decrease.remainingCollateral) };
  }
  const next: GmxPosition = {
    ...position,
    ...NO_FEES,
    sizeInUsd: sizeInUsd - size,
    sizeInTokens: position.sizeInTokens - decrease.sizeDeltaInTokens,
    collateralAmount: decrease.remainingCollateral,
    pendingImpactAmount: position.pendingImpactAmount - decrease.settledImpactAmount,
    closingImpactUsd: mulDivTowards0(position.closingImpactUsd, sizeInUsd - size, sizeInUsd),
    feesAsOf: at,
  };
  requireMargin({ market: moved, position: next, at }, 'decrease');
  return { market: moved, position: next, paid: [], received: paidOut(view, decrease, 0n) };
}

/** A part that would leave too little closes everything. */
function completeSize(view: GmxView, size: bigint): bigint {
  const { market, position } = view;
  const estimate = estimateRemaining(view, size, 0n);
  const left = position.sizeInUsd - size;
  return estimate.collateralUsd + estimate.pnlUsd < market.minCollateralUsd || left < market.minPositionSizeUsd ? position.sizeInUsd : size;
}

/** @source LiquidationUtils.sol createLiquidationOrder: always the whole size */
function liquidate(view: GmxView): Result {
  requireOpen(view);
  const { market, position, at } = view;
  if (findLiquidationReason(computeMargin(view)) === null) violate('PositionShouldNotBeLiquidated', 'the remaining collateral meets its minima');
  const decrease = computeDecrease(view, position.sizeInUsd, 'liquidation');
  const returned = decrease.output + decrease.remainingCollateral;
  const asset = position.collateralToken;
  const { priceMin } = getCollateralToken(market, position);
  return {
    market: reduceOpenInterest(market, position, position.sizeInUsd, position.sizeInTokens),
    position: emptied(position, at),
    paid: [],
    received: paidOut(view, decrease, decrease.remainingCollateral),
    liquidation: {
      repaid: [],
      seized: amounts([asset, max(position.collateralAmount - returned, 0n)]),
      protocolFee: decrease.unpaidUsd === 0n ? amounts([asset, decrease.liquidationFee]) : [],
      badDebt: amounts([asset, divUp(decrease.unpaidUsd, priceMin)]),
    },
  };
}

const NO_FEES = { borrowingFeeUsd: 0n, fundingFeeAmount: 0n } as const;

function emptied(position: GmxPosition, at: bigint): GmxPosition {
  return { ...position, ...NO_FEES, sizeInUsd: 0n, sizeInTokens: 0n, collateralAmount: 0n, pendingImpactAmount: 0n, closingImpactUsd: 0n, feesAsOf: at };
}

interface Estimate {
  readonly isSufficient: boolean;
  readonly collateralUsd: bigint;
  readonly pnlUsd: bigint;
}

/** What would be left by the contract's estimate, which leaves fees and impact out. @source PositionUtils.sol willPositionCollateralBeSufficient */
function estimateRemaining({ market, position }: GmxView, sizeDeltaUsd: bigint, withdrawn: bigint): Estimate {
  const { isLong, sizeInUsd } = position;
  const total = computePnl(market, position, sizeInUsd).pnlUsd;
  const realized = mulDivTowards0(total, sizeDeltaUsd, sizeInUsd);
  const collateralUsd = (position.collateralAmount - withdrawn) * getCollateralToken(market, position).priceMin + min(realized, 0n);
  const side = sideOf(market, isLong);
  const forOpenInterest = applyFactor(max(side.openInterestUsd - sizeDeltaUsd, 0n), side.minCollateralFactorForOpenInterestMultiplier);
  const needed = applyFactor(sizeInUsd - sizeDeltaUsd, max(market.minCollateralFactor, forOpenInterest));
  return { isSufficient: collateralUsd >= 0n && collateralUsd >= needed, collateralUsd, pnlUsd: total - realized };
}

function reduceOpenInterest(market: GmxMarket, { isLong }: GmxPosition, sizeUsd: bigint, sizeInTokens: bigint): GmxMarket {
  const reduce = (side: GmxSide): GmxSide => ({
    ...side,
    openInterestUsd: max(side.openInterestUsd - sizeUsd, 0n),
    openInterestInTokens: max(side.openInterestInTokens - sizeInTokens, 0n),
  });
  return isLong ? { ...market, longs: reduce(market.longs) } : { ...market, shorts: reduce(market.shorts) };
}

function paidOut({ market, position }: GmxView, decrease: Decrease, collateral: bigint): readonly TokenAmount[] {
  return amounts([position.collateralToken, decrease.output + collateral], [getPnlToken(market, position.isLong).asset, decrease.secondaryOutput]);
}

function amounts(...entries: readonly (readonly [asset: AssetId, amount: bigint])[]): readonly TokenAmount[] {
  return entries.flatMap(([asset, amount]) => (amount === 0n ? [] : [{ asset, amount }]));
}

function requireOpen({ market, position }: GmxView): void {
  if (position.sizeInUsd === 0n || position.sizeInTokens === 0n) violate('EmptyPosition', 'the position is closed');
  if (market.isDisabled) violate('DisabledMarket', `market ${market.marketToken} is disabled`);
}

function requireCollateral({ position }: GmxView, asset: AssetId): void {
  if (asset !== position.collateralToken) {
    throw new InvalidArgument(`The collateral of GMX position ${position.key} is ${position.collateralToken}; swapping ${asset} on the way is not modelled.`);
  }
}

function requireMargin(view: GmxView, check: MarginCheck): void {
  const margin = computeMargin(view, check);
  const reason = findLiquidationReason(margin);
  if (reason !== null) violate('LiquidatablePosition', `${reason}: ${margin.remainingCollateralUsd} (USD with 30 decimals) would remain`);
}
