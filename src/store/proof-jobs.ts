import { bytesOf, findText, integerOf, textOf } from './columns.ts';
import type { Queries } from './database.ts';
import type { Sealer } from './seal.ts';

/** What became of a proof job. */
export interface ProofJob {
  readonly id: string;
  readonly state: 'waiting' | 'done' | 'failed';
  /** The proof's document, or what went wrong; what was noted last while it waits. */
  readonly result: unknown;
  /** Unix seconds. */
  readonly createdAt: bigint;
  /** The API key that asked for it; null where the operator did. */
  readonly keyId: string | null;
}

/** A job as it is handed in. */
export interface NewProofJob {
  readonly id: string;
  readonly payload: Uint8Array;
  /** Unix seconds. */
  readonly createdAt: bigint;
  /** The API key that asks for it; null or absent where the operator does. */
  readonly keyId?: string | null;
}

/**
 * Keeps a job's payload, rows and secrets among it, sealed. The same id again changes nothing.
 *
 * @returns false where the job was there already
 */
export async function addProofJob(queries: Queries, sealer: Sealer, job: NewProofJob): Promise<boolean> {
  const sealed = sealer.seal(job.payload, placeOf(job.id));
  const rows = await queries.query('insert into plimsoll.proof_jobs (id, payload, created_at, key_id) values ($1, $2, $3, $4) on conflict (id) do nothing returning id', [
    job.id,
    sealed,
    job.createdAt,
    job.keyId ?? null,
  ]);
  return rows.length > 0;
}

/**
 * Opens the payload of a job that waits; null where there is none such.
 *
 * @throws {PlimsollError} STORE_REFUSED where another process key sealed it
 */
export async function openProofPayload(queries: Queries, sealer: Sealer, id: string): Promise<Uint8Array | null> {
  const [row] = await queries.query('select payload from plimsoll.proof_jobs where id = $1 and payload is not null', [id]);
  return row === undefined ? null : sealer.open(bytesOf(row, 'payload'), placeOf(id));
}

/** Keeps how far a job is; nothing where it is over. `note` must hold nothing of the payload. */
export async function noteProofJob(queries: Queries, id: string, note: unknown): Promise<void> {
  await queries.query(`update plimsoll.proof_jobs set result = $2::jsonb where id = $1 and state = 'waiting'`, [id, JSON.stringify(note)]);
}

/** Ends a job and deletes its payload. `result` must hold nothing of the payload. Ending it twice changes nothing. */
export async function endProofJob(queries: Queries, id: string, state: 'done' | 'failed', result: unknown): Promise<void> {
  await queries.query(`update plimsoll.proof_jobs set state = $2, payload = null, result = $3::jsonb where id = $1 and state = 'waiting'`, [id, state, JSON.stringify(result)]);
}

/** Finds a job; null where there is none. */
export async function findProofJob(queries: Queries, id: string): Promise<ProofJob | null> {
  const [row] = await queries.query('select id, state, result, created_at::text as created_at, key_id from plimsoll.proof_jobs where id = $1', [id]);
  if (row === undefined) return null;
  const state = textOf(row, 'state');
  return {
    id: textOf(row, 'id'),
    state: state === 'done' || state === 'failed' ? state : 'waiting',
    result: row['result'],
    createdAt: integerOf(row, 'created_at'),
    keyId: findText(row, 'key_id'),
  };
}

/** Deletes jobs that were made before a unix second, payloads with them. @returns how many */
export async function deleteProofJobs(queries: Queries, before: bigint): Promise<number> {
  return (await queries.query('delete from plimsoll.proof_jobs where created_at < $1 returning id', [before])).length;
}

function placeOf(id: string): string {
  return `proof-job:${id}`;
}
