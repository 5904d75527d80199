import { Registry } from 'prom-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import type { Rule } from '../../../src/core/rule.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { MOST_WATCHED, mergeWatched, type WatchedRow } from '../../../src/service/scan/merge-watched.ts';
import { Nearest } from '../../../src/service/scan/nearest.ts';
import type { BookAccount, BookMarket } from '../../../src/service/scan/source.ts';
import type { RunningRole } from '../../../src/service/workers/role.ts';
import { ChainColumns } from '../../../src/service/workers/watch/chain-columns.ts';
import { startWatch } from '../../../src/service/workers/watch/watch-role.ts';
import type { Database } from '../../../src/store/database.ts';
import { claimShards, SHARD_COUNT } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { shardOf } from '../../../src/store/shard-of.ts';
import { listWatchLists, saveWatchLists } from '../../../src/store/watch-lists.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { DEPLOYMENT, scanNear, startBook } from './watched-book.ts';

const SETTINGS = { lease: { seconds: 3, renewMs: 100 }, pollMs: 100, repriceMs: 0, nearMs: 0 };
const PATIENCE = { timeout: 60_000, interval: 60 };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function watch(database: Database, holder: string, settings: Partial<typeof SETTINGS> = {}): Promise<RunningRole> {
  const began = Date.now();
  const first = Number(wstEthUsdc.lastUpdate) * 1_000;
  const surroundings = { ...MACHINE, clock: { ...MACHINE.clock, now: () => first + Date.now() - began } };
  const role = await startWatch({ config: readConfig({}), database, holder, surroundings, registry: new Registry(), log: () => {} }, { ...SETTINGS, ...settings });
  cleanups.push(() => role.stop());
  return role;
}

async function openBook(accounts: number) {
  const database = openDatabase({ kind: 'memory' });
  cleanups.push(() => database.close());
  return { database, book: await startBook(database, { accounts, nearEach: 5 }) };
}

const readNear = async (database: Database): Promise<readonly WatchedRow[]> => mergeWatched((await listWatchLists(database)).map(({ accounts }) => accounts as readonly WatchedRow[]));
/** Distances are kept with six decimals: accounts that are as far as one another may stand either way round. */
const byAccount = (rows: readonly WatchedRow[]) => rows.toSorted((a, b) => (a.account < b.account ? -1 : 1));

describe('who is near, as the watch keeps it', () => {
  test('default: the list is that of a scan of the whole book, after every block; two workers have it between them', { timeout: 240_000 }, async () => {
    const { database, book } = await openBook(400);
    await watch(database, 'one');
    for (let round = 0; round < 4; round += 1) {
      if (round > 0) await book.tick(40);
      if (round === 2) await watch(database, 'two');
      const expected = await scanNear(database, MOST_WATCHED);
      expect(expected).toHaveLength(MOST_WATCHED);
      await vi.waitFor(async () => expect(byAccount(await readNear(database))).toEqual(byAccount(expected)), PATIENCE);
      const moves = (await readNear(database)).map(({ move }) => Number(move ?? 2));
      expect(moves).toEqual(moves.toSorted((a, b) => a - b));
    }
    const lists = await listWatchLists(database);
    expect(lists).toHaveLength(SHARD_COUNT);
    expect(lists.filter(({ shard, accounts }) => (accounts as readonly WatchedRow[]).some(({ owner }) => shardOf(owner) !== shard))).toEqual([]);
  });

  test('behavior: nobody is listed anew before it is time', { timeout: 120_000 }, async () => {
    const { database, book } = await openBook(60);
    const role = await watch(database, 'one', { nearMs: 3_600_000 });
    await vi.waitFor(async () => expect(await listWatchLists(database)).toHaveLength(SHARD_COUNT), PATIENCE);
    const before = await listWatchLists(database);
    await book.tick(20);
    // The round that screens it, and the end of that round: by then another one has come to its end.
    for (const laterMs of [500, 0]) {
      const last = role.health().lastSuccess ?? 0;
      await vi.waitFor(() => expect(role.health().lastSuccess ?? 0).toBeGreaterThan(last + laterMs), PATIENCE);
    }
    expect(await listWatchLists(database)).toEqual(before);
  });

  test('behavior: a list that is written under a lease of before is not kept', async () => {
    const { database } = await openBook(5);
    const [old, ...rest] = await claimShards(database, { holder: 'one', most: SHARD_COUNT, seconds: 60 });
    if (old === undefined) return expect.unreachable('no lease');
    await saveWatchLists(database, [old, ...rest], { at: 1n, accounts: new Map([[old.shard, [{ account: 'a' }]]]) });
    await database.query(`update plimsoll.leases set expires_at = now() - interval '1 second' where name = $1`, [old.name]);
    const [now] = await claimShards(database, { holder: 'two', most: 1, seconds: 60 });
    await saveWatchLists(database, [old, ...rest], { at: 2n, accounts: new Map() });
    const listOf = async () => (await listWatchLists(database)).find(({ shard }) => shard === old.shard);
    expect(await listOf()).toEqual({ shard: old.shard, at: 1n, accounts: [{ account: 'a' }] });
    await saveWatchLists(database, now === undefined ? [] : [now], { at: 3n, accounts: new Map() });
    expect(await listOf()).toEqual({ shard: old.shard, at: 3n, accounts: [] });
    const fenced = database.query('update plimsoll.shard_watch_lists set at = 4, token = $1 where shard = $2', [old.token, String(old.shard)]);
    await expect(fenced).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });
});

