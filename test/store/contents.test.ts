import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addObstructedOwners, type BookAccountDraft, listAccounts, replaceAccounts } from '../../src/store/book-accounts.ts';
import { claimContents, readContents } from '../../src/store/contents.ts';
import type { Database } from '../../src/store/database.ts';
import { claimLease, holdLease, renewLease } from '../../src/store/leases.ts';
import { listPendingOwners } from '../../src/store/mirror-rows.ts';
import { saveDeployment } from '../../src/store/mirrors.ts';
import { startEngines, titleOf } from './engines.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());
const DEPLOYMENT = { id: 'aave-v3/1/core', protocol: 'aave-v3', chain: 'eip155:1', market: '0xpool', label: 'core' };

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(titleOf(engine), () => {
    let database: Database;
    beforeAll(async () => {
      database = await engine.open();
    });
    afterAll(() => database?.close());

    test('default: a store is of live or of recorded data, and refuses the other once it holds any', async () => {
      expect(await readContents(database)).toBeNull();
      await claimContents(database, 'recorded');
      await claimContents(database, 'live');
      expect(await readContents(database)).toBe('live');
      await saveDeployment(database, DEPLOYMENT);
      await claimContents(database, 'live');
      await expect(claimContents(database, 'recorded')).rejects.toMatchObject({ code: 'STORE_REFUSED', fields: { holds: 'live' }, message: expect.stringContaining('Use another database') });
      expect(await readContents(database)).toBe('live');
    });

    test('behavior: what the chain values to the same again gets the newer block, and nobody has to look at it; obstacles are tried again by turns', async () => {
      const draft = (owner: string, block: bigint, over: Partial<BookAccountDraft> = {}): BookAccountDraft => ({
        ...{ id: `${DEPLOYMENT.id}/${owner}`, deployment: DEPLOYMENT.id, owner, marketKey: 'key', position: { shares: '1' }, precision: 'exact', missing: [], obstacle: null, source: 'chain' },
        ...{ block, at: block * 12n, ...over },
      });
      const write = (block: bigint, drafts: readonly BookAccountDraft[]) =>
        database.transaction((transaction) => replaceAccounts(transaction, { deployment: DEPLOYMENT.id, owners: drafts.map(({ owner }) => owner), accounts: drafts, block, at: block * 12n }));
      const kinds = (block: bigint) => [
        draft('a', block),
        draft('b', block, { source: 'rows' }),
        draft('c', block, { source: 'rows', obstacle: 'no price' }),
        draft('d', block, { obstacle: 'no price' }),
      ];
      const changed = async () => (await database.query('select array_agg(changed::text order by id) as changed from plimsoll.accounts'))[0]?.['changed'];
      const blocks = async () => (await listAccounts(database, {}, { after: '', most: 9 })).map(({ block }) => block);
      expect(await write(5n, kinds(5n))).toBe(4);
      const before = await changed();
      expect(await write(6n, kinds(6n))).toBe(0);
      expect([await blocks(), await changed()]).toEqual([[6n, 5n, 6n, 6n], before]);
      expect(await write(4n, kinds(4n))).toBe(0);
      expect(await blocks()).toEqual([6n, 5n, 6n, 6n]);
      expect(await write(7n, [draft('a', 7n, { position: { shares: '2' } }), draft('c', 7n, { source: 'rows', obstacle: 'no price' })])).toBe(1);
      // Longest untried first.
      await addObstructedOwners(database, DEPLOYMENT.id, 1);
      expect(await listPendingOwners(database, DEPLOYMENT.id, 9)).toEqual(['d']);
      await addObstructedOwners(database, DEPLOYMENT.id);
      expect(await listPendingOwners(database, DEPLOYMENT.id, 9)).toEqual(['c', 'd']);
    });

    test('behavior: a lease that is prolonged at the end of a long transaction lasts from then on', async () => {
      const lease = await claimLease(database, 'sync:long', { holder: 'me', seconds: 1 });
      if (lease === null) throw new TypeError('set up');
      const isLater = await database.transaction(async (transaction) => {
        await holdLease(transaction, lease);
        await transaction.query('select pg_sleep(1.2)');
        await renewLease(transaction, lease, 60);
        return (await transaction.query(`select expires_at > now() + interval '61 seconds' as later from plimsoll.leases where name = 'sync:long'`))[0]?.['later'];
      });
      expect(isLater).toBe(true);
    });
  });
}
