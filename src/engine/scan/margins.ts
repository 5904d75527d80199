import type { Columns } from './columns.ts';

/**
 * Once so many blocks, as a share of all, were screened because weights have moved away from those of the margins, these are worn out. A block here and there
 * takes several times as long to fetch as the next one in a row, so that measuring all again has then been paid for.
 */
const WORN_SHARE = 0.2;
/** What rounding of margins to f32, and of sums to f64, is below. */
const ROUNDING = 1e-6;

/**
 * How far blocks are from having a flagged account, measured at one set of weights; two have one margin (layout.ts), the smaller of theirs.
 *
 * With S = Σ x·T and A = Σ |x·T| at those weights, and other weights T' of which none differs from T by more than the share d (the spread),
 * |S' − S| ≤ Σ |x|·|T' − T| ≤ d·A. So S' > 0 as long as S / A > d: only blocks with a margin of d or less, roundings apart, can have a sum below 0.
 * A weight that was, or is, 0 or NaN has no share to differ by: the spread is infinite where it changed.
 */
export class Margins {
  private readonly columns: Columns;
  private readonly reference: Float64Array[] = [];
  /** Blocks that are screened however little weights move. */
  private atRest = 0;
  /** Blocks screened beyond those, all passes together. */
  private beyondRest = 0;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** Measures every block at the weights of now. */
  measure(): void {
    const { kernel, chunks, tables } = this.columns;
    for (const { at, margins, blocks, legs, table } of chunks) kernel.measure(at, margins, blocks, legs, tables.at(table));
    for (let table = 0; table < tables.count; table += 1) this.reference[table] = tables.read(table).slice();
    this.beyondRest = 0;
  }

  /** The greatest share by which a weight differs from when margins were measured; infinite where they tell nothing. */
  computeSpread(): number {
    if (this.beyondRest > WORN_SHARE * this.columns.blocks || this.reference.length !== this.columns.tables.count) return Number.POSITIVE_INFINITY;
    return this.reference.reduce((most, before, table) => Math.max(most, spreadOf(before, this.columns.tables.read(table))), 0);
  }

  /** Takes note of how many blocks were screened at a spread. */
  noteScreened(blocks: number, spread: number): void {
    if (spread === 0) this.atRest = blocks;
    this.beyondRest += Math.max(0, blocks - this.atRest);
  }
}

/** The margin up to which blocks are screened at a spread. */
export function limitOf(spread: number): number {
  return spread + ROUNDING;
}

function spreadOf(before: Float64Array, now: Float64Array): number {
  if (before.length !== now.length) return Number.POSITIVE_INFINITY;
  let spread = 0;
  for (let slot = 0; slot < now.length; slot += 1) {
    const [was, is] = [before[slot] ?? 0, now[slot] ?? 0];
    if (Object.is(was, is)) continue;
    const share = Math.abs(is / was - 1);
    // Not `share > spread`: of a weight that is no number, or was 0, there is no share.
    if (!(share <= spread)) spread = Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
  }
  return spread;
}
