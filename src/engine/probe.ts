import { type Decimal, ZERO } from '../core/decimal.ts';
import { isPlimsollError } from '../core/errors.ts';
import type { CrossingProbe } from './crossing.ts';
import { type AccountEvaluation, probeAccount } from './evaluate.ts';
import type { Moves } from './moves.ts';

/** One account at moved prices, with its rule's own decision; null where the rule cannot value it there (a price that rounds to 0). */
export function probeAlone(account: AccountEvaluation, moves: Moves): CrossingProbe | null {
  try {
    const { slack, liquidatable } = probeAccount(account.account, { moves });
    return { slack, breached: liquidatable };
  } catch (error) {
    if (isPlimsollError(error)) return null;
    throw error;
  }
}

/**
 * Several accounts at moved prices as one: breached where their slacks, and the USD of `rest`, sum to less than 0. Null where one of them cannot be valued.
 */
export function probeTogether(accounts: readonly AccountEvaluation[], at: { readonly moves: Moves; readonly rest: Decimal }): CrossingProbe | null {
  let slack = at.rest;
  for (const account of accounts) {
    const probe = probeAlone(account, at.moves);
    if (probe === null) return null;
    slack = slack.plus(probe.slack);
  }
  return { slack, breached: slack.lt(ZERO) };
}
