import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, write, writeProgress } from '../report.ts';
import { measureBook, measureExact, measureJs } from './measure-book.ts';
import { measureStores } from './measure-store.ts';
import { arePeersInstalled, measurePeers } from './peers.ts';
import { RESERVES } from './pool-accounts.ts';

/** Accounts of the smaller book; the larger has five times as many. */
const ACCOUNTS = 1_000_000;
/** Accounts of the book that is put into the store: writing a million would take minutes. */
const STORED_ACCOUNTS = 100_000;
const RUNS = 60;
const USAGE = `npm run -s bench -- scan [--json] [--accounts ${ACCOUNTS}] [--runs ${RUNS}]`;

/** Measures the scan in this process, on one core: full screens, ticks, the exact mode, memory, and other packages over the same accounts. */
export async function runScanBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false }, accounts: { type: 'string' }, runs: { type: 'string' }, help: { type: 'boolean' } } });
  const [accounts, runs] = [Number(values.accounts ?? ACCOUNTS), Number(values.runs ?? RUNS)];
  if (values.help === true || !(Number.isInteger(accounts) && accounts >= 1_000 && Number.isInteger(runs) && runs > 0)) {
    writeProgress(`Usage: ${USAGE}; at least 1000 accounts`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const before = describeMachine();
  const cases: BenchCase[] = [
    ...(await measureBook('screen-1m', accounts, { runs, ticks: true })),
    ...(await measureBook('screen-5m', 5 * accounts, { runs: Math.ceil(runs / 3), ticks: false })),
    await measureJs(accounts, Math.ceil(runs / 6)),
    measureExact(accounts),
    ...peerCases(accounts),
  ];
  const stores = await measureStores(Math.min(accounts, STORED_ACCOUNTS));
  const report: BenchReport = { bench: 'scan', machine: describeMachine(), cases: [...withRatios(cases), ...stores.cases], notes: [...notesOf(accounts, runs, before.load), ...stores.missing] };
  if (values.json) write(JSON.stringify(report, null, 2));
  else print(report);
}

function peerCases(accounts: number): BenchCase[] {
  if (!arePeersInstalled()) return [];
  writeProgress('peers');
  const share = Math.min(1, accounts / ACCOUNTS);
  return measurePeers({ mathUtils: Math.max(100, Math.round(2_000 * share)), exactly: Math.max(200, Math.round(100_000 * share)), blueSdk: Math.max(500, Math.round(300_000 * share)) });
}

/** Puts beside each peer how many times faster the screen and the exact mode were in this run. */
function withRatios(cases: readonly BenchCase[]): BenchCase[] {
  const rate = (name: string): number => cases.find((entry) => entry.name === name)?.metrics['accounts_per_s'] ?? Number.NaN;
  return cases.map((entry) => {
    if (!entry.name.startsWith('peer:')) return entry;
    const own = entry.name.includes('morpho') ? 'exact-morpho' : 'exact-1m';
    const theirs = rate(entry.name);
    return { name: entry.name, metrics: { ...entry.metrics, screen_times_faster: rate('screen-1m') / theirs, exact_times_faster: rate(own) / theirs } };
  });
}

function notesOf(accounts: number, runs: number, loadBefore: number): string[] {
  return [
    ...(accounts < ACCOUNTS || runs < RUNS ? [`REDUCED RUN: ${accounts} accounts (full: ${ACCOUNTS}), ${runs} runs (full: ${RUNS}).`] : []),
    `One process; all is measured on one thread but load-postgres, whose server is a process of its own. Allowed CPUs: ${allowedCpus()} (Linux: \`taskset -c 0 npm run -s bench -- scan\` pins it). Load when it began: ${loadBefore}; where others were busy the best is nearer to what one free core does.`,
    `Rates and ms are medians of ${runs} runs, a third as many at five times the accounts; best_ and p95_ are over the same runs. Between runs it sleeps for twice as long as a run takes, so as to be stopped less often in the middle of one: these are not rates of a core that is busy all the time.`,
    `Book: test/bench/scan/pool-accounts.ts, one Aave pool of ${RESERVES} reserves under aave-v3@3.6, one to nine legs an account, a tenth of them in e-mode; one account in 2,000 is liquidatable from the start.`,
    'screen: the kernel over all accounts and the list of whom it flags, without decisions.',
    'tick: new prices through the rule, weights, kernel, and every flagged account decided by its rule at a new second, 12 s later each time; positions are in memory. tick-1m: every price walks by up to 0.05 %, about what a block brings, and margins leave most blocks unread (blocks_read); tick-index-10pct: one price by up to 0.1 %; tick-1m-jump: every price by 6 %, and back at the next, so that every block is read and its margin measured anew. decided, liquidatable and blocks_read are means.',
    'exact: yes or no of every account by its rule, as its integers say (Aave compares sums in floats first and leaves what is closer than a proven bound to integers; exact-morpho is integers alone); positions are made outside the clock, in pages of 1,000.',
    'bytes_per_account: columns and everything beside them that grows with accounts; weight tables (512 KiB each) and positions, which the caller keeps, are not in it.',
    `load-pglite, load-postgres: from the store's tables through SQL, JSON and the rule's schema into columns, and screened once, ${Math.min(accounts, STORED_ACCOUNTS)} accounts (not a million: writing them takes minutes); PGlite in memory, PostgreSQL without fsync. load_accounts_per_s of a screen is from positions in memory, each made within the clock.`,
    arePeersInstalled()
      ? 'Peers: the first accounts of the same book (@morpho-org/blue-sdk: positions of one Morpho market, and exact-morpho the rule over the same); max_rel_error of the health factor against the rule. @exactly/lib is given accrued amounts.'
      : 'Peers: not measured: `npm install --no-package-lock` in test/bench/scan-peers first.',
  ];
}

/** As Linux lists them; elsewhere not known. */
function allowedCpus(): string {
  try {
    return /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 'not known';
  } catch {
    return 'not known';
  }
}

function print({ machine, cases, notes }: BenchReport): void {
  write(`${machine.cpu}, ${machine.cores} cores, load ${machine.load}, Node ${machine.node}\n${notes.map((note) => `- ${note}`).join('\n')}\n`);
  for (const { name, metrics } of cases) {
    write(
      formatTable(
        [name, ''],
        Object.entries(metrics).map(([key, value]) => [key, key === 'max_rel_error' ? value.toExponential(2) : figure(value)]),
      ),
    );
    write('');
  }
}
