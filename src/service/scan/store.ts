import type * as z from 'zod';
import { type ErrorCode, PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { pathText } from '../../core/json.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { FindRule, Precision } from '../../core/rule.ts';
import type { Deployment } from '../../protocols/protocol.ts';
import { listAccounts, type BookAccount as StoredAccount } from '../../store/book-accounts.ts';
import { listMarkets, type BookMarket as StoredMarket } from '../../store/book-markets.ts';
import { readContents } from '../../store/contents.ts';
import type { Database, Queries } from '../../store/database.ts';
import { listPendingOwners } from '../../store/mirror-rows.ts';
import { readMirrorState } from '../../store/mirrors.ts';
import { type DatabaseLocation, openDatabase } from '../../store/open-database.ts';
import { gapOf } from '../portfolio/gaps.ts';
import { assetsOfStates, readMarketPrices } from './market-prices.ts';
import type { Book, BookAccount, BookMarket } from './source.ts';

/** What reading the stored book needs beside the database. */
export interface StoredBookOptions {
  /** The built-in rows: a stored deployment that is none of them is a gap. */
  readonly deployments: readonly Deployment[];
  readonly findRule: FindRule;
  /** Unix seconds now. */
  readonly now: number;
  /** A market that was read longer ago than this is a gap beside its accounts; an older price is none. */
  readonly maxBlockAgeSeconds: number;
}

const PAGE = 5_000;
const PRECISIONS: readonly Precision[] = ['exact', 'accrued', 'estimate'];

/**
 * Reads the book that `plimsoll sync` keeps, as one transaction sees it. What the store says cannot be judged, what is not built in, not whole yet or old is a gap.
 *
 * @throws {PlimsollError} STORE_UNREACHABLE
 */
export function readStoredBook(database: Database, options: StoredBookOptions): Promise<Book> {
  return database.transaction((queries) => readFrom(queries, options));
}

/** Opens the database at a location, reads the book and closes it again. */
export async function readBookAt(location: DatabaseLocation, options: StoredBookOptions): Promise<Book> {
  const database = openDatabase(location);
  try {
    return await readStoredBook(database, options);
  } finally {
    await database.close();
  }
}

async function readFrom(queries: Queries, options: StoredBookOptions): Promise<Book> {
  const stored = await listMarkets(queries);
  const rows = new Map(options.deployments.map((row) => [row.id, row]));
  const markets = new Map<string, BookMarket>();
  const gaps: Gap[] = [];
  for (const market of stored) {
    try {
      markets.set(market.key, openStoredMarket(market, rows, options.findRule));
      gaps.push(...ageGap(market, rows, options));
    } catch (error) {
      gaps.push(gapOf(error, { chain: rows.get(market.deployment)?.chain ?? null, deployment: market.deployment }));
    }
  }
  const used = [...new Set(stored.map(({ deployment }) => deployment))];
  for (const deployment of used) gaps.push(...(await wholenessGaps(queries, deployment, rows)));
  const accounts: BookAccount[] = [];
  for (let after = ''; ; ) {
    const page = await listAccounts(queries, {}, { after, most: PAGE });
    for (const account of page) accounts.push(...readAccount(account, markets, gaps));
    if (page.length < PAGE) break;
    after = page.at(-1)?.id ?? '';
  }
  return {
    name: 'the stored book',
    recorded: (await readContents(queries)) === 'recorded' ? 'what was synchronised from recorded data; none of it is live' : null,
    trust: 'as-read',
    now: options.now,
    asOf: blocksOf(stored, rows),
    prices: await readMarketPrices(queries, assetsOfStates(stored), { now: options.now, maxAgeSeconds: options.maxBlockAgeSeconds }),
    markets,
    accounts,
    gaps,
  };
}

/** A stored market in its rule's typed form. @throws {PlimsollError} UNKNOWN_MARKET, UNKNOWN_RULE, MALFORMED_RESPONSE */
export function openStoredMarket({ key, deployment, market, label, rule: ruleId, state, at }: StoredMarket, rows: ReadonlyMap<string, Deployment>, findRule: FindRule): BookMarket {
  const row = rows.get(deployment);
  if (row === undefined) throw new PlimsollError('UNKNOWN_MARKET', `The stored book has accounts of ${deployment}, which is not built in. Update Plimsoll, or delete them.`, { deployment });
  const rule = findRule(ruleId);
  if (rule === undefined) throw new PlimsollError('UNKNOWN_RULE', `The stored book uses the rule "${ruleId}" (${label}), which this release does not have.`, { rule: ruleId });
  return { key, chain: row.chain, deployment, protocol: row.protocol, market, label, rule, state: decode(rule.marketSchema, state, `the state of ${label}`), at };
}

/** An account in its rule's typed form; what stands in the way is a gap. */
function readAccount(account: StoredAccount, markets: ReadonlyMap<string, BookMarket>, gaps: Gap[]): BookAccount[] {
  const market = markets.get(account.marketKey);
  try {
    return [openStoredAccount(account, market)];
  } catch (error) {
    gaps.push(gapOf(error, { chain: market?.chain ?? null, deployment: account.deployment, account: account.id }));
    return [];
  }
}

/** A stored account in its rule's typed form. @throws {PlimsollError} UNSUPPORTED_STATE, UNKNOWN_MARKET, MALFORMED_RESPONSE */
export function openStoredAccount({ id, owner, marketKey, position, precision, missing, obstacle }: StoredAccount, market: BookMarket | undefined): BookAccount {
  if (obstacle !== null) throw new PlimsollError('UNSUPPORTED_STATE', obstacle);
  if (market === undefined) throw new PlimsollError('UNKNOWN_MARKET', `${id} is in a market that could not be read.`);
  const known = PRECISIONS.find((entry) => entry === precision) ?? 'estimate';
  return { id, owner: owner as Address, marketKey, position: decode(market.rule.positionSchema, position, `the position of ${id}`), precision: known, missing };
}

function decode(schema: z.ZodType, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PlimsollError('MALFORMED_RESPONSE', `The stored book cannot be read at ${what} (${pathText(issue?.path ?? [])}). Synchronise the deployment again.`);
}

function ageGap({ deployment, label, at }: StoredMarket, rows: ReadonlyMap<string, Deployment>, { now, maxBlockAgeSeconds }: StoredBookOptions): readonly Gap[] {
  const age = now - Number(at);
  if (age <= maxBlockAgeSeconds) return [];
  return [gapFor('STALE_BLOCK', `${label} was last read ${age} s ago (limit ${maxBlockAgeSeconds} s). Run "plimsoll sync", or let it run.`, deployment, rows)];
}

async function wholenessGaps(queries: Queries, deployment: string, rows: ReadonlyMap<string, Deployment>): Promise<readonly Gap[]> {
  const { fullAt } = await readMirrorState(queries, deployment);
  const pending = await listPendingOwners(queries, deployment, 1);
  return [
    ...(fullAt === null ? [gapFor('MISSED_ACCOUNT', `${deployment} was never read whole: accounts are missing. Let "plimsoll sync" come to its end.`, deployment, rows)] : []),
    ...(pending.length === 0 ? [] : [gapFor('MISSED_ACCOUNT', `Accounts of ${deployment} are still being worked out: some are of an earlier block.`, deployment, rows)]),
  ];
}

function gapFor(code: ErrorCode, message: string, deployment: string, rows: ReadonlyMap<string, Deployment>): Gap {
  return gapOf(new PlimsollError(code, message), { chain: rows.get(deployment)?.chain ?? null, deployment });
}

function blocksOf(markets: readonly StoredMarket[], rows: ReadonlyMap<string, Deployment>): Book['asOf'] {
  const newest = new Map<string, StoredMarket>();
  for (const market of markets) {
    const chain = rows.get(market.deployment)?.chain;
    if (chain !== undefined && market.at >= (newest.get(chain)?.at ?? 0n)) newest.set(chain, market);
  }
  return [...newest].map(([chain, { block, at }]) => ({ chain, number: block.toString(), hash: null, timestamp: Number(at) }));
}
