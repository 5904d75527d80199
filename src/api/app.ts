import { readFileSync } from 'node:fs';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { type Config, hasWatchedBook, isLive } from '../config.ts';
import { PlimsollError } from '../core/errors.ts';
import type { JobQueue } from '../service/jobs/job-queue.ts';
import type { Database } from '../store/database.ts';
import type { Sealer } from '../store/seal.ts';
import { buildOpenApi } from './contract/openapi.ts';
import { DOCS_CSS, renderDocs } from './docs-page.ts';
import type { DocumentThreads } from './documents/document-threads.ts';
import { callerKey, type KeyRing } from './http/api-keys.ts';
import { json } from './http/call.ts';
import { mountOperations } from './http/mount.ts';
import { type Observer, registerGauges } from './http/observe.ts';
import { isKnown, prepare } from './http/prepared.ts';
import { answerProblems, type InFlight, observeRequests, traceOf } from './http/request-trace.ts';
import { allowOrigins, requireFewHeaders, requireOwnHost, securityHeaders } from './http/security.ts';
import { createWorkGate } from './http/work-gate.ts';
import { opportunityHandlers } from './routes/opportunities.ts';
import { planHandlers } from './routes/plans.ts';
import { proofHandlers } from './routes/proofs.ts';
import type { ReadinessProbe } from './routes/readiness.ts';
import { riskHandlers } from './routes/risk.ts';
import { streamHandlers } from './routes/stream.ts';
import { openWalletSource } from './routes/wallet-source.ts';
import { type WebhookRouteOptions, webhookHandlers } from './routes/webhooks.ts';
import { mountStatic, type StaticOptions } from './static-files.ts';
import type { EventHub } from './stream/event-hub.ts';
import type { StreamServer } from './stream/serve-stream.ts';

/** How much a service takes on. */
export interface ServiceLimits {
  /** Requests a minute of one caller, and those of them that a solver or prover works for. */
  readonly requestsPerMinute: number;
  readonly costlyPerMinute: number;
  /** Requests at once. */
  readonly inFlight: number;
  /** Pieces of work at once, how many may wait, and for how long. */
  readonly working: number;
  readonly waiting: number;
  readonly patienceMs: number;
  /** Solvers at once: each has a thread. */
  readonly planning: number;
  /** Milliseconds that a request may take. */
  readonly deadlineMs: number;
  /** Milliseconds that a live report, or a look at the ranking, may be given again. */
  readonly reportMs: number;
  readonly reports: number;
}

/** What an application is made of. */
export interface AppOptions {
  readonly config: Config;
  readonly limits: ServiceLimits;
  readonly keys: KeyRing;
  readonly observer: Observer;
  readonly database: Database;
  /** Whether what is stored outlives the process. */
  readonly isDurable: boolean;
  readonly sealer: Sealer | null;
  /** Null where the service makes no proofs. */
  readonly queue: (() => Promise<JobQueue>) | null;
  readonly hub: () => Promise<EventHub>;
  readonly streams: StreamServer;
  /** Has wallets watched for as long as a stream asks for them. */
  readonly follow: (wallets: readonly string[]) => void;
  readonly documents: DocumentThreads;
  readonly readiness: ReadinessProbe;
  readonly isStopping: () => boolean;
  /** Unix milliseconds. */
  readonly clock: () => number;
  readonly webhookTarget?: WebhookRouteOptions['target'];
  readonly files?: StaticOptions;
}

const MINUTE_MS = 60_000;

