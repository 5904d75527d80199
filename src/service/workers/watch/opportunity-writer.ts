import type { Json } from '../../../core/json.ts';
import type { Database } from '../../../store/database.ts';
import { addEvent } from '../../../store/events.ts';
import type { ShardLease } from '../../../store/leases.ts';
import { closeOpportunity, saveOpportunity } from '../../../store/opportunities.ts';

/** Kinds of the events that opportunities cause. */
export const OPPORTUNITY_EVENTS = { opened: 'opportunity.opened', changed: 'opportunity.changed', closed: 'opportunity.closed' } as const;
/** A profit that moved by a smaller share than this is no event. */
const CHANGE_SHARE = 0.05;

/** What an owner offers, to be written. */
export interface OpportunityNews {
  readonly owner: string;
  readonly block: bigint;
  /** Unix seconds. */
  readonly at: bigint;
  readonly netUsd: string;
  /** What was told last; null where nothing is open. */
  readonly toldUsd: string | null;
  readonly precision: string;
  readonly body: Json;
}

/**
 * Opens an owner's opportunity or brings it up to date, with the event that tells of it in the same transaction.
 *
 * @returns what was told last by now, USD; null where a newer look is stored
 * @throws {PlimsollError} LEASE_LOST
 */
export function writeOpportunity(database: Database, lease: ShardLease, { owner, toldUsd, ...news }: OpportunityNews): Promise<string | null> {
  return database.transaction(async (queries) => {
    const saved = await saveOpportunity(queries, lease, { subject: owner, owner, ...news });
    if (saved === null) return null;
    const event = { subject: owner, body: { id: saved.id.toString(), ...(news.body as object) }, at: news.at };
    if (saved.opened) {
      await addEvent(queries, { ...event, key: `opportunity:${saved.id}:opened`, kind: OPPORTUNITY_EVENTS.opened });
      return news.netUsd;
    }
    if (toldUsd !== null && !hasMoved(toldUsd, news.netUsd)) return toldUsd;
    await addEvent(queries, { ...event, key: `opportunity:${saved.id}:changed:${news.at}:${news.netUsd}`, kind: OPPORTUNITY_EVENTS.changed });
    return news.netUsd;
  });
}

/** Closes an owner's opportunity, with its event. Closing twice changes nothing. @throws {PlimsollError} LEASE_LOST */
export function endOpportunity(database: Database, lease: ShardLease, ending: { readonly owner: string; readonly at: bigint; readonly reason: string }): Promise<void> {
  const { owner, at, reason } = ending;
  return database.transaction(async (queries) => {
    const id = await closeOpportunity(queries, lease, { subject: owner, at, reason });
    if (id === null) return;
    await addEvent(queries, { key: `opportunity:${id}:closed`, kind: OPPORTUNITY_EVENTS.closed, subject: owner, body: { id: id.toString(), owner, reason }, at });
  });
}

function hasMoved(told: string, now: string): boolean {
  return Math.abs(Number(now) - Number(told)) > CHANGE_SHARE * Math.abs(Number(told));
}
