import * as z from 'zod';
import { ERROR_TABLE, type ErrorCode, InvalidPortfolio } from './errors.ts';
import { ASSET_PATTERN } from './ids.ts';
import { type Json, pathText } from './json.ts';

/** The name and version of the document format. A breaking change of any field's meaning raises the number. */
export const PORTFOLIO_SCHEMA = 'plimsoll/portfolio@1';

const address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address')
  .describe('20-byte address, lower-case');
const chain = z
  .string()
  .regex(/^eip155:[1-9][0-9]{0,15}$/, 'expected a CAIP-2 chain id')
  .describe('CAIP-2 chain id');
const asset = z.string().regex(ASSET_PATTERN, 'expected a CAIP-19 asset id').describe('CAIP-19 asset id, or iso4217:usd');
const natural = z.string().regex(/^(?:0|[1-9][0-9]{0,98})$/, 'expected a non-negative decimal integer string');
const decimalText = z.string().regex(/^-?(?:0|[1-9][0-9]{0,60})(?:\.[0-9]{1,120})?$/, 'expected a plain decimal string');
const unixSeconds = z.int().min(0).max(4_102_444_800).describe('Unix seconds');
const symbol = z.string().min(1).max(64);
const decimals = z.int().min(0).max(36);
const id = z.string().min(1).max(240);
const text = z.string().max(2_000);
const errorCode = z.enum(Object.keys(ERROR_TABLE) as [ErrorCode, ...ErrorCode[]]);
const precision = z.enum(['exact', 'accrued', 'estimate']);

const block = z.strictObject({
  chain,
  number: natural,
  hash: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/, 'expected a 32-byte hash')
    .nullable(),
  timestamp: unixSeconds,
});

const price = z.strictObject({
  asset,
  symbol,
  usd: decimalText.describe("USD per whole token on the market, not the protocol's oracle"),
  source: text,
  observedAt: unixSeconds,
});

const leg = z.strictObject({
  side: z.enum(['collateral', 'supply', 'debt', 'long', 'short', 'margin', 'option', 'fee']),
  asset,
  symbol,
  decimals,
  amount: natural.describe('Raw base units'),
  priceUsd: decimalText.describe("USD per whole token by the protocol's oracle"),
  weight: decimalText.describe('Threshold on collateral, borrow weight on debt, 0 = does not count'),
});

const evidence = z.strictObject({
  source: z.enum(['subgraph', 'chain', 'chain-second', 'indexer']),
  label: text.describe('Where it was read; never a key'),
  block: natural.nullable(),
  timestamp: unixSeconds.nullable(),
});

const market = z.strictObject({
  id,
  chain,
  deployment: id,
  protocol: id,
  market: z.string().max(80).describe("The protocol's own market id: pool or comet address, Morpho market id, GMX market token"),
  label: text,
  rule: z.string().regex(/^[a-z0-9-]+@[0-9a-z.-]+$/, 'expected a rule id such as aave-v3@3.6'),
  state: z.record(z.string(), z.json()).describe("Parameters, indexes and oracle prices, in the rule's own form"),
});

const account = z.strictObject({
  id,
  market: id.describe('The id of an entry of markets'),
  owner: address,
  at: unixSeconds.describe('The time that legs are valued at'),
  position: z.record(z.string(), z.json()).describe("Balances and flags, in the rule's own form"),
  legs: z.array(leg).describe('The position valued by its rule at `at`; recomputed and compared on load'),
  precision,
  missing: z.array(text).describe('Terms that an estimate leaves out'),
  evidence: z.array(evidence).min(1),
});

const gap = z.strictObject({
  code: errorCode,
  message: text,
  retryable: z.boolean(),
  chain: chain.nullable(),
  deployment: id.nullable(),
  account: id.nullable(),
});

const discrepancy = z.strictObject({
  account: id.nullable(),
  deployment: id,
  field: text,
  subgraph: text,
  chain: text,
  note: text,
});

