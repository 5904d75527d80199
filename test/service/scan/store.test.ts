import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { findStore } from '../../../src/service/locate-store.ts';
import { chooseBook } from '../../../src/service/scan/choose.ts';
import { scanToJson } from '../../../src/service/scan/json.ts';
import { DEFAULT_SCAN, scanBook } from '../../../src/service/scan/scan-book.ts';
import type { Book } from '../../../src/service/scan/source.ts';
import { readStoredBook, type StoredBookOptions } from '../../../src/service/scan/store.ts';
import { replaceAccounts } from '../../../src/store/book-accounts.ts';
import { saveMarkets } from '../../../src/store/book-markets.ts';
import type { Database } from '../../../src/store/database.ts';
import { addPendingOwners } from '../../../src/store/mirror-rows.ts';
import { completeRun, saveDeployment } from '../../../src/store/mirrors.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { recordPrices } from '../../../src/store/prices.ts';

const NOWHERE = { chains: new Map() };
let book: Book;
let database: Database;
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-no-store-'));
  book = await (await chooseBook({ recorded: 'morpho-depeg' }, readConfig({}))).read();
  database = openDatabase({ kind: 'memory' });
  await store(database, book);
}, 60_000);
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Keeps a book as synchronisation does. */
async function store(queries: Database, { markets, accounts, prices, now }: Book): Promise<void> {
  const deployments = listDeployments().filter(({ id }) => [...markets.values()].some(({ deployment }) => deployment === id));
  for (const { id, protocol, chain, market, label } of deployments) {
    await saveDeployment(queries, { id, protocol, chain, market, label });
    const own = [...markets.values()].filter(({ deployment }) => deployment === id);
    await saveMarkets(
      queries,
      own.map(({ key, deployment, market: name, label: words, rule, state, at }) => ({
        key,
        deployment,
        market: name,
        label: words,
        rule: rule.id,
        state: encodeJson(state),
        source: 'chain' as const,
        witness: accounts[0]?.owner ?? '',
        missing: [],
        block: 5n,
        at,
      })),
    );
    const held = accounts.filter(({ marketKey }) => own.some(({ key }) => key === marketKey));
    const at = own[0]?.at ?? 0n;
    await queries.transaction(async (transaction) => {
      await replaceAccounts(transaction, {
        deployment: id,
        owners: [...new Set(held.map(({ owner }) => owner))],
        accounts: held.map((account) => ({
          ...account,
          missing: [...account.missing],
          deployment: id,
          position: encodeJson(account.position),
          obstacle: null,
          source: 'chain' as const,
          block: 5n,
          at,
        })),
        block: 5n,
        at,
      });
      await completeRun(transaction, id, { mode: 'full', block: { number: 5n, hash: `0x${'5'.repeat(64)}`, timestamp: at } });
    });
  }
  await recordPrices(
    queries,
    prices.map(({ asset, usd }) => ({ asset, usd, kind: 'market', source: 'a market', at: BigInt(now) })),
  );
}

const optionsOf = (over: Partial<StoredBookOptions> = {}): StoredBookOptions => ({ deployments: listDeployments(), findRule, now: book.now, maxBlockAgeSeconds: 600, ...over });

