import * as z from 'zod';
import { InternalError } from '../../core/errors.ts';
import { naturalText } from '../../core/json.ts';
import { g1Json, g2Json } from '../keys/verification-key.ts';
import type { Groth16Proof } from './backend.ts';

/** A proof and its signals as snarkjs and rapidsnark write them. */
const proofSchema = z.object({ protocol: z.literal('groth16'), pi_a: g1Json, pi_b: g2Json, pi_c: g1Json });
const signalsSchema = z.array(naturalText);

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
