import { PlimsollError } from '../../core/errors.ts';

/** How much is worked on at once. */
export interface WorkGateOptions {
  /** Tasks under way at once. */
  readonly concurrent: number;
  /** Tasks that may wait. */
  readonly waiting: number;
  /** Milliseconds that a task waits at most. */
  readonly patienceMs: number;
}

/** Lets so much work in, and turns the rest away at once. */
export interface WorkGate {
  /** @throws {PlimsollError} OVERLOADED where the queue is full or the wait was too long */
  run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
  /** Tasks under way, and waiting. */
  count(): { readonly running: number; readonly waiting: number };
}

interface Waiter {
  readonly enter: () => void;
}

/** Makes a gate. Those who wait are let in in their order. */
export function createWorkGate({ concurrent, waiting, patienceMs }: WorkGateOptions): WorkGate {
  const queue: Waiter[] = [];
  let running = 0;

  function leave(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next.enter();
  }

  function enter(signal: AbortSignal): Promise<void> {
    if (running < concurrent) {
      running += 1;
      return Promise.resolve();
    }
    if (queue.length >= waiting) return Promise.reject(overloaded());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      const at = queue.indexOf(waiter);
      if (at < 0) return;
      queue.splice(at, 1);
      finish();
      reject(overloaded());
    };
    const timer = setTimeout(giveUp, patienceMs);
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
    const waiter: Waiter = {
      enter: () => {
        finish();
        resolve();
      },
    };
    signal.addEventListener('abort', giveUp, { once: true });
    queue.push(waiter);
    return promise;
  }

  return {
    async run(task, signal) {
      await enter(signal);
      try {
        return await task();
      } finally {
        leave();
      }
    },
    count: () => ({ running, waiting: queue.length }),
  };
}

/** The refusal of a service that has too much to do. */
export function overloaded(): PlimsollError {
  return new PlimsollError('OVERLOADED', 'The service has more to do than it can do in time. Come again in a second.', { retryAfterSeconds: 1 });
}
