import type { Response } from 'express';
import { PlimsollError } from '../../core/errors.ts';
import { type EventFrame, resetFrame } from './event-frame.ts';
import type { EventHub } from './event-hub.ts';

/** How streams are served. */
export interface StreamOptions {
  readonly heartbeatMs: number;
  /** Bytes that may wait for a client; one that is further behind is dropped, and may resume. */
  readonly mostWaitingBytes: number;
  /** Clients at once. */
  readonly mostClients: number;
  /** Of these, clients of one caller: nobody has all of them. */
  readonly mostPerCaller: number;
  /** Wallets that they ask for together: each of them is watched. */
  readonly mostWallets: number;
}

/** What one client wants. */
export interface StreamRequest {
  /** Lower-case addresses; null for what everybody may hear. */
  readonly wallets: ReadonlySet<string> | null;
  /** Whether alerts of a key's rules are the client's own. */
  readonly owns: (keyId: string | null) => boolean;
  readonly kind: string | null;
  /** Names the caller: its key, or its address. */
  readonly caller: string;
  /** The sequence that was seen last; null for what happens from now on. */
  readonly after: bigint | null;
  /** Asked now and then: whether its key still is one. */
  readonly mayGoOn: () => boolean;
}

/** The clients of a hub. */
export interface StreamServer {
  /** Takes a response over. @throws {PlimsollError} OVERLOADED where there are too many clients, TOO_MANY_REQUESTS where they are one caller's */
  serve(hub: EventHub, request: StreamRequest, response: Response): void;
  readonly count: () => number;
  /** Wallets that clients ask for now. */
  readonly wallets: () => ReadonlySet<string>;
  /** Ends every stream with a word about when to come again. */
  end(): void;
}

interface Client {
  readonly response: Response;
  readonly request: StreamRequest;
  /** Everything up to here was sent or passed over. */
  sent: bigint;
  /** The client knows that events up to here may be missing. */
  told: bigint;
  live: boolean;
}

const RETRY_MS = 2_000;

/**
 * Opens the server of streams; one timer beats for all of them.
 *
 * @param now unix seconds
 */
export function createStreamServer({ heartbeatMs, mostWaitingBytes, mostClients, mostPerCaller, mostWallets }: StreamOptions, now: () => number): StreamServer {
  const clients = new Set<Client>();
  const beat = Buffer.from(': still here\n\n');
  const timer = setInterval(() => {
    for (const client of clients) {
      if (client.request.mayGoOn()) write(client, beat);
      else client.response.end();
    }
  }, heartbeatMs);
  timer.unref();

  function write({ response }: Client, bytes: Buffer): void {
    if (response.destroyed) return;
    response.write(bytes);
    if (response.writableLength > mostWaitingBytes) response.destroy();
  }

  function hand(client: Client, frame: EventFrame): void {
    if (frame.sequence <= client.sent) return;
    client.sent = frame.sequence;
    if (isFor(client.request, frame)) write(client, frame.bytes);
  }

  function reset(client: Client, horizon: bigint): void {
    if (horizon <= client.told) return;
    client.told = horizon;
    write(client, resetFrame(horizon, now()));
  }

  /** Pages from the table until nothing is missing, then live: in between no event can pass, for nothing runs in between. */
  async function catchUp(client: Client, hub: EventHub): Promise<void> {
    while (!client.response.destroyed && client.sent < hub.newest()) {
      const newest = hub.newest();
      const { frames, missedUpTo } = await hub.after(client.sent);
      if (missedUpTo !== null) reset(client, missedUpTo);
      // A page of large events is more than may wait for a client.
      for (const frame of frames) {
        hand(client, frame);
        await drained(client.response);
      }
      // Nothing is left of them: the client was told.
      if (frames.length === 0) client.sent = newest;
    }
    // From here on it resumes behind what it was told is missing.
    if (client.told >= 0n) write(client, placeAt(client.sent));
    client.live = true;
  }

  const wallets = (): Set<string> => new Set([...clients].flatMap(({ request }) => [...(request.wallets ?? [])]));

  return {
    serve(hub, request, response) {
      if (clients.size >= mostClients) throw new PlimsollError('OVERLOADED', 'There are as many streams as the service takes. Come again in a moment.', { retryAfterSeconds: 1 });
      if ([...clients].filter((client) => client.request.caller === request.caller).length >= mostPerCaller)
        throw new PlimsollError('TOO_MANY_REQUESTS', 'These are as many streams as one caller may have. End one first.', { retryAfterSeconds: 1 });
      if (request.wallets !== null && new Set([...wallets(), ...request.wallets]).size > mostWallets)
        throw new PlimsollError('OVERLOADED', 'There are streams for as many wallets as the service watches. Come again in a moment.', { retryAfterSeconds: 1 });
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' });
      response.flushHeaders();
      const newest = hub.newest();
      const isFuture = request.after !== null && request.after > newest;
      const client: Client = { response, request, sent: request.after === null || isFuture ? newest : request.after, told: -1n, live: false };
      // The first word has an id, so that a client that is cut off before its first event resumes from here.
      write(client, Buffer.concat([Buffer.from(`retry: ${RETRY_MS}\n`), placeAt(client.sent)]));
      // Its id is of another database, or of one that was begun anew: what it keeps is of that one.
      if (isFuture) reset(client, newest);
      clients.add(client);
      const leave = hub.subscribe({
        heard: (frame) => {
          if (client.live) hand(client, frame);
        },
        missed: (horizon) => {
          if (client.live) reset(client, horizon);
        },
      });
      response.once('close', () => {
        leave();
        clients.delete(client);
      });
      catchUp(client, hub).catch(() => response.destroy());
    },
    count: () => clients.size,
    wallets,
    end() {
      clearInterval(timer);
      for (const { response } of clients) response.end(`retry: ${RETRY_MS}\n: the service is stopping, come again\n\n`);
    },
  };
}

/** What is on the chain is for everybody; what tells that somebody watches a wallet is for who asks for it, and an alert for who made its rule. */
function isFor({ wallets, kind, owns }: StreamRequest, frame: EventFrame): boolean {
  if (kind !== null && kind !== frame.kind) return false;
  if (wallets === null) return frame.audience === 'anyone';
  return [...frame.about].some((address) => wallets.has(address)) && (frame.audience !== 'rule' || owns(frame.keyId));
}

function placeAt(sequence: bigint): Buffer {
  return Buffer.from(`id: ${sequence}\n: from here on\n\n`);
}

/** Waits for a client that is behind, unless it goes. */
function drained(response: Response): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  return promise;
}
