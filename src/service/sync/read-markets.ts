import { createHash } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { BlockRef } from '../../core/source.ts';
import type { Normalized, NormalizedMarket, Rows } from '../../protocols/protocol.ts';
import { type BookMarket, listMarkets, saveMarkets } from '../../store/book-markets.ts';
import { addPendingOwners, listWitnesses, type MarketWitnesses, readEntityRows, readOwnerRows } from '../../store/mirror-rows.ts';
import type { MirroredDeployment, SyncOptions } from './sync-options.ts';

/** Markets that are read together. */
const MARKETS_AT_ONCE = 20;
/** Owners with whom a market is tried that could not be read with the first. */
const MORE_WITNESSES = 5;
/** How often a market is tried in one go: each time with other owners. */
const MOST_ATTEMPTS = 3;

/** A market that was read at this block, with its typed state. */
export interface ReadMarket {
  readonly record: BookMarket;
  readonly state: unknown;
}

/** Reads the markets of one deployment at one block, each once: those of the owners that are asked for, through one of them. */
export interface MarketReader {
  /** Every market that was read, by the protocol's own id. */
  readonly read: ReadonlyMap<string, ReadMarket>;
  /** Reads what is missing. What cannot be read is left out. */
  readFor(owners: readonly string[]): Promise<void>;
  /** Reads every market of the book once more, through whom it was read before, and those that nobody read yet. */
  readAll(): Promise<void>;
  /** Rows of some owners with those that all share, by query. */
  rowsOf(owners: readonly string[]): Promise<Rows>;
  /** Rows and, where there is a chain, its answers for some owners, normalized. */
  normalize(owners: readonly Address[], rows: Rows): Promise<Normalized>;
}

/**
 * Opens the reader of a deployment's markets. A market is read by normalizing somebody who has an account there: with the chain where there
 * is one, else from rows alone.
 *
 * @param block with its hash where there is a chain
 */
export function createMarketReader(options: SyncOptions, mirrored: MirroredDeployment, block: BlockRef): MarketReader {
  const { deployment, protocol, mirror } = mirrored;
  const { database } = options;
  const chain = options.reader.chains.get(deployment.chain) ?? null;
  const source = chain === null || block.hash === null ? 'rows' : 'chain';
  const shared = mirror.queries.filter((query) => query.holds === 'shared').map((query) => query.name);
  const read = new Map<string, ReadMarket>();
  const attempts = new Map<string, number>();
  let unsaved: BookMarket[] = [];
  let sharedRows: Promise<Rows> | null = null;

  async function rowsOf(owners: readonly string[]): Promise<Rows> {
    sharedRows ??= readEntityRows(database, deployment.id, shared).then((rows) => Object.fromEntries(rows));
    const own = Object.fromEntries(await readOwnerRows(database, deployment.id, owners));
    const empty = Object.fromEntries(mirror.queries.map((query) => [query.name, []]));
    return { ...empty, ...(await sharedRows), ...own };
  }
  async function normalize(owners: readonly Address[], rows: Rows): Promise<Normalized> {
    const joined = mirror.join(rows);
    const calls = chain === null || block.hash === null ? null : await chain.fetchCalls(protocol.value(deployment, owners, joined), block.hash);
    return protocol.normalize({ deployment, owners, block, rows: joined, calls });
  }
  async function readWith(witnesses: readonly MarketWitnesses[]): Promise<void> {
    for (let at = 0; at < witnesses.length; at += MARKETS_AT_ONCE) {
      const owners = [...new Set(witnesses.slice(at, at + MARKETS_AT_ONCE).flatMap((entry) => entry.owners))] as Address[];
      keep(await normalize(owners, await rowsOf(owners)));
    }
  }
  function keep(normalized: Normalized): void {
    for (const market of normalized.markets) {
      const accounts = normalized.accounts.filter((account) => account.market === market.id);
      const witness = accounts[0]?.owner;
      if (witness === undefined || read.has(market.market)) continue;
      const record = recordOf(market, witness, [...new Set(accounts.flatMap((account) => account.missing))]);
      read.set(market.market, { state: market.state, record });
      unsaved.push(record);
    }
  }
  function recordOf(market: NormalizedMarket, witness: string, missing: readonly string[]): BookMarket {
    return {
      key: keyOf(market, mirror.layoutOf(market.state)),
      deployment: deployment.id,
      market: market.market,
      label: market.label,
      rule: market.rule,
      state: encodeJson(market.state),
      source,
      witness,
      missing,
      block: block.number,
      at: block.timestamp,
    };
  }
  async function readAll(): Promise<void> {
    const known = (await listMarkets(database, [deployment.id])).map(({ market, witness }) => ({ market, owners: [witness] }));
    await readWith(known);
    await saveRead();
    if (known.length === 0 || known.some(({ market }) => !read.has(market))) await readMissing(null);
  }
  async function readMissing(owners: readonly string[] | null): Promise<void> {
    const isMissing = ({ market }: MarketWitnesses): boolean => market !== '' && !read.has(market) && (attempts.get(market) ?? 0) < MOST_ATTEMPTS;
    const asked = (await listWitnesses(database, deployment.id, owners, 1)).filter(isMissing);
    if (asked.length === 0) return;
    for (const { market } of asked) attempts.set(market, (attempts.get(market) ?? 0) + 1);
    await readWith(asked);
    if (asked.some(({ market }) => !read.has(market))) await readWith((await listWitnesses(database, deployment.id, owners, MORE_WITNESSES)).filter(isMissing));
    await saveRead();
  }
  async function saveRead(): Promise<void> {
    const known = await listMarkets(database, [deployment.id]);
    // Positions refer to places in the state; where those moved, every position has to be made again.
    const isMoved = unsaved.some((record) => known.some(({ market }) => market === record.market) && !known.some(({ key }) => key === record.key));
    await database.transaction(async (transaction) => {
      await saveMarkets(transaction, unsaved);
      if (isMoved) await addPendingOwners(transaction, deployment.id, 'all');
    });
    unsaved = [];
  }
  return { read, readFor: readMissing, readAll, rowsOf, normalize };
}

/** The block that a deployment's values are read at: with its hash where there is a chain. @throws {PlimsollError} where the chain fails */
export async function blockForValues(options: SyncOptions, { deployment }: MirroredDeployment, block: BlockRef): Promise<BlockRef> {
  const chain = options.reader.chains.get(deployment.chain);
  return chain === undefined || block.hash !== null ? block : chain.fetchBlock(block.number);
}

/** A market that nobody could read, as a key for the accounts in it. */
export function unreadKey(deployment: string, market: string): string {
  return `${deployment}/${market}@unread`;
}

function keyOf(market: NormalizedMarket, layout: string): string {
  if (market.id === '') throw new PlimsollError('INTERNAL', 'a market without an id');
  return `${market.id}@${createHash('sha256').update(`${market.rule}\n${layout}`).digest('hex').slice(0, 8)}`;
}
