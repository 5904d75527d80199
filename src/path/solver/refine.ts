import { InternalError, InvalidArgument } from '../../core/errors.ts';
import { checkProblem } from './check-problem.ts';
import { findPlan } from './heuristic.ts';
import { searchKernel } from './kernel.ts';
import { findMissingCollateral } from './missing.ts';
import { buildModel, type PathModel } from './model.ts';
import { layOutNetwork } from './network.ts';
import { type CostedPlan, polish, readSupport, startOf } from './polish.ts';
import type { PathProblem, PathSolution } from './problem.ts';
import { openRelaxation, type Relaxation, solveRoot } from './relaxation.ts';
import type { LpResult, MipResult, PathSolver } from './solve.ts';
import { openWorkerSolver } from './solve-thread.ts';

export interface SolvePathOptions {
  /** Wall time after which the best plan so far is returned, ms, from when the solver has the model. The first plan is always waited for. */
  readonly budgetMs: number;
  /** A clock in ms; only differences are used. */
  readonly now: () => number;
  /** The solver to use; without it a worker is started for this call and ended with it. */
  readonly solver?: PathSolver;
  /** Where to stop: gap as a share of the cost, or in USD, whichever is reached first. */
  readonly relativeGap?: number;
  readonly absoluteGapUsd?: number;
}

/** A gap of this share of the cost, or of this many USD, counts as optimal. */
export const RELATIVE_GAP = 1e-4;
export const ABSOLUTE_GAP_USD = 0.01;

/** Tangents around the inputs of a solution, as shares of them. */
const TANGENTS = [0.9, 0.97, 1, 1.01, 1.03, 1.1] as const;
const ROUNDS = 20;
/** What the kernel may take of the time that is left. */
const KERNEL_SHARE = 0.5;
/** A lower bound above the cost by no more than this share is the solver's tolerance; beyond, it is not a bound. */
const CERTIFICATE_TOLERANCE = 1e-6;
/** Collateral below this many USD is missing by the solver's tolerance only. */
const NOTHING_MISSING_USD = 1e-3;

interface Search {
  readonly solver: PathSolver;
  readonly relaxation: Relaxation;
  readonly remainingMs: () => number;
  readonly gaps: { readonly relative: number; readonly absoluteUsd: number };
}

interface Outcome {
  readonly plan: CostedPlan | null;
  readonly lowerBound: number;
  readonly stage: 'infeasible' | 'budget' | 'done';
  readonly method: string;
}

/**
 * Solves a path problem: the cheapest terminal state in which every target holds, with a bound that no plan can undercut.
 *
 * A quick plan comes from the relaxed model; the mixed-integer model on tangents then proves a bound and proposes better supports, whose amounts are settled on the true
 * curves, and whose inputs become new tangents, until bound and cost meet or the budget ends. Equal input gives an equal plan, unless the budget cuts the search short.
 *
 * @throws {InvalidArgument} for a problem that is not one, and where the budget ends before any plan was found or excluded.
 * @throws {MissingPrice} for an asset without a market price.
 * @throws {InternalError} where the solver fails twice.
 * @example
 * ```ts
 * const solution = await solvePath(problem, { budgetMs: 500, now: () => performance.now() });
 * solution.cost.totalUsd - solution.lowerBoundUsd === solution.gapUsd;
 * ```
 */
export async function solvePath(problem: PathProblem, options: SolvePathOptions): Promise<PathSolution> {
  checkProblem(problem);
  const model = buildModel(layOutNetwork(problem));
  const solver = options.solver ?? openWorkerSolver();
  try {
    const relaxation = await openRelaxation(solver, model);
    // Starting a thread and loading the solver into it is no search.
    const start = options.now();
    const remainingMs = (): number => start + options.budgetMs - options.now();
    const gaps = { relative: options.relativeGap ?? RELATIVE_GAP, absoluteUsd: options.absoluteGapUsd ?? ABSOLUTE_GAP_USD };
    const outcome = await search({ solver, relaxation, remainingMs, gaps });
    await relaxation.session.close();
    return await conclude(solver, model, { outcome, gaps });
  } finally {
    if (options.solver === undefined) await solver.close();
  }
}