const coverage = z.strictObject({
  deployment: id,
  chain,
  protocol: id,
  market: z.string().max(80),
  rule: z.string().nullable().describe('The rule version that was found; null where nothing had to be valued'),
  status: z.enum(['read', 'gap']),
});

const portfolio = z.strictObject({
  schema: z.literal(PORTFOLIO_SCHEMA),
  owners: z.array(address).min(1),
  /** Time at which the document was put together, by the clock of the reader (the recorded clock on recorded data). */
  createdAt: unixSeconds,
  recorded: z.string().max(400).nullable().describe('What recorded data set this was read from, in words; null when live'),
  asOf: z.array(block),
  prices: z.array(price),
  coverage: z.array(coverage).describe('What was looked at, not what is held'),
  markets: z.array(market),
  accounts: z.array(account),
  gaps: z.array(gap),
  discrepancies: z.array(discrepancy),
});

/** A wallet's positions with everything needed to compute with them again, exactly: the waist of Plimsoll. */
export type Portfolio = DeepReadonly<z.infer<typeof portfolio>>;
export type PortfolioBlock = Portfolio['asOf'][number];
export type PortfolioPrice = Portfolio['prices'][number];
export type PortfolioMarket = Portfolio['markets'][number];
export type PortfolioAccount = Portfolio['accounts'][number];
export type PortfolioLeg = PortfolioAccount['legs'][number];
export type Evidence = PortfolioAccount['evidence'][number];
export type Gap = Portfolio['gaps'][number];
export type Discrepancy = Portfolio['discrepancies'][number];
export type Coverage = Portfolio['coverage'][number];

type DeepReadonly<T> = T extends Json ? (T extends readonly (infer Item)[] ? readonly DeepReadonly<Item>[] : T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T) : T;

/**
 * Reads a Portfolio document: a JSON text or an already parsed value.
 *
 * Ids must be unique and every account must name a market of the document. What a rule says about the states is checked when the
 * document is opened with rules (`openPortfolio`).
 *
 * @throws {InvalidPortfolio} naming the path of the first fault.
 * @example
 * ```ts
 * const portfolio = parsePortfolio(await readFile('portfolio.json', 'utf8'));
 * ```
 */
export function parsePortfolio(input: unknown): Portfolio {
  const parsed = portfolio.safeParse(typeof input === 'string' ? parseJson(input) : input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidPortfolio(pathText(issue?.path ?? []), issue?.message ?? 'not understood');
  }
  requireConsistentIds(parsed.data);
  return parsed.data;
}

/** Writes a Portfolio as a JSON text that {@link parsePortfolio} reads back to an equal value. */
export function formatPortfolio(document: Portfolio): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The JSON Schema (2020-12) of the document, as published with the package. */
export function portfolioJsonSchema(): object {
  return { $id: 'urn:plimsoll:portfolio:1', title: 'Plimsoll Portfolio', ...z.toJSONSchema(portfolio) };
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new InvalidPortfolio('', 'the text is not JSON');
  }
}

function requireConsistentIds(document: Portfolio): void {
  requireUnique('markets', document.markets);
  requireUnique('accounts', document.accounts);
  const markets = new Set(document.markets.map((entry) => entry.id));
  document.accounts.forEach((entry, at) => {
    if (!markets.has(entry.market)) throw new InvalidPortfolio(`accounts[${at}].market`, `no market has the id "${entry.market}"`);
    if (!document.owners.includes(entry.owner)) throw new InvalidPortfolio(`accounts[${at}].owner`, 'not one of owners');
  });
}

function requireUnique(list: string, entries: readonly { readonly id: string }[]): void {
  const seen = new Set<string>();
  entries.forEach((entry, at) => {
    if (seen.has(entry.id)) throw new InvalidPortfolio(`${list}[${at}].id`, `"${entry.id}" stands there twice`);
    seen.add(entry.id);
  });
}
