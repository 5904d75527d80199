import type { Attempt, JobQueue, QueueName } from '../jobs/job-queue.ts';
import { giveUp } from '../jobs/job-record.ts';
import type { RunOutcome } from '../jobs/run-job.ts';
import { endStranded } from '../jobs/stranded-jobs.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { RoleTally } from './role-tally.ts';

/** A role that takes jobs from a queue. */
interface QueueRole {
  readonly role: QueueName;
  readonly queue: JobQueue;
  /** Of the key that jobs are opened with. */
  readonly keyNumber: number;
  readonly graceMs: number;
  readonly run: (attempt: Attempt) => Promise<RunOutcome>;
  /** Called when the last job is over. */
  readonly closed: () => Promise<void>;
}

/** Milliseconds between two looks at how long the queue is. */
const LOOK_MS = 5_000;
/** What is told where jobs wait that cannot be opened here. */
const OTHER_KEY = 'of the jobs that wait were sealed under another PLIMSOLL_SEAL_KEY than this worker has, and are left to one that has it. Start every process with the same key.';

/** Runs a role that takes jobs one after the other: prove and attest differ only in what a job is. */
export async function startQueueRole({ role, queue, keyNumber, graceMs, run, closed }: QueueRole, context: RoleContext): Promise<RunningRole> {
  const { database, log, surroundings } = context;
  const tally = new RoleTally(role, context);
  const stopping = new AbortController();
  const handingBack = new AbortController();
  let trouble: string | null = null;
  let isSaid = false;

  async function take(attempt: Attempt): Promise<void> {
    tally.holds([attempt.id]);
    log(`${role}: took ${attempt.id}`);
    try {
      const outcome = await run({ ...attempt, signal: AbortSignal.any([attempt.signal, handingBack.signal]) });
      if (outcome.kind === 'failed') tally.noted(outcome.failure.code);
      tally.succeeded(undefined, trouble);
      log(`${role}: ${attempt.id} is ${outcome.kind === 'failed' ? `refused: ${outcome.failure.code}` : 'done'}`);
    } catch (error) {
      tally.failed(error);
      throw error;
    } finally {
      tally.holds([]);
    }
  }

  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      await lookOnce().catch((error: unknown) => tally.failed(error));
      await surroundings.clock.sleep(LOOK_MS, stopping.signal);
    }
  }

  async function lookOnce(): Promise<void> {
    const { waiting, ended } = await endStranded(role, { database, keyNumber, now: Math.floor(surroundings.clock.now() / 1000) });
    for (const id of ended) {
      tally.noted('STORE_REFUSED');
      log(`${role}: ${id} is given up: no worker had its key in time`);
    }
    trouble = waiting === 0 ? null : `${waiting} ${OTHER_KEY}`;
    if (trouble !== null && !isSaid) log(`${role}: ${trouble}`);
    isSaid ||= trouble !== null;
    const { oldestMs } = await queue.waiting(role, keyNumber);
    tally.succeeded(oldestMs, trouble);
  }

  const stopWork = await queue.work(role, { keyNumber, run: take, givenUp: (id) => giveUp(database, id) });
  const looking = look();
  return {
    health: () => tally.health(),
    async stop() {
      stopping.abort();
      const done = new AbortController();
      const ending = stopWork().finally(() => done.abort());
      await surroundings.clock.sleep(graceMs, done.signal);
      handingBack.abort();
      await Promise.all([ending, looking]);
      await closed();
    },
  };
}
