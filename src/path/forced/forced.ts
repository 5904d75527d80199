import { type Decimal, sum } from '../../core/decimal.ts';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import { computeDistance, type DistanceOptions } from '../../engine/distance.ts';
import { type MarketPrices, marketPricesOf } from '../../engine/evaluate.ts';
import { type Moves, NO_MOVES } from '../../engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { type LiquidatorMeans, losslessMeans, openMarket, UnusableMeans } from '../liquidator/liquidator-market.ts';
import { type HealthAfter, healthOf } from './forced-liquidation.ts';
import { type ForcedPair, listForcedPairs, rememberChoices } from './forced-pairs.ts';
import { computeRange, type ForcedRange } from './forced-range.ts';
import { liquidationKindOf } from './liquidation-choices.ts';
import { evaluateState, gapOfAccount, type LiquidationState, moveState, selectAccounts, tokenOf } from './liquidation-state.ts';

/** Under which circumstances to look. */
export interface ForcedOptions {
  /** Price moves, through each rule's own `reprice`; market prices and curves follow. None by default. */
  readonly moves?: Moves;
  /** Ids of the accounts to look at; all by default. */
  readonly accounts?: readonly string[];
  /** Which assets move together, and which stay, for the move that a safe account is away; each moves alone by default. */
  readonly distance?: DistanceOptions;
  /** Where a profit-maximiser sells; without it the rational case has no slippage and no gas, and says so. */
  readonly means?: LiquidatorMeans;
  /** Greatest number of liquidations in one sequence: {@link DEFAULT_MAX_LIQUIDATIONS}. */
  readonly maxLiquidations?: number;
  /** Greatest number of states that the search for the best case looks at: {@link DEFAULT_MAX_SEARCH_STATES}. */
  readonly maxSearchStates?: number;
}

/** More halvings than any debt lasts. */
export const DEFAULT_MAX_LIQUIDATIONS = 64;
/** A state with six pairs takes some milliseconds. */
export const DEFAULT_MAX_SEARCH_STATES = 100;

/** What the rules would do to one account. */
export type ForcedAccount = SafeAccount | LiquidatableAccount;

interface ForcedAccountBase {
  readonly account: string;
  readonly label: string;
  readonly rule: string;
  readonly health: HealthAfter;
  /** The protocol's comparison in words. */
  readonly reason: string;
  /** Assets without a market price, whose oracle price stands in. */
  readonly atOraclePrice: readonly AssetId[];
}

/** Nothing can be forced on it at these prices. */
export interface SafeAccount extends ForcedAccountBase {
  readonly status: 'safe';
  /** The uniform adverse move at which it becomes liquidatable, as a share of the looked-at prices; null where it owes nothing, or no move below 100 % does it. */
  readonly move: Decimal | null;
}

/** Liquidatable now: each pair alone, and the range over repeated liquidations. */
export interface LiquidatableAccount extends ForcedAccountBase, ForcedRange {
  readonly status: 'liquidatable';
  /** How the protocol liquidates: by pairs, one pair per market, or all at once. */
  readonly kind: 'pair' | 'market' | 'whole';
  readonly pairs: readonly ForcedPair[];
}

/** Sums over the liquidatable accounts, USD at market prices. */
export interface ForcedTotal {
  readonly costUsd: Decimal;
  readonly badDebtUsd: Decimal;
}

/**
 * What the protocols' own rules would do to a wallet if nobody acts for it. Each account is looked at as if it were liquidated alone: its market as it is now. Liquidators are paid out in the
 * underlying: where the market lacks it, a sequence is stuck, though some protocols would hand over their own deposit token instead.
 */
export interface ForcedView {
  readonly accounts: readonly ForcedAccount[];
  readonly best: ForcedTotal;
  readonly rational: ForcedTotal;
  readonly worst: ForcedTotal;
  /** The portfolio's gaps, and accounts whose rule could not answer: with any of them the sums are incomplete. */
  readonly gaps: readonly Gap[];
}

const NO_GROUPS: DistanceOptions = { groups: new Map(), stable: new Set() };

/**
 * Computes the forced view of a portfolio: whether each account is liquidatable at the given prices, and if so what each pair may lose in one call and what repeated liquidations cost at best, by a
 * profit-maximiser's choice, and at worst. Every liquidation is the rule's own `apply`; amounts are raw integers, USD are decimals at market prices.
 *
 * @throws {InvalidArgument} for an unknown account, a limit that is no positive integer, or unusable curves, gas or fee
 * @example
 * ```ts
 * const view = forcedView(opened, { moves: moveTogether([WETH], new Decimal('0.8')) });
 * view.worst.costUsd.toFixed(2); // what ETH at −20 % would cost at worst
 * ```
 */
export function forcedView(opened: OpenedPortfolio, options: ForcedOptions = {}): ForcedView {
  const selected = selectAccounts(opened, options.accounts);
  requirePositive('maxLiquidations', options.maxLiquidations);
  requirePositive('maxSearchStates', options.maxSearchStates);
  const prices = marketPricesOf(opened.portfolio);
  const accounts: ForcedAccount[] = [];
  const gaps: Gap[] = [...opened.portfolio.gaps];
  for (const account of selected) {
    try {
      accounts.push(forcedAccount(account, prices, options));
    } catch (error) {
      if (!(error instanceof PlimsollError) || error instanceof UnusableMeans) throw error;
      gaps.push(gapOfAccount(account, error));
    }
  }
  const liquidatable = accounts.filter((account) => account.status === 'liquidatable');
  const total = (of: keyof ForcedRange): ForcedTotal => ({ costUsd: sum(liquidatable.map((account) => account[of].costUsd)), badDebtUsd: sum(liquidatable.map((account) => account[of].badDebtUsd)) });
  return { accounts, best: total('best'), rational: total('rational'), worst: total('worst'), gaps };
}

function forcedAccount(account: OpenedAccount, prices: MarketPrices, options: ForcedOptions): ForcedAccount {
  const state = moveState(account, prices, options.moves ?? NO_MOVES);
  const { native } = evaluateState(state);
  const base: ForcedAccountBase = {
    account: account.entry.id,
    label: account.marketEntry.label,
    rule: account.rule.id,
    health: healthOf(state),
    reason: native.reason,
    atOraclePrice: [...state.tokens.values()].flatMap(({ asset, atOraclePrice }) => (atOraclePrice ? [asset] : [])),
  };
  if (!native.liquidatable) return { ...base, status: 'safe', move: moveUntilLiquidatable(state, options.distance ?? NO_GROUPS) };
  const lookAt = rememberChoices();
  const means = options.means ?? losslessMeans((asset) => tokenOf(state, asset).marketUsd.toNumber());
  const range = computeRange(state, {
    market: openMarket(means, options.means === undefined ? NO_MOVES : (options.moves ?? NO_MOVES)),
    isAssumed: options.means === undefined,
    maxLiquidations: options.maxLiquidations ?? DEFAULT_MAX_LIQUIDATIONS,
    maxSearchStates: options.maxSearchStates ?? DEFAULT_MAX_SEARCH_STATES,
    lookAt,
  });
  return { ...base, status: 'liquidatable', kind: liquidationKindOf(state), pairs: listForcedPairs(state, lookAt), ...range };
}

function moveUntilLiquidatable(state: LiquidationState, options: DistanceOptions): Decimal | null {
  return computeDistance([evaluateState(state)], options).first?.move ?? null;
}

function requirePositive(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) throw new InvalidArgument(`${name} of ${value} cannot be used: give a whole number above 0.`, { [name]: value });
}
