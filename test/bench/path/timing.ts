import { checkProblem } from '../../../src/path/solver/check-problem.ts';
import { buildModel } from '../../../src/path/solver/model.ts';
import { layOutNetwork } from '../../../src/path/solver/network.ts';
import type { PathProblem, PathSolution } from '../../../src/path/solver/problem.ts';
import { solvePath } from '../../../src/path/solver/refine.ts';
import { openRelaxation, solveRoot } from '../../../src/path/solver/relaxation.ts';
import type { PathSolver } from '../../../src/path/solver/solve.ts';
import { quantile, writeProgress } from '../report.ts';
import { type InstanceSize, makeInstance } from './instances.ts';

/** The product's default budget. */
export const DEFAULT_BUDGET_MS = 500;
/** After this the long-run optimum counts as not certified. */
export const LONG_RUN_MS = 60_000;
/** Instances solved beforehand and not counted: the solver is loaded, the code compiled. They lie beyond the measured ones. */
export const WARM_UP = { count: 5, first: 1_000_000 } as const;

/** How one instance went. Times in ms, money in USD. */
interface Run {
  readonly lp: Spent;
  readonly lpBoundUsd: number;
  readonly plan: Spent;
  readonly exact: Spent;
  readonly budgeted: PathSolution | null;
  readonly best: PathSolution;
}

interface Spent {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Solves the first `instances` of a size with the default budget and for as long as it takes. */
export async function measureSize(solver: PathSolver, size: InstanceSize, instances: number): Promise<Readonly<Record<string, number>>> {
  for (let index = 0; index < WARM_UP.count; index += 1) await runInstance(solver, makeInstance(size, WARM_UP.first + index));
  const runs: Run[] = [];
  for (let index = 0; index < instances; index += 1) {
    runs.push(await runInstance(solver, makeInstance(size, index)));
    if ((index + 1) % 25 === 0) writeProgress(`${size.name}: ${index + 1} of ${instances}`);
  }
  return summarize(runs);
}

async function runInstance(solver: PathSolver, problem: PathProblem): Promise<Run> {
  const lp = await spend(() => boundByLp(solver, problem));
  const budgeted = await spend(() => solveWithin(solver, problem, DEFAULT_BUDGET_MS));
  const best = await spend(() => solveWithin(solver, problem, LONG_RUN_MS));
  if (best.result === null) throw new Error('The long run ended without a plan.');
  return { lp: lp.spent, lpBoundUsd: lp.result, plan: budgeted.spent, budgeted: budgeted.result, exact: best.spent, best: best.result };
}

/** Everything from the problem to the bound of the relaxed model. */
async function boundByLp(solver: PathSolver, problem: PathProblem): Promise<number> {
  checkProblem(problem);
  const relaxation = await openRelaxation(solver, buildModel(layOutNetwork(problem)));
  const { objective } = await solveRoot(relaxation);
  await relaxation.session.close();
  return objective;
}

/** Null where the budget ended before any plan. */
async function solveWithin(solver: PathSolver, problem: PathProblem, budgetMs: number): Promise<PathSolution | null> {
  try {
    return await solvePath(problem, { budgetMs, now: () => performance.now(), solver });
  } catch (error) {
    if (budgetMs === LONG_RUN_MS) throw error;
    return null;
  }
}

async function spend<T>(work: () => Promise<T>): Promise<{ result: T; spent: Spent }> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, spent: { cpuMs: (user + system) / 1_000, wallMs: performance.now() - wall } };
}

function summarize(runs: readonly Run[]): Readonly<Record<string, number>> {
  const solved = runs.filter(({ best }) => best.status !== 'infeasible');
  const planned = solved.flatMap(({ budgeted, best }) =>
    budgeted === null || budgeted.status === 'infeasible' ? [] : [{ extra: budgeted.cost.totalUsd - best.cost.totalUsd, optimum: best.cost.totalUsd }],
  );
  const shares = planned.map(({ extra, optimum }) => (optimum > 0 ? extra / optimum : 0));
  const pair = (key: string, values: readonly number[]): Record<string, number> => ({ [`${key}_p50`]: quantile(values, 0.5), [`${key}_p95`]: quantile(values, 0.95) });
  return {
    instances: runs.length,
    infeasible: runs.length - solved.length,
    ...pair(
      'lp_cpu_ms',
      runs.map(({ lp }) => lp.cpuMs),
    ),
    ...pair(
      'lp_wall_ms',
      runs.map(({ lp }) => lp.wallMs),
    ),
    ...pair(
      'lp_bound_share',
      solved.map(({ lpBoundUsd, best }) => (best.cost.totalUsd > 0 ? lpBoundUsd / best.cost.totalUsd : 1)),
    ),
    ...pair(
      'plan_cpu_ms',
      runs.map(({ plan }) => plan.cpuMs),
    ),
    ...pair(
      'plan_wall_ms',
      runs.map(({ plan }) => plan.wallMs),
    ),
    plan_missing: solved.length - planned.length,
    plan_extra_usd_p50: quantile(
      planned.map(({ extra }) => extra),
      0.5,
    ),
    plan_extra_usd_p95: quantile(
      planned.map(({ extra }) => extra),
      0.95,
    ),
    plan_extra_usd_max: Math.max(...planned.map(({ extra }) => extra)),
    plan_extra_share_p95: quantile(shares, 0.95),
    plan_within_5usd_or_0_1pct: planned.filter(({ extra, optimum }) => extra <= Math.max(5, 0.001 * optimum)).length / Math.max(1, solved.length),
    plan_certified_share: solved.filter(({ budgeted }) => budgeted?.status === 'optimal').length / Math.max(1, solved.length),
    ...pair(
      'exact_cpu_ms',
      runs.map(({ exact }) => exact.cpuMs),
    ),
    exact_cpu_ms_max: Math.max(...runs.map(({ exact }) => exact.cpuMs)),
    ...pair(
      'exact_wall_ms',
      runs.map(({ exact }) => exact.wallMs),
    ),
    exact_certified_share: solved.filter(({ best }) => best.status === 'optimal').length / Math.max(1, solved.length),
    exact_gap_usd_max: Math.max(0, ...solved.map(({ best }) => best.gapUsd)),
    exact_gap_share_max: Math.max(0, ...solved.map(({ best }) => (best.cost.totalUsd > 0 ? best.gapUsd / best.cost.totalUsd : 0))),
    optimum_usd_p50: quantile(
      solved.map(({ best }) => best.cost.totalUsd),
      0.5,
    ),
  };
}
