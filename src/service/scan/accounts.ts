import type { ChainId } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { PortfolioMarket } from '../../core/portfolio.ts';
import type { MarketAt } from '../../core/rule.ts';
import type { Moves } from '../../engine/moves.ts';
import { encodeLegs, type OpenedAccount } from '../../engine/open-portfolio.ts';
import { prepareMarket } from '../../engine/prepare-market.ts';
import type { Book, BookAccount, BookMarket } from './source.ts';

/** A market of a book at the prices and the time that it is looked at. */
export interface MarketInView {
  readonly entry: BookMarket;
  readonly document: PortfolioMarket;
  readonly state: unknown;
  /** Unix seconds that its accounts are decided at. */
  readonly at: bigint;
  /** Its rule over it, with what its accounts share computed once. */
  readonly rule: MarketAt<unknown>;
}

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

/** Every market of a book at moved prices and at the next block's time, by key. */
export function openMarkets(book: Book, moves: Moves): ReadonlyMap<string, MarketInView> {
  const times = listDecisionTimes(book.markets.values());
  return new Map([...book.markets].map(([key, market]) => [key, openMarketAt(market, moves, times.get(market.chain) ?? market.at)]));
}

/** A market of a book at moved prices and at a second. @throws {PlimsollError} what the rule's `reprice` throws */
export function openMarketAt(entry: BookMarket, moves: Moves, at: bigint): MarketInView {
  const { key: id, chain, deployment, protocol, market, label, rule } = entry;
  const state = moves.size === 0 ? entry.state : rule.reprice(entry.state, moves);
  return {
    entry,
    state,
    at,
    rule: prepareMarket({ rule, state }, at),
    document: { id, chain, deployment, protocol, market, label, rule: rule.id, state: encodeJson(state) as PortfolioMarket['state'] },
  };
}

/** An account of a book as the views of the path take it. @throws {PlimsollError} where its rule cannot value it */
export function openBookAccount({ id, owner, marketKey, position, precision, missing }: BookAccount, { entry, document, state, at }: MarketInView): OpenedAccount {
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
