/** A linear or mixed-integer programme in compressed sparse rows, minimised; plain arrays, so that it can be handed to another thread. */
export interface LinearModel {
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** 1 where the column is integer. */
  readonly integer: Uint8Array;
  readonly rows: RowBlock;
}

/** Rows `lower ≤ Σ value · x ≤ upper`, packed. */
export interface RowBlock {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** One entry of a row: column and coefficient. */
export type RowEntry = readonly [column: number, value: number];

/** One row before packing. */
export interface Row {
  readonly lower: number;
  readonly upper: number;
  readonly entries: readonly RowEntry[];
}

/** Packs rows in their order; entries of one column are added up, zeros are left out. */
export function packRows(rows: readonly Row[]): RowBlock {
  const merged = rows.map((row) => mergeEntries(row.entries));
  const starts = new Int32Array(rows.length + 1);
  merged.forEach((entries, index) => {
    starts[index + 1] = (starts[index] ?? 0) + entries.length;
  });
  const flat = merged.flat();
  return {
    lower: Float64Array.from(rows, (row) => row.lower),
    upper: Float64Array.from(rows, (row) => row.upper),
    starts,
    columns: Int32Array.from(flat, ([column]) => column),
    values: Float64Array.from(flat, ([, value]) => value),
  };
}

/** The rows of `first`, then those of `second`. */
export function joinRows(first: RowBlock, second: RowBlock): RowBlock {
  const offset = first.values.length;
  return {
    lower: concat(first.lower, second.lower),
    upper: concat(first.upper, second.upper),
    starts: Int32Array.from([...first.starts, ...second.starts.subarray(1).map((start) => start + offset)]),
    columns: Int32Array.from([...first.columns, ...second.columns]),
    values: concat(first.values, second.values),
  };
}

/** The least row `Σ entries ≥ lower`. */
export function atLeast(lower: number, entries: readonly RowEntry[]): Row {
  return { lower, upper: Infinity, entries };
}

/** The greatest row `Σ entries ≤ upper`. */
export function atMost(upper: number, entries: readonly RowEntry[]): Row {
  return { lower: -Infinity, upper, entries };
}

function mergeEntries(entries: readonly RowEntry[]): RowEntry[] {
  const byColumn = new Map<number, number>();
  for (const [column, value] of entries) byColumn.set(column, (byColumn.get(column) ?? 0) + value);
  return [...byColumn].filter(([, value]) => value !== 0);
}

function concat(first: Float64Array, second: Float64Array): Float64Array {
  const joined = new Float64Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
