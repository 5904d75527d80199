import pino from 'pino';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import type { LogLevel } from '../../config.ts';

/** What one request left behind: nothing of what was asked, nothing of what was answered. */
export interface RequestTrace {
  readonly method: string;
  /** The pattern, as in `/v1/wallets/{wallet}`; never the address itself. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly id: string;
  /** The key's name; null without one. */
  readonly caller: string | null;
  /** The code of a failure. */
  readonly code: string | null;
}

/** Log and metrics of a service. */
export interface Observer {
  readonly registry: Registry;
  trace(request: RequestTrace): void;
  /** A line about the service itself. */
  note(line: string): void;
  /** A defect: where it happened, without its words, which may hold data. */
  defect(id: string, error: unknown): void;
}

/** What the gauges ask for when they are read. */
export interface Gauges {
  readonly inFlight: () => number;
  readonly working: () => { readonly running: number; readonly waiting: number };
  readonly planning: () => { readonly running: number; readonly waiting: number };
  readonly documents: () => { readonly running: number; readonly waiting: number };
  readonly streams: () => number;
  readonly cache: () => { readonly hits: number; readonly misses: number; readonly size: number };
}

/** Where log lines go; the standard output by default. */
export type LogStream = { write(line: string): void };

/** Paths that are emptied should they ever be logged. */
const REDACTED = ['authorization', 'cookie', 'secret', 'key', 'wallet', 'body', 'headers', 'url', '*.authorization', '*.secret', '*.key', '*.wallet', '*.body', '*.headers', '*.url'];
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Opens log and metrics. */
export function createObserver(registry: Registry, { level, stream }: { readonly level: LogLevel; readonly stream: LogStream | null }): Observer {
  const options = { level, base: null, redact: { paths: REDACTED, censor: '[redacted]' }, timestamp: pino.stdTimeFunctions.isoTime };
  const logger = stream === null ? pino(options) : pino(options, stream);
  const duration = new Histogram({ name: 'plimsoll_http_request_seconds', help: 'Time to answer', labelNames: ['method', 'route', 'status'], buckets: BUCKETS, registers: [registry] });
  const failures = new Counter({ name: 'plimsoll_http_failures_total', help: 'Failures by code', labelNames: ['route', 'code'], registers: [registry] });
  return {
    registry,
    trace(request) {
      duration.observe({ method: request.method, route: request.route, status: String(request.status) }, request.ms / 1000);
      if (request.code !== null) failures.inc({ route: request.route, code: request.code });
      const line = { ...request, ms: Math.round(request.ms * 10) / 10 };
      if (request.status >= 500) logger.error(line, 'request');
      else logger.info(line, 'request');
    },
    note: (line) => logger.info(line),
    defect: (id, error) => logger.error({ id, kind: error instanceof Error ? error.name : typeof error, at: placesOf(error) }, 'defect'),
  };
}

/** Registers what is read off when somebody asks. */
export function registerGauges(registry: Registry, gauges: Gauges): void {
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => made.set(read()),
    });
  };
  gauge('plimsoll_http_in_flight', 'Requests under way', gauges.inFlight);
  gauge('plimsoll_work_running', 'Pieces of work under way', () => gauges.working().running);
  gauge('plimsoll_work_waiting', 'Pieces of work that wait', () => gauges.working().waiting);
  gauge('plimsoll_plans_running', 'Plans under way: each has a thread', () => gauges.planning().running);
  gauge('plimsoll_plans_waiting', 'Plans that wait', () => gauges.planning().waiting);
  gauge('plimsoll_documents_running', 'Documents from elsewhere that threads work on', () => gauges.documents().running);
  gauge('plimsoll_documents_waiting', 'Documents that wait', () => gauges.documents().waiting);
  gauge('plimsoll_stream_clients', 'Clients of the event stream', gauges.streams);
  gauge('plimsoll_report_cache_hits', 'Reports that were there', () => gauges.cache().hits);
  gauge('plimsoll_report_cache_misses', 'Reports that had to be made', () => gauges.cache().misses);
  gauge('plimsoll_report_cache_size', 'Reports that are kept', () => gauges.cache().size);
}

/** The frames of a stack without its first line, which repeats the message; through every cause. */
function placesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return [...frames, ...(error.cause === undefined ? [] : ['caused by', error.cause instanceof Error ? error.cause.name : typeof error.cause, ...placesOf(error.cause)])];
}
