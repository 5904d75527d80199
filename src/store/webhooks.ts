import { isPlimsollError } from '../core/errors.ts';
import { bytesOf, findText, integerOf, numberOf, textOf, textsOf } from './columns.ts';
import type { Database, Queries, SqlRow, SqlValue } from './database.ts';
import { readEvent, type StoredEvent } from './events.ts';
import type { Sealer } from './seal.ts';

/** How often a delivery is looked at whose key is not here, and the seconds between two looks. */
const MOST_LOOKS = 10;
const LOOK_SECONDS = 60;
/** Deliveries of one subscriber that are under way at once. */
const MOST_OF_ONE = 2;
/** Held while deliveries are taken. */
const CLAIM_LOCK = 0x64656c76n;

/** A subscriber. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** The kinds of event that it wants. */
  readonly kinds: readonly string[];
  readonly enabled: boolean;
  /** Unix seconds. */
  readonly createdAt: bigint;
  /** The API key that made it; null or absent where the operator did. */
  readonly keyId?: string | null;
  /** Lower-case addresses whose events it wants, besides the alerts of its own rules; with none, what anyone may hear. */
  readonly wallets?: readonly string[];
  /** Of the request that made it; null or absent where that does not matter. */
  readonly digest?: string | null;
}

/** Keys that sign what is sent; the second, newer one while keys are exchanged. */
export interface WebhookSecrets {
  readonly secret: Uint8Array;
  readonly nextSecret: Uint8Array | null;
}

/** Adds a subscriber, or changes the one of that id. Its secrets are kept sealed. */
export async function saveWebhook(queries: Queries, sealer: Sealer, webhook: Webhook & WebhookSecrets): Promise<void> {
  await queries.query(
    `${INSERT} on conflict (id) do update set url = excluded.url, secret = excluded.secret, next_secret = excluded.next_secret, kinds = excluded.kinds, enabled = excluded.enabled,
       wallets = excluded.wallets`,
    valuesOf(sealer, webhook),
  );
}

/** Adds a subscriber. @returns false where there is one of that id, which is left as it is */
export async function addWebhook(queries: Queries, sealer: Sealer, webhook: Webhook & WebhookSecrets): Promise<boolean> {
  return (await queries.query(`${INSERT} on conflict (id) do nothing returning id`, valuesOf(sealer, webhook))).length > 0;
}

const INSERT = `insert into plimsoll.webhooks (id, url, secret, next_secret, kinds, enabled, created_at, key_id, wallets, digest) values ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9::text[], $10)`;

function valuesOf(sealer: Sealer, { id, url, secret, nextSecret, kinds, enabled, createdAt, keyId, wallets, digest }: Webhook & WebhookSecrets): readonly SqlValue[] {
  const place = placeOf(id);
  const sealed = [sealer.seal(secret, place), nextSecret === null ? null : sealer.seal(nextSecret, place)];
  return [id, url, ...sealed, kinds, enabled, createdAt, keyId ?? null, wallets ?? [], digest ?? null];
}

/** Every subscriber, without secrets. */
export async function listWebhooks(queries: Queries): Promise<readonly Webhook[]> {
  const rows = await queries.query(
    'select id, url, to_jsonb(kinds) as kinds, enabled, created_at::text as created_at, key_id, to_jsonb(wallets) as wallets, digest from plimsoll.webhooks order by id',
  );
  return rows.map((row) => ({
    id: textOf(row, 'id'),
    url: textOf(row, 'url'),
    kinds: textsOf(row, 'kinds'),
    enabled: row['enabled'] === true,
    createdAt: integerOf(row, 'created_at'),
    keyId: findText(row, 'key_id'),
    wallets: textsOf(row, 'wallets'),
    digest: findText(row, 'digest'),
  }));
}

/**
 * Switches off the subscribers whose API key is no longer in force, and on again those whose key is back, but for those that wanted nothing any more. They and what is still to be delivered to them stay, as a key may be missing by mistake.
 * What their alert rules told meanwhile nobody heard: those begin anew, and take back what was raised once if it holds no longer.
 *
 * @param keyIds ids of all keys in force
 */
export async function switchWebhooks(queries: Queries, keyIds: readonly string[]): Promise<void> {
  await queries.query(
    `with switched as (update plimsoll.webhooks set enabled = not enabled where key_id is not null and not gone and enabled <> (key_id = any($1::text[])) returning id, enabled)
     update plimsoll.alert_states set state = state || jsonb_build_object('asked', '', 'raised', jsonb_typeof(state->'since') = 'number') where rule in (select r.id from plimsoll.alert_rules r join switched s on s.id = r.webhook where s.enabled)`,
    [keyIds],
  );
}

/**
 * Gives a subscriber a further secret: from now on both sign, until {@link endRotations}. One that was given meanwhile and not taken over yet is replaced.
 *
 * @returns false where there is no subscriber of that id
 */
