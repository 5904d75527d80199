import { type Decimal, fromFixed, ONE, ZERO } from '../../core/decimal.ts';
import { USD } from '../../core/ids.ts';
import type { PlanningAccount, PlanningArc } from '../../core/rule.ts';
import type { GmxView } from './fees.ts';
import { computeMargin, computeRequirement } from './margin.ts';
import { getCollateralToken, pickIndexPrice } from './pnl.ts';
import { FLOAT_DECIMALS, type GmxToken } from './state.ts';

const usd = (amount: bigint): Decimal => fromFixed(amount, FLOAT_DECIMALS);

/**
 * What the owner can order for a position: put margin in, take it out, close a part. Closing a share of the size takes the same share of the position, its entry value and
 * its requirement out of both sides, and costs that share's fees and impact; it is linear until the dollar minimum holds.
 */
export function planGmx(view: GmxView, perToken: (token: GmxToken, price: bigint) => Decimal): PlanningAccount {
  const { market, position } = view;
  const collateral = getCollateralToken(market, position);
  const price = perToken(collateral, collateral.priceMin);
  const none = { debtUsd: ZERO, limitCollateralUsd: ZERO, limitDebtUsd: ZERO, feeUsd: ZERO, requirementUsd: ZERO };
  const token = { asset: collateral.asset, symbol: collateral.symbol, decimals: collateral.decimals };
  const arcs: PlanningArc[] = [
    { ...token, ...none, kind: 'supply', max: null, all: null, collateralUsd: price },
    { ...token, ...none, kind: 'withdraw', max: position.collateralAmount, all: null, collateralUsd: price.neg() },
  ];
  // A position whose loss and costs exceed its collateral cannot be closed by its owner, only topped up.
  if (position.sizeInUsd > 0n && computeMargin(view).remainingCollateralUsd > 0n) arcs.push(closeArc(view));
  return { arcs, borrowLimit: null, minimumDebts: [], asynchronous: true };
}

/** Per dollar of size closed. What the closing costs and realises stays in or leaves the collateral: A falls by size held less what is realised. */
function closeArc(view: GmxView): PlanningArc {
  const { market, position } = view;
  const margin = computeMargin(view);
  const size = usd(position.sizeInUsd);
  const held = usd(position.sizeInTokens * pickIndexPrice(market, position.isLong)).div(size);
  const entry = ONE;
  const requirement = usd(computeRequirement(margin)).div(size);
  const collateral = getCollateralToken(market, position);
  const fees = usd(margin.fees.totalExcludingFunding * collateral.priceMin).div(size);
  const realised = usd(margin.pnl.pnlUsd + margin.priceImpactUsd).div(size);
  const lost = fees.minus(usd(margin.priceImpactUsd).div(size));
  // A profit is paid out and is lost to the account; a loss is taken from its collateral.
  const kept = realised.gt(0) ? ZERO : realised;
  const [fromCollateral, fromDebt] = position.isLong ? [held, entry] : [entry, held];
  return {
    kind: 'close',
    asset: USD,
    symbol: 'USD',
    decimals: FLOAT_DECIMALS,
    max: position.sizeInUsd,
    all: position.sizeInUsd,
    collateralUsd: kept.minus(fees).minus(fromCollateral),
    debtUsd: fromDebt.plus(requirement).plus(fees).neg(),
    limitCollateralUsd: ZERO,
    limitDebtUsd: ZERO,
    feeUsd: lost.gt(0) ? lost : ZERO,
    requirementUsd: requirement.neg(),
  };
}
