import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { unwatchedLimitMs } from '../../../src/service/workers/watch/shard-leases.ts';
import type { WatchSettings } from '../../../src/service/workers/watch/watch-role.ts';
import type { Database } from '../../../src/store/database.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { usersOf } from '../../chain/counts.ts';
import { startPostgres } from '../../store/postgres-server.ts';
import { countShards, databaseSeconds, endWorkers, keepLogs, listLags, longestUnwatched, startWorker, until, untilBalanced, untilSettled, type WatchWorker } from './watch-workers.ts';
import { type MovingBook, readOpen, scanAlone, startBook } from './watched-book.ts';

const KILLS = usersOf(2, 10);
const ACCOUNTS = usersOf(3_000, 20_000);
const LEASE = { seconds: 4, renewMs: 500 };
const SETTINGS: WatchSettings = { lease: LEASE, repriceMs: 0, pollMs: 1_000 };
/** Milliseconds between two blocks under load. */
const TICK_MS = 150;

const server = await startPostgres();
afterEach(endWorkers);
afterAll(() => server.close());

interface Load {
  readonly ticks: { readonly transaction: bigint; readonly at: number }[];
  /** Ends it; gives the last block's transaction. */
  stop(): Promise<bigint>;
}

/** Writes block after block until it is stopped. */
function startLoad(book: MovingBook, ticks: Load['ticks']): Load {
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      ticks.push(await book.tick(8));
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  })();
  return {
    ticks,
    async stop() {
      isOver = true;
      await running;
      return ticks.at(-1)?.transaction ?? 0n;
    },
  };
}

/** One row while it is open, one event for each opening and each end. */
async function expectToldOnce(database: Database): Promise<void> {
  const [counts] = await database.query(
    `select (select count(*) from plimsoll.opportunities)::int as rows, (select count(closed_at) from plimsoll.opportunities)::int as closed,
       (select count(*) from plimsoll.events where kind = 'opportunity.opened')::int as opened_events, (select count(distinct body ->> 'id') from plimsoll.events where kind = 'opportunity.opened')::int as opened_ids,
       (select count(*) from plimsoll.events where kind = 'opportunity.closed')::int as closed_events, (select count(distinct body ->> 'id') from plimsoll.events where kind = 'opportunity.closed')::int as closed_ids,
       (select count(*) from (select subject from plimsoll.opportunities where closed_at is null group by subject having count(*) > 1) as twice)::int as twice,
       (select count(*) from write_log where token <> newest)::int as stale`,
  );
  const { rows, closed } = counts ?? {};
  expect(counts).toEqual({ rows, closed, opened_events: rows, opened_ids: rows, closed_events: closed, closed_ids: closed, twice: 0, stale: 0 });
  expect(Number(rows)).toBeGreaterThan(20);
}