describe(ChainColumns, () => {
  const known = findRule(morphoBlueRule.id);
  if (known === undefined) throw new TypeError('no such rule');
  const { screening: _, ...exact } = known;
  /** One collateral against one dollar: the order by health is the order by move. */
  const healthOf = (position: unknown, at: bigint): number | null => {
    const side = (wanted: string): number =>
      known
        .exposure({ market: wstEthUsdc, position, at })
        .filter((term) => term.side === wanted)
        .reduce((total, { amount, decimals, priceUsd, weight }) => total + (Number(amount) / 10 ** decimals) * Number(priceUsd) * Number(weight), 0);
    return side('debt') === 0 ? null : side('collateral') / side('debt');
  };

  test.each<[string, { readonly rule: Rule; readonly isHeld: boolean }]>([
    ['in columns', { rule: known, isHeld: true }],
    ['without sums', { rule: exact, isHeld: true }],
    ['which columns cannot hold', { rule: known, isHeld: false }],
  ])('behavior: the nearest of accounts %s are those that their rule says, but for those that are taken', async (_name, { rule, isHeld }) => {
    const random = seededRandom(5);
    const at = wstEthUsdc.lastUpdate + 12n;
    const market: BookMarket = { key: 'm', chain: 'eip155:1', deployment: DEPLOYMENT, protocol: 'morpho-blue', market: 'm', label: 'm', rule, state: wstEthUsdc, at };
    const accounts = Array.from({ length: 300 }, (_, place): BookAccount => {
      const position = { supplyShares: 0n, collateral: 10n ** 18n, borrowShares: place % 7 === 0 ? 0n : BigInt(random.integer(1, 4_000)) * 10n ** 12n };
      return { id: `a${place}`, owner: `0x${'0'.repeat(40)}`, marketKey: 'm', position, precision: 'exact', missing: [] };
    });
    const columns = new ChainColumns();
    columns.addMarket(market);
    columns.place(isHeld ? accounts : [...accounts, { id: 'lost', owner: accounts[0]?.owner ?? '0x', marketKey: 'nowhere', position: null, precision: 'exact', missing: [] }]);
    const liquidatable = new Set((await columns.screen(at)).liquidatable);
    const healths = accounts.flatMap(({ id, position }): [string, number][] => {
      const health = liquidatable.has(id) ? null : healthOf(position, at);
      return health === null ? [] : [[id, health]];
    });
    const ranked = healths.toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([id]) => id);
    expect([liquidatable.size > 10, ranked.length > 100]).toEqual([true, true]);
    for (const most of [1, 20, 1_000]) {
      const nearest = new Nearest(most);
      columns.addNearest(nearest, at, liquidatable);
      expect(nearest.list().map(({ id }) => id)).toEqual(ranked.slice(0, most));
    }
    columns.remove(ranked[0] ?? '');
    const without = new Nearest(5);
    columns.addNearest(without, at, new Set([...liquidatable, ranked[2] ?? '']));
    expect(without.list().map(({ id }) => id)).toEqual([ranked[1], ...ranked.slice(3, 7)]);
  });
});

describe(mergeWatched, () => {
  const row = (account: string, health: string, move: string | null): WatchedRow => ({
    account,
    owner: account,
    label: 'a market',
    health,
    nativeHealthFactor: null,
    move,
    collateralUsd: '1',
    debtUsd: '1',
    precision: 'exact',
    seenAt: 1,
  });

  test('default: the nearest of all parts first, and last those that no move reaches', () => {
    const lists = [[row('c', '1.3', '0.2'), row('a', '1.01', null)], [], [row('b', '1.2', '0.1'), row('d', '1.25', '0.1')]];
    expect(mergeWatched(lists).map(({ account }) => account)).toEqual(['b', 'd', 'c', 'a']);
    const many = Array.from({ length: 40 }, (_, at) => row(String(at + 10), `1.${at + 10}`, `0.${at + 10}`));
    const merged = mergeWatched([[row('close in health', '1.0001', null)], many, many.map((entry) => ({ ...entry, account: `x${entry.account}` }))]);
    expect([merged.length, merged.at(-1)?.move, merged.some(({ account }) => account === 'close in health')]).toEqual([MOST_WATCHED, '0.34', false]);
  });
});
