import { Gauge } from 'prom-client';
import { isLive } from '../../config.ts';
import { PlimsollError } from '../../core/errors.ts';
import { claimContents } from '../../store/contents.ts';
import { openRuntime } from '../portfolio/open-runtime.ts';
import { keepMarketPrices } from '../sync/market-prices.ts';
import { listMirrored, watchBook } from '../sync/sync-book.ts';
import type { SyncResult } from '../sync/sync-options.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { RoleTally } from './role-tally.ts';
import { SyncHealth } from './sync-health.ts';

/** The recorded data that are mirrored where nothing is configured. */
const RECORDED = 'constructed-wallet';
/** Milliseconds between two rounds: a block of Ethereum. */
const EVERY_MS = 12_000;
/** Milliseconds until it is begun again after something unexpected. */
const AGAIN_MS = 5_000;

/** Starts the role that mirrors the deployments, as `plimsoll sync` does. Any number of processes may: each deployment is leased by one at a time. */
export async function startSync(context: RoleContext): Promise<RunningRole> {
  const { config, database, holder, surroundings, log } = context;
  const tally = new RoleTally('sync', context);
  const recorded = isLive(config) || config.recorded !== null ? {} : { recorded: RECORDED };
  const runtime = await openRuntime(config, { owners: [], ...recorded }, surroundings);
  const stopping = new AbortController();
  const held = new Set<string>();
  const options = {
    reader: runtime.reader,
    database,
    holder,
    clock: surroundings.clock,
    signal: stopping.signal,
    notify: ({ deployment, kind }: { readonly deployment: string; readonly kind: string }) => {
      if (kind !== 'started') return;
      held.add(deployment);
      tally.holds([...held]);
      log(`sync: ${deployment} began`);
    },
  };
  const mirrored = listMirrored(options);
  try {
    if (mirrored.length === 0)
      throw new PlimsollError('NOT_CONFIGURED', 'The role sync has nothing to do: none of the deployments has a subgraph endpoint. Set GRAPH_API_KEY, or an endpoint of your own.');
    await claimContents(database, runtime.dataset === null ? 'live' : 'recorded');
  } catch (error) {
    await runtime.close();
    throw error;
  }

  const maxBlockAgeSeconds = config.maxBlockAgeSeconds;
  const state = new SyncHealth({ database, deployments: mirrored.map(({ deployment }) => deployment.id), now: runtime.reader.now, maxBlockAgeSeconds });
  const { registry } = context;
  new Gauge({
    name: 'plimsoll_sync_deployment_lag_seconds',
    help: 'Seconds since the newest block at which the mirror of a deployment was whole.',
    labelNames: ['deployment'],
    registers: [registry],
    collect() {
      for (const { deployment, lagMs } of state.list()) if (lagMs !== null) this.set({ deployment }, lagMs / 1_000);
    },
  });

  async function finished(results: readonly SyncResult[]): Promise<void> {
    held.clear();
    tally.holds([]);
    const gaps = results.flatMap((result) => result.gaps);
    for (const { code } of gaps) tally.noted(code);
    await state.look(results);
    const [gap] = gaps;
    if (gap !== undefined && results.every(({ status }) => status === 'failed')) tally.failed(new PlimsollError(gap.code, gap.message));
    else tally.succeeded(state.findLag());
    for (const { deployment, code, message } of gaps) log(`sync: ${deployment ?? ''}: ${code}: ${message}`);
    for (const { deployment, status, rowsChanged } of results) if (status !== 'current' && status !== 'busy') log(`sync: ${deployment} ${status}, ${rowsChanged} rows changed`);
  }

  /** The book goes on without market prices: they are part of the work, and no trouble of it. */
  function priceFailed({ code, message }: PlimsollError): void {
    tally.noted(code);
    log(`sync: market prices: ${code}: ${message}`);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await watchBook(options, mirrored, { pauseMs: EVERY_MS, finished }).catch((error: unknown) => tally.failed(error));
      await surroundings.clock.sleep(AGAIN_MS, stopping.signal);
    }
  }

  const running = [run(), keepMarketPrices({ ...options, failed: priceFailed })];
  return {
    health() {
      const { trouble, ...rest } = tally.health();
      return { ...rest, lagMs: state.findLag(), trouble: trouble ?? state.findTrouble(), deployments: state.list() };
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
      await runtime.close();
    },
  };
}
