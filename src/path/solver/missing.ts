import { joinRows, type LinearModel, packRows, type RowBlock } from './linear-model.ts';
import type { PathModel } from './model.ts';
import { readSupport, type Support } from './polish.ts';
import { chordRows } from './slippage-rows.ts';
import type { PathSolver } from './solve.ts';

/** What an unreachable target lacks. */
export interface MissingCollateral {
  /** USD of adjusted collateral by account, in the problem's order; null where no collateral would help either. */
  readonly byAccount: Float64Array | null;
  /** What the plan does that needs the least. */
  readonly support: Support | null;
}

/** Inputs of the chords, as shares of a pool's greatest amount. */
const GRID = [1 / 1024, 1 / 256, 1 / 128, 1 / 64, 1 / 32, 1 / 16, 3 / 32, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8, 1];
const TIME_LIMIT_MS = 2_000;

/**
 * The least adjusted collateral that, added to the accounts, would make the targets reachable: gas and losses are not looked at, and the curves stand as chords,
 * so that the answer is enough.
 */
export async function findMissingCollateral(solver: PathSolver, model: PathModel): Promise<MissingCollateral> {
  const session = await solver.open(withSlack(model));
  const result = await session.solveMip({ start: null, timeLimitMs: TIME_LIMIT_MS, relativeGap: 1e-4, absoluteGap: 0.01 });
  await session.close();
  const { values } = result;
  if (values === null) return { byAccount: null, support: null };
  const first = model.linear.cost.length;
  return { byAccount: Float64Array.from(model.network.problem.accounts, (_, index) => Math.max(0, values[first + index] ?? 0) * model.scale), support: readSupport(model, values) };
}

/** The model with one more column per account, the only ones that cost anything. */
function withSlack(model: PathModel): LinearModel {
  const { linear, slackRows, scale } = model;
  const [columns, accounts] = [linear.cost.length, slackRows.length];
  const extended = (source: Float64Array, value: number): Float64Array => Float64Array.from([...source, ...slackRows.map(() => value)]);
  const chords = packRows(model.pools.flatMap((pool, index) => (pool.limit > 0 ? chordRows(model, index, [0, ...GRID.map((share) => share * pool.limit)]) : [])));
  return {
    cost: Float64Array.from({ length: columns + accounts }, (_, index) => (index < columns ? 0 : scale)),
    lower: extended(linear.lower, 0),
    upper: extended(linear.upper, Infinity),
    integer: Uint8Array.from([...linear.integer, ...slackRows.map(() => 0)]),
    rows: joinRows(withSlackEntries(linear.rows, model), chords),
  };
}

function withSlackEntries(rows: RowBlock, { linear, slackRows, scale }: PathModel): RowBlock {
  const extra = new Map<number, [number, number][]>();
  slackRows.forEach((entries, account) => {
    for (const { row, perUsd } of entries) extra.set(row, [...(extra.get(row) ?? []), [linear.cost.length + account, perUsd * scale]]);
  });
  return packRows(
    Array.from(rows.lower, (lower, row) => ({
      lower,
      upper: rows.upper[row] ?? Infinity,
      entries: [...entriesOf(rows, row), ...(extra.get(row) ?? [])],
    })),
  );
}

function entriesOf(rows: RowBlock, row: number): [number, number][] {
  const [start, end] = [rows.starts[row] ?? 0, rows.starts[row + 1] ?? 0];
  return Array.from(rows.columns.subarray(start, end), (column, index): [number, number] => [column, rows.values[start + index] ?? 0]);
}
