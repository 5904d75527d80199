import { findInteger, findText, integerOf, numberOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';
import type { ShardLease } from './leases.ts';

/** What can be liquidated now, as the newest look at it says. */
export interface OpportunityDraft {
  /** An account's id, or the name of several that share a pool. At most one opportunity of a subject is open. */
  readonly subject: string;
  /** Whose shard it belongs to. */
  readonly owner: string;
  /** The block, and its unix second, that it was seen at. */
  readonly block: bigint;
  readonly at: bigint;
  /** Net profit in USD, a decimal string; may be negative. */
  readonly netUsd: string;
  readonly precision: string;
  /** The plan with its costs and calldata, as JSON. */
  readonly body: unknown;
}

/** A stored opportunity. */
export interface Opportunity extends Omit<OpportunityDraft, 'block' | 'at'> {
  readonly id: bigint;
  readonly shard: number;
  readonly openedBlock: bigint;
  readonly openedAt: bigint;
  readonly seenBlock: bigint;
  readonly seenAt: bigint;
  readonly closedAt: bigint | null;
  readonly closedReason: string | null;
}

/** What an opportunity brings in the newest sequence over all that are open. */
export interface JointPart {
  /** USD after those that are taken before it, a decimal string, and its first place in the sequence, from 1; null where it is not in it. */
  readonly taken: { readonly netUsd: string; readonly place: number } | null;
  /** The unix second that accounts were decided at. */
  readonly plannedAt: bigint;
  /** Whether the opportunity was priced by itself again since. */
  readonly isOlder: boolean;
}

/** An open opportunity as it is ranked. */
export interface RankedOpportunity extends Opportunity {
  /** Null where it was not planned yet, or the sequence was cut before it. */
  readonly joint: JointPart | null;
}

const COLUMNS = `id::text as id, subject, owner, shard, opened_block::text as opened_block, opened_at::text as opened_at, seen_block::text as seen_block, seen_at::text as seen_at,
  closed_at::text as closed_at, closed_reason, net_usd::text as net_usd, precision, body`;

/**
 * Opens an opportunity, or brings the open one of its subject up to date. An older look than the stored one changes nothing.
 *
 * @returns whether it was opened by this call; null where nothing changed
 * @throws {PlimsollError} LEASE_LOST where the shard was taken over, or is not the owner's
 */
export async function saveOpportunity(queries: Queries, lease: ShardLease, draft: OpportunityDraft): Promise<{ readonly id: bigint; readonly opened: boolean } | null> {
  const [row] = await queries.query(
    `insert into plimsoll.opportunities as known (subject, owner, token, opened_block, opened_at, seen_block, seen_at, net_usd, precision, body)
     values ($1, $2, $3, $4, $5, $4, $5, $6::numeric, $7, $8::jsonb)
     on conflict (subject) where closed_at is null do update
     set token = excluded.token, seen_block = excluded.seen_block, seen_at = excluded.seen_at, net_usd = excluded.net_usd, precision = excluded.precision, body = excluded.body
     where (excluded.seen_at, excluded.seen_block) >= (known.seen_at, known.seen_block)
     returning id::text as id, (xmax = 0) as opened`,
    [draft.subject, draft.owner, lease.token, draft.block, draft.at, draft.netUsd, draft.precision, JSON.stringify(draft.body)],
  );
  return row === undefined ? null : { id: integerOf(row, 'id'), opened: row['opened'] === true };
}

/**
 * Closes the open opportunity of a subject.
 *
 * @returns its id; null where none was open
 * @throws {PlimsollError} LEASE_LOST
 */
export async function closeOpportunity(queries: Queries, lease: ShardLease, closing: { readonly subject: string; readonly at: bigint; readonly reason: string }): Promise<bigint | null> {
  const [row] = await queries.query(`update plimsoll.opportunities set token = $2, closed_at = $3, closed_reason = $4 where subject = $1 and closed_at is null returning id::text as id`, [
    closing.subject,
    lease.token,
    closing.at,
    closing.reason,
  ]);
  return row === undefined ? null : integerOf(row, 'id');
}

/** Deletes what was closed before a unix second. @returns how many */
export async function deleteClosedOpportunities(queries: Queries, before: bigint): Promise<number> {
  const [row] = await queries.query('with gone as (delete from plimsoll.opportunities where closed_at < $1 returning 1) select count(*)::text as count from gone', [before]);
  return row === undefined ? 0 : Number(integerOf(row, 'count'));
}

/** A page of the ranking: where the last one ended. */
export interface RankingCursor {
  readonly netUsd: string;
  readonly id: bigint;
}

/** Open opportunities by net profit, greatest first, from `after` on. */
export async function listOpportunities(queries: Queries, most: number, after: RankingCursor | null = null): Promise<readonly RankedOpportunity[]> {
  const rows = await queries.query(
    `select ${COLUMNS}, joint_usd::text as joint_usd, place, planned_at::text as planned_at, (seen_at > planned_at or (seen_at, net_usd) <> (alone_at, alone_usd)) as is_older
     from plimsoll.opportunities left join (select opportunity, net_usd as joint_usd, place, planned_at, alone_usd, alone_at from plimsoll.joint_opportunities) as planned on opportunity = id
     where closed_at is null and ($2::numeric is null or net_usd < $2::numeric or (net_usd = $2::numeric and id > $3::int8)) order by opportunities.net_usd desc, opportunities.id limit $1`,
    [most, after?.netUsd ?? null, after?.id ?? null],
  );
  return rows.map((row) => ({ ...readOpportunity(row), joint: readJoint(row) }));
}

/** The open opportunities of some shards: what a worker that takes them over has to look at again. */
export async function listShardOpportunities(queries: Queries, shards: readonly number[]): Promise<readonly Opportunity[]> {
  const rows = await queries.query(`select ${COLUMNS} from plimsoll.opportunities where closed_at is null and shard = any($1::text[]::int2[]) order by opportunities.id`, [shards.map(String)]);
  return rows.map(readOpportunity);
}

function readJoint(row: SqlRow): JointPart | null {
  const [plannedAt, netUsd] = [findInteger(row, 'planned_at'), findText(row, 'joint_usd')];
  if (plannedAt === null) return null;
  return { plannedAt, taken: netUsd === null ? null : { netUsd, place: numberOf(row, 'place') }, isOlder: row['is_older'] === true };
}

function readOpportunity(row: SqlRow): Opportunity {
  return {
    id: integerOf(row, 'id'),
    subject: textOf(row, 'subject'),
    owner: textOf(row, 'owner'),
    shard: numberOf(row, 'shard'),
    openedBlock: integerOf(row, 'opened_block'),
    openedAt: integerOf(row, 'opened_at'),
    seenBlock: integerOf(row, 'seen_block'),
    seenAt: integerOf(row, 'seen_at'),
    closedAt: findInteger(row, 'closed_at'),
    closedReason: findText(row, 'closed_reason'),
    netUsd: textOf(row, 'net_usd'),
    precision: textOf(row, 'precision'),
    body: row['body'],
  };
}
