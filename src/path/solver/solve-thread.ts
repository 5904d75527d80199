import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { InternalError, PlimsollError } from '../../core/errors.ts';
import { joinRows, type LinearModel } from './linear-model.ts';
import type { PathSolver, SolverSession } from './solve.ts';
import type { SolverReply, SolverRequest } from './solve-messages.ts';

/** Beyond its time limit a solve may still be finishing a step; after this it hangs. */
const GRACE_MS = 5_000;
/** Loading the solver and answering anything but a mixed-integer solve. */
const ANSWER_MS = 30_000;
/** What a timer can wait for; longer is for ever. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
const IS_SOURCE = import.meta.url.endsWith('.ts');

/** How the thread is started and how long it is waited for; tests put others in. */
export interface WorkerSolverOptions {
  readonly script?: URL;
  readonly graceMs?: number;
  readonly answerMs?: number;
  /** Once it aborts, the thread is ended, and whatever is asked of it fails with DEADLINE_EXCEEDED. */
  readonly signal?: AbortSignal;
}

interface Thread {
  ask(request: SolverRequest, timeoutMs: number): Promise<SolverReply>;
  end(): Promise<void>;
}

/**
 * A solver in a thread of its own, so that a solve never blocks the caller. The thread starts with the first model. One that crashes, or does not answer within
 * its time limit and some grace, is ended; the solve that it broke fails with an {@link InternalError}, and the next request starts a new thread, into which
 * open models are loaded again.
 */
export function openWorkerSolver(options: WorkerSolverOptions = {}): PathSolver {
  const script = options.script ?? (IS_SOURCE ? new URL('./solve-worker.ts', import.meta.url) : new URL('./solve-worker.js', import.meta.url));
  const limits = { graceMs: options.graceMs ?? GRACE_MS, answerMs: options.answerMs ?? ANSWER_MS };
  let thread: Thread | null = null;
  let generation = 0;
  let nextSession = 0;
  const { signal } = options;
  const isTooLate = (): boolean => signal?.aborted === true;
  const abort = (): void => void thread?.end();
  signal?.addEventListener('abort', abort, { once: true });
  const ask = async (request: SolverRequest, timeoutMs: number): Promise<SolverReply> => {
    if (isTooLate()) throw tooLate();
    if (thread === null) {
      thread = startThread(script);
      generation += 1;
    }
    try {
      return await thread.ask(request, timeoutMs);
    } catch (error) {
      await thread?.end();
      thread = null;
      throw isTooLate() ? tooLate() : error;
    }
  };
  return {
    open: async (model) => {
      nextSession += 1;
      return openSession({ ask, generation: () => generation, isRunning: () => thread !== null, limits }, { session: nextSession, model });
    },
    close: async () => {
      signal?.removeEventListener('abort', abort);
      await thread?.end();
      thread = null;
    },
  };
}

function tooLate(): PlimsollError {
  return new PlimsollError('DEADLINE_EXCEEDED', 'The search was broken off: its time was over, or nobody waited for it any longer. Ask again with a smaller budget.');
}

interface Host {
  ask(request: SolverRequest, timeoutMs: number): Promise<SolverReply>;
  /** Counts the threads started so far. */
  generation(): number;
  isRunning(): boolean;
  readonly limits: { readonly graceMs: number; readonly answerMs: number };
}

async function openSession(host: Host, { session, model: first }: { session: number; model: LinearModel }): Promise<SolverSession> {
  let model = first;
  let loadedInto = 0;
  const load = async (): Promise<void> => {
    if (host.isRunning() && loadedInto === host.generation()) return;
    expectDone(await host.ask({ kind: 'open', session, model }, host.limits.answerMs));
    loadedInto = host.generation();
  };
  await load();
  return {
    addRows: async (rows) => {
      await load();
      model = { ...model, rows: joinRows(model.rows, rows) };
      expectDone(await host.ask({ kind: 'add-rows', session, rows }, host.limits.answerMs));
    },
    solveLp: async (changes) => {
      await load();
      const reply = await host.ask({ kind: 'lp', session, changes }, host.limits.answerMs);
      if (reply.kind !== 'lp') throw failed(reply);
      return reply.result;
    },
    solveMip: async (options) => {
      await load();
      const reply = await host.ask({ kind: 'mip', session, options }, options.timeLimitMs + host.limits.graceMs);
      if (reply.kind !== 'mip') throw failed(reply);
      return reply.result;
    },
    close: async () => {
      if (host.isRunning() && loadedInto === host.generation()) expectDone(await host.ask({ kind: 'close', session }, host.limits.answerMs));
    },
  };
}

/** One request at a time is on its way; the others wait their turn. */
function startThread(script: URL): Thread {
  const worker = new Worker(script);
  let queue: Promise<unknown> = Promise.resolve();
  let isOver = false;
  worker.once('exit', () => {
    isOver = true;
  });
  return {
    ask: (request, timeoutMs) => {
      const reply = queue.then(() => (isOver ? Promise.reject(ended()) : exchange(worker, request, timeoutMs)));
      queue = reply.catch(() => undefined);
      return reply;
    },
    end: async () => {
      await worker.terminate();
    },
  };
}

async function exchange(worker: Worker, request: SolverRequest, timeoutMs: number): Promise<SolverReply> {
  const answered = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<SolverReply>();
  const onError = (error: unknown): void => {
    reject(new InternalError(`The solver's thread failed: ${error instanceof Error ? error.message : 'unknown'}.`));
  };
  const onExit = (): void => {
    reject(ended());
  };
  worker.once('message', resolve).once('error', onError).once('exit', onExit);
  worker.postMessage(request);
  try {
    return await (timeoutMs > LONGEST_DELAY_MS ? promise : Promise.race([promise, hang(timeoutMs, answered.signal)]));
  } finally {
    answered.abort();
    worker.off('message', resolve).off('error', onError).off('exit', onExit);
  }
}

function ended(): InternalError {
  return new InternalError("The solver's thread ended before it answered.");
}

async function hang(timeoutMs: number, signal: AbortSignal): Promise<never> {
  await delay(timeoutMs, undefined, { signal }).catch(() => undefined);
  throw new InternalError(`The solver's thread did not answer within ${Math.round(timeoutMs)} ms and was ended.`);
}

function expectDone(reply: SolverReply): void {
  if (reply.kind !== 'done') throw failed(reply);
}

function failed(reply: SolverReply): InternalError {
  return new InternalError(reply.kind === 'failed' ? reply.message : `The solver answered ${reply.kind} to another question.`);
}
