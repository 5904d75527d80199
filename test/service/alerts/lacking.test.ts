import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import type { Address } from '../../../src/core/ids.ts';
import { findRule, listDeployments } from '../../../src/protocols/registry.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { RoleTally } from '../../../src/service/workers/role-tally.ts';
import { WalletWatch } from '../../../src/service/workers/watch/wallet-watch.ts';
import { WatchedBook } from '../../../src/service/workers/watch/watched-book.ts';
import { saveAlertRule } from '../../../src/store/alerts.ts';
import type { Database } from '../../../src/store/database.ts';
import { listEvents } from '../../../src/store/events.ts';
import { claimShards, SHARD_COUNT } from '../../../src/store/leases.ts';
import { completeRun, saveDeployment } from '../../../src/store/mirrors.ts';
import { createSealer } from '../../../src/store/seal.ts';
import { listDeliveries, saveWebhook } from '../../../src/store/webhooks.ts';
import { startEngines, titleOf } from '../../store/engines.ts';
import { put } from '../workers/put-account.ts';
import { DEPLOYMENT, startBook } from '../workers/watched-book.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());

const WALLET: Address = `0x${'c1'.repeat(20)}`;
/** Unix seconds of the book's first block. */
const START = 1_760_000_000;
const [OTHER = expect.unreachable('a deployment')] = listDeployments().filter(({ id }) => id === 'aave-v3/1/core');
const SHARDS = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(`what a subscriber is told of a wallet that is not seen whole, on ${titleOf(engine)}`, () => {
    let database: Database;
    let now = START;
    let look: () => Promise<void>;
    beforeAll(async () => {
      database = await engine.open();
      await database.query('select 1');
    }, 120_000);
    afterAll(() => database.close());
    beforeEach(async () => {
      await database.execute(`truncate plimsoll.deployments, plimsoll.alert_rules, plimsoll.webhooks, plimsoll.events, plimsoll.wallet_states, plimsoll.accounts, plimsoll.markets, plimsoll.prices cascade;
        update plimsoll.leases set holder = null, expires_at = '-infinity';`);
      now = START;
      await startBook(database, { accounts: 5 });
      await put(database, WALLET, 960);
      await saveWebhook(database, createSealer(), {
        id: 'hook',
        url: 'https://example.org/in',
        kinds: ['alert', 'health.changed'],
        enabled: true,
        createdAt: 1n,
        secret: new Uint8Array(32),
        nextSecret: null,
        wallets: [WALLET],
      });
      await saveAlertRule(database, { id: 'low', owner: WALLET, kind: 'health', params: { below: '1.2' }, enabled: true, webhook: 'hook' });
      look = await startLooking();
    });

    /** A process that watches the whole book as it is stored at each look. */
    async function startLooking(): Promise<() => Promise<void>> {
      const held = new Map((await claimShards(database, { holder: 'one', most: SHARD_COUNT, seconds: 600 })).map((lease) => [lease.shard, lease]));
      const surroundings = { ...MACHINE, clock: { ...MACHINE.clock, now: () => now * 1_000 } };
      const context = { config: readConfig({}), database, holder: 'one', surroundings, registry: new Registry(), log: () => {} };
      const watch = new WalletWatch(context, new RoleTally('watch', context), { everyMs: 0 });
      return async () => {
        const book = new WatchedBook({ deployments: listDeployments(), findRule });
        await book.load(database, SHARDS);
        await watch.look(book, { found: await book.screen(), touched: { accounts: new Set(), owners: new Set(), markets: new Set() }, held });
      };
    }
    /** What is on its way to the subscriber, in order. */
    const told = async (): Promise<readonly string[]> => {
      const sent = new Set((await listDeliveries(database, 'hook', 100)).map(({ event }) => event));
      return (await listEvents(database, 0n, 100))
        .filter(({ sequence }) => sent.has(sequence))
        .map(({ body }) => String(Object.entries(body as object).find(([key]) => key === 'change' || key === 'status')?.[1]));
    };
    const isReadAt = (id: string, seconds: number): Promise<void> =>
      database.transaction((queries) => completeRun(queries, id, { mode: 'full', block: { number: BigInt(seconds), hash: `0x${'6'.repeat(64)}`, timestamp: BigInt(seconds) } }));
    /** Time goes by, and the deployment of the wallet is read all the while. */
    const passes = async (seconds: number): Promise<void> => {
      now += seconds;
      await isReadAt(DEPLOYMENT, now);
      await database.query('update plimsoll.markets set at = $1', [now]);
    };
    const readAgain = () => database.query(`insert into plimsoll.pending_owners values ('${DEPLOYMENT}', $1)`, [WALLET]);
    const isRead = () => database.query('delete from plimsoll.pending_owners');

    test('default: a deployment that dies is told once, and so is its return; what was raised stays raised meanwhile, though the wallet is well by what can be read', async () => {
      const { id } = OTHER;
      await saveDeployment(database, OTHER);
      await isReadAt(id, START);
      await look();
      expect(await told()).toEqual(['raised']);
      await passes(600);
      await put(database, WALLET, 400);
      await look();
      expect(await told()).toEqual(['raised', 'cleared', 'safe']);
      await put(database, WALLET, 960);
      await look();
      await passes(1);
      await look();
      await put(database, WALLET, 400);
      for (let times = 0; times < 3; times += 1) {
        await passes(3_600);
        await look();
      }
      const [, , , ...after] = await told();
      expect(after).toEqual(['raised', 'critical', 'blind', 'incomplete']);
      await isReadAt(id, now);
      await look();
      await look();
      expect((await told()).slice(7)).toEqual(['seeing', 'cleared', 'safe']);
    });

    test('behavior: accounts that are read again within a minute are told nothing of', async () => {
      await look();
      for (let times = 0; times < 3; times += 1) {
        await readAgain();
        await look();
        now += 59;
        await look();
        await isRead();
        await look();
      }
      expect(await told()).toEqual(['raised']);
    });

    test('behavior: accounts that are not read again within a minute are told of once, and their return too; nothing is cleared meanwhile', async () => {
      await look();
      await readAgain();
      await put(database, WALLET, 400);
      await readAgain();
      await look();
      expect(await told()).toEqual(['raised', 'incomplete']);
      now += 60;
      await look();
      await look();
      expect(await told()).toEqual(['raised', 'incomplete', 'blind']);
      await isRead();
      await look();
      expect(await told()).toEqual(['raised', 'incomplete', 'blind', 'seeing', 'cleared', 'safe']);
    });
  });
}
