import { Decimal, fromFixed } from '../core/decimal.ts';
import { PlimsollError } from '../core/errors.ts';
import type { AssetId, ChainId } from '../core/ids.ts';
import { encodeJson } from '../core/json.ts';
import type { Gap, PortfolioMarket } from '../core/portfolio.ts';
import type { ExposureTerm } from '../core/rule.ts';
import type { Moves } from '../engine/moves.ts';
import { encodeLegs, type OpenedAccount } from '../engine/open-portfolio.ts';
import { gapOf } from './gaps.ts';
import type { Book, BookAccount, BookMarket } from './scan-book-source.ts';

/** A book at one set of prices, at the next block's time: every account decided by its own rule. */
export interface Screened {
  readonly liquidatable: readonly OpenedAccount[];
  /** Those with the lowest health that are not, as many as were asked for. */
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

/** Seconds to the next block, at which a liquidation that is sent now is decided. */
const BLOCK_SECONDS: Readonly<Record<ChainId, bigint>> = { 'eip155:1': 12n, 'eip155:100': 5n };
const OTHER_BLOCK_SECONDS = 2n;

/** The unix second that the accounts of each chain are decided at: that of the block after the newest that a market of it was read at. */
export function listDecisionTimes(markets: Iterable<Pick<BookMarket, 'chain' | 'at'>>): ReadonlyMap<ChainId, bigint> {
  const times = new Map<ChainId, bigint>();
  for (const { chain, at } of markets) {
    const next = at + (BLOCK_SECONDS[chain] ?? OTHER_BLOCK_SECONDS);
    if (next > (times.get(chain) ?? 0n)) times.set(chain, next);
  }
  return times;
}

/** Asks every account's rule, one after the other. */
export const screenExactly: ScreenBook = (book, { moves, near }) => {
  const times = listDecisionTimes(book.markets.values());
  const markets = new Map([...book.markets].map(([key, market]) => [key, openMarket(market, moves, times.get(market.chain) ?? market.at)]));
  const gaps: Gap[] = [];
  const liquidatable: OpenedAccount[] = [];
  const samples: OpenedAccount[] = [];
  const seen = new Set<AssetId>();
  const nearest = new Nearest(near);
  let indebted = 0;
  for (const account of book.accounts) {
    const market = markets.get(account.marketKey);
    if (market === undefined) {
      gaps.push(gapOf(new PlimsollError('UNKNOWN_MARKET', `${account.id} is in a market that the book does not have.`), { chain: null, deployment: null, account: account.id }));
      continue;
    }
    try {
      const view = { market: market.state, position: account.position, at: market.at };
      const isLiquidatable = market.entry.rule.health(view).liquidatable;
      const terms = market.entry.rule.exposure(view);
      if (terms.some(({ side, amount }) => side === 'debt' && amount > 0n)) indebted += 1;
      const isNew = terms.some(({ asset }) => !seen.has(asset));
      for (const { asset } of terms) seen.add(asset);
      if (isNew) samples.push(openBookAccount(account, market));
      if (isLiquidatable) liquidatable.push(openBookAccount(account, market));
      else nearest.add(account, market, healthOf(terms));
    } catch (error) {
      gaps.push(gapOf(error, { chain: market.entry.chain, deployment: market.entry.deployment, account: account.id }));
    }
  }
  return { liquidatable, near: nearest.list(), samples, gaps, accounts: book.accounts.length, indebted };
};

interface OpenedMarket {
  readonly entry: BookMarket;
  readonly document: PortfolioMarket;
  readonly state: unknown;
  readonly at: bigint;
}

function openMarket(entry: BookMarket, moves: Moves, at: bigint): OpenedMarket {
  const { key: id, chain, deployment, protocol, market, label, rule } = entry;
  const state = moves.size === 0 ? entry.state : rule.reprice(entry.state, moves);
  return { entry, state, at, document: { id, chain, deployment, protocol, market, label, rule: rule.id, state: encodeJson(state) as PortfolioMarket['state'] } };
}

/** An account of a book as the views of the path take it. */
function openBookAccount({ id, owner, marketKey, position, precision, missing }: BookAccount, { entry, document, state, at }: OpenedMarket): OpenedAccount {
  const view = { market: state, position, at };
  const legs = entry.rule.legs(view);
  return {
    entry: {
      id,
      market: marketKey,
      owner,
      at: Number(at),
      position: encodeJson(position) as OpenedAccount['entry']['position'],
      legs: encodeLegs(legs),
      precision,
      missing: [...missing],
      evidence: [{ source: 'subgraph', label: 'the book', block: null, timestamp: Number(entry.at) }],
    },
    marketEntry: document,
    rule: entry.rule,
    view,
    legs,
  };
}

/** Adjusted collateral ÷ adjusted debt as a float, to choose by only; null without debt. */
function healthOf(terms: readonly ExposureTerm[]): number | null {
  const side = (wanted: ExposureTerm['side']): Decimal =>
    terms.reduce((total, { side: of, amount, decimals, priceUsd, weight }) => (of === wanted ? total.plus(fromFixed(amount, decimals).times(priceUsd).times(weight)) : total), new Decimal(0));
  const debt = side('debt');
  return debt.isZero() ? null : side('collateral').div(debt).toNumber();
}

/** Keeps the accounts with the lowest health. */
class Nearest {
  readonly #most: number;
  #kept: { readonly account: BookAccount; readonly market: OpenedMarket; readonly health: number }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(account: BookAccount, market: OpenedMarket, health: number | null): void {
    if (health === null) return;
    this.#kept.push({ account, market, health });
    if (this.#kept.length >= 4 * this.#most + 64) this.#cut();
  }

  list(): readonly OpenedAccount[] {
    this.#cut();
    return this.#kept.map(({ account, market }) => openBookAccount(account, market));
  }

  #cut(): void {
    this.#kept = this.#kept.toSorted((a, b) => a.health - b.health).slice(0, this.#most);
  }
}
