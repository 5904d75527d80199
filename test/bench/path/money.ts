import { type BaselineName, computeBaselines } from '../../../src/path/comparisons/baselines.ts';
import { POLICIES } from '../../../src/path/comparisons/policies.ts';
import { computePolicyCost } from '../../../src/path/comparisons/policy-cost.ts';
import type { PathProblem, PathSolution } from '../../../src/path/solver/problem.ts';
import { solvePath } from '../../../src/path/solver/refine.ts';
import type { PathSolver } from '../../../src/path/solver/solve.ts';
import { type BenchCase, figure, formatTable, quantile, write, writeProgress } from '../report.ts';

/** Problems that are compared as one group. */
export interface MoneySample {
  readonly name: string;
  readonly problems: readonly MoneyProblem[];
  /** How they were picked and what is assumed about them. */
  readonly notes: readonly string[];
}

export interface MoneyProblem {
  readonly problem: PathProblem;
  /** What liquidations by the protocols' rules would cost, USD; null where it is not known. */
  readonly nativeForcedUsd: number | null;
}

/** What one method did on one problem; `costUsd` null = not possible. */
interface Attempt {
  readonly method: string;
  readonly costUsd: number | null;
  readonly reaches: boolean;
  readonly optimumUsd: number;
  readonly debtUsd: number;
}

export interface MoneyTable {
  readonly sample: MoneySample;
  readonly optima: readonly number[];
  readonly debts: readonly number[];
  readonly infeasible: number;
  readonly uncertified: number;
  readonly idle: number;
  readonly attempts: readonly Attempt[];
}

/** For every single solve; none is expected to need it. */
const LIMIT_MS = 20_000;
const FORCED = 'native forced';
const BASELINES: readonly BaselineName[] = ['each protocol alone', 'pro rata', 'close everything', FORCED];

/** Costs every baseline and policy on every problem of a sample for which a plan exists and something has to be done. */
export async function measureMoney(solver: PathSolver, sample: MoneySample): Promise<MoneyTable> {
  const options = { budgetMs: LIMIT_MS, now: () => performance.now(), solver };
  const attempts: Attempt[] = [];
  const optima: PathSolution[] = [];
  const debts: number[] = [];
  let [infeasible, idle] = [0, 0];
  for (const { problem, nativeForcedUsd } of sample.problems) {
    const optimum = await solvePath(problem, options);
    if (optimum.status === 'infeasible') infeasible += 1;
    else if (optimum.arcs.length === 0) idle += 1;
    if (optimum.status === 'infeasible' || optimum.arcs.length === 0) continue;
    optima.push(optimum);
    const debtUsd = problem.accounts.reduce((sum, account) => sum + account.debtUsd, 0);
    debts.push(debtUsd);
    const common = { optimumUsd: optimum.cost.totalUsd, debtUsd };
    for (const { name, totalUsd } of await computeBaselines(problem, optimum, { ...options, nativeForcedUsd })) {
      attempts.push({ method: name, costUsd: totalUsd, reaches: totalUsd !== null, ...common });
    }
    for (const policy of Object.values(POLICIES)) {
      const { cost, reachesTarget } = await computePolicyCost(policy, problem, optimum, options);
      attempts.push({ method: `policy: ${policy.name}`, costUsd: cost?.totalUsd ?? null, reaches: reachesTarget, ...common });
    }
  }
  writeProgress(`${sample.name}: ${optima.length} compared`);
  return {
    sample,
    optima: optima.map((optimum) => optimum.cost.totalUsd),
    debts,
    infeasible,
    uncertified: optima.filter((optimum) => optimum.status !== 'optimal').length,
    idle,
    attempts,
  };
}

const METHODS: readonly string[] = [...BASELINES, ...Object.values(POLICIES).map((policy) => `policy: ${policy.name}`)];

interface Line {
  readonly method: string;
  readonly possible: number;
  /** Null of liquidations, which aim at no target. */
  readonly reaches: number | null;
  /** What the figures are taken over: problems whose targets the method reaches; of liquidations all that were costed. */
  readonly counted: readonly Attempt[];
}

function linesOf({ attempts }: MoneyTable): readonly Line[] {
  return METHODS.map((method) => {
    const own = attempts.filter((attempt) => attempt.method === method);
    const costed = own.filter((attempt) => attempt.costUsd !== null);
    const reached = own.filter((attempt) => attempt.reaches);
    const isForced = method === FORCED;
    return { method, possible: costed.length, reaches: isForced ? null : reached.length, counted: isForced ? costed : reached };
  });
}

const extraOf = (attempt: Attempt): number => (attempt.costUsd ?? Number.NaN) - attempt.optimumUsd;
const ratioOf = (attempt: Attempt): readonly number[] => (attempt.optimumUsd > 0 ? [(attempt.costUsd ?? Number.NaN) / attempt.optimumUsd] : []);
const quartiles = (values: readonly number[]): readonly number[] => [0.25, 0.5, 0.75].map((share) => quantile(values, share));

/** The table for a reader. Ratios and dollars only over problems whose targets the method reaches; of liquidations over all that were costed. */
export function printMoney(table: MoneyTable): void {
  const { sample, optima, debts, infeasible, uncertified, idle } = table;
  write(`\nMoney, ${sample.name}: ${optima.length} compared (${infeasible} without any plan, ${idle} with nothing to do, ${uncertified} not certified)`);
  for (const note of sample.notes) write(`- ${note}`);
  if (optima.length === 0) return;
  const [low = 0, middle = 0, high = 0] = quartiles(optima);
  write(`Optimum: p25/p50/p75 ${[low, middle, high].map(figure).join(' / ')} USD on debts of ${quartiles(debts).map(figure).join(' / ')} USD`);
  const rows = linesOf(table).map(({ method, possible, reaches, counted }) => [
    method,
    String(possible),
    reaches === null ? '-' : String(reaches),
    ...quartiles(counted.flatMap(ratioOf)).map(figure),
    ...quartiles(counted.map(extraOf)).map(figure),
    figure(counted.reduce((sum, attempt) => sum + extraOf(attempt), 0) / counted.length),
    figure(
      100 *
        quantile(
          counted.map((attempt) => (attempt.costUsd ?? Number.NaN) / attempt.debtUsd),
          0.5,
        ),
    ),
  ]);
  write(formatTable(['method', 'possible', 'reaches', 'ratio p25', 'p50', 'p75', 'extra USD p25', 'p50', 'p75', 'mean', 'cost % of debt p50'], rows));
}

/** The same as a case of the document. */
export function moneyCase(table: MoneyTable): BenchCase {
  const metrics: Record<string, number> = { compared: table.optima.length, infeasible: table.infeasible, idle: table.idle, uncertified: table.uncertified };
  if (table.optima.length > 0) metrics['optimum_usd_p50'] = quantile(table.optima, 0.5);
  for (const { method, possible, reaches, counted } of linesOf(table)) {
    const key = method.replaceAll(/[^a-z0-9]+/gi, '_').toLowerCase();
    metrics[`${key}_possible`] = possible;
    if (reaches !== null) metrics[`${key}_reaches`] = reaches;
    if (counted.length === 0) continue;
    quartiles(counted.map(extraOf)).forEach((value, at) => {
      metrics[`${key}_extra_usd_p${[25, 50, 75][at] ?? ''}`] = value;
    });
    const ratios = counted.flatMap(ratioOf);
    if (ratios.length === 0) continue;
    quartiles(ratios).forEach((value, at) => {
      metrics[`${key}_ratio_p${[25, 50, 75][at] ?? ''}`] = value;
    });
  }
  return { name: `money ${table.sample.name}`, metrics };
}
