import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { Gap } from '../../core/portfolio.ts';
import { marketPricesOf } from '../../engine/evaluate.ts';
import { type Moves, NO_MOVES } from '../../engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { rememberChoices } from '../forced/forced-pairs.ts';
import { gapOfAccount, isLiquidatable, type LiquidationState, moveState, selectAccounts } from '../forced/liquidation-state.ts';
import type { CollateralStore } from './absorb-and-buy.ts';
import { type CandidateTools, closedReason, listCandidates } from './liquidator-candidates.ts';
import { type LiquidatorMeans, NOTHING_SOLD, openMarket, poolOf, type SoldTokens, UnusableMeans } from './liquidator-market.ts';
import type { Candidate, Opportunity } from './liquidator-opportunity.ts';
import { mostProfitable } from './liquidator-size.ts';

/** What a liquidator has, and under which circumstances to look. */
export interface LiquidatorOptions {
  readonly means: LiquidatorMeans;
  /** Price moves, through each rule's own `reprice`; market prices and curves follow. None by default. */
  readonly moves?: Moves;
  /** Ids of the accounts to look at; all by default. */
  readonly accounts?: readonly string[];
  /** Where a protocol sells what it absorbed; null (the default for all) where that is not modelled. */
  readonly storeOf?: (account: OpenedAccount) => CollateralStore | null;
  /** Greatest number of opportunities taken one after the other: {@link DEFAULT_MAX_OPPORTUNITIES}. */
  readonly maxOpportunities?: number;
}

/** The sequence is cut there, and says so. */
export const DEFAULT_MAX_OPPORTUNITIES = 256;

/** A liquidatable account that offers this liquidator nothing, and why. */
export interface ClosedAccount {
  readonly account: string;
  readonly label: string;
  readonly reason: string;
}

/** What a liquidator could earn on a portfolio. */
export interface LiquidatorView {
  /** In this order: each priced after those before it moved the accounts, their markets and the pools. */
  readonly sequence: readonly Opportunity[];
  /** Sum over the sequence, USD. */
  readonly profitUsd: number;
  /** Each pair on its own, as everything is now, the most profitable first; also those that lose. */
  readonly opportunities: readonly Opportunity[];
  readonly closed: readonly ClosedAccount[];
  /** `done`: nothing that is left earns anything. `capped`: the greatest number of opportunities was reached. */
  readonly ended: 'done' | 'capped';
  /** How the sequence was found, in words: not proven optimal. */
  readonly method: string;
  /** The portfolio's gaps, and accounts whose rule could not answer. */
  readonly gaps: readonly Gap[];
}

const METHOD =
  'greedy, not proven optimal: the most profitable opportunity first, everything re-priced after each; sizes by golden section between the limits of the rules; pools are shared by what is sold for what, not by their legs';

/**
 * Finds what a liquidator could earn: sizes within the rules' limits and the pools' depth, net of slippage, gas and flash fee, including two calls in a row where a close factor makes that worth more. Amounts
 * are raw integers that the rules accepted, USD of profits are floats.
 *
 * @throws {InvalidArgument} for an unknown account, a limit that is no positive integer, or unusable curves, gas or fee
 * @example
 * ```ts
 * const view = liquidatorView(opened, { means: { curveOf, gasUsd: () => 5, flashFeeBps: 5 } });
 * view.sequence.map(({ account, profitUsd }) => [account, profitUsd]);
 * ```
 */
export function liquidatorView(opened: OpenedPortfolio, options: LiquidatorOptions): LiquidatorView {
  const limit = options.maxOpportunities ?? DEFAULT_MAX_OPPORTUNITIES;
  if (!(Number.isSafeInteger(limit) && limit > 0)) throw new InvalidArgument(`maxOpportunities of ${limit} cannot be used: give a whole number above 0.`, { maxOpportunities: limit });
  const search = openSearch(opened, options);
  const opportunities = search.states.flatMap((state) => search.candidates(state).map(({ opportunity }) => opportunity));
  const closed = search.states.flatMap((state) => search.close(state) ?? []);
  const sequence: Opportunity[] = [];
  let next = search.takeBest();
  while (next !== null && sequence.length < limit) {
    sequence.push(next);
    next = search.takeBest();
  }
  return {
    sequence,
    profitUsd: sequence.reduce((total, { profitUsd }) => total + profitUsd, 0),
    opportunities: opportunities.toSorted((a, b) => b.profitUsd - a.profitUsd),
    closed,
    ended: next === null ? 'done' : 'capped',
    method: METHOD,
    gaps: [...opened.portfolio.gaps, ...search.gaps],
  };
}

