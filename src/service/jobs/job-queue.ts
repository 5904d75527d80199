import { type Job, type JobWithMetadata, PgBoss } from 'pg-boss';
import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Database, Queries, SqlValue } from '../../store/database.ts';

/** What is queued: proofs to be made, wallets to be vouched for. A queued job is an id and nothing else. */
export type QueueName = 'prove' | 'attest';

/** One try at a job. */
export interface Attempt {
  readonly id: string;
  /** Whether the queue gives the job to nobody after this try. */
  readonly isLast: boolean;
  /** The job is somebody else's now, or the worker stops. */
  readonly signal: AbortSignal;
}

/** A job as it is queued. */
export interface QueuedJob {
  readonly name: QueueName;
  readonly id: string;
  /** Of the key that its payload is sealed under. */
  readonly keyNumber: number;
}

/** What a worker does with jobs. */
export interface JobWork {
  /** Of the key that this worker has: jobs of other keys are left to those who can open them. */
  readonly keyNumber: number;
  /** Returns where the job is over, well or not; throws where it is to be tried again. */
  readonly run: (attempt: Attempt) => Promise<void>;
  /** Called where every worker that had the job ended without a word. */
  readonly givenUp: (id: string) => Promise<void>;
}

/** Jobs in the database. */
export interface JobQueue {
  /** Queues a job in the transaction that `queries` is. */
  send(job: QueuedJob, queries: Queries): Promise<void>;
  /**
   * Takes jobs one after the other from now on.
   *
   * @returns how to stop: nothing new is taken, and what runs is waited for
   */
  work(name: QueueName, work: JobWork): Promise<() => Promise<void>>;
  /** Jobs of a queue and a key that nobody has taken yet, and the age of the oldest in milliseconds; null where there is none. */
  waiting(name: QueueName, keyNumber: number): Promise<{ readonly count: number; readonly oldestMs: number | null }>;
  /** Ends it; the database stays open. */
  close(): Promise<void>;
}

/** Where the queue keeps its tables. */
export const JOB_SCHEMA = 'plimsoll_jobs';
const QUEUES: readonly QueueName[] = ['prove', 'attest'];
/** Tries after the first. */
const RETRIES = 3;
/** Seconds without a sign of life after which a job is another worker's. The least that the queue takes. */
const HEARTBEAT_SECONDS = 10;
/** Seconds that one try may take. */
const LIMIT_SECONDS = 1_800;
const RETRY_SECONDS = 1;
const POLL_SECONDS = 1;
/** How often it is looked for jobs whose worker is gone. */
const SUPERVISE_SECONDS = 2;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What opening takes. */
export interface QueueOptions {
  readonly database: Database;
  /** Called where the queue's own upkeep fails; it goes on by itself. */
  readonly failed: (error: PlimsollError) => void;
  /** Whether this process looks after jobs whose worker is gone; those that only queue jobs need not. */
  readonly supervise?: boolean;
}

/**
 * Opens the queue of a database, and makes its tables where they are missing. Both engines run the same queue through the database's own
 * connections.
 *
 * @throws {PlimsollError} STORE_*
 */
export async function openJobQueue({ database, failed, supervise = true }: QueueOptions): Promise<JobQueue> {
  const boss = new PgBoss({
    backend: database.engine === 'pglite' ? 'pglite' : 'postgres',
    db: { executeSql: (text, values) => execute(database, text, values) },
    schema: JOB_SCHEMA,
    supervise,
    schedule: false,
    reindex: false,
    monitorVacuum: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  });
  boss.on('error', (error) => failed(asFailure(error)));
  await said(boss.start());
  for (const name of QUEUES) await said(prepare(boss, name));
  return {
    async send({ name, id, keyNumber }, queries) {
      const db = { executeSql: async (text: string, values: unknown[] = []) => ({ rows: [...(await queries.query(text, values as SqlValue[]))] }) };
      await said(boss.send(name, { id }, { db, priority: keyNumber }));
    },
    work: (name, work) => startWork(boss, name, work),
    waiting: (name, keyNumber) => countWaiting(database, { name, keyNumber }),
    close: () => said(boss.stop({ graceful: true, close: false, timeout: 1_000 })),
  };
}

async function prepare(boss: PgBoss, name: QueueName): Promise<void> {
  await boss.createQueue(deadOf(name));
  await boss.createQueue(name, { retryLimit: RETRIES, retryDelay: RETRY_SECONDS, heartbeatSeconds: HEARTBEAT_SECONDS, expireInSeconds: LIMIT_SECONDS, deadLetter: deadOf(name) });
  // The queue's settings are read before the first transaction: within one, the embedded database would wait for itself.
  await boss.getJobById(name, NOBODY);
}

async function startWork(boss: PgBoss, name: QueueName, work: JobWork): Promise<() => Promise<void>> {
  const settings = { pollingIntervalSeconds: POLL_SECONDS, batchSize: 1 };
  // Priority stands for the key: the queue has an index over it, and no job is another key's before one of this.
  const own = { minPriority: work.keyNumber, maxPriority: work.keyNumber };
  const main = await boss.work(name, { ...settings, ...own, includeMetadata: true }, async (jobs: readonly JobWithMetadata<JobData>[]): Promise<void> => {
    for (const { data, retryCount, retryLimit, signal } of jobs) await restated(work.run({ id: data.id, isLast: retryCount >= retryLimit, signal }));
  });
  const dead = await boss.work(deadOf(name), settings, async (jobs: readonly Job<JobData>[]): Promise<void> => {
    for (const { data } of jobs) await restated(work.givenUp(data.id));
  });
  return async () => {
    await Promise.all([boss.offWork(name, { id: main, wait: true }), boss.offWork(deadOf(name), { id: dead, wait: true })]);
  };
}

interface JobData {
  readonly id: string;
}

async function countWaiting(database: Database, { name, keyNumber }: Omit<QueuedJob, 'id'>): Promise<{ readonly count: number; readonly oldestMs: number | null }> {
  const [row] = await database.query(
    `select count(*)::int4 as count, (extract(epoch from now() - min(created_on)) * 1000)::float8 as oldest from ${JOB_SCHEMA}.job where name = $1 and priority = $2::int4 and state in ('created', 'retry')`,
    [name, keyNumber],
  );
  const oldest = row?.['oldest'];
  return { count: Number(row?.['count'] ?? 0), oldestMs: typeof oldest === 'number' ? Math.max(0, Math.round(oldest)) : null };
}

function deadOf(name: QueueName): string {
  return `${name}-dead`;
}

async function execute(database: Database, text: string, values: unknown[] | undefined): Promise<{ rows: Record<string, unknown>[] }> {
  if (values !== undefined && values.length > 0) return { rows: [...(await database.query(text, values as SqlValue[]))] };
  try {
    return { rows: [...(await database.execute(text))] };
  } catch (error) {
    // A script that failed within its own transaction leaves the embedded database's only connection in it.
    if (database.engine === 'pglite') await database.execute('rollback').catch(() => {});
    throw error;
  }
}

/** The queue stores what a worker throws: it gets the code and the message, and no cause. */
async function restated(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { code, message } = asFailure(error);
    throw new PlimsollError(code, message);
  }
}

async function said<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asFailure(error);
  }
}

function asFailure(error: unknown): PlimsollError {
  if (isPlimsollError(error)) return error;
  return new PlimsollError('STORE_UNREACHABLE', 'The job queue broke the work off. Try again; if it stays, look at the database.');
}
