import { Worker } from 'node:worker_threads';
import { InternalError, PlimsollError } from '../../../core/errors.ts';
import type { JointAnswer, JointOutcome, JointTask } from './joint-task.ts';

const IS_SOURCE = import.meta.url.endsWith('.ts');
const SCRIPT = IS_SOURCE ? new URL('./joint-thread.ts', import.meta.url) : new URL('./joint-thread.js', import.meta.url);

/** Plans in a thread of its own. */
export interface JointThread {
  /**
   * Plans one task at a time. Once the signal aborts, the thread is ended; the next task starts another.
   *
   * @throws {PlimsollError} what planning was refused for; DEADLINE_EXCEEDED where the signal aborted
   */
  plan(task: JointTask, signal: AbortSignal): Promise<JointAnswer>;
  /** Ends the thread. */
  close(): Promise<void>;
}

/** Opens a thread that starts with the first task, and stays for the next ones. */
export function openJointThread(): JointThread {
  let worker: Worker | null = null;

  async function end(): Promise<void> {
    const ended = worker;
    worker = null;
    await ended?.terminate();
  }

  function start(): Worker {
    const made = new Worker(SCRIPT);
    // Whoever waits for it hears of a failure too; one that nobody waits for must not end the process.
    made.on('error', () => {});
    made.once('exit', () => {
      if (worker === made) worker = null;
    });
    return made;
  }

  return {
    async plan(task, signal) {
      const thread = (worker ??= start());
      try {
        thread.ref();
        const outcome = await exchange(thread, task, signal);
        // Only while there is work does it keep the process alive.
        thread.unref();
        return answerOf(outcome);
      } catch (error) {
        await end();
        throw error;
      }
    },
    close: end,
  };
}

async function exchange(worker: Worker, task: JointTask, signal: AbortSignal): Promise<JointOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<JointOutcome>();
  const abort = (): void => reject(new PlimsollError('DEADLINE_EXCEEDED', 'Planning what is open together was broken off. It is tried again by itself.'));
  const fail = (error: unknown): void => reject(new InternalError(`the thread of joint plans failed with ${error instanceof Error ? error.name : 'something'}`));
  const exit = (): void => reject(new InternalError('the thread of joint plans ended before it answered'));
  worker.once('message', resolve).once('error', fail).once('exit', exit);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  else worker.postMessage(task);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    worker.off('message', resolve).off('error', fail).off('exit', exit);
  }
}

function answerOf(outcome: JointOutcome): JointAnswer {
  if (outcome.kind === 'answer') return outcome.answer;
  if (outcome.kind === 'refused') throw new PlimsollError(outcome.code, outcome.message);
  throw new InternalError(`an unexpected ${outcome.name} while planning together`);
}
