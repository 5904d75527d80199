import type { Row } from './linear-model.ts';
import { packRows } from './linear-model.ts';
import type { PathModel } from './model.ts';
import { firstTangents, lossAt, tangentRow, tangentRows } from './slippage-rows.ts';
import type { LpResult, PathSolver, SolverSession } from './solve.ts';

/** The outer model (tangents) held by a solver. Its optimum is never above the cost of any plan. */
export interface Relaxation {
  readonly model: PathModel;
  readonly session: SolverSession;
  /** Adds tangents where `values` understate a pool's loss; tells how many. */
  cutOff(values: Float64Array): Promise<number>;
  /** Adds tangents at these inputs, by pool, model units. */
  addTangents(points: readonly (readonly number[])[]): Promise<void>;
}

/** Losses understated by less than this many USD are left as they are. */
const NEGLIGIBLE_USD = 1e-3;
const ROOT_ROUNDS = 6;
const ROOT_GAIN = 1e-4;
/** Switches below this stand for nothing. */
const OFF = 1e-9;

/** Opens the relaxation with its first tangents. */
export async function openRelaxation(solver: PathSolver, model: PathModel): Promise<Relaxation> {
  const session = await solver.open(model.linear);
  await session.addRows(tangentRows(model, firstTangents(model)));
  return {
    model,
    session,
    cutOff: async (values) => {
      const rows = understated(model, values);
      if (rows.length > 0) await session.addRows(packRows(rows));
      return rows.length;
    },
    addTangents: async (points) => {
      const rows = tangentRows(model, points);
      if (rows.lower.length > 0) await session.addRows(rows);
    },
  };
}

/** Solves with all switches continuous, adding tangents while they still lift the bound: the fast lower bound. */
export async function solveRoot(relaxation: Relaxation): Promise<LpResult> {
  let result = await relaxation.session.solveLp({});
  for (let round = 0; round < ROOT_ROUNDS && result.status === 'optimal'; round += 1) {
    if ((await relaxation.cutOff(result.values)) === 0) break;
    const next = await relaxation.session.solveLp({});
    const gain = next.objective - result.objective;
    result = next;
    if (gain < ROOT_GAIN * Math.abs(result.objective)) break;
  }
  return result;
}

/** Tangents at the inputs that the solution means: a pool half switched on carries twice its amount. */
function understated(model: PathModel, values: Float64Array): Row[] {
  return model.pools.flatMap((pool, index) => {
    const share = pool.used < 0 ? 1 : Math.min(1, values[pool.used] ?? 0);
    const amount = values[pool.amount] ?? 0;
    if (amount <= 0 || share <= OFF) return [];
    const at = Math.min(amount / share, pool.limit);
    const missing = share * lossAt(model, index, at).loss - (values[pool.loss] ?? 0);
    return missing * model.scale > NEGLIGIBLE_USD ? [tangentRow(model, index, at)] : [];
  });
}
