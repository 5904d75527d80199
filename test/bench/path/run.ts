import { parseArgs } from 'node:util';
import { openInThreadSolver } from '../../../src/path/solve.ts';
import { type BenchCase, type BenchReport, describeMachine, figure, formatTable, write, writeProgress } from '../report.ts';
import { SIZES } from './instances.ts';
import { DEFAULT_BUDGET_MS, LONG_RUN_MS, measureSize, WARM_UP } from './timing.ts';

/** Instances per size of a full run. */
const INSTANCES = 100;

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
  const report: BenchReport = { bench: 'path', machine: describeMachine(), cases, notes: timingNotes(instances, sizes.length) };
  if (values.json) write(JSON.stringify(report, null, 2));
  else printTimes(report);
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
