import { setTimeout } from 'node:timers/promises';
import type { Database } from '../../../src/store/database.ts';
import { SHARD_COUNT } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { endWorkers, startWorker, untilBalanced, untilSettled } from '../../service/workers/watch-workers.ts';
import { type MovingBook, startBook } from '../../service/workers/watched-book.ts';
import { type BenchCase, quantile, writeProgress } from '../report.ts';

/** Owners whose positions a tick changes. */
const CHANGES = 5;
/** Ticks before the clock starts. */
const WARM_UP = 5;
const POLL_MS = 2;
/** Milliseconds after which a tick that is not screened ends the bench. */
const PATIENCE_MS = 60_000;

/** What is measured. */
export interface WorkersCase {
  readonly workers: number;
  readonly accounts: number;
  readonly ticks: number;
}

/** Starts worker processes on an empty database, writes tick after tick, and tells how fast they are screened. */
export async function measureWorkers(url: string, { workers, accounts, ticks }: WorkersCase): Promise<BenchCase> {
  const database = openDatabase({ kind: 'postgres', url });
  try {
    writeProgress(`${workers} workers, ${accounts} owners: the book is written`);
    const book = await startBook(database, { accounts });
    const { transaction } = await book.tick(0);
    const began = performance.now();
    const started = await Promise.all(Array.from({ length: workers }, () => startWorker(url, {})));
    await untilBalanced(database, started);
    await untilScreened(database, transaction);
    const startMs = performance.now() - began;
    await untilSettled(database, transaction);
    for (let tick = 0; tick < WARM_UP; tick += 1) await measureTick(database, book);
    const openedBefore = await countOpened(database);
    writeProgress(`${workers} workers: ${ticks} ticks`);
    const lags: number[] = [];
    const start = performance.now();
    for (let tick = 0; tick < ticks; tick += 1) lags.push(await measureTick(database, book));
    const seconds = (performance.now() - start) / 1_000;
    const opened = (await countOpened(database)) - openedBefore;
    for (const worker of started) await worker.signal('SIGTERM');
    return {
      name: `workers-${workers}`,
      metrics: { ticks_per_s: ticks / seconds, lag_p50_ms: quantile(lags, 0.5), lag_p95_ms: quantile(lags, 0.95), lag_max_ms: Math.max(...lags), opened, start_ms: startMs },
    };
  } finally {
    endWorkers();
    await database.close();
  }
}

/** @returns milliseconds until the last shard was screened with the tick */
async function measureTick(database: Database, book: MovingBook): Promise<number> {
  const { transaction, at } = await book.tick(CHANGES);
  return (await untilScreened(database, transaction)) * 1_000 - at * 1_000;
}

/** @returns when the last shard was screened with what a transaction wrote, unix seconds of the database */
async function untilScreened(database: Database, transaction: bigint): Promise<number> {
  const started = performance.now();
  while (performance.now() - started < PATIENCE_MS) {
    const [row] = await database.query(`select count(*)::int as shards, extract(epoch from max(screened_at))::float8 as at from plimsoll.shard_progress where screened::xid8 > $1::text::xid8`, [
      transaction.toString(),
    ]);
    if (row?.['shards'] === SHARD_COUNT) return Number(row['at']);
    await setTimeout(POLL_MS);
  }
  throw new TypeError('a tick was not screened by every shard');
}

async function countOpened(database: Database): Promise<number> {
  const [row] = await database.query(`select count(*)::int as opened from plimsoll.events where kind = 'opportunity.opened'`);
  return Number(row?.['opened']);
}
