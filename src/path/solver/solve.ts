import highsModule, { type Highs, type Model } from 'highs';
import { InternalError } from '../../core/errors.ts';
import { joinRows, type LinearModel, type RowBlock } from './linear-model.ts';

/** What differs from the model in one linear solve; whole columns, in the model's order. */
export interface LpChanges {
  readonly cost?: Float64Array;
  readonly lower?: Float64Array;
  readonly upper?: Float64Array;
}

/** `values` are empty unless the status is optimal. */
export interface LpResult {
  readonly status: 'optimal' | 'infeasible';
  readonly objective: number;
  readonly values: Float64Array;
}

export interface MipStart {
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

export interface MipOptions {
  /** Values of columns that are known to lead to a feasible point, columns rising; the solver finds the rest. Null where there is none. */
  readonly start: MipStart | null;
  readonly timeLimitMs: number;
  readonly relativeGap: number;
  readonly absoluteGap: number;
  /** Upper bounds in place of the model's: only a part of it is searched, for good plans rather than for a bound, which is then that of the part. */
  readonly upper?: Float64Array;
}

/** `bound` holds whatever the status is; `values` are null where nothing was found. */
export interface MipResult {
  readonly status: 'optimal' | 'infeasible' | 'limit';
  readonly objective: number;
  readonly bound: number;
  readonly values: Float64Array | null;
  readonly nodes: number;
}

/** One model held by a solver, so that neighbouring solves start warm. */
export interface SolverSession {
  addRows(rows: RowBlock): Promise<void>;
  /** Solves with all columns continuous. */
  solveLp(changes: LpChanges): Promise<LpResult>;
  /** Solves with the integer columns integer. */
  solveMip(options: MipOptions): Promise<MipResult>;
  close(): Promise<void>;
}

/** A solver of linear and mixed-integer programmes. */
export interface PathSolver {
  open(model: LinearModel): Promise<SolverSession>;
  close(): Promise<void>;
}

/** Same model, same answer: HiGHS draws from this seed only, on one thread. */
const OPTIONS = { output_flag: false, random_seed: 1 } as const;
/**
 * Measured on the bench instances: the models are small and already tight, so presolving them and solving neighbourhoods of an incumbent (which the heuristic has found
 * before) cost two to four times what they save.
 */
const MIP_OPTIONS = {
  presolve: 'off',
  mip_heuristic_effort: 0,
  mip_heuristic_run_rins: false,
  mip_heuristic_run_rens: false,
  mip_heuristic_run_root_reduced_cost: false,
} as const;
/** A part has most columns closed, which presolving takes out, and little is known of it, so that neighbourhoods are worth solving.
 * Nodes are limited rather than time, so that equal problems give equal plans. */
const PART_OPTIONS = { presolve: 'on', mip_heuristic_effort: 0.3, mip_heuristic_run_rins: true, mip_heuristic_run_rens: true, mip_heuristic_run_root_reduced_cost: false, mip_max_nodes: 100 } as const;
/** Tighter than the default of 1e-7: a model unit may be a thousand dollars. */
const LP_TOLERANCE = 1e-9;
const MIP_TOLERANCE = 1e-7;

/** Opens HiGHS in this thread: for tests and measurements, since a solve blocks the thread. */
export async function openInThreadSolver(): Promise<PathSolver> {
  const loader: unknown = highsModule;
  if (!isLoader(loader)) throw new InternalError('The solver package does not export its loader.');
  const highs = await loader();
  return {
    open: (model) => Promise.resolve(openSession(highs, model)),
    close: () => Promise.resolve(),
  };
}

/** The package's types are those of its CommonJS build, one level deeper than the module that is loaded. */
function isLoader(value: unknown): value is () => Promise<Highs> {
  return typeof value === 'function';
}

function openSession(highs: Highs, base: LinearModel): SolverSession {
  let model = base;
  let warm: Model | null = null;
  const discard = (): void => {
    warm?.dispose();
    warm = null;
  };
  const linear = (): Model => {
    warm ??= createModel(highs, model, null);
    return warm;
  };
  return {
    addRows: (rows) => {
      model = { ...model, rows: joinRows(model.rows, rows) };
      if (warm !== null) addRows(warm, rows);
      return Promise.resolve();
    },
    solveLp: (changes) => guard(() => (isEmpty(model) ? solveEmpty(model) : runLp(highs, linear(), { ...model, ...changes }))),
    solveMip: (options) =>
      guard(() => (isEmpty(model) ? { ...solveEmpty(model), bound: 0, nodes: 0 } : runMip(highs, options.upper === undefined ? model : { ...model, upper: options.upper }, options))),
    close: () => {
      discard();
      return Promise.resolve();
    },
  };
}

function isEmpty({ cost }: LinearModel): boolean {
  return cost.length === 0;
}

/** HiGHS takes no model without columns: its rows hold at 0 or not at all. */
function solveEmpty({ rows }: LinearModel): LpResult {
  const holds = rows.lower.every((lower, row) => lower <= 0 && (rows.upper[row] ?? 0) >= 0);
  return { status: holds ? 'optimal' : 'infeasible', objective: holds ? 0 : Infinity, values: new Float64Array(0) };
}

async function guard<T>(run: () => T): Promise<T> {
  try {
    return await Promise.resolve(run());
  } catch (error) {
    throw new InternalError(`The solver failed: ${error instanceof Error ? error.message : 'unknown'}.`);
  }
}

function createModel(highs: Highs, { cost, lower, upper, rows }: LinearModel, integer: Uint8Array | null): Model {
  const [numCols, numRows] = [cost.length, rows.lower.length];
  const model = highs.createModel({
    numCols,
    numRows,
    colCost: cost,
    colLower: lower,
    colUpper: upper,
    rowLower: rows.lower,
    rowUpper: rows.upper,
    matrix: { format: 'csr', numCols, numRows, starts: rows.starts, indices: rows.columns, values: rows.values },
    ...(integer === null ? {} : { integrality: Int32Array.from(integer) }),
  });
  model.options.set(OPTIONS);
  return model;
}

function addRows(model: Model, rows: RowBlock): void {
  if (rows.lower.length === 0) return;
  const numCols = model.getDimensions().numCols;
  const numRows = rows.lower.length;
  model.addRows({ lower: rows.lower, upper: rows.upper, matrix: { format: 'csr', numCols, numRows, starts: rows.starts, indices: rows.columns, values: rows.values } });
}

function runLp(highs: Highs, model: Model, { cost, lower, upper }: LinearModel): LpResult {
  const all = { kind: 'range', from: 0, to: cost.length - 1 } as const;
  model.options.set({ primal_feasibility_tolerance: LP_TOLERANCE });
  model.changeColsCost(all, cost);
  model.changeColsBounds(all, lower, upper);
  const { modelStatus } = model.run();
  if (modelStatus === highs.constants.modelStatus.optimal) return { status: 'optimal', objective: model.getObjectiveValue(), values: model.getSolution().colValue };
  if (modelStatus === highs.constants.modelStatus.infeasible) return { status: 'infeasible', objective: Infinity, values: new Float64Array(0) };
  throw new InternalError(`a linear programme ended with status ${modelStatus}`);
}

function runMip(highs: Highs, data: LinearModel, options: MipOptions): MipResult {
  const model = createModel(highs, data, data.integer);
  try {
    model.options.set({
      ...(options.upper === undefined ? MIP_OPTIONS : PART_OPTIONS),
      mip_rel_gap: options.relativeGap,
      mip_abs_gap: options.absoluteGap,
      mip_feasibility_tolerance: MIP_TOLERANCE,
      ...(options.timeLimitMs === Infinity ? {} : { time_limit: Math.max(0.001, options.timeLimitMs / 1000) }),
    });
    if (options.start !== null) model.setSolution({ indices: options.start.columns, values: options.start.values });
    return readMip(highs, model, model.run().modelStatus);
  } finally {
    model.dispose();
  }
}

function readMip(highs: Highs, model: Model, modelStatus: number): MipResult {
  const status = highs.constants.modelStatus;
  const nodes = Number(model.info.get('mip_node_count'));
  if (modelStatus === status.infeasible) return { status: 'infeasible', objective: Infinity, bound: Infinity, values: null, nodes };
  const found = model.info.get('primal_solution_status') === highs.constants.solutionStatus.feasible;
  const known = [status.optimal, status.timeLimit, status.interrupted, status.solutionLimit].some((code) => code === modelStatus);
  if (!known) throw new InternalError(`a mixed-integer programme ended with status ${modelStatus}`);
  return {
    status: modelStatus === status.optimal ? 'optimal' : 'limit',
    objective: found ? model.getObjectiveValue() : Infinity,
    bound: Number(model.info.get('mip_dual_bound')),
    values: found ? model.getSolution().colValue : null,
    nodes,
  };
}
