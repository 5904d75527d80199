import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { Leg } from '../../core/rule.ts';
import type { MarketPrices } from '../../engine/evaluate.ts';
import { type Moves, NO_MOVES } from '../../engine/moves.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import { rememberChoices } from '../forced/forced-pairs.ts';
import { gapOfAccount, isLiquidatable, type LiquidationState, moveState } from '../forced/liquidation-state.ts';
import type { CollateralStore } from '../liquidator/absorb-and-buy.ts';
import { type CandidateTools, closedReason, listCandidates } from '../liquidator/liquidator-candidates.ts';
import { type LiquidatorMarket, type LiquidatorMeans, NOTHING_SOLD, openMarket, poolOf, type SoldTokens, UnusableMeans } from '../liquidator/liquidator-market.ts';
import type { Candidate, Opportunity } from '../liquidator/liquidator-opportunity.ts';
import { mostProfitable } from '../liquidator/liquidator-size.ts';

/** What a liquidator has, and how far to look. Accounts, their markets and prices already stand at the prices that are looked at. */
export interface JointOptions {
  readonly means: LiquidatorMeans;
  /** Market prices, USD per whole token, moved like the accounts. */
  readonly prices: MarketPrices;
  /** The moves that accounts and prices stand at, so that the curves follow. None by default. */
  readonly moves?: Moves;
  readonly storeOf?: (account: OpenedAccount) => CollateralStore | null;
  /** Greatest number of liquidations taken: {@link DEFAULT_MAX_TAKEN}. */
  readonly maxTaken?: number;
  /** Greatest number of accounts that are priced, those with the most at stake first: {@link DEFAULT_MAX_PRICED}. */
  readonly maxPriced?: number;
}

/** The sequence is cut there, and says so. */
export const DEFAULT_MAX_TAKEN = 500;
/** Pricing an account takes some twenty milliseconds. */
export const DEFAULT_MAX_PRICED = 500;

/** A liquidation in its place of the sequence. */
export interface TakenLiquidation {
  readonly opportunity: Opportunity;
  /** The account as the liquidation finds it. */
  readonly before: LiquidationState;
  /** What the account's best move would earn if nobody had sold or liquidated anything before it, USD; null from an account's second liquidation on. */
  readonly aloneUsd: number | null;
}

/** A liquidatable account that is not in the sequence. */
export interface LeftAccount {
  readonly account: OpenedAccount;
  /** `loses`: its best move does not pay. `worthless`: all of its collateral is worth less than the gas. `closed`: there is no move. `unpriced`: beyond the greatest number of accounts. */
  readonly kind: 'loses' | 'worthless' | 'closed' | 'unpriced';
  readonly reason: string;
  /** Its best move all the same; null where it has none, or was not priced. */
  readonly best: Opportunity | null;
}

/** What a liquidator could earn on many accounts together. USD as floats: curves are. */
export interface JointLiquidations {
  /** In this order: each priced after those before it moved its account, its market and the pools. */
  readonly taken: readonly TakenLiquidation[];
  readonly left: readonly LeftAccount[];
  readonly profitUsd: number;
  readonly ended: 'done' | 'capped';
  /** How the sequence was found, in words: not proven optimal. */
  readonly method: string;
  /** Accounts whose rule could not answer. */
  readonly gaps: readonly Gap[];
}

const METHOD =
  'greedy, not proven optimal: the greatest profit per gas first, each priced again after what was taken before it; an account is looked at again when its last price, an upper bound as pools fill, comes up; sizes by golden section between the limits of the rules; pools are shared by what is sold for what';

/** A pool may pay this much more than the market price: what is worth less than its gas even so is not priced. */
const GENEROUS = 2;

/**
 * Takes the liquidations of many accounts one after the other: what one sells lowers the price for the next, what it leaves of its market is what the next finds. Accounts of one market stand at one second.
 *
 * @throws {InvalidArgument} for a limit that is no positive integer, or unusable curves, gas or fee
 * @example
 * ```ts
 * const { taken } = planJointLiquidations(liquidatable, { means, prices: new Map() });
 * taken.map(({ opportunity }) => [opportunity.account, opportunity.profitUsd]);
 * ```
 */
