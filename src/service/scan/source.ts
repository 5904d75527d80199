import { InvalidPortfolio } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';
import type { Gap, Portfolio, PortfolioBlock, PortfolioPrice } from '../../core/portfolio.ts';
import type { FindRule, Precision, Rule } from '../../core/rule.ts';
import { openPortfolio } from '../../engine/open-portfolio.ts';

/** A market of a book: what its accounts share, in its rule's typed form. */
export interface BookMarket {
  readonly key: string;
  readonly chain: ChainId;
  /** Id of the deployment's row; calls are made only where this release has it. */
  readonly deployment: string;
  readonly protocol: string;
  /** The protocol's own id. */
  readonly market: string;
  readonly label: string;
  readonly rule: Rule;
  readonly state: unknown;
  /** Unix seconds of the block that the state is of. */
  readonly at: bigint;
}

/** An account of a book. */
export interface BookAccount {
  readonly id: string;
  readonly owner: Address;
  readonly marketKey: string;
  /** In the rule's typed form. */
  readonly position: unknown;
  readonly precision: Precision;
  /** Terms that an estimate leaves out. */
  readonly missing: readonly string[];
}

/** Every account that a scan looks at. */
export interface Book {
  readonly name: string;
  /** What recorded data this is, in words; null when live. */
  readonly recorded: string | null;
  /** `as-read` where this process read it from its own sources or store; `document` for a file from elsewhere, whose tokens are not believed. */
  readonly trust: 'as-read' | 'document';
  /** Unix seconds that count as now. */
  readonly now: number;
  readonly asOf: readonly PortfolioBlock[];
  readonly prices: readonly PortfolioPrice[];
  readonly markets: ReadonlyMap<string, BookMarket>;
  readonly accounts: readonly BookAccount[];
  /** What is known not to be in it. */
  readonly gaps: readonly Gap[];
}

/** Where a book comes from: a file, a recorded data set, the store. Each read gives it as it stands then. */
export interface BookSource {
  /** For a line of progress. */
  readonly label: string;
  read(): Promise<Book>;
}

/** What a Portfolio document does not say about the book made of it. */
export interface PortfolioBookOptions {
  readonly name: string;
  readonly trust: Book['trust'];
  readonly now: number;
}

/**
 * A Portfolio document of any number of owners as a book. Accounts of one market stand at its newest second.
 *
 * @throws {InvalidPortfolio} where an account's states or legs are not what its rule says
 * @throws {PlimsollError} UNKNOWN_RULE
 */
export function bookOfPortfolio(portfolio: Portfolio, findRule: FindRule, { name, trust, now }: PortfolioBookOptions): Book {
  const { accounts } = openPortfolio(portfolio, findRule);
  const latest = new Map<string, bigint>();
  for (const { marketEntry, view } of accounts) latest.set(marketEntry.id, maxOf(latest.get(marketEntry.id), view.at));
  const markets = new Map<string, BookMarket>();
  for (const { marketEntry: entry, rule, view } of accounts) {
    const at = latest.get(entry.id);
    if (at === undefined) throw new InvalidPortfolio('accounts', `no time of ${entry.id}`);
    if (markets.has(entry.id)) continue;
    const { id: key, chain, deployment, protocol, market, label } = entry;
    markets.set(key, { key, chain: chain as ChainId, deployment, protocol, market, label, rule, state: view.market, at });
  }
  return {
    name,
    recorded: portfolio.recorded,
    trust,
    now,
    asOf: portfolio.asOf,
    prices: portfolio.prices,
    markets,
    accounts: accounts.map(({ entry, view }) => ({
      id: entry.id,
      owner: entry.owner as Address,
      marketKey: entry.market,
      position: view.position,
      precision: entry.precision,
      missing: entry.missing,
    })),
    gaps: portfolio.gaps,
  };
}

function maxOf(one: bigint | undefined, other: bigint): bigint {
  return one === undefined || other > one ? other : one;
}
