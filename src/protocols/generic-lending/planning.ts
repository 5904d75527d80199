import { type Decimal, fromFixed, ONE, ZERO } from '../../core/decimal.ts';
import type { PlanningAccount, PlanningArc } from '../../core/rule.ts';
import { accruePosition, type GenericAsset, type GenericView, getAsset } from './state.ts';

/**
 * What the owner can do in a book, asset by asset; one without a price or factors is left out. So is an asset that is both supplied and owed, in which health is not linear: nothing is offered that
 * would make one of it, and what there is stays as it is. A debt that may only stand alone admits no loan beside it. Books tell no caps and no liquidity.
 */
export function planBook(view: GenericView, priceUsd: (asset: GenericAsset) => Decimal): PlanningAccount {
  const { supplied, debts } = accruePosition(view);
  const held = new Map(supplied.map((entry) => [entry.asset, entry]));
  const owed = new Map(debts.map((entry) => [entry.asset, entry.amount]));
  const owes = debts.map((entry) => getAsset(view.market, entry.asset));
  const standsAlone = owes.some((asset) => asset.borrowIsolated || held.get(asset.asset)?.collateral === true);
  const arcs = view.market.assets.flatMap((asset): PlanningArc[] => {
    if (asset.price === 0n) return [];
    const [holding, debt] = [held.get(asset.asset), owed.get(asset.asset) ?? 0n];
    const covers = holding?.collateral === true;
    if (covers && debt > 0n) return [];
    const price = priceUsd(asset);
    const base = {
      asset: asset.asset,
      symbol: asset.symbol,
      decimals: asset.decimals,
      collateralUsd: ZERO,
      debtUsd: ZERO,
      limitCollateralUsd: ZERO,
      limitDebtUsd: ZERO,
      feeUsd: ZERO,
      requirementUsd: ZERO,
    };
    const counted = asset.collateralFactor === null ? null : price.times(fromFixed(asset.collateralFactor, 18));
    const weighed = asset.borrowFactor === null ? null : price.times(ONE.div(fromFixed(asset.borrowFactor, 18)));
    const mayBorrow = weighed !== null && holding === undefined && !standsAlone && (owes.length === 0 || !asset.borrowIsolated);
    return [
      ...(counted?.gt(0) === true && debt === 0n && (holding === undefined || covers) ? [{ ...base, kind: 'supply' as const, max: null, all: null, collateralUsd: counted }] : []),
      ...(counted !== null && holding !== undefined ? [{ ...base, kind: 'withdraw' as const, max: holding.amount, all: holding.amount, ...(covers ? { collateralUsd: counted.neg() } : {}) }] : []),
      ...(weighed !== null && debt > 0n ? [{ ...base, kind: 'repay' as const, max: debt, all: debt, debtUsd: weighed.neg() }] : []),
      ...(mayBorrow ? [{ ...base, kind: 'borrow' as const, max: null, all: null, debtUsd: weighed }] : []),
    ];
  });
  return { arcs, borrowLimit: null, minimumDebts: [], asynchronous: false };
}
