import { createHash, randomBytes } from 'node:crypto';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { parseAlertRule } from '../../service/alerts/alert-params.ts';
import { ROTATION_SECONDS } from '../../service/workers/housekeeping.ts';
import { isPublicTarget, parseWebhookUrl } from '../../sources/webhook.ts';
import { type AlertRule, listAlertRules, saveAlertRule } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import type { Sealer } from '../../store/seal.ts';
import { addWebhook, type DeliverySummary, deleteWebhook, listWebhooks, rotateSecret, summarizeDeliveries, type Webhook } from '../../store/webhooks.ts';
import { isOwn } from '../http/api-keys.ts';
import { type Call, type Handlers, json, type Reply } from '../http/call.ts';
import { createIdempotencyStore, readIdempotencyKey } from '../http/idempotency.ts';

/** What subscriptions are kept with. */
export interface WebhookRouteOptions {
  readonly database: Database;
  /** Null where secrets could not be read again after a restart: then there are no subscriptions. */
  readonly sealer: Sealer | null;
  /** Unix seconds. */
  readonly now: () => number;
  /** Milliseconds, rising. */
  readonly clock: () => number;
  /** How names are resolved, and which addresses count as public; a test brings its own. */
  readonly target?: Pick<Parameters<typeof isPublicTarget>[1], 'resolve' | 'isAllowed'>;
}

const SECRET_BYTES = 32;
const ID_BYTES = 12;
const RESOLVE_MS = 3_000;
/** Subscribers of all keys, and of one. */
const MOST_WEBHOOKS = 10_000;
const MOST_OWN_WEBHOOKS = 100;
/** Dead letters of one that are listed. */
const MOST_LETTERS = 5;

/** Subscribers and their alert rules. Each belongs to the key that made it: others neither see nor delete it, and hear nothing of its wallets. */
export function webhookHandlers(options: WebhookRouteOptions): Pick<Handlers, 'createWebhook' | 'listWebhooks' | 'deleteWebhook' | 'rotateWebhookSecret'> {
  const { database, clock } = options;
  const answered = createIdempotencyStore<Reply>(clock);
  return {
    createWebhook(call) {
      const { caller } = call;
      if (caller.name === null && !caller.isOperator) throw new PlimsollError('UNAUTHENTICATED', 'A webhook belongs to the API key that makes it. Send one as Authorization: Bearer plk_…');
      const key = readIdempotencyKey(headerOf(call));
      if (key === null) return create(call, `wh_${randomBytes(ID_BYTES).toString('hex')}`, options);
      const owner = caller.keyId ?? '';
      // The id comes from the key, so that a repetition after a restart, or at another process, makes no second subscriber.
      const id = `wh_${createHash('sha256')
        .update(`${owner} ${key}`)
        .digest('hex')
        .slice(0, 2 * ID_BYTES)}`;
      const stands = async (): Promise<boolean> => (await listWebhooks(database)).some((webhook) => webhook.id === id);
      return answered.once({ owner, key, body: call.text }, { make: () => create(call, id, options), stands });
    },
    async listWebhooks({ caller }) {
      const [webhooks, rules] = await Promise.all([listWebhooks(database), listAlertRules(database)]);
      const own = webhooks.filter(({ keyId = null }) => isOwn(caller, keyId));
      const ids = own.map(({ id }) => id);
      const summaries = await summarizeDeliveries(database, ids, MOST_LETTERS);
      return json({ webhooks: own.map((webhook) => ({ ...describe(webhook, rules), deliveries: describeDeliveries(summaries.get(webhook.id)) })) });
    },
    async deleteWebhook({ params, caller }) {
      const found = (await listWebhooks(database)).find(({ id }) => id === params.id);
      const isGone = found !== undefined && isOwn(caller, found.keyId ?? null) && (await deleteWebhook(database, params.id));
      if (!isGone) throw absent();
      return { kind: 'empty' };
    },
    async rotateWebhookSecret({ params: { id }, caller }) {
      const sealer = requireSealer(options);
      const found = (await listWebhooks(database)).find((webhook) => webhook.id === id);
      const secret = new Uint8Array(randomBytes(SECRET_BYTES));
      if (found === undefined || !isOwn(caller, found.keyId ?? null) || !(await rotateSecret(database, sealer, { id, secret }))) throw absent();
      return json({ id, secret: textOfSecret(secret), previousUntil: options.now() + ROTATION_SECONDS });
    },
  };
}

