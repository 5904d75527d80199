import { BPS, divDown, max, RAY, WAD } from '../../core/fixed-point.ts';
import { type AaveAccountData, type AccruedReserve, accrueReserve, computeAccruedData, getReserve, resolveUse } from './account-data.ts';
import type { AaveProfile } from './profile.ts';
import type { AaveEMode, AavePool, AavePosition } from './state.ts';

/** A pool at a second: each reserve is accrued once, when the first account needs it. */
export interface PreparedPool {
  readonly compute: (position: AavePosition) => AaveAccountData;
  readonly isLiquidatable: (position: AavePosition) => boolean;
}

/** Base units per scaled unit of a reserve, at 2^SCALE_BITS, cut; null where the pool's integers have to decide. */
interface Factors {
  /** Times the threshold. */
  readonly supply: bigint | null;
  readonly debt: bigint | null;
}

/** What accounts of one e-mode share. */
interface EModeTable {
  /** By reserve id. */
  readonly factors: readonly (Factors | undefined)[];
  /** Least threshold that is not 0, bps. */
  readonly leastThreshold: bigint;
  /** Greatest value of a raw unit and a base unit, at 2^SCALE_BITS: what roundings of one holding take or give at most, on one side. */
  readonly step: bigint;
}

const SCALE_BITS = 128n;
/** A factor this large loses less than 2^-41 of itself by being cut. */
const LEAST_FACTOR = 1n << 41n;
/** Twice that share of both sums: the cuts of all factors, and the rounding of the health factor (2^-59), are less. */
const MARGIN_SHIFT = 40n;

/**
 * Prepares a pool for many decisions at one second.
 *
 * A decision first compares two sums without roundings: W of scaled supply × factor over what counts, D of scaled debt × factor. The sums that the pool
 * compares lie within a margin of these: a balance is rounded by less than a raw unit and its value by less than a base unit (`step` for either side of each
 * holding, and two for the sums), a factor is cut by 2^-41 of itself, and the average threshold by one basis point, which is at most W / the least threshold.
 * Outside the margin W and D stand in the pool's own order; inside it, and where a factor is missing, the pool's integers decide.
 */
export function preparePool(profile: AaveProfile, pool: AavePool, at: bigint): PreparedPool {
  const accrued: (AccruedReserve | undefined)[] = [];
  const accruedOf = (id: number): AccruedReserve => (accrued[id] ??= accrueReserve(profile, getReserve(pool, id), at));
  const compute = (position: AavePosition): AaveAccountData => computeAccruedData(profile, pool, position, accruedOf);
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

const NO_TABLE: EModeTable = { factors: [], leastThreshold: BPS, step: 0n };

/** Null where the sums are too close, or cannot be formed. */
function compareSums(profile: AaveProfile, table: EModeTable, { holdings }: AavePosition): boolean | null {
  let weighted = 0n;
  let owed = 0n;
  for (const { reserve, scaledSupply, usedAsCollateral, scaledVariableDebt, stableDebt } of holdings) {
    const factors = table.factors[reserve];
    if (factors === undefined || stableDebt !== null) return null;
    if (usedAsCollateral && scaledSupply !== 0n) {
      if (factors.supply === null) return null;
      weighted += scaledSupply * factors.supply;
    }
    if (scaledVariableDebt !== 0n) {
      if (factors.debt === null) return null;
      owed += scaledVariableDebt * factors.debt;
    }
  }
  const ofThreshold = profile.healthFactor === 'full' ? 0n : weighted / table.leastThreshold;
  const margin = ((weighted + owed) >> MARGIN_SHIFT) + ofThreshold + table.step * BigInt(2 * holdings.length + 2);
  if (weighted > owed + margin) return false;
  return owed > weighted + margin ? true : null;
}

function buildTable(profile: AaveProfile, pool: AavePool, eMode: AaveEMode | null, accruedOf: (id: number) => AccruedReserve): EModeTable {
  const factors: (Factors | undefined)[] = [];
  let leastThreshold = BPS;
  let step = 0n;
  for (const reserve of pool.reserves) {
    const { price, counts, thresholdBps } = resolveUse(profile, eMode, reserve);
    const threshold = BigInt(thresholdBps);
    const { incomeIndex, debtIndex, unit } = accruedOf(reserve.id);
    const scale = RAY * unit;
    factors[reserve.id] = {
      supply: counts ? usable(divDown((incomeIndex * price * threshold) << SCALE_BITS, scale * BPS), threshold === 0n && price !== 0n && profile.healthFactor === 'full') : 0n,
      debt: usable(divDown((debtIndex * price) << SCALE_BITS, scale), false),
    };
    if (counts && threshold !== 0n && threshold < leastThreshold) leastThreshold = threshold;
    step = max(step, ((divDown(price, unit) + 2n) << SCALE_BITS) * max(divDown(threshold, BPS) + 1n, 1n));
  }
  return { factors, leastThreshold, step };
}

/** A factor too small to be precise is none, unless it is 0 because the threshold is. */
function usable(factor: bigint, isTruly0: boolean): bigint | null {
  return factor >= LEAST_FACTOR || isTruly0 ? factor : null;
}
