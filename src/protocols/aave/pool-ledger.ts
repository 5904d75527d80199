import { computeDebtIndex, computeIncomeIndex } from './indexes.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveHolding, AavePool, AavePosition, AaveReserve } from './state.ts';

/** A pool and one user's position in it, before or after a step. */
export interface AaveLedger {
  readonly pool: AavePool;
  readonly position: AavePosition;
}

const EMPTY_HOLDING = { scaledSupply: 0n, usedAsCollateral: false, scaledVariableDebt: 0n, stableDebt: null } as const;

/** The user's holding of a reserve; an empty one where there is none. */
export function holdingOf(position: AavePosition, reserve: number): AaveHolding {
  return position.holdings.find((holding) => holding.reserve === reserve) ?? { reserve, ...EMPTY_HOLDING };
}

/** The ledger with one holding replaced; an empty holding disappears. */
export function withHolding(ledger: AaveLedger, holding: AaveHolding): AaveLedger {
  const others = ledger.position.holdings.filter((other) => other.reserve !== holding.reserve);
  const isEmpty = holding.scaledSupply === 0n && holding.scaledVariableDebt === 0n && holding.stableDebt === null && !holding.usedAsCollateral;
  const holdings = (isEmpty ? others : [...others, holding]).sort((a, b) => a.reserve - b.reserve);
  return { ...ledger, position: { ...ledger.position, holdings } };
}

/** How a step changes a reserve's totals. */
export interface ReserveChange {
  readonly scaledSupply?: bigint;
  readonly scaledVariableDebt?: bigint;
  readonly liquidity?: bigint;
  readonly isolationDebt?: bigint;
}

/**
 * The ledger with a reserve brought to unix second `at` and its totals changed. The rates stay as they were: the interest rate strategy
 * is not part of the state, so what accrues after a step is extrapolated with the rates before it.
 */
export function withReserve(profile: AaveProfile, ledger: AaveLedger, id: number, at: bigint, change: ReserveChange): AaveLedger {
  // The position stands after the step already.
  const ownScaledDebt = holdingOf(ledger.position, id).scaledVariableDebt - (change.scaledVariableDebt ?? 0n);
  const reserves = ledger.pool.reserves.map((reserve) => (reserve.id === id ? advance(profile, reserve, { at, ownScaledDebt }, change) : reserve));
  return { ...ledger, pool: { ...ledger.pool, reserves } };
}

function advance(profile: AaveProfile, reserve: AaveReserve, before: { readonly at: bigint; readonly ownScaledDebt: bigint }, change: ReserveChange): AaveReserve {
  const { at } = before;
  const add = (total: bigint | null, delta: bigint | undefined): bigint | null => (total === null ? null : total + (delta ?? 0n));
  return {
    ...reserve,
    liquidityIndex: computeIncomeIndex(reserve, at),
    variableBorrowIndex: computeDebtIndex(profile, reserve, before),
    lastUpdate: at > reserve.lastUpdate ? at : reserve.lastUpdate,
    scaledSupply: add(reserve.scaledSupply, change.scaledSupply),
    scaledVariableDebt: add(reserve.scaledVariableDebt, change.scaledVariableDebt),
    availableLiquidity: add(reserve.availableLiquidity, change.liquidity),
    isolationDebt: reserve.isolationDebt + (change.isolationDebt ?? 0n),
  };
}
