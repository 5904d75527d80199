import { PlimsollError } from '../../../src/core/errors.ts';
import type { MarketAt } from '../../../src/core/rule.ts';
import { prepareMarket } from '../../../src/engine/prepare-market.ts';
import type { ScanAccount } from '../../../src/engine/scan/index.ts';
import type { SeededRandom } from '../../chain/seeded-random.ts';
import { anySize, makeMarkets, type RandomMarket, T0 } from './random-markets.ts';

/** A book's markets and accounts. Some accounts stand one unit of debt on either side of the threshold. */
export interface RandomBook {
  readonly markets: readonly RandomMarket[];
  readonly accounts: ScanAccount[];
  /** How many were planted. */
  readonly planted: number;
}

/** Makes a book with `perMarket` accounts of each market, and as many pairs planted at the threshold as can be. */
export function makeBook(random: SeededRandom, { copies = 2, perMarket = 20, at = T0 }: { readonly copies?: number; readonly perMarket?: number; readonly at?: bigint } = {}): RandomBook {
  const markets = makeMarkets(random, copies);
  const accounts: ScanAccount[] = [];
  let planted = 0;
  for (const market of markets) {
    const prepared = prepareMarket(market, at);
    for (let account = 0; account < perMarket; account += 1) {
      const position = market.makePosition(random);
      const pair = account % 2 === 0 ? plant(market, prepared, position) : [];
      planted += pair.length;
      for (const made of [position, ...pair]) accounts.push({ market: market.key, position: made });
    }
  }
  return { markets, accounts: shuffle(accounts, random), planted };
}

/** A new position for an account of some market, near the threshold if that can be. */
export function makeReplacement(random: SeededRandom, market: RandomMarket, at: bigint): unknown {
  const position = market.makePosition(random);
  const [planted] = random.integer(0, 2) === 0 ? plant(market, prepareMarket(market, at), position) : [];
  return planted ?? market.withDebt(position, anySize(random, 20)) ?? position;
}

/** The position with the least debt that is liquidatable, and with one unit less; none where no debt is at the edge. */
function plant(market: RandomMarket, prepared: MarketAt<unknown>, position: unknown): unknown[] {
  const isLiquidatable = (debt: bigint): boolean | null => {
    const changed = market.withDebt(position, debt);
    if (changed === null) return null;
    try {
      return prepared.isLiquidatable(changed);
    } catch (error) {
      if (error instanceof PlimsollError) return null;
      throw error;
    }
  };
  let [low, high] = [1n, 10n ** 40n];
  if (isLiquidatable(low) !== false || isLiquidatable(high) !== true) return [];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (isLiquidatable(middle) === true) high = middle;
    else low = middle;
  }
  return [low, high].map((debt) => market.withDebt(position, debt));
}

function shuffle<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  return [...random.sample(items, items.length)];
}
