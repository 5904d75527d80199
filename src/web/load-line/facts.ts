import type { Status } from '../../engine/report.ts';
import type { WalletView } from '../data/wallet-model.ts';

/** Where the ship lies, as health in exposure form. */
export interface LoadLineFacts {
  readonly status: Status;
  /** What decides how deep the ship lies: the weakest account, by market prices where these make an account insolvent. Null where there is no debt. */
  readonly depth: number | null;
  readonly weakest: number | null;
  readonly unified: number | null;
  /** True where `depth` is by market prices, and the oracle says something better. */
  readonly isByMarket: boolean;
  readonly isEmpty: boolean;
}

/** Reads off a wallet what the picture shows. */
export function loadLineFacts({ status, statusWithoutGaps, wallet, accounts }: WalletView): LoadLineFacts {
  const weakest = wallet.weakest?.health?.toNumber() ?? null;
  const byMarket = statusWithoutGaps === 'insolvent' ? lowest(accounts.flatMap(({ market, debtFree }) => (debtFree || market?.health == null ? [] : [market.health.toNumber()]))) : null;
  const isByMarket = byMarket !== null && (weakest === null || byMarket < weakest);
  return { status, depth: isByMarket ? byMarket : weakest, weakest, unified: wallet.health?.toNumber() ?? null, isByMarket, isEmpty: accounts.length === 0 };
}

function lowest(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : Math.min(...numbers);
}
