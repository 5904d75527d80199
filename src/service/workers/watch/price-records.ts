import type { Database } from '../../../store/database.ts';
import { holdLease, type ShardLease } from '../../../store/leases.ts';
import { type PriceRecord, recordPrices } from '../../../store/prices.ts';
import { shardOf } from '../../../store/shard-of.ts';
import { open, viewOf } from './owner-prices.ts';
import type { WatchedBook } from './watched-book.ts';

/** Accounts of a market by which its assets are found. */
const SAMPLES = 32;
const PRICE_PLACES = 18;

/**
 * Records what the oracles of some markets say, each by the worker that holds the shard of the market's name: into the history once for each second that the
 * market was read at.
 *
 * @throws {PlimsollError} LEASE_LOST, STORE_*
 */
export async function recordMarketPrices(
  database: Database,
  book: WatchedBook,
  { markets, held }: { readonly markets: ReadonlySet<string>; readonly held: ReadonlyMap<number, ShardLease> },
): Promise<void> {
  const view = viewOf(book);
  for (const key of markets) {
    const lease = held.get(shardOf(key));
    const market = book.markets.get(key);
    if (lease === undefined || market === undefined) continue;
    const records = new Map<string, PriceRecord>();
    for (const id of [...book.idsIn(key)].slice(0, SAMPLES)) {
      const watched = book.accounts.get(id);
      const legs = watched === undefined ? [] : open(watched, view).flatMap((account) => account.legs);
      for (const { asset, priceUsd } of legs) if (priceUsd.gt(0)) records.set(asset, { asset, source: key, usd: priceUsd.toDecimalPlaces(PRICE_PLACES).toFixed(), at: market.at });
    }
    await database.transaction(async (queries) => {
      await holdLease(queries, lease);
      await recordPrices(queries, [...records.values()]);
    });
  }
}
