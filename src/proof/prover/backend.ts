import type { Groth16Points } from '../bundle.ts';
import type { OpenedKeys } from '../keys/load-keys.ts';

/** Inputs of a circuit by name, as decimal strings; an array for a signal that is one. They are positions and secrets: never logged, never in an error. */
export type CircuitInputs = Readonly<Record<string, string | readonly string[]>>;

/** Where a proof is: the keys are taken in, the witness is computed, the proof is computed, there it is. */
export type ProveStage = 'load' | 'witness' | 'prove' | 'done';

/** How far a proof is. */
export interface ProveProgress {
  readonly stage: ProveStage;
  /** Of all the work, 0 to 1; it never falls. */
  readonly share: number;
}

/** One proof to be made. */
export interface ProveJob {
  readonly keys: OpenedKeys;
  readonly inputs: CircuitInputs;
  readonly onProgress?: (progress: ProveProgress) => void;
  /** Ends the work; `prove` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A proof and the public signals that it is for, in the circuit's order. */
export interface Groth16Proof {
  readonly proof: Groth16Points;
  readonly publicSignals: readonly bigint[];
}

/** Something that proves. One job runs at a time, the others wait in their order. */
export interface ProverBackend {
  /** What proves, as in `snarkjs`. */
  readonly name: string;
  /**
   * Computes the witness and the proof.
   *
   * @throws {PlimsollError} STATEMENT_FALSE where the inputs do not satisfy the circuit; INTERNAL where they are not inputs of it; PROVER_FAILED (retryable)
   *   where the prover ended before it had a proof. No message holds a value of an input.
   */
  prove(job: ProveJob): Promise<Groth16Proof>;
  /** Ends what runs and frees what is held. Jobs that wait fail as PROVER_FAILED. */
  close(): Promise<void>;
}
