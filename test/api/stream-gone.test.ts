import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Response } from 'express';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { streamHandlers } from '../../src/api/routes/stream.ts';
import { type EventHub, openEventHub } from '../../src/api/stream/event-hub.ts';
import { createStreamServer, type StreamServer } from '../../src/api/stream/serve-stream.ts';
import type { Database } from '../../src/store/database.ts';
import { addEvent, deleteEvents } from '../../src/store/events.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { openStreamClient, type StreamClient } from './stream-client.ts';

const OLD = 1_000n;
const NEW = 2_000n;
const PATIENCE_MS = 20_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let database: Database;
let hub: EventHub;
let streams: StreamServer;
let server: Server;
let written = 0;
/** Runs before the nth page is read from the table. */
let beforePage: (page: number) => Promise<void> = async () => {};
const clients: StreamClient[] = [];

beforeAll(() => {
  database = openDatabase({ kind: 'memory' });
});
afterAll(() => database.close());
afterEach(async () => {
  beforePage = async () => {};
  for (const client of clients) client.cut();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await hub.close();
  await database.query('delete from plimsoll.events');
});

/** Serves the hub of a database that something happens to between two pages; `isDeaf` where it is told of nothing. */
async function serve(isDeaf = false): Promise<void> {
  let pages = 0;
  const disturbed: Database = {
    ...database,
    query: async (text, values) => {
      if (text.includes('plimsoll.event_horizon h')) await beforePage((pages += 1));
      return database.query(text, values);
    },
    ...(isDeaf ? { listen: async () => async () => {} } : {}),
  };
  hub = await openEventHub(disturbed, () => {});
  streams = createStreamServer({ heartbeatMs: 60_000, mostWaitingBytes: 10_000_000, mostClients: 10, mostPerCaller: 10, mostWallets: 10 }, () => 1_700_000_000);
  const caller = { name: null, keyId: null, scopes: new Set(['read'] as const), isOperator: false };
  const { streamEvents } = streamHandlers({ hub: async () => hub, streams, follow: () => {}, identify: () => caller });
  server = createServer((request, response) => {
    const call = { params: undefined, query: {}, body: undefined, text: '', headers: request.headers, caller, signal: new AbortController().signal };
    void streamEvents({ ...call, response: Object.assign(response, { req: request }) as Response });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

async function connect(from: bigint | null): Promise<StreamClient> {
  const client = openStreamClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, from?.toString() ?? null);
  clients.push(client);
  await client.connect();
  return client;
}

async function write(at: bigint, count = 1): Promise<readonly bigint[]> {
  const sequences: bigint[] = [];
  await database.transaction(async (queries) => {
    for (let index = 0; index < count; index += 1) {
      written += 1;
      const sequence = await addEvent(queries, { key: `gone ${written}`, kind: 'opportunity.changed', subject: 's', body: {}, at });
      if (sequence !== null) sequences.push(sequence);
    }
  });
  return sequences;
}

async function until(client: StreamClient, count: number): Promise<void> {
  for (const start = performance.now(); client.messages.length < count; await pause(20))
    if (performance.now() - start > PATIENCE_MS) throw new Error(`${client.messages.length} of ${count} messages came`);
}

const heard = (client: StreamClient): readonly string[] => client.messages.map(({ event, id }) => (event === 'reset' ? 'reset' : id));

test('behavior: who comes back for what is deleted is told so, and goes on behind it', async () => {
  const [first = 0n] = await write(OLD, 20);
  await serve();
  expect(await deleteEvents(database, NEW)).toBe(20);
  const client = await connect(first);
  const [next] = await write(NEW);
  await until(client, 2);
  expect(heard(client)).toEqual(['reset', String(next)]);
  expect(JSON.parse(client.messages[0]?.data ?? '')).toEqual({
    sequence: String(first + 19n),
    kind: 'reset',
    subject: '',
    at: 1_700_000_000,
    atIso: '2023-11-14T22:13:20.000Z',
    data: { reason: expect.stringContaining('Read anew') },
  });
  // What it was told once is not told again, neither in one line nor in the next.
  client.cut();
  await client.connect();
  const [last] = await write(NEW);
  await until(client, 3);
  expect(heard(client)).toEqual(['reset', String(next), String(last)]);
});

test('behavior: what is deleted between two pages of a catch-up is told of', async () => {
  const old = await write(OLD, 1_200);
  const kept = await write(NEW, 3);
  await serve();
  beforePage = async (page) => {
    if (page === 2) await deleteEvents(database, NEW);
  };
  const client = await connect((old[0] ?? 1n) - 1n);
  await until(client, 504);
  expect(heard(client)).toEqual([...old.slice(0, 500).map(String), 'reset', ...kept.map(String)]);
});

test('behavior: who has seen all that was deleted is told of nothing', async () => {
  const old = await write(OLD, 5);
  const kept = await write(NEW, 5);
  await serve();
  await deleteEvents(database, NEW);
  const client = await connect(old.at(-1) ?? 0n);
  await until(client, 5);
  expect(heard(client)).toEqual(kept.map(String));
});

test('behavior: what is deleted before the service itself has read it is told to all that listen', async () => {
  await serve();
  const client = await connect(null);
  let isGone = false;
  beforePage = async () => {
    if (!isGone) await deleteEvents(database, NEW);
    isGone = true;
  };
  await write(OLD, 3);
  const [next] = await write(NEW);
  await until(client, 2);
  expect(heard(client)).toEqual(['reset', String(next)]);
  // Who was away meanwhile hears the same.
  const later = await connect((next ?? 0n) - 2n);
  await until(later, 2);
  expect(heard(later)).toEqual(['reset', String(next)]);
});

test('behavior: an id that another process has told of already is no reason to tell it twice', async () => {
  await serve(true);
  const [seen = 0n] = await write(NEW, 1);
  expect(hub.newest()).toBeLessThan(seen);
  const client = await connect(seen);
  const [next] = await write(NEW);
  await hub.refresh();
  await until(client, 1);
  expect(heard(client)).toEqual([String(next)]);
});

test('behavior: an id of another database is told of', async () => {
  const [own = 0n] = await write(NEW, 1);
  await serve();
  const client = await connect(own + 1_000n);
  const [next] = await write(NEW);
  await until(client, 2);
  expect(heard(client)).toEqual(['reset', String(next)]);
});
