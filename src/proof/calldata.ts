import { AbiCoder, concat } from 'ethers';
import type { ProofBundle } from './bundle.ts';
import { circuitId } from './instances.ts';
import { listSignals } from './public-signals.ts';

/** SolvencyRegistry's `Submission` as an ABI type, for a consumer's own function that takes one. */
export const SUBMISSION_TYPE = 'tuple(bytes32 circuitId, uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[9] signals, address recipient, uint256 deadline, bytes signatures)';

/** A proof as SolvencyRegistry takes it; field order and names are the contract's. */
export interface Submission {
  readonly circuitId: string;
  readonly a: readonly bigint[];
  /** Each coordinate with the imaginary part first, as the precompile of EIP-197 reads it. */
  readonly b: readonly (readonly bigint[])[];
  readonly c: readonly bigint[];
  readonly signals: readonly bigint[];
  readonly recipient: string;
  readonly deadline: bigint;
  /** The signatures of committed proofs, 65 bytes each, one after the other. */
  readonly signatures: string;
}

/**
 * Turns a proof into the argument of `submitBreach` and `submitSolvent`. A consumer contract makes that call; users call the consumer.
 *
 * @source EIP-197 (the order of coordinates)
 */
export function toSubmission(bundle: ProofBundle): Submission {
  const { a, b, c } = bundle.proof;
  return {
    circuitId: circuitId(bundle.instance),
    a,
    b: b.map(([real, imaginary]) => [imaginary, real]),
    c,
    signals: listSignals(bundle.signals),
    recipient: bundle.recipient,
    deadline: BigInt(bundle.deadline),
    signatures: concat(bundle.attestors.map((entry) => entry.signature)),
  };
}

/** The ABI encoding of a {@link Submission} alone, as 0x hex: what a consumer's function takes after its selector where it is the only argument. */
export function encodeSubmission(bundle: ProofBundle): string {
  return AbiCoder.defaultAbiCoder().encode([SUBMISSION_TYPE], [toSubmission(bundle)]);
}
