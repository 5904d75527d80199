import type { ColumnBytes } from './columns.ts';
import type { Verdicts } from './exact.ts';
import type { ScanKernel } from './layout.ts';
import type { Pass } from './passes.ts';

/** An account of a book: its market's key and its position in the rule's own form. */
export interface ScanAccount {
  readonly market: string;
  readonly position: unknown;
}

/** What a book is opened with. */
export interface ScanBookOptions {
  /** One of its own (`openKernel`). */
  readonly kernel: ScanKernel;
  /** Unix seconds at which the markets' states and the accounts' positions are read. */
  readonly at: bigint;
  /**
   * The position of an account by its number, for decisions in integers and for storing again. The book keeps columns, not positions: the caller's
   * store has them, as of the last change that it told the book.
   */
  readonly positionOf: (account: number) => unknown;
  /** Seconds from `at` on for which one set of weights holds; longer flags a few more, shorter derives them more often. 60 if absent. */
  readonly horizon?: bigint;
}

/** What a screen found. The accounts are those that a pass over all by the rules would find, on every input. */
export interface ScreenResult extends Verdicts {
  /** Unix seconds that the accounts were decided at. */
  readonly at: bigint;
  /** What the kernel read; null in the exact mode. */
  readonly pass: Pass | null;
}

/** What a book takes and how it stands. */
export interface BookFigures {
  readonly accounts: number;
  /** Accounts that are decided in integers each time. */
  readonly alwaysExact: number;
  readonly slots: number;
  readonly blocks: number;
  readonly bytes: ColumnBytes;
}
