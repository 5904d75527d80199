import { randomUUID } from 'node:crypto';
import { InternalError, isPlimsollError, type PlimsollError } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Clock } from '../../sources/clock.ts';
import type { MarketPrices } from '../../sources/prices.ts';
import { listBookAssets } from '../../store/book-markets.ts';
import type { Database } from '../../store/database.ts';
import { claimLease, holdLease, type Lease, releaseLeases, renewLease } from '../../store/leases.ts';
import { recordPrices } from '../../store/prices.ts';
import { isStoreFailure } from '../../store/sql-failure.ts';
import type { ReaderOptions } from '../portfolio/reader-options.ts';
import { requireReadable } from '../portfolio/require-readable.ts';

/** The lease under which one process asks for market prices for all. */
const PRICES_LEASE = 'prices:market';
/** Seconds between two rounds at least. */
const EVERY_SECONDS = 60;
/** Seconds that one batch may take; whoever was killed at it is followed after that. */
const WORK_SECONDS = 120;
/** Assets that are asked for at once. */
const BATCH = 60;
/** Batches that may fail before the rest waits for the next round: an endpoint that is gone costs no more time. */
const MOST_FAILURES = 2;
/** Milliseconds between two looks whether a round is due. */
const LOOK_MS = 5_000;

/** What recording market prices needs. */
export interface PriceRecording {
  readonly database: Database;
  readonly holder: string;
  readonly reader: Pick<ReaderOptions, 'prices' | 'now' | 'findRule'>;
  readonly clock: Clock;
  /** Told of each batch that failed: a market price that is missing is no reason to stop. */
  readonly failed: (error: PlimsollError) => void;
  readonly signal: AbortSignal;
}

/** Records market prices whenever they are due, until the signal comes. Never throws. */
export async function keepMarketPrices(options: PriceRecording): Promise<void> {
  const { reader, clock, signal } = options;
  while (reader.prices !== null && !signal.aborted) {
    await recordMarketPrices(options);
    await clock.sleep(LOOK_MS, signal);
  }
}

/**
 * Asks for the market prices of every asset of the stored book and records them, if nobody has for a minute: one process at a time, in batches. Never throws: what went wrong is told to
 * `failed`.
 *
 * @returns how many prices were recorded; null where it is not due, no prices are configured, or the store could not be reached
 */
export async function recordMarketPrices(options: PriceRecording): Promise<number | null> {
  try {
    return await recordIfDue(options);
  } catch (error) {
    options.failed(isPlimsollError(error) ? error : new InternalError('market prices could not be recorded'));
    return null;
  }
}

async function recordIfDue(options: PriceRecording): Promise<number | null> {
  const { database, holder, reader } = options;
  const { prices } = reader;
  if (prices === null) return null;
  // A name of its own each time: the same one could claim what it did a moment ago.
  const lease = await claimLease(database, PRICES_LEASE, { holder: `${holder}/${randomUUID()}`, seconds: WORK_SECONDS });
  if (lease === null) return null;
  const assets = await listBookAssets(database);
  if (assets.length === 0) {
    await releaseLeases(database, [lease]);
    return 0;
  }
  const recorded = await recordBatches(options, { prices, lease, assets });
  await renewLease(database, lease, EVERY_SECONDS);
  return recorded;
}

interface Round {
  readonly prices: MarketPrices;
  readonly lease: Lease;
  readonly assets: readonly string[];
}

async function recordBatches({ database, reader, failed, signal }: PriceRecording, { prices, lease, assets }: Round): Promise<number> {
  let [recorded, failures] = [0, 0];
  for (let from = 0; from < assets.length && failures < MOST_FAILURES && !signal.aborted; from += BATCH) {
    const now = reader.now();
    try {
      const found = await prices.fetchPrices(assets.slice(from, from + BATCH) as AssetId[], BigInt(now));
      requireReadable('The market prices', { prices: found }, reader.findRule);
      await database.transaction(async (queries) => {
        await holdLease(queries, lease);
        // A price of tomorrow would stay the newest until then.
        const records = found.map(({ asset, source, usd, observedAt }) => ({ asset, kind: 'market' as const, source, usd, at: BigInt(Math.min(observedAt, now)) }));
        await recordPrices(queries, records);
      });
      await renewLease(database, lease, WORK_SECONDS);
      recorded += found.length;
    } catch (error) {
      if (!isPlimsollError(error) || isStoreFailure(error)) throw error;
      failures += 1;
      failed(error);
    }
  }
  return recorded;
}
