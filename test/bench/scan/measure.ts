import { quantile } from '../report.ts';

/** Wall times of several runs of the same work, ms. */
export interface Times {
  readonly medianMs: number;
  readonly bestMs: number;
  readonly p95Ms: number;
}

/** The longest pause before a run, ms. */
const LONGEST_PAUSE = 30;

/**
 * Runs work `times` times after `warmUp` runs that do not count. Before each run it sleeps for twice the time that the last one took: on a machine that others
 * use too, a process that asks for less than its share is seldom stopped in the middle of a run.
 */
export function timeRuns(work: (run: number) => void, { times, warmUp = 3 }: { readonly times: number; readonly warmUp?: number }): Times {
  for (let run = 0; run < warmUp; run += 1) work(run);
  let last = 0;
  const taken = Array.from({ length: times }, (_, run) => {
    pause(Math.min(2 * last, LONGEST_PAUSE));
    const start = performance.now();
    work(warmUp + run);
    last = performance.now() - start;
    return last;
  });
  return { medianMs: quantile(taken, 0.5), bestMs: Math.min(...taken), p95Ms: quantile(taken, 0.95) };
}

/** How long one run took, ms, and its result. */
export function timeOnce<Result>(work: () => Result): { readonly ms: number; readonly result: Result } {
  const start = performance.now();
  const result = work();
  return { ms: performance.now() - start, result };
}

/** Accounts per second of a number of accounts in some times. */
export function rateOf(accounts: number, { medianMs, bestMs }: Times): { readonly accounts_per_s: number; readonly best_accounts_per_s: number } {
  return { accounts_per_s: (accounts / medianMs) * 1_000, best_accounts_per_s: (accounts / bestMs) * 1_000 };
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
