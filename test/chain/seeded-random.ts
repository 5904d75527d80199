import { InternalError } from '../../src/core/errors.ts';

/** A small seeded generator (mulberry32): the same seed gives the same users on every machine. */
export interface SeededRandom {
  /** From 0 inclusive to 1 exclusive. */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** `amount` × a factor from `low` to `high` per million. */
  part(amount: bigint, lowPpm: number, highPpm: number): bigint;
  pick<T>(items: readonly T[]): T;
  /** `count` different items, or all where there are fewer. */
  sample<T>(items: readonly T[], count: number): readonly T[];
}

const PPM = 1_000_000n;

/** Creates a generator. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(items: readonly T[]): T => {
    const item = items[integer(0, items.length - 1)];
    if (item === undefined) throw new InternalError('nothing to pick from');
    return item;
  };
  return {
    next,
    integer,
    part: (amount, lowPpm, highPpm) => (amount * BigInt(integer(lowPpm, highPpm))) / PPM,
    pick,
    sample(items, count) {
      const left = [...items];
      const taken = [];
      while (taken.length < count && left.length > 0) taken.push(...left.splice(integer(0, left.length - 1), 1));
      return taken;
    },
  };
}
