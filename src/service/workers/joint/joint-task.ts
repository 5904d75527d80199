import type { Config } from '../../../config.ts';
import type { ErrorCode } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { PortfolioPrice } from '../../../core/portfolio.ts';
import type { BookAccount } from '../../../store/book-accounts.ts';
import type { BookMarket } from '../../../store/book-markets.ts';
import type { JointLimits } from '../../scan/scan-book.ts';

/** What is to be planned together: accounts and markets as they are stored. */
export interface JointTask {
  readonly config: Config;
  readonly accounts: readonly BookAccount[];
  /** The markets that the accounts are in. */
  readonly markets: readonly BookMarket[];
  /** The unix second that accounts of each chain are decided at. */
  readonly times: ReadonlyMap<ChainId, bigint>;
  readonly prices: readonly PortfolioPrice[];
  /** USD of one liquidation with its sale; null = find out. */
  readonly gasUsd: number | null;
  /** Unix seconds now. */
  readonly now: number;
  readonly limits?: JointLimits;
}

/** What an owner brings in the sequence. */
export interface JointShare {
  readonly owner: string;
  /** USD with six decimals. */
  readonly netUsd: string;
  /** The first of its places on any chain, from 1. */
  readonly place: number;
}

/** What planning together found. */
export interface JointAnswer {
  readonly shares: readonly JointShare[];
  /** Owners of whom nothing is known: the sequence was cut before all of their accounts were looked at, or a rule could not answer. */
  readonly unplanned: readonly string[];
  /** How, in words, and where it was cut; null where nobody is liquidatable. */
  readonly method: string | null;
}

/** What came of a task in its thread. */
export type JointOutcome =
  | { readonly kind: 'answer'; readonly answer: JointAnswer }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'defect'; readonly name: string };
