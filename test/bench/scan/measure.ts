/** Wall times of several runs of the same work, ms. */
export interface Times {
  readonly medianMs: number;
  readonly bestMs: number;
}

/** Runs work `times` times after `warmUp` runs that do not count. */
export function timeRuns(work: (run: number) => void, { times, warmUp = 3 }: { readonly times: number; readonly warmUp?: number }): Times {
  for (let run = 0; run < warmUp; run += 1) work(run);
  const taken = Array.from({ length: times }, (_, run) => {
    const start = performance.now();
    work(warmUp + run);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { medianMs: taken[Math.floor(taken.length / 2)] ?? Number.NaN, bestMs: taken[0] ?? Number.NaN };
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
