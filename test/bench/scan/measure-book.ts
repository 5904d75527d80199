import type { AssetId } from '../../../src/core/ids.ts';
import type { PriceMove } from '../../../src/core/rule.ts';
import { prepareMarket } from '../../../src/engine/prepare-market.ts';
import { decideAccounts } from '../../../src/engine/scan/exact.ts';
import { createJsKernel, openKernel, ScanBook, type ScanKernel, type ScreenResult } from '../../../src/engine/scan/index.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { type BenchCase, writeProgress } from '../report.ts';
import { rateOf, timeOnce, timeRuns } from './measure.ts';
import { AT, makePoolAccounts, type PoolAccounts, poolRule } from './pool-accounts.ts';

/** A page of accounts: positions for the exact mode are made page by page, outside the clock. */
const EXACT_BATCH = 1_000;
const WALK_SEED = 20_261_123;

interface LoadedBook {
  readonly book: ScanBook;
  readonly accounts: PoolAccounts;
  readonly loadMs: number;
}

/** Positions that were asked for are kept, as by a caller with a store behind a cache. */
function loadBook(kernel: ScanKernel, accounts: PoolAccounts): LoadedBook {
  const known = new Map<number, unknown>();
  const positionOf = (account: number): unknown => {
    const position = known.get(account) ?? accounts.position(account);
    known.set(account, position);
    return position;
  };
  const book = new ScanBook({ kernel, at: AT, positionOf });
  book.addMarket({ key: 'pool', rule: poolRule, state: accounts.pool });
  const { ms } = timeOnce(() => book.load(everyAccount(accounts)));
  return { book, accounts, loadMs: ms };
}

function* everyAccount({ count, position }: PoolAccounts): Generator<{ readonly market: string; readonly position: unknown }> {
  for (let account = 0; account < count; account += 1) yield { market: 'pool', position: position(account) };
}

/** A full screen with the list of whom it flags, memory, and the time to load; with `ticks` price ticks as well. */
export async function measureBook(name: string, count: number, options: { readonly runs: number; readonly ticks: boolean }): Promise<BenchCase[]> {
  writeProgress(`${name}: making ${count} accounts`);
  const accounts = makePoolAccounts(count);
  writeProgress(`${name}: loading`);
  const { book, loadMs } = loadBook(await openKernel(), accounts);
  const { bytes, slots } = book.figures;
  let flagged = 0;
  const screen = timeRuns(() => (flagged = book.listFlagged(AT).length), { times: options.runs, warmUp: 5 });
  const perAccount = (bytes.legs + bytes.overhead) / count;
  const cases: BenchCase[] = [
    {
      name,
      metrics: {
        accounts: count,
        legs_per_account: accounts.legs / count,
        ...rateOf(count, screen),
        flagged,
        slots,
        bytes_per_account: perAccount,
        bytes_allowed: 24 + (10 * accounts.legs) / count,
        load_accounts_per_s: (count / loadMs) * 1_000,
      },
    },
  ];
  if (options.ticks) cases.push(...measureTicks({ book, accounts, loadMs }, options.runs));
  return cases;
}

/** Seconds from tick to tick: a window of weights ends with every sixth. */
const BLOCK_SECONDS = 12n;

/**
 * Ticks of a block each, exact decisions included. Prices walk at random, so that they come back to no earlier point, but for `tick-1m-jump`, where
 * every price goes up or down by 6 %, and back with the next tick: that many accounts come below the threshold, and no margin leaves any account out.
 */
function measureTicks({ book, accounts }: LoadedBook, runs: number): BenchCase[] {
  const random = seededRandom(WALK_SEED);
  const assets = accounts.pool.reserves.map(({ asset }) => asset);
  const walk = (moved: readonly AssetId[], most: number) => () =>
    new Map(moved.map((asset): [AssetId, PriceMove] => [asset, { numerator: BigInt(random.integer(1_000_000 - most, 1_000_000 + most)), denominator: 1_000_000n }]));
  const directions = assets.map(() => random.integer(0, 1));
  const jump = (run: number) =>
    new Map(assets.map((asset, at): [AssetId, PriceMove] => [asset, directions[at] === run % 2 ? { numerator: 106n, denominator: 100n } : { numerator: 100n, denominator: 106n }]));
  let at = AT;
  const measure = (name: string, move: (run: number) => ReadonlyMap<AssetId, PriceMove>): BenchCase => {
    writeProgress(name);
    const results: ScreenResult[] = [];
    const times = timeRuns((run) => results.push(book.tick(move(run), (at += BLOCK_SECONDS))), { times: runs, warmUp: 6 });
    const mean = (of: (result: ScreenResult) => number): number => results.reduce((total, result) => total + of(result), 0) / results.length;
    const counts = { decided: mean(({ decided }) => decided), liquidatable: mean(({ liquidatable }) => liquidatable.length), blocks_read: mean(({ pass }) => pass?.blocks ?? 0) };
    return { name, metrics: { ms: times.medianMs, best_ms: times.bestMs, p95_ms: times.p95Ms, ...counts, blocks: book.figures.blocks } };
  };
  const index = measure('tick-index-10pct', walk(assets.slice(25, 26), 1_000));
  return [measure('tick-1m', walk(assets, 500)), { name: index.name, metrics: { ...index.metrics, holders_share: holdersOf(accounts, 25) / accounts.count } }, measure('tick-1m-jump', jump)];
}

function holdersOf({ count, position }: PoolAccounts, reserve: number): number {
  let holders = 0;
  for (let account = 0; account < count; account += 1) if (position(account).holdings.some((holding) => holding.reserve === reserve)) holders += 1;
  return holders;
}

/** The same layout on the kernel in plain JavaScript. */
export async function measureJs(count: number, runs: number): Promise<BenchCase> {
  const { book, accounts } = loadBook(createJsKernel(), makePoolAccounts(count));
  const times = timeRuns(() => book.listFlagged(AT), { times: runs, warmUp: 3 });
  return { name: 'screen-1m-js', metrics: { accounts: accounts.count, ...rateOf(count, times) } };
}

/** Every account by its rule, exactly. Positions are made in batches outside the clock. */
export function measureExact(count: number): BenchCase {
  writeProgress(`exact-1m: ${count} accounts`);
  const { pool, position } = makePoolAccounts(count);
  const prepared = prepareMarket({ rule: poolRule, state: pool }, AT);
  const batchMs: number[] = [];
  let liquidatable = 0;
  for (let from = 0; from < count; from += EXACT_BATCH) {
    const numbers = Array.from({ length: Math.min(EXACT_BATCH, count - from) }, (_, at) => at);
    const positions = numbers.map((at) => position(from + at));
    const { ms, result } = timeOnce(() => decideAccounts(numbers, (at) => prepared.isLiquidatable(positions[at] ?? position(from + at))));
    batchMs.push(ms / numbers.length);
    liquidatable += result.liquidatable.length;
  }
  const total = batchMs.reduce((sum, ms) => sum + ms, 0) / batchMs.length;
  return { name: 'exact-1m', metrics: { accounts: count, liquidatable, accounts_per_s: 1_000 / total, best_accounts_per_s: 1_000 / Math.min(...batchMs) } };
}