const title = server.kind === 'absent' ? `: skipped, no server here (${server.reason})` : '';
describe.skipIf(server.kind === 'absent')(`workers that watch one book on PostgreSQL${title}`, () => {
  const open = async (): Promise<{ readonly url: string; readonly database: Database }> => {
    const url = server.kind === 'server' ? await server.createDatabase() : '';
    const database = openDatabase({ kind: 'postgres', url });
    await keepLogs(database);
    return { url, database };
  };

  test(`default: two processes, ${ACCOUNTS} owners, ${KILLS} kills under load: no shard without a live holder for twice the lease, every block screened in the end, nothing lost, nothing told twice`, {
    timeout: usersOf(180_000, 1_200_000),
  }, async () => {
    const { url, database } = await open();
    const book = await startBook(database, { accounts: ACCOUNTS, nearEach: usersOf(60, 300) });
    const deaths = new Map<string, number>();
    let workers: readonly WatchWorker[] = await Promise.all([startWorker(url, SETTINGS), startWorker(url, SETTINGS)]);
    await untilBalanced(database, workers);
    const ticks: Load['ticks'] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const load = startLoad(book, ticks);
      await new Promise((resolve) => setTimeout(resolve, 400 + ((kill * 370) % 1_100)));
      const [victim, survivor] = kill % 2 === 0 ? workers : workers.toReversed();
      if (victim === undefined || survivor === undefined) throw new TypeError('no workers');
      deaths.set(victim.holder, await databaseSeconds(database));
      await victim.signal('SIGKILL');
      await untilBalanced(database, [survivor]);
      workers = [survivor, await startWorker(url, SETTINGS)];
      await untilBalanced(database, workers);
      await untilSettled(database, await load.stop());
      expect(await readOpen(database), `what is open after kill ${kill + 1}`).toEqual(await scanAlone(database));
    }
    await expectToldOnce(database);
    const [unwatched, lags] = [await longestUnwatched(database, deaths), await listLags(database, ticks)];
    const limit = unwatchedLimitMs(LEASE) / 1_000;
    const at = (share: number): string => ((lags[Math.floor(share * (lags.length - 1))] ?? 0) * 1_000).toFixed(0);
    process.stdout.write(
      `${KILLS} kills, ${ticks.length} blocks: longest without a live holder ${unwatched.toFixed(2)} s (limit ${limit} s); block to screen p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms\n`,
    );
    expect(unwatched).toBeLessThan(limit);
    expect(lags.at(-1), 'every block was screened in the end').toBeLessThan(Number.POSITIVE_INFINITY);
    for (const worker of workers) await worker.signal('SIGTERM');
    expect(await countShards(database), 'whoever ends gives its shards back at once').toEqual(new Map());
    expect(workers.map((worker) => worker.errors()).join('')).not.toMatch(/INTERNAL|STORE_/);
    await database.close();
  });

  test('behavior: a worker that was paused until its shards were taken over writes nothing when it goes on', { timeout: 120_000 }, async () => {
    const { url, database } = await open();
    const book = await startBook(database, { accounts: 3_000, nearEach: 10, seed: 7 });
    const paused = await startWorker(url, SETTINGS);
    const other = await startWorker(url, SETTINGS);
    await untilBalanced(database, [paused, other]);
    const { transaction } = await book.tick(0);
    await until(
      'it writes',
      async () =>
        Number((await database.query(`select count(*)::int as rows from plimsoll.opportunities where token in (select token from plimsoll.leases where holder = $1)`, [paused.holder]))[0]?.['rows']) >
        3,
    );
    await paused.signal('SIGSTOP');
    await untilBalanced(database, [other]);
    await untilSettled(database, transaction);
    const written = await readOpen(database);
    expect(written).toEqual(await scanAlone(database));
    await paused.signal('SIGCONT');
    // By now it knows that its shards are gone, and has asked for its share anew.
    await untilBalanced(database, [paused, other]);
    expect(await readOpen(database)).toEqual(written);
    const next = await book.tick(20);
    await untilSettled(database, next.transaction);
    expect(await readOpen(database)).toEqual(await scanAlone(database));
    await expectToldOnce(database);
    for (const worker of [paused, other]) await worker.signal('SIGTERM');
    await database.close();
  });

  test('behavior: a newcomer gets its share, and what somebody gives back is taken at once', async () => {
    const { url, database } = await open();
    await startBook(database, { accounts: 100 });
    const workers = [await startWorker(url, SETTINGS)];
    await untilBalanced(database, workers);
    for (let more = 0; more < 2; more += 1) {
      workers.push(await startWorker(url, SETTINGS));
      await untilBalanced(database, workers);
    }
    const leaver = workers.shift();
    await leaver?.signal('SIGTERM');
    await untilBalanced(database, workers);
    expect(await longestUnwatched(database, new Map())).toBeLessThan(unwatchedLimitMs(LEASE) / 1_000);
    for (const worker of workers) await worker.signal('SIGTERM');
    await database.close();
  });
});
