import { findText, integerOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** Where {@link addEvent} announces the newest sequence. */
export const EVENT_CHANNEL = 'plimsoll_events';
/** Held while an event is written, so that sequences appear in the order in which they are committed and no reader passes one by. */
const EVENT_LOCK = 0x65766e74n;

/** Who may hear of an event. */
export type EventAudience =
  /** What everybody can see on the chain. */
  | { readonly kind: 'anyone' }
  /** Who asked for the wallet that is its subject. */
  | { readonly kind: 'wallet' }
  /** The subscriber whose rule raised it, and whoever holds the same API key; null for the operator's own rules. */
  | { readonly kind: 'rule'; readonly webhook: string | null };

/** Something that happened: an alert, an opportunity that opened or closed. */
export interface EventDraft {
  /** Names the occurrence: the same key again is the same event, and is not delivered twice. */
  readonly key: string;
  /** As in `alert`, `opportunity.opened`. */
  readonly kind: string;
  readonly subject: string;
  readonly body: unknown;
  /** Unix seconds. */
  readonly at: bigint;
  /** Absent: anyone. */
  readonly audience?: EventAudience;
}

/** A stored event. */
export interface StoredEvent extends Omit<EventDraft, 'audience'> {
  readonly sequence: bigint;
}

/** An event with whom it is for. */
export interface AddressedEvent extends StoredEvent {
  readonly audience: EventAudience['kind'];
  /** The API key of the rule that raised it; null where that is the operator's, or no rule did. */
  readonly keyId: string | null;
}

/** Events as a reader pages through them. */
export interface EventPage {
  readonly events: readonly AddressedEvent[];
  /** Up to here events may have been deleted: a reader that has seen less may have missed some. */
  readonly horizon: bigint;
}

/**
 * Writes an event, with one delivery for every webhook that wants its kind and may hear of it, and announces it. Call it in the transaction that
 * changes what the event tells of: then neither is without the other.
 *
 * @returns its sequence; null where an event of that key was there
 */
export async function addEvent(transaction: Queries, { key, kind, subject, body, at, audience = { kind: 'anyone' } }: EventDraft): Promise<bigint | null> {
  await transaction.query('select pg_advisory_xact_lock($1::int8)', [EVENT_LOCK]);
  const webhook = audience.kind === 'rule' ? audience.webhook : null;
  const [row] = await transaction.query(
    `insert into plimsoll.events (key, kind, subject, body, at, audience, webhook, key_id)
     values ($1, $2, $3, $4::jsonb, $5, $6, $7, (select key_id from plimsoll.webhooks where id = $7)) on conflict (key) do nothing returning sequence::text as sequence`,
    [key, kind, subject, JSON.stringify(body), at, audience.kind, webhook],
  );
  if (row === undefined) return null;
  const sequence = integerOf(row, 'sequence');
  await transaction.query(
    `insert into plimsoll.deliveries (webhook, event) select id, $1 from plimsoll.webhooks where enabled and $2 = any(kinds) and case $3::text
       when 'anyone' then wallets = '{}' or $4 = any(wallets)
       when 'wallet' then $4 = any(wallets)
       else case when $5::text is null then key_id is null else id = $5 end end`,
    [sequence, kind, audience.kind, subject, webhook],
  );
  await transaction.query('select pg_notify($1, $2)', [EVENT_CHANNEL, sequence.toString()]);
  return sequence;
}

/** The sequence of the newest event, told or deleted; 0 where there was none. What it tells of is seen by whoever asks after this. */
export async function findNewestSequence(queries: Queries): Promise<bigint> {
  const [row] = await queries.query('select greatest((select coalesce(max(sequence), 0) from plimsoll.events), (select sequence from plimsoll.event_horizon))::text as newest');
  return row === undefined ? 0n : integerOf(row, 'newest');
}

/** Names the transaction, as no other is named: part of the key of what may happen again in the same second, or by a clock that was put back. */
export async function nameTransaction(transaction: Queries): Promise<string> {
  const [row = {}] = await transaction.query('select pg_current_xact_id()::text as name');
  return textOf(row, 'name');
}

/** Events after a sequence, oldest first. */
export async function listEvents(queries: Queries, after: bigint, most: number): Promise<readonly StoredEvent[]> {
  const rows = await queries.query('select sequence::text as sequence, key, kind, subject, body, at::text as at from plimsoll.events where sequence > $1 order by events.sequence limit $2', [
    after,
    most,
  ]);
  return rows.map(readEvent);
}

/** The same, addressed, with how far back nothing was deleted: both as of one moment. */
export async function readEventPage(queries: Queries, after: bigint, most: number): Promise<EventPage> {
  const rows = await queries.query(
    `select h.sequence::text as horizon, e.sequence::text as sequence, e.key, e.kind, e.subject, e.body, e.at::text as at, e.audience, e.key_id
     from plimsoll.event_horizon h left join lateral (select * from plimsoll.events where events.sequence > $1 order by events.sequence limit $2) e on true order by e.sequence`,
    [after, most],
  );
  const events = rows.filter((row) => row['sequence'] !== null).map((row) => ({ ...readEvent(row), audience: audienceOf(textOf(row, 'audience')), keyId: findText(row, 'key_id') }));
  return { events, horizon: rows[0] === undefined ? 0n : integerOf(rows[0], 'horizon') };
}

function audienceOf(text: string): EventAudience['kind'] {
  return text === 'anyone' || text === 'wallet' ? text : 'rule';
}

/** Deletes what happened before a unix second, but for what is still to be delivered, and keeps up to where. @returns how many */
export async function deleteEvents(queries: Queries, before: bigint): Promise<number> {
  const [row] = await queries.query(
    `with gone as (
       delete from plimsoll.events as e where at < $1 and not exists (select from plimsoll.deliveries d where d.event = e.sequence and d.status = 'pending') returning e.sequence
     ), moved as (
       update plimsoll.event_horizon set sequence = greatest(event_horizon.sequence, (select max(gone.sequence) from gone))
     ) select count(*)::text as count from gone`,
    [before],
  );
  return row === undefined ? 0 : Number(integerOf(row, 'count'));
}

/** Reads the columns of an event. */
export function readEvent(row: SqlRow): StoredEvent {
  return { sequence: integerOf(row, 'sequence'), key: textOf(row, 'key'), kind: textOf(row, 'kind'), subject: textOf(row, 'subject'), body: row['body'], at: integerOf(row, 'at') };
}
