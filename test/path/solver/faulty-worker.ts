import { parentPort } from 'node:worker_threads';
import type { SolverRequest } from '../../../src/path/solver/solve-messages.ts';

/** The solver's thread with two faults to order: an absolute gap of 1e-9 ends it, one of 2e-9 hangs it. */
parentPort?.on('message', (request: SolverRequest) => {
  if (request.kind !== 'mip') return;
  if (request.options.absoluteGap === 1e-9) process.exit(3);
  while (request.options.absoluteGap === 2e-9);
});
await import('../../../src/path/solver/solve-worker.ts');
