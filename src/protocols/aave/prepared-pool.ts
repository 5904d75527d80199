import { BPS, RAY, WAD } from '../../core/fixed-point.ts';
import { type AaveAccountData, type AccruedReserve, accrueReserve, computeAccruedData, getReserve, resolveUse } from './account-data.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveEMode, AavePool, AavePosition } from './state.ts';

/** A pool at a second: each reserve is accrued once, when the first account needs it. */
export interface PreparedPool {
  readonly compute: (position: AavePosition) => AaveAccountData;
  readonly isLiquidatable: (position: AavePosition) => boolean;
}

/** Base units per scaled unit of a reserve; null where the pool's integers have to decide. */
interface Factors {
  /** Times the threshold. */
  readonly supply: number | null;
  readonly debt: number | null;
}

/** What accounts of one e-mode share. */
interface EModeTable {
  /** By reserve id. */
  readonly factors: readonly (Factors | undefined)[];
  /** Least threshold that is not 0, bps. */
  readonly leastThreshold: number;
  /** Greatest value of a raw unit and two base units: what roundings of one holding take or give at most, on one side. */
  readonly step: number;
}

/** What the sums, being of floats, may be off by as a share of themselves: 2^-40, and no more than so many holdings. */
const FLOAT_SHARE = 2 ** -40;
const MOST_HOLDINGS = 1_000;
/** Smaller factors might lose digits to underflow. */
const LEAST_FACTOR = 1e-200;

/**
 * Prepares a pool for many decisions at one second.
 *
 * A decision first compares two sums in floats, without the pool's roundings: W of scaled supply × factor over what counts, D of scaled debt × factor. The
 * sums that the pool compares lie within a margin of these:
 * - a balance is rounded by less than a raw unit and its value by less than a base unit: `step` for either side of each holding, and two for the sums;
 * - the average threshold is cut by less than one basis point, which is at most W / the least threshold;
 * - the health factor is rounded by 2^-59 of itself;
 * - a factor takes nine roundings to a float, each of 2^-53 at most, a product two, and a sum of n terms n − 1: (n + 10)·2^-53, less than 2^-42 for a
 *   thousand holdings. The margin is in floats too, and its own roundings are small against what is left of 2^-40.
 *
 * Outside the margin W and D stand in the pool's own order. Inside it, where a factor is missing, and where a sum is no number, the pool's integers decide:
 * so the answer is theirs each time.
 */
export function preparePool(profile: AaveProfile, pool: AavePool, at: bigint): PreparedPool {
  const accrued: (AccruedReserve | undefined)[] = [];
  const accruedOf = (id: number): AccruedReserve => (accrued[id] ??= accrueReserve(profile, getReserve(pool, id), at));
  // An account's health and exposure are asked for one after the other.
  let last: { readonly position: AavePosition; readonly data: AaveAccountData } | null = null;
  const compute = (position: AavePosition): AaveAccountData => {
    if (last?.position !== position) last = { position, data: computeAccruedData(profile, pool, position, accruedOf) };
    return last.data;
  };
  const tables = new Map<number, EModeTable>();
  const tableOf = (id: number): EModeTable => {
    const eMode = pool.eModes.find((category) => category.id === id) ?? null;
    const table = id === 0 || eMode !== null ? buildTable(profile, pool, eMode, accruedOf) : NO_TABLE;
    tables.set(id, table);
    return table;
  };
  return {
    compute,
    isLiquidatable: (position) => compareSums(profile, tables.get(position.eMode) ?? tableOf(position.eMode), position) ?? compute(position).healthFactor < WAD,
  };
}

const NO_TABLE: EModeTable = { factors: [], leastThreshold: Number(BPS), step: 0 };

/** Null where the sums are too close, or cannot be formed. */
function compareSums(profile: AaveProfile, table: EModeTable, { holdings }: AavePosition): boolean | null {
  if (holdings.length > MOST_HOLDINGS) return null;
  let weighted = 0;
  let owed = 0;
  for (const { reserve, scaledSupply, usedAsCollateral, scaledVariableDebt, stableDebt } of holdings) {
    const factors = table.factors[reserve];
    if (factors === undefined || stableDebt !== null) return null;
    if (usedAsCollateral && scaledSupply !== 0n) {
      if (factors.supply === null) return null;
      weighted += Number(scaledSupply) * factors.supply;
    }
    if (scaledVariableDebt !== 0n) {
      if (factors.debt === null) return null;
      owed += Number(scaledVariableDebt) * factors.debt;
    }
  }
  const ofThreshold = profile.healthFactor === 'full' ? 0 : weighted / table.leastThreshold;
  const margin = (weighted + owed) * FLOAT_SHARE + ofThreshold + table.step * (2 * holdings.length + 2);
  if (weighted > owed + margin) return false;
  return owed > weighted + margin ? true : null;
}

function buildTable(profile: AaveProfile, pool: AavePool, eMode: AaveEMode | null, accruedOf: (id: number) => AccruedReserve): EModeTable {
  const factors: (Factors | undefined)[] = [];
  let leastThreshold = Number(BPS);
  let step = 0;
  for (const reserve of pool.reserves) {
    const { price, counts, thresholdBps } = resolveUse(profile, eMode, reserve);
    const { incomeIndex, debtIndex, unit } = accruedOf(reserve.id);
    const share = thresholdBps / Number(BPS);
    // Base units a raw unit.
    const value = Number(price) / Number(unit);
    // Of a threshold of 0 the pool's average knows, and of a price of 0 the pool's integers what to say.
    const isNothing = !counts || (thresholdBps === 0 && price !== 0n && profile.healthFactor === 'full');
    factors[reserve.id] = { supply: isNothing ? 0 : usable((Number(incomeIndex) / Number(RAY)) * value * share), debt: usable((Number(debtIndex) / Number(RAY)) * value) };
    if (counts && thresholdBps !== 0) leastThreshold = Math.min(leastThreshold, thresholdBps);
    step = Math.max(step, (value + 2) * Math.max(share, 1));
  }
  return { factors, leastThreshold, step };
}

/** Null for a factor that is no number of full precision. */
function usable(factor: number): number | null {
  return factor >= LEAST_FACTOR && Number.isFinite(factor) ? factor : null;
}
