import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AnswerRequest } from '../../../src/sources/recorded/graph-endpoint.ts';
import { seededRandom } from '../../chain/seeded-random.ts';

/** Shares of requests, per thousand, that go wrong. */
export interface FaultRates {
  readonly rateLimited: number;
  readonly unavailable: number;
  /** Never answered: the client has to give up. */
  readonly silent: number;
  /** Cut off in the middle of the answer. */
  readonly truncated: number;
}

/** A subgraph's endpoint over HTTP on the loopback that counts and fails. */
export interface FaultyEndpoint {
  readonly url: string;
  /** Requests so far, those that failed among them. */
  readonly requests: () => number;
  /** How many of each fault struck. */
  readonly faults: () => Readonly<Record<string, number>>;
  /** Called before each request is answered, with its number from 1 and its operation. */
  onRequest: (number: number, operation: string) => void;
  close(): Promise<void>;
}

export const NO_FAULTS: FaultRates = { rateLimited: 0, unavailable: 0, silent: 0, truncated: 0 };

/** Serves `answer`, with faults by a seed. */
export async function startFaultyEndpoint(answer: AnswerRequest, rates: FaultRates = NO_FAULTS, seed = 1): Promise<FaultyEndpoint> {
  const random = seededRandom(seed);
  const counts: Record<string, number> = {};
  let requests = 0;
  const endpoint = { onRequest: (_number: number, _operation: string): void => {} };

  function chooseFault(): keyof FaultRates | null {
    const at = random.integer(0, 999);
    let sum = 0;
    for (const [name, rate] of Object.entries(rates) as [keyof FaultRates, number][]) {
      sum += rate;
      if (at < sum) return name;
    }
    return null;
  }
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as { query: string };
    endpoint.onRequest((requests += 1), /(?:query|mutation)\s+(\w+)/.exec(body.query)?.[1] ?? '');
    const fault = chooseFault();
    if (fault !== null) counts[fault] = (counts[fault] ?? 0) + 1;
    if (fault === 'silent') return;
    if (fault === 'rateLimited') return send(response, 429, 'slow down', { 'retry-after': '0.01' });
    if (fault === 'unavailable') return send(response, 503, 'try again', {});
    const text = JSON.stringify(await answer(body));
    send(response, 200, fault === 'truncated' ? text.slice(0, text.length / 2) : text, { 'content-type': 'application/json' });
  }
  const server = createServer((request, response) => {
    // A client that was killed takes its connection with it.
    respond(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return Object.assign(endpoint, {
    url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`,
    requests: () => requests,
    faults: () => counts,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function send(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, headers);
  response.end(text);
}
