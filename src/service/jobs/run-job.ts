import { isPlimsollError, PlimsollError } from '../../core/errors.ts';
import type { Database } from '../../store/database.ts';
import { openProofPayload } from '../../store/proof-jobs.ts';
import type { Sealer } from '../../store/seal.ts';
import type { Attempt } from './job-queue.ts';
import { endJob, failureOf, type JobNote } from './job-record.ts';
import { keyMissing } from './stranded-jobs.ts';

/** What running a job takes. */
export interface RunOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  /** Failures of this process, not of the request: another process, or another moment, may do better. Those that are `retryable` are anyway. */
  readonly passing: readonly PlimsollError['code'][];
  /** Does the work; what it returns is stored as it is, so that nothing of the payload may stand in it. */
  readonly work: (payload: unknown) => Promise<Partial<JobNote>>;
}

/** How a try ended, for the worker's figures. */
export type RunOutcome = { readonly kind: 'done' } | { readonly kind: 'over' } | { readonly kind: 'failed'; readonly failure: PlimsollError };

/**
 * Runs one try at a job. Its end is stored and the payload deleted, whether it came out well or not, except where it is to be tried again.
 *
 * @throws {PlimsollError} where it is to be tried again: no message holds anything of the payload
 */
export async function runJob(attempt: Attempt, options: RunOptions): Promise<RunOutcome> {
  const { database } = options;
  try {
    const payload = await openPayload(attempt.id, options);
    // Somebody ended it, and was killed before the queue heard of it.
    if (payload === null) return { kind: 'over' };
    const note = await options.work(payload);
    await endJob(database, attempt.id, { state: 'done', note });
    return { kind: 'done' };
  } catch (error) {
    const failure = asFailure(error, attempt.signal);
    if (isPassing(failure, options) && !attempt.isLast) throw failure;
    // A try that was broken off says nothing about the job: the queue decides what comes next.
    if (attempt.signal.aborted) throw failure;
    await endJob(database, attempt.id, { state: 'failed', note: { failure: failureOf(failure) } });
    return { kind: 'failed', failure };
  }
}

async function openPayload(id: string, { database, sealer }: RunOptions): Promise<unknown> {
  try {
    const bytes = await openProofPayload(database, sealer, id);
    return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (!isPlimsollError(error, 'STORE_REFUSED')) throw error;
    throw keyMissing();
  }
}

/** The embedded database has one process: what that one cannot open, nobody can. */
function isPassing({ code, retryable }: PlimsollError, { database, passing }: RunOptions): boolean {
  if (code === 'STORE_REFUSED') return database.engine === 'postgres';
  return retryable || passing.includes(code);
}

function asFailure(error: unknown, signal: AbortSignal): PlimsollError {
  if (signal.aborted) return new PlimsollError('PROVER_FAILED', 'The worker stopped before the job was done and handed it back.');
  if (isPlimsollError(error)) return error;
  return new PlimsollError('INTERNAL', 'The job broke off unexpectedly.');
}
