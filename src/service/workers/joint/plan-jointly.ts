import { isPlimsollError, PlimsollError } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { ChainSource } from '../../../core/source.ts';
import { NO_MOVES } from '../../../engine/moves.ts';
import type { OpenedAccount } from '../../../engine/open-portfolio.ts';
import { DEFAULT_MAX_PRICED, DEFAULT_MAX_TAKEN, type JointLiquidations } from '../../../path/opportunities/joint-liquidations.ts';
import { findRule, listDeployments } from '../../../protocols/registry.ts';
import { type MarketInView, openBookAccount, openMarketAt } from '../../scan/accounts.ts';
import { type JointOffer, offerTogether, openMeans } from '../../scan/scan-book.ts';
import type { Book } from '../../scan/source.ts';
import { openStoredAccount, openStoredMarket } from '../../scan/store.ts';
import type { JointAnswer, JointTask } from './joint-task.ts';

/** Plans the liquidations of stored accounts together, as a scan of the same accounts does. @param chains endpoints for pools and gas; only those that are live */
export async function planJointly(task: JointTask, chains: ReadonlyMap<ChainId, ChainSource>): Promise<JointAnswer> {
  const markets = openMarkets(task);
  const { liquidatable, refused } = openLiquidatable(task, markets);
  const book: Book = {
    name: 'the stored book',
    recorded: null,
    trust: 'as-read',
    now: task.now,
    asOf: [],
    prices: task.prices,
    markets: new Map([...markets].map(([key, { entry }]) => [key, entry])),
    accounts: [],
    gaps: [],
  };
  const means = await openMeans(book, liquidatable, { chains, gasUsd: task.gasUsd });
  const offer = offerTogether(book, liquidatable, { minProfitUsd: 0, means, ...(task.limits === undefined ? {} : { limits: task.limits }) });
  const shares = offer.owners.map(({ owner, profitUsd, liquidations }) => ({ owner, netUsd: profitUsd.toFixed(6), place: Math.min(...liquidations.map(({ place }) => place)) }));
  const isTaken = new Set(shares.map(({ owner }): string => owner));
  const unplanned = [...refused, ...listUnknown(offer, liquidatable)].filter((owner) => !isTaken.has(owner));
  return { shares, unplanned: [...new Set(unplanned)], method: wordsOf(offer.sequences, task) };
}

function openMarkets({ markets, times }: JointTask): ReadonlyMap<string, MarketInView> {
  const rows = new Map(listDeployments().map((row) => [row.id, row]));
  return new Map(
    markets.flatMap((stored): [string, MarketInView][] => {
      const opened = orNull(() => openStoredMarket(stored, rows, findRule));
      const view = opened === null ? null : orNull(() => openMarketAt(opened, NO_MOVES, times.get(opened.chain) ?? opened.at));
      return view === null ? [] : [[stored.key, view]];
    }),
  );
}

/** Those that are liquidatable, and the owners of those whose rule cannot say. */
function openLiquidatable({ accounts }: JointTask, markets: ReadonlyMap<string, MarketInView>): { readonly liquidatable: readonly OpenedAccount[]; readonly refused: readonly string[] } {
  const liquidatable: OpenedAccount[] = [];
  const refused: string[] = [];
  for (const stored of accounts) {
    const market = markets.get(stored.marketKey);
    try {
      const account = openStoredAccount(stored, market?.entry);
      if (market?.rule.isLiquidatable(account.position) === true) liquidatable.push(openBookAccount(account, market));
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      refused.push(stored.owner);
    }
  }
  return { liquidatable, refused };
}

/** Whoever the sequence was cut before, and whose rule could not answer. */
function listUnknown({ sequences }: JointOffer, liquidatable: readonly OpenedAccount[]): readonly string[] {
  const owners = new Map(liquidatable.map(({ entry }) => [entry.id, entry.owner]));
  return sequences.flatMap(({ left, gaps, ended }) => [
    ...left.flatMap(({ account, kind }) => (kind === 'unpriced' || (ended === 'capped' && kind === 'loses') ? [account.entry.owner] : [])),
    ...gaps.flatMap(({ account }) => (account === null ? [] : (owners.get(account) ?? []))),
  ]);
}

function wordsOf(sequences: readonly JointLiquidations[], { limits }: JointTask): string | null {
  const [first] = sequences;
  if (first === undefined) return null;
  const isPriceCut = sequences.some(({ left }) => left.some(({ kind }) => kind === 'unpriced'));
  return [
    first.method,
    ...(isPriceCut ? [`cut: of each chain only the ${limits?.maxPriced ?? DEFAULT_MAX_PRICED} accounts with the most at stake were priced`] : []),
    ...(sequences.some(({ ended }) => ended === 'capped') ? [`cut: after the first ${limits?.maxTaken ?? DEFAULT_MAX_TAKEN} liquidations of a chain`] : []),
  ].join('; ');
}

function orNull<Value>(open: () => Value): Value | null {
  try {
    return open();
  } catch (error) {
    if (error instanceof PlimsollError) return null;
    throw error;
  }
}
