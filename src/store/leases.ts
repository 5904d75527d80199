import { InternalError } from '../core/errors.ts';
import { findText, integerOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** Parts of the book that are watched by one worker each. An owner's accounts are all in one part, whatever the protocol. */
export const SHARD_COUNT = 64;

/**
 * The right to write about something until somebody else claims it. Every claim has a token of its own, and what is written under an older
 * one is refused by the database ({@link holdLease}), however late a worker that was stopped wakes up.
 */
export interface Lease {
  readonly name: string;
  readonly token: bigint;
}

/** A lease of one shard, 0 to {@link SHARD_COUNT} − 1. */
export interface ShardLease extends Lease {
  readonly shard: number;
}

/** Who claims, how many at most, and for how long without a renewal. */
export interface Claim {
  readonly holder: string;
  readonly most: number;
  readonly seconds: number;
  /** Whether the holder shows that it lives (`Database.attend`): then its death frees the lease. Without it only silence does. */
  readonly attended?: boolean;
}

/** A lease as it stands. */
export interface LeaseState extends Lease {
  /** Null where nobody ever claimed it, or it was given back. */
  readonly holder: string | null;
  /** Whether it may be claimed although it has a holder: it ran out, or its holder is gone. */
  readonly expired: boolean;
}

/**
 * Takes shards that nobody holds, whose lease ran out or whose holder is gone, up to `most`. Several workers that claim at once take different ones. Times are the
 * database's.
 */
export async function claimShards(queries: Queries, { holder, most, seconds, attended = false }: Claim): Promise<readonly ShardLease[]> {
  const rows = await queries.query(
    `update plimsoll.leases set holder = $1, token = nextval('plimsoll.lease_tokens'), expires_at = now() + make_interval(secs => $3), attended = $4
     where name in (select name from plimsoll.leases where kind = 'shard' and (holder is null or plimsoll.is_lapsed(leases)) order by expires_at, name limit $2 for update skip locked)
     returning name, token::text as token`,
    [holder, most, seconds, attended],
  );
  return rows.map(readShard).toSorted((a, b) => a.shard - b.shard);
}

/** Prolongs every shard that the holder still has; those that are missing from the answer were taken over. */
export async function renewShards(queries: Queries, holder: string, seconds: number): Promise<readonly ShardLease[]> {
  // In the order of the shards, as whoever writes under several leases takes them: otherwise the two could wait for one another.
  const rows = await queries.query(
    `with own as (select name from plimsoll.leases where kind = 'shard' and holder = $1 order by split_part(name, ':', 2)::int4 for no key update)
     update plimsoll.leases set expires_at = now() + make_interval(secs => $2) where name = any((select array_agg(own.name) from own)::text[]) returning name, token::text as token`,
    [holder, seconds],
  );
  return rows.map(readShard).toSorted((a, b) => a.shard - b.shard);
}

/** Gives leases back at once; one that was taken over meanwhile is left alone. */
export async function releaseLeases(queries: Queries, leases: readonly Lease[]): Promise<void> {
  for (const { name, token } of leases) {
    await queries.query(`update plimsoll.leases set holder = null, expires_at = '-infinity' where name = $1 and token = $2`, [name, token]);
  }
}

/**
 * Takes a lease of any other name, as in `sync:aave-v3/1/core`; null where somebody else holds it. The same holder may claim again and
 * gets a new token.
 */
export async function claimLease(queries: Queries, name: string, claim: Omit<Claim, 'most'>): Promise<Lease | null> {
  const [row] = await queries.query(
    `insert into plimsoll.leases as held (name, kind, holder, token, expires_at, attended) values ($1, split_part($1, ':', 1), $2, nextval('plimsoll.lease_tokens'), now() + make_interval(secs => $3), $4)
     on conflict (name) do update set holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at, attended = excluded.attended
     where held.holder is null or held.holder = excluded.holder or plimsoll.is_lapsed(held)
     returning name, token::text as token`,
    [name, claim.holder, claim.seconds, claim.attended ?? false],
  );
  return row === undefined ? null : { name: textOf(row, 'name'), token: integerOf(row, 'token') };
}

/**
 * Asserts within a transaction that a lease is still ours, and keeps it so until the transaction ends. Prolongs nothing.
 *
 * @throws {PlimsollError} LEASE_LOST
 */
export async function holdLease(transaction: Queries, lease: Lease): Promise<void> {
  await transaction.query('select plimsoll.require_lease($1, $2)', [lease.name, lease.token]);
}

/** Prolongs a lease from this moment on, however long the transaction has lasted. @returns false where it was taken over */
export async function renewLease(queries: Queries, lease: Lease, seconds: number): Promise<boolean> {
  const rows = await queries.query('update plimsoll.leases set expires_at = clock_timestamp() + make_interval(secs => $3) where name = $1 and token = $2 returning name', [
    lease.name,
    lease.token,
    seconds,
  ]);
  return rows.length > 0;
}

/** Every lease of a kind (`shard`, `sync`), by name. */
export async function listLeases(queries: Queries, kind: string): Promise<readonly LeaseState[]> {
  const rows = await queries.query(`select name, token::text as token, holder, plimsoll.is_lapsed(leases) as expired from plimsoll.leases where kind = $1 order by name`, [kind]);
  return rows.map((row) => ({ name: textOf(row, 'name'), token: integerOf(row, 'token'), holder: findText(row, 'holder'), expired: row['expired'] === true }));
}

/** Deletes leases of a kind that ran out some seconds ago: names of processes that are no more. */
export async function deleteDeadLeases(queries: Queries, kind: string, seconds: number): Promise<void> {
  await queries.query(`delete from plimsoll.leases where kind = $1 and expires_at < now() - make_interval(secs => $2)`, [kind, seconds]);
}

function readShard(row: SqlRow): ShardLease {
  const name = textOf(row, 'name');
  const shard = /^shard:([0-9]+)$/.exec(name)?.[1];
  if (shard === undefined) throw new InternalError(`the lease ${name} is not a shard's`);
  return { name, token: integerOf(row, 'token'), shard: Number(shard) };
}
