import type { Response } from 'express';
import { PlimsollError } from '../../core/errors.ts';
import type { EventFrame, EventHub } from './event-hub.ts';

/** How streams are served. */
export interface StreamOptions {
  readonly heartbeatMs: number;
  /** Bytes that may wait for a client; one that is further behind is dropped, and may resume. */
  readonly mostWaitingBytes: number;
  /** Clients at once. */
  readonly mostClients: number;
}

/** What one client wants. */
export interface StreamRequest {
  /** Lower-case address; null for all. */
  readonly wallet: string | null;
  readonly kind: string | null;
  /** The sequence that was seen last; null for what happens from now on. */
  readonly after: bigint | null;
}

/** The clients of a hub. */
export interface StreamServer {
  /** Takes a response over. @throws {PlimsollError} OVERLOADED where there are too many clients */
  serve(hub: EventHub, request: StreamRequest, response: Response): void;
  readonly count: () => number;
  /** Ends every stream with a word about when to come again. */
  end(): void;
}

interface Client {
  readonly response: Response;
  readonly request: StreamRequest;
  /** Everything up to here was sent or passed over. */
  sent: bigint;
  live: boolean;
}

const RETRY_MS = 2_000;

/** Opens the server of streams; one timer beats for all of them. */
export function createStreamServer({ heartbeatMs, mostWaitingBytes, mostClients }: StreamOptions): StreamServer {
  const clients = new Set<Client>();
  const beat = Buffer.from(': still here\n\n');
  const timer = setInterval(() => {
    for (const client of clients) write(client, beat);
  }, heartbeatMs);
  timer.unref();

  function write(client: Client, bytes: Buffer): void {
    if (client.response.destroyed) return;
    client.response.write(bytes);
    if (client.response.writableLength > mostWaitingBytes) client.response.destroy();
  }

  function hand(client: Client, frame: EventFrame): void {
    if (frame.sequence <= client.sent) return;
    client.sent = frame.sequence;
    const { wallet, kind } = client.request;
    if ((kind === null || kind === frame.kind) && (wallet === null || frame.about.has(wallet))) write(client, frame.bytes);
  }

  /** Pages from the table until nothing is missing, then live: in between no event can pass, for nothing runs in between. */
  async function catchUp(client: Client, hub: EventHub): Promise<void> {
    while (!client.response.destroyed && client.sent < hub.newest()) {
      const newest = hub.newest();
      const frames = await hub.after(client.sent);
      // What is no longer in the table was deleted; nothing that came meanwhile is passed by.
      if (frames.length === 0) client.sent = newest;
      for (const frame of frames) hand(client, frame);
      await drained(client.response);
    }
    client.live = true;
  }

  return {
    serve(hub, request, response) {
      if (clients.size >= mostClients) throw new PlimsollError('OVERLOADED', 'There are as many streams as the service takes. Come again in a moment.', { retryAfterSeconds: 1 });
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' });
      response.flushHeaders();
      const newest = hub.newest();
      const client: Client = { response, request, sent: request.after === null || request.after > newest ? newest : request.after, live: false };
      // The first word has an id, so that a client that is cut off before its first event resumes from here.
      write(client, Buffer.from(`retry: ${RETRY_MS}\nid: ${client.sent}\n: from here on\n\n`));
      clients.add(client);
      const leave = hub.subscribe((frame) => {
        if (client.live) hand(client, frame);
      });
      response.once('close', () => {
        leave();
        clients.delete(client);
      });
      catchUp(client, hub).catch(() => response.destroy());
    },
    count: () => clients.size,
    end() {
      clearInterval(timer);
      for (const { response } of clients) response.end(`retry: ${RETRY_MS}\n: the service is stopping, come again\n\n`);
    },
  };
}

/** Waits for a client that is behind, unless it goes. */
function drained(response: Response): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  return promise;
}
