/** A seeded stream of numbers: the same seed gives the same instances on every machine. */
export interface Random {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Uniform in the logarithm. */
  logBetween(low: number, high: number): number;
  /** An integer in [low, high]. */
  integer(low: number, high: number): number;
  chance(share: number): boolean;
  pick<T>(items: readonly T[], count: number): T[];
}

/** Opens the stream of a 32-bit seed (an additive counter hashed by two rounds of multiply and xor-shift). */
export function openRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + next() * (high - low);
  const integer = (low: number, high: number): number => Math.floor(between(low, high + 1));
  return {
    between,
    integer,
    logBetween: (low, high) => Math.exp(between(Math.log(low), Math.log(high))),
    chance: (share) => next() < share,
    pick: (items, count) => {
      const left = [...items];
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(integer(0, left.length - 1), 1)).flat();
    },
  };
}
