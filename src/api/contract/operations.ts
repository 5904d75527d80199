import * as z from 'zod';
import type { ErrorCode } from '../../core/errors.ts';
import { createdWebhook, EVENT_KINDS, event, opportunities, rotatedSecret, webhookRequest, webhooks } from './events.ts';
import { type OperationId, PATHS } from './paths.ts';
import { plan, planOfPortfolioRequest, planRequest } from './plan.ts';
import { attestors, proofJob, proofRequest, verification, verifyRequest } from './proofs.ts';
import { portfolioBody, protocols, recordedWallets, report } from './report.ts';
import { liveness, readiness } from './service.ts';
import { chainsQuery, momentText, recordedName, shockText, walletPath } from './shapes.ts';

/** What an API key may do. */
export const SCOPES = ['read', 'plan', 'prove', 'webhooks', 'admin'] as const;
/** @see {@link SCOPES} */
export type Scope = (typeof SCOPES)[number];

/** One operation of the API: what it takes, what it answers, who may. */
export interface Operation {
  readonly summary: string;
  readonly description: string;
  readonly tag: 'risk' | 'plans' | 'opportunities' | 'proofs' | 'events' | 'service';
  /** Null where no key is ever asked for. */
  readonly scope: Scope | null;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The good answers by status; a null schema has no body, text is of the type that is named. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType | null; readonly text?: string }>>;
  /** Codes beyond those that any operation may answer with. */
  readonly errors: readonly ErrorCode[];
  /** Whether Idempotency-Key is taken. */
  readonly idempotent?: true;
  /** Whether answers carry an ETag, and If-None-Match is taken. */
  readonly tagged?: true;
  readonly example?: { readonly params?: Readonly<Record<string, string>>; readonly query?: Readonly<Record<string, string>>; readonly body?: unknown };
}

const wallet = z.strictObject({ wallet: walletPath });
const reading = { chain: chainsQuery.optional(), at: momentText.optional(), recorded: recordedName.optional() };
const SOURCES: readonly ErrorCode[] = ['INVALID_WALLET', 'INVALID_CHAIN', 'SOURCE_UNREACHABLE', 'SOURCE_TIMEOUT', 'SOURCE_REJECTED', 'NOT_CONFIGURED'];
const DOCUMENTS: readonly ErrorCode[] = ['INVALID_PORTFOLIO', 'UNKNOWN_RULE', 'UNKNOWN_MARKET'];
const proofId = z.strictObject({
  id: z
    .string()
    .regex(/^prove-[0-9a-f]{40}$/, 'expected an id as it was given')
    .describe('Id of a proof job'),
});
const webhookId = z.strictObject({
  id: z
    .string()
    .regex(/^wh_[0-9a-f]{24}$/, 'expected an id as it was given')
    .describe('Id of a webhook'),
});
const DEMO = '0xc0ffee00000000000000000000000000c0ffee01';

