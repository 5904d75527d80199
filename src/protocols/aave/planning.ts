import { type Decimal, fromFixed, ZERO } from '../../core/decimal.ts';
import { max, min, pow10 } from '../../core/fixed-point.ts';
import type { AccountView, PlanningAccount, PlanningArc } from '../../core/rule.ts';
import { computeAccountData, getEMode, type ValuedHolding, valueHolding } from './account-data.ts';
import { tokenMath } from './indexes.ts';
import { holdingOf } from './pool-ledger.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveEMode, AavePool, AavePosition, AaveReserve } from './state.ts';
import { enablesAutomatically, isBorrowableIn } from './steps.ts';

type View = AccountView<AavePool, AavePosition>;
/** USD per whole token of a valued holding. */
type PriceOf = (pool: AavePool, valued: ValuedHolding) => Decimal;

/** What the owner can do in the pool: supply, withdraw, borrow and repay, reserve by reserve; a reserve without a price is left out. */
export function planAave(profile: AaveProfile, view: View, priceOf: PriceOf): PlanningAccount {
  const { market: pool, position, at } = view;
  const eMode = getEMode(pool, position);
  const account = computeAccountData(profile, pool, position, at);
  const all = pool.reserves.filter((reserve) => reserve.price !== 0n && reserve.active && !reserve.paused).map((reserve) => valueHolding(profile, pool, eMode, holdingOf(position, reserve.id), at));
  const usd = (base: bigint): Decimal => fromFixed(base * pool.baseUsdE8, 8).div(pool.baseUnit.toString());
  return {
    arcs: all.flatMap((valued) => arcsOf({ profile, view, eMode, price: priceOf(pool, valued) }, valued)),
    borrowLimit: { collateralUsd: usd(account.totalCollateralBase).times(fromFixed(account.ltv, 4)), debtUsd: usd(account.totalDebtBase), kinds: ['borrow'] },
    minimumDebts: [],
    asynchronous: false,
  };
}

interface ArcContext {
  readonly profile: AaveProfile;
  readonly view: View;
  readonly eMode: AaveEMode | null;
  readonly price: Decimal;
}

function arcsOf(context: ArcContext, valued: ValuedHolding): PlanningArc[] {
  const { profile, view, eMode, price } = context;
  const { reserve, holding } = valued;
  const debt = valued.variableDebt + valued.stableDebt;
  const ledger = { pool: view.market, position: view.position };
  const threshold = price.times(fromFixed(BigInt(valued.thresholdBps), 4));
  const ltv = price.times(fromFixed(BigInt(valued.ltvBps), 4));
  const base = {
    asset: reserve.asset,
    symbol: reserve.symbol,
    decimals: reserve.decimals,
    collateralUsd: ZERO,
    debtUsd: ZERO,
    limitCollateralUsd: ZERO,
    limitDebtUsd: ZERO,
    feeUsd: ZERO,
    requirementUsd: ZERO,
  };
  const liquidity = reserve.availableLiquidity;
  const arcs: PlanningArc[] = [];
  const wouldCount = holding.scaledSupply === 0n ? enablesAutomatically(profile, ledger, reserve) : valued.counts;
  if (!reserve.frozen && wouldCount) {
    arcs.push({ ...base, kind: 'supply', max: supplyRoom(profile, valued), all: null, collateralUsd: threshold, limitCollateralUsd: ltv });
  }
  if (valued.supplied !== 0n) {
    const counted = valued.counts ? { collateralUsd: threshold.neg(), limitCollateralUsd: ltv.neg() } : {};
    arcs.push({ ...base, kind: 'withdraw', max: liquidity === null ? valued.supplied : min(valued.supplied, liquidity), all: valued.supplied, ...counted });
  }
  if (debt !== 0n) arcs.push({ ...base, kind: 'repay', max: debt, all: debt, debtUsd: price.neg(), limitDebtUsd: price.neg() });
  if (!reserve.frozen && (view.market.borrowAllowed || !profile.sentinel) && isBorrowableIn(profile, reserve, eMode)) {
    arcs.push({ ...base, kind: 'borrow', max: borrowRoom(profile, valued), all: null, debtUsd: price, limitDebtUsd: price });
  }
  return arcs;
}

/** Tokens that the supply cap still admits, less one unit for its rounding; null where there is no cap or it cannot be told. */
function supplyRoom(profile: AaveProfile, { reserve, incomeIndex }: ValuedHolding): bigint | null {
  if (!profile.caps || reserve.supplyCap === 0n || reserve.scaledSupply === null) return null;
  const held = tokenMath.supplyBalance(profile, reserve.scaledSupply + (reserve.accruedToTreasury ?? 0n), incomeIndex);
  return max(reserve.supplyCap * pow10(reserve.decimals) - held - 1n, 0n);
}

function borrowRoom(profile: AaveProfile, { reserve, debtIndex }: ValuedHolding): bigint | null {
  const cap = profile.caps && reserve.borrowCap !== 0n && reserve.scaledVariableDebt !== null ? capRoom(profile, reserve, reserve.scaledVariableDebt, debtIndex) : null;
  if (cap === null) return reserve.availableLiquidity;
  return reserve.availableLiquidity === null ? cap : min(cap, reserve.availableLiquidity);
}

function capRoom(profile: AaveProfile, reserve: AaveReserve, scaledDebt: bigint, debtIndex: bigint): bigint {
  return max(reserve.borrowCap * pow10(reserve.decimals) - tokenMath.debtBalance(profile, scaledDebt, debtIndex) - 1n, 0n);
}
