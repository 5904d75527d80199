import { type Decimal, fromFixed, ZERO } from '../../core/decimal.ts';
import { max } from '../../core/fixed-point.ts';
import type { AccountView, PlanningAccount, PlanningArc } from '../../core/rule.ts';
import { accrueMarket, computePresentValue } from './interest.ts';
import { computeLiquidity, listHeld } from './liquidity.ts';
import type { CometMarket, CometPosition } from './state.ts';

type View = AccountView<CometMarket, CometPosition>;
/** Decimals of unit values and of factors. */
const [UNIT_DECIMALS, FACTOR_DECIMALS] = [8, 18];

/** What the owner can do in a comet (a debt below the minimum is only repaid, not added to): supply and withdraw collateral, borrow and repay the base; an asset without a price is left out. */
export function planComet(view: View, toUsd: (market: CometMarket, price: bigint) => Decimal): PlanningAccount {
  const market = accrueMarket(view.market, view.at);
  const { position } = view;
  const balance = computePresentValue(market, position.principal);
  const debt = max(-balance, 0n);
  const usd = (inUnit: bigint): Decimal => fromFixed(inUnit, UNIT_DECIMALS).times(fromFixed(market.unit.usdPerUnit, UNIT_DECIMALS));
  const debtValue = max(computeLiquidity(market, { ...position, collaterals: [] }, 'borrowCollateralFactor') * -1n, 0n);
  return {
    arcs: [...baseArcs(market, balance, debt, toUsd), ...collateralArcs(market, position, toUsd)],
    borrowLimit: { collateralUsd: usd(computeLiquidity(market, position, 'borrowCollateralFactor') + debtValue), debtUsd: usd(debtValue), kinds: ['withdraw', 'borrow'] },
    // The minimum is asked for by borrowing alone: a repayment may leave less, and a debt above it only grows by borrowing.
    minimumDebts: debt === 0n ? [{ asset: market.base.asset, decimals: market.base.decimals, current: 0n, minimum: market.baseBorrowMin }] : [],
    asynchronous: false,
  };
}

const NO_EFFECT = { collateralUsd: ZERO, debtUsd: ZERO, limitCollateralUsd: ZERO, limitDebtUsd: ZERO, feeUsd: ZERO, requirementUsd: ZERO } as const;

function baseArcs(market: CometMarket, balance: bigint, debt: bigint, toUsd: (market: CometMarket, price: bigint) => Decimal): PlanningArc[] {
  if (market.base.price === null) return [];
  const price = toUsd(market, market.base.price);
  const arc = { asset: market.base.asset, symbol: market.base.symbol, decimals: market.base.decimals, ...NO_EFFECT };
  const arcs: PlanningArc[] = [];
  if (debt > 0n && !market.paused.supply) arcs.push({ ...arc, kind: 'repay', max: debt, all: debt, debtUsd: price.neg(), limitDebtUsd: price.neg() });
  if (market.paused.withdraw) return arcs;
  if (debt > 0n && debt < market.baseBorrowMin) return arcs;
  if (balance > 0n) return [...arcs, { ...arc, kind: 'withdraw', max: balance < market.baseBalance ? balance : market.baseBalance, all: balance }];
  return [...arcs, { ...arc, kind: 'borrow', max: market.baseBalance, all: null, debtUsd: price, limitDebtUsd: price }];
}

function collateralArcs(market: CometMarket, position: CometPosition, toUsd: (market: CometMarket, price: bigint) => Decimal): PlanningArc[] {
  const held = new Map(listHeld(market, position).map((entry) => [entry.collateral.asset, entry.balance]));
  return market.collaterals.flatMap((entry): PlanningArc[] => {
    if (entry.price === null || entry.price === 0n) return [];
    const price = toUsd(market, entry.price);
    const weighted = price.times(fromFixed(entry.liquidateCollateralFactor, FACTOR_DECIMALS));
    const limited = price.times(fromFixed(entry.borrowCollateralFactor, FACTOR_DECIMALS));
    const arc = { asset: entry.asset, symbol: entry.symbol, decimals: entry.decimals, ...NO_EFFECT };
    const balance = held.get(entry.asset) ?? 0n;
    const arcs: PlanningArc[] = [];
    const room = entry.supplyCap - entry.totalSupply;
    if (room > 0n && !market.paused.supply) arcs.push({ ...arc, kind: 'supply', max: room, all: null, collateralUsd: weighted, limitCollateralUsd: limited });
    if (balance > 0n && !market.paused.withdraw) {
      // The comet has no "all" for a collateral: the balance itself does not grow, so the amount is exact.
      arcs.push({ ...arc, kind: 'withdraw', max: balance, all: null, collateralUsd: weighted.neg(), limitCollateralUsd: limited.neg() });
    }
    return arcs;
  });
}
