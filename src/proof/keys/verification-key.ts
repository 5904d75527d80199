import * as z from 'zod';
import { naturalText } from '../../core/json.ts';
import { KeyRefused } from './key-refused.ts';
import { type Fp2Pair, type G1Point, type G2Point, g1PointOrNull, g2PointOrNull } from './points.ts';

/** What verifies proofs of one circuit: the points of a Groth16 verification key, all on their curves and in their groups. */
export interface VerificationKey {
  readonly alpha1: G1Point;
  readonly beta2: G2Point;
  readonly gamma2: G2Point;
  readonly delta2: G2Point;
  /** One point for the constant and one for each public signal. */
  readonly ic: readonly G1Point[];
}

const fp2 = z.tuple([naturalText, naturalText]);
/** A point as snarkjs writes it: affine, with a third coordinate of one. */
export const g1Json = z.tuple([naturalText, naturalText, z.literal('1')]);
/** As {@link g1Json} in the second group. */
export const g2Json = z.tuple([fp2, fp2, z.tuple([z.literal('1'), z.literal('0')])]);

const vkeySchema = z.object({
  protocol: z.literal('groth16'),
  curve: z.literal('bn128'),
  nPublic: z.int().nonnegative(),
  vk_alpha_1: g1Json,
  vk_beta_2: g2Json,
  vk_gamma_2: g2Json,
  vk_delta_2: g2Json,
  IC: z.array(g1Json),
});

/**
 * Reads vkey.json as snarkjs exports it.
 *
 * @throws {KeyRefused} where it is no such document, has another number of public signals than its IC points, or a point that is none of its group.
 */
export function parseVerificationKey(bytes: Uint8Array): VerificationKey {
  const parsed = vkeySchema.safeParse(jsonOrNull(bytes));
  if (!parsed.success) throw new KeyRefused('form', 'The verification key is not a Groth16 key over BN254 as snarkjs writes it. Take vkey.json of the release.');
  const { data } = parsed;
  if (data.IC.length !== data.nPublic + 1) {
    throw new KeyRefused('public-signals', `The verification key says ${data.nPublic} public signals and has ${data.IC.length} IC points; there must be one more than signals.`);
  }
  return {
    alpha1: requirePoint(g1PointOrNull(data.vk_alpha_1[0], data.vk_alpha_1[1]), 'alpha'),
    beta2: requirePoint(g2Of(data.vk_beta_2), 'beta'),
    gamma2: requirePoint(g2Of(data.vk_gamma_2), 'gamma'),
    delta2: requirePoint(g2Of(data.vk_delta_2), 'delta'),
    ic: data.IC.map(([x, y], at) => requirePoint(g1PointOrNull(x, y), `IC ${at}`)),
  };
}

/**
 * Passes a point of a key on.
 *
 * @throws {KeyRefused} where it is null, as {@link g1PointOrNull} answers for what is no point.
 */
export function requirePoint<P>(point: P | null, name: string): P {
  if (point === null) throw new KeyRefused('point', `The point ${name} of the key is not on the curve or not in its group. Such a key proves nothing; take the key of the release.`, { point: name });
  return point;
}

function g2Of([x, y]: readonly [Fp2Pair, Fp2Pair, unknown]): G2Point | null {
  return g2PointOrNull(x, y);
}

function jsonOrNull(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
