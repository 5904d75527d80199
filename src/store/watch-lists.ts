import { integerOf, numberOf } from './columns.ts';
import type { Queries } from './database.ts';
import type { ShardLease } from './leases.ts';

/** The accounts of a shard that are among the nearest to liquidation. */
export interface ShardWatchList {
  readonly shard: number;
  /** The unix second that they were decided at. */
  readonly at: bigint;
  /** As JSON, in a form that is the writer's own. */
  readonly accounts: readonly unknown[];
}

/**
 * Writes the lists of some shards in place of those before; shards that were taken over are left alone.
 *
 * @param accounts by shard; a shard without any has an empty list
 * @throws {PlimsollError} LEASE_LOST where one is taken over at this moment
 */
export async function saveWatchLists(
  queries: Queries,
  leases: readonly ShardLease[],
  { at, accounts }: { readonly at: bigint; readonly accounts: ReadonlyMap<number, readonly unknown[]> },
): Promise<void> {
  if (leases.length === 0) return;
  await queries.query(
    `insert into plimsoll.shard_watch_lists as known (shard, token, at, accounts)
     select given.shard, given.token, $2, given.accounts from jsonb_to_recordset($1::jsonb) as given (shard int2, token int8, accounts jsonb)
     where exists (select 1 from plimsoll.leases where name = 'shard:' || given.shard and leases.token = given.token) order by given.shard
     on conflict (shard) do update set token = excluded.token, at = excluded.at, accounts = excluded.accounts`,
    [JSON.stringify(leases.map(({ shard, token }) => ({ shard, token: token.toString(), accounts: accounts.get(shard) ?? [] }))), at],
  );
}

/** The lists of every shard, by shard; one that nobody ever listed is left out. */
export async function listWatchLists(queries: Queries): Promise<readonly ShardWatchList[]> {
  const rows = await queries.query('select shard, at::text as at, accounts from plimsoll.shard_watch_lists order by shard');
  return rows.map((row) => ({ shard: numberOf(row, 'shard'), at: integerOf(row, 'at'), accounts: Array.isArray(row['accounts']) ? row['accounts'] : [] }));
}
