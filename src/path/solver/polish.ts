import { joinRows, type LinearModel, packRows } from './linear-model.ts';
import type { FlowColumns, PathModel } from './model.ts';
import { evaluateAmounts, type PlanAmounts, type PlanEvaluation, readAmounts } from './plan-amounts.ts';
import { chordRows } from './slippage-rows.ts';
import type { MipStart, PathSolver } from './solve.ts';

/** Which arcs and pools may be used, and which minimum debts remain: everything discrete about a plan. */
export interface Support {
  readonly arcs: readonly boolean[];
  readonly pools: readonly boolean[];
  readonly remains: readonly boolean[];
}

/** A plan that holds on the true curves. */
export interface CostedPlan {
  readonly support: Support;
  readonly amounts: PlanAmounts;
  readonly evaluation: PlanEvaluation;
}

/** Model units below which a flow counts as unused when a support is read off. */
const UNUSED = 1e-6;
const HALF = 0.5;
/** Where the chords of a used pool stand, relative to its last input: wide first, then narrow around it. */
const SPREADS = [
  [0.25, 0.5, 0.8, 0.9, 0.97, 1, 1.03, 1.1, 1.25, 2, 4],
  [0.5, 0.97, 0.99, 0.999, 1, 1.001, 1.01, 1.03, 2],
  [0.5, 0.99, 0.9997, 1, 1.0003, 1.01, 2],
] as const;
const ENOUGH = 1e-6;

/** The discrete part of a plan as a start: the solver completes the amounts. */
export function startOf(model: PathModel, support: Support): MipStart {
  const chosen = new Map<number, number>([
    ...model.arcs.map((flow, index) => [flow.used, support.arcs[index] === true ? 1 : 0] as const),
    ...model.pools.map((flow, index) => [flow.used, support.pools[index] === true ? 1 : 0] as const),
    ...model.debts.map(({ remains }, index) => [remains, support.remains[index] === true ? 1 : 0] as const),
  ]);
  chosen.delete(-1);
  const columns = Int32Array.from([...chosen.keys()].sort((a, b) => a - b));
  return { columns, values: Float64Array.from(columns, (column) => chosen.get(column) ?? 0) };
}

/** The columns with everything outside the support closed; the switches are free and cost nothing: gas is counted from the amounts. */
export function closeUnused(model: PathModel, support: Support): Pick<LinearModel, 'cost' | 'lower' | 'upper'> {
  const { linear } = model;
  const [cost, lower, upper] = [linear.cost.slice(), linear.lower.slice(), linear.upper.slice()];
  const set = (flow: FlowColumns, open: boolean): void => {
    if (flow.used >= 0) cost[flow.used] = 0;
    if (open) return;
    upper[flow.amount] = 0;
    if (flow.used >= 0) upper[flow.used] = 0;
  };
  model.arcs.forEach((flow, index) => {
    set(flow, support.arcs[index] === true);
  });
  model.pools.forEach((flow, index) => {
    set(flow, support.pools[index] === true);
    if (support.pools[index] !== true) lower[flow.loss] = 0;
  });
  for (const { taken, arcs } of model.takings) {
    if (arcs.some((index) => support.arcs[index] === true)) lower[taken] = 1;
  }
  model.debts.forEach(({ remains }, index) => {
    const value = support.remains[index] === true ? 1 : 0;
    lower[remains] = value;
    upper[remains] = Math.min(value, linear.upper[remains] ?? 1);
  });
  return { cost, lower, upper };
}

/** Gas of every switch in a support. */
export function gasOf(model: PathModel, support: Support): number {
  const arcs = model.arcs.reduce((sum, flow, index) => (support.arcs[index] === true ? sum + flow.gasUsd : sum), 0);
  return model.pools.reduce((sum, flow, index) => (support.pools[index] === true ? sum + flow.gasUsd : sum), arcs);
}

/** The support of a solution: what flows, and of two arcs that undo each other the greater. */
export function readSupport(model: PathModel, values: Float64Array): Support {
  const flows = (flow: FlowColumns): boolean => (values[flow.amount] ?? 0) > UNUSED;
  const amounts = new Map(model.arcs.map((flow) => [flow.used, values[flow.amount] ?? 0]));
  const beaten = new Set(model.exclusive.map(([first, second]) => ((amounts.get(first) ?? 0) >= (amounts.get(second) ?? 0) ? second : first)));
  return {
    arcs: model.arcs.map((flow) => flows(flow) && !(flow.used >= 0 && beaten.has(flow.used))),
    pools: model.pools.map(flows),
    remains: model.debts.map(({ remains }) => (values[remains] ?? 1) >= HALF),
  };
}

/**
 * The cheapest amounts within a support, on chords: a plan of the chords is a plan of the curves. The chords close in on the last inputs, which stay
 * among their points, so that the cost never rises from one round to the next.
 *
 * @returns null where nothing within the support meets the targets.
 */
export async function polish(solver: PathSolver, model: PathModel, { support, near }: { support: Support; near: Float64Array | null }): Promise<CostedPlan | null> {
  let best: CostedPlan | null = null;
  let inputs = near;
  for (const spread of SPREADS) {
    const plan = await solveOnChords(solver, model, { support, inputs, spread });
    if (plan === null) break;
    const gain = best === null ? Infinity : best.evaluation.cost.totalUsd - plan.evaluation.cost.totalUsd;
    if (gain > 0) best = plan;
    if (gain < ENOUGH) break;
    inputs = Float64Array.from(model.pools, (pool, index) => (plan.amounts.pools[index] ?? 0) / pool.unit);
  }
  return best;
}

async function solveOnChords(
  solver: PathSolver,
  model: PathModel,
  { support, inputs, spread }: { support: Support; inputs: Float64Array | null; spread: readonly number[] },
): Promise<CostedPlan | null> {
  const open = model.pools.flatMap((_, pool) => (support.pools[pool] === true ? [pool] : []));
  const chords = packRows(open.flatMap((pool) => chordRows(model, pool, chordPoints(model.pools[pool]?.limit ?? 0, inputs?.[pool] ?? 0, spread))));
  const session = await solver.open({ ...model.linear, ...closeUnused(model, support), rows: joinRows(model.linear.rows, chords) });
  const result = await session.solveLp({});
  await session.close();
  if (result.status !== 'optimal') return null;
  const amounts = readAmounts(model, result.values);
  return { support: supportOf(support, amounts), amounts, evaluation: evaluateAmounts(model.network, amounts) };
}

/** Inputs for chords, rising from 0 to the limit. */
function chordPoints(limit: number, near: number, spread: readonly number[]): number[] {
  const wide = [1 / 256, 1 / 64, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4].map((share) => share * limit);
  const close = near > UNUSED ? spread.map((share) => share * near) : [];
  const inside = [...wide, ...close].filter((at) => at > 0 && at < limit * (1 - 1e-9)).sort((a, b) => a - b);
  const distinct = inside.filter((at, index) => index === 0 || at - (inside[index - 1] ?? 0) > 1e-7 * limit);
  return limit > 0 ? [0, ...distinct, limit] : [];
}

function supportOf(support: Support, { arcs, pools }: PlanAmounts): Support {
  return { ...support, arcs: Array.from(arcs, (amount) => amount > 0), pools: Array.from(pools, (amount) => amount > 0) };
}
