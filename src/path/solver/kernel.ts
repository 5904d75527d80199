import type { PathModel } from './model.ts';
import { type CostedPlan, polish, readSupport, type Support, startOf } from './polish.ts';
import type { Relaxation } from './relaxation.ts';
import type { MipOptions, PathSolver } from './solve.ts';

/** Model units above which a relaxed flow says that it matters. */
const USED = 1e-6;

/** What a part of the model is made of. */
export interface Kernel {
  /** The plan to start from. */
  readonly plan: CostedPlan;
  /** Supports that a good plan may mix. */
  readonly supports: readonly Support[];
  /** The relaxed solution, whose flows are looked at as well. */
  readonly relaxed: Float64Array;
}

/**
 * Looks for a cheaper plan in a part of the model: only what some promising support, or the relaxed plan, uses may be used. A third of the switches are left of a large problem, so that the
 * search ends soon where the whole would not; it bounds nothing.
 *
 * @returns the given plan where no cheaper one was found
 */
export async function searchKernel(solver: PathSolver, { model, session }: Relaxation, kernel: Kernel, limits: Omit<MipOptions, 'start' | 'upper'>): Promise<CostedPlan> {
  const { plan } = kernel;
  const { values } = await session.solveMip({ ...limits, start: startOf(model, plan.support), upper: closeOthers(model, kernel) });
  if (values === null) return plan;
  const found = await polish(solver, model, { support: readSupport(model, values), near: Float64Array.from(model.pools, (pool) => values[pool.amount] ?? 0) });
  return found !== null && found.evaluation.cost.totalUsd < plan.evaluation.cost.totalUsd ? found : plan;
}

/** The upper bounds with every switchable flow outside the kernel closed. */
function closeOthers(model: PathModel, { plan, supports, relaxed }: Kernel): Float64Array {
  const upper = model.linear.upper.slice();
  for (const kind of ['arcs', 'pools'] as const) {
    model[kind].forEach((flow, index) => {
      const isOpen = flow.used < 0 || (relaxed[flow.amount] ?? 0) > USED || [plan.support, ...supports].some((support) => support[kind][index] === true);
      if (isOpen) return;
      upper[flow.used] = 0;
      upper[flow.amount] = 0;
    });
  }
  return upper;
}
