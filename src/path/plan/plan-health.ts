import { Decimal } from '../../core/decimal.ts';
import type { NativeHealth } from '../../core/rule.ts';
import { evaluateAccount } from '../../engine/evaluate.ts';
import { DEFAULT_DUST_USD, summarizeWallet } from '../../engine/wallet.ts';
import type { Ledger } from './ledger.ts';

/** The accounts of a plan at one point, by the rules. */
export interface PlanHealth {
  readonly accounts: readonly AccountHealth[];
  /** ΣA / ΣL over the accounts with debt; null where there is none. */
  readonly unified: Decimal | null;
  /** Id of the account with the lowest A / L; null where none has debt. */
  readonly weakest: string | null;
  /** Σ (L − A)⁺, USD. */
  readonly shortfall: Decimal;
}

/** One account in exposure form and in the protocol's own words. */
export interface AccountHealth {
  readonly account: string;
  readonly label: string;
  /** A / L; null without debt. */
  readonly health: Decimal | null;
  readonly adjustedCollateral: Decimal;
  readonly adjustedDebt: Decimal;
  readonly native: NativeHealth;
}

/** Evaluates a ledger's accounts at the moment of the quote. */
export function healthOf(ledger: Ledger): PlanHealth {
  const evaluated = ledger.ids().map((id) => {
    const account = ledger.account(id);
    const view = ledger.view(id, 'now');
    return evaluateAccount({ ...account, view, legs: account.rule.legs(view) }, new Map());
  });
  const wallet = summarizeWallet(evaluated, new Decimal(DEFAULT_DUST_USD));
  return {
    accounts: evaluated.map(({ account, native, health, adjustedCollateral, adjustedDebt }) => ({
      account: account.entry.id,
      label: account.marketEntry.label,
      health,
      adjustedCollateral,
      adjustedDebt,
      native,
    })),
    unified: wallet.health,
    weakest: wallet.weakest?.account.entry.id ?? null,
    shortfall: wallet.shortfall,
  };
}
