import { Registry } from 'prom-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { PlimsollError } from '../../../src/core/errors.ts';
import type { Address } from '../../../src/core/ids.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { BOOK_CHANNEL } from '../../../src/service/sync/sync-deployment.ts';
import type { RunningRole } from '../../../src/service/workers/role.ts';
import { startWatch, type WatchSettings } from '../../../src/service/workers/watch/watch-role.ts';
import { followWallets, saveAlertRule } from '../../../src/store/alerts.ts';
import { findMarkets, saveMarkets } from '../../../src/store/book-markets.ts';
import type { Database } from '../../../src/store/database.ts';
import { listEvents } from '../../../src/store/events.ts';
import { listLeases, SHARD_COUNT } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { MARKET, put } from './put-account.ts';
import { DEPLOYMENT, type MovingBook, readOpen, scanAlone, startBook } from './watched-book.ts';

const SETTINGS = { lease: { seconds: 3, renewMs: 200 }, pollMs: 100, repriceMs: 0, walletMs: 300, toldMs: 200 };
const PATIENCE = { timeout: 60_000, interval: 60 };
const WALLET: Address = `0x${'c1'.repeat(20)}`;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function openBook(accounts: number): Promise<{ readonly database: Database; readonly book: MovingBook }> {
  const database = openDatabase({ kind: 'memory' });
  cleanups.push(() => database.close());
  return { database, book: await startBook(database, { accounts, nearEach: 20 }) };
}

interface Watching {
  readonly role: RunningRole;
  readonly registry: Registry;
  readonly lines: readonly string[];
}

/** The role with a clock that stands where the book's does, so that its markets are not old. */
async function watch(database: Database, holder = 'one', settings: WatchSettings = SETTINGS): Promise<Watching> {
  const began = Date.now();
  const first = Number(wstEthUsdc.lastUpdate) * 1_000;
  const surroundings = { ...MACHINE, clock: { ...MACHINE.clock, now: () => first + Date.now() - began } };
  const [registry, lines]: [Registry, string[]] = [new Registry(), []];
  const role = await startWatch({ config: readConfig({}), database, holder, surroundings, registry, log: (line) => lines.push(line) }, settings);
  cleanups.push(() => role.stop());
  return { role, registry, lines };
}

const isOpen = async (database: Database, owner: string): Promise<boolean> => (await readOpen(database)).has(owner);
const kindsOf = async (database: Database, subject: string): Promise<readonly string[]> =>
  (await listEvents(database, 0n, 10_000)).flatMap((event) => (event.subject === subject && event.kind !== 'opportunity.changed' ? [event.kind] : []));
const bodiesOf = async (database: Database, kind: string): Promise<readonly Record<string, unknown>[]> =>
  (await listEvents(database, 0n, 10_000)).flatMap((event) => (event.kind === kind && event.subject === WALLET ? [event.body as Record<string, unknown>] : []));
const nextSecond = () => MACHINE.clock.sleep(1_100);

/** Counts rows that must be none or alike. */
async function countRows(database: Database, sql: string): Promise<number> {
  const [row] = await database.query(`select count(*)::int as rows from ${sql}`);
  return Number(row?.['rows']);
}