export async function rotateSecret(queries: Queries, sealer: Sealer, { id, secret }: { readonly id: string; readonly secret: Uint8Array }): Promise<boolean> {
  return (await queries.query('update plimsoll.webhooks set next_secret = $2, rotated_at = now() where id = $1 returning id', [id, sealer.seal(secret, placeOf(id))])).length > 0;
}

/** Ends the exchanges of secrets that began some seconds ago: the new one alone signs. @returns how many */
export async function endRotations(queries: Queries, seconds: number): Promise<number> {
  const rows = await queries.query(
    'update plimsoll.webhooks set secret = next_secret, next_secret = null, rotated_at = null where next_secret is not null and rotated_at < now() - make_interval(secs => $1) returning id',
    [seconds],
  );
  return rows.length;
}

/** Deletes a subscriber and what was still to be delivered to it. @returns false where there is none of that id */
export async function deleteWebhook(queries: Queries, id: string): Promise<boolean> {
  return (await queries.query('delete from plimsoll.webhooks where id = $1 returning id', [id])).length > 0;
}

/** One event on its way to one subscriber. Webhook and sequence together are its idempotency key. */
export interface Delivery {
  readonly webhook: string;
  readonly url: string;
  readonly secrets: WebhookSecrets;
  readonly event: StoredEvent;
  /** This attempt, from 1. */
  readonly attempt: number;
}

/**
 * Takes deliveries that are due, of each subscriber those that wait longest, but no more than two at once: one that hangs must leave room for the others. Whoever takes one has `seconds` to say
 * what became of it; after that it is due again, so that nothing is lost with a worker, and a subscriber may see it twice.
 *
 * @param from the id of the subscriber to begin with, or any text: where more is due than is taken, another one each time is fair to all
 */
export async function claimDeliveries(
  database: Database,
  sealer: Sealer,
  { most, seconds, from = '' }: { readonly most: number; readonly seconds: number; readonly from?: string },
): Promise<readonly Delivery[]> {
  const rows = await database.transaction(async (queries) => {
    // One after the other: two at once would both count what is under way without the other's.
    await queries.query('select pg_advisory_xact_lock($1::int8)', [CLAIM_LOCK]);
    return queries.query(
      `with taken as (
         update plimsoll.deliveries as d set attempts = attempts + 1, next_at = now() + make_interval(secs => $2), taken_until = now() + make_interval(secs => $2)
         where (webhook, event) in (
           select due.webhook, due.event from (select id from plimsoll.webhooks where enabled order by (id < $4), id) w cross join lateral (
             select webhook, event from plimsoll.deliveries where webhook = w.id and status = 'pending' and next_at <= now() order by next_at, event
             limit greatest(0, $3::int8 - (select count(*) from plimsoll.deliveries under_way where under_way.webhook = w.id and under_way.taken_until > now()))
           ) due limit $1
         ) returning d.webhook, d.event, d.attempts
       )
       select t.webhook, t.attempts, w.url, w.secret, w.next_secret, e.sequence::text as sequence, e.key, e.kind, e.subject, e.body, e.at::text as at
       from taken t join plimsoll.webhooks w on w.id = t.webhook join plimsoll.events e on e.sequence = t.event order by e.sequence, t.webhook`,
      [most, seconds, MOST_OF_ONE, from],
    );
  });
  const deliveries = rows.map((row) => ({ row, delivery: findDelivery(row, sealer) }));
  // One subscriber whose key is not here must not keep the others from what is theirs.
  for (const { row, delivery } of deliveries) if (delivery === null) await postpone(database, row);
  return deliveries.flatMap(({ delivery }) => (delivery === null ? [] : [delivery]));
}

/** Null where another process key sealed the subscriber's secrets. */
function findDelivery(row: SqlRow, sealer: Sealer): Delivery | null {
  try {
    return readDelivery(row, sealer);
  } catch (error) {
    if (isPlimsollError(error, 'STORE_REFUSED')) return null;
    throw error;
  }
}

/** Another process may have the key; after some looks nobody has. */
async function postpone(queries: Queries, row: SqlRow): Promise<void> {
  const answer = 'its signing key was sealed under another PLIMSOLL_SEAL_KEY: register the webhook again, or start with that key';
  const delivery = { webhook: textOf(row, 'webhook'), event: readEvent(row) };
  await settleDelivery(queries, delivery, numberOf(row, 'attempts') >= MOST_LOOKS ? { kind: 'dead', answer } : { kind: 'again', answer, afterSeconds: LOOK_SECONDS });
}

