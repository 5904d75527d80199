import { Worker } from 'node:worker_threads';
import { PlimsollError } from '../../core/errors.ts';
import type { Curve } from '../prover/curve.ts';
import { type CurveThread, spreadCurveWork } from '../prover/curve-threads.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/**
 * Where a thread's code stands: beside this file, as TypeScript in the repository and as JavaScript in the package.
 *
 * @example
 * ```ts
 * new Worker(threadScript('curve-thread'));
 * ```
 */
export function threadScript(name: string): URL {
  return new URL(`./${name}.${EXTENSION}`, import.meta.url);
}

/**
 * What a thread must be started with that loads snarkjs: its dependency web-worker takes every thread of Node for one of its own and runs the script named here.
 */
export const SNARKJS_WORKER_DATA = { mod: 'data:text/javascript,' } as const;

/** Spreads the curve's work over threads of Node, started from this one; they end with it. */
export async function startCurveThreads(curve: Curve, threads: number): Promise<void> {
  await spreadCurveWork(curve, startCurveThread, threads);
}

async function startCurveThread(code: Uint8Array): Promise<CurveThread> {
  const worker = new Worker(threadScript('curve-thread'), { workerData: code });
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
      worker.postMessage(task);
      try {
        return await pending.promise;
      } finally {
        worker.unref();
      }
    },
  };
}
