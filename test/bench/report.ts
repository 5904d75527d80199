import { cpus, loadavg } from 'node:os';

/** What a bench found, in the form that `--json` prints. */
export interface BenchReport {
  readonly bench: string;
  readonly machine: Machine;
  readonly cases: readonly BenchCase[];
  /** What a reader has to know about the figures: how they were measured, what was left out. */
  readonly notes: readonly string[];
}

export interface BenchCase {
  readonly name: string;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Processes running or waiting, one-minute mean: above `cores` others took part of the machine. */
  readonly load: number;
}

export function describeMachine(): Machine {
  const [first] = cpus();
  return { cpu: first?.model ?? 'unknown', cores: cpus().length, node: process.version, load: Number((loadavg()[0] ?? 0).toFixed(2)) };
}

/** The least value that at least `share` of the values do not exceed (nearest rank); NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Columns of equal width, numbers to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** A figure for a table: three significant digits below a thousand, whole above; `-` where there is none. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return Math.abs(value) < 5e-4 ? '0' : String(Number(value.toPrecision(3)));
}

export function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress goes where it does not mix with a document. */
export function writeProgress(text: string): void {
  process.stderr.write(`${text}\n`);
}
