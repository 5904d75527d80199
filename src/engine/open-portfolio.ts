import { Decimal, toText } from '../core/decimal.ts';
import { InvalidPortfolio, PlimsollError } from '../core/errors.ts';
import { pathText } from '../core/json.ts';
import type { Portfolio, PortfolioAccount, PortfolioLeg, PortfolioMarket } from '../core/portfolio.ts';
import type { AccountView, FindRule, Leg, Rule } from '../core/rule.ts';

/** An account of a Portfolio with its rule and typed states, ready to compute with. */
export interface OpenedAccount {
  readonly entry: PortfolioAccount;
  readonly marketEntry: PortfolioMarket;
  readonly rule: Rule;
  readonly view: AccountView<unknown, unknown>;
  readonly legs: readonly Leg[];
}

/** A Portfolio whose every account has been read by its rule. */
export interface OpenedPortfolio {
  readonly portfolio: Portfolio;
  readonly accounts: readonly OpenedAccount[];
}

/**
 * Reads every market and position with its rule, and recomputes the legs: a document whose legs differ from what its own states say is refused.
 *
 * @throws {InvalidPortfolio} naming the path of the first fault.
 * @throws {PlimsollError} UNKNOWN_RULE where the document names a rule that `findRule` does not have.
 */
export function openPortfolio(portfolio: Portfolio, findRule: FindRule): OpenedPortfolio {
  const markets = new Map(portfolio.markets.map((entry, at) => [entry.id, openMarket(entry, at, findRule)]));
  const accounts = portfolio.accounts.map((entry, at) => {
    const market = markets.get(entry.market);
    if (market === undefined) throw new InvalidPortfolio(`accounts[${at}].market`, `no market has the id "${entry.market}"`);
    return openAccount(entry, at, market);
  });
  return { portfolio, accounts };
}

interface OpenedMarket {
  readonly entry: PortfolioMarket;
  readonly rule: Rule;
  readonly state: unknown;
}

function openMarket(entry: PortfolioMarket, at: number, findRule: FindRule): OpenedMarket {
  const rule = findRule(entry.rule);
  if (rule === undefined) {
    throw new PlimsollError('UNKNOWN_RULE', `The document uses the rule "${entry.rule}" (markets[${at}]), which this release does not have.`, {
      rule: entry.rule,
    });
  }
  return { entry, rule, state: decode(rule.marketSchema, entry.state, `markets[${at}].state`) };
}

function openAccount(entry: PortfolioAccount, at: number, market: OpenedMarket): OpenedAccount {
  const position = decode(market.rule.positionSchema, entry.position, `accounts[${at}].position`);
  const view = { market: market.state, position, at: BigInt(entry.at) };
  const legs = market.rule.legs(view);
  requireSameLegs(entry, at, legs);
  return { entry, marketEntry: market.entry, rule: market.rule, view, legs };
}

function decode(schema: Rule['marketSchema'], state: unknown, path: string): unknown {
  const parsed = schema.safeParse(state);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const inside = pathText(issue?.path ?? []);
  throw new InvalidPortfolio(inside === '' || inside.startsWith('[') ? `${path}${inside}` : `${path}.${inside}`, issue?.message ?? 'not understood');
}

/** Writes legs in the document's form. */
export function encodeLegs(legs: readonly Leg[]): PortfolioLeg[] {
  return legs.map((leg) => ({
    side: leg.side,
    asset: leg.asset,
    symbol: leg.symbol,
    decimals: leg.decimals,
    amount: leg.amount.toString(),
    priceUsd: toText(leg.priceUsd, 60),
    weight: toText(leg.weight, 60),
  }));
}

function requireSameLegs(entry: PortfolioAccount, at: number, legs: readonly Leg[]): void {
  const computed = encodeLegs(legs);
  if (computed.length !== entry.legs.length) {
    throw new InvalidPortfolio(`accounts[${at}].legs`, `the position has ${computed.length} legs by its rule, the document lists ${entry.legs.length}`);
  }
  computed.forEach((leg, index) => {
    const written = entry.legs[index];
    for (const key of ['side', 'asset', 'decimals', 'amount'] as const) {
      if (written?.[key] !== leg[key]) {
        throw new InvalidPortfolio(`accounts[${at}].legs[${index}].${key}`, `the rule computes ${leg[key]} from the position, the document says ${written?.[key]}`);
      }
    }
    for (const key of ['priceUsd', 'weight'] as const) {
      if (written === undefined || !new Decimal(written[key]).eq(leg[key])) {
        throw new InvalidPortfolio(`accounts[${at}].legs[${index}].${key}`, `the rule says ${leg[key]}, the document says ${written?.[key]}`);
      }
    }
  });
}
