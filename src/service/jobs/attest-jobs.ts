import * as z from 'zod';
import type { Config } from '../../config.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Address, type ChainId, parseChain, parseWallet } from '../../core/ids.ts';
import { encodeJson, naturalText } from '../../core/json.ts';
import { type Attestation, formatAttestation, parseAttestation } from '../../proof/attestation.ts';
import type { AttestorKey } from '../../proof/attestor-key.ts';
import type { Surroundings } from '../../sources/clock.ts';
import type { Database, Queries } from '../../store/database.ts';
import type { Sealer } from '../../store/seal.ts';
import { attestWallet } from '../proof/attest-wallet.ts';
import type { Attempt } from './job-queue.ts';
import { findJob, type JobBase, type JobFailure, type SubmitOptions, type SubmittedJob, submitJob } from './job-record.ts';
import { type RunOutcome, runJob } from './run-job.ts';

/** A wallet that an attestor is asked to vouch for. The secret stays with its holder. */
export interface AttestJobRequest {
  readonly wallet: Address;
  /** Null for all that are configured. */
  readonly chains: readonly ChainId[] | null;
  readonly secretHash: bigint;
}

/** How an attest job stands. */
export type AttestJobStatus = JobBase & ({ readonly state: 'waiting' } | { readonly state: 'done'; readonly attestation: Attestation } | { readonly state: 'failed'; readonly failure: JobFailure });

const payloadSchema = z.strictObject({ wallet: z.string(), chains: z.array(z.string()).nullable(), secretHash: naturalText });

/** Asks for an attestation. The request is kept sealed until it is over, and is deleted then. @throws {PlimsollError} CONFLICT for an idempotency key of another request */
export function submitAttestJob({ wallet, chains, secretHash }: AttestJobRequest, options: SubmitOptions): Promise<SubmittedJob> {
  return submitJob('attest', encodeJson({ wallet, chains, secretHash }), options);
}

/**
 * Finds how an attest job stands; null where there is none of that id, or no longer. The attestation holds positions: it belongs to its holder
 * alone.
 *
 * @throws {PlimsollError} STORE_REFUSED where another process key sealed it
 */
export async function findAttestJobStatus(queries: Queries, sealer: Sealer, id: string): Promise<AttestJobStatus | null> {
  const found = await findJob('attest', id, queries);
  if (found === null) return null;
  const { job, note } = found;
  const base: JobBase = { id, createdAt: job.createdAt, keyId: job.keyId };
  if (job.state === 'waiting') return { ...base, state: 'waiting' };
  if (job.state === 'failed') return { ...base, state: 'failed', failure: note?.failure ?? { code: 'INTERNAL', message: 'The job failed without a reason.', retryable: false } };
  const plain = sealer.open(Buffer.from(note?.sealed ?? '', 'base64'), placeOf(id));
  return { ...base, state: 'done', attestation: parseAttestation(Buffer.from(plain).toString('utf8')) };
}

/** What an attestor is. */
export interface AttestOptions {
  readonly config: Config;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly key: AttestorKey;
  /** The file of its secret hashes. */
  readonly ledger: string;
  readonly surroundings: Surroundings;
}

/** Makes one try at an attest job. @throws {PlimsollError} where it is to be tried again */
export function runAttestJob(attempt: Attempt, { config, database, sealer, key, ledger, surroundings }: AttestOptions): Promise<RunOutcome> {
  return runJob(attempt, {
    database,
    sealer,
    // Its own files and endpoints are this attestor's affair.
    passing: ['INVALID_FILE', 'NOT_CONFIGURED'],
    async work(payload) {
      const { wallet, chains, secretHash } = readPayload(payload);
      const attestation = await attestWallet({ subject: wallet, ...(chains === null ? {} : { chains }), key, secretHash, ledger }, config, surroundings);
      const sealed = sealer.seal(Buffer.from(formatAttestation(attestation)), placeOf(attempt.id));
      return { sealed: Buffer.from(sealed).toString('base64') };
    },
  });
}

/** A subject that is no address could name a file of the attestor's machine: it is read as an address again. */
function readPayload(payload: unknown): AttestJobRequest {
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) throw new PlimsollError('STORE_REFUSED', 'The job was written by another release. Ask again.');
  const { wallet, chains, secretHash } = parsed.data;
  return { wallet: parseWallet(wallet), chains: chains === null ? null : chains.map(parseChain), secretHash };
}

function placeOf(id: string): string {
  return `attestation:${id}`;
}
