import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import { type Address, ASSET_PATTERN, type ChainId } from '../../core/ids.ts';
import { encodeJson, type Json, pathText } from '../../core/json.ts';
import { PORTFOLIO_SCHEMA, parsePortfolio } from '../../core/portfolio.ts';
import type { FindRule } from '../../core/rule.ts';
import { type Book, type BookMarket, bookOfPortfolio } from './source.ts';

/** The name and version of the book document: markets and accounts in their rules' own forms, without anything computed. */
export const BOOK_SCHEMA = 'plimsoll/book@1';

const text = z.string().max(4_000);
const id = z.string().min(1).max(240);
const chain = z.string().regex(/^eip155:[1-9][0-9]{0,15}$/, 'expected a CAIP-2 chain id');
const natural = z.string().regex(/^(?:0|[1-9][0-9]{0,98})$/, 'expected a non-negative decimal integer string');
const seconds = z.int().min(0).max(4_102_444_800);
const document = z.strictObject({
  schema: z.literal(BOOK_SCHEMA),
  name: id,
  about: text,
  /** In words, where it is recorded; null when it was read live. */
  recorded: z.string().max(400).nullable(),
  asOf: z.array(
    z.strictObject({
      chain,
      number: natural,
      hash: z
        .string()
        .regex(/^0x[0-9a-f]{64}$/, 'expected a 32-byte hash')
        .nullable(),
      timestamp: seconds,
    }),
  ),
  prices: z.array(
    z.strictObject({
      asset: z.string().regex(ASSET_PATTERN, 'expected a CAIP-19 asset id'),
      symbol: z.string().min(1).max(64),
      usd: z.string().regex(/^(?:0|[1-9][0-9]{0,60})(?:\.[0-9]{1,120})?$/, 'expected a plain decimal string'),
      source: text,
      observedAt: seconds,
    }),
  ),
  markets: z.array(z.strictObject({ key: id, chain, deployment: id, protocol: id, market: z.string().max(80), label: text, rule: id, at: seconds, state: z.record(z.string(), z.json()) })),
  accounts: z.array(
    z.strictObject({
      id,
      owner: z.string().regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address'),
      market: id,
      position: z.record(z.string(), z.json()),
      precision: z.enum(['exact', 'accrued', 'estimate']),
      missing: z.array(text),
    }),
  ),
});

/**
 * Reads a book from a JSON text: a book document, or a Portfolio of any number of owners.
 *
 * @param file as the caller named it, for messages
 * @throws {InvalidFile} naming the path of the first fault @throws {InvalidPortfolio} for a Portfolio that is none
 */
export function parseBook(source: string, findRule: FindRule, file: string): Book {
  const value = parseJson(source, file);
  if (value !== null && typeof value === 'object' && 'schema' in value && value.schema === PORTFOLIO_SCHEMA) {
    const portfolio = parsePortfolio(value);
    return bookOfPortfolio(portfolio, findRule, { name: file, trust: 'document', now: portfolio.createdAt });
  }
  const parsed = document.safeParse(value);
  if (!parsed.success) return refuse(file, pathText(parsed.error.issues[0]?.path ?? []), parsed.error.issues[0]?.message ?? 'not understood');
  const { name, recorded, asOf, prices, markets: entries, accounts } = parsed.data;
  const markets = new Map(entries.map((entry, at) => [entry.key, readMarket(entry, at, { findRule, file })]));
  if (markets.size !== entries.length) refuse(file, 'markets', 'a key stands there twice');
  if (new Set(accounts.map((account) => account.id)).size !== accounts.length) refuse(file, 'accounts', 'an id stands there twice');
  return {
    name,
    recorded,
    trust: 'document',
    now: Math.max(...asOf.map(({ timestamp }) => timestamp), ...entries.map(({ at }) => at), 0),
    asOf,
    prices,
    markets,
    accounts: accounts.map((account, at) => {
      const market = markets.get(account.market);
      if (market === undefined) return refuse(file, `accounts[${at}].market`, `no market has the key "${account.market}"`);
      const position = decode(market.rule.positionSchema, account.position, { file, path: `accounts[${at}].position` });
      return { id: account.id, owner: account.owner as Address, marketKey: account.market, position, precision: account.precision, missing: account.missing };
    }),
    gaps: [],
  };
}

/** Reads a book from a file. @throws {InvalidFile} as {@link parseBook}, and where the file cannot be read */
export async function loadBook(path: string, findRule: FindRule): Promise<Book> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be read. Check the path.`, { file: path }, { cause });
  }
  return parseBook(source, findRule, path);
}

/** Writes a book as a document that {@link parseBook} reads back. */
export function encodeBook(book: Book, about: string): Json {
  return encodeJson({
    schema: BOOK_SCHEMA,
    name: book.name,
    about,
    recorded: book.recorded,
    asOf: book.asOf,
    prices: book.prices,
    markets: [...book.markets.values()].map(({ rule, at, ...market }) => ({ ...market, rule: rule.id, at: Number(at) })),
    accounts: book.accounts.map(({ marketKey, ...account }) => ({ ...account, market: marketKey })),
  });
}

interface Place {
  readonly findRule: FindRule;
  readonly file: string;
}

function readMarket(entry: z.infer<typeof document>['markets'][number], at: number, { findRule, file }: Place): BookMarket {
  const rule = findRule(entry.rule);
  if (rule === undefined) return refuse(file, `markets[${at}].rule`, `this release has no rule "${entry.rule}"`);
  return { ...entry, chain: entry.chain as ChainId, rule, at: BigInt(entry.at), state: decode(rule.marketSchema, entry.state, { file, path: `markets[${at}].state` }) };
}

function decode(schema: z.ZodType, value: unknown, { file, path }: { readonly file: string; readonly path: string }): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const inside = pathText(issue?.path ?? []);
  return refuse(file, inside === '' || inside.startsWith('[') ? `${path}${inside}` : `${path}.${inside}`, issue?.message ?? 'not understood');
}

function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return refuse(file, '', 'the text is not JSON');
  }
}

function refuse(file: string, path: string, problem: string): never {
  throw new InvalidFile(`${file}, at ${path || '(top)'}: ${problem}.`, { file, path });
}
