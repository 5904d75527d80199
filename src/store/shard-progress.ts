import { findText, numberOf, textOf } from './columns.ts';
import type { Queries } from './database.ts';
import type { ShardLease } from './leases.ts';

/** How far the watch of a shard is. */
export interface ShardProgress {
  readonly shard: number;
  /** The reader's position up to which the shard was screened: every change below it is in. */
  readonly screened: string;
  /** The same for what is priced and written; null before the first time. */
  readonly settled: string | null;
}

/**
 * Keeps how far some shards are watched; those of them that were taken over are left alone.
 *
 * @throws {PlimsollError} LEASE_LOST where one is taken over at this moment
 */
export async function saveShardProgress(queries: Queries, leases: readonly ShardLease[], { screened, settled }: Omit<ShardProgress, 'shard'>): Promise<void> {
  if (leases.length === 0) return;
  await queries.query(
    `insert into plimsoll.shard_progress as known (shard, token, screened, screened_at, settled, settled_at, looked_at)
     select given.shard, given.token, $2, clock_timestamp(), $3, case when $3::text is null then null else clock_timestamp() end, clock_timestamp()
     from jsonb_to_recordset($1::jsonb) as given (shard int2, token int8)
     where exists (select 1 from plimsoll.leases where name = 'shard:' || given.shard and leases.token = given.token) order by given.shard
     on conflict (shard) do update set token = excluded.token, screened = excluded.screened, looked_at = excluded.looked_at,
       screened_at = case when known.screened = excluded.screened and known.token = excluded.token then known.screened_at else excluded.screened_at end,
       settled = coalesce(excluded.settled, known.settled), settled_at = coalesce(excluded.settled_at, known.settled_at)`,
    [JSON.stringify(leases.map(({ shard, token }) => ({ shard, token: token.toString() }))), screened, settled],
  );
}

/**
 * Keeps that some shards were looked at now, though nothing had changed; those of them that were taken over are left alone.
 *
 * @throws {PlimsollError} LEASE_LOST where one is taken over at this moment
 */
export async function saveShardLooks(queries: Queries, leases: readonly ShardLease[]): Promise<void> {
  if (leases.length === 0) return;
  await queries.query(
    `with held as (
       select given.shard, given.token from jsonb_to_recordset($1::jsonb) as given (shard int2, token int8)
       join plimsoll.leases on leases.name = 'shard:' || given.shard and leases.token = given.token order by given.shard for share of leases
     )
     update plimsoll.shard_progress as known set looked_at = clock_timestamp()
     where known.shard = any((select array_agg(held.shard) from held)::int2[]) and known.token in (select held.token from held where held.shard = known.shard)`,
    [JSON.stringify(leases.map(({ shard, token }) => ({ shard, token: token.toString() })))],
  );
}

/** How far every shard is watched, by shard; one that nobody ever watched is left out. */
export async function listShardProgress(queries: Queries): Promise<readonly ShardProgress[]> {
  const rows = await queries.query('select shard, screened, settled from plimsoll.shard_progress order by shard');
  return rows.map((row) => ({ shard: numberOf(row, 'shard'), screened: textOf(row, 'screened'), settled: findText(row, 'settled') }));
}