/** The whole API: router, OpenAPI document and typed client are made of this table. */
export const OPERATIONS = {
  getWallet: {
    summary: "A wallet's unified risk report",
    description: 'Reads every deployment at one block of each chain. What could not be read is a gap, and a report with a gap is `incomplete`, never `safe`. Answers are kept for some seconds.',
    tag: 'risk',
    scope: 'read',
    params: wallet,
    query: z.strictObject({ ...reading, shock: shockText.optional() }),
    answers: { 200: { description: 'The report', schema: report } },
    errors: [...SOURCES, 'INVALID_ASSET'],
    tagged: true,
    example: { params: { wallet: DEMO }, query: { shock: 'ETH=-10%' } },
  },
  getWalletPortfolio: {
    summary: 'The document that the report is computed from',
    description: 'Positions, markets and prices with everything needed to compute with them again, exactly, without any network.',
    tag: 'risk',
    scope: 'read',
    params: wallet,
    query: z.strictObject(reading),
    answers: { 200: { description: 'A Portfolio', schema: portfolioBody } },
    errors: SOURCES,
    tagged: true,
    example: { params: { wallet: DEMO } },
  },
  computeHealth: {
    summary: 'The report of a Portfolio in the body',
    description: 'Nothing is read: every leg is recomputed by its rule, and a document that says one thing and means another is refused.',
    tag: 'risk',
    scope: 'read',
    query: z.strictObject({ shock: shockText.optional() }),
    body: portfolioBody,
    answers: { 200: { description: 'The report', schema: report } },
    errors: [...DOCUMENTS, 'INVALID_ASSET'],
  },
  planWallet: {
    summary: 'The cheapest way back to a target, beside what happens if nothing is done',
    description: 'Replayed step by step in the integers of the protocols. Calls are unsigned, and aim at built-in deployments only. A plan that is impossible is an answer: `refused` says why.',
    tag: 'plans',
    scope: 'plan',
    params: wallet,
    body: planRequest,
    answers: { 200: { description: 'The plan', schema: plan } },
    errors: [...SOURCES, 'INVALID_ASSET', 'PLAN_IMPOSSIBLE', 'PLAN_REJECTED'],
    example: { params: { wallet: DEMO }, body: { target: '1.5' } },
  },
  planPortfolio: {
    summary: 'A plan for a Portfolio in the body',
    description: 'As for a wallet. A document from elsewhere cannot steer a call: targets come from the built-in deployments.',
    tag: 'plans',
    scope: 'plan',
    body: planOfPortfolioRequest,
    answers: { 200: { description: 'The plan', schema: plan } },
    errors: [...DOCUMENTS, 'INVALID_ASSET', 'PLAN_IMPOSSIBLE', 'PLAN_REJECTED'],
  },
  listOpportunities: {
    summary: 'Who can be liquidated now, by net profit',
    description:
      'Pages are cut from one look at the ranking: following `nextCursor` shows no owner twice and skips none, whatever changes meanwhile. Looks are kept by each process, the newest ones that somebody pages through; where that of a cursor is gone, or another process answers, the page goes on where the last owner ranked: who changed places since may then come twice, or not at all. Where nobody watches the book, or what was read of it is old, it is `incomplete` and the gaps say why.',
    tag: 'opportunities',
    scope: 'read',
    query: z.strictObject({
      cursor: z
        .string()
        .regex(/^[A-Za-z0-9_-]{8,400}$/, 'expected a cursor as it was given')
        .optional(),
      limit: z
        .string()
        .regex(/^(?:[1-9][0-9]?|100)$/, 'expected 1 to 100')
        .optional()
        .describe('1 to 100; 25 where absent'),
    }),
    answers: { 200: { description: 'A page', schema: opportunities } },
    errors: ['NOT_CONFIGURED', 'STORE_UNREACHABLE'],
    tagged: true,
    example: { query: { limit: '10' } },
  },
  createProof: {
    summary: 'Have a proof made by the service',
    description: 'Off unless the operator switches it on: positions are best proved where they are known, in the browser or by the command line. The payload is encrypted while it waits.',
    tag: 'proofs',
    scope: 'prove',
    body: proofRequest,
    answers: { 202: { description: 'The job; Location says where to look', schema: proofJob } },
    errors: ['FORBIDDEN', 'ATTESTATION_REFUSED', 'KEY_REFUSED', 'CONFLICT', 'STORE_UNREACHABLE'],
    idempotent: true,
  },
  getProof: {
    summary: 'How a proof job stands',
    description: 'With its progress, and at its end the proof, which holds nothing of the positions.',
    tag: 'proofs',
    scope: 'prove',
    params: proofId,
    answers: { 200: { description: 'The job', schema: proofJob } },
    errors: ['FORBIDDEN', 'STORE_UNREACHABLE'],
    example: { params: { id: 'prove-0000000000000000000000000000000000000000' } },
  },
  verifyProof: {
    summary: 'Judge a proof by a policy',
    description: 'Every rule is applied and shown. Nothing is counted: whether a nullifier was used before is the asker’s to remember.',
    tag: 'proofs',
    scope: 'read',
    body: verifyRequest,
    answers: { 200: { description: 'The verdict', schema: verification } },
    errors: ['PROOF_INVALID', 'INVALID_FILE', 'KEY_REFUSED'],
  },
  listAttestors: {
    summary: 'Attestors that this service names',
    description: 'Whom the operator of this service names; whom to trust is the asker’s own decision.',
    tag: 'proofs',
    scope: 'read',
    answers: { 200: { description: 'Attestors', schema: attestors } },
    errors: [],
    tagged: true,
  },
  listProtocols: {
    summary: 'What is supported',
    description: 'Rules by version, deployments, and how exactly each is read.',
    tag: 'risk',
    scope: 'read',
    answers: { 200: { description: 'Protocols', schema: protocols } },
    errors: [],
    tagged: true,
  },
  listRecorded: {
    summary: 'Recorded wallets to try',
    description: 'What the embedded default reads: no key and no network.',
    tag: 'risk',
    scope: 'read',
    answers: { 200: { description: 'Data sets with their wallets and moments', schema: recordedWallets } },
    errors: [],
    tagged: true,
  },
  createWebhook: {
    summary: 'Subscribe to events',
    description:
      'It belongs to the API key that makes it. Deliveries are signed after Standard Webhooks and repeated with backoff. The target must be on the public internet: private and loopback addresses are refused, now and at every delivery, and redirects are not followed.',
    tag: 'events',
    scope: 'webhooks',
    body: webhookRequest,
    answers: { 201: { description: 'The subscriber with its secret, which is shown this once', schema: createdWebhook } },
    errors: ['CONFLICT', 'STORE_UNREACHABLE'],
    idempotent: true,
    example: { body: { url: 'https://example.org/hook', kinds: ['alert'], alerts: [{ owner: DEMO, kind: 'health', below: '1.2' }] } },
  },
  listWebhooks: {
    summary: 'Your subscribers',
    description: 'Those that the API key made, without secrets, with what is still to be delivered and what was given up; all of them for the operator (scope admin, or a service without keys).',
    tag: 'events',
    scope: 'webhooks',
    answers: { 200: { description: 'Subscribers', schema: webhooks } },
    errors: ['STORE_UNREACHABLE'],
  },
  deleteWebhook: {
    summary: 'Delete a subscriber',
    description: 'With its alert rules, and what was still to be delivered to it. There is nothing of an id that another key made.',
    tag: 'events',
    scope: 'webhooks',
    params: webhookId,
    answers: { 204: { description: 'It is gone', schema: null } },
    errors: ['STORE_UNREACHABLE'],
    example: { params: { id: 'wh_000000000000000000000000' } },
  },
  rotateWebhookSecret: {
    summary: 'Give a subscriber a new secret',
    description:
      'Deliveries are signed with the new and the former one for a day, each a signature of its own in webhook-signature, so that the receiver may change over meanwhile; asked again within the day, the newest takes the place of the one before. Where the former one was stolen, delete the subscriber and make another.',
    tag: 'events',
    scope: 'webhooks',
    params: webhookId,
    answers: { 200: { description: 'The new secret, which is shown this once', schema: rotatedSecret } },
    errors: ['STORE_UNREACHABLE'],
    example: { params: { id: 'wh_000000000000000000000000' } },
  },
  streamEvents: {
    summary: 'Events as they happen (server-sent events)',
    description:
      'Each event once, in order: `id:` is its sequence, `event:` its kind, `data:` an Event as JSON. Opportunities are told to all; `health.changed` to who asks for the wallet, and `alert` to who asks for it with the key that made the rule. `Last-Event-ID` goes on after that sequence; where what came after it is no longer all there, an event `reset` says so first: read anew what you keep. A comment every 15 s keeps the line open; who does not read is dropped and may resume.',
    tag: 'events',
    scope: 'read',
    query: z.strictObject({
      wallet: z
        .string()
        .regex(/^0x[0-9a-fA-F]{40}(?:,0x[0-9a-fA-F]{40}){0,19}$/, 'expected 0x and 40 hex digits; at most twenty, separated by commas')
        .optional()
        .describe('Only events about these wallets: up to twenty, separated by commas. They are watched for as long as somebody asks'),
      kind: z.enum(EVENT_KINDS).optional().describe('Only this kind'),
    }),
    answers: { 200: { description: 'A stream', schema: event, text: 'text/event-stream' } },
    errors: ['STORE_UNREACHABLE'],
  },
  getLiveness: {
    summary: 'Whether the process lives',
    description: 'Says nothing about sources.',
    tag: 'service',
    scope: null,
    answers: { 200: { description: 'It does', schema: liveness } },
    errors: [],
  },
  getReadiness: {
    summary: 'Whether requests should come here',
    description: 'Red when no source is fresh, the database is gone, nobody watches the book or its newest block is old, or the service is about to stop; with reasons.',
    tag: 'service',
    scope: null,
    answers: { 200: { description: 'Ready', schema: readiness }, 503: { description: 'Not ready, and why', schema: readiness } },
    errors: [],
  },
  getMetrics: {
    summary: 'Metrics of the process',
    description: 'In the form of Prometheus.',
    tag: 'service',
    scope: 'admin',
    answers: { 200: { description: 'Metrics', schema: null, text: 'text/plain' } },
    errors: [],
  },
} as const satisfies Record<OperationId, Operation>;

