import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { type ErrorCode, PlimsollError } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { PortfolioPrice } from '../../../src/core/portfolio.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { locateStore } from '../../../src/service/locate-store.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { readStoredBook } from '../../../src/service/scan/store.ts';
import { keepMarketPrices, type PriceRecording, recordMarketPrices } from '../../../src/service/sync/market-prices.ts';
import { runSync } from '../../../src/service/sync/run-sync.ts';
import type { Workers } from '../../../src/service/workers/start-workers.ts';
import type { MarketPrices } from '../../../src/sources/prices.ts';
import { saveMarkets } from '../../../src/store/book-markets.ts';
import type { Database } from '../../../src/store/database.ts';
import { claimLease } from '../../../src/store/leases.ts';
import { saveDeployment } from '../../../src/store/mirrors.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { listPrices } from '../../../src/store/prices.ts';
import { USDC, WSTETH } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { DEPLOYMENT, readOpen, scanAlone, startBook } from '../workers/watched-book.ts';
import { startHere, until } from '../workers/working.ts';

const NOW = 1_800_000_000;
/** Two batches and a half. */
const ASSETS = Array.from({ length: 150 }, (_, at) => `eip155:1/erc20:0x${String(at).padStart(40, '0')}`);

describe(recordMarketPrices, () => {
  let database: Database;
  let failures: ErrorCode[] = [];
  beforeAll(async () => {
    database = openDatabase({ kind: 'memory' });
    const [row] = listDeployments().filter(({ id }) => id === DEPLOYMENT);
    if (row === undefined) throw new TypeError('no such deployment');
    await saveDeployment(database, row);
  }, 60_000);
  afterAll(() => database.close());
  beforeEach(async () => {
    failures = [];
    await database.execute(`delete from plimsoll.leases where kind = 'prices'; delete from plimsoll.prices; delete from plimsoll.markets;`);
    const state = encodeJson({ assets: ASSETS, again: [...ASSETS].toReversed(), other: 'eip155:1/slip44:60' });
    const market = { deployment: DEPLOYMENT, market: 'm', label: 'M', rule: 'r', state, source: 'rows' as const, witness: '', missing: [], block: 1n, at: 1n };
    await saveMarkets(database, [
      { ...market, key: 'one' },
      { ...market, key: 'other' },
    ]);
  });

  const options = (fetchPrices: MarketPrices['fetchPrices'] | null, over: Partial<PriceRecording> = {}): PriceRecording => ({
    database,
    holder: 'tester',
    reader: { prices: fetchPrices === null ? null : { fetchPrices }, now: () => NOW, findRule },
    clock: MACHINE.clock,
    failed: ({ code }) => void failures.push(code),
    signal: new AbortController().signal,
    ...over,
  });
  const priceOf = (asset: string, over: Partial<PortfolioPrice> = {}): PortfolioPrice => ({ asset, symbol: 'X', usd: '2', source: 'a market', observedAt: NOW - 5, ...over });
  const stored = (from = 0) => listPrices(database, ASSETS, { kind: 'market', from: BigInt(from) });
  const forgetLease = () => database.execute(`update plimsoll.leases set expires_at = now() - interval '1 second' where kind = 'prices'`);

  test('default: every asset of the stored markets once, in batches, by one of several, once a minute', async () => {
    const asked: (readonly string[])[] = [];
    const record = () =>
      recordMarketPrices(
        options(async (assets, at) => {
          asked.push(assets);
          expect(at).toBe(BigInt(NOW));
          return assets.map((asset) => priceOf(asset));
        }),
      );
    const rounds = await Promise.all([record(), record(), record()]);
    expect([rounds.filter((count) => count === null).length, rounds.includes(150)]).toEqual([2, true]);
    expect(asked.map(({ length }) => length)).toEqual([60, 60, 30]);
    expect(asked.flat()).toEqual(ASSETS);
    expect(await stored()).toHaveLength(150);
    expect([await record(), failures]).toEqual([null, []]);
    const [lease] = await database.query(`select extract(epoch from expires_at - now()) between 50 and 60 as minute from plimsoll.leases where kind = 'prices'`);
    expect(lease).toEqual({ minute: true });
    await forgetLease();
    expect(await record()).toBe(150);
  });

  test('behavior: a batch that fails is told, and costs the others nothing; after two the rest waits', async () => {
    let calls = 0;
    const failing = (which: readonly number[]): MarketPrices['fetchPrices'] => {
      calls = 0;
      return async (assets) => {
        calls += 1;
        if (which.includes(calls)) throw new PlimsollError('SOURCE_TIMEOUT', 'late');
        return assets.map((asset) => priceOf(asset));
      };
    };
    expect([await recordMarketPrices(options(failing([1]))), failures, (await stored()).length]).toEqual([90, ['SOURCE_TIMEOUT'], 90]);
    await forgetLease();
    expect([await recordMarketPrices(options(failing([1, 2, 3]))), failures.length, calls]).toEqual([0, 3, 2]);
  });

  test('bad input: what cannot be a price is refused with its batch; a price of tomorrow counts as one of now', async () => {
    await recordMarketPrices(options(async (assets) => assets.map((asset, at) => priceOf(asset, assets.length === 60 && at === 7 ? { usd: 'much' } : { observedAt: NOW + 86_400 }))));
    expect(failures).toEqual(['MALFORMED_RESPONSE', 'MALFORMED_RESPONSE']);
    expect(await stored()).toEqual([]);
    await forgetLease();
    await recordMarketPrices(options(async (assets) => assets.map((asset) => priceOf(asset, { observedAt: NOW + 86_400 }))));
    expect([(await stored()).length, await stored(NOW + 1)]).toEqual([150, []]);
  });

  test('error: LEASE_LOST where it took too long and somebody else is at it: what comes late is not written', async () => {
    const recorded = await recordMarketPrices(
      options(async (assets) => {
        await forgetLease();
        await claimLease(database, 'prices:market', { holder: 'the next one', seconds: 60 });
        return assets.map((asset) => priceOf(asset));
      }),
    );
    expect([recorded, failures, await stored()]).toEqual([null, ['LEASE_LOST'], []]);
  });

  test('error: a store that is gone is told, and ends nothing', async () => {
    const stop = new AbortController();
    const gone = { ...database, query: () => Promise.reject(new PlimsollError('STORE_UNREACHABLE', 'cut')) };
    const clock = { ...MACHINE.clock, sleep: async () => (failures.length < 3 ? undefined : stop.abort()) };
    await keepMarketPrices(options(async () => [], { database: gone, clock, signal: stop.signal }));
    expect(failures).toEqual(['STORE_UNREACHABLE', 'STORE_UNREACHABLE', 'STORE_UNREACHABLE']);
  });

  test('behavior: without prices nothing is asked; an empty book keeps nobody from asking a moment later', async () => {
    expect(await recordMarketPrices(options(null))).toBeNull();
    await database.execute('delete from plimsoll.markets');
    const never: MarketPrices['fetchPrices'] = () => Promise.reject(new TypeError('asked'));
    expect([await recordMarketPrices(options(never)), await recordMarketPrices(options(never)), failures]).toEqual([0, 0, []]);
  });
});

