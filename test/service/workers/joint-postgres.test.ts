import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { WatchSettings } from '../../../src/service/workers/watch/watch-role.ts';
import type { Database } from '../../../src/store/database.ts';
import { JOINT_LEASE } from '../../../src/store/joint-plans.ts';
import { listLeases } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { startPostgres } from '../../store/postgres-server.ts';
import { endWorkers, startWorker, until, untilBalanced, untilSettled } from './watch-workers.ts';
import { type MovingBook, readJoint, scanTogether, startBook } from './watched-book.ts';

const SETTINGS: WatchSettings = { lease: { seconds: 4, renewMs: 300 }, repriceMs: 0, pollMs: 500, jointMs: 100, scan: { minProfitUsd: 0, gasUsd: null, liquidator: null } };

const server = await startPostgres();
afterEach(endWorkers);
afterAll(() => server.close());

const holderOf = async (database: Database) => (await listLeases(database, 'joint')).find(({ name, expired }) => name === JOINT_LEASE && !expired)?.holder ?? null;

/** Writes a block and waits until the joint figures are those of a scan of the whole book. */
async function expectPlanned(database: Database, book: MovingBook): Promise<void> {
  const { transaction } = await book.tick(20);
  await untilSettled(database, transaction);
  const expected = await scanTogether(database, 0);
  expect(expected.size).toBeGreaterThan(10);
  const text = (figures: typeof expected): string => JSON.stringify([...figures]);
  await until('everything open is planned together', async () => text(await readJoint(database)) === text(expected));
}

const title = server.kind === 'absent' ? `: skipped, no server here (${server.reason})` : '';
describe.skipIf(server.kind === 'absent')(`workers that plan together on PostgreSQL${title}`, () => {
  test('default: one of two processes plans for all shards; killed or paused it is followed, and nothing is written too late', { timeout: 240_000 }, async () => {
    const url = server.kind === 'server' ? await server.createDatabase() : '';
    const database = openDatabase({ kind: 'postgres', url });
    await database.execute(`create table plan_log (token int8, newest int8);
      create function log_plan() returns trigger language plpgsql as $$ begin insert into plan_log select new.token, token from plimsoll.leases where name = 'joint:plan'; return null; end $$;
      create trigger log_plan after insert or update on plimsoll.joint_plans for each row execute function log_plan();
      create trigger log_plan after insert or update on plimsoll.joint_opportunities for each row execute function log_plan();`);
    const book = await startBook(database, { accounts: 600, nearEach: 10, seed: 3 });
    const [one, two] = [await startWorker(url, SETTINGS), await startWorker(url, SETTINGS)];
    await untilBalanced(database, [one, two]);
    await expectPlanned(database, book);

    const victim = (await holderOf(database)) === one.holder ? one : two;
    const survivor = victim === one ? two : one;
    expect(await holderOf(database)).toBe(victim.holder);
    await victim.signal('SIGKILL');
    await untilBalanced(database, [survivor]);
    await expectPlanned(database, book);
    expect(await holderOf(database)).toBe(survivor.holder);

    const third = await startWorker(url, SETTINGS);
    await untilBalanced(database, [survivor, third]);
    await survivor.signal('SIGSTOP');
    await untilBalanced(database, [third]);
    await expectPlanned(database, book);
    expect(await holderOf(database)).toBe(third.holder);
    await survivor.signal('SIGCONT');
    await untilBalanced(database, [survivor, third]);
    await expectPlanned(database, book);
    expect(await holderOf(database)).toBe(third.holder);

    const [log] = await database.query('select count(*)::int as late from plan_log where token <> newest');
    const [tokens] = await database.query('select count(distinct token)::int as tokens from plan_log');
    expect([log, tokens]).toEqual([{ late: 0 }, { tokens: 3 }]);
    for (const worker of [survivor, third]) await worker.signal('SIGTERM');
    expect(await holderOf(database)).toBeNull();
    expect([survivor, third].map((worker) => worker.errors()).join('')).not.toMatch(/INTERNAL/);
    await database.close();
  });
});
