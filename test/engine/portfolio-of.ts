import { type AssetId, erc20, USD } from '../../src/core/ids.ts';
import { encodeJson, type Json } from '../../src/core/json.ts';
import { type Portfolio, parsePortfolio } from '../../src/core/portfolio.ts';
import type { Precision, Rule } from '../../src/core/rule.ts';
import { encodeLegs, type OpenedPortfolio, openPortfolio } from '../../src/engine/open-portfolio.ts';
import { genericLendingRule } from '../../src/protocols/generic-lending/index.ts';
import { type LinearMarket, type LinearPosition, linearPerpRule, linearRule } from './linear-rule.ts';

const RULES: readonly Rule[] = [linearRule, linearPerpRule, genericLendingRule];

export const NOW = 1_750_000_000;
export const OWNER = '0x00000000000000000000000000000000000000aa';

const token = (digit: string): AssetId => erc20('eip155:1', `0x${digit.repeat(40)}`);
export const WETH = token('1');
export const WSTETH = token('2');
export const USDC = token('3');
export const WBTC = token('4');
export const DOLLARS: AssetId = USD;
const ASSETS: readonly AssetId[] = [WETH, WSTETH, USDC, WBTC, DOLLARS];

/** One account with its own market, under any of the test's rules. */
export interface AccountSpec {
  readonly rule: Rule;
  readonly market: unknown;
  readonly position: unknown;
  readonly precision?: Precision;
  /** Overrides the unix second that the account is valued at. */
  readonly at?: number;
}

export interface PortfolioSpec {
  readonly accounts: readonly AccountSpec[];
  readonly prices?: readonly (readonly [AssetId, string])[];
  readonly extra?: Partial<Portfolio>;
}

/** Writes a whole document, reads it back and opens it: every test goes through the waist. */
export function open({ accounts, prices = [], extra = {} }: PortfolioSpec): OpenedPortfolio {
  const document = {
    schema: 'plimsoll/portfolio@1',
    owners: [OWNER],
    createdAt: NOW,
    recorded: null,
    asOf: [{ chain: 'eip155:1', number: '1', hash: null, timestamp: NOW }],
    prices: prices.map(([asset, usd]) => ({ asset, symbol: 'ANY', usd, source: 'test', observedAt: NOW })),
    coverage: [],
    markets: accounts.map((spec, at) => ({
      id: `market ${at}`,
      chain: 'eip155:1',
      deployment: `deployment ${at}`,
      protocol: 'test',
      market: '',
      label: `Market ${at}`,
      rule: spec.rule.id,
      state: encodeJson(spec.market),
    })),
    accounts: accounts.map((spec, at) => ({
      id: `account ${at}`,
      market: `market ${at}`,
      owner: OWNER,
      at: spec.at ?? NOW,
      position: encodeJson(spec.position),
      legs: encodeLegs(spec.rule.legs({ market: spec.market, position: spec.position, at: BigInt(spec.at ?? NOW) })),
      precision: spec.precision ?? 'exact',
      missing: [],
      evidence: [{ source: 'chain', label: 'test', block: '1', timestamp: NOW }],
    })),
    gaps: [],
    discrepancies: [],
    ...extra,
  };
  const json: Json = JSON.parse(JSON.stringify(document));
  return openPortfolio(parsePortfolio(json), (id) => RULES.find((rule) => rule.id === id));
}

/** A term in whole numbers: `['collateral', WETH, 2, '0.8']` is 2 WETH at a weight of 0.8. */
export type TermSpec = readonly [side: 'collateral' | 'debt', asset: AssetId, amount: number | string, weight: string, role?: string];

const PRICES: Record<string, string> = { [WETH]: '2000', [WSTETH]: '2300', [USDC]: '1', [WBTC]: '60000', [USD]: '1' };
const SYMBOLS: Record<string, string> = { [WETH]: 'WETH', [WSTETH]: 'wstETH', [USDC]: 'USDC', [WBTC]: 'WBTC', [USD]: 'USD' };

export interface LinearSpec {
  readonly prices?: Record<string, string>;
  readonly fixed?: readonly AssetId[];
  readonly caps?: Record<string, string>;
  readonly borrowRate?: string;
  readonly failsFrom?: number;
  readonly idle?: readonly AssetId[];
  readonly precision?: Precision;
  readonly rule?: typeof linearRule;
}

/** An account of the linear test rule at 18 decimals. */
export function linearAccount(terms: readonly TermSpec[], spec: LinearSpec = {}): AccountSpec {
  const market: LinearMarket = {
    assets: ASSETS.map((asset) => ({
      asset,
      symbol: SYMBOLS[asset] ?? asset,
      decimals: 18,
      price: e18(spec.prices?.[asset] ?? PRICES[asset] ?? '1'),
      fixed: spec.fixed?.includes(asset) ?? false,
      cap: spec.caps?.[asset] === undefined ? null : e18(spec.caps[asset]),
    })),
    borrowRate: e18(spec.borrowRate ?? '0'),
    updatedAt: NOW,
    failsFrom: spec.failsFrom ?? null,
  };
  const position: LinearPosition = {
    terms: terms.map(([side, asset, amount, weight, role = side]) => ({
      side,
      asset,
      amount: e18(String(amount)),
      weight: e18(weight),
      role,
      idle: spec.idle?.includes(asset) ?? false,
    })),
  };
  return { rule: spec.rule ?? linearRule, market, position, ...(spec.precision === undefined ? {} : { precision: spec.precision }) };
}

/** A decimal text at 18 decimals. */
export function e18(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(18, '0'));
}
