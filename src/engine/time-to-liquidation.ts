import { isPlimsollError } from '../core/errors.ts';
import { SECONDS_PER_YEAR } from '../core/fixed-point.ts';
import type { AccountEvaluation } from './evaluate.ts';

/** How long one account lasts at constant prices, from its own time on. */
export interface AccountTime {
  readonly account: AccountEvaluation;
  /** Whole seconds until the rule first says liquidatable; 0 where it does now; null where there is none to tell. */
  readonly seconds: bigint | null;
  /** Why `seconds` is null. */
  readonly reason: 'no-debt' | 'beyond-horizon' | 'not-computable' | null;
}

/** How long a wallet lasts at constant prices. */
export interface WalletTime {
  readonly accounts: readonly AccountTime[];
  /** The account that is liquidated first; null where none is within the horizon. */
  readonly first: { readonly account: AccountEvaluation; readonly seconds: bigint } | null;
}

/** Ten years of 365 days. */
export const TIME_HORIZON_SECONDS = 10n * SECONDS_PER_YEAR;
/** The first step of the search. */
const FIRST_STEP = 3_600n;

/**
 * Measures the time until interest or borrowing fees alone liquidate each account, to the second, by asking its rule at later times: steps that
 * double, then bisection. With debt growing at least as fast as collateral the decision changes once and this is exact; where some collateral earns more than
 * the debt costs, a liquidation that would heal again between two steps is not seen.
 */
export function computeTimeToLiquidation(accounts: readonly AccountEvaluation[]): WalletTime {
  const times = accounts.map(accountTime);
  const first = times.reduce<WalletTime['first']>((near, { account, seconds }) => (seconds !== null && (near === null || seconds < near.seconds) ? { account, seconds } : near), null);
  return { accounts: times, first };
}

function accountTime(account: AccountEvaluation): AccountTime {
  if (account.debtFree) return { account, seconds: null, reason: 'no-debt' };
  try {
    const seconds = searchSeconds(account);
    return { account, seconds, reason: seconds === null ? 'beyond-horizon' : null };
  } catch (error) {
    if (isPlimsollError(error)) return { account, seconds: null, reason: 'not-computable' };
    throw error;
  }
}

function searchSeconds(account: AccountEvaluation): bigint | null {
  const { rule, view } = account.account;
  const isLiquidatableAfter = (seconds: bigint): boolean => rule.health({ ...view, at: view.at + seconds }).liquidatable;
  if (isLiquidatableAfter(0n)) return 0n;
  let safe = 0n;
  let step = FIRST_STEP;
  while (!isLiquidatableAfter(step)) {
    if (step === TIME_HORIZON_SECONDS) return null;
    safe = step;
    step = step * 2n < TIME_HORIZON_SECONDS ? step * 2n : TIME_HORIZON_SECONDS;
  }
  while (step - safe > 1n) {
    const middle = (safe + step) / 2n;
    if (isLiquidatableAfter(middle)) step = middle;
    else safe = middle;
  }
  return step;
}
