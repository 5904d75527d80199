import { integerOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** Where {@link addEvent} announces the newest sequence. */
export const EVENT_CHANNEL = 'plimsoll_events';
/** Held while an event is written, so that sequences appear in the order in which they are committed and no reader passes one by. */
const EVENT_LOCK = 0x65766e74n;

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
}

/** A stored event. */
export interface StoredEvent extends EventDraft {
  readonly sequence: bigint;
}

/**
 * Writes an event, with one delivery for every webhook that wants its kind, and announces it. Call it in the transaction that changes what
 * the event tells of: then neither is without the other.
 *
 * @returns its sequence; null where an event of that key was there
 */
export async function addEvent(transaction: Queries, event: EventDraft): Promise<bigint | null> {
  await transaction.query('select pg_advisory_xact_lock($1::int8)', [EVENT_LOCK]);
  const [row] = await transaction.query(
    `insert into plimsoll.events (key, kind, subject, body, at) values ($1, $2, $3, $4::jsonb, $5) on conflict (key) do nothing returning sequence::text as sequence`,
    [event.key, event.kind, event.subject, JSON.stringify(event.body), event.at],
  );
  if (row === undefined) return null;
  const sequence = integerOf(row, 'sequence');
  await transaction.query('insert into plimsoll.deliveries (webhook, event) select id, $1 from plimsoll.webhooks where enabled and $2 = any(kinds)', [sequence, event.kind]);
  await transaction.query('select pg_notify($1, $2)', [EVENT_CHANNEL, sequence.toString()]);
  return sequence;
}

/** Events after a sequence, oldest first. */
export async function listEvents(queries: Queries, after: bigint, most: number): Promise<readonly StoredEvent[]> {
  const rows = await queries.query('select sequence::text as sequence, key, kind, subject, body, at::text as at from plimsoll.events where sequence > $1 order by events.sequence limit $2', [
    after,
    most,
  ]);
  return rows.map(readEvent);
}

/** Deletes what happened before a unix second, but for what is still to be delivered. @returns how many */
export async function deleteEvents(queries: Queries, before: bigint): Promise<number> {
  const rows = await queries.query(
    `delete from plimsoll.events as e where at < $1 and not exists (select from plimsoll.deliveries d where d.event = e.sequence and d.status = 'pending') returning 1 as one`,
    [before],
  );
  return rows.length;
}

/** Reads the columns of an event. */
export function readEvent(row: SqlRow): StoredEvent {
  return { sequence: integerOf(row, 'sequence'), key: textOf(row, 'key'), kind: textOf(row, 'kind'), subject: textOf(row, 'subject'), body: row['body'], at: integerOf(row, 'at') };
}