describe('the watch of a book in one process', () => {
  test('default: after every block what is open is what a scan of everything finds, one row and one event for each opening and closing', { timeout: 240_000 }, async () => {
    const { database, book } = await openBook(400);
    const { role, registry } = await watch(database);
    const sizes: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      if (round > 0) await book.tick(30);
      const expected = await scanAlone(database);
      await vi.waitFor(async () => expect(await readOpen(database)).toEqual(expected), PATIENCE);
      sizes.push(expected.size);
      // The screen leaves most accounts out, whatever was read anew since it began.
      expect(Number(/^plimsoll_watch_decided_accounts ([0-9]+)$/m.exec(await registry.metrics())?.[1])).toBeLessThan(200);
    }
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    const rows = await countRows(database, 'plimsoll.opportunities');
    const closed = await countRows(database, 'plimsoll.opportunities where closed_at is not null');
    expect(closed).toBeGreaterThan(0);
    expect(await countRows(database, `plimsoll.events where kind = 'opportunity.opened'`)).toBe(rows);
    expect(await countRows(database, `plimsoll.events where kind = 'opportunity.closed'`)).toBe(closed);
    expect(await countRows(database, `(select 1 from plimsoll.opportunities where closed_at is null group by subject having count(*) > 1) as twice`)).toBe(0);
    expect(role.health()).toMatchObject({ role: 'watch', trouble: null, failures: {} });
    expect(role.health().holds).toHaveLength(SHARD_COUNT);
    expect(await registry.metrics()).toMatch(/^plimsoll_watch_rounds_total [1-9]/m);
    process.stdout.write(`watch on PGlite: open after each block ${sizes.join(', ')}; ${rows} opened, ${closed} closed\n`);
  });

  test('behavior: what the oracles said is kept with its history, for every market and block that was heard', { timeout: 120_000 }, async () => {
    const { database, book } = await openBook(60);
    const { role } = await watch(database);
    const sources = () => database.query('select distinct source from plimsoll.price_history where source in (select key from plimsoll.markets) order by source');
    await vi.waitFor(() => expect(role.health().lastSuccess).not.toBeNull(), PATIENCE);
    await vi.waitFor(async () => expect(await countRows(database, 'plimsoll.shard_progress where settled is not null')).toBe(SHARD_COUNT), PATIENCE);
    // What was written before anybody watched is in it too.
    await vi.waitFor(async () => expect(await sources()).toHaveLength(3), PATIENCE);
    await book.tick(0);
    await vi.waitFor(async () => expect(await sources()).toHaveLength(3), PATIENCE);
    const [{ at = '' } = {}] = await database.query('select max(at)::text as at from plimsoll.markets');
    const said = () =>
      database.query(`select source, usd::float8 as usd from plimsoll.price_history where at = $1 and asset like '%0x7f39%' and source in (select key from plimsoll.markets) order by source`, [
        String(at),
      ]);
    await vi.waitFor(async () => expect(await said()).toHaveLength(3), PATIENCE);
    const states = await findMarkets(
      database,
      (await sources()).map((row) => String(row['source'])),
    );
    const stated = states.map(({ key, state }) => ({ source: key, usd: expect.closeTo((Number((state as { oraclePrice: string }).oraclePrice) / 1e24) * Number(wstEthUsdc.loanUsd), 6) }));
    expect(await said()).toEqual(stated);
  });

  test('behavior: a watched wallet is told of when it gets close, when it cannot be seen, and when it is well again', { timeout: 180_000 }, async () => {
    const { database } = await openBook(20);
    await saveAlertRule(database, { id: 'low', owner: WALLET, kind: 'health', params: { below: '1.2' }, enabled: true });
    await put(database, WALLET, 400);
    await watch(database);
    const changes = async () => (await bodiesOf(database, 'alert')).map((body) => body['change']);
    const statuses = async () => (await bodiesOf(database, 'health.changed')).map((body) => body['status']);
    await vi.waitFor(async () => expect(await countRows(database, 'plimsoll.wallet_states')).toBe(1), PATIENCE);
    await nextSecond();
    await put(database, WALLET, 960);
    await vi.waitFor(async () => expect([await changes(), await statuses()]).toEqual([['raised'], ['critical']]), PATIENCE);
    await nextSecond();
    // What cannot be seen is not well: the alert stays.
    await put(database, WALLET, 400, 'a state of tomorrow');
    await vi.waitFor(
      async () =>
        expect([await changes(), await statuses()]).toEqual([
          ['raised', 'blind'],
          ['critical', 'incomplete'],
        ]),
      PATIENCE,
    );
    await nextSecond();
    await put(database, WALLET, 400);
    await vi.waitFor(
      async () =>
        expect([await changes(), await statuses()]).toEqual([
          ['raised', 'blind', 'seeing', 'cleared'],
          ['critical', 'incomplete', 'safe'],
        ]),
      PATIENCE,
    );
  });

  test('behavior: a wallet that is followed for the time being is told of without a rule', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    await followWallets(database, [WALLET], 3_600);
    await put(database, WALLET, 400);
    await watch(database);
    await vi.waitFor(async () => expect(await countRows(database, 'plimsoll.wallet_states')).toBe(1), PATIENCE);
    await nextSecond();
    await put(database, WALLET, 960);
    await vi.waitFor(async () => expect((await bodiesOf(database, 'health.changed')).map((body) => body['status'])).toEqual(['critical']), PATIENCE);
    expect(await bodiesOf(database, 'alert')).toEqual([]);
    expect(await countRows(database, `plimsoll.events where kind = 'health.changed' and audience <> 'wallet'`)).toBe(0);
  });

  test('behavior: a quiet book is looked at, and that is told; nobody tells it once the watch has ended', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    const { role } = await watch(database);
    const forget = () => database.query(`update plimsoll.shard_progress set looked_at = now() - interval '1 day'`);
    const recent = () => countRows(database, `plimsoll.shard_progress where looked_at > now() - interval '1 hour'`);
    await vi.waitFor(async () => expect(await countRows(database, 'plimsoll.shard_progress where settled is not null')).toBe(SHARD_COUNT), PATIENCE);
    // The first round may still be the end of what it found.
    for (let round = 0; round < 3; round += 1) {
      await forget();
      await vi.waitFor(async () => expect(await recent()).toBe(SHARD_COUNT), PATIENCE);
    }
    await role.stop();
    await database.query('alter table plimsoll.shard_progress disable trigger fence');
    await forget();
    await nextSecond();
    expect(await recent()).toBe(0);
  });

  test('behavior: an opportunity that cannot be seen any more stays open, and closes once it is seen to be gone', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    const { role } = await watch(database);
    await put(database, WALLET, 1_020);
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(true), PATIENCE);
    const other: Address = `0x${'c2'.repeat(20)}`;
    await put(database, WALLET, 400, 'a state of tomorrow');
    await put(database, other, 1_020);
    // What was written later is settled, so the other was looked at too.
    await vi.waitFor(async () => expect(await isOpen(database, other)).toBe(true), PATIENCE);
    expect(await isOpen(database, WALLET)).toBe(true);
    await put(database, WALLET, 400);
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(false), PATIENCE);
    expect(await kindsOf(database, WALLET)).toEqual(['opportunity.opened', 'opportunity.closed']);
    expect(role.health().trouble).toBeNull();
  });

  test('bad input: a market whose state is no state closes nothing and hides nothing but its own accounts; once it is read again, they are seen', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    await watch(database);
    await put(database, WALLET, 1_020);
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(true), PATIENCE);
    const [market] = await findMarkets(database, [MARKET]);
    if (market === undefined) return expect.unreachable('no market');
    await saveMarkets(database, [{ ...market, state: { lltv: 'much' }, at: market.at + 12n, block: market.block + 1n }]);
    await put(database, WALLET, 400);
    await nextSecond();
    expect(await isOpen(database, WALLET)).toBe(true);
    await saveMarkets(database, [{ ...market, at: market.at + 24n, block: market.block + 2n }]);
    await database.notify(BOOK_CHANNEL, DEPLOYMENT);
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(false), PATIENCE);
  });

  test('error: a database that breaks off is trouble and no end: what was written meanwhile is found afterwards', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    const line = { isCut: false };
    const cut = <Result>(work: () => Promise<Result>): Promise<Result> => (line.isCut ? Promise.reject(new PlimsollError('STORE_UNREACHABLE', 'cut')) : work());
    const { role } = await watch({ ...database, query: (text, values) => cut(() => database.query(text, values)), transaction: (work) => cut(() => database.transaction(work)) });
    await vi.waitFor(() => expect(role.health().holds).toHaveLength(SHARD_COUNT), PATIENCE);
    line.isCut = true;
    await vi.waitFor(() => expect(role.health()).toMatchObject({ trouble: 'cut', failures: { STORE_UNREACHABLE: expect.any(Number) } }), PATIENCE);
    await put(database, WALLET, 1_020);
    expect(await isOpen(database, WALLET)).toBe(false);
    line.isCut = false;
    await vi.waitFor(async () => expect([await isOpen(database, WALLET), role.health().trouble]).toEqual([true, null]), PATIENCE);
  });

  test('behavior: whoever stands still past its lease is replaced, and what it then writes is refused', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    const gate = { isArmed: false, isShut: false, opened: Promise.withResolvers<void>() };
    const pass = async () => {
      if (gate.isShut) await gate.opened.promise;
    };
    const first = await watch(
      {
        ...database,
        query: async (text, values) => {
          await pass();
          return database.query(text, values);
        },
        transaction: async (work) => {
          if (gate.isArmed) gate.isShut = true;
          await pass();
          return database.transaction(work);
        },
      },
      'slow',
    );
    await vi.waitFor(() => expect(first.role.health().holds).toHaveLength(SHARD_COUNT), PATIENCE);
    gate.isArmed = true;
    // The first stops right before it writes this one, with everything that it needs for that in hand.
    await put(database, WALLET, 1_020);
    await vi.waitFor(() => expect(gate.isShut).toBe(true), PATIENCE);
    gate.isArmed = false;
    const second = await watch(database, 'quick');
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(true), PATIENCE);
    expect(second.role.health().holds).toHaveLength(SHARD_COUNT);
    const written = () => database.query('select id::text as id, token::text as token, net_usd::text as usd, seen_at::text as seen from plimsoll.opportunities order by opportunities.id');
    const before = await written();
    gate.isShut = false;
    gate.opened.resolve();
    await vi.waitFor(() => expect(first.role.health().failures).toMatchObject({ LEASE_LOST: expect.any(Number) }), PATIENCE);
    expect(await written()).toEqual(before);
    expect(await kindsOf(database, WALLET)).toEqual(['opportunity.opened']);
    // Then both have their share.
    await vi.waitFor(() => expect([first.role.health().holds.length, second.role.health().holds.length]).toEqual([SHARD_COUNT / 2, SHARD_COUNT / 2]), PATIENCE);
  });

  test('behavior: a watch that hangs gives its shards to another, though its leases are renewed apart, says so, and takes its share again once it goes on', { timeout: 180_000 }, async () => {
    const { database } = await openBook(20);
    const gate = { isShut: false, opened: Promise.withResolvers<void>() };
    const hanging: Database = {
      ...database,
      query: async (text, values) => {
        if (gate.isShut && text.includes('m.changed')) await gate.opened.promise;
        return database.query(text, values);
      },
    };
    const first = await watch(hanging, 'hanging', { ...SETTINGS, stuckMs: 4_000 });
    cleanups.push(async () => gate.opened.resolve());
    await vi.waitFor(async () => expect(await countRows(database, 'plimsoll.shard_progress where settled is not null')).toBe(SHARD_COUNT), PATIENCE);
    gate.isShut = true;
    const second = await watch(database, 'other');
    await vi.waitFor(() => expect(second.role.health().holds).toHaveLength(SHARD_COUNT), PATIENCE);
    expect(first.role.health()).toMatchObject({
      holds: [],
      trouble: expect.stringMatching(/^The watch has not got on for [0-9]+ s and gave its shards back/),
      failures: { DEADLINE_EXCEEDED: expect.any(Number) },
    });
    await put(database, WALLET, 1_020);
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(true), PATIENCE);
    gate.isShut = false;
    gate.opened.resolve();
    await vi.waitFor(() => expect([first.role.health().holds.length, second.role.health().holds.length]).toEqual([SHARD_COUNT / 2, SHARD_COUNT / 2]), PATIENCE);
    await vi.waitFor(() => expect(first.role.health().trouble).toBeNull(), PATIENCE);
  });

  test('behavior: a load that takes longer than that but gets on page by page keeps its shards', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    const isOfLoad = (text: string): boolean => /from plimsoll\.(?:accounts|markets) |snapshot/.test(text) && !text.includes('m.changed');
    const slow: Database = {
      ...database,
      query: async (text, values) => {
        if (isOfLoad(text)) await MACHINE.clock.sleep(4_000);
        return database.query(text, values);
      },
    };
    const { role } = await watch(slow, 'slow', { ...SETTINGS, stuckMs: 10_000 });
    await vi.waitFor(async () => expect(await countRows(database, 'plimsoll.shard_progress where settled is not null')).toBe(SHARD_COUNT), PATIENCE);
    expect(role.health().failures).toEqual({});
    expect(role.health().holds).toHaveLength(SHARD_COUNT);
  });

  test('error: an owner who cannot be priced keeps nobody else from being priced, and is counted', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    // The first to be priced, each time.
    const other: Address = `0x${'0c'.repeat(20)}`;
    const { role, lines } = await watch(
      {
        ...database,
        transaction: (work) =>
          database.transaction((queries) =>
            work({ query: (text, values) => (text.includes('into plimsoll.opportunities') && values?.includes(other) ? Promise.reject(new TypeError(other)) : queries.query(text, values)) }),
          ),
      },
      'one',
    );
    await put(database, other, 1_020);
    await put(database, WALLET, 1_020);
    await vi.waitFor(async () => expect(await isOpen(database, WALLET)).toBe(true), PATIENCE);
    await vi.waitFor(() => expect(role.health()).toMatchObject({ trouble: null, failures: { INTERNAL: expect.any(Number) } }), PATIENCE);
    expect(await isOpen(database, other)).toBe(false);
    expect(lines.join()).not.toContain(other);
  });

  test('behavior: a worker that is told to stop gives everything back at once', { timeout: 120_000 }, async () => {
    const { database } = await openBook(20);
    const { role } = await watch(database);
    await vi.waitFor(() => expect(role.health().holds).toHaveLength(SHARD_COUNT), PATIENCE);
    await role.stop();
    const held = (await Promise.all(['shard', 'watcher'].map((kind) => listLeases(database, kind)))).flat();
    expect(held.filter(({ holder }) => holder !== null)).toEqual([]);
    expect(role.health().holds).toEqual([]);
  });
});