export function planJointLiquidations(accounts: readonly OpenedAccount[], options: JointOptions): JointLiquidations {
  const [maxTaken, maxPriced] = [requireCount('maxTaken', options.maxTaken ?? DEFAULT_MAX_TAKEN), requireCount('maxPriced', options.maxPriced ?? DEFAULT_MAX_PRICED)];
  const search = new JointSearch(options);
  const opened = search.open(accounts);
  const worth = opened.filter((entry) => !search.isWorthless(entry)).toSorted((a, b) => b.stakeUsd - a.stakeUsd || compareIds(a, b));
  const queue = worth.slice(0, maxPriced);
  for (const entry of queue) search.price(entry);
  const taken: TakenLiquidation[] = [];
  let next = search.findBest(queue);
  while (next !== null && taken.length < maxTaken) {
    taken.push(search.take(next));
    next = search.findBest(queue);
  }
  return {
    taken,
    left: [
      ...queue.flatMap((entry) => search.leave(entry)),
      ...worth.slice(maxPriced).map((entry): LeftAccount => ({ account: entry.account, kind: 'unpriced', reason: `Only the ${maxPriced} accounts with the most at stake were priced.`, best: null })),
      ...opened
        .filter((entry) => search.isWorthless(entry))
        .map((entry): LeftAccount => ({ account: entry.account, kind: 'worthless', reason: 'All of its collateral is worth less than the gas.', best: null })),
    ],
    profitUsd: taken.reduce((total, { opportunity }) => total + opportunity.profitUsd, 0),
    ended: next === null ? 'done' : 'capped',
    method: METHOD,
    gaps: search.gaps,
  };
}

/** One account in the queue. */
interface Queued {
  readonly account: OpenedAccount;
  /** The smaller of what it holds and owes at market prices, USD: no bonus is greater. */
  readonly stakeUsd: number;
  readonly collateralUsd: number;
  state: LiquidationState;
  /** Null where it has no move, or was taken and is liquidatable no more. */
  candidate: Candidate | null;
  /** What the candidate was priced after; an older one is an upper bound. */
  pricedAfter: string;
  aloneUsd: number | null;
  wasTaken: boolean;
}

class JointSearch {
  readonly gaps: Gap[] = [];
  readonly #market: LiquidatorMarket;
  readonly #options: JointOptions;
  readonly #tools: CandidateTools;
  /** The market's state after what was taken there, by the market's id. */
  readonly #markets = new Map<string, unknown>();
  readonly #versions = new Map<string, number>();
  #sold: SoldTokens = NOTHING_SOLD;

  constructor(options: JointOptions) {
    this.#options = options;
    this.#market = openMarket(options.means, options.moves ?? NO_MOVES);
    this.#tools = { lookAt: rememberChoices(), storeOf: options.storeOf ?? (() => null) };
  }

