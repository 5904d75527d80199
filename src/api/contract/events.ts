import * as z from 'zod';
import { anyJson, gap, isoTime, named, plainBlock, plainPrice, ratioString, unixSeconds, usdString } from './shapes.ts';

/** Kinds of event that the stream and webhooks tell of. */
export const EVENT_KINDS = ['alert', 'health.changed', 'opportunity.opened', 'opportunity.changed', 'opportunity.closed'] as const;

/** Wallets of one subscriber. */
const MOST_WALLETS = 100;
const wallet = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits');

/** One event, as the stream's data have it. */
export const event = named(
  'Event',
  z.strictObject({
    sequence: z.string().describe('Grows by the order in which events were committed; the id of the stream'),
    kind: z.string().describe('alert, health.changed, opportunity.opened, opportunity.changed or opportunity.closed; on the stream also reset: events up to its sequence may be missing'),
    subject: z.string().describe('A wallet or an account'),
    at: unixSeconds,
    atIso: isoTime,
    data: anyJson.describe('In the form of its kind'),
  }),
);

/** One event, as the body of a delivery to a subscriber has it. */
export const delivery = named(
  'Delivery',
  z.strictObject({ type: z.string().describe('Its kind'), timestamp: isoTime.describe('When it happened'), data: anyJson.describe('In the form of its kind') }),
);

/** Whom to tell what. */
export const webhookRequest = named(
  'WebhookRequest',
  z.strictObject({
    url: z.string().min(10).max(2_000).describe('An https address on the public internet, without user name and password'),
    kinds: z
      .array(z.enum(EVENT_KINDS))
      .min(1)
      .max(EVENT_KINDS.length)
      .describe('What is delivered. alert: of the rules below, and of nobody else’s; health.changed: of the wallets below; opportunity.*: of everybody, or of the wallets below where there are any'),
    wallets: z.array(wallet).max(MOST_WALLETS).default([]).describe('Whose events; health.changed needs at least one'),
    alerts: z
      .array(
        z.union([
          z.strictObject({ owner: wallet, kind: z.literal('health'), of: z.enum(['weakest', 'unified']).default('weakest'), below: z.string().max(40).describe('Health factor, as in 1.2') }),
          z.strictObject({ owner: wallet, kind: z.literal('liquidation-price'), within: z.string().max(40).describe('Share of the price, as in 0.1') }),
          z.strictObject({ owner: wallet, kind: z.literal('shortfall'), above: z.string().max(40).describe('US dollars') }),
        ]),
      )
      .max(100)
      .default([])
      .describe('What raises an alert; raised and cleared with hysteresis'),
  }),
);

const alertRule = z.strictObject({ id: z.string(), owner: z.string(), kind: z.string(), params: anyJson, enabled: z.boolean() });
const webhookFields = {
  id: z.string(),
  url: z.string().describe('Without what follows the host: the path may hold a token'),
  kinds: z.array(z.string()),
  wallets: z.array(z.string()),
  enabled: z.boolean().describe('false: its API key is not in force, or the receiver answered 410; after that it gets nothing any more'),
  createdAt: unixSeconds,
  alerts: z.array(alertRule),
};

const deadLetter = z.strictObject({
  event: z.string().describe('Its sequence'),
  kind: z.string(),
  at: unixSeconds.describe('When it happened'),
  attempts: z.int().min(0),
  lastAnswer: z.string().nullable().describe('What became of the last attempt, in words'),
});
const deliveries = z.strictObject({
  pending: z.int().min(0).describe('To be delivered, or to be tried again'),
  dead: z.int().min(0).describe('Given up; kept as long as its event'),
  deadLetters: z.array(deadLetter).describe('The newest that were given up, at most five, newest first'),
});

/** A subscriber without its secret. */
export const webhook = named('Webhook', z.strictObject({ ...webhookFields, deliveries }));
/** A subscriber as it was made. */
export const createdWebhook = named(
  'CreatedWebhook',
  z.strictObject({ ...webhookFields, secret: z.string().nullable().describe('whsec_…: signs every delivery (Standard Webhooks). Shown once; null where the same request was answered before') }),
);
/** A further secret. */
export const rotatedSecret = named(
  'RotatedSecret',
  z.strictObject({
    id: z.string(),
    secret: z.string().describe('whsec_…: signs every delivery from now on. Shown once'),
    previousUntil: unixSeconds.describe('At least until then deliveries carry a signature by the former secret too, after the new one'),
  }),
);
/** Subscribers. */
export const webhooks = named('Webhooks', z.strictObject({ webhooks: z.array(webhook) }));

const opportunity = named(
  'Opportunity',
  z.strictObject({
    id: z.string(),
    owner: z.string(),
    profitUsd: usdString.describe('After slippage, gas and flash fee. store: of the owner by itself, as if nobody else were liquidated; scan: in the joint sequence'),
    jointProfitUsd: usdString
      .nullable()
      .describe(
        'What it brings in the joint sequence, after all that is taken before it; null where it was not planned yet, where the sequence was cut before it, or where it is not worth taking then',
      ),
    place: z.int().min(1).nullable().describe('The first of its places in the joint sequence of its chain, from 1; null with jointProfitUsd'),
    plannedAt: unixSeconds.nullable().describe('The second that the joint sequence is of; null where it was not planned yet, or the sequence was cut before it'),
    repricedSince: z.boolean().describe('Whether profitUsd is newer than the joint sequence'),
    precision: z.string(),
    openedAt: unixSeconds.nullable().describe('Null where nobody keeps watch'),
    seenAt: unixSeconds,
    detail: anyJson.describe('Liquidations in their order with sizes, confidence and calldata, as plimsoll scan --json has them'),
  }),
);

const watched = named(
  'WatchedAccount',
  z.strictObject({
    account: z.string(),
    owner: z.string(),
    label: z.string(),
    health: ratioString.describe('Adjusted collateral ÷ adjusted debt'),
    nativeHealthFactor: ratioString.nullable().describe("The protocol's own; null where it has none"),
    move: ratioString.nullable().describe('The uniform adverse price move at which it becomes liquidatable; null where none below 100 % does it'),
    collateralUsd: usdString,
    debtUsd: usdString,
    precision: z.string(),
    seenAt: unixSeconds.describe('The second that it was decided at'),
    ageSeconds: z.int().min(0).describe('Seconds since then'),
  }),
);

/** A page of the ranking. */
export const opportunities = named(
  'Opportunities',
  z.strictObject({
    source: z.enum(['store', 'scan']).describe('store: what workers watch; scan: a look at the book, kept for some seconds'),
    book: z.string().nullable(),
    recorded: z.string().nullable(),
    status: z.enum(['complete', 'incomplete']),
    asOf: z.strictObject({ blocks: z.array(plainBlock), prices: z.array(plainPrice) }),
    method: z.string().nullable().describe('How the joint sequence was found, and where it was cut: greedy, and it says so; null where nothing was planned'),
    watched: z.array(watched).describe('The accounts nearest to liquidation that are not liquidatable yet, at most 50, by how far prices have to move; on the first page'),
    opportunities: z.array(opportunity),
    nextCursor: z.string().nullable().describe('For the next page; null on the last one'),
    gaps: z.array(gap),
  }),
);
