import { groth16 } from 'snarkjs';
import * as z from 'zod';
import { InternalError } from '../../core/errors.ts';
import { naturalText } from '../../core/json.ts';
import { g1Json, g2Json } from '../keys/verification-key.ts';
import type { Groth16Proof } from './backend.ts';

/** A proof and its signals as snarkjs and rapidsnark write them. */
const proofSchema = z.object({ protocol: z.literal('groth16'), pi_a: g1Json, pi_b: g2Json, pi_c: g1Json });
const signalsSchema = z.array(naturalText);

/** What snarkjs says while it proves, and how much of the proof is done then (measured on M-attested). */
const MILESTONES: readonly (readonly [text: string, share: number])[] = [
  ['Building ABC', 0.05],
  ['Join ABC', 0.3],
  ['Reading A Points', 0.35],
  ['Reading B1 Points', 0.45],
  ['Reading B2 Points', 0.55],
  ['Reading C Points', 0.8],
  ['Reading H Points', 0.87],
];

/**
 * Proves with snarkjs, over the curve that is open in this thread (`openCurve`).
 *
 * @param onShare told how much is done, 0 to 1
 */
export async function proveWithSnarkjs(zkey: Uint8Array, witness: Uint8Array, onShare: (share: number) => void): Promise<Groth16Proof> {
  const log = (text: string): void => {
    const milestone = MILESTONES.find(([start]) => text.startsWith(start));
    if (milestone !== undefined) onShare(milestone[1]);
  };
  const { proof, publicSignals } = await groth16.prove(zkey, witness, { debug: log, info: log });
  return readGroth16Proof(proof, publicSignals);
}

/**
 * Reads a proof and its public signals from the JSON of snarkjs or rapidsnark.
 *
 * @throws {PlimsollError} INTERNAL where they are of another form
 */
export function readGroth16Proof(proof: unknown, publicSignals: unknown): Groth16Proof {
  const [points, signals] = [proofSchema.safeParse(proof), signalsSchema.safeParse(publicSignals)];
  if (!points.success || !signals.success) throw new InternalError('The prover answered with something that is no Groth16 proof.');
  const { pi_a, pi_b, pi_c } = points.data;
  return { proof: { a: [pi_a[0], pi_a[1]], b: [pi_b[0], pi_b[1]], c: [pi_c[0], pi_c[1]] }, publicSignals: signals.data };
}
