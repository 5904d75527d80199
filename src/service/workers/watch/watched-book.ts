import { type PlimsollError, UnknownMarket } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { FindRule } from '../../../core/rule.ts';
import type { Deployment } from '../../../protocols/protocol.ts';
import { type BookChanges, listAccounts, listBookChanges, readBookPosition, type BookAccount as StoredAccount } from '../../../store/book-accounts.ts';
import { findMarkets, listMarkets, type BookMarket as StoredMarket } from '../../../store/book-markets.ts';
import type { Queries } from '../../../store/database.ts';
import { listDecisionTimes } from '../../scan/accounts.ts';
import { Nearest } from '../../scan/nearest.ts';
import type { BookAccount, BookMarket } from '../../scan/source.ts';
import { openStoredAccount, openStoredMarket } from '../../scan/store.ts';
import { asPlimsollError } from '../role-tally.ts';
import { ChainColumns } from './chain-columns.ts';

const NOBODY: ReadonlySet<string> = new Set();
/** Accounts that are read at once. */
const PAGE = 5_000;

/** An account of the shards that are held. */
export interface WatchedAccount {
  readonly id: string;
  readonly owner: string;
  readonly shard: number;
  readonly marketKey: string;
  readonly deployment: string;
  /** In its rule's typed form; null where something stands in the way. */
  readonly account: BookAccount | null;
  readonly obstacle: PlimsollError | null;
  /** Whether the obstacle is its market, so that the account may be read once that can be. */
  readonly isHeldUp: boolean;
}

/** What changed since the last look. */
export interface Touched {
  readonly accounts: ReadonlySet<string>;
  readonly owners: ReadonlySet<string>;
  readonly markets: ReadonlySet<string>;
}

/** Who is liquidatable, and who cannot be judged: whether those are safe is not known. */
export interface Found {
  readonly liquidatable: ReadonlySet<string>;
  readonly unseen: ReadonlyMap<string, PlimsollError>;
  /** How many accounts their rules were asked about. */
  readonly decided: number;
}

/** What a watched book is opened with. */
export interface WatchedBookOptions {
  /** The built-in rows. */
  readonly deployments: readonly Deployment[];
  readonly findRule: FindRule;
}

/** The accounts of some shards, kept in columns as the store has them. */
export class WatchedBook {
  readonly markets = new Map<string, BookMarket>();
  readonly accounts = new Map<string, WatchedAccount>();
  readonly #stored = new Map<string, Omit<StoredMarket, 'state'>>();
  readonly #refused = new Map<string, PlimsollError>();
  /** Accounts that cannot be judged, by id. */
  readonly #obstructed = new Map<string, PlimsollError>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #chains = new Map<ChainId, ChainColumns>();
  readonly #rows: ReadonlyMap<string, Deployment>;
  readonly #findRule: FindRule;
  readonly #byMarket = new Map<string, Set<string>>();
  #position: string | null = null;
  #heldUp = false;

  constructor({ deployments, findRule }: WatchedBookOptions) {
    this.#rows = new Map(deployments.map((row) => [row.id, row]));
    this.#findRule = findRule;
  }

  /** What the newest look held: a reader's position; null before the first. */
  get position(): string | null {
    return this.#position;
  }

