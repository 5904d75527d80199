import type { Worker } from 'node:worker_threads';
import { ask } from './serving.ts';

const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

/** The threads that this process began while they were counted. */
export interface ThreadCount {
  /** Begun and not over. */
  readonly alive: () => number;
  readonly started: () => number;
  stop(): void;
}

/** Counts threads from now on. */
export function countThreads(): ThreadCount {
  let alive = 0;
  let started = 0;
  const begun = (worker: Worker): void => {
    alive += 1;
    started += 1;
    worker.once('exit', () => {
      alive -= 1;
    });
  };
  process.on('worker', begun);
  return { alive: () => alive, started: () => started, stop: () => void process.off('worker', begun) };
}

/** A metric of a service that has one value. */
export async function readGauge(origin: string, name: string): Promise<number> {
  const { text } = await ask(origin, '/metrics');
  return Number(new RegExp(`^${name} ([0-9]+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** Waits until something holds, for as long as any machine may need. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); ) {
    if (performance.now() - start > PATIENCE_MS) throw new Error('It never came to be.');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