describe(readStoredBook, () => {
  test('default: what was stored is scanned like what was read', async () => {
    const stored = await readStoredBook(database, optionsOf());
    expect([stored.gaps, stored.accounts.length, stored.trust]).toEqual([[], book.accounts.length, 'as-read']);
    const byId = (entry: Book) => entry.accounts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(stored).map(({ id, position, precision }) => ({ id, position, precision }))).toEqual(byId(book).map(({ id, position, precision }) => ({ id, position, precision })));
    const comparable = async (entry: Book) => {
      const {
        asOf: _asOf,
        book: _name,
        recorded: _recorded,
        watched: _watched,
        ...rest
      } = scanToJson(await scanBook({ ...entry, accounts: byId(entry) }, { ...DEFAULT_SCAN, minProfitUsd: 0 }, NOWHERE)) as Record<string, unknown>;
      return rest;
    };
    expect(await comparable(stored)).toEqual(await comparable(book));
    const newest = new Map(stored.prices.map(({ asset, usd }) => [asset, Number(usd)]));
    for (const { asset, usd } of book.prices) expect(newest.get(asset)).toBeCloseTo(Number(usd), 9);
  });

  test('behavior: a deployment that is not built in, a rule of another release, an old market, an unfinished run: each is a gap, none is safe', async () => {
    const [row] = listDeployments().filter(({ id }) => [...book.markets.values()].some(({ deployment }) => deployment === id));
    const without = await readStoredBook(database, optionsOf({ deployments: listDeployments().filter(({ id }) => id !== row?.id) }));
    const lost = [...book.markets.values()].filter(({ deployment }) => deployment === row?.id).map(({ key }) => key);
    expect(without.accounts.some(({ marketKey }) => lost.includes(marketKey))).toBe(false);
    expect(without.gaps.filter(({ account }) => account !== null)).toHaveLength(book.accounts.filter(({ marketKey }) => lost.includes(marketKey)).length);
    expect(new Set(without.gaps.map(({ code }) => code))).toEqual(new Set(['UNKNOWN_MARKET']));
    const ruleless = await readStoredBook(database, optionsOf({ findRule: () => undefined }));
    expect([ruleless.accounts, new Set(ruleless.gaps.map(({ code }) => code))]).toEqual([[], new Set(['UNKNOWN_RULE', 'UNKNOWN_MARKET'])]);
    const old = await readStoredBook(database, optionsOf({ now: book.now + 10_000 }));
    expect(old.gaps.map(({ code }) => code)).toEqual([...book.markets].map(() => 'STALE_BLOCK'));
  });

  test('behavior: what the store says cannot be valued is a gap with the store’s reason; owners under way are said', async () => {
    const other = openDatabase({ kind: 'memory' });
    try {
      await store(other, book);
      const [account] = book.accounts;
      const deployment = book.markets.get(account?.marketKey ?? '')?.deployment ?? '';
      if (account === undefined) throw new TypeError('no account');
      await other.transaction((transaction) =>
        replaceAccounts(transaction, {
          deployment,
          owners: [account.owner],
          accounts: [{ ...account, missing: [], deployment, position: encodeJson(account.position), obstacle: 'a state of tomorrow', source: 'rows', block: 6n, at: 10n ** 10n }],
          block: 6n,
          at: 10n ** 10n,
        }),
      );
      const [next] = book.accounts.filter(({ owner }) => owner !== account.owner);
      await addPendingOwners(other, deployment, [next?.owner ?? '']);
      const stored = await readStoredBook(other, optionsOf());
      expect(stored.accounts.map(({ id }) => id)).not.toContain(account.id);
      expect(stored.gaps.map(({ code, account: id, message }) => [code, id, message.slice(0, 20)])).toEqual([
        ['MISSED_ACCOUNT', null, `Accounts of ${deployment}`.slice(0, 20)],
        ['UNSUPPORTED_STATE', account.id, 'a state of tomorrow'],
      ]);
    } finally {
      await other.close();
    }
  }, 60_000);
});

describe('the market prices of the stored book', () => {
  const other = openDatabase({ kind: 'memory' });
  beforeAll(() => store(other, { ...book, prices: [] }), 60_000);
  afterAll(() => other.close());
  const pricesOf = async () => (await readStoredBook(other, optionsOf())).prices;
  const record = (kind: 'oracle' | 'market', source: string, usd: string, age: number) =>
    recordPrices(
      other,
      book.prices.map(({ asset }) => ({ asset, kind, source, usd, at: BigInt(book.now - age) })),
    );

  test('behavior: what an oracle said is none, even when its market is gone; one that is older than the limit is none; the newest of the others counts', async () => {
    const assets = new Set(book.prices.map(({ asset }) => asset));
    await record('oracle', 'morpho-blue/1/a-market-that-was@1', '1', 5);
    await record('market', 'a market', '2', 601);
    expect(await pricesOf()).toEqual([]);
    const scanned = await scanBook(await readStoredBook(other, optionsOf()), { ...DEFAULT_SCAN, minProfitUsd: 0 }, NOWHERE);
    expect(JSON.stringify(scanToJson(scanned))).toContain("the oracle's stands in");
    await record('market', 'a market', '3', 600);
    await record('market', 'another', '4', 30);
    await record('oracle', 'an oracle', '5', 0);
    expect(await pricesOf()).toEqual([...assets].toSorted().map((asset) => ({ asset, symbol: asset, usd: '4', source: 'another', observedAt: book.now - 30 })));
  });
});

describe(findStore, () => {
  test('default: the database that is configured, an existing folder, else nothing: looking makes none', async () => {
    expect(await findStore(readConfig({ DATABASE_URL: 'postgres://localhost/book' }))).toEqual({ kind: 'postgres', url: 'postgres://localhost/book' });
    const live = { RPC_URL_1: 'http://127.0.0.1:1' };
    expect(await findStore(readConfig({ ...live, PLIMSOLL_DATA: folder }))).toEqual({ kind: 'embedded', folder });
    expect(await findStore(readConfig({ ...live, PLIMSOLL_DATA: join(folder, 'nothing') }))).toBeNull();
    // Recorded data would pass for live ones.
    expect(await findStore(readConfig({ PLIMSOLL_DATA: folder }))).toBeNull();
  });

  test('error: NOT_CONFIGURED where nothing was ever synchronised', async () => {
    const config = readConfig({ RPC_URL_1: 'http://127.0.0.1:1', PLIMSOLL_DATA: join(folder, 'nothing') });
    await expect(chooseBook({}, config)).rejects.toSatisfy((error) => isPlimsollError(error, 'NOT_CONFIGURED'));
  });
});