async function create({ body, caller, text }: Call<'createWebhook'>, id: string, options: WebhookRouteOptions): Promise<Reply> {
  const { database, now, target } = options;
  const sealer = requireSealer(options);
  const url = parseWebhookUrl(body.url);
  const wallets = [...new Set(body.wallets.map((wallet) => wallet.toLowerCase()))];
  if (wallets.length === 0 && body.kinds.includes('health.changed')) throw new InvalidArgument('The kind health.changed is about wallets: name them in wallets.', { in: 'body', path: 'wallets' });
  const rules = body.alerts.map(
    ({ owner, kind, ...params }, at): AlertRule => ({ id: `${id}:${at}`, owner: owner.toLowerCase(), kind, params: requireRule(kind, params), enabled: true, webhook: id }),
  );
  if (!(await isPublicTarget(url, { timeoutMs: RESOLVE_MS, ...target }))) {
    throw new InvalidArgument('The address of the webhook has no place on the public internet, or does not resolve. Give one that anybody could reach.', { in: 'body', path: 'url' });
  }
  const known = await listWebhooks(database);
  const own = known.filter(({ keyId = null }) => keyId === caller.keyId);
  const digest = createHash('sha256').update(text).digest('base64url');
  const before = own.find((webhook) => webhook.id === id);
  if (before !== undefined) return repeat(before, digest, await listAlertRules(database));
  if (own.length >= MOST_OWN_WEBHOOKS || known.length >= MOST_WEBHOOKS) throw new PlimsollError('FORBIDDEN', `There are ${own.length} webhooks of this key. Delete one first.`);
  const webhook: Webhook = { id, url: url.href, kinds: [...new Set(body.kinds)], enabled: true, createdAt: BigInt(now()), keyId: caller.keyId, wallets, digest };
  const secret = new Uint8Array(randomBytes(SECRET_BYTES));
  const isNew = await database.transaction(async (queries) => {
    if (!(await addWebhook(queries, sealer, { ...webhook, secret, nextSecret: null }))) return false;
    for (const rule of rules) await saveAlertRule(queries, rule);
    return true;
  });
  if (!isNew) throw new PlimsollError('CONFLICT', 'The first request of this Idempotency-Key is still under way. Ask again in a moment.');
  return json({ ...describe(webhook, rules), secret: textOfSecret(secret) }, 201);
}

function requireSealer({ sealer }: WebhookRouteOptions): Sealer {
  if (sealer !== null) return sealer;
  throw new PlimsollError('FORBIDDEN', 'Webhooks are off: their secrets would be lost with the process. An operator switches them on with PLIMSOLL_SEAL_KEY.');
}

/** Of one that another key made there is nothing either. */
function absent(): PlimsollError {
  return new PlimsollError('NOT_FOUND', 'There is no webhook of that id.');
}

/** @source Standard Webhooks */
function textOfSecret(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`;
}

/** The secret was shown to the first request alone. */
function repeat(webhook: Webhook, digest: string, rules: readonly AlertRule[]): Reply {
  if (webhook.digest !== null && webhook.digest !== digest) throw new PlimsollError('CONFLICT', 'This Idempotency-Key was used for another request. Use a new key for a new request.');
  return json({ ...describe(webhook, rules), secret: null }, 201);
}

/** What the watcher will read must be readable. */
function requireRule(kind: string, params: object): object {
  parseAlertRule(kind, params);
  return params;
}

/** The path of a receiver often is its password. */
function describe(webhook: Webhook, rules: readonly AlertRule[]): object {
  return {
    id: webhook.id,
    url: `${new URL(webhook.url).origin}/…`,
    kinds: webhook.kinds,
    wallets: webhook.wallets ?? [],
    enabled: webhook.enabled,
    createdAt: Number(webhook.createdAt),
    alerts: rules.flatMap(({ webhook: of, ...rule }) => (of === webhook.id ? [rule] : [])),
  };
}

function describeDeliveries({ pending, dead, deadLetters }: DeliverySummary = { pending: 0, dead: 0, deadLetters: [] }): object {
  return { pending, dead, deadLetters: deadLetters.map(({ event, at, ...rest }) => ({ event: event.toString(), at: Number(at), ...rest })) };
}

function headerOf({ headers }: Call<'createWebhook'>): string | undefined {
  const header = headers['idempotency-key'];
  return header === undefined || typeof header === 'string' ? header : header.join(',');
}
