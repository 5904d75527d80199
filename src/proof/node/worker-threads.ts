import { Worker } from 'node:worker_threads';
import { PlimsollError } from '../../core/errors.ts';
import type { Curve } from '../prover/curve.ts';
import type { CurveTask } from '../prover/curve-task.ts';
import { type CurveThread, spreadCurveWork } from '../prover/curve-threads.ts';

const IS_SOURCE = import.meta.url.endsWith('.ts');
/** The code of a curve thread: TypeScript in the repository, JavaScript in the package. */
const CURVE_THREAD = IS_SOURCE ? new URL('./curve-thread.ts', import.meta.url) : new URL('./curve-thread.js', import.meta.url);

/**
 * What a thread must be started with that loads snarkjs or ffjavascript: their dependency web-worker takes every thread of Node for one of its own and runs the script named here.
 */
export const SNARKJS_WORKER_DATA = { mod: 'data:text/javascript,' } as const;

/** What a task leaves behind is collected early: otherwise the threads of one proof hold some thirty megabytes of it. */
const CURVE_THREAD_LIMITS = { maxYoungGenerationSizeMb: 2 } as const;
/** Shorter than this, copying costs less than sharing. */
const SHARED_FROM_BYTES = 16_384;

/** Spreads the curve's work over threads of Node, started from this one; they end with it. */
export async function startCurveThreads(curve: Curve, threads: number): Promise<void> {
  const share = createSharing();
  await spreadCurveWork(curve, (code) => startCurveThread(code, share), threads);
}

/**
 * Moves the long inputs of tasks into memory that threads share. A sum over many points is two dozen tasks with the same points and scalars: each would be sent its
 * own copy, and the copies of one proof are some hundred megabytes.
 */
function createSharing(): (task: CurveTask) => CurveTask {
  const shared = new WeakMap<Uint8Array, Uint8Array>();
  const share = (bytes: Uint8Array): Uint8Array => {
    if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
    if (bytes.length < SHARED_FROM_BYTES) return bytes;
    const known = shared.get(bytes);
    if (known !== undefined) return known;
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    shared.set(bytes, copy);
    return copy;
  };
  return (task) => task.map((step) => ('buff' in step ? { ...step, buff: share(step.buff) } : step));
}

async function startCurveThread(code: Uint8Array, share: (task: CurveTask) => CurveTask): Promise<CurveThread> {
  const worker = new Worker(CURVE_THREAD, { workerData: code, resourceLimits: CURVE_THREAD_LIMITS });
  worker.unref();
  let pending: PromiseWithResolvers<Uint8Array[]> | null = null;
  const die = (): void => pending?.reject(new PlimsollError('PROVER_FAILED', 'A thread of the prover ended. Try again.'));
  worker
    .on('message', (out: Uint8Array[]) => pending?.resolve(out))
    .on('error', die)
    .on('exit', die);
  return {
    run: async (task) => {
      pending = Promise.withResolvers();
      worker.ref();
      worker.postMessage(share(task));
      try {
        return await pending.promise;
      } finally {
        worker.unref();
      }
    },
  };
}
