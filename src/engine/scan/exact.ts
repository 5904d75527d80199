import { PlimsollError } from '../../core/errors.ts';
import type { MarketAt, NativeHealth, Rule } from '../../core/rule.ts';

/** An account that its rule cannot answer for; such an account is never taken as safe. */
export interface Refused {
  readonly account: number;
  readonly error: PlimsollError;
}

/** What the rules say of some accounts, in integers. */
export interface Verdicts {
  /** Ascending. */
  readonly liquidatable: readonly number[];
  /** In order of their accounts. */
  readonly refused: readonly Refused[];
  /** How many accounts were asked about. */
  readonly decided: number;
}

/** A market of the book as the rules see it. */
export interface RuledMarket {
  readonly rule: Rule;
  readonly state: unknown;
}

/** The market at a second, by the rule's faster way if it has one. A market that the rule refuses altogether refuses each account. */
export function prepareMarket({ rule, state }: RuledMarket, at: bigint): MarketAt<unknown> {
  if (rule.prepare === undefined) {
    const view = (position: unknown) => ({ market: state, position, at });
    return {
      isLiquidatable: (position) => rule.health(view(position)).liquidatable,
      health: (position): NativeHealth => rule.health(view(position)),
      exposure: (position) => rule.exposure(view(position)),
    };
  }
  try {
    return rule.prepare(state, at);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    const refuse = (): never => {
      throw error;
    };
    return { isLiquidatable: refuse, health: refuse, exposure: refuse };
  }
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
