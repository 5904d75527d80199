import { type Decimal, ratioOrNull, sum } from '../core/decimal.ts';
import { type AccountEvaluation, type ExposureSums, exposureOf } from './evaluate.ts';

/** Sums over the accounts with debt, USD. */
export interface UnifiedHealth extends ExposureSums {
  /** Σ min(A, L) / ΣL: the share of the debt that stands covered account by account; null where there is no debt. */
  readonly coverRatio: Decimal | null;
}

/** A wallet over all its accounts. Shown together: a single one of these numbers misleads. */
export interface WalletHealth extends UnifiedHealth {
  /** Σ (L − A)⁺ over the accounts: what has to come from outside each account. Not max(0, −slack): surplus elsewhere does not lessen it. */
  readonly shortfall: Decimal;
  /** The account with the lowest A / L; null where no account has debt. */
  readonly weakest: AccountEvaluation | null;
  /** The same among accounts that owe at least the dust value. */
  readonly weakestAboveDust: AccountEvaluation | null;
  /** Accounts that owe something, but less than the dust value. */
  readonly dust: readonly AccountEvaluation[];
  readonly debtFree: readonly AccountEvaluation[];
  /** Value of everything held in accounts without debt, USD; no part of the sums above. */
  readonly freeCollateral: Decimal;
  /** The same sums by market prices (by the oracle's where an account has none); null where no account has any. */
  readonly market: UnifiedHealth | null;
}

/** Debts below this many USD are dust unless the caller says otherwise. */
export const DEFAULT_DUST_USD = '1';

/**
 * Sums accounts into a wallet: unified health factor ΣA / ΣL, weakest account, shortfall, cover ratio, free collateral.
 *
 * @param dust debt in USD below which an account is named apart; it still counts everywhere.
 */
export function summarizeWallet(accounts: readonly AccountEvaluation[], dust: Decimal): WalletHealth {
  const indebted = accounts.filter((account) => !account.debtFree);
  const debtFree = accounts.filter((account) => account.debtFree);
  const isDust = (account: AccountEvaluation): boolean => account.raw.debt.lt(dust);
  return {
    ...unify(indebted),
    weakest: findWeakest(indebted),
    weakestAboveDust: findWeakest(indebted.filter((account) => !isDust(account))),
    dust: indebted.filter(isDust),
    debtFree,
    freeCollateral: sum(debtFree.map((account) => account.raw.collateral.plus(account.idle))),
    market: indebted.some((account) => account.market !== null) ? unify(indebted.map((account) => account.market ?? account)) : null,
  };
}

/** The account with the lowest A / L, by cross multiplication; null where none has debt. Of equals, the first. */
export function findWeakest(accounts: readonly AccountEvaluation[]): AccountEvaluation | null {
  const indebted = accounts.filter((account) => !account.debtFree);
  return indebted.reduce<AccountEvaluation | null>((lowest, account) => (lowest === null || isWeaker(account, lowest) ? account : lowest), null);
}

/** Unified health of exposure sums: ΣA / ΣL, Σ(L − A)⁺ and Σ min(A, L) / ΣL. Only accounts with debt belong in here. */
export function unify(accounts: readonly ExposureSums[]): UnifiedHealth {
  const total = exposureOf(sum(accounts.map((account) => account.adjustedCollateral)), sum(accounts.map((account) => account.adjustedDebt)));
  const shortfall = sum(accounts.map((account) => account.shortfall));
  return { ...total, shortfall, coverRatio: ratioOrNull(total.adjustedDebt.minus(shortfall), total.adjustedDebt) };
}

function isWeaker(a: ExposureSums, b: ExposureSums): boolean {
  return a.adjustedCollateral.times(b.adjustedDebt).lt(b.adjustedCollateral.times(a.adjustedDebt));
}
