import { babyjubjub } from '@noble/curves/misc.js';
import { concat, getBytes, sha512, toBeHex } from 'ethers';
import { InvalidArgument } from '../core/errors.ts';
import { FIELD_MODULUS } from './field.ts';
import { poseidon } from './poseidon.ts';

/** A point of BabyJubJub in affine coordinates. */
export interface CurvePoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** An EdDSA-BabyJubJub-Poseidon signature. */
export interface EddsaSignature {
  readonly r8: CurvePoint;
  readonly s: bigint;
}

const { Point, utils } = babyjubjub;
/** The base point of the prime-order subgroup (Base8). @source ERC-2494 */
const BASE = Point.BASE;
/** The order of that subgroup. */
export const SUBGROUP_ORDER = Point.Fn.ORDER;
const PRIVATE_KEY_BYTES = 32;

/**
 * The public key of a private key.
 *
 * @param privateKey 32 random bytes; they are expanded by BLAKE-512 into the scalar and the prefix of the nonces
 * @throws {InvalidArgument} where it is not 32 bytes; the message never holds it.
 */
export function derivePublicKey(privateKey: Uint8Array): CurvePoint {
  return BASE.multiply(expand(privateKey).scalar).toAffine();
}

/** The name of an attestor in a proof: Poseidon(Ax, Ay). */
export function attestorId(publicKey: CurvePoint): bigint {
  return poseidon([publicKey.x, publicKey.y]);
}

/**
 * Signs a field element. The nonce is derived from the key and the message, so no randomness is needed and none can fail.
 *
 * @source iden3/circomlib circuits/eddsaposeidon.circom (what is verified); RFC 8032 §5.1.6 (the nonce)
 * @throws {InvalidArgument} where the key is not 32 bytes or the message is no field element.
 */
export function signEddsa(privateKey: Uint8Array, message: bigint): EddsaSignature {
  if (message < 0n || message >= FIELD_MODULUS) throw new InvalidArgument('Only a field element can be signed.');
  const { scalar, prefix } = expand(privateKey);
  const publicKey = BASE.multiply(scalar).toAffine();
  const nonce = nonZero(BigInt(sha512(concat([prefix, toBeHex(message, 32)]))) % SUBGROUP_ORDER);
  const r8 = BASE.multiply(nonce).toAffine();
  const challenge = challengeOf(r8, publicKey, message);
  return { r8, s: (nonce + challenge * 8n * scalar) % SUBGROUP_ORDER };
}

/**
 * Tells whether a signature holds: S · B = R8 + h · 8A with h = Poseidon(R8, A, message), S below the subgroup's order, both points on the curve
 * and A of no small order.
 */
export function verifyEddsa(publicKey: CurvePoint, message: bigint, signature: EddsaSignature): boolean {
  const key = pointOrNull(publicKey);
  const r8 = pointOrNull(signature.r8);
  if (key === null || r8 === null || message < 0n || message >= FIELD_MODULUS) return false;
  if (signature.s < 0n || signature.s >= SUBGROUP_ORDER) return false;
  const cleared = key.clearCofactor();
  if (cleared.is0()) return false;
  const challenge = challengeOf(signature.r8, publicKey, message) % SUBGROUP_ORDER;
  return BASE.multiplyUnsafe(signature.s).equals(r8.add(cleared.multiplyUnsafe(challenge)));
}

function challengeOf(r8: CurvePoint, publicKey: CurvePoint, message: bigint): bigint {
  return poseidon([r8.x, r8.y, publicKey.x, publicKey.y, message]);
}

function expand(privateKey: Uint8Array): { readonly scalar: bigint; readonly prefix: Uint8Array } {
  if (privateKey.length !== PRIVATE_KEY_BYTES) throw new InvalidArgument(`An attestor's key is ${PRIVATE_KEY_BYTES} bytes, not ${privateKey.length}.`);
  const { scalar, prefix } = utils.getExtendedPublicKey(getBytes(privateKey));
  return { scalar: nonZero(scalar), prefix };
}

/** Zero has a chance of 2^-251; it would be a key or a nonce that everybody knows. */
function nonZero(scalar: bigint): bigint {
  return scalar === 0n ? 1n : scalar;
}

function pointOrNull({ x, y }: CurvePoint): InstanceType<typeof Point> | null {
  if (x < 0n || y < 0n || x >= FIELD_MODULUS || y >= FIELD_MODULUS) return null;
  try {
    const point = Point.fromAffine({ x, y });
    point.assertValidity();
    return point;
  } catch {
    return null;
  }
}
