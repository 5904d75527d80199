import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Caller } from './api-keys.ts';
import type { Observer } from './observe.ts';
import { PROBLEM_TYPE, problemOf, toPlimsollError } from './problem.ts';
import { overloaded } from './work-gate.ts';

/** What is known of a request while it is under way. */
export interface Trace {
  readonly id: string;
  /** The pattern of its address. */
  route: string;
  caller: Caller;
  /** Why its key is none; null where nothing is wrong with it. */
  refusal: unknown;
  /** What it said, so that no answer repeats it. */
  readonly url: string;
  body: string;
  code: string | null;
}

const traces = new WeakMap<object, Trace>();
const WELL_FORMED = /^[A-Za-z0-9_-]{8,64}$/;
const NOBODY: Caller = { name: null, keyId: null, scopes: new Set(), isOperator: false };
const RETRY_SECONDS = 1;
/** Milliseconds that a refused body may still be sent for. */
const UNREAD_MS = 1_000;

/** The trace of a request that {@link observeRequests} has seen. */
export function traceOf(response: Response): Trace {
  const known = traces.get(response);
  if (known !== undefined) return known;
  const made = { id: randomUUID(), route: 'other', caller: NOBODY, refusal: null, url: '', body: '', code: null };
  traces.set(response, made);
  return made;
}

/** How many requests are under way. */
export interface InFlight {
  count: number;
}

/**
 * Gives each request its id, counts it, and writes its line when it is over.
 *
 * @param most requests at once; what comes beyond is refused at once
 */
export function observeRequests(observer: Observer, inFlight: InFlight, most: number): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const given = request.headers['x-request-id'];
    const id = typeof given === 'string' && WELL_FORMED.test(given) ? given : randomUUID();
    const trace: Trace = { id, route: 'other', caller: NOBODY, refusal: null, url: request.url, body: '', code: null };
    traces.set(response, trace);
    response.setHeader('X-Request-Id', id);
    inFlight.count += 1;
    response.once('close', () => {
      inFlight.count -= 1;
      const status = response.writableEnded || response.headersSent ? response.statusCode : 499;
      observer.trace({ method: knownMethod(request.method), route: trace.route, status, ms: performance.now() - started, id, caller: trace.caller.name, code: trace.code });
    });
    next(inFlight.count > most ? overloaded() : undefined);
  };
}

/** Answers every failure with a problem document. */
export function answerProblems(observer: Observer): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const trace = traceOf(response);
    const failure = toPlimsollError(error);
    trace.code = failure.code;
    if (failure.code === 'INTERNAL') observer.defect(trace.id, error);
    if (response.headersSent) return void response.destroy();
    const { status, body } = problemOf(failure, trace.id, trace);
    if ((status === 429 || status === 503) && !response.hasHeader('Retry-After')) response.setHeader('Retry-After', String(RETRY_SECONDS));
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    const text = JSON.stringify(body);
    response.once('finish', () => endUnread(request));
    response.writeHead(status, { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', 'Content-Length': Buffer.byteLength(text) }).end(text);
  };
}

/** A body that nobody reads is let through for a moment, so that the answer arrives, and then cut off. */
function endUnread(request: Request): void {
  if (request.complete || (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined)) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.destroy();
  }, UNREAD_MS);
  timer.unref();
}

/** A label of metrics must not be of a stranger's making. */
function knownMethod(method: string): string {
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].includes(method) ? method : 'OTHER';
}
