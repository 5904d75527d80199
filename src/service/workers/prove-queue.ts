import type { Attempt, JobQueue, QueueName } from '../jobs/job-queue.ts';
import { giveUp } from '../jobs/job-record.ts';
import type { RunOutcome } from '../jobs/run-job.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { RoleTally } from './role-tally.ts';

/** A role that takes jobs from a queue. */
interface QueueRole {
  readonly role: QueueName;
  readonly queue: JobQueue;
  readonly graceMs: number;
  readonly run: (attempt: Attempt) => Promise<RunOutcome>;
  /** Called when the last job is over. */
  readonly closed: () => Promise<void>;
}

/** Milliseconds between two looks at how long the queue is. */
const LOOK_MS = 5_000;

/** Runs a role that takes jobs one after the other: prove and attest differ only in what a job is. */
export async function startQueueRole({ role, queue, graceMs, run, closed }: QueueRole, context: RoleContext): Promise<RunningRole> {
  const { database, log, surroundings } = context;
  const tally = new RoleTally(role, context);
  const stopping = new AbortController();
  const handingBack = new AbortController();

  async function take(attempt: Attempt): Promise<void> {
    tally.holds([attempt.id]);
    log(`${role}: took ${attempt.id}`);
    try {
      const outcome = await run({ ...attempt, signal: AbortSignal.any([attempt.signal, handingBack.signal]) });
      if (outcome.kind === 'failed') tally.noted(outcome.failure.code);
      tally.succeeded();
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
      await queue.waiting(role).then(
        ({ oldestMs }) => tally.succeeded(oldestMs),
        (error: unknown) => tally.failed(error),
      );
      await surroundings.clock.sleep(LOOK_MS, stopping.signal);
    }
  }

  const stopWork = await queue.work(role, { run: take, givenUp: (id) => giveUp(database, id) });
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
