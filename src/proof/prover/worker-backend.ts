import { PlimsollError } from '../../core/errors.ts';
import type { Groth16Proof, ProveJob, ProverBackend, ProveStage } from './backend.ts';
import type { ProverReply, ProverRequest } from './worker-messages.ts';

/** A worker that runs the body of a prover: a thread of Node, or a module worker of a browser. */
export interface ProverThread {
  post(request: ProverRequest): void;
  /** Ends it, with whatever it has started. */
  end(): Promise<void>;
}

/** What a thread tells its owner. */
export interface ProverThreadEvents {
  reply(message: ProverReply): void;
  /** It has ended without being asked to. */
  died(): void;
}

/** A thread with the request that it is answering. */
interface RunningThread {
  readonly thread: ProverThread;
  readonly loaded: Set<string>;
  pending: { readonly settle: (message: ProverReply) => void; readonly fail: (error: PlimsollError) => void } | null;
  isDead: boolean;
}

/**
 * A prover in a worker of its own. The worker is started by the first job and keeps the keys it was sent; one that dies, or whose job is aborted, is ended, and the
 * next job starts another.
 *
 * @param startThread starts the worker; a browser hands one in that wraps `new Worker(…, { type: 'module' })`
 */
export function openWorkerBackend(name: string, startThread: (events: ProverThreadEvents) => ProverThread): ProverBackend {
  let running: RunningThread | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const stop = async (): Promise<void> => {
    const ending = running;
    running = null;
    if (ending !== null) ending.isDead = true;
    ending?.pending?.fail(stopped());
    await ending?.thread.end();
  };
  const run = async (job: ProveJob): Promise<Groth16Proof> => {
    job.signal?.throwIfAborted();
    if (isClosed) throw stopped();
    if (running === null || running.isDead) running = startRunning(startThread);
    const current = running;
    const abort = (): void => current.pending?.fail(stopped());
    job.signal?.addEventListener('abort', abort);
    try {
      return await proveIn(current, job);
    } catch (error) {
      if (!current.isDead && isAnswer(error)) throw error;
      await stop();
      job.signal?.throwIfAborted();
      throw error;
    } finally {
      job.signal?.removeEventListener('abort', abort);
    }
  };
  return {
    name,
    prove: (job) => {
      const proved = queue.then(() => run(job));
      queue = proved.catch(() => undefined);
      return proved;
    },
    close: async () => {
      isClosed = true;
      await stop();
      await queue;
    },
  };
}

function startRunning(startThread: (events: ProverThreadEvents) => ProverThread): RunningThread {
  const running: { current: RunningThread | null } = { current: null };
  const thread = startThread({
    reply: (message) => running.current?.pending?.settle(message),
    died: () => {
      if (running.current === null) return;
      running.current.isDead = true;
      running.current.pending?.fail(stopped());
    },
  });
  running.current = { thread, loaded: new Set(), pending: null, isDead: false };
  return running.current;
}

async function proveIn(running: RunningThread, { keys, inputs, onProgress, signal }: ProveJob): Promise<Groth16Proof> {
  const id = keys.entry.zkey;
  const tell = (stage: ProveStage, share: number): void => onProgress?.({ stage, share });
  tell('load', 0);
  if (!running.loaded.has(id)) {
    await ask(running, { kind: 'load', keys: id, wasm: keys.wasm, zkey: keys.zkey });
    running.loaded.add(id);
    signal?.throwIfAborted();
  }
  const reply = await ask(running, { kind: 'prove', keys: id, inputs }, onProgress);
  if (reply.kind !== 'proof') throw stopped();
  return reply.proof;
}

/** One request is on its way at a time. */
async function ask(running: RunningThread, request: ProverRequest, onProgress?: ProveJob['onProgress']): Promise<ProverReply> {
  const { promise, resolve, reject } = Promise.withResolvers<ProverReply>();
  const settle = (message: ProverReply): void => {
    if (message.kind === 'progress') tellOrFail(() => onProgress?.(message.progress), reject);
    else if (message.kind === 'failed') reject(new PlimsollError(message.code, message.message));
    else if (message.kind === 'stopped') reject(stopped());
    else resolve(message);
  };
  if (running.isDead) throw stopped();
  running.pending = { settle, fail: reject };
  try {
    running.thread.post(request);
    return await promise;
  } finally {
    running.pending = null;
  }
}

/** What the caller's function throws is the caller's failure, not one of the thread that the message came from. */
function tellOrFail(tell: () => void, fail: (error: unknown) => void): void {
  try {
    tell();
  } catch (error) {
    fail(error);
  }
}

/** An answer of a worker that is well. */
function isAnswer(error: unknown): boolean {
  return error instanceof PlimsollError && error.code !== 'PROVER_FAILED';
}

function stopped(): PlimsollError {
  return new PlimsollError('PROVER_FAILED', 'The prover stopped before it had a proof. Try again; if it stops again, the machine may be short of memory (about 400 MB are needed).');
}
