import { type Config, isLive } from '../../config.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { ChainId } from '../../core/ids.ts';
import type { Surroundings } from '../../sources/clock.ts';
import { claimContents } from '../../store/contents.ts';
import { openDatabase } from '../../store/open-database.ts';
import { locateStore } from '../locate-store.ts';
import { MACHINE, openRuntime } from '../portfolio/open-runtime.ts';
import { keepMarketPrices, recordMarketPrices } from './market-prices.ts';
import { holderName, listMirrored, syncBook, watchBook } from './sync-book.ts';
import type { MirroredDeployment, SyncEvent, SyncResult } from './sync-options.ts';

/** What to synchronise, and how often. */
export interface SyncRequest {
  /** Only these chains; all where absent. */
  readonly chains?: readonly ChainId[];
  /** Only these deployments; all where absent. */
  readonly deployments?: readonly string[];
  /** Read everything, whatever is known. */
  readonly full: boolean;
  /** Milliseconds between two rounds; null for one round. */
  readonly everyMs: number | null;
  readonly notify: (event: SyncEvent) => void;
  /** Called after each round. */
  readonly finished: (results: readonly SyncResult[]) => void;
  /** Told of market prices that could not be had; the book goes on without them. */
  readonly priceFailed: (error: PlimsollError) => void;
  readonly signal: AbortSignal;
}

/** The recorded data that are mirrored where nothing is configured: the set with most protocols. */
const RECORDED = 'constructed-wallet';

/**
 * Synchronises the configured deployments into the configured database: once, or round after round until the signal comes.
 *
 * @returns the results of the last round
 * @throws {InvalidArgument} where a deployment is not known
 * @throws {PlimsollError} NOT_CONFIGURED where nothing can be mirrored; STORE_*, as STORE_REFUSED where the database holds recorded data and live ones are configured
 */
export async function runSync(config: Config, request: SyncRequest, surroundings: Surroundings = MACHINE): Promise<readonly SyncResult[]> {
  const recorded = isLive(config) || config.recorded !== null ? {} : { recorded: RECORDED };
  const runtime = await openRuntime(config, { owners: [], ...(request.chains === undefined ? {} : { chains: request.chains }), ...recorded }, surroundings);
  const database = openDatabase(locateStore(config));
  const options = { reader: runtime.reader, database, holder: holderName(database), clock: surroundings.clock, notify: request.notify, full: request.full, signal: request.signal };
  const done = new AbortController();
  const pricing = { ...options, failed: request.priceFailed, signal: AbortSignal.any([request.signal, done.signal]) };
  let keeping: Promise<void> = Promise.resolve();
  let last: readonly SyncResult[] = [];
  const finished = (results: readonly SyncResult[]): void => {
    last = results;
    request.finished(results);
  };
  try {
    // A database that is not there is said at once; one that goes away later is a gap of that round.
    await database.query('select 1');
    const mirrored = choose(listMirrored(options), request.deployments ?? null);
    await claimContents(database, runtime.dataset === null ? 'live' : 'recorded');
    if (request.everyMs !== null) {
      keeping = keepMarketPrices(pricing);
      await watchBook(options, mirrored, { pauseMs: request.everyMs, finished });
    } else {
      finished(await syncBook(options, mirrored));
      await recordMarketPrices(pricing);
    }
    return last;
  } finally {
    done.abort();
    await keeping;
    await database.close();
    await runtime.close();
  }
}

function choose(all: readonly MirroredDeployment[], wanted: readonly string[] | null): readonly MirroredDeployment[] {
  const unknown = wanted?.find((id) => !all.some(({ deployment }) => deployment.id === id));
  if (unknown !== undefined) {
    const known = all.map(({ deployment }) => deployment.id).join(', ');
    throw new InvalidArgument(`The deployment "${unknown}" cannot be synchronised here: it is not known, has no endpoint, or cannot be mirrored. Possible: ${known || 'none'}.`, {
      deployment: unknown,
    });
  }
  if (all.length === 0)
    throw new PlimsollError('NOT_CONFIGURED', 'No deployment can be synchronised: none of the configured ones has a subgraph endpoint. Set GRAPH_API_KEY, or an endpoint of your own.');
  return wanted === null ? all : all.filter(({ deployment }) => wanted.includes(deployment.id));
}
