import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Group, POINT_BYTES, writeScalars } from './fixed-base.ts';

/** What a worker is asked for. */
export interface MultiplyRequest {
  readonly group: Group;
  readonly scalars: Uint8Array;
}

/** Scalars of one request, at most. */
export const CHUNK_SCALARS = 4_096;

/** Multiplies the generators of both groups on all cores. Close it, or its threads keep the process alive. */
export interface GeneratorPool {
  multiply(group: Group, scalars: readonly bigint[]): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Starts one worker per core. */
export function openGeneratorPool(): GeneratorPool {
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(new URL('./fixed-base-worker.ts', import.meta.url)));
  return {
    multiply: async (group, scalars) => {
      const points = new Uint8Array(scalars.length * POINT_BYTES[group]);
      const starts = Array.from({ length: Math.ceil(scalars.length / CHUNK_SCALARS) }, (_, at) => at * CHUNK_SCALARS);
      const work = async (worker: Worker): Promise<void> => {
        for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
          const request: MultiplyRequest = { group, scalars: writeScalars(scalars.slice(start, start + CHUNK_SCALARS)) };
          worker.postMessage(request);
          const [answer] = await once(worker, 'message');
          points.set(answer as Uint8Array, start * POINT_BYTES[group]);
        }
      };
      await Promise.all(workers.map(work));
      return points;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
