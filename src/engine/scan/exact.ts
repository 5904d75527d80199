import { PlimsollError } from '../../core/errors.ts';

/** An account that its rule cannot answer for; such an account is never taken as safe. */
export interface Refused {
  readonly account: number;
  readonly error: PlimsollError;
}

/** What the rules say of some accounts, as their integers do. */
export interface Verdicts {
  /** Ascending. */
  readonly liquidatable: readonly number[];
  /** In order of their accounts. */
  readonly refused: readonly Refused[];
  /** How many accounts were asked about. */
  readonly decided: number;
}

/** Decides accounts by their rules. @param ask the rule's yes or no for an account */
export function decideAccounts(accounts: readonly number[], ask: (account: number) => boolean): Verdicts {
  const liquidatable: number[] = [];
  const refused: Refused[] = [];
  for (const account of accounts) {
    try {
      if (ask(account)) liquidatable.push(account);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      refused.push({ account, error });
    }
  }
  return { liquidatable: liquidatable.sort((a, b) => a - b), refused: refused.sort((a, b) => a.account - b.account), decided: accounts.length };
}

/** The answer, or null where the rule refuses the account. */
export function refusedAsNull<Answer>(ask: () => Answer): Answer | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PlimsollError) return null;
    throw error;
  }
}
