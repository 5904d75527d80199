import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BookAccountDraft, deleteGoneAccounts, listAccounts, listBookChanges, readBookPosition, replaceAccounts } from '../../src/store/book-accounts.ts';
import { type BookMarket, deleteUnusedMarkets, listMarkets, saveMarkets } from '../../src/store/book-markets.ts';
import type { Database } from '../../src/store/database.ts';
import {
  addPendingOwners,
  applyRows,
  countChangedAfter,
  countEntities,
  deleteVanished,
  listChangedIds,
  listPendingOwners,
  type MirrorRow,
  readEntityRows,
  readOwnerRows,
  removeUnlisted,
} from '../../src/store/mirror-rows.ts';
import { completeRun, findProgress, forgetBlocksAbove, readMirrorState, type SyncProgress, saveDeployment, saveProgress } from '../../src/store/mirrors.ts';
import { deletePrices, listPriceHistory, listPrices, recordPrices } from '../../src/store/prices.ts';
import { startEngines, titleOf } from './engines.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());

const ALICE = `0x${'a1'.repeat(20)}`;
const BOB = `0x${'b0'.repeat(20)}`;
const deployment = (id: string) => ({ id, protocol: 'aave-v3', chain: 'eip155:1', market: '0xpool', label: id });
const row = (id: string, owner: string | null, data: unknown): MirrorRow => ({ id, owner, market: 'm', data });
const scope = (id: string, block: bigint) => ({ deployment: id, entity: 'rows', block });
const account = (id: string, owner: string, over: Partial<BookAccountDraft> = {}): BookAccountDraft => ({
  id,
  deployment: id.split('#')[0] ?? '',
  owner,
  marketKey: 'key',
  position: { shares: '1' },
  precision: 'accrued',
  missing: [],
  obstacle: null,
  source: 'rows',
  block: 10n,
  at: 100n,
  ...over,
});
const replacement = (id: string, owners: readonly string[], accounts: readonly BookAccountDraft[], at = 100n) => ({ deployment: id, owners, accounts, block: 10n, at });
const market = (key: string, id: string, over: Partial<BookMarket> = {}): BookMarket => ({
  key,
  deployment: id,
  market: 'm',
  label: 'M',
  rule: 'r@1',
  state: { price: '1' },
  source: 'rows',
  witness: ALICE,
  missing: ['prices'],
  block: 10n,
  at: 100n,
  ...over,
});

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(titleOf(engine), () => {
    let db: Database;
    beforeAll(async () => {
      db = await engine.open();
      for (const id of ['rows', 'gone', 'back', 'run', 'book', 'feed', 'markets']) await saveDeployment(db, deployment(id));
    });
    afterAll(() => db.close());

    test('default: rows are written once, and the same again changes nothing', async () => {
      const rows = [row('b', BOB, { v: '2' }), row('a', ALICE, { v: '1' }), row('z', null, { v: '9' })];
      expect(await applyRows(db, scope('rows', 5n), rows)).toBe(3);
      expect(await listPendingOwners(db, 'rows', 10)).toEqual([ALICE, BOB]);
      await replaceAccounts(db, replacement('rows', [ALICE, BOB], []));
      expect(await applyRows(db, scope('rows', 6n), rows)).toBe(0);
      expect(await listPendingOwners(db, 'rows', 10)).toEqual([]);
      expect((await countEntities(db, 'rows')).get('rows')).toBe(3);
      expect(await readOwnerRows(db, 'rows', [ALICE])).toEqual(new Map([['rows', [{ v: '1' }]]]));
      expect((await readEntityRows(db, 'rows', ['rows', 'none'])).get('rows')).toEqual([{ v: '1' }, { v: '2' }, { v: '9' }]);
    });

    test('behavior: a row that differs is written with its block, and its owner is noted', async () => {
      expect(await applyRows(db, scope('rows', 7n), [row('a', ALICE, { v: '3' }), row('b', BOB, { v: '2' })])).toBe(1);
      expect(await listChangedIds(db, scope('rows', 6n), { after: '', most: 10 })).toEqual(['a']);
      expect(await countChangedAfter(db, 'rows', 6n)).toBe(1);
      expect(await listPendingOwners(db, 'rows', 10)).toEqual([ALICE]);
    });

    test('behavior: a row of another owner notes both', async () => {
      await applyRows(db, scope('rows', 8n), [row('moved', ALICE, { v: '1' })]);
      await replaceAccounts(db, replacement('rows', [ALICE], []));
      await applyRows(db, scope('rows', 9n), [row('moved', BOB, { v: '1' })]);
      expect(await listPendingOwners(db, 'rows', 10)).toEqual([ALICE, BOB]);
    });

    test('behavior: ids are in the order of their bytes, as a subgraph has them', async () => {
      const ids = ['0xB', '0xa', 'Z', '_', '0x00', 'é'];
      await applyRows(
        db,
        { deployment: 'rows', entity: 'order', block: 1n },
        ids.map((id) => row(id, null, { id })),
      );
      expect(((await readEntityRows(db, 'rows', ['order'])).get('order') as { id: string }[]).map((entry) => entry.id)).toEqual(
        [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    });

    test('behavior: rows that a page did not list are gone, keep their id, and come back', async () => {
      const all = ['a', 'b', 'c', 'd', 'e'].map((id) => row(id, ALICE, { id }));
      await applyRows(db, scope('gone', 1n), all);
      await replaceAccounts(db, replacement('gone', [ALICE], []));
      expect(await removeUnlisted(db, scope('gone', 2n), { after: 'a', to: 'd', listed: ['b', 'd'] })).toBe(1);
      expect(await removeUnlisted(db, scope('gone', 2n), { after: 'd', to: null, listed: [] })).toBe(1);
      expect(await listChangedIds(db, scope('gone', 1n), { after: '', most: 9 })).toEqual(['c', 'e']);
      expect(await listPendingOwners(db, 'gone', 9)).toEqual([ALICE]);
      expect((await countEntities(db, 'gone')).get('rows')).toBe(3);
      expect(await applyRows(db, scope('gone', 3n), [row('c', ALICE, { id: 'c' }), row('x', null, null)])).toBe(1);
      expect((await countEntities(db, 'gone')).get('rows')).toBe(4);
      expect(await deleteVanished(db, 'gone', 1n)).toBe(0);
      expect(await deleteVanished(db, 'gone', 2n)).toBe(1);
    });

    test('behavior: a row without data empties the one that is there, and its owner is still known', async () => {
      await applyRows(db, scope('back', 1n), [row('a', ALICE, { v: '1' })]);
      await replaceAccounts(db, replacement('back', [ALICE], []));
      expect(await applyRows(db, scope('back', 2n), [row('a', null, null), row('never', null, null)])).toBe(1);
      expect(await listPendingOwners(db, 'back', 9)).toEqual([ALICE]);
      expect((await countEntities(db, 'back')).size).toBe(0);
      expect(await applyRows(db, { ...scope('back', 3n), keepsEmpty: true }, [row('kept', null, null)])).toBe(1);
      expect(await listChangedIds(db, scope('back', 2n), { after: '', most: 9 })).toEqual(['kept']);
      await addPendingOwners(db, 'back', [BOB]);
      await addPendingOwners(db, 'back', 'all');
      expect(await listPendingOwners(db, 'back', 9)).toEqual([ALICE, BOB]);
    });

    test('behavior: a run is kept page by page, ends with a block, and vanished blocks are forgotten', async () => {
      const progress: SyncProgress = {
        plan: 'p',
        mode: 'full',
        block: { number: 10n, hash: '0xaa', timestamp: 1_000n },
        since: { number: 0n, timestamp: 0n },
        step: 1,
        lastId: 'k',
        pages: 3,
        rowsRead: 2_500,
      };
      await saveProgress(db, 'run', { ...progress, step: 0 });
      await saveProgress(db, 'run', progress);
      expect(await findProgress(db, 'run')).toEqual(progress);
      await completeRun(db, 'run', { mode: 'full', block: progress.block });
      await completeRun(db, 'run', { mode: 'changes', block: { number: 12n, hash: '0xcc', timestamp: 1_024n } });
      await completeRun(db, 'run', { mode: 'changes', block: { number: 12n, hash: '0xdd', timestamp: 1_025n } });
      expect(await findProgress(db, 'run')).toBeNull();
      expect(await readMirrorState(db, 'run')).toEqual({
        fullAt: 1_000n,
        blocks: [
          { number: 12n, hash: '0xdd', timestamp: 1_025n },
          { number: 10n, hash: '0xaa', timestamp: 1_000n },
        ],
      });
      await forgetBlocksAbove(db, 'run', 10n);
      expect((await readMirrorState(db, 'run')).blocks.map((block) => block.number)).toEqual([10n]);
      for (let number = 20n; number < 100n; number += 1n) await completeRun(db, 'run', { mode: 'changes', block: { number, hash: null, timestamp: number } });
      const { blocks } = await readMirrorState(db, 'run');
      expect([blocks.length, blocks[0]?.number, blocks.at(-1)?.number]).toEqual([64, 99n, 36n]);
      await forgetBlocksAbove(db, 'run', null);
      expect((await readMirrorState(db, 'run')).blocks).toEqual([]);
    });

    test('behavior: accounts of some owners are replaced, others are left, and the same again changes nothing', async () => {
      const both = [account('book#1', ALICE), account('book#2', BOB), account('book#3', ALICE)];
      expect(await replaceAccounts(db, replacement('book', [ALICE, BOB], both))).toBe(3);
      expect(await replaceAccounts(db, replacement('book', [ALICE, BOB], both))).toBe(0);
      expect(await replaceAccounts(db, replacement('book', [ALICE], [account('book#1', ALICE, { position: { shares: '2' } })], 200n))).toBe(2);
      const stored = await listAccounts(db, { deployments: ['book'] }, { after: '', most: 10 });
      expect(stored).toEqual([
        { ...account('book#1', ALICE, { position: { shares: '2' } }), shard: expect.any(Number) },
        { ...account('book#2', BOB), shard: expect.any(Number) },
      ]);
      const [alice, bob] = stored.map((entry) => entry.shard);
      expect((await listAccounts(db, { deployments: ['book'], shards: [alice ?? -1] }, { after: '', most: 10 })).map((entry) => entry.id)).toEqual(alice === bob ? ['book#1', 'book#2'] : ['book#1']);
      expect(await listAccounts(db, { owners: [BOB] }, { after: 'book#2', most: 10 })).toEqual([]);
      expect([await deleteGoneAccounts(db, 200n), await deleteGoneAccounts(db, 201n)]).toEqual([0, 1]);
    });

    test('behavior: a reader that asks again learns of everything that was committed, also by a transaction that began before it asked', async () => {
      const start = await readBookPosition(db);
      await replaceAccounts(db, replacement('feed', [ALICE, BOB], [account('feed#1', ALICE), account('feed#2', BOB)]));
      await saveMarkets(db, [market('feed-key', 'feed')]);
      const first = await listBookChanges(db, { deployments: ['feed'] }, start);
      expect([first.accounts.map((entry) => entry.id), first.gone, first.markets]).toEqual([['feed#1', 'feed#2'], [], ['feed-key']]);
      expect(first.accounts[0]).toEqual({ ...account('feed#1', ALICE), shard: expect.any(Number) });
      await replaceAccounts(db, replacement('feed', [BOB], []));
      const second = await listBookChanges(db, { deployments: ['feed'] }, first.next);
      expect([second.accounts.map((entry) => entry.id), second.gone, second.markets]).toEqual([[], ['feed#2'], []]);
      expect((await listBookChanges(db, { deployments: ['book'] }, first.next)).accounts).toEqual([]);
    });

    // Nobody else writes to the embedded database meanwhile.
    if (engine.name !== 'PGlite') {
      test('behavior: a slow writer is not passed by', async () => {
        const start = await readBookPosition(db);
        const written = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        const slow = db.transaction(async (queries) => {
          await replaceAccounts(queries, replacement('feed', [ALICE], [account('feed#slow', ALICE)]));
          written.resolve();
          await go.promise;
        });
        await written.promise;
        await replaceAccounts(db, replacement('feed', [BOB], [account('feed#quick', BOB)]));
        const between = await listBookChanges(db, { deployments: ['feed'] }, start);
        expect(between.accounts.map((entry) => entry.id)).toEqual(['feed#quick']);
        go.resolve();
        await slow;
        expect((await listBookChanges(db, { deployments: ['feed'] }, between.next)).accounts.map((entry) => entry.id)).toContain('feed#slow');
      });
    }

    test('behavior: a market state is never replaced by an older one; unused markets go', async () => {
      await saveMarkets(db, [market('k1', 'markets'), market('k2', 'markets')]);
      await saveMarkets(db, [market('k1', 'markets', { at: 99n, state: { price: 'old' } }), market('k2', 'markets', { at: 101n, state: { price: 'new' }, source: 'chain' })]);
      expect((await listMarkets(db, ['markets'])).map((entry) => [entry.key, entry.state, entry.source])).toEqual([
        ['k1', { price: '1' }, 'rows'],
        ['k2', { price: 'new' }, 'chain'],
      ]);
      await replaceAccounts(db, replacement('markets', [ALICE], [account('markets#1', ALICE, { marketKey: 'k2' })]));
      expect(await deleteUnusedMarkets(db, 'markets')).toEqual(['k1']);
    });

    test('behavior: the current price is the newest of its kind, and a price that changed is in the history once', async () => {
      const price = (usd: string, at: bigint) => ({ asset: 'eth', kind: 'oracle' as const, source: 'oracle', usd, at });
      const market = (source: string, usd: string, at: bigint) => ({ asset: 'eth', kind: 'market' as const, source, usd, at });
      await recordPrices(db, [price('3000.5', 10n), price('3100', 20n), price('3100', 20n)]);
      await recordPrices(db, [price('2900', 15n), price('3000.5', 10n), price('2800', 9n), { ...price('0', 1n), asset: 'btc' }]);
      await recordPrices(db, []);
      // What stays the same is current, and is no news.
      await recordPrices(db, [price('3100', 30n), price('3100.0', 35n)]);
      await recordPrices(db, [price('3100', 40n)]);
      await recordPrices(db, [price('3000', 50n), price('3000', 55n), price('3100', 60n)]);
      const of = (kind: 'oracle' | 'market', from: bigint) => listPrices(db, ['eth', 'btc'], { kind, from });
      expect(await of('oracle', 0n)).toEqual([{ ...price('0', 1n), asset: 'btc' }, price('3100', 60n)]);
      expect(await listPriceHistory(db, { asset: 'eth', source: 'oracle', from: 9n, to: 60n })).toEqual([
        price('2800', 9n),
        price('3000.5', 10n),
        price('2900', 15n),
        price('3100', 20n),
        price('3000', 50n),
        price('3100', 60n),
      ]);
      expect(await of('market', 0n)).toEqual([]);
      await recordPrices(db, [market('one', '3090', 61n), market('other', '3091', 62n)]);
      expect([await of('market', 0n), await of('market', 62n), await of('market', 63n)]).toEqual([[market('other', '3091', 62n)], [market('other', '3091', 62n)], []]);
      expect(await of('oracle', 2n)).toEqual([price('3100', 60n)]);
    });

    test('behavior: old prices go, but for what still held', async () => {
      const price = (source: string, usd: string, at: bigint) => ({ asset: 'sol', kind: 'market' as const, source, usd, at });
      await recordPrices(db, [price('gone', '1', 100n), price('gone', '2', 200n), price('steady', '5', 100n), price('steady', '6', 200n)]);
      await recordPrices(db, [price('steady', '6.5', 900n), price('new', '7', 950n)]);
      const [known = {}] = await db.query(
        'select (select count(*) from plimsoll.prices where at < 500)::int4 as prices, (select count(*) from plimsoll.price_history where at < 500)::int4 as history',
      );
      // Of another test's assets nothing is left.
      expect(await deletePrices(db, 500n)).toBe(Number(known['prices']) + Number(known['history']) - 1);
      const history = (source: string) => listPriceHistory(db, { asset: 'sol', source, from: 0n, to: 999n });
      expect([await history('gone'), await history('steady'), await history('new')]).toEqual([[], [price('steady', '6', 200n), price('steady', '6.5', 900n)], [price('new', '7', 950n)]]);
      expect((await listPrices(db, ['sol'], { kind: 'market', from: 0n })).map(({ source }) => source)).toEqual(['new']);
      expect(await deletePrices(db, 500n)).toBe(0);
    });
  });
}
