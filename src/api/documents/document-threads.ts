import { Worker } from 'node:worker_threads';
import { PlimsollError } from '../../core/errors.ts';
import { createWorkGate } from '../http/work-gate.ts';
import type { DocumentOutcome, DocumentTask } from './document-task.ts';

/** How much is worked on at once. */
export interface DocumentThreadsOptions {
  /** Threads. */
  readonly most: number;
  /** Tasks that may wait, and for how long, milliseconds. */
  readonly waiting: number;
  readonly patienceMs: number;
  /** Megabytes that one task may take. */
  readonly memoryMb?: number;
}

/** Threads for work whose size a stranger chooses. */
export interface DocumentThreads {
  /**
   * Does a task. Once the signal aborts, its thread is ended.
   *
   * @returns JSON text
   * @throws {PlimsollError} what the task was refused for; DEADLINE_EXCEEDED, OVERLOADED, and BODY_TOO_LARGE where it took too much memory
   */
  run(task: DocumentTask, signal: AbortSignal): Promise<string>;
  /** Tasks under way, and waiting. */
  count(): { readonly running: number; readonly waiting: number };
  /** Ends every thread. */
  close(): Promise<void>;
}

const MEMORY_MB = 512;
const IS_SOURCE = import.meta.url.endsWith('.ts');
const SCRIPT = IS_SOURCE ? new URL('./document-thread.ts', import.meta.url) : new URL('./document-thread.js', import.meta.url);

/** Opens the threads; each starts with the first task that needs it, and stays for the next ones. */
export function openDocumentThreads({ most, waiting, patienceMs, memoryMb = MEMORY_MB }: DocumentThreadsOptions): DocumentThreads {
  const gate = createWorkGate({ concurrent: most, waiting, patienceMs });
  const idle: Worker[] = [];
  const busy = new Set<Worker>();

  function start(): Worker {
    const worker = new Worker(SCRIPT, { resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
    // Whoever waits for it hears of a failure too; one that nobody waits for must not end the process.
    worker.on('error', () => {});
    worker.once('exit', () => {
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
    });
    return worker;
  }

  function take(): Worker {
    const worker = idle.pop() ?? start();
    busy.add(worker);
    // Only while there is work does it keep the process alive.
    worker.ref();
    return worker;
  }

  function giveBack(worker: Worker): void {
    worker.unref();
    idle.push(worker);
  }

  async function work(task: DocumentTask, signal: AbortSignal): Promise<string> {
    if (signal.aborted) throw tooLate();
    const worker = take();
    try {
      const outcome = await exchange(worker, task, signal);
      giveBack(worker);
      return answerOf(outcome);
    } catch (error) {
      if (!idle.includes(worker)) await worker.terminate();
      throw error;
    } finally {
      busy.delete(worker);
    }
  }

  return {
    run: (task, signal) => gate.run(() => work(task, signal), signal),
    count: () => gate.count(),
    async close() {
      await Promise.all([...idle, ...busy].map((worker) => worker.terminate()));
    },
  };
}

async function exchange(worker: Worker, task: DocumentTask, signal: AbortSignal): Promise<DocumentOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<DocumentOutcome>();
  const abort = (): void => reject(tooLate());
  const fail = (error: unknown): void => reject(failureOf(error));
  const exit = (): void => reject(new PlimsollError('OVERLOADED', 'The work was broken off. Come again in a moment.', { retryAfterSeconds: 1 }));
  worker.once('message', resolve).once('error', fail).once('exit', exit);
  signal.addEventListener('abort', abort, { once: true });
  worker.postMessage(task);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    worker.off('message', resolve).off('error', fail).off('exit', exit);
  }
}

function answerOf(outcome: DocumentOutcome): string {
  if (outcome.kind === 'answer') return outcome.json;
  if (outcome.kind === 'refused') throw new PlimsollError(outcome.code, outcome.message, outcome.fields);
  throw Object.assign(new Error('a document could not be worked on'), { name: outcome.name, stack: outcome.stack });
}

function failureOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? new PlimsollError('BODY_TOO_LARGE', 'The document takes more memory to work on than a request may. Send fewer accounts at once.') : error;
}

function tooLate(): PlimsollError {
  return new PlimsollError('DEADLINE_EXCEEDED', 'This took longer than a request may, and was broken off. Ask for less, or later.');
}