/** As {@link solvePath}, for as long as it takes: the certified optimum. */
export function solvePathExactly(problem: PathProblem, options: Omit<SolvePathOptions, 'budgetMs'>): Promise<PathSolution> {
  return solvePath(problem, { ...options, budgetMs: Infinity });
}

async function search(task: Search): Promise<Outcome> {
  const { relaxation } = task;
  const root = await solveRoot(relaxation);
  if (root.status === 'infeasible') return { plan: null, lowerBound: 0, stage: 'infeasible', method: 'LP relaxation' };
  let lowerBound = Math.max(0, root.objective);
  let plan = await findFirstPlan(task, root, lowerBound);
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (plan !== null && isCertified(plan, lowerBound, task)) return { plan, lowerBound, stage: 'done', method: round === 1 ? 'LP heuristic, certified by the relaxation' : named(round - 1) };
    if (task.remainingMs() <= 0) return { plan, lowerBound, stage: 'budget', method: round === 1 ? 'LP heuristic' : `${named(round - 1)}, stopped by the budget` };
    const mip = await askMip(task, plan);
    if (mip === null) return { plan, lowerBound, stage: 'budget', method: 'LP heuristic (the solver did not answer)' };
    if (mip.status === 'infeasible') return { plan, lowerBound, stage: 'infeasible', method: named(round) };
    lowerBound = Math.max(lowerBound, mip.bound);
    const found = await followUp(task, mip, plan);
    if (found !== null && isCheaper(found, plan)) plan = found;
    if (mip.status === 'limit') return { plan, lowerBound, stage: plan !== null && isCertified(plan, lowerBound, task) ? 'done' : 'budget', method: `${named(round)}, stopped by the budget` };
  }
  return { plan, lowerBound, stage: 'budget', method: `${named(ROUNDS)}, rounds used up` };
}

/** A quick plan, and while time is left the best of what quick plans are made of. */
async function findFirstPlan(task: Search, root: LpResult, lowerBound: number): Promise<CostedPlan | null> {
  const { solver, relaxation, gaps } = task;
  const { plan, supports } = await findPlan(solver, relaxation, root);
  const timeLimitMs = KERNEL_SHARE * task.remainingMs();
  if (plan === null || isCertified(plan, lowerBound, task) || timeLimitMs <= 0) return plan;
  try {
    return await searchKernel(solver, relaxation, { plan, supports, relaxed: root.values }, { timeLimitMs, relativeGap: gaps.relative / 2, absoluteGap: gaps.absoluteUsd / 2 });
  } catch {
    // A solver that failed here starts anew for what follows.
    return plan;
  }
}

/** Half of the gap for the search, half for the curves. */
async function askMip({ relaxation, remainingMs, gaps }: Search, plan: CostedPlan | null): Promise<MipResult | null> {
  try {
    return await relaxation.session.solveMip({
      start: plan === null ? null : startOf(relaxation.model, plan.support),
      timeLimitMs: remainingMs(),
      relativeGap: gaps.relative / 2,
      absoluteGap: gaps.absoluteUsd / 2,
    });
  } catch (error) {
    if (plan === null) throw error;
    return null;
  }
}

/** Settles the support that the search proposes on the true curves, and sharpens the tangents around what came out. */
async function followUp({ solver, relaxation }: Search, mip: MipResult, plan: CostedPlan | null): Promise<CostedPlan | null> {
  const { model } = relaxation;
  const { values } = mip;
  if (values === null) return null;
  const proposed = Float64Array.from(model.pools, (pool) => values[pool.amount] ?? 0);
  const found = await polish(solver, model, { support: readSupport(model, values), near: proposed });
  const settled = found ?? plan;
  await relaxation.addTangents(
    model.pools.map((pool, index) =>
      [proposed[index] ?? 0, (settled?.amounts.pools[index] ?? 0) / pool.unit].flatMap((at) => (at > 0 ? TANGENTS.map((share) => Math.min(pool.limit, share * at)) : [])),
    ),
  );
  return found;
}

