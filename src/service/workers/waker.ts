import type { Clock } from '../../sources/clock.ts';

/** Lets a loop wait until something is heard, or for a time at most. */
export interface Waker {
  /** Ends the wait that is under way, or the next one at once. */
  wake(): void;
  /** Waits `ms` milliseconds at most. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Makes a waker: what is heard while nobody waits is not lost. */
export function createWaker(clock: Clock): Waker {
  let isAwake = false;
  let current: AbortController | null = null;
  return {
    wake() {
      isAwake = true;
      current?.abort();
    },
    async wait(ms, signal) {
      if (!isAwake) {
        current = new AbortController();
        await clock.sleep(ms, AbortSignal.any([current.signal, signal]));
        current = null;
      }
      isAwake = false;
    },
  };
}