describe('the role sync with a price endpoint', () => {
  let database: Database;
  let server: Server;
  let origin = '';
  let answer: 'good' | 'refusing' = 'good';
  const paths: string[] = [];
  const running: Workers[] = [];
  beforeAll(async () => {
    database = openDatabase({ kind: 'memory' });
    server = createServer((request, response) => {
      const path = String(request.url);
      // The subgraph's endpoint of this test knows nothing.
      if (path.startsWith('/graph') || answer === 'refusing') return void response.writeHead(404).end();
      paths.push(path);
      const coins = path
        .slice(path.lastIndexOf('/') + 1)
        .split(',')
        .map((coin) => [coin, { symbol: 'X', price: USDC.endsWith(coin.slice(-40)) ? 1 : 2_500, timestamp: Math.floor(Date.now() / 1_000) - 20 }]);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ coins: Object.fromEntries(coins) }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }, 60_000);
  afterEach(async () => {
    for (const workers of running.splice(0)) await workers.stop();
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await database.close();
  });

  const start = async (roles: readonly ('sync' | 'watch')[], lines: string[] = []): Promise<Workers> => {
    const config = readConfig({ GRAPH_URL_MORPHO_BLUE_1: `${origin}/graph`, PRICE_API_URL: `${origin}/prices-api`, PLIMSOLL_DEADLINE: '2' });
    // Nothing but this machine is asked.
    const fetch: typeof MACHINE.fetch = (input, init) =>
      (input instanceof Request ? input.url : input.toString()).startsWith(origin) ? MACHINE.fetch(input, init) : Promise.reject(new TypeError('not here'));
    const workers = await startHere(database, { roles, config, surroundings: { ...MACHINE, fetch } }, lines);
    running.push(workers);
    return workers;
  };
  const readBook = () => readStoredBook(database, { deployments: listDeployments(), findRule, now: Math.floor(Date.now() / 1_000), maxBlockAgeSeconds: 600 });

  test('default: the prices of the endpoint are what a scan of the stored book and the watch go by', { timeout: 120_000 }, async () => {
    await startBook(database, { accounts: 60, nearEach: 3 });
    await database.execute('delete from plimsoll.prices; delete from plimsoll.price_history;');
    const byOracle = await scanAlone(database);
    const workers = await start(['sync']);
    await until(async () => (await readBook()).prices.length === 2);
    expect((await readBook()).prices).toMatchObject([
      { asset: WSTETH, usd: '2500', source: 'market price API' },
      { asset: USDC, usd: '1', source: 'market price API' },
    ]);
    expect(paths).toHaveLength(1);
    await workers.stop();
    const byMarket = await scanAlone(database);
    expect(byMarket).not.toEqual(byOracle);
    await start(['watch']);
    await until(async () => (await database.query('select 1 from plimsoll.shard_progress where settled is not null')).length > 0);
    await until(async () => (await readOpen(database)).size > 0);
    expect(byMarket.size).toBeGreaterThan(0);
    await until(async () => JSON.stringify([...(await readOpen(database))]) === JSON.stringify([...byMarket]), 60_000);
  });

  test('error: an endpoint that refuses is counted and said, and is not the trouble of the role', { timeout: 120_000 }, async () => {
    answer = 'refusing';
    await database.execute(`delete from plimsoll.leases where kind = 'prices'; delete from plimsoll.prices;`);
    const lines: string[] = [];
    const workers = await start(['sync'], lines);
    await until(() => lines.some((line) => line.startsWith('sync: market prices: SOURCE_REJECTED: ')));
    expect(workers.health()[0]?.trouble ?? '').not.toContain('market price');
    expect((await readBook()).prices).toEqual([]);
  });
});

describe('plimsoll sync with market prices', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plimsoll-sync-prices-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([null, 60_000])('default: a round (%s ms until the next) records those of what it read', { timeout: 120_000 }, async (everyMs) => {
    const config = readConfig({ PLIMSOLL_DATA: join(folder, 'book') });
    const stop = new AbortController();
    // The first look of a loop may come before the first market: the next one is soon.
    const clock = { ...MACHINE.clock, sleep: (ms: number, signal?: AbortSignal) => MACHINE.clock.sleep(Math.min(ms, 200), signal) };
    let rounds = 0;
    const finished = (): void => {
      rounds += 1;
      if (rounds > 15) stop.abort();
    };
    const failures: PlimsollError[] = [];
    await runSync(config, { full: false, everyMs, notify: () => {}, finished, priceFailed: (error) => void failures.push(error), signal: stop.signal }, { ...MACHINE, clock });
    const database = openDatabase(locateStore(config));
    try {
      const rows = await database.query(`select count(*)::int4 as prices from plimsoll.prices where kind = 'market'`);
      expect([rows[0]?.['prices'], failures]).toEqual([expect.any(Number), []]);
      expect(rows[0]?.['prices']).toBeGreaterThan(0);
      // For the next of these tests: another folder would take as long as the rest.
      await database.execute(`delete from plimsoll.prices; delete from plimsoll.leases where kind = 'prices';`);
    } finally {
      await database.close();
    }
  });
});
