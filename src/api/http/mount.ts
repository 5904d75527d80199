import type { Express, Request, RequestHandler, Response } from 'express';
import { PlimsollError } from '../../core/errors.ts';
import { listOperations, type PlacedOperation, type Scope } from '../contract/operations.ts';
import type { KeyRing } from './api-keys.ts';
import type { Call, Handlers, Reply } from './call.ts';
import { beforeAbort } from './deadline.ts';
import { isKnown, prepare } from './prepared.ts';
import { readInput, requireAcceptable } from './read-call.ts';
import { traceOf } from './request-trace.ts';

/** What operations are mounted with. */
export interface MountOptions {
  readonly handlers: Handlers;
  readonly keys: KeyRing;
  /** Milliseconds that a request may take. */
  readonly deadlineMs: number;
  /** Limits of callers; plans and proofs have one of their own. Who has no key that is known, or none, is counted by address. */
  readonly limits: { readonly all: RequestHandler; readonly costly: RequestHandler };
}

/** Mounts every operation of the contract, and answers other methods at their addresses with 405. */
export function mountOperations(app: Express, options: MountOptions): void {
  const operations = listOperations();
  for (const operation of operations) {
    app[operation.method](pathOf(operation), ...doorOf(operation, options), (request, response, next) => {
      answer(operation, options, request, response).catch(next);
    });
  }
  for (const [path, same] of Map.groupBy(operations, pathOf)) {
    const methods = same.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    app.all(path, refuseMethod([...methods, 'OPTIONS'], same[0]?.path ?? ''));
  }
}

/** The path as express writes it. */
function pathOf({ path }: PlacedOperation): string {
  return path.replaceAll(/\{([a-z]+)\}/g, ':$1');
}

/** What stands before an operation. A refusal counts as a request does, or keys could be tried without end. */
function doorOf(operation: PlacedOperation, { keys, limits: { all, costly } }: MountOptions): readonly RequestHandler[] {
  const { scope } = operation;
  const named = nameRoute(operation);
  if (scope === null) return [named];
  // To ask how a job stands costs nothing, and is asked often.
  const isCostly = operation.method !== 'get' && (operation.tag === 'plans' || scope === 'prove');
  return [named, identify(keys), all, requireScope(scope), ...(isCostly ? [costly] : [])];
}

function nameRoute({ path }: PlacedOperation): RequestHandler {
  return (_request, response, next) => {
    traceOf(response).route = path;
    next();
  };
}

/** Finds out who asks; who cannot be told is nobody, and refused once counted. */
function identify(keys: KeyRing): RequestHandler {
  return (request, response, next) => {
    const trace = traceOf(response);
    try {
      trace.caller = keys.identify(request.headers.authorization);
    } catch (error) {
      trace.refusal = error;
    }
    next();
  };
}

function requireScope(scope: Scope): RequestHandler {
  return (_request, response, next) => {
    const { caller, refusal } = traceOf(response);
    if (refusal !== null) return next(refusal);
    if (caller.scopes.has(scope)) return next();
    if (caller.name === null) return next(new PlimsollError('UNAUTHENTICATED', `This needs an API key with the scope ${scope}. Send one as Authorization: Bearer plk_…`));
    next(new PlimsollError('FORBIDDEN', `The API key does not have the scope ${scope}.`, { scope }));
  };
}

function refuseMethod(methods: readonly string[], route: string): RequestHandler {
  return (request, response, next) => {
    traceOf(response).route = route;
    response.setHeader('Allow', methods.join(', '));
    if (request.method === 'OPTIONS') return void response.status(204).end();
    next(new PlimsollError('METHOD_NOT_ALLOWED', `This address takes ${methods.join(', ')}.`));
  };
}

async function answer(operation: PlacedOperation, { handlers, deadlineMs }: MountOptions, request: Request, response: Response): Promise<void> {
  requireAcceptable(operation, request);
  const trace = traceOf(response);
  const ended = new AbortController();
  const isStream = operation.id === 'streamEvents';
  const timer = isStream ? undefined : setTimeout(() => ended.abort(), deadlineMs);
  response.once('close', () => {
    clearTimeout(timer);
    ended.abort();
  });
  const input = await readInput(operation, request, ended.signal);
  trace.body = input.text;
  const call = { ...input, headers: request.headers, caller: trace.caller, signal: ended.signal, response };
  const work = Promise.resolve(handle(handlers, operation, call));
  send(operation, isStream ? await work : await beforeAbort(work, ended.signal), request, response);
}

/** The table's types tie each handler to what its schemas read; here all of them are one. */
function handle(handlers: Handlers, { id }: PlacedOperation, call: object): Reply | Promise<Reply> {
  return (handlers[id] as (call: Call<typeof id>) => Reply | Promise<Reply>)(call as Call<typeof id>);
}

function send(operation: PlacedOperation, reply: Reply, request: Request, response: Response): void {
  if (reply.kind === 'taken' || response.headersSent || response.destroyed) return;
  if (reply.kind === 'empty') return void response.status(204).end();
  if (reply.kind === 'text') return void response.writeHead(200, { 'Content-Type': reply.type, 'Cache-Control': 'no-store', 'Content-Length': Buffer.byteLength(reply.text) }).end(reply.text);
  const prepared = reply.kind === 'prepared' ? reply.prepared : prepare(reply.value);
  const [status, extra] = reply.kind === 'prepared' ? [200, {}] : [reply.status, reply.headers ?? {}];
  if (operation.tagged !== true) {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', 'Content-Length': prepared.body.length, ...extra }).end(prepared.body);
    return;
  }
  const headers = { ETag: prepared.etag, 'Cache-Control': 'private, no-cache', ...extra };
  if (isKnown(request.headers['if-none-match'], prepared.etag)) return void response.writeHead(304, headers).end();
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': prepared.body.length, ...headers }).end(prepared.body);
}
