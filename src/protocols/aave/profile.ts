import { InternalError } from '../../core/errors.ts';

/**
 * What differs between the versions of Aave's arithmetic. A version is a row; the code asks the row.
 *
 * @source aave-v3-core 1.19.3 (3.0.2), aave-v3-origin at 3.3 to 3.7, protocol-v2, sparklend-v1-core
 */
export interface AaveProfile {
  /** The rule id, as in `aave-v3@3.6`. */
  readonly rule: string;
  readonly label: string;
  /** Debt index growth: v2's powers of the per-second rate, v3's powers of the yearly rate, or the Taylor series of 3.4. */
  readonly compounding: 'per-second-binomial' | 'binomial' | 'taylor';
  /** Token balances and their scaled forms: halves up, or always in the protocol's favour (3.5). */
  readonly tokenRounding: 'half-up' | 'protocol';
  /** Debt in base currency. */
  readonly debtValue: 'down' | 'up';
  /** The health factor from the average threshold cut to whole bps, or at full precision (3.5). */
  readonly healthFactor: 'average-threshold' | 'full';
  /** Whether a collateral whose base threshold is 0 is part of total collateral (3.6). */
  readonly countsZeroThreshold: boolean;
  /** Whether e-mode decides a member's LTV even where its base LTV is 0 (3.6). */
  readonly eModeLtv: 'needs-base-ltv' | 'own';
  /** Where a withdrawal is checked: by v2's estimate before it, or on the account after it. */
  readonly withdrawCheck: 'before' | 'after';
  /** Where borrowing power is checked: before minting, or on the account after it (3.5). */
  readonly borrowCheck: 'before' | 'after';
  /** v2 halves the reserve's debt always; v3 by health factor; 3.3 the whole position's debt. */
  readonly closeFactor: 'half' | 'reserve' | 'position';
  /** Leftovers below 1,000 base units are refused and bad debt is burned (3.3). */
  readonly dustAndDeficit: boolean;
  /** Rounding of seized collateral, needed debt and fee. */
  readonly seizure: 'v2' | 'half-up' | 'half-up-debt-up' | 'strict';
  readonly selfLiquidation: 'allowed' | 'refused';
  readonly isolation: boolean;
  readonly siloedBorrowing: boolean;
  readonly sentinel: boolean;
  readonly caps: boolean;
  readonly errors: 'v2-codes' | 'v3-codes' | 'names';
}

const V3_0: AaveProfile = {
  rule: 'aave-v3@3.0',
  label: 'Aave v3.0 and 3.1',
  compounding: 'binomial',
  tokenRounding: 'half-up',
  debtValue: 'down',
  healthFactor: 'average-threshold',
  countsZeroThreshold: false,
  eModeLtv: 'needs-base-ltv',
  withdrawCheck: 'after',
  borrowCheck: 'before',
  closeFactor: 'reserve',
  dustAndDeficit: false,
  seizure: 'half-up',
  selfLiquidation: 'allowed',
  isolation: true,
  siloedBorrowing: true,
  sentinel: true,
  caps: true,
  errors: 'v3-codes',
};
const V3_2: AaveProfile = { ...V3_0, rule: 'aave-v3@3.2', label: 'Aave v3.2' };
const V3_3: AaveProfile = {
  ...V3_2,
  rule: 'aave-v3@3.3',
  label: 'Aave v3.3',
  closeFactor: 'position',
  dustAndDeficit: true,
};
const V3_4: AaveProfile = {
  ...V3_3,
  rule: 'aave-v3@3.4',
  label: 'Aave v3.4',
  compounding: 'taylor',
  selfLiquidation: 'refused',
  errors: 'names',
};
const V3_5: AaveProfile = {
  ...V3_4,
  rule: 'aave-v3@3.5',
  label: 'Aave v3.5',
  tokenRounding: 'protocol',
  debtValue: 'up',
  healthFactor: 'full',
  borrowCheck: 'after',
  seizure: 'half-up-debt-up',
};
const V3_6: AaveProfile = { ...V3_5, rule: 'aave-v3@3.6', label: 'Aave v3.6', countsZeroThreshold: true, eModeLtv: 'own' };
const V3_7: AaveProfile = {
  ...V3_6,
  rule: 'aave-v3@3.7',
  label: 'Aave v3.7',
  seizure: 'strict',
  isolation: false,
  siloedBorrowing: false,
  sentinel: false,
};
const V2: AaveProfile = {
  ...V3_0,
  rule: 'aave-v2@2',
  label: 'Aave v2',
  compounding: 'per-second-binomial',
  withdrawCheck: 'before',
  closeFactor: 'half',
  seizure: 'v2',
  isolation: false,
  siloedBorrowing: false,
  sentinel: false,
  caps: false,
  errors: 'v2-codes',
};
const SPARK: AaveProfile = { ...V3_0, rule: 'spark@1', label: 'SparkLend' };
/** Spark's later tree: 3.5's rounding of tokens and debt value around the old arithmetic. */
const SPARK_ROUNDED: AaveProfile = { ...SPARK, rule: 'spark@2', label: "SparkLend, rounding in the protocol's favour", tokenRounding: 'protocol', debtValue: 'up' };

/** Every profile, oldest first. */
export const AAVE_PROFILES: readonly AaveProfile[] = [V2, V3_0, V3_2, V3_3, V3_4, V3_5, V3_6, V3_7, SPARK, SPARK_ROUNDED];

/** The profile of a rule id. @throws {InternalError} where there is none. */
export function getAaveProfile(rule: string): AaveProfile {
  const found = AAVE_PROFILES.find((profile) => profile.rule === rule);
  if (found === undefined) throw new InternalError(`no Aave profile "${rule}"`);
  return found;
}

/** POOL_REVISION → rule id. Revisions 1 to 3 are 3.0.x, 4 is 3.1; 7 is a patch of 3.3. */
const RULE_BY_REVISION: Readonly<Record<string, string>> = {
  1: 'aave-v3@3.0',
  2: 'aave-v3@3.0',
  3: 'aave-v3@3.0',
  4: 'aave-v3@3.0',
  5: 'aave-v3@3.2',
  6: 'aave-v3@3.3',
  7: 'aave-v3@3.3',
  8: 'aave-v3@3.4',
  9: 'aave-v3@3.5',
  10: 'aave-v3@3.6',
  11: 'aave-v3@3.7',
};

/**
 * The rule that a pool's POOL_REVISION runs, or null for a revision that this release does not know.
 *
 * @source aave-v3-origin src/contracts/instances/PoolInstance.sol, history of POOL_REVISION
 */
export function findRuleByRevision(revision: bigint): string | null {
  return RULE_BY_REVISION[revision.toString()] ?? null;
}
