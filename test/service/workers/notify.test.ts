import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { keepHouse } from '../../../src/service/workers/housekeeping.ts';
import { notifyRole } from '../../../src/service/workers/notify-role.ts';
import type { RoleContext, RunningRole } from '../../../src/service/workers/role.ts';
import { replaceAccounts } from '../../../src/store/book-accounts.ts';
import type { Database } from '../../../src/store/database.ts';
import { addEvent } from '../../../src/store/events.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { createSealer } from '../../../src/store/seal.ts';
import { saveWebhook } from '../../../src/store/webhooks.ts';
import { DEPLOYMENT, startBook } from './watched-book.ts';

const PATIENCE = { timeout: 60_000, interval: 50 };
const sealer = createSealer();
let database: Database;
beforeAll(async () => {
  database = openDatabase({ kind: 'memory' });
  await database.query('select 1');
}, 120_000);
afterAll(() => database.close());

/** `sleepsForEver`: whatever waits for its time to come waits until it is woken or stopped. */
function contextOf({ sleepsForEver = false, now = Date.now() }: { sleepsForEver?: boolean; now?: number } = {}): RoleContext {
  const sleep = (_: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  const clock = { ...MACHINE.clock, now: () => now, ...(sleepsForEver ? { sleep } : {}) };
  return { config: readConfig({}), database, holder: 'tester', surroundings: { ...MACHINE, clock }, registry: new Registry(), log: () => {} };
}

describe('notify, which looks by itself only after an eternity', () => {
  let receiver: Server;
  let running: RunningRole | null = null;
  let keys: string[] = [];
  beforeEach(async () => {
    keys = [];
    receiver = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      request.on('end', () => {
        keys.push((JSON.parse(text) as { data: { key: string } }).data.key);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    await saveWebhook(database, sealer, { id: 'hook', url: `http://127.0.0.1:${port}/in`, kinds: ['alert'], enabled: true, createdAt: 1n, secret: new Uint8Array(32).fill(3), nextSecret: null });
  });
  afterEach(async () => {
    await running?.stop();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
    await database.execute('delete from plimsoll.webhooks; delete from plimsoll.events;');
  });
  const tell = (key: string): Promise<bigint | null> => database.transaction((queries) => addEvent(queries, { key, kind: 'alert', subject: 'one', body: { key }, at: 1_000n }));
  const start = async (): Promise<RunningRole> => (running = await notifyRole({ sealer, webhook: { allowHttp: true, isAllowed: () => true } })(contextOf({ sleepsForEver: true })));

  test('behavior: what happens is delivered when it is heard of', { timeout: 120_000 }, async () => {
    const role = await start();
    await vi.waitFor(() => expect(role.health().lastSuccess).not.toBeNull(), PATIENCE);
    for (const key of ['a', 'b']) {
      await tell(key);
      await vi.waitFor(() => expect(keys).toContain(key), PATIENCE);
    }
  });

  test('behavior: what is due is delivered without a wait, however much it is', { timeout: 120_000 }, async () => {
    const due = Array.from({ length: 9 }, (_, count) => `due ${count}`);
    for (const key of due) await tell(key);
    await start();
    await vi.waitFor(() => expect(new Set(keys)).toEqual(new Set(due)), PATIENCE);
  });
});

describe(keepHouse, () => {
  test('default: accounts that were closed a week ago are deleted, later ones stay: a reorganisation may bring them back', async () => {
    const [early, late] = (await startBook(database, { accounts: 5 })).owners;
    if (early === undefined || late === undefined) return expect.unreachable('no owners');
    const now = Math.floor(Date.now() / 1_000);
    const close = (owner: string, at: number) =>
      database.transaction((queries) => replaceAccounts(queries, { deployment: DEPLOYMENT, owners: [owner], accounts: [], block: 99_000_000n, at: BigInt(at) }));
    await close(early, now - 8 * 86_400);
    await close(late, now - 6 * 86_400);
    await database.query(`delete from plimsoll.leases where kind = 'house'`);
    const closed = async () => (await database.query('select distinct owner from plimsoll.accounts where position is null order by owner')).map((row) => row['owner']);
    expect(await closed()).toEqual([early, late]);
    expect((await keepHouse(contextOf({ now: now * 1_000 })))?.accounts).toBeGreaterThan(0);
    expect(await closed()).toEqual([late]);
  });
});
