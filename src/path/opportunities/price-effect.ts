import { type Decimal, fromFixed, sum } from '../../core/decimal.ts';
import type { MarketPrices } from '../../engine/evaluate.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { JointLiquidations } from './joint-liquidations.ts';

/** A book at one set of prices: which accounts are liquidatable, and what they offer together. */
export interface BookAtPrices {
  readonly liquidatable: readonly OpenedAccount[];
  /** One for each chain. */
  readonly sequences: readonly JointLiquidations[];
  /** USD per whole token; the protocol's oracle stands in for others. */
  readonly prices: MarketPrices;
}

/** What a price move changes. Debts in USD at the moved prices, profits USD as floats. */
export interface PriceEffect {
  /** Accounts that the move makes liquidatable. */
  readonly added: { readonly count: number; readonly debtUsd: Decimal; readonly profitUsd: number; readonly accounts: readonly OpenedAccount[] };
  /** Accounts that were liquidatable and are no more. */
  readonly removed: number;
  /** All that are liquidatable after it. */
  readonly total: { readonly count: number; readonly debtUsd: Decimal; readonly profitUsd: number };
}

/**
 * Compares a book before and after a move. The profit of what is added is its part of the joint sequence after the move: pools are shared with what was liquidatable before.
 */
export function comparePrices(now: BookAtPrices, moved: BookAtPrices): PriceEffect {
  const before = new Set(now.liquidatable.map(({ entry }) => entry.id));
  const after = new Set(moved.liquidatable.map(({ entry }) => entry.id));
  const added = moved.liquidatable.filter(({ entry }) => !before.has(entry.id));
  const isAdded = new Set(added.map(({ entry }) => entry.id));
  const profitOf = (counts: (account: string) => boolean): number =>
    moved.sequences.reduce((sumUsd, { taken }) => taken.reduce((own, { opportunity }) => (counts(opportunity.account) ? own + opportunity.profitUsd : own), sumUsd), 0);
  return {
    added: { count: added.length, debtUsd: debtOf(added, moved.prices), profitUsd: profitOf((account) => isAdded.has(account)), accounts: added },
    removed: [...before].filter((id) => !after.has(id)).length,
    total: { count: moved.liquidatable.length, debtUsd: debtOf(moved.liquidatable, moved.prices), profitUsd: profitOf(() => true) },
  };
}

/** What accounts owe, USD at market prices, by the oracle where there is none. */
export function debtOf(accounts: readonly OpenedAccount[], prices: MarketPrices): Decimal {
  const debts = accounts.flatMap(({ legs }) => legs.filter(({ side }) => side === 'debt'));
  return sum(debts.map(({ asset, amount, decimals, priceUsd }) => fromFixed(amount, decimals).times(prices.get(asset) ?? priceUsd)));
}
