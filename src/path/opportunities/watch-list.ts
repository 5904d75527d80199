import type { Decimal } from '../../core/decimal.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Gap } from '../../core/portfolio.ts';
import { computeDistance, type DistanceOptions } from '../../engine/distance.ts';
import { type AccountEvaluation, evaluateAccount, type MarketPrices } from '../../engine/evaluate.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import { gapOfAccount } from '../forced/liquidation-state.ts';

/** An account that is not liquidatable yet. USD by the protocol's oracle. */
export interface WatchedAccount {
  readonly account: OpenedAccount;
  /** Adjusted collateral ÷ adjusted debt. */
  readonly health: Decimal;
  readonly nativeHealthFactor: Decimal | null;
  /** The uniform adverse move at which it becomes liquidatable, a share of the price; null where none below 100 % does it. */
  readonly move: Decimal | null;
  readonly collateralUsd: Decimal;
  readonly debtUsd: Decimal;
}

/** Accounts by distance. */
export interface WatchList {
  /** The nearest first; those that no move reaches last. */
  readonly accounts: readonly WatchedAccount[];
  /** Accounts whose rule could not answer: where they stand is not known. */
  readonly gaps: readonly Gap[];
}

const NO_PRICES: MarketPrices = new Map();

/** Orders accounts that are not liquidatable by how far the market has to move against them; what owes nothing, or is liquidatable, is left out. */
export function computeWatchList(accounts: readonly OpenedAccount[], options: DistanceOptions): WatchList {
  const gaps: Gap[] = [];
  const watched = accounts.flatMap((account): WatchedAccount[] => {
    try {
      return watch(evaluateAccount(account, NO_PRICES), options);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      gaps.push(gapOfAccount(account, error));
      return [];
    }
  });
  return { accounts: watched.toSorted(byDistance), gaps };
}

function watch(evaluation: AccountEvaluation, options: DistanceOptions): WatchedAccount[] {
  const { account, native, health, raw } = evaluation;
  if (native.liquidatable || health === null) return [];
  const move = computeDistance([evaluation], options).first?.move ?? null;
  return [{ account, health, nativeHealthFactor: native.healthFactor, move, collateralUsd: raw.collateral, debtUsd: raw.debt }];
}

function byDistance(a: WatchedAccount, b: WatchedAccount): number {
  if (a.move !== null && b.move !== null && !a.move.eq(b.move)) return a.move.cmp(b.move);
  if ((a.move === null) !== (b.move === null)) return a.move === null ? 1 : -1;
  return a.health.cmp(b.health) || (a.account.entry.id < b.account.entry.id ? -1 : 1);
}
