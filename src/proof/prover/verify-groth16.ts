import { interleavedMSMUnsafe } from '@noble/curves/abstract/curve.js';
import { bn254 } from '@noble/curves/bn254.js';
import type { Groth16Points } from '../bundle.ts';
import { FIELD_MODULUS } from '../field.ts';
import { type G1Point, g1PointOrNull, g2PointOrNull } from '../keys/points.ts';
import type { VerificationKey } from '../keys/verification-key.ts';

/** Tells whether a proof holds for public signals. False, not an exception, for whatever is no proof. */
export type Groth16Verifier = (proof: Groth16Points, signals: readonly bigint[]) => boolean;

const { Fp12 } = bn254.fields;
const { calcPairingPrecomputes } = bn254.utils;
/** Four bits at a time: tables of four points a signal. */
const WINDOW = 4;

/**
 * Prepares a verification key. What only depends on the key is computed here, so that each verification costs three Miller loops and one sum over the signals.
 *
 * The verifier holds that every signal is below the field's order (a larger one with the same remainder would be the same proof counted twice), every coordinate below
 * the base field's, every point on its curve and in its group, none at infinity, and e(A, B) = e(alpha, beta) · e(IC_0 + Σ signal_i · IC_i, gamma) · e(C, delta).
 * It computes with a library of its own, in this thread, without snarkjs.
 *
 * @source Groth, "On the Size of Pairing-Based Non-interactive Arguments" (eprint 2016/260), §3.2
 * @example
 * ```ts
 * const verifies = openGroth16Verifier(loadVerificationKey(request).vkey);
 * verifies(bundle.proof, listSignals(bundle.signals)); // true
 * ```
 */
export function openGroth16Verifier(key: VerificationKey): Groth16Verifier {
  const [constant, ...icPoints] = key.ic;
  const sumSignals = interleavedMSMUnsafe(bn254.G1.Point, icPoints, WINDOW);
  const alphaBeta = bn254.pairing(key.alpha1, key.beta2);
  const [gamma, delta] = [calcPairingPrecomputes(key.gamma2), calcPairingPrecomputes(key.delta2)];
  return (proof, signals) => {
    if (constant === undefined || signals.length !== icPoints.length || !signals.every(isScalar)) return false;
    const [a, b, c] = [g1PointOrNull(...proof.a), g2PointOrNull(...proof.b), g1PointOrNull(...proof.c)];
    if (a === null || b === null || c === null) return false;
    const inputs = constant.add(sumSignals([...signals]));
    const terms: MillerTerm[] = [[calcPairingPrecomputes(b), ...affine(a)], ...(inputs.is0() ? [] : [[gamma, ...affine(inputs.negate())] as MillerTerm]), [delta, ...affine(c.negate())]];
    return Fp12.eql(Fp12.finalExponentiate(bn254.millerLoopBatch(terms)), alphaBeta);
  };
}

type MillerTerm = Parameters<typeof bn254.millerLoopBatch>[0][number];

function affine(point: G1Point): [bigint, bigint] {
  const { x, y } = point.toAffine();
  return [x, y];
}

function isScalar(signal: bigint): boolean {
  return signal >= 0n && signal < FIELD_MODULUS;
}
