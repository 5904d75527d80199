import { PlimsollError } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { Json } from '../../../core/json.ts';
import type { ChainSource } from '../../../core/source.ts';
import { NO_MOVES } from '../../../engine/moves.ts';
import type { OpenedAccount } from '../../../engine/open-portfolio.ts';
import type { Queries } from '../../../store/database.ts';
import { type MarketInView, openBookAccount, openMarketAt } from '../../scan/accounts.ts';
import { ownerToJson } from '../../scan/json.ts';
import { readMarketPrices } from '../../scan/market-prices.ts';
import { offerAlone, openMeans, type ScanRequest } from '../../scan/scan-book.ts';
import type { Book } from '../../scan/source.ts';
import type { WatchedAccount, WatchedBook } from './watched-book.ts';

/** What an owner offers. */
export interface PricedOwner {
  /** USD with six decimals; null where nothing is earned. */
  readonly netUsd: string | null;
  readonly precision: string;
  readonly body: Json;
  /** Whether some of it could not be priced, so that nothing earned does not mean that nothing can be. */
  readonly isPartial: boolean;
}

/** What pricing needs beside the book. */
export interface PricingOptions {
  /** Endpoints for pools and gas; only those that are live. */
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
  readonly request: ScanRequest;
  /** Unix seconds now. */
  readonly now: number;
  /** A market price of longer ago is none. */
  readonly maxPriceAgeSeconds: number;
}

/** Prices owners, one by one. */
export interface OwnerPricing {
  /** @returns null where none of the owner's accounts can be opened */
  price(owner: string): PricedOwner | null;
}

/** Makes the liquidatable accounts of some owners ready to be priced: their markets, market prices, pools and gas are found once for all. */
export async function openPricing(
  queries: Queries,
  book: WatchedBook,
  owners: ReadonlyMap<string, readonly WatchedAccount[]>,
  { chains, request, now, maxPriceAgeSeconds }: PricingOptions,
): Promise<OwnerPricing> {
  const view = viewOf(book);
  const opened = new Map([...owners].map(([owner, accounts]) => [owner, accounts.flatMap((account) => open(account, view))]));
  const all = [...opened.values()].flat();
  const prices = await readMarketPrices(queries, assetsOf(all), { now, maxAgeSeconds: maxPriceAgeSeconds });
  const priced: Book = { name: 'the stored book', recorded: null, trust: 'as-read', now, asOf: [], prices, markets: book.markets, accounts: [], gaps: [] };
  const means = await openMeans(priced, all, { chains, gasUsd: request.gasUsd });
  return {
    price(owner) {
      const accounts = opened.get(owner) ?? [];
      if (accounts.length === 0) return null;
      const { owners: ranked, calldata, gaps } = offerAlone(priced, accounts, request, means);
      const [offer] = ranked;
      const isPartial = gaps.length > 0 || accounts.length < (owners.get(owner)?.length ?? 0);
      const precision = accounts.some(({ entry }) => entry.precision === 'estimate') ? 'estimate' : accounts.some(({ entry }) => entry.precision === 'accrued') ? 'accrued' : 'exact';
      if (offer === undefined) return { netUsd: null, precision, body: null, isPartial };
      const body = ownerToJson(offer, { calldata });
      return { netUsd: offer.profitUsd.toFixed(6), precision, body, isPartial };
    },
  };
}

/** Opens markets of a watched book when they are asked for, at the next block's time. */
export function viewOf(book: WatchedBook): (key: string) => MarketInView | null {
  const times = book.times;
  const known = new Map<string, MarketInView>();
  return (key) => {
    const market = book.markets.get(key);
    if (market === undefined) return null;
    const view = known.get(key) ?? openMarketAt(market, NO_MOVES, times.get(market.chain) ?? market.at);
    known.set(key, view);
    return view;
  };
}

/** An account ready to compute with; none where its rule refuses it. */
export function open({ account, marketKey }: WatchedAccount, view: (key: string) => MarketInView | null): readonly OpenedAccount[] {
  const market = view(marketKey);
  if (account === null || market === null) return [];
  try {
    return [openBookAccount(account, market)];
  } catch (error) {
    if (error instanceof PlimsollError) return [];
    throw error;
  }
}

/** Assets of some accounts, with their symbols. */
export function assetsOf(accounts: readonly OpenedAccount[]): ReadonlyMap<string, string> {
  return new Map(accounts.flatMap((account) => account.legs).map((leg) => [leg.asset, leg.symbol]));
}
