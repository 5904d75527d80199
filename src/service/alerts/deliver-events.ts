import { deliverWebhook, parseWebhookUrl, type WebhookOptions, type WebhookOutcome } from '../../sources/webhook.ts';
import type { Database } from '../../store/database.ts';
import type { Sealer } from '../../store/seal.ts';
import { claimDeliveries, type Delivery, type DeliveryOutcome, settleDelivery } from '../../store/webhooks.ts';

/** Seconds until the next attempt, by attempt; after the last there is none. @source the schedule that Standard Webhooks recommends */
const DELAYS_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Attempts in all, the first one included. */
export const MOST_ATTEMPTS: number = DELAYS_SECONDS.length + 1;
/** A tenth more or less, so that receivers that failed together are not all tried again together. */
const JITTER = 0.1;
const DEFAULT_TIMEOUT_MS = 15_000;

/** What delivering needs. */
export interface DeliverOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  /** Unix seconds now. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Deliveries that are begun at most. */
  readonly most: number;
  /** How receivers are reached; the keys are each subscriber's own. */
  readonly webhook?: Partial<Omit<WebhookOptions, 'keys'>>;
}

/**
 * Takes deliveries that are due, up to `most`, and begins one attempt for each. An event goes to a subscriber at least once: one whose worker ends before it was recorded is due again, with the
 * same `webhook-id`, by which the receiver tells repetitions.
 *
 * @returns what becomes of each attempt, once it is recorded: one receiver that hangs keeps nobody waiting for the others. A receiver that fails is an outcome; only STORE_* is thrown
 * @throws {PlimsollError} STORE_*
 */
export async function startDeliveries(options: DeliverOptions): Promise<readonly Promise<DeliveryOutcome>[]> {
  const { database, sealer, most } = options;
  const timeoutMs = options.webhook?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  // Twice the time that an attempt may take: nobody else takes it meanwhile.
  const seconds = Math.ceil((2 * timeoutMs) / 1000);
  const claimed = await claimDeliveries(database, sealer, { most, seconds, from: anyId(options.random()) });
  return claimed.map((delivery) => attempt(delivery, { ...options, webhook: { ...options.webhook, timeoutMs } }));
}

/** A place among the ids of subscribers. @param random from 0 to 1 */
function anyId(random: number): string {
  return `wh_${Math.floor(random * 0xffffffff)
    .toString(16)
    .padStart(8, '0')}`;
}

async function attempt(delivery: Delivery, options: DeliverOptions & { readonly webhook: { readonly timeoutMs: number } }): Promise<DeliveryOutcome> {
  const { secret, nextSecret } = delivery.secrets;
  const { event } = delivery;
  const outcome = await send(delivery, {
    id: `evt_${event.sequence}`,
    timestamp: options.now(),
    body: JSON.stringify({ type: event.kind, timestamp: new Date(Number(event.at) * 1000).toISOString(), data: event.body }),
    options: { ...options.webhook, keys: nextSecret === null ? [secret] : [nextSecret, secret] },
  });
  const settled = settle(outcome, delivery.attempt, options.random());
  await settleDelivery(options.database, delivery, settled);
  return settled;
}

interface Sending {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
  readonly options: WebhookOptions;
}

async function send({ url }: Delivery, { options, ...message }: Sending): Promise<WebhookOutcome> {
  try {
    return await deliverWebhook(parseWebhookUrl(url, options.allowHttp), message, options);
  } catch {
    return { kind: 'gone', reason: 'the address is no https address' };
  }
}

/** @param attemptNumber from 1 */
function settle(outcome: WebhookOutcome, attemptNumber: number, random: number): DeliveryOutcome {
  if (outcome.kind === 'delivered') return { kind: 'delivered', answer: String(outcome.status) };
  if (outcome.kind === 'gone') return { kind: 'gone', answer: outcome.reason };
  const delay = DELAYS_SECONDS[attemptNumber - 1];
  if (delay === undefined) return { kind: 'dead', answer: outcome.reason };
  return { kind: 'again', answer: outcome.reason, afterSeconds: delay * (1 - JITTER + 2 * JITTER * random) };
}