  /** Accounts of an owner. */
  accountsOf(owner: string): readonly WatchedAccount[] {
    return [...(this.#byOwner.get(owner) ?? [])].flatMap((id) => this.accounts.get(id) ?? []);
  }

  /** What was stored of a market beside its state. */
  storedMarket(key: string): Omit<StoredMarket, 'state'> | null {
    return this.#stored.get(key) ?? null;
  }

  /** The unix second that accounts of each chain are decided at. */
  get times(): ReadonlyMap<ChainId, bigint> {
    return listDecisionTimes(this.markets.values());
  }

  /** Reads every account of some shards. */
  async load(queries: Queries, shards: readonly number[]): Promise<void> {
    this.#position ??= await readBookPosition(queries);
    for (const columns of this.#chains.values()) columns.expectMany();
    this.#readMarkets(await listMarkets(queries));
    for (let after = ''; ; ) {
      const page = await listAccounts(queries, { shards }, { after, most: PAGE });
      await this.#place(queries, page);
      if (page.length < PAGE) break;
      after = page.at(-1)?.id ?? '';
    }
  }

  /** Forgets the accounts of shards that are no longer held. */
  drop(shards: ReadonlySet<number>): void {
    for (const { id, shard } of this.accounts.values()) if (shards.has(shard)) this.#remove(id);
  }

  /**
   * Takes what changed since the last look.
   *
   * @returns null where the store began to count anew: then the whole book has to be read again
   */
  async follow(queries: Queries, shards: readonly number[]): Promise<Touched | null> {
    const since = this.#position;
    if (since === null) return { accounts: new Set(), owners: new Set(), markets: new Set() };
    const changes = await listBookChanges(queries, { shards }, since);
    if (BigInt(changes.next) < BigInt(since)) return null;
    const touched = await this.#apply(queries, changes);
    this.#position = changes.next;
    return touched;
  }

  /** Decides everybody at the next block's time. */
  async screen(): Promise<Found> {
    const liquidatable = new Set<string>();
    const unseen = new Map(this.#obstructed);
    const times = this.times;
    let decided = 0;
    for (const [chain, columns] of this.#chains) {
      const found = await columns.screen(times.get(chain) ?? 0n);
      for (const id of found.liquidatable) liquidatable.add(id);
      for (const [id, error] of found.refused) unseen.set(id, error);
      decided += found.decided;
    }
    return { liquidatable, unseen, decided };
  }

  /** The accounts that are nearest to liquidation and not in `taken`, by id, after a screen; a float chooses. */
  listNearest(most: number, taken: ReadonlySet<string>): readonly WatchedAccount[] {
    const nearest = new Nearest(most);
    const times = this.times;
    for (const [chain, columns] of this.#chains) columns.addNearest(nearest, times.get(chain) ?? 0n, taken);
    return nearest.list().flatMap(({ id }) => this.accounts.get(id) ?? []);
  }

  async #apply(queries: Queries, { accounts, gone, markets }: BookChanges): Promise<Touched> {
    const owners = new Set(accounts.map(({ owner }) => owner));
    this.#readMarkets(await findMarkets(queries, markets));
    for (const id of gone) {
      const known = this.accounts.get(id);
      if (known === undefined) continue;
      owners.add(known.owner);
      this.#remove(id);
    }
    await this.#place(queries, accounts);
    return { accounts: new Set([...accounts.map(({ id }) => id), ...gone]), owners, markets: new Set(markets) };
  }

  #readMarkets(stored: readonly StoredMarket[]): void {
    for (const market of stored) {
      const { state: _, ...rest } = market;
      this.#stored.set(market.key, rest);
      try {
        const opened = openStoredMarket(market, this.#rows, this.#findRule);
        const isKnown = this.markets.has(market.key);
        this.markets.set(market.key, opened);
        this.#refused.delete(market.key);
        const columns = this.#columnsOf(opened);
        if (isKnown) columns.replaceMarket(opened);
        else columns.addMarket(opened);
      } catch (error) {
        this.#refuse(market.key, asPlimsollError(error));
      }
    }
    const read = new Set(stored.map(({ key }) => key).filter((key) => this.markets.has(key)));
    if ([...this.#obstructed.keys()].some((id) => this.#isHeldUpIn(id, read))) this.#heldUp = true;
  }

  #isHeldUpIn(id: string, markets: ReadonlySet<string>): boolean {
    const watched = this.accounts.get(id);
    return watched?.isHeldUp === true && markets.has(watched.marketKey);
  }

  /** Whether accounts could not be read whose market can be read now: then the shards have to be read again. */
  takeHeldUp(): boolean {
    const was = this.#heldUp;
    this.#heldUp = false;
    return was;
  }

  /** Ids of the accounts in a market. */
  idsIn(key: string): ReadonlySet<string> {
    return this.#byMarket.get(key) ?? NOBODY;
  }

  /** A market that cannot be read: none of its accounts can be judged until it can. */
  #refuse(key: string, error: PlimsollError): void {
    this.#refused.set(key, error);
    this.markets.delete(key);
    for (const id of this.idsIn(key)) {
      const watched = this.accounts.get(id);
      for (const columns of this.#chains.values()) columns.remove(id);
      if (watched !== undefined) this.#remember({ ...watched, account: null, obstacle: error, isHeldUp: true });
    }
    for (const columns of this.#chains.values()) columns.forgetMarket(key);
  }

  async #place(queries: Queries, accounts: readonly StoredAccount[]): Promise<void> {
    const unknown = [...new Set(accounts.map(({ marketKey }) => marketKey))].filter((key) => !this.markets.has(key) && !this.#refused.has(key));
    if (unknown.length > 0) this.#readMarkets(await findMarkets(queries, unknown));
    const placed = new Map<ChainColumns, BookAccount[]>();
    for (const stored of accounts) {
      const watched = this.#open(stored);
      const market = this.markets.get(stored.marketKey);
      if (this.accounts.get(stored.id)?.marketKey !== stored.marketKey) this.#remove(stored.id);
      this.#remember(watched);
      if (watched.account === null || market === undefined) {
        for (const columns of this.#chains.values()) columns.remove(stored.id);
        continue;
      }
      const columns = this.#columnsOf(market);
      const some = placed.get(columns);
      if (some === undefined) placed.set(columns, [watched.account]);
      else some.push(watched.account);
    }
    for (const [columns, some] of placed) columns.place(some);
  }

  #open(stored: StoredAccount): WatchedAccount {
    const { id, owner, shard, marketKey, deployment } = stored;
    const common = { id, owner, shard, marketKey, deployment };
    try {
      const refused = this.#refused.get(marketKey);
      if (refused !== undefined && stored.obstacle === null) throw refused;
      const market = this.markets.get(marketKey);
      if (market === undefined && stored.obstacle === null) throw new UnknownMarket(marketKey, 'the stored book');
      return { ...common, account: openStoredAccount(stored, market), obstacle: null, isHeldUp: false };
    } catch (error) {
      return { ...common, account: null, obstacle: asPlimsollError(error), isHeldUp: stored.obstacle === null && !this.markets.has(marketKey) };
    }
  }

  #columnsOf({ chain }: BookMarket): ChainColumns {
    const known = this.#chains.get(chain);
    if (known !== undefined) return known;
    const made = new ChainColumns();
    this.#chains.set(chain, made);
    return made;
  }

  #remember(watched: WatchedAccount): void {
    this.accounts.set(watched.id, watched);
    if (watched.obstacle === null) this.#obstructed.delete(watched.id);
    else this.#obstructed.set(watched.id, watched.obstacle);
    addTo(this.#byOwner, watched.owner, watched.id);
    addTo(this.#byMarket, watched.marketKey, watched.id);
  }

  #remove(id: string): void {
    const known = this.accounts.get(id);
    if (known === undefined) return;
    for (const columns of this.#chains.values()) columns.remove(id);
    this.accounts.delete(id);
    this.#obstructed.delete(id);
    removeFrom(this.#byOwner, known.owner, id);
    removeFrom(this.#byMarket, known.marketKey, id);
  }
}

function addTo(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}

function removeFrom(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}
