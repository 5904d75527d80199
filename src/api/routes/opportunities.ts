import { type Config, isLive } from '../../config.ts';
import { encodeJson, type Json } from '../../core/json.ts';
import { type BookFreshness, findBookFreshness } from '../../service/book-freshness.ts';
import { chooseBook, openScanChains } from '../../service/scan/choose.ts';
import { openColumnScreen } from '../../service/scan/columns.ts';
import { scanToJson, watchedToJson } from '../../service/scan/json.ts';
import { MOST_WATCHED, mergeWatched, type WatchedRow } from '../../service/scan/merge-watched.ts';
import { DEFAULT_SCAN, scanBook } from '../../service/scan/scan-book.ts';
import { screenExactly } from '../../service/scan/screen.ts';
import type { Database } from '../../store/database.ts';
import { findNewestSequence } from '../../store/events.ts';
import { readJointMethod } from '../../store/joint-plans.ts';
import { listOpportunities, type RankedOpportunity } from '../../store/opportunities.ts';
import { listWatchLists } from '../../store/watch-lists.ts';
import { createCache } from '../http/cache.ts';
import { type Handlers, json } from '../http/call.ts';
import type { WorkGate } from '../http/work-gate.ts';
import { findPageStart, readCursor, writeCursor } from './ranking-cursor.ts';

/** What the ranking is made with. */
export interface OpportunityOptions {
  readonly config: Config;
  /** Null where there is no stored book: then the shipped one is scanned. */
  readonly database: Database | null;
  /** Whether the stored book is the one that workers keep watch over: then what they found is the answer, also where that is nothing. */
  readonly isWatched: boolean;
  readonly gate: WorkGate;
  /** Milliseconds, rising. */
  readonly now: () => number;
  /** Milliseconds that a look at what changes is given to newcomers. */
  readonly liveMs: number;
}

interface Item {
  readonly id: string;
  readonly owner: string;
  readonly profitUsd: string;
  readonly jointProfitUsd: string | null;
  readonly place: number | null;
  readonly plannedAt: number | null;
  readonly repricedSince: boolean;
  readonly precision: string;
  readonly openedAt: number | null;
  readonly seenAt: number;
  readonly detail: Json;
}

/** One look at the ranking: pages are cut from it. */
interface Look {
  readonly id: string;
  readonly head: {
    readonly source: 'store' | 'scan';
    readonly book: string | null;
    readonly recorded: string | null;
    readonly status: string;
    readonly asOf: Json;
    readonly method: string | null;
    readonly gaps: Json;
  };
  readonly watched: readonly Json[];
  readonly items: readonly Item[];
}

const MOST_ITEMS = 2_000;
const DEFAULT_PAGE = 25;
const RECORDED_MS = 3_600_000;
/** Milliseconds that a look at what workers found is given while no event tells of a change. */
const STORED_MS = 1_000;
const KEPT_LOOKS = 50;
const MANY_ACCOUNTS = 20_000;

/** The ranking of what can be liquidated. */
export function opportunityHandlers(options: OpportunityOptions): Pick<Handlers, 'listOpportunities'> {
  const looks = new Map<string, Look>();
  let count = 0;
  const keep = (look: Look): void => {
    looks.delete(look.id);
    looks.set(look.id, look);
    while (looks.size > KEPT_LOOKS) looks.delete(looks.keys().next().value ?? '');
  };
  const newest = createCache<Look>({
    most: 1,
    now: options.now,
    async load(_, signal) {
      count += 1;
      const look = await options.gate.run(() => lookNow(`${Math.floor(options.now()).toString(36)}${count.toString(36)}`, options), signal);
      return { value: look, forMs: look.head.recorded !== null ? RECORDED_MS : look.head.source === 'store' ? Math.min(STORED_MS, options.liveMs) : options.liveMs };
    },
  });
  return {
    async listOpportunities({ query, signal }) {
      const cursor = query.cursor === undefined ? null : readCursor(query.cursor);
      const look = (cursor === null ? undefined : looks.get(cursor.look)) ?? (await newest.get(await nameNow(options), signal));
      const from = cursor === null ? 0 : findPageStart(look, cursor);
      const to = Math.min(look.items.length, from + Number(query.limit ?? DEFAULT_PAGE));
      const last = look.items[to - 1];
      // Who pages through a look keeps it: what was not asked for the longest goes first.
      if (to < look.items.length) keep(look);
      const nextCursor = to < look.items.length && last !== undefined ? writeCursor({ look: look.id, offset: to, profitUsd: last.profitUsd, id: last.id }) : null;
      return json({ ...look.head, watched: cursor === null ? look.watched : [], opportunities: look.items.slice(from, to), nextCursor });
    },
  };
}

