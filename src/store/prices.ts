import { integerOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** What a price is: a protocol's oracle decides by it, or somebody would pay it on a market. */
export type PriceKind = 'oracle' | 'market';

/** A price as somebody stated it. */
export interface PriceRecord {
  readonly asset: string;
  readonly kind: PriceKind;
  /** Whose price: an oracle's market key, or a market price source. */
  readonly source: string;
  /** USD per whole token, a decimal string. */
  readonly usd: string;
  /** Unix seconds. */
  readonly at: bigint;
}

/** Records prices: each as the current one of its source unless a newer is known, and into the history where it differs from the one before it. */
export async function recordPrices(queries: Queries, prices: readonly PriceRecord[]): Promise<void> {
  if (prices.length === 0) return;
  await queries.query(
    `with given as (
       select distinct on (asset, source, at) asset, source, kind, usd, at from jsonb_to_recordset($1::jsonb) as r (asset text, source text, kind text, usd numeric, at int8) order by asset, source, at
     ), steps as (
       select g.*, case when h.at is null or lag(g.at) over own > h.at then lag(g.usd) over own else h.usd end as before
       from given g left join lateral (select usd, at from plimsoll.price_history where asset = g.asset and source = g.source and price_history.at < g.at order by price_history.at desc limit 1) h on true
       window own as (partition by g.asset, g.source order by g.at)
     ), kept as (
       insert into plimsoll.price_history (asset, source, kind, at, usd) select asset, source, kind, at, usd from steps where usd is distinct from before on conflict do nothing
     )
     insert into plimsoll.prices as known (asset, source, kind, usd, at)
     select distinct on (asset, source) asset, source, kind, usd, at from given order by asset, source, at desc
     on conflict (asset, source) do update set kind = excluded.kind, usd = excluded.usd, at = excluded.at where excluded.at > known.at`,
    [JSON.stringify(prices.map((price) => ({ ...price, at: price.at.toString() })))],
  );
}

/** The newest price of a kind of each of some assets, by asset; none where all are of before a unix second. */
export async function listPrices(queries: Queries, assets: readonly string[], { kind, from }: { readonly kind: PriceKind; readonly from: bigint }): Promise<readonly PriceRecord[]> {
  const rows = await queries.query(`select distinct on (asset) ${COLUMNS} from plimsoll.prices where asset = any($1::text[]) and kind = $2 and at >= $3 order by asset, prices.at desc, source`, [
    assets,
    kind,
    from,
  ]);
  return rows.map(readPrice);
}

/** The prices of one asset and source that were first heard between two unix seconds, oldest first: each held until the next. */
export async function listPriceHistory(queries: Queries, of: { readonly asset: string; readonly source: string; readonly from: bigint; readonly to: bigint }): Promise<readonly PriceRecord[]> {
  const rows = await queries.query(`select ${COLUMNS} from plimsoll.price_history where asset = $1 and source = $2 and at between $3 and $4 order by price_history.at`, [
    of.asset,
    of.source,
    of.from,
    of.to,
  ]);
  return rows.map(readPrice);
}

/**
 * Deletes prices that nobody stated any more since a unix second, and what was heard before it, but for what still held then.
 *
 * @returns how many rows
 */
export async function deletePrices(queries: Queries, before: bigint): Promise<number> {
  const current = await queries.query('delete from plimsoll.prices where at < $1 returning asset', [before]);
  const [row] = await queries.query(
    `with gone as (
       delete from plimsoll.price_history as old where at < $1 and (
         exists (select from plimsoll.price_history as later where later.asset = old.asset and later.source = old.source and later.at > old.at and later.at <= $1)
         or not exists (select from plimsoll.prices as known where known.asset = old.asset and known.source = old.source)
       ) returning 1
     ) select count(*)::text as count from gone`,
    [before],
  );
  return current.length + (row === undefined ? 0 : Number(integerOf(row, 'count')));
}

const COLUMNS = 'asset, source, kind, usd::text as usd, at::text as at';

function readPrice(row: SqlRow): PriceRecord {
  return { asset: textOf(row, 'asset'), source: textOf(row, 'source'), kind: textOf(row, 'kind') === 'market' ? 'market' : 'oracle', usd: textOf(row, 'usd'), at: integerOf(row, 'at') };
}
