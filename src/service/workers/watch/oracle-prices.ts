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
 * Records what the oracles of some markets say, each by the worker that holds the shard of the market's name: into the history where it
 * differs from what the oracle said before.
 *
 * @throws {PlimsollError} LEASE_LOST, STORE_*
 */
export async function recordOraclePrices(
  database: Database,
  book: WatchedBook,
  { markets, held }: { readonly markets: ReadonlySet<string>; readonly held: ReadonlyMap<number, ShardLease> },
): Promise<void> {
  const view = viewOf(book);
  const own = [...markets].filter((key) => held.has(shardOf(key)) && book.markets.has(key));
  for (const [shard, keys] of Map.groupBy(own, shardOf)) {
    const lease = held.get(shard);
    if (lease === undefined) continue;
    const records = keys.flatMap((key) => pricesOf(book, key, view));
    await database.transaction(async (queries) => {
      await holdLease(queries, lease);
      await recordPrices(queries, records);
    });
  }
}

function pricesOf(book: WatchedBook, key: string, view: ReturnType<typeof viewOf>): readonly PriceRecord[] {
  const at = book.markets.get(key)?.at ?? 0n;
  const watched = [...book.idsIn(key)].slice(0, SAMPLES).flatMap((id) => book.accounts.get(id) ?? []);
  const legs = watched.flatMap((account) => open(account, view)).flatMap((account) => account.legs);
  const priced = legs.filter(({ priceUsd }) => priceUsd.gt(0));
  return [...new Map(priced.map(({ asset, priceUsd }) => [asset, { asset, kind: 'oracle' as const, source: key, usd: priceUsd.toDecimalPlaces(PRICE_PLACES).toFixed(), at }])).values()];
}
