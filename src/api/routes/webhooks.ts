import { createHash, randomBytes } from 'node:crypto';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { parseAlertRule } from '../../service/alerts/alert-params.ts';
import { isPublicTarget, parseWebhookUrl } from '../../sources/webhook.ts';
import { type AlertRule, deleteAlertRule, listAlertRules, saveAlertRule } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import type { Sealer } from '../../store/seal.ts';
import { deleteWebhook, listWebhooks, saveWebhook, type Webhook } from '../../store/webhooks.ts';
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
const RESOLVE_MS = 3_000;
const MOST_WEBHOOKS = 1_000;

/** Subscribers and their alert rules. */
export function webhookHandlers(options: WebhookRouteOptions): Pick<Handlers, 'createWebhook' | 'listWebhooks' | 'deleteWebhook'> {
  const { database, clock } = options;
  const answered = createIdempotencyStore<Reply>(clock);
  return {
    createWebhook(call) {
      const key = readIdempotencyKey(headerOf(call));
      if (key === null) return create(call, `wh_${randomBytes(12).toString('hex')}`, options);
      const owner = call.caller.name ?? '';
      // The id comes from the key, so that a repetition after a restart, or at another process, makes no second subscriber.
      const id = `wh_${createHash('sha256').update(`${owner} ${key}`).digest('hex').slice(0, 24)}`;
      return answered.once(owner, key, call.text, () => create(call, id, options));
    },
    async listWebhooks() {
      const [webhooks, rules] = await Promise.all([listWebhooks(database), listAlertRules(database)]);
      return json({ webhooks: webhooks.map((webhook) => describe(webhook, rules)) });
    },
    async deleteWebhook({ params }) {
      const isThere = await database.transaction(async (queries) => {
        for (const rule of await listAlertRules(queries)) if (rule.id.startsWith(`${params.id}:`)) await deleteAlertRule(queries, rule.id);
        return deleteWebhook(queries, params.id);
      });
      if (!isThere) throw new PlimsollError('NOT_FOUND', 'There is no webhook of that id.');
      return { kind: 'empty' };
    },
  };
}

async function create({ body }: Call<'createWebhook'>, id: string, { database, sealer, now, target }: WebhookRouteOptions): Promise<Reply> {
  if (sealer === null) throw new PlimsollError('FORBIDDEN', 'Webhooks are off: their secrets would be lost with the process. An operator switches them on with PLIMSOLL_SEAL_KEY.');
  const url = parseWebhookUrl(body.url);
  const rules = body.alerts.map(({ owner, kind, ...params }, at): AlertRule => ({ id: `${id}:${at}`, owner: owner.toLowerCase(), kind, params: requireRule(kind, params), enabled: true }));
  if (!(await isPublicTarget(url, { timeoutMs: RESOLVE_MS, ...target }))) {
    throw new InvalidArgument('The address of the webhook has no place on the public internet, or does not resolve. Give one that anybody could reach.', { in: 'body', path: 'url' });
  }
  const known = await listWebhooks(database);
  const before = known.find((webhook) => webhook.id === id);
  if (before !== undefined) return json({ ...describe(before, await listAlertRules(database)), secret: null }, 201);
  if (known.length >= MOST_WEBHOOKS) throw new PlimsollError('FORBIDDEN', `There are ${MOST_WEBHOOKS} webhooks. Delete one first.`);
  const webhook: Webhook = { id, url: url.href, kinds: [...new Set(body.kinds)], enabled: true, createdAt: BigInt(now()) };
  const secret = new Uint8Array(randomBytes(SECRET_BYTES));
  await database.transaction(async (queries) => {
    await saveWebhook(queries, sealer, { ...webhook, secret, nextSecret: null });
    for (const rule of rules) await saveAlertRule(queries, rule);
  });
  return json({ ...describe(webhook, rules), secret: `whsec_${Buffer.from(secret).toString('base64')}` }, 201);
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
    enabled: webhook.enabled,
    createdAt: Number(webhook.createdAt),
    alerts: rules.filter((rule) => rule.id.startsWith(`${webhook.id}:`)),
  };
}

function headerOf({ headers }: Call<'createWebhook'>): string | undefined {
  const header = headers['idempotency-key'];
  return header === undefined || typeof header === 'string' ? header : header.join(',');
}
