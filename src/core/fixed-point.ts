import { InternalError } from './errors.ts';

/** 1 in 18-decimal fixed point. */
export const WAD = 10n ** 18n;
/** 1 in 27-decimal fixed point. */
export const RAY = 10n ** 27n;
/** 1 in basis points. */
export const BPS = 10_000n;
/** Seconds in the 365-day year that lending protocols use for rates. */
export const SECONDS_PER_YEAR = 31_536_000n;
/** The greatest uint256, which protocols use for "all" and for "no debt". */
export const MAX_UINT256 = 2n ** 256n - 1n;

/** ⌊a / b⌋ for a ≥ 0, b > 0. @throws {InternalError} when b is not positive or a is negative. */
export function divDown(a: bigint, b: bigint): bigint {
  requireOperands(a, b);
  return a / b;
}

/** ⌈a / b⌉ for a ≥ 0, b > 0. @throws {InternalError} when b is not positive or a is negative. */
export function divUp(a: bigint, b: bigint): bigint {
  requireOperands(a, b);
  return (a + b - 1n) / b;
}

/** a / b rounded to the nearest integer, halves up, as `(a + ⌊b/2⌋) / b`. @throws {InternalError} as {@link divDown}. */
export function divHalfUp(a: bigint, b: bigint): bigint {
  requireOperands(a, b);
  return (a + b / 2n) / b;
}

/**
 * ⌊a · b / denominator⌋ at full precision.
 *
 * @example
 * ```ts
 * mulDivDown(10n, 10n, 3n); // 33n
 * ```
 */
export function mulDivDown(a: bigint, b: bigint, denominator: bigint): bigint {
  return divDown(a * b, denominator);
}

/** ⌈a · b / denominator⌉ at full precision. */
export function mulDivUp(a: bigint, b: bigint, denominator: bigint): bigint {
  return divUp(a * b, denominator);
}

/** a − b, or 0 where b is greater. */
export function subFloor0(a: bigint, b: bigint): bigint {
  return a > b ? a - b : 0n;
}

/** The smaller of two integers. */
export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The greater of two integers. */
export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** 10^decimals as an integer; `decimals` between 0 and 77. @throws {InternalError} outside that range. */
export function pow10(decimals: number): bigint {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 77) {
    throw new InternalError(`pow10 needs an integer from 0 to 77, not ${decimals}`);
  }
  return 10n ** BigInt(decimals);
}

function requireOperands(a: bigint, b: bigint): void {
  if (b <= 0n || a < 0n) throw new InternalError(`unsigned division of ${a} by ${b}`);
}
