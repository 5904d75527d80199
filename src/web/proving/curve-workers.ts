import { PlimsollError } from '../../core/errors.ts';
import type { Curve } from '../../proof/prover/curve.ts';
import type { CurveTask } from '../../proof/prover/curve-task.ts';
import { type CurveThread, spreadCurveWork } from '../../proof/prover/curve-threads.ts';

/** What a helper is asked: the module's bytes once, then tasks, one at a time. */
export type CurveWorkerRequest = { readonly kind: 'open'; readonly code: Uint8Array } | { readonly kind: 'run'; readonly task: CurveTask };
export type CurveWorkerReply = { readonly kind: 'ready' } | { readonly kind: 'done'; readonly out: Uint8Array[] };

/** More helpers than this are sent more than they save. */
const MOST_THREADS = 4;
/** A browser that cannot start a worker in a worker may say nothing at all; milliseconds. */
const LONGEST_START = 3_000;

/**
 * Spreads the curve's work over helpers of this worker, scripts of the page's own origin as its content security policy asks for. Where the browser does not start them, or has one core, the
 * curve computes in this thread as before.
 *
 * @param cores as the browser tells them
 */
export async function spreadOverWorkers(curve: Curve, cores: number): Promise<void> {
  const threads = Math.min(cores, MOST_THREADS);
  if (threads < 2 || typeof Worker === 'undefined') return;
  const started: Worker[] = [];
  const start = (code: Uint8Array): Promise<CurveThread> => {
    const worker = new Worker(new URL('./curve-worker.ts', import.meta.url), { type: 'module', name: 'curve' });
    started.push(worker);
    return openThread(worker, code);
  };
  await spreadCurveWork(curve, start, threads).catch(() => {
    for (const worker of started) worker.terminate();
  });
}

async function openThread(worker: Worker, code: Uint8Array): Promise<CurveThread> {
  let pending: PromiseWithResolvers<CurveWorkerReply> | null = null;
  let isOpen = false;
  const die = (): void => {
    const failure = new PlimsollError('PROVER_FAILED', 'A helper of the prover ended. Nothing was proved; try again.');
    pending?.reject(failure);
    // What has lost a helper ends as a whole: the next proof starts anew.
    if (isOpen) reportError(failure);
  };
  worker.addEventListener('message', ({ data }: MessageEvent<CurveWorkerReply>) => pending?.resolve(data));
  worker.addEventListener('error', die);
  const ask = (request: CurveWorkerRequest): Promise<CurveWorkerReply> => {
    pending = Promise.withResolvers();
    worker.postMessage(request);
    return pending.promise;
  };
  const limit = setTimeout(die, LONGEST_START);
  await ask({ kind: 'open', code });
  clearTimeout(limit);
  isOpen = true;
  return {
    run: async (task) => {
      const reply = await ask({ kind: 'run', task });
      return reply.kind === 'done' ? reply.out : [];
    },
  };
}
