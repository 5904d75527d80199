import { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import { InvalidArgument, PlimsollError } from '../core/errors.ts';
import { type JobQueue, openJobQueue } from '../service/jobs/job-queue.ts';
import { systemClock } from '../sources/clock.ts';
import type { Database } from '../store/database.ts';
import type { Sealer } from '../store/seal.ts';
import { switchWebhooks } from '../store/webhooks.ts';
import { type AppOptions, createApp, type ServiceLimits } from './app.ts';
import type { Scope } from './contract/operations.ts';
import { openDocumentThreads } from './documents/document-threads.ts';
import { type KeyRing, openKeyRing } from './http/api-keys.ts';
import { databaseKeyStore, fileKeyStore, locateKeys } from './http/key-store.ts';
import { createObserver, type LogStream, type Observer } from './http/observe.ts';
import { type ServerTimes, startServer } from './http/server.ts';
import { type ReadinessOptions, startReadiness } from './routes/readiness.ts';
import { type EventHub, openEventHub } from './stream/event-hub.ts';
import { startFollowing } from './stream/followed-wallets.ts';
import { createStreamServer, type StreamOptions } from './stream/serve-stream.ts';

/** What a service is started with. */
export interface ServiceOptions {
  readonly config: Config;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Opened lazily; whoever made it closes it, after the service. */
  readonly database: Database;
  /** Whether what is stored outlives the process. */
  readonly isDurable: boolean;
  /** The key that workers seal with too; null where webhooks and proofs are off. */
  readonly sealer: Sealer | null;
  readonly limits?: Partial<ServiceLimits>;
  readonly stream?: Partial<StreamOptions>;
  /** Where log lines go; null for the standard output. */
  readonly log?: LogStream | null;
  readonly registry?: Registry;
  readonly files?: AppOptions['files'];
  readonly webhookTarget?: AppOptions['webhookTarget'];
  readonly lookAtSources?: ReadinessOptions['lookAtSources'];
  readonly readinessMs?: number;
  /** Milliseconds that requests under way are given when the service stops. */
  readonly graceMs?: number;
  /** How long connections may take their time. */
  readonly times?: Partial<ServerTimes>;
  /** Waits between turning red and taking nothing new, for milliseconds; a test brings its own. */
  readonly drain?: (ms: number) => Promise<void>;
}

/** A service that listens. */
export interface Service {
  /** As in `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly port: number;
  readonly observer: Observer;
  /** Turns red, goes on for as long as the configuration says, then takes nothing new, lets what is under way come to its end, and ends. */
  stop(): Promise<void>;
}

const DEFAULT_LIMITS: Omit<ServiceLimits, 'requestsPerMinute'> = {
  costlyPerMinute: 60,
  inFlight: 4_000,
  working: 4,
  waiting: 64,
  patienceMs: 2_000,
  planning: 2,
  deadlineMs: 30_000,
  reportMs: 12_000,
  reports: 5_000,
};
const DEFAULT_STREAM: StreamOptions = { heartbeatMs: 15_000, mostWaitingBytes: 1_000_000, mostClients: 3_000, mostPerCaller: 2_000, mostWallets: 5_000 };
const READINESS_MS = 15_000;
const KEYS_MS = 2_000;
const GRACE_MS = 10_000;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/**
 * Starts the service.
 *
 * @throws {InvalidArgument} for another address than the loopback without any API key, or a port that is taken
 * @throws {PlimsollError} INVALID_CONFIGURATION for other origins or proxies without any API key
 * @throws {PlimsollError} INVALID_FILE or STORE_* for keys that cannot be read
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, database } = options;
  const place = locateKeys(config);
  const keys = await openKeyRing(place.kind === 'file' ? fileKeyStore(place.path) : databaseKeyStore(database), config.service.anonymousScopes as readonly Scope[]);
  if (keys.isOpen()) requireClosed(config, options.host);
  const observer = createObserver(options.registry ?? new Registry(), { level: config.service.logLevel, stream: options.log ?? null });
  const readiness = startReadiness({
    config,
    database: options.isDurable ? database : null,
    everyMs: options.readinessMs ?? READINESS_MS,
    clock: () => systemClock.now(),
    ...(options.lookAtSources === undefined ? {} : { lookAtSources: options.lookAtSources }),
  });
  const streams = createStreamServer({ ...DEFAULT_STREAM, ...options.stream }, () => Math.floor(systemClock.now() / 1000));
  const limits = { ...DEFAULT_LIMITS, requestsPerMinute: config.service.requestsPerMinute, ...options.limits };
  const documents = openDocumentThreads({ most: limits.planning, waiting: limits.planning * 8, patienceMs: limits.patienceMs });
  const following = startFollowing({ database, wallets: streams.wallets, failed: (error) => observer.note(`The wallets of streams could not be kept: ${codeOf(error)}`) });
  const hub = openOnce(() => openEventHub(database, (error) => observer.note(`The events could not be read: ${codeOf(error)}`)));
  const queue = openOnce(() => openJobQueue({ database, supervise: false, failed: (error) => observer.note(`The queue: ${codeOf(error)}`) }));
  let stopping = false;
  const app = createApp({
    config,
    keys,
    observer,
    database,
    streams,
    follow: following.follow,
    readiness,
    isDurable: options.isDurable,
    sealer: options.sealer,
    queue: config.service.proofs ? queue.get : null,
    hub: hub.get,
    limits,
    documents,
    isStopping: () => stopping,
    clock: () => systemClock.now(),
    ...(options.webhookTarget === undefined ? {} : { webhookTarget: options.webhookTarget }),
    ...(options.files === undefined ? {} : { files: options.files }),
  });
  const { host, port: asked, times = {} } = options;
  const server = await startServer(app, { host, port: asked, times }).catch((error: unknown) => {
    readiness.stop();
    streams.end();
    void following.stop();
    throw error;
  });
  const switchToKeys = openSubscriberSwitch(database, keys);
  const switching = (): Promise<void> => switchToKeys().catch((error: unknown) => observer.note(`Subscribers could not be held to the API keys: ${codeOf(error)}`));
  const rereading = (): Promise<void> => keys.refresh().then(switching, (error: unknown) => observer.note(`The API keys could not be read again: ${codeOf(error)}`));
  const timer = setInterval(() => void rereading(), KEYS_MS);
  timer.unref();
  void switching();
  await readiness.refresh();
  const { port } = server;
  const { graceMs = GRACE_MS, drain = (ms) => systemClock.sleep(ms) } = options;
  const drainMs = config.service.drainSeconds * 1_000;
  let stopped: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    // Whoever sends requests here has to see the red before the door closes.
    if (drainMs > 0) await drain(drainMs);
    clearInterval(timer);
    readiness.stop();
    await server.close(() => streams.end(), graceMs);
    await documents.close();
    await following.stop();
    await (await hub.opened())?.close();
    await (await queue.opened())?.close();
  };
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    observer,
    stop() {
      stopping = true;
      stopped ??= end();
      return stopped;
    },
  };
}

/** Without keys whoever reaches the service is its operator: then nobody else may reach it, neither from another machine nor through a browser's page. */
function requireClosed(config: Config, host: string): void {
  if (!LOOPBACK.includes(host)) {
    throw new InvalidArgument(`Without API keys the service listens on the loopback only, not on ${host}. Make a key with "plimsoll serve keys create", or leave --host out.`, { host });
  }
  const { corsOrigins, proxies } = config.service;
  const variable = corsOrigins.length > 0 ? 'PLIMSOLL_CORS' : proxies > 0 ? 'PLIMSOLL_PROXIES' : null;
  if (variable === null) return;
  throw new PlimsollError('INVALID_CONFIGURATION', `${variable} opens the service to others, and without API keys all of it. Make a key with "plimsoll serve keys create", or leave ${variable} out.`, {
    variable,
  });
}

/** What a key subscribed to ends with the key. Without any key everything is the operator's. */
function openSubscriberSwitch(database: Database, keys: KeyRing): () => Promise<void> {
  let switchedTo: string | null = null;
  return async () => {
    const ids = keys.ids();
    if (ids === null || ids.join() === switchedTo) return;
    await switchWebhooks(database, ids);
    switchedTo = ids.join();
  };
}

/** Opens something when it is first needed; a failure is tried again. */
function openOnce<Value extends EventHub | JobQueue>(open: () => Promise<Value>): { readonly get: () => Promise<Value>; readonly opened: () => Promise<Value | null> } {
  let opening: Promise<Value> | null = null;
  return {
    get: () =>
      (opening ??= open().catch((error: unknown) => {
        opening = null;
        throw error;
      })),
    opened: async () => opening?.catch(() => null) ?? null,
  };
}

function codeOf(error: unknown): string {
  return error instanceof PlimsollError ? error.code : 'INTERNAL';
}
