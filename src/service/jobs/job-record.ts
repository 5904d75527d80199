import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { ERROR_TABLE, type ErrorCode, PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Database, Queries } from '../../store/database.ts';
import { addProofJob, endProofJob, findProofJob, noteProofJob, type ProofJob } from '../../store/proof-jobs.ts';
import type { Sealer } from '../../store/seal.ts';
import type { JobQueue, QueueName } from './job-queue.ts';

/** What handing in a job takes. */
export interface SubmitOptions {
  readonly database: Database;
  readonly queue: JobQueue;
  /** Of the key that the workers have too. */
  readonly sealer: Sealer;
  /** Unix seconds now. */
  readonly now: () => number;
  /** The same key is the same job, however often it is handed in; null makes a new one each time. Two callers must not share keys. */
  readonly idempotencyKey: string | null;
  /** The API key that asks for it; null or absent where the operator does. */
  readonly keyId?: string | null;
}

/** The longest that a job waits for a worker that has its key, in seconds. */
const MOST_WAIT_SECONDS = 6 * 3_600;

/** A job that was handed in. */
export interface SubmittedJob {
  /** Not to be guessed where no key was given. */
  readonly id: string;
  /** Whether it was not there before. */
  readonly isNew: boolean;
}

/** Why a job failed, in words for the one who asked. */
export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** What every state of a job has. */
export interface JobBase {
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: bigint;
  /** The API key that asked for it; null where the operator did. */
  readonly keyId: string | null;
}

const codes = Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]];
const noteSchema = z.object({
  digest: z.string(),
  /** Unix seconds after which nobody waits for a worker that has its key. */
  until: z.number().optional(),
  failure: z.object({ code: z.enum(codes), message: z.string(), retryable: z.boolean() }).optional(),
  progress: z.object({ stage: z.enum(['load', 'witness', 'prove', 'done']), share: z.number() }).optional(),
  proof: z.unknown().optional(),
  sealed: z.string().optional(),
});

/** What is stored beside the payload, and stays after it: nothing of it can be read back. */
export type JobNote = z.infer<typeof noteSchema>;

/**
 * Keeps a payload sealed and queues its job, both or neither.
 *
 * @param options `deadline`: unix seconds after which its result is of no use; null or absent where there is no such moment
 * @throws {PlimsollError} CONFLICT where the key was used for another request
 */
export async function submitJob(name: QueueName, payload: Json, options: SubmitOptions & { readonly deadline?: bigint | null }): Promise<SubmittedJob> {
  const { database, queue, sealer, now, idempotencyKey, keyId = null, deadline = null } = options;
  const bytes = Buffer.from(JSON.stringify(payload));
  // The payload has a secret, or its hash, of more than 240 random bits: its digest tells nothing.
  const digest = createHash('sha256').update(bytes).digest('hex');
  const id = `${name}-${idempotencyKey === null ? randomBytes(20).toString('hex') : createHash('sha256').update(`${name}:${idempotencyKey}`).digest('hex').slice(0, 40)}`;
  const createdAt = now();
  const until = Math.min(createdAt + MOST_WAIT_SECONDS, deadline === null ? Number.POSITIVE_INFINITY : Number(deadline));
  return database.transaction(async (queries) => {
    if (await addProofJob(queries, sealer, { id, payload: bytes, createdAt: BigInt(createdAt), keyId })) {
      await noteProofJob(queries, id, { digest, until });
      await queue.send({ name, id, keyNumber: sealer.keyNumber }, queries);
      return { id, isNew: true };
    }
    const known = await findProofJob(queries, id);
    if (known !== null && noteOf(known)?.digest !== digest)
      throw new PlimsollError('CONFLICT', 'This idempotency key was used for another request. Use a new key for a new request, or send the same request again.');
    return { id, isNew: false };
  });
}

/** Finds a job of a kind with its note; null where there is none. */
export async function findJob(name: QueueName, id: string, queries: Queries): Promise<{ readonly job: ProofJob; readonly note: JobNote | null } | null> {
  const job = id.startsWith(`${name}-`) ? await findProofJob(queries, id) : null;
  return job === null ? null : { job, note: noteOf(job) };
}

/** Adds to the note of a job that is not over. */
export async function noteJob(queries: Queries, id: string, addition: Partial<JobNote>): Promise<void> {
  const kept = await keptOf(queries, id);
  if (kept !== null) await noteProofJob(queries, id, { ...kept, ...addition });
}

/** Ends a job: its payload is gone from here on. */
export async function endJob(queries: Queries, id: string, end: { readonly state: 'done' | 'failed'; readonly note: Partial<JobNote> }): Promise<void> {
  const kept = await keptOf(queries, id);
  if (kept !== null) await endProofJob(queries, id, end.state, { ...kept, ...end.note });
}

/** What a failed job says. */
export function failureOf({ code, message, retryable }: PlimsollError): JobFailure {
  return { code, message, retryable };
}

/** Ends a job whose workers all ended before they were done. */
export function giveUp(queries: Queries, id: string): Promise<void> {
  const failure = new PlimsollError('PROVER_FAILED', 'Every worker that took this job ended before it was done, so it is not tried again. Ask again; if it stays, look at the memory of the workers.');
  return endJob(queries, id, { state: 'failed', note: { failure: failureOf(failure) } });
}

/** What stays of a note whatever is added. */
async function keptOf(queries: Queries, id: string): Promise<Pick<JobNote, 'digest' | 'until'> | null> {
  const job = await findProofJob(queries, id);
  if (job === null) return null;
  const { digest = '', until } = noteOf(job) ?? {};
  return { digest, ...(until === undefined ? {} : { until }) };
}

function noteOf({ result }: ProofJob): JobNote | null {
  const parsed = noteSchema.safeParse(result);
  return parsed.success ? parsed.data : null;
}