/** An operation with its place. */
export interface PlacedOperation extends Operation {
  readonly id: OperationId;
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
}

/** Every operation, with method and address. */
export function listOperations(): readonly PlacedOperation[] {
  return (Object.keys(OPERATIONS) as OperationId[]).map((key) => ({ ...getOperation(key), ...PATHS[key], id: key }));
}

function getOperation(key: OperationId): Operation {
  return OPERATIONS[key];
}

type Entry<Id extends OperationId> = (typeof OPERATIONS)[Id];
/** What an operation takes in its path. */
export type Params<Id extends OperationId> = Entry<Id> extends { params: infer Schema extends z.ZodType } ? z.input<Schema> : Record<never, never>;
/** What an operation takes in its query. */
export type Query<Id extends OperationId> = Entry<Id> extends { query: infer Schema extends z.ZodType } ? z.input<Schema> : Record<never, never>;
/** What an operation takes as its body; undefined where it takes none. */
export type Body<Id extends OperationId> = Entry<Id> extends { body: infer Schema extends z.ZodType } ? z.input<Schema> : undefined;
/** What an operation answers where all is well. */
export type Answer<Id extends OperationId> = Entry<Id>['answers'] extends Record<number, { schema: infer Schema }> ? (Schema extends z.ZodType ? z.output<Schema> : undefined) : never;