/** Whoever heard of an event finds in the ranking what it told of: a look is given no longer than until the next one. */
async function nameNow({ database }: OpportunityOptions): Promise<string> {
  return database === null ? '' : (await findNewestSequence(database)).toString();
}

async function lookNow(id: string, options: OpportunityOptions): Promise<Look> {
  const { config, database } = options;
  if (database === null) return scannedLook(id, config);
  const seconds = Math.floor(options.now() / 1000);
  const [stored, method, lists, freshness] = await Promise.all([
    listOpportunities(database, MOST_ITEMS),
    readJointMethod(database),
    listWatchLists(database),
    findBookFreshness(database, { now: seconds, maxAgeSeconds: config.maxBlockAgeSeconds }),
  ]);
  return stored.length > 0 || options.isWatched
    ? storedLook(id, { stored, method, watched: lists.map(({ accounts }) => accounts as readonly WatchedRow[]), freshness, seconds })
    : scannedLook(id, config);
}

interface StoredFacts {
  readonly stored: readonly RankedOpportunity[];
  readonly method: string | null;
  /** Of each shard. */
  readonly watched: readonly (readonly WatchedRow[])[];
  readonly freshness: BookFreshness;
  /** Unix seconds now. */
  readonly seconds: number;
}

/** What the workers saw; where nobody looks any more, or at an old book, that is a gap. */
function storedLook(id: string, { stored, method, watched, freshness: { gaps, blocks }, seconds }: StoredFacts): Look {
  const items = stored.map(({ subject, owner, netUsd, joint, precision, openedAt, seenAt, body }) => ({
    id: subject,
    owner,
    profitUsd: netUsd,
    jointProfitUsd: joint?.taken?.netUsd ?? null,
    place: joint?.taken?.place ?? null,
    plannedAt: joint === null ? null : Number(joint.plannedAt),
    repricedSince: joint?.isOlder === true,
    precision,
    openedAt: Number(openedAt),
    seenAt: Number(seenAt),
    detail: encodeJson(body),
  }));
  const asOf = { blocks: blocks.map(({ chain, number, hash, timestamp }) => ({ chain, number: number.toString(), hash, timestamp: Number(timestamp) })), prices: [] };
  const head = { source: 'store' as const, book: null, recorded: null, status: gaps.length > 0 ? 'incomplete' : 'complete', asOf, method, gaps: encodeJson(gaps) };
  return { id, head, watched: mergeWatched(watched).map((row) => withAge(row, seconds)), items };
}

async function scannedLook(id: string, config: Config): Promise<Look> {
  const source = await chooseBook({}, config);
  const book = await source.read();
  const chains = await openScanChains(config, !isLive(config));
  try {
    const screen = book.accounts.length > MANY_ACCOUNTS ? await openColumnScreen(book) : screenExactly;
    const answer = await scanBook(book, { ...DEFAULT_SCAN, limit: MOST_ITEMS }, { chains: chains.chains, screen });
    const written = scanToJson(answer) as { readonly [key: string]: Json };
    const owners = written['opportunities'] as readonly { readonly [key: string]: Json }[];
    const head = {
      source: 'scan' as const,
      book: book.name,
      recorded: book.recorded,
      status: answer.gaps.length > 0 ? 'incomplete' : 'complete',
      asOf: written['asOf'] ?? null,
      method: answer.sequences[0]?.method ?? null,
      gaps: written['gaps'] ?? [],
    };
    const items = owners.map((detail) => ({
      id: textOf(detail['owner']),
      owner: textOf(detail['owner']),
      profitUsd: textOf(detail['profitUsd']),
      jointProfitUsd: textOf(detail['profitUsd']),
      place: firstPlace(detail['liquidations']),
      plannedAt: book.now,
      repricedSince: false,
      precision: textOf(detail['confidence']),
      openedAt: null,
      seenAt: book.now,
      detail,
    }));
    return { id, head, watched: answer.watched.slice(0, MOST_WATCHED).map((entry) => withAge({ ...watchedToJson(entry), seenAt: entry.account.entry.at }, book.now)), items };
  } finally {
    await chains.close();
  }
}

function withAge(row: WatchedRow, now: number): Json {
  return { ...row, ageSeconds: Math.max(0, now - row.seenAt) };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function firstPlace(liquidations: Json | undefined): number | null {
  const places = Array.isArray(liquidations) ? liquidations.map((entry: { readonly place?: unknown }) => Number(entry.place)) : [];
  return places.length === 0 ? null : Math.min(...places);
}
