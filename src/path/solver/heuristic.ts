import type { FlowColumns, PathModel } from './model.ts';
import { type CostedPlan, closeUnused, gasOf, polish, readSupport, type Support } from './polish.ts';
import type { Relaxation } from './relaxation.ts';
import type { LpResult, PathSolver } from './solve.ts';

/** Slope-scaling rounds: after a few the supports repeat. */
const ROUNDS = 6;
/** A flow's gas is spread over at least this share of its limit, so that no price becomes infinite. */
const LEAST_SHARE = 1e-6;
const UNUSED = 1e-6;
/** Candidates that are settled before the last resort: the first fails only where the true curves carry less than their tangents. */
const CANDIDATES = 2;

/** The plan that was found, and the supports that it was chosen from. */
export interface FirstPlan {
  readonly plan: CostedPlan | null;
  readonly supports: readonly Support[];
}

interface Candidate {
  readonly support: Support;
  /** Cost on tangents with the support's gas: a lower bound of what this support costs. */
  readonly estimate: number;
  readonly values: Float64Array;
}

/**
 * Finds a plan quickly: relaxed plans whose gas is spread over the amounts of the round before (slope scaling), each read as a support, the best of them freed of
 * every step that costs more than it saves (drop), and its amounts settled on the true curves.
 *
 * @param root the relaxed solution to start from.
 * @returns a null plan where no candidate meets the targets on the true curves.
 */
export async function findPlan(solver: PathSolver, relaxation: Relaxation, root: LpResult): Promise<FirstPlan> {
  const candidates = await scaleSlopes(relaxation, root);
  const supports = candidates.map((candidate) => candidate.support);
  for (const candidate of candidates.toSorted((a, b) => a.estimate - b.estimate).slice(0, CANDIDATES)) {
    const plan = await settle(solver, relaxation.model, await drop(relaxation, candidate));
    if (plan !== null) return { plan, supports };
  }
  return { plan: await settleEverything(solver, relaxation.model, root), supports };
}

/** Settles a support's amounts on the true curves, with the estimate's inputs as first guess. */
async function settle(solver: PathSolver, model: PathModel, { support, values }: Candidate): Promise<CostedPlan | null> {
  return polish(solver, model, { support, near: Float64Array.from(model.pools, (pool) => values[pool.amount] ?? 0) });
}

/** The last resort: everything may be used (of arcs that undo each other the one that the relaxed plan prefers), whatever the gas. */
async function settleEverything(solver: PathSolver, model: PathModel, root: LpResult): Promise<CostedPlan | null> {
  const preferred = readSupport(model, root.values);
  const excluded = new Set(model.exclusive.flat());
  const support = {
    arcs: model.arcs.map((flow, index) => preferred.arcs[index] === true || !excluded.has(flow.used)),
    pools: model.pools.map(() => true),
    remains: preferred.remains,
  };
  return polish(solver, model, { support, near: null });
}

async function scaleSlopes({ model, session }: Relaxation, root: LpResult): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  const cost = model.linear.cost.slice();
  let values = root.values;
  for (let round = 0; round < ROUNDS; round += 1) {
    const support = readSupport(model, values);
    const key = JSON.stringify(support);
    if (found.has(key)) break;
    const candidate = await estimate({ model, session }, support);
    found.set(key, candidate ?? { support, estimate: Infinity, values });
    spreadGas(model, values, cost);
    const next = await session.solveLp({ cost });
    if (next.status !== 'optimal') break;
    values = next.values;
  }
  return [...found.values()].filter((candidate) => candidate.estimate < Infinity);
}

function spreadGas(model: PathModel, values: Float64Array, cost: Float64Array): void {
  const spread = (flow: FlowColumns): void => {
    const amount = values[flow.amount] ?? 0;
    if (flow.used < 0 || flow.limit <= 0 || amount <= UNUSED) return;
    cost[flow.used] = flow.gasUsd / Math.max(LEAST_SHARE, amount / flow.limit);
  };
  model.arcs.forEach(spread);
  model.pools.forEach(spread);
}

/** Solves the tangent model within a support; also with the debts that were cut in the middle decided the other way. */
async function estimate({ model, session }: Pick<Relaxation, 'model' | 'session'>, support: Support): Promise<Candidate | null> {
  const result = await session.solveLp(closeUnused(model, support));
  if (result.status !== 'optimal') return null;
  const used = { ...readSupport(model, result.values), remains: support.remains };
  return { support: used, estimate: result.objective + gasOf(model, used), values: result.values };
}

/** Tries to do without each step, the dearest first, until nothing can be spared. */
async function drop(relaxation: Relaxation, start: Candidate): Promise<Candidate> {
  const { model } = relaxation;
  let best = start;
  const tried = new Set<string>();
  for (;;) {
    const steps = stepsOf(model, best.support).filter((step) => !tried.has(step.name));
    const [step] = steps;
    if (step === undefined) return best;
    tried.add(step.name);
    const without = await estimate(relaxation, step.without);
    if (without !== null && without.estimate < best.estimate) best = without;
  }
}

function stepsOf(model: PathModel, support: Support): { name: string; gasUsd: number; without: Support }[] {
  const arcs = model.arcs.flatMap((flow, index) =>
    support.arcs[index] === true ? [{ name: `arc ${index}`, gasUsd: flow.gasUsd, without: { ...support, arcs: support.arcs.with(index, false) } }] : [],
  );
  const pools = model.pools.flatMap((flow, index) =>
    support.pools[index] === true ? [{ name: `pool ${index}`, gasUsd: flow.gasUsd, without: { ...support, pools: support.pools.with(index, false) } }] : [],
  );
  return [...arcs, ...pools].sort((a, b) => b.gasUsd - a.gasUsd);
}
