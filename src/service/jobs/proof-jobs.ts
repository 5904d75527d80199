import * as z from 'zod';
import type { Config } from '../../config.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { encodeJson, naturalText } from '../../core/json.ts';
import { parseAttestation } from '../../proof/attestation.ts';
import { type ProofBundle, parseBundle } from '../../proof/bundle.ts';
import type { ProveProgress, ProverBackend } from '../../proof/prover/backend.ts';
import { parseClaim, parseScope } from '../../proof/statement-words.ts';
import type { Database, Queries } from '../../store/database.ts';
import type { Sealer } from '../../store/seal.ts';
import { type ProveWalletRequest, proveWallet } from '../proof/prove-wallet.ts';
import type { Attempt } from './job-queue.ts';
import { findJob, type JobBase, type JobFailure, noteJob, type SubmitOptions, type SubmittedJob, submitJob } from './job-record.ts';
import { type RunOutcome, runJob } from './run-job.ts';

/** A statement to be proved by whichever worker is free. */
export interface ProofJobRequest extends Omit<ProveWalletRequest, 'keys' | 'environment' | 'onProgress' | 'signal'> {
  /** Whether development keys may prove it, where the worker has no others: anyone can forge proofs with them. */
  readonly allowDevelopment: boolean;
}

/** How a proof job stands. */
export type ProofJobStatus = JobBase &
  (
    | { readonly state: 'waiting' /** Null before a worker took it. */; readonly progress: ProveProgress | null }
    | { readonly state: 'done'; readonly proof: ProofBundle }
    | { readonly state: 'failed'; readonly failure: JobFailure }
  );

const address = z.string().transform((text) => text as Address);
const payloadSchema = z.strictObject({
  attestation: z.unknown(),
  secret: naturalText,
  statement: z.enum(['breach', 'solvent']),
  threshold: z.string(),
  minDeficit: z.string().nullable(),
  scope: z.string(),
  chainId: z.int(),
  consumer: address,
  recipient: address,
  deadline: naturalText,
  allowDevelopment: z.boolean(),
});

/**
 * Hands in a proof job. Attestation and secret are kept sealed until it is over, and are deleted then.
 *
 * @throws {InvalidArgument} for a claim or scope that is not understood, or a deadline that has passed
 * @throws {PlimsollError} CONFLICT for an idempotency key of another request
 */
export async function submitProofJob(request: ProofJobRequest, options: SubmitOptions): Promise<SubmittedJob> {
  parseClaim(request);
  parseScope(request.scope);
  // A recorded wallet lives on the recorded clock.
  if (request.attestation.recorded === null && request.deadline <= BigInt(options.now())) throw new InvalidArgument('The deadline has passed. Choose one that lies ahead.');
  const { attestation, secret, statement, threshold, minDeficit, scope, chainId, consumer, recipient, deadline, allowDevelopment } = request;
  return submitJob('prove', encodeJson({ attestation, secret, statement, threshold, minDeficit, scope, chainId, consumer, recipient, deadline, allowDevelopment }), {
    ...options,
    deadline: attestation.recorded === null ? deadline : null,
  });
}

/** Finds how a proof job stands; null where there is none of that id, or no longer. */
export async function findProofJobStatus(queries: Queries, id: string): Promise<ProofJobStatus | null> {
  const found = await findJob('prove', id, queries);
  if (found === null) return null;
  const { job, note } = found;
  const base: JobBase = { id, createdAt: job.createdAt, keyId: job.keyId };
  if (job.state === 'waiting') return { ...base, state: 'waiting', progress: note?.progress ?? null };
  if (job.state === 'done') return { ...base, state: 'done', proof: parseBundle(note?.proof) };
  return { ...base, state: 'failed', failure: note?.failure ?? { code: 'INTERNAL', message: 'The job failed without a reason.', retryable: false } };
}

/** What a prover is. */
export interface ProveOptions {
  readonly config: Config;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly backend: ProverBackend;
  /** A folder of proving keys; the shipped development keys where null. */
  readonly keys: string | null;
  /** Whether this prover proves with development keys at all; the request must allow it too. */
  readonly allowDevelopment: boolean;
}

/** Makes one try at a proof job. @throws {PlimsollError} where it is to be tried again */
export function runProofJob(attempt: Attempt, { config, database, sealer, backend, keys, allowDevelopment }: ProveOptions): Promise<RunOutcome> {
  const notes = createNotes(database, attempt.id);
  return runJob(attempt, {
    database,
    sealer,
    passing: [],
    async work(payload) {
      const request = readPayload(payload);
      const environment = { production: config.production, allowDevelopment: allowDevelopment && request.allowDevelopment };
      const proof = await proveWallet({ ...request, keys, environment, onProgress: notes.add, signal: attempt.signal }, backend);
      await notes.written();
      return { proof: encodeJson(proof) };
    },
  });
}

function readPayload(payload: unknown): ProofJobRequest {
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) throw new PlimsollError('STORE_REFUSED', 'The job was written by another release. Ask again.');
  return { ...parsed.data, attestation: parseAttestation(parsed.data.attestation) };
}

/** Writes each stage once, in order; a note that cannot be written is left out. */
function createNotes(database: Database, id: string): { readonly add: (progress: ProveProgress) => void; readonly written: () => Promise<void> } {
  let stage: ProveProgress['stage'] | null = null;
  let writing: Promise<void> = Promise.resolve();
  return {
    add(progress) {
      if (progress.stage === stage) return;
      stage = progress.stage;
      writing = writing.then(() => noteJob(database, id, { progress })).catch(() => {});
    },
    written: () => writing,
  };
}
