import type { AssetId } from '../../../src/core/ids.ts';
import type { PriceMove } from '../../../src/core/rule.ts';
import { decideAccounts, prepareMarket } from '../../../src/engine/scan/exact.ts';
import { createJsKernel, openKernel, ScanBook, type ScanKernel, type ScreenResult } from '../../../src/engine/scan/index.ts';
import { type BenchCase, writeProgress } from '../report.ts';
import { rateOf, timeOnce, timeRuns } from './measure.ts';
import { AT, makePoolAccounts, type PoolAccounts, poolRule } from './pool-accounts.ts';

/** A page of accounts: positions for the exact mode are made page by page, outside the clock. */
const EXACT_BATCH = 1_000;

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

/** Ticks up and down by a tenth of a percent, decisions in integers included. */
function measureTicks({ book, accounts }: LoadedBook, runs: number): BenchCase[] {
  const { reserves } = accounts.pool;
  const move = (assets: readonly AssetId[], run: number): ReadonlyMap<AssetId, PriceMove> =>
    new Map(assets.map((asset) => [asset, run % 2 === 0 ? { numerator: 999n, denominator: 1_000n } : { numerator: 1_000n, denominator: 999n }]));
  let last: ScreenResult | null = null;
  const all = reserves.map(({ asset }) => asset);
  const tick = (assets: readonly AssetId[]) => timeRuns((run) => (last = book.tick(move(assets, run), AT + BigInt(run % 30))), { times: runs, warmUp: 6 });
  writeProgress('ticks');
  const metricsOf = (times: { readonly medianMs: number; readonly bestMs: number }): Readonly<Record<string, number>> => ({
    ms: times.medianMs,
    best_ms: times.bestMs,
    decided: last?.decided ?? 0,
    liquidatable: last?.liquidatable.length ?? 0,
    blocks_read: last?.pass?.blocks ?? 0,
    blocks: book.figures.blocks,
  });
  const full = metricsOf(tick(all));
  const index = metricsOf(tick(all.slice(25, 26)));
  return [
    { name: 'tick-1m', metrics: full },
    { name: 'tick-index-10pct', metrics: { ...index, holders_share: holdersOf(accounts, 25) / accounts.count } },
  ];
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

/** Every account by its rule, in integers. Positions are made in batches outside the clock. */
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
