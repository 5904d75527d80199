import { parseArgs } from 'node:util';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';
import { readRecordedLiquidity } from '../../../src/sources/liquidity.ts';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, write, writeProgress } from '../report.ts';
import { AAVE_FILES, sampleAaveDay, sampleAaveWallets } from './aave-samples.ts';
import { BOOK_GAS, BOOK_TARGET } from './book-problem.ts';
import { EULER_FILES, sampleEuler } from './euler-sample.ts';
import { makeInstance, SIZES } from './instances.ts';
import { type MoneySample, type MoneyTable, measureMoney, moneyCase, printMoney } from './money.ts';
import { hasSharedData } from './shared-data.ts';
import { DEFAULT_BUDGET_MS, LONG_RUN_MS, measureSize, WARM_UP } from './timing.ts';

/** Instances per size of a full run. */
const INSTANCES = 100;
/** Instances of each class (mixed, tight) and sizes whose money is compared. */
const MONEY_INSTANCES = 40;
const MONEY_SIZES: readonly string[] = ['4x5', '6x5'];

const USAGE = `npm run -s bench -- path [--json] [--size 6x5]… [--instances ${INSTANCES}] [--only time|money]`;

/** Times the solver on the generated instances and costs what others do on generated and real ones. */
export async function runPathBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, size: { type: 'string', multiple: true }, instances: { type: 'string' }, only: { type: 'string' }, help: { type: 'boolean' } },
  });
  const instances = Number(values.instances ?? INSTANCES);
  const sizes = SIZES.filter((size) => values.size === undefined || values.size.includes(size.name));
  const unknown = values.size?.find((name) => SIZES.every((size) => size.name !== name));
  if (values.help === true || unknown !== undefined || !(Number.isInteger(instances) && instances > 0) || !(values.only === undefined || values.only === 'time' || values.only === 'money')) {
    writeProgress(`Usage: ${USAGE}; sizes ${SIZES.map((size) => size.name).join(' ')}`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const solver = await openInThreadSolver();
  const cases: BenchCase[] = [];
  if (values.only !== 'money') {
    for (const size of sizes) cases.push({ name: size.name, metrics: await measureSize(solver, size, instances) });
  }
  const tables: MoneyTable[] = [];
  const unmeasured: string[] = [];
  if (values.only !== 'time') {
    const perClass = Math.min(MONEY_INSTANCES, Math.floor(instances / 2));
    const samples = [...sizes.filter((size) => values.size !== undefined || MONEY_SIZES.includes(size.name)).flatMap((size) => generatedSamples(size, perClass)), ...(await bookSamples(unmeasured))];
    for (const sample of samples) tables.push(await measureMoney(solver, sample));
  }
  const timing = cases.length === 0 ? [] : timingNotes(instances, sizes.length);
  const notes = [...timing, ...unmeasured, ...tables.flatMap(({ sample }) => sample.notes.map((note) => `${sample.name}: ${note}`))];
  const report: BenchReport = { bench: 'path', machine: describeMachine(), cases: [...cases, ...tables.map(moneyCase)], notes };
  if (values.json) {
    write(JSON.stringify(report, null, 2));
    return;
  }
  printTimes({ ...report, cases, notes: [...timing, ...unmeasured] });
  tables.forEach(printMoney);
}

function generatedSamples(size: (typeof SIZES)[number], perClass: number): MoneySample[] {
  return (['mixed', 'tight'] as const).map((name, odd) => ({
    name: `generated ${size.name} ${name}`,
    problems: Array.from({ length: perClass }, (_, index) => ({ problem: makeInstance(size, 2 * index + odd), nativeForcedUsd: null })),
    notes: [
      `${perClass} generated instances (${perClass < MONEY_INSTANCES ? 'REDUCED; ' : ''}index ${odd}, ${2 + odd} … ${2 * (perClass - 1) + odd}); they have no liquidation bonus, so native forced is not computed.`,
    ],
  }));
}

async function bookSamples(unmeasured: string[]): Promise<MoneySample[]> {
  const recorded = await readRecordedLiquidity();
  const dates = [...new Set(recorded.map((curve) => new Date(curve.observedAt * 1_000).toISOString().slice(0, 10)))].toSorted();
  const assumed = `Assumed: target ${BOOK_TARGET}, no cash at hand, gas ${BOOK_GAS.action} USD an action and ${BOOK_GAS.swap} USD a swap; swap curves recorded ${dates.join(', ')} (losses by size) at the book's own prices, the conservative table for other pairs; each wallet may use the assets that it holds or owes.`;
  const withAssumptions = (sample: MoneySample): MoneySample => ({ ...sample, notes: [...sample.notes, assumed] });
  const samples: MoneySample[] = [await sampleAaveWallets(recorded)];
  if (hasSharedData(AAVE_FILES)) samples.push(sampleAaveDay(recorded));
  else unmeasured.push('Aave v2 on 2021-05-19: not measured: data not present.');
  if (hasSharedData(EULER_FILES)) samples.push(sampleEuler(recorded));
  else unmeasured.push('Euler v1 book: not measured: data not present.');
  return samples.map(withAssumptions);
}

function timingNotes(instances: number, sizes: number): string[] {
  const reduced = instances < INSTANCES || sizes < SIZES.length ? [`REDUCED RUN: ${instances} instances a size (full: ${INSTANCES}), ${sizes} of ${SIZES.length} sizes.`] : [];
  return [
    ...reduced,
    `Instances: test/bench/path/instances.ts, index 0 to ${instances - 1} of each size (protocols x assets); every second one is tight, three of ten have minimum debts, one of five a unified target.`,
    `CPU: user and system time of the whole process around each solve (solver in the same thread). ${WARM_UP.count} other instances of each size are solved before and not counted.`,
    `Plan: wall budget of ${DEFAULT_BUDGET_MS} ms. Long run: until certified to 0.01 % or 0.01 USD, at most ${LONG_RUN_MS / 1_000} s wall. Extra cost: plan less long run. Quantiles: nearest rank, infeasible instances in times only.`,
  ];
}

function printTimes({ machine, cases, notes }: BenchReport): void {
  write(`${machine.cpu}, ${machine.cores} cores, load ${machine.load}, Node ${machine.node}\n${notes.map((note) => `- ${note}`).join('\n')}\n`);
  const rowOf = ({ name, metrics }: BenchCase, keys: readonly string[]): string[] => [name, ...keys.map((key) => figure(metrics[key] ?? Number.NaN))];
  const table = (title: string, columns: readonly (readonly [head: string, key: string])[]): void => {
    const rows = cases.map((entry) =>
      rowOf(
        entry,
        columns.map(([, key]) => key),
      ),
    );
    write(`${title}\n${formatTable(['size', ...columns.map(([head]) => head)], rows)}\n`);
  };
  if (cases.length === 0) return;
  table('Bound by the relaxed model, ms', [
    ['n', 'instances'],
    ['CPU p50', 'lp_cpu_ms_p50'],
    ['p95', 'lp_cpu_ms_p95'],
    ['wall p50', 'lp_wall_ms_p50'],
    ['p95', 'lp_wall_ms_p95'],
    ['share of optimum p50', 'lp_bound_share_p50'],
  ]);
  table(`Plan within ${DEFAULT_BUDGET_MS} ms, against the long run`, [
    ['CPU p50', 'plan_cpu_ms_p50'],
    ['p95', 'plan_cpu_ms_p95'],
    ['wall p50', 'plan_wall_ms_p50'],
    ['p95', 'plan_wall_ms_p95'],
    ['no plan', 'plan_missing'],
    ['extra USD p50', 'plan_extra_usd_p50'],
    ['p95', 'plan_extra_usd_p95'],
    ['max', 'plan_extra_usd_max'],
    ['extra share p95', 'plan_extra_share_p95'],
    ['within 5 USD or 0.1 %', 'plan_within_5usd_or_0_1pct'],
    ['certified', 'plan_certified_share'],
  ]);
  table('Certified optimum (long run)', [
    ['CPU ms p50', 'exact_cpu_ms_p50'],
    ['p95', 'exact_cpu_ms_p95'],
    ['max', 'exact_cpu_ms_max'],
    ['wall p50', 'exact_wall_ms_p50'],
    ['p95', 'exact_wall_ms_p95'],
    ['certified', 'exact_certified_share'],
    ['gap USD max', 'exact_gap_usd_max'],
    ['gap share max', 'exact_gap_share_max'],
    ['infeasible', 'infeasible'],
    ['optimum USD p50', 'optimum_usd_p50'],
  ]);
}
