import { findInteger, findText, integerOf, textOf } from './columns.ts';
import type { Database, Queries } from './database.ts';
import { holdLease, type Lease } from './leases.ts';

/** The name of the lease under which one worker plans for all. The schema refuses what is written without it. */
export const JOINT_LEASE = 'joint:plan';

/** What is open, and what was planned last. */
export interface JointNeed {
  /** Of everything that is open, with the prices; null where nothing is. */
  readonly open: string | null;
  /** The same as it was planned last; null where nothing was open then, or nothing was ever planned. */
  readonly planned: string | null;
  /** Milliseconds since the newest plan, by the database's clock; null before the first. */
  readonly ageMs: number | null;
}

/** Finds out whether what is open was planned as it stands. */
export async function readJointNeed(queries: Queries): Promise<JointNeed> {
  const [row] = await queries.query(
    `select (select md5(string_agg(o.id || ' ' || o.seen_at || ' ' || o.net_usd, ',' order by o.id)) from plimsoll.opportunities o where o.closed_at is null) as open,
       nullif(p.fingerprint, '') as planned, (extract(epoch from clock_timestamp() - p.made_at) * 1000)::int8::text as age
     from (select 1) as one left join plimsoll.joint_plans p on true`,
  );
  if (row === undefined) return { open: null, planned: null, ageMs: null };
  const age = findInteger(row, 'age');
  return { open: findText(row, 'open'), planned: findText(row, 'planned'), ageMs: age === null ? null : Number(age) };
}

/** An open opportunity with its price alone. */
export interface OpenPrice {
  readonly id: bigint;
  readonly owner: string;
  readonly netUsd: string;
  /** Unix seconds. */
  readonly seenAt: bigint;
}

/** Open opportunities of all shards, those that bring most by themselves first. */
export async function listOpenPrices(queries: Queries, most: number): Promise<readonly OpenPrice[]> {
  const rows = await queries.query(
    `select id::text as id, owner, net_usd::text as net_usd, seen_at::text as seen_at from plimsoll.opportunities where closed_at is null order by opportunities.net_usd desc, opportunities.id limit $1`,
    [most],
  );
  return rows.map((row) => ({ id: integerOf(row, 'id'), owner: textOf(row, 'owner'), netUsd: textOf(row, 'net_usd'), seenAt: integerOf(row, 'seen_at') }));
}

/** What an opportunity brings in the sequence. */
export interface JointEntry {
  /** As it was when it was planned. */
  readonly open: OpenPrice;
  /** Null where it is not in the sequence. */
  readonly joint: { readonly netUsd: string /** The first of its places, from 1. */; readonly place: number } | null;
}

/** A sequence over everything that is open. */
export interface JointDraft {
  /** {@link JointNeed.open} as it was when everything was read. */
  readonly fingerprint: string | null;
  /** The unix second that accounts were decided at. */
  readonly plannedAt: bigint;
  /** In words; null where there was nothing to plan. */
  readonly method: string | null;
  /** Who is left out counts as not planned. */
  readonly entries: readonly JointEntry[];
}

/**
 * Writes a plan in place of the one before.
 *
 * @throws {PlimsollError} LEASE_LOST where somebody else plans by now
 */
export function saveJointPlan(database: Database, lease: Lease, { fingerprint, plannedAt, method, entries }: JointDraft): Promise<void> {
  const given = JSON.stringify(
    entries.map(({ open, joint }) => ({ id: open.id.toString(), alone_usd: open.netUsd, alone_at: open.seenAt.toString(), net_usd: joint?.netUsd ?? null, place: joint?.place ?? null })),
  );
  return database.transaction(async (queries) => {
    await holdLease(queries, lease);
    await queries.query(
      `insert into plimsoll.joint_plans as known (token, fingerprint, planned_at, made_at, method) values ($1, $2, $3, clock_timestamp(), $4)
       on conflict (id) do update set token = excluded.token, fingerprint = excluded.fingerprint, planned_at = excluded.planned_at, made_at = excluded.made_at, method = excluded.method`,
      [lease.token, fingerprint ?? '', plannedAt, method],
    );
    await queries.query('delete from plimsoll.joint_opportunities where opportunity not in (select id from jsonb_to_recordset($1::jsonb) as r (id int8))', [given]);
    await queries.query(
      `insert into plimsoll.joint_opportunities as known (opportunity, token, planned_at, net_usd, place, alone_usd, alone_at)
       select r.id, $2, $3, r.net_usd, r.place, r.alone_usd, r.alone_at
       from jsonb_to_recordset($1::jsonb) as r (id int8, alone_usd numeric, alone_at int8, net_usd numeric, place int4) join plimsoll.opportunities o on o.id = r.id order by r.id
       on conflict (opportunity) do update set token = excluded.token, planned_at = excluded.planned_at, net_usd = excluded.net_usd, place = excluded.place, alone_usd = excluded.alone_usd,
         alone_at = excluded.alone_at`,
      [given, lease.token, plannedAt],
    );
  });
}

/** How the newest sequence was found, in words; null where there is none, or there was nothing to plan. */
export async function readJointMethod(queries: Queries): Promise<string | null> {
  const [row] = await queries.query('select method from plimsoll.joint_plans');
  return row === undefined ? null : findText(row, 'method');
}
