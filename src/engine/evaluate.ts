import { Decimal, fromFixed, ONE, ratioOrNull, sum, ZERO } from '../core/decimal.ts';
import { PlimsollError } from '../core/errors.ts';
import { type AssetId, isAssetId, USD } from '../core/ids.ts';
import type { Gap, Portfolio } from '../core/portfolio.ts';
import type { ExposureTerm, Leg, NativeHealth } from '../core/rule.ts';
import { factorOf, type Moves, NO_MOVES } from './moves.ts';
import type { OpenedAccount, OpenedPortfolio } from './open-portfolio.ts';
import { prepareMarket } from './prepare-market.ts';

/** Market prices, USD per whole token, of the assets that have one. */
export type MarketPrices = ReadonlyMap<AssetId, Decimal>;

/** The exposure form of an account or a wallet, USD. */
export interface ExposureSums {
  readonly adjustedCollateral: Decimal;
  readonly adjustedDebt: Decimal;
  /** adjustedCollateral / adjustedDebt; null where there is no debt. */
  readonly health: Decimal | null;
  /** adjustedCollateral − adjustedDebt. */
  readonly slack: Decimal;
  /** max(0, −slack). */
  readonly shortfall: Decimal;
}

/** What an account owns and owes by plain value, USD, without any weight. */
export interface RawValues {
  /** What stands against the debt: collateral and margin of a loan; of a perp also the notional that the exposure form counts as held. */
  readonly collateral: Decimal;
  readonly debt: Decimal;
}

/** An account by market prices where they are known, and by the protocol's oracle for the rest. */
export interface MarketView extends ExposureSums {
  readonly raw: RawValues;
  /** Assets of the account that have no market price; for them the oracle's stands in. */
  readonly atOraclePrice: readonly AssetId[];
}

/** One account, computed. */
export interface AccountEvaluation extends ExposureSums {
  readonly account: OpenedAccount;
  readonly native: NativeHealth;
  readonly legs: readonly Leg[];
  readonly terms: readonly ExposureTerm[];
  /** True where nothing stands in adjusted debt. */
  readonly debtFree: boolean;
  readonly raw: RawValues;
  /** Value of what is held there but does not count towards health, USD. */
  readonly idle: Decimal;
  /** Null where none of the account's assets (dollars apart) has a market price. */
  readonly market: MarketView | null;
}

/** A portfolio, computed. What could not be computed is a gap. */
export interface Evaluation {
  readonly accounts: readonly AccountEvaluation[];
  readonly gaps: readonly Gap[];
}

/** Under which circumstances to compute. */
export interface EvaluateOptions {
  /** Price moves, through the rule's own `reprice`: oracles that do not follow stay. Market prices always follow. */
  readonly moves?: Moves;
  /** Unix seconds instead of the account's own time. */
  readonly at?: bigint;
}

/** Roles of exposure terms that are a requirement and no debt: a perp's maintenance margin. */
const REQUIREMENT_ROLE = /maintenance/i;

/** Tells whether a term is a requirement (maintenance margin) and no debt. */
export function isRequirement({ role }: ExposureTerm): boolean {
  return REQUIREMENT_ROLE.test(role);
}

/**
 * Computes every account of a portfolio. An account whose rule cannot answer becomes a gap with the rule's own reason: never dropped, never
 * taken as safe.
 */
export function evaluatePortfolio(opened: OpenedPortfolio, options: EvaluateOptions = {}): Evaluation {
  const prices = marketPricesOf(opened.portfolio);
  const accounts: AccountEvaluation[] = [];
  const gaps: Gap[] = [];
  for (const account of opened.accounts) {
    try {
      accounts.push(evaluateAccount(account, prices, options));
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      gaps.push(gapOf(account, error));
    }
  }
  return { accounts, gaps };
}

/**
 * Computes one account: native health, and adjusted collateral A = Σ amount · price · weight over the terms on the collateral side,
 * adjusted debt L over those on the debt side.
 *
 * @throws {PlimsollError} whatever the account's rule throws: a missing price, an unknown market, a state that is not modelled.
 */
export function evaluateAccount(account: OpenedAccount, prices: MarketPrices, options: EvaluateOptions = {}): AccountEvaluation {
  const { rule } = account;
  const moves = options.moves ?? NO_MOVES;
  const isMoved = moves.size > 0 || options.at !== undefined;
  const market = moves.size > 0 ? rule.reprice(account.view.market, moves) : account.view.market;
  const view = { ...account.view, market, at: options.at ?? account.view.at };
  const terms = rule.exposure(view);
  const legs = isMoved ? rule.legs(view) : account.legs;
  const sums = sumExposure(terms, oraclePrice);
  return {
    account,
    native: rule.health(view),
    legs,
    terms,
    ...sums,
    debtFree: sums.adjustedDebt.isZero(),
    raw: rawValues(account, { legs, terms }, oraclePrice),
    idle: sum(legs.filter((leg) => leg.side === 'supply').map((leg) => valueAt(leg, leg.priceUsd))),
    market: evaluateAtMarket(account, { legs, terms }, { prices, moves }),
  };
}