/** What became of an attempt: delivered, to be repeated after some seconds, given up, or given up with the subscriber, who wants nothing any more. `answer` is for people and holds no body. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly answer: string }
  | { readonly kind: 'again'; readonly answer: string; readonly afterSeconds: number }
  | { readonly kind: 'dead'; readonly answer: string }
  | { readonly kind: 'gone'; readonly answer: string };

/** Records what became of an attempt. One that was delivered or given up stays so. */
export async function settleDelivery(queries: Queries, { webhook, event }: Pick<Delivery, 'webhook' | 'event'>, outcome: DeliveryOutcome): Promise<void> {
  if (outcome.kind === 'gone') return retireWebhook(queries, webhook, outcome.answer);
  const status = outcome.kind === 'again' ? 'pending' : outcome.kind;
  const after = outcome.kind === 'again' ? outcome.afterSeconds : 0;
  await queries.query(
    `update plimsoll.deliveries set status = $3, last_answer = $4, next_at = now() + make_interval(secs => $5), taken_until = null where webhook = $1 and event = $2 and status = 'pending'`,
    [webhook, event.sequence, status, outcome.answer, after],
  );
}

/** Switches a subscriber off for good, and gives up what was still to be delivered to it. */
async function retireWebhook(queries: Queries, id: string, answer: string): Promise<void> {
  await queries.query(
    `with gone as (update plimsoll.webhooks set enabled = false, gone = true where id = $1)
     update plimsoll.deliveries set status = 'dead', last_answer = $2, taken_until = null where webhook = $1 and status = 'pending'`,
    [id, answer],
  );
}

/** A delivery's state, for the one who asks what became of it. */
export interface DeliveryState {
  readonly event: bigint;
  readonly status: string;
  readonly attempts: number;
  readonly lastAnswer: string | null;
}

/** What was and is to be delivered to a subscriber, newest first. */
export async function listDeliveries(queries: Queries, webhook: string, most: number): Promise<readonly DeliveryState[]> {
  const rows = await queries.query('select event::text as event, status, attempts, last_answer from plimsoll.deliveries where webhook = $1 order by deliveries.event desc limit $2', [webhook, most]);
  return rows.map((row) => ({ event: integerOf(row, 'event'), status: textOf(row, 'status'), attempts: numberOf(row, 'attempts'), lastAnswer: findText(row, 'last_answer') }));
}

/** An event that was given up for a subscriber. */
export interface DeadLetter {
  readonly event: bigint;
  readonly kind: string;
  /** Unix seconds of the event. */
  readonly at: bigint;
  readonly attempts: number;
  /** What became of the last attempt, in words; null where there was none. */
  readonly lastAnswer: string | null;
}

/** How deliveries to a subscriber stand. */
export interface DeliverySummary {
  readonly pending: number;
  readonly dead: number;
  /** The newest that were given up, newest first. */
  readonly deadLetters: readonly DeadLetter[];
}

/** How deliveries to some subscribers stand, by their ids. @param most dead letters of each that are listed */
export async function summarizeDeliveries(queries: Queries, webhooks: readonly string[], most: number): Promise<ReadonlyMap<string, DeliverySummary>> {
  const counts = await queries.query(
    `select id, (select count(*) from plimsoll.deliveries where webhook = id and status = 'pending')::int4 as pending,
       (select count(*) from plimsoll.deliveries where webhook = id and status = 'dead')::int4 as dead from unnest($1::text[]) as id`,
    [webhooks],
  );
  const letters = await queries.query(
    `select d.webhook, d.event::text as event, e.kind, e.at::text as at, d.attempts, d.last_answer
     from unnest($1::text[]) as id cross join lateral (select * from plimsoll.deliveries where webhook = id and status = 'dead' order by deliveries.event desc limit $2) d
     join plimsoll.events e on e.sequence = d.event order by d.event desc`,
    [webhooks, most],
  );
  const lettersOf = Map.groupBy(letters, (row) => textOf(row, 'webhook'));
  return new Map(counts.map((row) => [textOf(row, 'id'), { pending: numberOf(row, 'pending'), dead: numberOf(row, 'dead'), deadLetters: (lettersOf.get(textOf(row, 'id')) ?? []).map(readLetter) }]));
}

function readLetter(row: SqlRow): DeadLetter {
  return { event: integerOf(row, 'event'), kind: textOf(row, 'kind'), at: integerOf(row, 'at'), attempts: numberOf(row, 'attempts'), lastAnswer: findText(row, 'last_answer') };
}

function readDelivery(row: SqlRow, sealer: Sealer): Delivery {
  const webhook = textOf(row, 'webhook');
  const place = placeOf(webhook);
  return {
    webhook,
    url: textOf(row, 'url'),
    secrets: { secret: sealer.open(bytesOf(row, 'secret'), place), nextSecret: row['next_secret'] === null ? null : sealer.open(bytesOf(row, 'next_secret'), place) },
    event: readEvent(row),
    attempt: numberOf(row, 'attempts'),
  };
}

function placeOf(id: string): string {
  return `webhook:${id}`;
}