/** The version of the package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}

/** Puts the application together: nothing of it listens yet. */
export function createApp(options: AppOptions): Express {
  const { config, limits, keys, observer, streams, documents } = options;
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('trust proxy', config.service.proxies).enable('case sensitive routing').enable('strict routing');
  const inFlight: InFlight = { count: 0 };
  const gate = createWorkGate({ concurrent: limits.working, waiting: limits.waiting, patienceMs: limits.patienceMs });
  const planning = createWorkGate({ concurrent: limits.planning, waiting: limits.planning * 4, patienceMs: limits.patienceMs });
  const wallets = openWalletSource({ config, gate, now: options.clock, liveMs: limits.reportMs, most: limits.reports });
  registerGauges(observer.registry, {
    inFlight: () => inFlight.count,
    working: () => gate.count(),
    planning: () => planning.count(),
    documents: () => documents.count(),
    streams: streams.count,
    cache: () => wallets.counts(),
  });
  const seconds = (): number => Math.floor(options.clock() / 1000);
  const { database, sealer } = options;

  app.use(
    observeRequests(observer, inFlight, limits.inFlight),
    securityHeaders(),
    requireFewHeaders(),
    requireOwnHost(keys.isOpen),
    allowOrigins(config.service.corsOrigins),
    endWhenStopping(options.isStopping),
  );
  mountOperations(app, {
    keys,
    deadlineMs: limits.deadlineMs,
    limits: { all: limitOf(limits.requestsPerMinute), costly: limitOf(limits.costlyPerMinute) },
    handlers: {
      ...riskHandlers({ config, wallets, gate, documents }),
      ...planHandlers({ config, wallets, gate: planning, documents }),
      ...opportunityHandlers({
        config,
        gate,
        database: isLive(config) || options.isDurable ? database : null,
        isWatched: hasWatchedBook(config),
        now: options.clock,
        liveMs: limits.reportMs,
      }),
      ...proofHandlers({ config, gate, now: seconds, jobs: options.queue === null || sealer === null ? null : { database, sealer, queue: options.queue } }),
      ...webhookHandlers({ database, sealer, now: seconds, clock: options.clock, ...(options.webhookTarget === undefined ? {} : { target: options.webhookTarget }) }),
      ...streamHandlers({ hub: options.hub, streams, follow: options.follow, identify: keys.identify }),
      getLiveness: () => json({ status: 'ok' }),
      getReadiness: () => json(...describeReadiness(options)),
      getMetrics: async () => ({ kind: 'text', type: observer.registry.contentType, text: await observer.registry.metrics() }),
    },
  });
  mountDocuments(app);
  mountStatic(app, options.files ?? {});
  app.use((_request, _response, next) => next(new PlimsollError('NOT_FOUND', 'There is nothing at this address. GET /docs lists what there is.')));
  app.use(answerProblems(observer));
  return app;
}

function describeReadiness({ readiness, isStopping }: AppOptions): [object, number] {
  const checks = [...readiness.checks(), ...(isStopping() ? [{ name: 'service', ok: false, note: 'is stopping' }] : [])];
  const reasons = checks.filter(({ ok }) => !ok).map(({ name, note }) => `${name}: ${note}`);
  return [{ status: reasons.length === 0 ? 'ready' : 'not-ready', reasons, checks }, reasons.length === 0 ? 200 : 503];
}

/** Connections that stay open would keep a service that stops from ending. */
function endWhenStopping(isStopping: () => boolean): RequestHandler {
  return (_request, response, next) => {
    if (isStopping()) response.setHeader('Connection', 'close');
    next();
  };
}

/** A limit for each key, or each address without one. */
function limitOf(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: `${perMinute}-per-minute`,
    keyGenerator: (request, response) => countedBy(request, response as Response),
    handler: (_request, _response, next) =>
      next(new PlimsollError('TOO_MANY_REQUESTS', 'These are more requests than one caller may make in a minute. The header Retry-After says when to come again.')),
  });
}

function countedBy(request: Request, response: Response): string {
  return callerKey(traceOf(response).caller, request.ip);
}

function mountDocuments(app: Express): void {
  const version = packageVersion();
  const openapi = prepare(buildOpenApi(version));
  const documents = new Map([
    ['/openapi.json', { ...openapi, type: 'application/json; charset=utf-8' }],
    ['/docs', { ...prepareText(renderDocs(version)), type: 'text/html; charset=utf-8' }],
    ['/docs.css', { ...prepareText(DOCS_CSS), type: 'text/css; charset=utf-8' }],
  ]);
  for (const [path, { body, etag, type }] of documents) {
    app.get(path, (request, response) => {
      traceOf(response).route = path;
      const headers = { ETag: etag, 'Cache-Control': 'no-cache' };
      if (isKnown(request.headers['if-none-match'], etag)) return void response.writeHead(304, headers).end();
      response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': body.length }).end(body);
    });
  }
}

function prepareText(text: string): { readonly body: Buffer; readonly etag: string } {
  return { body: Buffer.from(text), etag: prepare(text).etag };
}
