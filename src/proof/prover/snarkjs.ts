import { groth16, type NumericString, type Groth16Proof as SnarkjsProof } from 'snarkjs';
import type { Groth16Proof } from './backend.ts';

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
  return { proof: readPoints(proof), publicSignals: publicSignals.map(BigInt) };
}

/** Without the schemas that a foreign proof is read by: they would cost every prover's thread some twenty megabytes. */
function readPoints({ pi_a, pi_b, pi_c }: SnarkjsProof): Groth16Proof['proof'] {
  return { a: pairOf(pi_a), b: [pairOf(pi_b[0]), pairOf(pi_b[1])], c: pairOf(pi_c) };
}

function pairOf(numbers: readonly NumericString[] = []): [bigint, bigint] {
  const [first = '', second = ''] = numbers;
  return [BigInt(first), BigInt(second)];
}
