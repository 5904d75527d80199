import { beforeAbort } from './deadline.ts';

/** A value with the moment from which it is no longer given. */
export interface Kept<Value> {
  readonly value: Value;
  /** Milliseconds that it may be given. */
  readonly forMs: number;
}

/** How a cache gets what it does not have. */
export interface CacheOptions<Value> {
  /** Makes a value; `signal` aborts once nobody waits for it any more. */
  readonly load: (key: string, signal: AbortSignal) => Promise<Kept<Value>>;
  /** Values kept at most; those that were used longest ago go first. */
  readonly most: number;
  /** Milliseconds, rising. */
  readonly now: () => number;
}

/** Values by key, each made once however many ask for it at once. */
export interface Cache<Value> {
  /** The value where it is there and fresh. */
  find(key: string): Value | null;
  /** The value, made where it is missing. */
  get(key: string, signal: AbortSignal): Promise<Value>;
  /** How often a value was there, and how often not. */
  counts(): { readonly hits: number; readonly misses: number; readonly size: number };
}

interface Flight<Value> {
  readonly made: Promise<Value>;
  readonly ended: AbortController;
  waiters: number;
}

/** Makes a cache. A failure is told to all who wait, and kept for nobody. */
export function createCache<Value>({ load, most, now }: CacheOptions<Value>): Cache<Value> {
  const kept = new Map<string, { readonly value: Value; readonly until: number }>();
  const flights = new Map<string, Flight<Value>>();
  let hits = 0;
  let misses = 0;

  function find(key: string): Value | null {
    const entry = kept.get(key);
    if (entry === undefined) return null;
    kept.delete(key);
    if (entry.until <= now()) return null;
    // Behind all others: the front is what was used longest ago.
    kept.set(key, entry);
    hits += 1;
    return entry.value;
  }

  function take(key: string): Flight<Value> {
    const under = flights.get(key);
    if (under !== undefined) return under;
    misses += 1;
    const ended = new AbortController();
    const made = load(key, ended.signal)
      .then(({ value, forMs }) => {
        kept.delete(key);
        kept.set(key, { value, until: now() + forMs });
        while (kept.size > most) kept.delete(kept.keys().next().value ?? '');
        return value;
      })
      .finally(() => {
        if (flights.get(key)?.ended === ended) flights.delete(key);
      });
    const flight = { made, ended, waiters: 0 };
    flights.set(key, flight);
    return flight;
  }

  return {
    find,
    async get(key, signal) {
      const found = find(key);
      if (found !== null) return found;
      const flight = take(key);
      flight.waiters += 1;
      try {
        return await beforeAbort(flight.made, signal);
      } finally {
        flight.waiters -= 1;
        if (flight.waiters === 0 && flights.get(key) === flight) {
          flights.delete(key);
          flight.ended.abort();
        }
      }
    },
    counts: () => ({ hits, misses, size: kept.size }),
  };
}
