import { integerOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** A price as somebody stated it. */
export interface PriceRecord {
  readonly asset: string;
  /** Whose price: an oracle's market key, or a market price source. */
  readonly source: string;
  /** USD per whole token, a decimal string. */
  readonly usd: string;
  /** Unix seconds. */
  readonly at: bigint;
}

/** Records prices: each into the history once, and as the current one unless a newer is known. */
export async function recordPrices(queries: Queries, prices: readonly PriceRecord[]): Promise<void> {
  if (prices.length === 0) return;
  await queries.query(
    `with given as (
       select distinct on (asset, source, at) asset, source, usd, at from jsonb_to_recordset($1::jsonb) as r (asset text, source text, usd numeric, at int8) order by asset, source, at
     ), kept as (
       insert into plimsoll.price_history (asset, source, at, usd) select asset, source, at, usd from given on conflict do nothing
     )
     insert into plimsoll.prices as known (asset, source, usd, at)
     select distinct on (asset, source) asset, source, usd, at from given order by asset, source, at desc
     on conflict (asset, source) do update set usd = excluded.usd, at = excluded.at where excluded.at > known.at`,
    [JSON.stringify(prices.map((price) => ({ ...price, at: price.at.toString() })))],
  );
}

/** The current prices of some assets, of every source. */
export async function listPrices(queries: Queries, assets: readonly string[]): Promise<readonly PriceRecord[]> {
  const rows = await queries.query('select asset, source, usd::text as usd, at::text as at from plimsoll.prices where asset = any($1::text[]) order by asset, source', [assets]);
  return rows.map(readPrice);
}

/** The prices of one asset and source between two unix seconds, oldest first. */
export async function listPriceHistory(queries: Queries, of: { readonly asset: string; readonly source: string; readonly from: bigint; readonly to: bigint }): Promise<readonly PriceRecord[]> {
  const rows = await queries.query(
    'select asset, source, usd::text as usd, at::text as at from plimsoll.price_history where asset = $1 and source = $2 and at between $3 and $4 order by price_history.at',
    [of.asset, of.source, of.from, of.to],
  );
  return rows.map(readPrice);
}

function readPrice(row: SqlRow): PriceRecord {
  return { asset: textOf(row, 'asset'), source: textOf(row, 'source'), usd: textOf(row, 'usd'), at: integerOf(row, 'at') };
}
