import { PlimsollError } from '../../core/errors.ts';
import { findText, numberOf, textOf } from '../../store/columns.ts';
import type { Database, Queries } from '../../store/database.ts';
import { JOB_SCHEMA, type QueueName } from './job-queue.ts';
import { endJob, failureOf } from './job-record.ts';

/** What looking takes. */
export interface StrandedOptions {
  readonly database: Database;
  /** Of the key that is here. */
  readonly keyNumber: number;
  /** Unix seconds. */
  readonly now: number;
}

/** How the jobs of other keys are. */
export interface Stranded {
  /** Those that go on waiting for a worker that has their key. */
  readonly waiting: number;
  /** Ids of those that were ended. */
  readonly ended: readonly string[];
}

/** Ended at most in one look. */
const MOST_ENDED = 100;
/** How long a job waits that an earlier release queued without saying so, in seconds. */
const UNSAID_SECONDS = 3_600;

/** What a job fails with whose key nobody has. */
export function keyMissing(): PlimsollError {
  return new PlimsollError(
    'STORE_REFUSED',
    'This job was sealed under a key that no worker here had in time: the process that took it in is gone, or has another PLIMSOLL_SEAL_KEY. Set the same key for every process, and ask again.',
  );
}

/**
 * Looks at the jobs of a queue that are sealed under other keys than the one that is here, and ends those whose time is over. The others stay for whoever can open them: their tries are not used up.
 * The embedded database has one process: what that one cannot open, nobody ever will.
 *
 * @throws {PlimsollError} STORE_*
 */
export async function endStranded(name: QueueName, { database, keyNumber, now }: StrandedOptions): Promise<Stranded> {
  const rows = await database.query(
    `select q.id::text as queued, p.id, p.id is null or coalesce((p.result->>'until')::numeric, p.created_at + $3::int8) <= $4::int8 as late, count(*) over ()::int4 as count
     from ${JOB_SCHEMA}.job q left join plimsoll.proof_jobs p on p.id = q.data->>'id'
     where q.name = $1 and q.priority <> $2::int4 and q.state in ('created', 'retry') order by late desc, q.created_on limit $5`,
    [name, keyNumber, UNSAID_SECONDS, now, MOST_ENDED],
  );
  const over = rows.filter((row) => row['late'] === true || database.engine === 'pglite');
  const ended: string[] = [];
  for (const row of over) {
    const id = findText(row, 'id');
    if ((await database.transaction((queries) => end(queries, { queued: textOf(row, 'queued'), id }))) && id !== null) ended.push(id);
  }
  return { waiting: (rows[0] === undefined ? 0 : numberOf(rows[0], 'count')) - over.length, ended };
}

/** @returns false where somebody took it meanwhile, or ended it */
async function end(queries: Queries, { queued, id }: { readonly queued: string; readonly id: string | null }): Promise<boolean> {
  // Whoever takes a job passes by one that is locked.
  const taken = await queries.query(`delete from ${JOB_SCHEMA}.job where id = $1::uuid and state in ('created', 'retry') returning id`, [queued]);
  if (taken.length === 0) return false;
  if (id !== null) await endJob(queries, id, { state: 'failed', note: { failure: failureOf(keyMissing()) } });
  return true;
}