  open(accounts: readonly OpenedAccount[]): readonly Queued[] {
    return accounts.flatMap((account) =>
      this.#guard<Queued[]>(account, [], () => {
        const state = moveState(account, this.#options.prices, NO_MOVES);
        if (!isLiquidatable(state)) return [];
        const [collateralUsd, debtUsd] = [valueOf(state, 'collateral'), valueOf(state, 'debt')];
        return [{ account, state, collateralUsd, stakeUsd: Math.min(collateralUsd, debtUsd), candidate: null, pricedAfter: '', aloneUsd: null, wasTaken: false }];
      }),
    );
  }

  /** Perps hold no collateral leg: whether they are worth anything is their rule's to say. */
  isWorthless({ account, collateralUsd }: Queued): boolean {
    return account.rule.kind === 'lending' && collateralUsd * GENEROUS < this.#market.gasUsd(account.marketEntry.chain as `eip155:${number}`);
  }

  /** Prices an account as everything stands now. */
  price(entry: Queued): void {
    const situation = this.#situationOf(entry);
    if (entry.pricedAfter === situation) return;
    const market = this.#markets.get(entry.account.marketEntry.id);
    if (market !== undefined && market !== entry.state.view.market) entry.state = { ...entry.state, view: { ...entry.state.view, market } };
    const isFirst = entry.pricedAfter === '';
    entry.pricedAfter = situation;
    entry.candidate = this.#guard(entry.account, null, () => mostProfitable(listCandidates(entry.state, { market: this.#market, sold: this.#sold }, this.#tools)));
    if (isFirst) entry.aloneUsd = entry.candidate?.profitUsd ?? null;
  }

  /** The entry with the greatest profit per gas, priced as everything stands now; null where none earns anything. */
  findBest(queue: readonly Queued[]): Queued | null {
    for (;;) {
      const best = queue.reduce<Queued | null>((top, entry) => (scoreOf(entry) > (top === null ? 0 : scoreOf(top)) ? entry : top), null);
      if (best !== null && best.pricedAfter === this.#situationOf(best)) return best;
      // What had no move may have one since its market has changed: a repayment brings liquidity back.
      const stale = best === null ? queue.filter((entry) => entry.candidate === null && entry.pricedAfter !== this.#situationOf(entry)) : [best];
      if (stale.length === 0) return null;
      for (const entry of stale) this.price(entry);
    }
  }

  take(entry: Queued): TakenLiquidation {
    const { candidate, state, account } = entry;
    if (candidate === null) throw new PlimsollError('INTERNAL', 'an account without a candidate was taken');
    const aloneUsd = entry.wasTaken ? null : entry.aloneUsd;
    entry.state = candidate.after;
    entry.wasTaken = true;
    this.#sold = candidate.context.sold;
    const { id } = account.marketEntry;
    this.#markets.set(id, candidate.after.view.market);
    this.#versions.set(id, (this.#versions.get(id) ?? 0) + 1);
    return { opportunity: candidate.opportunity, before: state, aloneUsd };
  }

  /** What is left of an account that is still liquidatable. */
  leave(entry: Queued): readonly LeftAccount[] {
    const { account, state, candidate } = entry;
    return this.#guard<readonly LeftAccount[]>(account, [], () => {
      if (!isLiquidatable(state)) return [];
      if (candidate !== null) return [{ account, kind: 'loses', reason: 'Its best move does not earn its gas.', best: candidate.opportunity }];
      return [{ account, kind: 'closed', reason: closedReason(state, this.#tools), best: null }];
    });
  }

  /** What an account's price depends on: what was liquidated in its market, and what was sold of its tokens for one another. */
  #situationOf({ account, state }: Queued): string {
    const assets = [...state.tokens.keys()];
    const sold = assets.flatMap((from) => assets.map((to) => this.#sold.get(poolOf(from, to)) ?? 0));
    return `${this.#versions.get(account.marketEntry.id) ?? 0} ${sold.join()}`;
  }

  #guard<Value>(account: OpenedAccount, fallback: Value, ask: () => Value): Value {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof PlimsollError) || error instanceof UnusableMeans) throw error;
      if (!this.gaps.some((gap) => gap.account === account.entry.id)) this.gaps.push(gapOfAccount(account, error));
      return fallback;
    }
  }
}

/** Profit per dollar of gas; where gas costs nothing the profit itself decides. */
function scoreOf({ candidate }: Queued): number {
  if (candidate === null || candidate.profitUsd <= 0) return 0;
  const gasUsd = candidate.opportunity.calls.reduce((total, call) => total + call.gasUsd, 0);
  return candidate.profitUsd / Math.max(gasUsd, LEAST_GAS_USD);
}

const LEAST_GAS_USD = 1e-9;

function valueOf({ account, tokens }: LiquidationState, side: Leg['side']): number {
  return account.legs.reduce((total, leg) => (leg.side === side ? total + (Number(leg.amount) / 10 ** leg.decimals) * priceOf(tokens, leg.asset) : total), 0);
}

function priceOf(tokens: LiquidationState['tokens'], asset: AssetId): number {
  return tokens.get(asset)?.marketUsdFloat ?? 0;
}

function compareIds(a: Queued, b: Queued): number {
  return a.account.entry.id < b.account.entry.id ? -1 : 1;
}

function requireCount(name: string, value: number): number {
  if (!(Number.isSafeInteger(value) && value > 0)) throw new InvalidArgument(`${name} of ${value} cannot be used: give a whole number above 0.`, { [name]: value });
  return value;
}
