import { bn254 } from '@noble/curves/bn254.js';

/** A point of BN254's first group, never infinity. */
export type G1Point = InstanceType<typeof bn254.G1.Point>;
/** A point of BN254's second group, never infinity. */
export type G2Point = InstanceType<typeof bn254.G2.Point>;
/** A number of the quadratic extension: real and imaginary part. */
export type Fp2Pair = readonly [bigint, bigint];

/** The order of BN254's base field: coordinates are below it. @source EIP-196 */
export const BASE_FIELD_MODULUS = bn254.fields.Fp.ORDER;
export const G2_GENERATOR: G2Point = bn254.G2.Point.BASE;

/** The point of the first group with these coordinates; null where one is not reduced, or there is no such point on the curve (it has no other group). */
export function g1PointOrNull(x: bigint, y: bigint): G1Point | null {
  return isReduced(x) && isReduced(y) ? validOrNull(() => bn254.G1.Point.fromAffine({ x, y })) : null;
}

/**
 * The point of the second group with these coordinates; null where one is not reduced, or the point is not on the twist or not in the subgroup
 * of prime order: the twist has many other points, and a pairing with one of them says nothing.
 */
export function g2PointOrNull(x: Fp2Pair, y: Fp2Pair): G2Point | null {
  return [...x, ...y].every(isReduced) ? validOrNull(() => bn254.G2.Point.fromAffine({ x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } })) : null;
}

function isReduced(coordinate: bigint): boolean {
  return coordinate >= 0n && coordinate < BASE_FIELD_MODULUS;
}

/** What the library checks: the curve's equation and, for the second group, membership in the subgroup. */
function validOrNull<P extends G1Point | G2Point>(make: () => P): P | null {
  try {
    const point = make();
    if (point.is0()) return null;
    point.assertValidity();
    return point;
  } catch {
    return null;
  }
}
