import { encodeJson, type Json } from '../../../src/core/json.ts';
import { type Gap, parsePortfolio } from '../../../src/core/portfolio.ts';
import type { AccountView, Rule } from '../../../src/core/rule.ts';
import { encodeLegs, type OpenedPortfolio, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { findRule } from '../../../src/protocols/registry.ts';

const OWNER = '0x00000000000000000000000000000000000000aa';

/** One account; those of one `market` name share its state, the first one's. */
export interface AccountSpec {
  readonly rule: string;
  readonly view: AccountView<unknown, unknown>;
  readonly market?: string;
}

export interface PortfolioSpec {
  readonly prices?: readonly (readonly [asset: string, usd: string])[];
  readonly gaps?: readonly Gap[];
  readonly find?: (id: string) => Rule | undefined;
}

/** The rule of an id. */
export function ruleOf(id: string): Rule {
  const rule = findRule(id);
  if (rule === undefined) throw new TypeError(`no rule ${id}`);
  return rule;
}

/** Writes a document with any rules of the registry and opens it again; accounts are `account 0`, `account 1` … */
export function openAccounts(specs: readonly AccountSpec[], { prices = [], gaps = [], find = findRule }: PortfolioSpec = {}): OpenedPortfolio {
  const ruleBy = (id: string): Rule => find(id) ?? ruleOf(id);
  const marketOf = (spec: AccountSpec, at: number): string => spec.market ?? `market ${at}`;
  const markets = new Map(specs.map((spec, at) => [marketOf(spec, at), spec]));
  const document = {
    schema: 'plimsoll/portfolio@1',
    owners: [OWNER],
    createdAt: 1_760_000_000,
    recorded: null,
    asOf: [],
    prices: prices.map(([asset, usd]) => ({ asset, symbol: 'ANY', usd, source: 'test', observedAt: 1_760_000_000 })),
    coverage: [],
    markets: [...markets].map(([id, spec]) => ({ id, chain: 'eip155:1', deployment: id, protocol: 'test', market: '', label: id, rule: spec.rule, state: encodeJson(spec.view.market) })),
    accounts: specs.map((spec, at) => ({
      id: `account ${at}`,
      market: marketOf(spec, at),
      owner: OWNER,
      at: Number(spec.view.at),
      position: encodeJson(spec.view.position),
      legs: encodeLegs(ruleBy(spec.rule).legs({ ...spec.view, market: markets.get(marketOf(spec, at))?.view.market })),
      precision: 'exact',
      missing: [],
      evidence: [{ source: 'chain', label: 'test', block: '1', timestamp: 1_760_000_000 }],
    })),
    gaps,
    discrepancies: [],
  };
  const json: Json = JSON.parse(JSON.stringify(document));
  return openPortfolio(parsePortfolio(json), find);
}
