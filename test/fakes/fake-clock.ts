import type { Clock } from '../../src/sources/clock.ts';

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves on by `ms`, waking sleepers in order and letting each do its work before the next one wakes. */
  advance(ms: number): Promise<void>;
  /** How many sleep. */
  sleeping(): number;
  /** Milliseconds that have gone by since the start. */
  elapsed(): number;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** Options of {@link createFakeClock}. */
export interface FakeClockOptions {
  /** Unix milliseconds; 2025-01-01 by default. */
  readonly startMs?: number;
  /** Where given, the clock moves by itself to the next sleeper whenever `isBusy` says that nothing real is under way. */
  readonly auto?: { readonly isBusy: () => boolean };
}

/** How many turns of the event loop count as "nothing more happens by itself". */
const QUIET_TURNS = 6;

/**
 * Makes a clock for tests.
 *
 * @example
 * ```ts
 * const clock = createFakeClock();
 * const slept = clock.sleep(1_000);
 * await clock.advance(1_000);
 * await slept;
 * ```
 */
export function createFakeClock({ startMs = 1_735_689_600_000, auto }: FakeClockOptions = {}): FakeClock {
  let now = startMs;
  let sleepers: readonly Sleeper[] = [];
  let driving = false;

  function next(): Sleeper | null {
    return sleepers.reduce<Sleeper | null>((first, entry) => (first === null || entry.wakeAt < first.wakeAt ? entry : first), null);
  }
  function remove(sleeper: Sleeper): void {
    sleepers = sleepers.filter((entry) => entry !== sleeper);
  }
  function wake(sleeper: Sleeper): void {
    now = Math.max(now, sleeper.wakeAt);
    remove(sleeper);
    sleeper.wake();
  }
  async function drive(isBusy: () => boolean): Promise<void> {
    if (driving) return;
    driving = true;
    for (let quiet = 0; sleepers.length > 0; ) {
      await turn();
      quiet = isBusy() ? 0 : quiet + 1;
      if (quiet < QUIET_TURNS) continue;
      const first = next();
      if (first !== null) wake(first);
      quiet = 0;
    }
    driving = false;
  }

  return {
    now: () => now,
    sleeping: () => sleepers.length,
    elapsed: () => now - startMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (ms <= 0 || signal?.aborted) return resolve();
        const sleeper: Sleeper = { wakeAt: now + ms, wake: () => resolve() };
        sleepers = [...sleepers, sleeper];
        signal?.addEventListener('abort', () => {
          remove(sleeper);
          resolve();
        });
        if (auto !== undefined) void drive(auto.isBusy);
      }),
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let first = next(); first !== null && first.wakeAt <= until; first = next()) {
        wake(first);
        await settle();
      }
      now = until;
    },
  };
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns += 1) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
