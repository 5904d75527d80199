import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { ERROR_TABLE, type ErrorCode, InvalidArgument, type PlimsollError } from '../../core/errors.ts';

/** How long a connection may take its time, milliseconds. */
export interface ServerTimes {
  /** For the headers of a request. */
  readonly headersMs: number;
  /** For all of a request: longer than its deadline, which answers better. */
  readonly requestMs: number;
  /** Until the next request. */
  readonly idleMs: number;
  /** How often that is looked after. */
  readonly checkMs: number;
}

/** Where a server listens, and how patiently. */
export interface ServerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly times?: Partial<ServerTimes>;
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  /**
   * Takes nothing new, and waits for what is under way.
   *
   * @param endStreams ends answers that have no end of their own
   * @param graceMs after that long, what is left is cut off
   */
  close(endStreams: () => void, graceMs: number): Promise<void>;
}

const DEFAULT_TIMES: ServerTimes = { headersMs: 10_000, requestMs: 35_000, idleMs: 30_000, checkMs: 1_000 };
/** Headers of one request; one with more is refused. */
export const MOST_HEADERS = 64;
/** Connections at once, with a request or without; Node drops what comes beyond. */
const MOST_CONNECTIONS = 10_000;
const SWEEP_MS = 50;
/** Milliseconds that whoever is refused has to read why. */
const UNREAD_MS = 1_000;

/** Why a connection is refused that brings no whole request, by the codes of Node and its parser. */
const REFUSALS: Readonly<Record<string, readonly [code: ErrorCode, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request did not arrive whole in time. Send it faster, or send less.'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The address and the headers of the request are longer than the service takes. Send less in them.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'The extensions of a chunk are longer than the service takes.'],
};
const NOT_HTTP = ['INVALID_ARGUMENT', 'The request is not well-formed HTTP.'] as const;

/**
 * Starts a server.
 *
 * @throws {InvalidArgument} for a port that is taken, or an address that cannot be listened on
 */
export async function startServer(app: Express, { host, port, times = {} }: ServerOptions): Promise<HttpServer> {
  const { headersMs, requestMs, idleMs, checkMs } = { ...DEFAULT_TIMES, ...times };
  const server = createServer({ headersTimeout: headersMs, requestTimeout: requestMs, keepAliveTimeout: idleMs, connectionsCheckingInterval: checkMs }, app);
  server.maxConnections = MOST_CONNECTIONS;
  refuseWhatIsNoRequest(server);
  await listen(server, host, port);
  return { port: portOf(server), close: (endStreams, graceMs) => close(server, endStreams, graceMs) };
}

function refuseWhatIsNoRequest(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }: { readonly socket: Socket }, response) => void answers.set(socket, response));
  server.on('clientError', (error: Error & { readonly code?: string }, socket) => {
    const answer = answers.get(socket);
    // In the middle of an answer there is no room for another.
    const isAnswering = answer?.headersSent === true && !answer.writableFinished;
    if (!socket.writable || isAnswering) return void socket.destroy();
    socket.end(refusalOf(error.code ?? ''));
    const timer = setTimeout(() => socket.destroy(), UNREAD_MS);
    timer.unref();
  });
}

/** A whole answer, for there is none that express could give. */
function refusalOf(reason: string): string {
  const [code, detail] = REFUSALS[reason] ?? NOT_HTTP;
  const { status, meaning, retryable } = ERROR_TABLE[code];
  const body = JSON.stringify({ type: `/docs#${code}`, title: meaning, status, detail, instance: 'about:blank', code, retryable, fields: {} });
  return `HTTP/1.1 ${status} Refused\r\nContent-Type: application/problem+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => reject(listenFailure(error, port)));
  server.listen(port, host, () => resolve());
  return promise;
}

function listenFailure(error: Error, port: number): PlimsollError {
  const code = 'code' in error ? String(error.code) : 'unknown';
  if (code === 'EADDRINUSE') return new InvalidArgument(`Port ${port} is taken. Choose another with --port.`, { port, reason: code });
  return new InvalidArgument(`The service cannot listen on port ${port} (${code}). Choose another with --port, or --host.`, { port, reason: code });
}

async function close(server: Server, endStreams: () => void, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  endStreams();
  // A connection whose last answer was begun before the end is kept alive; it is closed once it is idle.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearInterval(sweep);
  clearTimeout(timer);
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
