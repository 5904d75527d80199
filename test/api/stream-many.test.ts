import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { addEvent } from '../../src/store/events.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { startPostgres } from '../store/postgres-server.ts';
import { type ServeChild, startServe } from './serve-child.ts';
import { DEMO } from './serving.ts';
import { openStreamClient, type StreamClient } from './stream-client.ts';

const LONG = process.env['PLIMSOLL_LONG'] === '1';
const CLIENTS = LONG ? 1_000 : 60;
const SECONDS = LONG ? 60 : 5;
const EVENTS_A_SECOND = 20;
/** What an event carries here besides its number: a stream that kept what it sent would weigh it once a client. */
const PADDING = 'x'.repeat(2_000);
/** Bytes that may be in use at the end beyond those of the beginning: the newest events are kept for clients that come back, and a client has buffers. */
const MOST_GROWTH = 8_000_000 + 10_000 * CLIENTS;
/** Long enough for any machine: what is waited for comes, or never. */
const PATIENCE_MS = 60_000;

const server = await startPostgres();
const title = server.kind === 'server' ? 'the stream' : `the stream: skipped, no PostgreSQL starts here (${server.reason})`;
let database: Database;
let service: ServeChild;

beforeAll(async () => {
  if (server.kind !== 'server') return;
  const url = await server.createDatabase();
  database = openDatabase({ kind: 'postgres', url });
  await database.query('select 1');
  service = await startServe({ DATABASE_URL: url, PLIMSOLL_RATE_LIMIT: '1000000', PLIMSOLL_RECORDED: 'constructed-wallet' });
});
afterAll(async () => {
  await service?.stop();
  await database?.close();
  await server.close();
});

let written = 0;
async function write(kind = 'opportunity.changed'): Promise<bigint> {
  written += 1;
  const sequence = await database.transaction((queries) =>
    addEvent(queries, { key: `event ${written}`, kind, subject: `0x${'ab'.repeat(20)}`, body: { number: written, padding: PADDING }, at: 1_700_000_000n }),
  );
  if (sequence === null) throw new Error('The event was there already.');
  return sequence;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const idsOf = (client: StreamClient): readonly string[] => client.messages.map(({ id }) => id);

async function until(holds: () => boolean): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < PATIENCE_MS; await pause(50)) if (holds()) return true;
  return false;
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);