/** Accounts, their markets and the pools while opportunities are taken. */
interface Search {
  /** The accounts as they are at first. */
  readonly states: readonly LiquidationState[];
  readonly gaps: readonly Gap[];
  candidates(state: LiquidationState): readonly Candidate[];
  /** Why a liquidatable account offers nothing; null where it offers something or is not liquidatable. */
  close(state: LiquidationState): ClosedAccount | null;
  /** Takes the most profitable opportunity that is left; null where none earns anything. */
  takeBest(): Opportunity | null;
}

function openSearch(opened: OpenedPortfolio, options: LiquidatorOptions): Search {
  const gaps: Gap[] = [];
  const market = openMarket(options.means, options.moves ?? NO_MOVES);
  const tools: CandidateTools = { lookAt: rememberChoices(), storeOf: options.storeOf ?? (() => null) };
  const guarded = <Value>(account: OpenedAccount, fallback: Value, ask: () => Value): Value => {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof PlimsollError) || error instanceof UnusableMeans) throw error;
      if (!gaps.some((gap) => gap.account === account.entry.id)) gaps.push(gapOfAccount(account, error));
      return fallback;
    }
  };
  const start = openStates(opened, options, guarded);
  let states = start;
  let sold: SoldTokens = NOTHING_SOLD;
  const known = new WeakMap<LiquidationState, { readonly pools: string; readonly candidates: readonly Candidate[] }>();
  const candidates = (state: LiquidationState): readonly Candidate[] => {
    const pools = poolsOf(state, sold);
    const found = known.get(state);
    if (found?.pools === pools) return found.candidates;
    const listed = guarded(state.account, [], () => listCandidates(state, { market, sold }, tools));
    known.set(state, { pools, candidates: listed });
    return listed;
  };
  return {
    states: start,
    gaps,
    candidates,
    close: (state) => guarded(state.account, null, () => closedAccount(state, candidates(state), tools)),
    takeBest: () => {
      const best = mostProfitable(states.flatMap(candidates));
      if (best === null || best.profitUsd <= 0) return null;
      states = states.map((state) => afterwards(state, best));
      sold = best.context.sold;
      return best.opportunity;
    },
  };
}

type Guarded = <Value>(account: OpenedAccount, fallback: Value, ask: () => Value) => Value;

/** Accounts of one market are all looked at at its latest second: the market moves on with each of them. */
function openStates(opened: OpenedPortfolio, options: LiquidatorOptions, guarded: Guarded): readonly LiquidationState[] {
  const prices = marketPricesOf(opened.portfolio);
  const selected = selectAccounts(opened, options.accounts);
  const latest = new Map<string, bigint>();
  for (const { marketEntry, view } of selected) latest.set(marketEntry.id, view.at > (latest.get(marketEntry.id) ?? 0n) ? view.at : (latest.get(marketEntry.id) ?? view.at));
  return selected.flatMap((account) =>
    guarded(account, [], () => {
      const at = latest.get(account.marketEntry.id) ?? account.view.at;
      const view = { ...account.view, at };
      const timed = at === account.view.at ? account : { ...account, view, legs: account.rule.legs(view) };
      return [moveState(timed, prices, options.moves ?? NO_MOVES)];
    }),
  );
}

/** What has been sold of the account's tokens for one another: while that and the account stand still, so do its candidates. */
function poolsOf(state: LiquidationState, sold: SoldTokens): string {
  const assets = [...state.tokens.keys()];
  const own = new Set(assets.flatMap((from) => assets.map((to) => poolOf(from, to))));
  return [...sold].flatMap(([pool, tokens]) => (own.has(pool) ? [`${pool}:${tokens}`] : [])).join();
}

/** An account after somebody's liquidation: itself where it was its own, with the moved market where they share one. */
function afterwards(state: LiquidationState, { after }: Candidate): LiquidationState {
  if (state.account.entry.id === after.account.entry.id) return after;
  return state.account.marketEntry.id === after.account.marketEntry.id ? { ...state, view: { ...state.view, market: after.view.market } } : state;
}

function closedAccount(state: LiquidationState, candidates: readonly Candidate[], tools: CandidateTools): ClosedAccount | null {
  if (candidates.length > 0 || !isLiquidatable(state)) return null;
  return { account: state.account.entry.id, label: state.account.marketEntry.label, reason: closedReason(state, tools) };
}
