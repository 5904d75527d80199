import { describe, expect, test } from 'vitest';
import type { AssetId } from '../../../src/core/ids.ts';
import type { PriceMove } from '../../../src/core/rule.ts';
import { createJsKernel, openKernel, type ScanKernel } from '../../../src/engine/scan/index.ts';
import { usersOf } from '../../chain/counts.ts';
import { type SeededRandom, seededRandom } from '../../chain/seeded-random.ts';
import { expectExact, found, type OpenBook, openBook } from './open-book.ts';
import { makeBook, makeReplacement, type RandomBook } from './random-book.ts';
import { makeMarkets, T0, tokensOf } from './random-markets.ts';

const KERNELS: readonly (readonly [string, () => Promise<ScanKernel>])[] = [
  ['WebAssembly', openKernel],
  ['JavaScript', async () => createJsKernel()],
];
const SEEDS = usersOf(3, 40);
const STEPS = usersOf(60, 1_500);

describe.each(KERNELS)('a book on %s', (_, open) => {
  test('property: a screen finds what a pass over all by the rules finds, threshold accounts included', async () => {
    let planted = 0;
    let liquidatable = 0;
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const made = makeBook(seededRandom(seed), { copies: 3, perMarket: 20 });
      const opened = openBook(await open(), { ...made, at: T0 });
      const first = opened.book.screen(T0);
      expectExact(opened, first, `seed ${seed}`);
      expect(found(opened.book.decide(opened.book.listFlagged(T0), T0))).toEqual(found(first));
      // Time passes within the window, past it, and back.
      for (const at of [T0 + 30n, T0 + 60n, T0 + 61n, T0 + 90_000n, T0 - 7_000n]) expectExact(opened, opened.book.screen(at), `seed ${seed} at ${at}`);
      planted += made.planted;
      liquidatable += first.liquidatable.length;
      // The float pass is worth its name: most of what the rules would refuse or allow is not decided in integers.
      expect(first.decided).toBeLessThan(made.accounts.length);
    }
    expect(planted).toBeGreaterThan(100 * SEEDS);
    expect(liquidatable).toBeGreaterThan(50 * SEEDS);
  });

  test('property: ticks, changes of accounts and markets, and time leave nothing behind: always what the rules say, and what a fresh book finds', async () => {
    const passes = { all: 0, near: 0, holders: 0 };
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = seededRandom(7_000 + seed);
      const made = makeBook(random, { copies: 3, perMarket: 12 });
      const opened = openBook(await open(), { ...made, at: T0 });
      let at = T0;
      for (let step = 0; step < STEPS / SEEDS + 10; step += 1) {
        at = takeStep(opened, made, random, at);
        const result = opened.book.tick(anyMoves(random), at);
        passes[result.pass?.kind ?? 'all'] += 1;
        expectExact(opened, result, `seed ${seed}, step ${step}`);
      }
      const last = opened.book.screen(at);
      opened.book.compact();
      expect(found(opened.book.screen(at))).toEqual(found(last));
      expectExact(opened, opened.book.tick(new Map(), at), `seed ${seed}, compacted`);
    }
    expect(Math.min(passes.all, passes.near, passes.holders)).toBeGreaterThan(0);
  });
});

/** Changes something, and returns the time after it. */
function takeStep({ book, positions, marketOf }: OpenBook, { markets }: RandomBook, random: SeededRandom, at: bigint): bigint {
  const market = random.pick(markets);
  const accounts = [...positions.keys()];
  const [account = 0] = random.sample(accounts, 1);
  switch (random.integer(0, 7)) {
    case 0: {
      const position = makeReplacement(random, market, T0);
      const number = book.add({ market: market.key, position });
      positions.set(number, position);
      marketOf.set(number, market.key);
      return at;
    }
    case 1: {
      const own = markets.find(({ key }) => key === marketOf.get(account)) ?? market;
      const position = makeReplacement(random, own, T0);
      positions.set(account, position);
      book.replace(account, position);
      return at;
    }
    case 2:
      book.remove(account);
      positions.delete(account);
      return at;
    case 3: {
      const [other] = makeMarkets(random, 3).filter(({ key }) => key === market.key);
      if (other !== undefined) book.replaceMarket(market.key, other.state, at);
      return at;
    }
    case 4:
      return at + BigInt(random.pick([1, 12, 61, 4_000]));
    default:
      return at;
  }
}

/** A few prices, up and down by a little, or a lot, or by more than a hundred times. */
function anyMoves(random: SeededRandom): ReadonlyMap<AssetId, PriceMove> {
  const moved = random.sample(tokensOf(random.integer(0, 2)), random.integer(0, 2));
  const factor = (): PriceMove => ({ numerator: BigInt(random.pick([1, 5, 500, 900, 999, 1_001, 1_100, 2_000, 120_000])), denominator: 1_000n });
  return new Map(moved.map(({ asset }) => [asset, factor()]));
}
