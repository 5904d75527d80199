/** Time as the sources see it, so that a test can own it. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A source of randomness in [0, 1), for jitter only. */
export type Random = () => number;

/** The function that carries every request. */
export type Fetch = typeof globalThis.fetch;

/** What a source needs from outside: entry points hand in {@link systemClock}, {@link systemRandom} and {@link systemFetch}. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

/** The machine's randomness. */
export const systemRandom: Random = () => Math.random();

/** The machine's network. */
export const systemFetch: Fetch = (input, init) => globalThis.fetch(input, init);
