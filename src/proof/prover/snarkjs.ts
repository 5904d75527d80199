import { groth16 } from 'snarkjs';
import type { Groth16Proof } from './backend.ts';
import { readGroth16Proof } from './groth16-json.ts';

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
 * @param witness in snarkjs' form (.wtns)
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