/** The exposure sums alone, and the rule's own decision: what searches over prices and times evaluate at each step. */
export function probeAccount(account: OpenedAccount, options: EvaluateOptions): { readonly slack: Decimal; readonly liquidatable: boolean; readonly debtFree: boolean } {
  const moves = options.moves ?? NO_MOVES;
  const market = moves.size > 0 ? account.rule.reprice(account.view.market, moves) : account.view.market;
  const prepared = prepareMarket({ rule: account.rule, state: market }, options.at ?? account.view.at);
  const [collateral, debt] = sumSides(prepared.exposure(account.view.position), oraclePrice);
  return { slack: collateral.minus(debt), liquidatable: prepared.health(account.view.position).liquidatable, debtFree: debt.isZero() };
}

/** The exposure form of two amounts of USD. */
export function exposureOf(adjustedCollateral: Decimal, adjustedDebt: Decimal): ExposureSums {
  const slack = adjustedCollateral.minus(adjustedDebt);
  return {
    adjustedCollateral,
    adjustedDebt,
    health: ratioOrNull(adjustedCollateral, adjustedDebt),
    slack,
    shortfall: slack.isNegative() ? slack.negated() : ZERO,
  };
}

/** Market prices that the portfolio carries; a price that is not positive counts as unknown. */
export function marketPricesOf(portfolio: Portfolio): MarketPrices {
  const prices = new Map<AssetId, Decimal>();
  for (const entry of portfolio.prices) {
    const usd = new Decimal(entry.usd);
    if (isAssetId(entry.asset) && usd.gt(0)) prices.set(entry.asset, usd);
  }
  return prices;
}

interface Entries {
  readonly legs: readonly Leg[];
  readonly terms: readonly ExposureTerm[];
}

interface Valued {
  readonly asset: AssetId;
  readonly amount: bigint;
  readonly decimals: number;
  readonly priceUsd: Decimal;
}

type PriceOf = (entry: Valued) => Decimal;

const oraclePrice: PriceOf = (entry) => entry.priceUsd;

function valueAt(entry: Valued, price: Decimal): Decimal {
  return fromFixed(entry.amount, entry.decimals).times(price);
}

function sumExposure(terms: readonly ExposureTerm[], priceOf: PriceOf): ExposureSums {
  return exposureOf(...sumSides(terms, priceOf));
}

/** Adjusted collateral, and adjusted debt. */
function sumSides(terms: readonly ExposureTerm[], priceOf: PriceOf): readonly [Decimal, Decimal] {
  const side = (of: ExposureTerm['side']): Decimal => sum(terms.filter((term) => term.side === of).map((term) => valueAt(term, priceOf(term)).times(term.weight)));
  return [side('collateral'), side('debt')];
}

function rawValues(account: OpenedAccount, { legs, terms }: Entries, priceOf: PriceOf): RawValues {
  const valueOf = (entries: readonly Valued[]): Decimal => sum(entries.map((entry) => valueAt(entry, priceOf(entry))));
  if (account.rule.kind === 'lending') {
    return {
      collateral: valueOf(legs.filter((leg) => leg.side === 'collateral' || leg.side === 'margin')),
      debt: valueOf(legs.filter((leg) => leg.side === 'debt' || leg.side === 'fee')),
    };
  }
  return {
    collateral: valueOf(terms.filter((term) => term.side === 'collateral')),
    debt: valueOf(terms.filter((term) => term.side === 'debt' && !isRequirement(term))),
  };
}

function evaluateAtMarket(account: OpenedAccount, entries: Entries, at: { readonly prices: MarketPrices; readonly moves: Moves }): MarketView | null {
  const used = new Set([...entries.legs, ...entries.terms].filter(({ asset, amount }) => asset !== USD && amount > 0n).map(({ asset }) => asset));
  const atOraclePrice = [...used].filter((asset) => !at.prices.has(asset));
  if (atOraclePrice.length === used.size) return null;
  const marketPrice: PriceOf = (entry) => {
    const price = at.prices.get(entry.asset);
    return price === undefined ? entry.priceUsd : price.times(at.moves.has(entry.asset) ? factorOf(at.moves, entry.asset) : ONE);
  };
  return { ...sumExposure(entries.terms, marketPrice), raw: rawValues(account, entries, marketPrice), atOraclePrice };
}

function gapOf(account: OpenedAccount, error: PlimsollError): Gap {
  return {
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    chain: account.marketEntry.chain,
    deployment: account.marketEntry.deployment,
    account: account.entry.id,
  };
}
