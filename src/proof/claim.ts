import { InvalidArgument } from '../core/errors.ts';

/** What is claimed of a health factor: lower ≤ HF < upper, and at least so much deficit. */
export interface Claim {
  /** Parts per million, below 2^24; 0 = no lower end. */
  readonly lowerPpm: number;
  /** Parts per million, strict, below 2^24 − 1; null = no upper end. */
  readonly upperPpm: number | null;
  /** Adjusted debt less adjusted collateral is at least this, US cents, below 2^64; 0 = not claimed. */
  readonly minDeficitCents: bigint;
}

/** A health factor of 1. */
export const PPM = 1_000_000;
/** The `upper` that stands for no upper end. */
export const UNBOUNDED = 2 ** 24 - 1;

const BOUND_BITS = 24n;
const DEFICIT_BITS = 64n;
const BOUND_MASK = (1n << BOUND_BITS) - 1n;

/**
 * Packs a claim into one field element: lower 24 bits | upper 24 bits | minDeficit 64 bits, from the lowest.
 *
 * @throws {InvalidArgument} where a part is out of range.
 * @example
 * ```ts
 * packClaim({ lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n }); // a breach: 16777216000000n
 * ```
 */
export function packClaim(claim: Claim): bigint {
  requireBound('lower', claim.lowerPpm);
  const upper = claim.upperPpm ?? UNBOUNDED;
  requireBound('upper', upper);
  if (claim.upperPpm === UNBOUNDED) throw new InvalidArgument('An upper end of 2^24 − 1 ppm stands for no upper end: write null.');
  if (claim.minDeficitCents < 0n || claim.minDeficitCents >= 1n << DEFICIT_BITS) throw new InvalidArgument('A minimum deficit is a whole number of cents below 2^64.');
  return BigInt(claim.lowerPpm) + (BigInt(upper) << BOUND_BITS) + (claim.minDeficitCents << (2n * BOUND_BITS));
}

/**
 * Reads a packed claim.
 *
 * @throws {InvalidArgument} where it has more than 112 bits.
 */
export function unpackClaim(packed: bigint): Claim {
  if (packed < 0n || packed >= 1n << (2n * BOUND_BITS + DEFICIT_BITS)) throw new InvalidArgument('A packed claim has 112 bits.');
  const upper = Number((packed >> BOUND_BITS) & BOUND_MASK);
  return { lowerPpm: Number(packed & BOUND_MASK), upperPpm: upper === UNBOUNDED ? null : upper, minDeficitCents: packed >> (2n * BOUND_BITS) };
}

function requireBound(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > UNBOUNDED) throw new InvalidArgument(`The ${name} end of a band is a whole number of parts per million below 2^24.`, { name });
}
