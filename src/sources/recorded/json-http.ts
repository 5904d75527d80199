import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PlimsollError } from '../../core/errors.ts';
import type { AnswerRequest } from './graph-endpoint.ts';

const MOST_BYTES = 4_000_000;

/** A loopback HTTP server that answers JSON with JSON. */
export interface JsonServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves JSON POST requests on 127.0.0.1 at a free port. `find` gives the endpoint of a path, or null. The server does not keep the process
 * alive.
 */
export async function startJsonServer(find: (path: string) => AnswerRequest | null): Promise<JsonServer> {
  const server = createServer((request, response) => {
    respond(find, request).then(
      ({ status, body }) => send(response, status, body),
      () => send(response, 500, { error: 'the recorded endpoint failed' }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(find: (path: string) => AnswerRequest | null, request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  const endpoint = open(find, request.url ?? '/');
  if (endpoint === null) return { status: 404, body: { error: 'no such endpoint' } };
  if (typeof endpoint === 'string') return { status: 422, body: { error: endpoint } };
  if (request.method !== 'POST') return { status: 405, body: { error: 'POST only' } };
  const text = await readBody(request);
  if (text === null) return { status: 413, body: { error: 'the request is too long' } };
  const body = parseJson(text);
  return body === undefined ? { status: 400, body: { error: 'the request is not JSON' } } : { status: 200, body: await endpoint(body) };
}

/** A recording that cannot be served is refused for good, so that nobody repeats the request. */
function open(find: (path: string) => AnswerRequest | null, path: string): AnswerRequest | null | string {
  try {
    return find(path);
  } catch (error) {
    return error instanceof PlimsollError ? error.message : 'the recording cannot be served';
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