async function residentMb(): Promise<number> {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+([0-9]+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** What became of the requests of somebody who asks for more than the service can do. */
interface Overload {
  readonly statuses: Map<number, number>;
  /** Milliseconds of the slowest refusal. */
  slowestRefusal: number;
  stop(): Promise<void>;
}

/** Asks for twenty plans at once, again and again. */
function overload(origin: string): Overload {
  const statuses = new Map<number, number>();
  let isOver = false;
  const result: Overload = {
    statuses,
    slowestRefusal: 0,
    async stop() {
      isOver = true;
      await asking;
    },
  };
  const plan = async (): Promise<void> => {
    const started = performance.now();
    const answer = await fetch(`${origin}/v1/wallets/${DEMO}/plan`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"budgetMs":50}' });
    await answer.arrayBuffer();
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status !== 200) result.slowestRefusal = Math.max(result.slowestRefusal, performance.now() - started);
  };
  const asking = (async () => {
    while (!isOver) {
      await Promise.all(Array.from({ length: 20 }, plan));
      await pause(500);
    }
  })();
  return result;
}

describe.skipIf(server.kind !== 'server')(title, () => {
  test('behavior: many clients, each every event once and in order, some cut off and resumed, while somebody asks for more than can be done', { timeout: 10 * PATIENCE_MS }, async () => {
    const first = await write();
    const clients = Array.from({ length: CLIENTS }, () => openStreamClient(`${service.origin}/v1/stream`, first.toString()));
    for (let at = 0; at < CLIENTS; at += 50) await Promise.all(clients.slice(at, at + 50).map((client) => client.connect()));
    const asking = overload(service.origin);
    // The threads that make plans are there by then: what grows from here on is streams.
    expect(await until(() => asking.statuses.has(200) && asking.statuses.has(503))).toBe(true);
    const [before, liveBefore] = [await residentMb(), await service.weighLive()];
    const sizes: number[] = [];
    let resumes = 0;
    const expected: string[] = [];
    for (let round = 0; round < SECONDS; round += 1) {
      for (let count = 0; count < EVENTS_A_SECOND; count += 1) {
        expected.push((await write()).toString());
        await pause(1_000 / EVENTS_A_SECOND);
      }
      // A tenth of them loses its line and comes again after something happened meanwhile.
      const cut = clients.filter((_, at) => at % 10 === round % 10);
      for (const client of cut) client.cut();
      expected.push((await write()).toString());
      await Promise.all(cut.map((client) => client.connect()));
      resumes += cut.length;
      sizes.push(await residentMb());
    }
    await asking.stop();
    expect(await until(() => clients.every((client) => client.messages.length >= expected.length))).toBe(true);
    for (const client of clients) expect(idsOf(client)).toEqual(expected);
    // What was sent must not stay.
    const [after, liveAfter] = [await residentMb(), await service.weighLive()];
    expect(liveAfter - liveBefore).toBeLessThan(MOST_GROWTH);
    for (const client of clients) client.cut();
    expect([...asking.statuses.keys()].filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
    expect([...asking.statuses.keys()].some((status) => status !== 200)).toBe(true);
    expect((await fetch(`${service.origin}/v1/wallets/${DEMO}`)).status).toBe(200);
    if (LONG)
      process.stdout.write(
        `${CLIENTS} clients, ${expected.length} events each, ${resumes} resumes; plans by status ${JSON.stringify([...asking.statuses])}, slowest refusal ${Math.round(asking.slowestRefusal)} ms; live MB before ${mb(liveBefore)}, after ${mb(liveAfter)}, RSS MB before ${before.toFixed(0)}, after ${after.toFixed(0)}, by second ${sizes.map((size) => size.toFixed(0)).join(' ')}\n`,
      );
  });

  test('behavior: without Last-Event-ID it begins now, and a kind is all that is asked for', async () => {
    const before = await write();
    const seen = openStreamClient(`${service.origin}/v1/stream`, (before - 1n).toString());
    await seen.connect();
    // Now is what the service has heard of: wait until that is the event before.
    expect(await until(() => seen.messages.length > 0)).toBe(true);
    const [all, opened] = [openStreamClient(`${service.origin}/v1/stream`), openStreamClient(`${service.origin}/v1/stream?kind=opportunity.opened`)];
    await Promise.all([all.connect(), opened.connect()]);
    const expected = [await write(), await write('opportunity.opened'), await write()].map(String);
    expect(await until(() => all.messages.length >= 3 && opened.messages.length >= 1)).toBe(true);
    expect([idsOf(all), idsOf(opened)]).toEqual([expected, expected.slice(1, 2)]);
    expect(JSON.parse(all.messages[1]?.data ?? '')).toMatchObject({ sequence: expected[1], kind: 'opportunity.opened', at: 1_700_000_000 });
    expect(all.messages[1]?.event).toBe('opportunity.opened');
    for (const client of [seen, all, opened]) client.cut();
  });

  test('behavior: somebody far behind is brought up to date, with what happens meanwhile behind it', async () => {
    const start = await write();
    const expected: string[] = [];
    for (let count = 0; count < 1_200; count += 1) expected.push((await write()).toString());
    const client = openStreamClient(`${service.origin}/v1/stream`, start.toString());
    await client.connect();
    expected.push((await write()).toString());
    expect(await until(() => client.messages.length >= expected.length)).toBe(true);
    expect(idsOf(client)).toEqual(expected);
    client.cut();
  });

  test('behavior: an id from the future is of another database: it says so, and goes on', async () => {
    const client = openStreamClient(`${service.origin}/v1/stream`, '999999999999');
    await client.connect();
    await pause(300);
    const next = await write();
    expect(await until(() => client.messages.length > 1)).toBe(true);
    expect(client.messages.map(({ event, id }) => [event, id])).toEqual([
      ['reset', ''],
      ['opportunity.changed', next.toString()],
    ]);
    client.cut();
  });

  test('behavior: the end of the service ends the lines, and is no failure', async () => {
    const client = openStreamClient(`${service.origin}/v1/stream`);
    await client.connect();
    expect(await service.stop()).toBe(0);
  });
});
