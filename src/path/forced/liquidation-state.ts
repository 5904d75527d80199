import { type Decimal, fromFixed, sum } from '../../core/decimal.ts';
import { InvalidArgument, MissingPrice, type PlimsollError, UnsupportedState } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { AccountView, Leg, TokenAmount } from '../../core/rule.ts';
import { type AccountEvaluation, evaluateAccount, type MarketPrices } from '../../engine/evaluate.ts';
import { factorOf, type Moves } from '../../engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';

/** A token of an account, priced both ways at the prices that are looked at. */
export interface PricedToken {
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  /** USD per whole token on the market; the protocol's oracle stands in where {@link atOraclePrice} says so. */
  readonly marketUsd: Decimal;
  /** The same as a float, for what is counted on curves. */
  readonly marketUsdFloat: number;
  /** USD per whole token by the protocol's oracle. */
  readonly oracleUsd: Decimal;
  readonly atOraclePrice: boolean;
}

/** An account between two liquidations: its rule, what it looks like now, and the prices that costs are counted at. */
export interface LiquidationState {
  readonly account: OpenedAccount;
  readonly view: AccountView<unknown, unknown>;
  readonly tokens: ReadonlyMap<AssetId, PricedToken>;
}

/** A raw amount with what it is worth. */
export interface ValuedAmount extends TokenAmount {
  readonly symbol: string;
  readonly decimals: number;
  /** At market prices, USD. */
  readonly usd: Decimal;
}

const NO_PRICES: MarketPrices = new Map();

/**
 * The accounts that a view looks at: all of them, or those named.
 *
 * @throws {InvalidArgument} where the portfolio has no account of that id
 */
export function selectAccounts(opened: OpenedPortfolio, ids: readonly string[] | undefined): readonly OpenedAccount[] {
  if (ids === undefined) return opened.accounts;
  const unknown = ids.find((id) => !opened.accounts.some(({ entry }) => entry.id === id));
  if (unknown !== undefined) throw new InvalidArgument(`The portfolio has no account "${unknown}". Name one of: ${opened.accounts.map(({ entry }) => entry.id).join(', ')}.`, { account: unknown });
  return opened.accounts.filter(({ entry }) => ids.includes(entry.id));
}

/**
 * Puts an account at moved prices, through its rule's own `reprice`; market prices follow every move.
 *
 * @throws {MissingPrice} where a token has no price above 0 by its oracle
 */
export function moveState(account: OpenedAccount, prices: MarketPrices, moves: Moves): LiquidationState {
  if (moves.size === 0) return { account, view: account.view, tokens: priceTokens(account.legs, prices, moves) };
  const view = { ...account.view, market: account.rule.reprice(account.view.market, moves) };
  const legs = account.rule.legs(view);
  return { account: { ...account, view, legs }, view, tokens: priceTokens(legs, prices, moves) };
}

function priceTokens(legs: readonly Leg[], prices: MarketPrices, moves: Moves): ReadonlyMap<AssetId, PricedToken> {
  const tokens = new Map<AssetId, PricedToken>();
  for (const { asset, symbol, decimals, priceUsd } of legs) {
    if (!priceUsd.gt(0)) throw new MissingPrice(asset, 'the account that is to be liquidated');
    const market = prices.get(asset);
    const marketUsd = market === undefined ? priceUsd : market.times(factorOf(moves, asset));
    tokens.set(asset, { asset, symbol, decimals, marketUsd, marketUsdFloat: marketUsd.toNumber(), oracleUsd: priceUsd, atOraclePrice: market === undefined });
  }
  return tokens;
}

/** The state after a step of the account's rule. */
export function advance(state: LiquidationState, next: { readonly market: unknown; readonly position: unknown }): LiquidationState {
  return { ...state, view: { ...state.view, market: next.market, position: next.position } };
}

/** The protocol's own decision about a state. */
export function isLiquidatable({ account, view }: LiquidationState): boolean {
  return account.rule.health(view).liquidatable;
}

/** True where nothing is left that a liquidation could take. */
export function isEmpty({ account, view }: LiquidationState): boolean {
  return !account.rule.legs(view).some(({ side, amount }) => (side === 'collateral' || side === 'margin') && amount > 0n);
}

/** Everything that the engine computes of a state, at the protocol's own prices. */
export function evaluateState({ account, view }: LiquidationState): AccountEvaluation {
  return evaluateAccount({ ...account, view, legs: account.rule.legs(view) }, NO_PRICES);
}

/** What is owed, USD at market prices. */
export function debtUsdOf(state: LiquidationState): Decimal {
  const debts = state.account.rule.legs(state.view).filter(({ side }) => side === 'debt');
  return sumUsd(valueAmounts(state, debts));
}

/**
 * Values raw amounts at market prices.
 *
 * @throws {UnsupportedState} for a token that the account neither held nor owed, so that its decimals are not known
 */
export function valueAmounts(state: LiquidationState, amounts: readonly TokenAmount[]): readonly ValuedAmount[] {
  return amounts.map(({ asset, amount }) => {
    const { symbol, decimals, marketUsd } = tokenOf(state, asset);
    return { asset, symbol, decimals, amount, usd: fromFixed(amount, decimals).times(marketUsd) };
  });
}

/** The token of an asset. @throws {UnsupportedState} as {@link valueAmounts} */
export function tokenOf(state: LiquidationState, asset: AssetId): PricedToken {
  const token = state.tokens.get(asset);
  if (token === undefined) throw new UnsupportedState(`its liquidation pays out ${asset}, which it did not hold`, state.account.marketEntry.label);
  return token;
}

/** Sum of valued amounts, USD. */
export function sumUsd(amounts: readonly ValuedAmount[]): Decimal {
  return sum(amounts.map(({ usd }) => usd));
}

/** An account that could not be looked at, as a gap of the answer. */
export function gapOfAccount({ entry, marketEntry }: OpenedAccount, error: PlimsollError): Gap {
  return { code: error.code, message: error.message, retryable: error.retryable, chain: marketEntry.chain, deployment: marketEntry.deployment, account: entry.id };
}