async function conclude(solver: PathSolver, model: PathModel, { outcome, gaps }: { outcome: Outcome; gaps: Search['gaps'] }): Promise<PathSolution> {
  if (outcome.plan !== null) return describe(model, outcome.plan, outcome);
  const { byAccount, support } = await findMissingCollateral(solver, model);
  const total = byAccount?.reduce((sum, usd) => sum + usd, 0) ?? Infinity;
  if (total <= NOTHING_MISSING_USD && support !== null) {
    const plan = await polish(solver, model, { support, near: null });
    if (plan !== null) return describe(model, plan, { ...outcome, stage: 'budget', method: 'least-slack plan' });
  }
  if (outcome.stage === 'budget' && total <= Math.max(NOTHING_MISSING_USD, gaps.absoluteUsd)) {
    throw new InvalidArgument('The time budget ended before a plan was found or excluded. Raise --budget-ms.');
  }
  return refuse(model, outcome, byAccount);
}

function describe(model: PathModel, plan: CostedPlan, outcome: Outcome): PathSolution {
  const { cost } = plan.evaluation;
  const { network } = model;
  const broken = outcome.lowerBound > cost.totalUsd + CERTIFICATE_TOLERANCE * Math.max(1, cost.totalUsd);
  if (broken || outcome.stage === 'infeasible') throw new InternalError(`The bound ${outcome.lowerBound} USD contradicts a plan of ${cost.totalUsd} USD.`);
  const lowerBoundUsd = Math.min(outcome.lowerBound, cost.totalUsd);
  return {
    status: outcome.stage === 'done' ? 'optimal' : 'budget',
    arcs: network.arcs.flatMap(({ account, arc }, index) => {
      const amount = plan.amounts.arcs[index] ?? 0;
      return amount > 0 ? [{ account: account.id, arc: arc.id, amount }] : [];
    }),
    swaps: network.pools.flatMap(({ routeId, curve }, index) => {
      const amountIn = plan.amounts.pools[index] ?? 0;
      return amountIn > 0 ? [{ route: routeId, amountIn, amountOut: curve.out(amountIn) }] : [];
    }),
    cost,
    lowerBoundUsd,
    gapUsd: cost.totalUsd - lowerBoundUsd,
    method: outcome.method,
    missing: [],
  };
}

/** No plan is invented: amounts and cost stay empty. */
function refuse(model: PathModel, outcome: Outcome, byAccount: Float64Array | null): PathSolution {
  const missing = model.network.problem.accounts.flatMap((account, index) => {
    const collateralUsd = byAccount?.[index] ?? 0;
    return collateralUsd > NOTHING_MISSING_USD ? [{ account: account.id, collateralUsd }] : [];
  });
  const cost = { slippageUsd: 0, feesUsd: 0, gasUsd: 0, cashUsd: 0, totalUsd: 0 };
  return { status: 'infeasible', arcs: [], swaps: [], cost, lowerBoundUsd: 0, gapUsd: 0, method: outcome.method, missing };
}

function isCheaper(plan: CostedPlan, than: CostedPlan | null): boolean {
  return than === null || plan.evaluation.cost.totalUsd < than.evaluation.cost.totalUsd;
}

function isCertified(plan: CostedPlan, lowerBound: number, { gaps }: Search): boolean {
  const { totalUsd } = plan.evaluation.cost;
  return totalUsd - lowerBound <= Math.max(gaps.absoluteUsd, gaps.relative * totalUsd);
}

function named(rounds: number): string {
  return `MILP with tangents, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;
}
