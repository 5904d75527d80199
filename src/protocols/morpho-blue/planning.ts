import { Decimal, fromFixed, ZERO } from '../../core/decimal.ts';
import { max, min } from '../../core/fixed-point.ts';
import type { AccountView, PlanningAccount, PlanningArc } from '../../core/rule.ts';
import { borrowTotals, supplyTotals } from './health.ts';
import { accrueInterest } from './interest.ts';
import { toAssetsDown, toAssetsUp } from './shares.ts';
import type { MorphoMarket, MorphoPosition } from './state.ts';

type View = AccountView<MorphoMarket, MorphoPosition>;
/** Decimals of lltv. */
const WAD_DECIMALS = 18;

/** What the owner can do in a market: supply and withdraw collateral, borrow and repay the loan token, withdraw what is lent. */
export function planMorpho(view: View, collateralUsd: (market: MorphoMarket) => Decimal): PlanningAccount {
  const market = accrueInterest(view.market, view.at);
  const { position } = view;
  const debt = toAssetsUp(position.borrowShares, borrowTotals(market));
  const lent = toAssetsDown(position.supplyShares, supplyTotals(market));
  const liquidity = max(market.totalSupplyAssets - market.totalBorrowAssets, 0n);
  const loanUsd = new Decimal(market.loanUsd);
  const weighted = collateralUsd(market).times(fromFixed(market.lltv, WAD_DECIMALS));
  const none = { collateralUsd: ZERO, debtUsd: ZERO, limitCollateralUsd: ZERO, limitDebtUsd: ZERO, feeUsd: ZERO, requirementUsd: ZERO };
  const arcs: PlanningArc[] = [
    { ...market.collateral, ...none, kind: 'supply', max: null, all: null, collateralUsd: weighted },
    { ...market.loan, ...none, kind: 'borrow', max: liquidity, all: null, debtUsd: loanUsd },
  ];
  // A collateral balance does not grow, so its own amount is all of it.
  if (position.collateral > 0n) arcs.push({ ...market.collateral, ...none, kind: 'withdraw', max: position.collateral, all: null, collateralUsd: weighted.neg() });
  if (debt > 0n) arcs.push({ ...market.loan, ...none, kind: 'repay', max: debt, all: debt, debtUsd: loanUsd.neg() });
  if (lent > 0n) arcs.push({ ...market.loan, ...none, kind: 'withdraw', max: min(lent, liquidity), all: lent });
  return { arcs, borrowLimit: null, minimumDebts: [], asynchronous: false };
}
