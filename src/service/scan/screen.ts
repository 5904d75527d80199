import { PlimsollError } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { ExposureTerm } from '../../core/rule.ts';
import type { Moves } from '../../engine/moves.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import { gapOf } from '../portfolio/gaps.ts';
import { type MarketInView, openBookAccount, openMarkets } from './accounts.ts';
import { Nearest } from './nearest.ts';
import type { Book, BookAccount } from './source.ts';

/** A book at one set of prices, at the next block's time: every account decided by its own rule. */
export interface Screened {
  readonly liquidatable: readonly OpenedAccount[];
  /** Those that the smallest adverse move seems to make liquidatable, as many as were asked for. */
  readonly near: readonly OpenedAccount[];
  /** Accounts that together hold every asset of the book. */
  readonly samples: readonly OpenedAccount[];
  /** Accounts whose rule could not answer: whether they are safe is not known. */
  readonly gaps: readonly Gap[];
  readonly accounts: number;
  /** Accounts that owe something. */
  readonly indebted: number;
}

/** How to look. */
export interface ScreenOptions {
  readonly moves: Moves;
  /** How many of the nearest to name. */
  readonly near: number;
}

/** Decides every account of a book. The answer is that of every account's rule in integers, however it is found. */
export type ScreenBook = (book: Book, options: ScreenOptions) => Screened;

/** What looking found, before anything is made ready to compute with. */
export interface Found {
  readonly liquidatable: readonly BookAccount[];
  readonly near: readonly BookAccount[];
  readonly samples: readonly BookAccount[];
  readonly refused: readonly { readonly account: BookAccount; readonly error: unknown }[];
  readonly indebted: number;
}

/** Makes a screen of a way to look: it is handed the markets at the prices and times to look at. */
export function createScreen(find: (book: Book, markets: ReadonlyMap<string, MarketInView>, options: ScreenOptions) => Found): ScreenBook {
  return (book, options) => {
    const markets = openMarkets(book, options.moves);
    const gaps: Gap[] = [];
    const refuse = (account: BookAccount, error: unknown): void => {
      const market = markets.get(account.marketKey)?.entry;
      gaps.push(gapOf(error, { chain: market?.chain ?? null, deployment: market?.deployment ?? null, account: account.id }));
    };
    const open = (accounts: readonly BookAccount[]): readonly OpenedAccount[] =>
      accounts.flatMap((account) => {
        const market = markets.get(account.marketKey);
        try {
          return market === undefined ? [] : [openBookAccount(account, market)];
        } catch (error) {
          refuse(account, error);
          return [];
        }
      });
    const seen = book.accounts.filter((account) => {
      if (markets.has(account.marketKey)) return true;
      refuse(account, new PlimsollError('UNKNOWN_MARKET', `${account.id} is in a market that the book does not have.`));
      return false;
    });
    const found = find({ ...book, accounts: seen }, markets, options);
    for (const { account, error } of found.refused) refuse(account, error);
    return { liquidatable: open(found.liquidatable), near: open(found.near), samples: open(found.samples), gaps, accounts: book.accounts.length, indebted: found.indebted };
  };
}

/** Asks every account's rule, one after the other. */
export const screenExactly: ScreenBook = createScreen((book, markets, { near }) => {
  const refused: Found['refused'][number][] = [];
  const liquidatable: BookAccount[] = [];
  const samples = new Samples();
  const nearest = new Nearest(near);
  let indebted = 0;
  for (const account of book.accounts) {
    const market = markets.get(account.marketKey);
    if (market === undefined) continue;
    try {
      const isLiquidatable = market.rule.isLiquidatable(account.position);
      const terms = market.rule.exposure(account.position);
      if (owes(terms)) indebted += 1;
      samples.add(account, terms);
      if (isLiquidatable) liquidatable.push(account);
      else nearest.add(account, terms);
    } catch (error) {
      refused.push({ account, error });
    }
  }
  return { liquidatable, near: nearest.list(), samples: samples.list, refused, indebted };
});

/** Whether an account owes anything. */
export function owes(terms: readonly ExposureTerm[]): boolean {
  return terms.some(({ side, amount }) => side === 'debt' && amount > 0n);
}

/** Keeps accounts that together hold every asset. */
export class Samples {
  readonly list: BookAccount[] = [];
  readonly #seen = new Set<AssetId>();

  add(account: BookAccount, terms: readonly ExposureTerm[]): void {
    if (terms.every(({ asset }) => this.#seen.has(asset))) return;
    for (const { asset } of terms) this.#seen.add(asset);
    this.list.push(account);
  }
}
