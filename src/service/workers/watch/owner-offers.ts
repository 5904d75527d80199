import { setImmediate } from 'node:timers/promises';
import { isPlimsollError } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { ChainSource } from '../../../core/source.ts';
import type { Queries } from '../../../store/database.ts';
import { isStoreFailure } from '../../../store/sql-failure.ts';
import type { ScanRequest } from '../../scan/scan-book.ts';
import type { RoleContext } from '../role.ts';
import { asPlimsollError, type RoleTally } from '../role-tally.ts';
import { endOpportunity, writeOpportunity } from './opportunity-writer.ts';
import { OwnerDesk } from './owner-desk.ts';
import { type OwnerPricing, openPricing, type PricedOwner } from './owner-prices.ts';
import type { ShardKeeper } from './shard-keeper.ts';
import type { Found, Touched, WatchedAccount, WatchedBook } from './watched-book.ts';

/** How owners are priced. */
export interface OfferSettings {
  readonly request: ScanRequest;
  /** Milliseconds for which an owner is not priced again only because its market moved. */
  readonly repriceMs: number;
  readonly signal: AbortSignal;
}

/** Owners that are priced before it is looked again whether something changed. */
const PRICED_AT_ONCE = 10;

/** Prices the owners that a screen found, and writes what became of their opportunities. */
export class OwnerOffers {
  readonly #context: RoleContext;
  readonly #tally: RoleTally;
  readonly #shards: ShardKeeper;
  readonly #settings: OfferSettings;
  #desk = new OwnerDesk();

  constructor(context: RoleContext, { tally, shards, ...settings }: OfferSettings & { readonly tally: RoleTally; readonly shards: ShardKeeper }) {
    this.#context = context;
    this.#tally = tally;
    this.#shards = shards;
    this.#settings = settings;
  }

  /** Takes over the open opportunities of shards that were gained. */
  adopt(queries: Queries, shards: readonly number[]): Promise<void> {
    return this.#desk.adopt(queries, shards);
  }

  /** Forgets the owners of shards that are no longer held. */
  drop(shards: ReadonlySet<number>): void {
    this.#desk.drop(shards);
  }

  /** Forgets everybody. */
  forget(): void {
    this.#desk = new OwnerDesk();
  }

  /** Takes what a screen found. */
  take(book: WatchedBook, found: Found, touched: Touched): void {
    this.#desk.take(book, found, touched);
  }

  /** Whether nobody waits to be priced or closed. */
  get isSettled(): boolean {
    return this.#desk.isSettled;
  }

  /** Whether there is somebody to be priced or closed now. */
  get isDue(): boolean {
    return this.#desk.isUrgent || this.#desk.next(1, this.#staleBefore).size > 0;
  }

  /** Closes what is over, and prices some of those who are due. @throws {PlimsollError} LEASE_LOST, STORE_* */
  async write(book: WatchedBook, chains: ReadonlyMap<ChainId, ChainSource>): Promise<void> {
    await this.#writeEndings(book);
    await this.#price(book, chains);
  }

  async #writeEndings(book: WatchedBook): Promise<void> {
    for (const { owner, shard } of this.#desk.endings) {
      const lease = this.#shards.held.get(shard);
      if (lease === undefined) continue;
      await this.#fenced(shard, () => endOpportunity(this.#context.database, lease, { owner, at: secondOf(book), reason: 'No account of it is liquidatable any more.' }));
      this.#desk.end(owner);
    }
  }

  async #price(book: WatchedBook, chains: ReadonlyMap<ChainId, ChainSource>): Promise<void> {
    const due = this.#desk.next(PRICED_AT_ONCE, this.#staleBefore);
    if (due.size === 0) return;
    const open = (owners: ReadonlyMap<string, readonly WatchedAccount[]>): Promise<OwnerPricing> => this.#openPricing(book, owners, chains);
    const together = await this.#unlessRefused(() => open(due));
    for (const [owner, accounts] of due) {
      if (this.#settings.signal.aborted) return;
      // Where they cannot be made ready together, each is by itself: who cannot be priced keeps nobody else from being priced, and what is open of it stays so.
      const kept = await this.#unlessRefused(async () => {
        const pricing = together ?? (await open(new Map([[owner, accounts]])));
        await this.#keep(book, owner, pricing.price(owner));
        return true;
      });
      if (kept === null) this.#desk.settle(owner, this.#desk.find(owner)?.openUsd ?? null, this.#now());
      this.#shards.moved();
      // Renewals come in between.
      await setImmediate();
    }
  }

  #openPricing(book: WatchedBook, owners: ReadonlyMap<string, readonly WatchedAccount[]>, chains: ReadonlyMap<ChainId, ChainSource>): Promise<OwnerPricing> {
    const { database, config } = this.#context;
    return openPricing(database, book, owners, { chains, request: this.#settings.request, now: Math.floor(this.#now() / 1_000), maxPriceAgeSeconds: config.maxBlockAgeSeconds });
  }

  /** @returns null where it failed for what it is about; that is counted, and told without saying whom it is about */
  async #unlessRefused<Result>(work: () => Promise<Result>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      if (isStoreFailure(error)) throw error;
      const { code } = asPlimsollError(error);
      this.#tally.noted(code);
      this.#context.log(`watch: opportunities could not be priced: ${code}`);
      return null;
    }
  }

  async #keep(book: WatchedBook, owner: string, priced: PricedOwner | null): Promise<void> {
    const { database } = this.#context;
    const file = this.#desk.find(owner);
    const lease = file === null ? undefined : this.#shards.held.get(file.shard);
    if (file === null || lease === undefined) return;
    let openUsd = file.openUsd;
    if (priced !== null && priced.netUsd !== null) {
      const { netUsd, precision, body } = priced;
      const news = { owner, block: blockOf(book, owner), at: secondOf(book), netUsd, toldUsd: file.openUsd, precision, body };
      const told = await this.#fenced(file.shard, () => writeOpportunity(database, lease, news));
      if (told !== null) openUsd = told;
    } else if (file.openUsd !== null && priced?.isPartial === false) {
      await this.#fenced(file.shard, () => endOpportunity(database, lease, { owner, at: secondOf(book), reason: 'Liquidating it no longer earns enough.' }));
      openUsd = null;
    }
    this.#desk.settle(owner, openUsd, this.#now());
  }

  async #fenced<Result>(shard: number, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (isPlimsollError(error, 'LEASE_LOST')) this.#shards.drop(shard);
      throw error;
    }
  }

  #now(): number {
    return this.#context.surroundings.clock.now();
  }

  /** Who was priced before this, unix milliseconds, is priced again where its market moved since. */
  get #staleBefore(): number {
    return this.#now() - this.#settings.repriceMs;
  }
}

function blockOf(book: WatchedBook, owner: string): bigint {
  const blocks = book.accountsOf(owner).map(({ marketKey }) => book.storedMarket(marketKey)?.block ?? 0n);
  return blocks.reduce((newest, block) => (block > newest ? block : newest), 0n);
}

/** The newest second that anybody is decided at: it only grows, whatever chain an owner is on. */
function secondOf(book: WatchedBook): bigint {
  return [...book.times.values()].reduce((newest, at) => (at > newest ? at : newest), 0n);
}
