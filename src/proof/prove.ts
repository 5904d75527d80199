import { InternalError, PlimsollError } from '../core/errors.ts';
import type { Attestation } from './attestation.ts';
import { PROOF_SCHEMA, type ProofBundle } from './bundle.ts';
import type { OpenedKeys } from './keys/load-keys.ts';
import type { ProveProgress, ProverBackend } from './prover/backend.ts';
import { listSignals, nameSignals } from './public-signals.ts';
import { buildStatement, type StatementRequest } from './statement.ts';

/** What to prove, over which attestation, with which keys and prover. */
export interface ProveRequest extends StatementRequest {
  readonly attestation: Attestation;
  /** The holder's, whose hash the attestation carries. */
  readonly secret: bigint;
  readonly keys: OpenedKeys;
  readonly backend: ProverBackend;
  readonly onProgress?: (progress: ProveProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Proves a statement about an attested wallet. Nothing of the wallet leaves the process; the result holds nothing of its positions.
 *
 * @throws {PlimsollError} STATEMENT_FALSE where the statement does not hold, KEY_REFUSED where the keys are of another circuit, PROVER_FAILED where the prover
 * ends early. No message holds a number of the positions.
 */
export async function proveStatement(request: ProveRequest): Promise<ProofBundle> {
  const { attestation, keys, backend, onProgress, signal } = request;
  if (keys.instance !== attestation.instance) {
    throw new PlimsollError('KEY_REFUSED', `The attestation is made for ${attestation.instance}, the keys are those of ${keys.instance}. Load the keys of ${attestation.instance}.`, {
      instance: attestation.instance,
    });
  }
  const statement = buildStatement(attestation, request.secret, request);
  const made = await backend.prove({ keys, inputs: statement.inputs, ...(onProgress === undefined ? {} : { onProgress }), ...(signal === undefined ? {} : { signal }) });
  const signals = nameSignals(made.publicSignals);
  if (listSignals(signals).join() !== listSignals(statement.signals).join()) throw new InternalError('the prover proved other public signals than it was asked for');
  return {
    schema: PROOF_SCHEMA,
    class: keys.class === 'dev' || attestation.class === 'dev' ? 'dev' : 'production',
    instance: attestation.instance,
    artifacts: { wasm: keys.entry.wasm, zkey: keys.entry.zkey, vkey: keys.entry.vkey },
    chainId: request.chainId,
    consumer: request.consumer,
    recipient: request.recipient,
    deadline: Number(request.deadline),
    proof: made.proof,
    signals,
    attestors: attestation.signature.kind === 'eddsa' ? [] : [...attestation.signature.signatures],
  };
}
