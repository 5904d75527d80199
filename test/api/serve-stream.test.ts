import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Response } from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { type EventFrame, frameOf } from '../../src/api/stream/event-frame.ts';
import type { EventHub, Subscriber } from '../../src/api/stream/event-hub.ts';
import { createStreamServer, type StreamRequest, type StreamServer } from '../../src/api/stream/serve-stream.ts';

const MOST_WAITING = 10_000;
const REQUEST: StreamRequest = { wallets: null, owns: () => false, kind: null, caller: 'somebody', after: null, mayGoOn: () => true };
const frame = (sequence: bigint, text = ''): EventFrame =>
  frameOf({ sequence, key: `${sequence}`, kind: 'opportunity.changed', subject: 's', body: { text }, at: 1n, audience: 'anyone', keyId: null });

/** A hub whose pages and news a test hands out. */
function hubOf(newest: bigint, pages: (after: bigint) => readonly EventFrame[]): { readonly hub: EventHub; readonly tell: (told: EventFrame) => void } {
  const subscribers = new Set<Subscriber>();
  const hub: EventHub = {
    newest: () => newest,
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    after: async (sequence) => ({ frames: pages(sequence), missedUpTo: null }),
    refresh: async () => {},
    close: async () => {},
  };
  return {
    hub,
    tell: (told) => {
      for (const subscriber of subscribers) subscriber.heard(told);
    },
  };
}

/** An answer that nobody reads: what is written to it waits, unless it is taken. */
function unreadAnswer(taken: string[] | null): Response {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  if (taken !== null) response.write = ((part: Uint8Array) => taken.push(Buffer.from(part).toString()) > 0) as typeof response.write;
  return Object.assign(response, { req: request }) as Response;
}

/** An answer that takes one part at a time: what is written meanwhile waits. */
function slowlyReadAnswer(taken: string[]): Response {
  const response = unreadAnswer(null);
  let waiting = 0;
  response.write = ((part: Uint8Array) => {
    waiting += part.length;
    setImmediate(() => {
      taken.push(Buffer.from(part).toString());
      waiting -= part.length;
      if (waiting === 0) response.emit('drain');
    });
    return false;
  }) as typeof response.write;
  Object.defineProperties(response, { writableLength: { get: () => waiting }, writableNeedDrain: { get: () => waiting > 0 } });
  return response;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const idsOf = (parts: readonly string[]): readonly string[] => [...parts.join('').matchAll(/^id: ([0-9]+)\nevent:/gm)].map(([, id]) => id ?? '');

let streams: StreamServer;
afterEach(() => streams.end());
function open(): StreamServer {
  streams = createStreamServer({ heartbeatMs: 3_600_000, mostWaitingBytes: MOST_WAITING, mostClients: 10, mostPerCaller: 10, mostWallets: 10 }, () => 1);
  return streams;
}

describe(createStreamServer, () => {
  test('behavior: who does not read is dropped once too much waits for it, and nobody else', async () => {
    const { hub, tell } = hubOf(0n, () => []);
    const taken: string[] = [];
    const [slow, quick] = [unreadAnswer(null), unreadAnswer(taken)];
    open().serve(hub, REQUEST, slow);
    streams.serve(hub, REQUEST, quick);
    await settled();
    tell(frame(1n, 'x'.repeat(MOST_WAITING / 2)));
    expect([slow.destroyed, quick.destroyed]).toEqual([false, false]);
    tell(frame(2n, 'x'.repeat(MOST_WAITING / 2)));
    expect([slow.destroyed, quick.destroyed]).toEqual([true, false]);
    // What it is no longer sent takes no room.
    const waiting = slow.writableLength;
    tell(frame(3n, 'x'.repeat(MOST_WAITING)));
    expect(slow.writableLength).toBe(waiting);
    expect(idsOf(taken)).toEqual(['1', '2', '3']);
  });

  test('behavior: an event that a page and the news both tell of is sent once, and none that was seen before', async () => {
    const taken: string[] = [];
    // Pages that begin too early and overlap.
    const { hub, tell } = hubOf(6n, (after) => [frame(after - 1n), frame(after), frame(after + 1n), frame(after + 2n)]);
    open().serve(hub, { ...REQUEST, after: 2n }, unreadAnswer(taken));
    await settled();
    for (const sequence of [5n, 6n, 7n, 7n, 8n]) tell(frame(sequence));
    expect(idsOf(taken)).toEqual(['3', '4', '5', '6', '7', '8']);
  });

  test('behavior: a page of more than may wait for a client is sent as fast as it is read, and nobody is dropped', async () => {
    const taken: string[] = [];
    const { hub } = hubOf(4n, (after) => [1n, 2n, 3n, 4n].filter((sequence) => sequence > after).map((sequence) => frame(sequence, 'x'.repeat(MOST_WAITING * 0.4))));
    const answer = slowlyReadAnswer(taken);
    open().serve(hub, { ...REQUEST, after: 0n }, answer);
    for (let look = 0; look < 20; look += 1) await settled();
    expect(answer.destroyed).toBe(false);
    expect(idsOf(taken)).toEqual(['1', '2', '3', '4']);
  });
});
