import { InternalError } from '../../core/errors.ts';
import { openKernel, ScanBook } from '../../engine/scan/index.ts';
import { type MarketInView, openMarkets } from './accounts.ts';
import { addNearest, Nearest, orUndefined } from './nearest.ts';
import { createScreen, type Found, owes, Samples, type ScreenBook } from './screen.ts';
import type { Book, BookAccount, BookMarket } from './source.ts';

/** One chain of a book in columns. */
interface Column {
  readonly scan: ScanBook;
  /** By their numbers in the columns. */
  readonly accounts: readonly BookAccount[];
  readonly at: bigint;
}

/**
 * Puts a book into columns once, and screens it from there as often as wanted, at these and at moved prices: the same answer as asking every rule.
 *
 * @returns a screen of this book
 * @throws {InternalError} from the screen, for another book
 */
export async function openColumnScreen(book: Book): Promise<ScreenBook> {
  const chains = await openColumns(book);
  const samples = new Samples();
  let indebted = 0;
  const markets = openMarkets(book, new Map());
  for (const account of book.accounts) {
    const terms = orUndefined(() => markets.get(account.marketKey)?.rule.exposure(account.position));
    if (terms === undefined) continue;
    if (owes(terms)) indebted += 1;
    samples.add(account, terms);
  }
  const screen = createScreen((_, view, { moves, near }) => {
    const liquidatable: BookAccount[] = [];
    const refused: Found['refused'][number][] = [];
    const nearest = new Nearest(near);
    for (const { scan, accounts, at } of chains) {
      const result = moves.size === 0 ? scan.screen(at) : scan.preview(moves, at);
      const taken = new Set(result.liquidatable);
      liquidatable.push(...result.liquidatable.flatMap((number) => accounts[number] ?? []));
      for (const { account, error } of result.refused) refused.push(...(accounts[account] === undefined ? [] : [{ account: accounts[account], error }]));
      if (near > 0 && moves.size === 0)
        addNearest(nearest, {
          scan,
          at,
          accountOf: (number) => (taken.has(number) ? undefined : accounts[number]),
          exposureOf: ({ marketKey, position }) => view.get(marketKey)?.rule.exposure(position),
        });
    }
    return { liquidatable: inOrder(book, liquidatable), near: nearest.list(), samples: samples.list, refused, indebted };
  });
  return (asked, options) => {
    if (asked !== book) throw new InternalError('a screen was asked about another book than the one in its columns');
    return screen(asked, options);
  };
}

async function openColumns(book: Book): Promise<readonly Column[]> {
  const markets = openMarkets(book, new Map());
  const byChain = Map.groupBy(
    book.accounts.filter(({ marketKey }) => markets.has(marketKey)),
    ({ marketKey }) => book.markets.get(marketKey)?.chain,
  );
  return Promise.all(
    [...byChain].map(async ([chain, accounts]): Promise<Column> => {
      const own = [...book.markets.values()].filter((market) => market.chain === chain);
      const at = timeOf(own, markets);
      const scan = new ScanBook({ kernel: await openKernel(), at, positionOf: (account) => accounts[account]?.position });
      for (const { key, rule, state } of own) scan.addMarket({ key, rule, state });
      scan.load(accounts.map(({ marketKey, position }) => ({ market: marketKey, position })));
      return { scan, accounts, at };
    }),
  );
}

function timeOf(own: readonly BookMarket[], markets: ReadonlyMap<string, MarketInView>): bigint {
  return own.reduce((at, { key }) => markets.get(key)?.at ?? at, 0n);
}

/** As the book lists them, whatever chain they are on. */
function inOrder(book: Book, accounts: readonly BookAccount[]): readonly BookAccount[] {
  const wanted = new Set(accounts);
  return book.accounts.filter((account) => wanted.has(account));
}
