/**
 * The fields of a reserve's configuration word.
 *
 * @source ReserveConfiguration.sol of aave-v3-core and aave-v3-origin (v2 has the first half of the same layout)
 */
export interface ReserveConfiguration {
  readonly ltvBps: number;
  readonly liquidationThresholdBps: number;
  readonly liquidationBonusBps: number;
  readonly decimals: number;
  readonly active: boolean;
  readonly frozen: boolean;
  readonly borrowingEnabled: boolean;
  readonly paused: boolean;
  readonly borrowableInIsolation: boolean;
  readonly siloedBorrowing: boolean;
  readonly borrowCap: bigint;
  readonly supplyCap: bigint;
  readonly liquidationProtocolFeeBps: number;
  /** The reserve's e-mode category up to 3.1; 0 later. */
  readonly eModeCategory: number;
  readonly debtCeiling: bigint;
}

/** Takes a configuration word apart. */
export function readConfiguration(word: bigint): ReserveConfiguration {
  const field = (from: number, width: number): bigint => (word >> BigInt(from)) & ((1n << BigInt(width)) - 1n);
  const flag = (bit: number): boolean => field(bit, 1) === 1n;
  return {
    ltvBps: Number(field(0, 16)),
    liquidationThresholdBps: Number(field(16, 16)),
    liquidationBonusBps: Number(field(32, 16)),
    decimals: Number(field(48, 8)),
    active: flag(56),
    frozen: flag(57),
    borrowingEnabled: flag(58),
    paused: flag(60),
    borrowableInIsolation: flag(61),
    siloedBorrowing: flag(62),
    borrowCap: field(80, 36),
    supplyCap: field(116, 36),
    liquidationProtocolFeeBps: Number(field(152, 16)),
    eModeCategory: Number(field(168, 8)),
    debtCeiling: field(212, 40),
  };
}

/** Whether a user's configuration word says that reserve `id` is borrowed. @source UserConfiguration.sol */
export function isBorrowing(word: bigint, id: number): boolean {
  return ((word >> BigInt(2 * id)) & 1n) === 1n;
}

/** Whether a user's configuration word says that reserve `id` is used as collateral. @source UserConfiguration.sol */
export function isUsingAsCollateral(word: bigint, id: number): boolean {
  return ((word >> BigInt(2 * id + 1)) & 1n) === 1n;
}

/** The reserve ids that a bitmap contains. */
export function idsOf(bitmap: bigint): number[] {
  const ids: number[] = [];
  for (let id = 0; bitmap >> BigInt(id) > 0n; id += 1) if (((bitmap >> BigInt(id)) & 1n) === 1n) ids.push(id);
  return ids;
}
