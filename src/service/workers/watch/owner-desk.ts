import type { Queries } from '../../../store/database.ts';
import { listShardOpportunities } from '../../../store/opportunities.ts';
import type { Found, Touched, WatchedAccount, WatchedBook } from './watched-book.ts';

/** What is known of an owner who is liquidatable, or has an open opportunity. */
export interface OwnerFile {
  readonly owner: string;
  readonly shard: number;
  /** What the open opportunity was said to bring, USD; null where none is open. */
  openUsd: string | null;
  /** The accounts that were liquidatable when it was priced; null where another worker priced it. */
  accounts: string | null;
  /** Unix milliseconds; null before the first time. */
  pricedAt: number | null;
}

/** An owner whose opportunity is over. */
export interface Ending {
  readonly owner: string;
  readonly shard: number;
}

/** Keeps who has to be priced, and who no longer is liquidatable: nobody is priced again without a reason. */
export class OwnerDesk {
  readonly #files = new Map<string, OwnerFile>();
  readonly #urgent = new Set<string>();
  readonly #stale = new Set<string>();
  #liquidatable = new Map<string, readonly WatchedAccount[]>();
  #endings: readonly Ending[] = [];

  /** Takes over the open opportunities of shards that were gained. */
  async adopt(queries: Queries, shards: readonly number[]): Promise<void> {
    for (const { owner, shard, netUsd } of await listShardOpportunities(queries, shards)) this.#files.set(owner, { owner, shard, openUsd: netUsd, accounts: null, pricedAt: null });
  }

  /** Forgets the owners of shards that are no longer held. */
  drop(shards: ReadonlySet<number>): void {
    for (const { owner, shard } of this.#files.values()) if (shards.has(shard)) this.#forget(owner);
  }

  /** Takes what a screen found. Who cannot be judged keeps what is open: that it cannot be seen does not end it. */
  take(book: WatchedBook, { liquidatable, unseen }: Found, touched: Touched): void {
    const accounts = [...liquidatable].flatMap((id) => book.accounts.get(id) ?? []);
    this.#liquidatable = Map.groupBy(accounts, ({ owner }) => owner);
    for (const [owner, own] of this.#liquidatable) this.#file(owner, own, touched);
    const over = [...this.#files.values()].filter(({ owner }) => !this.#liquidatable.has(owner) && !book.accountsOf(owner).some(({ id }) => unseen.has(id)));
    this.#endings = over.filter(({ openUsd }) => openUsd !== null);
    for (const { owner, openUsd } of over) if (openUsd === null) this.#forget(owner);
    for (const owner of [...this.#urgent, ...this.#stale]) if (!this.#liquidatable.has(owner)) this.#unmark(owner);
  }

  /** Owners whose open opportunity is over. */
  get endings(): readonly Ending[] {
    return this.#endings;
  }

  /** Owners to be priced now: those that are new or changed first, then those priced before `staleBefore` (unix milliseconds) whose market moved. */
  next(most: number, staleBefore: number): ReadonlyMap<string, readonly WatchedAccount[]> {
    const due = [...this.#stale].filter((owner) => (this.#files.get(owner)?.pricedAt ?? 0) <= staleBefore);
    return new Map([...this.#urgent, ...due].slice(0, most).map((owner) => [owner, this.#liquidatable.get(owner) ?? []]));
  }

  /** Whether nobody waits to be priced or closed. */
  get isSettled(): boolean {
    return this.#urgent.size === 0 && this.#stale.size === 0 && this.#endings.length === 0;
  }

  /** Whether somebody waits who is new or changed. */
  get isUrgent(): boolean {
    return this.#urgent.size > 0 || this.#endings.length > 0;
  }

  find(owner: string): OwnerFile | null {
    return this.#files.get(owner) ?? null;
  }

  /** An owner was priced and what came of it was written. */
  settle(owner: string, openUsd: string | null, now: number): void {
    this.#unmark(owner);
    const file = this.#files.get(owner);
    if (file === undefined) return;
    Object.assign(file, { openUsd, pricedAt: now, accounts: signatureOf(this.#liquidatable.get(owner) ?? []) });
  }

  /** An owner's opportunity was closed: nothing is known of it any more. */
  end(owner: string): void {
    this.#forget(owner);
    this.#endings = this.#endings.filter((ending) => ending.owner !== owner);
  }

  #file(owner: string, accounts: readonly WatchedAccount[], touched: Touched): void {
    const file = this.#files.get(owner);
    const [first] = accounts;
    if (first === undefined) return;
    if (file === undefined) this.#files.set(owner, { owner, shard: first.shard, openUsd: null, accounts: null, pricedAt: null });
    const signature = signatureOf(accounts);
    const isAdopted = file !== undefined && file.accounts === null && file.pricedAt === null && file.openUsd !== null;
    const isNew = file === undefined || (!isAdopted && file.accounts !== signature) || touched.owners.has(owner);
    if (isNew) this.#urgent.add(owner);
    else if (isAdopted || accounts.some(({ marketKey }) => touched.markets.has(marketKey))) this.#stale.add(owner);
    if (isNew) this.#stale.delete(owner);
  }

  #forget(owner: string): void {
    this.#files.delete(owner);
    this.#unmark(owner);
  }

  #unmark(owner: string): void {
    this.#urgent.delete(owner);
    this.#stale.delete(owner);
  }
}

function signatureOf(accounts: readonly WatchedAccount[]): string {
  return accounts
    .map(({ id }) => id)
    .toSorted()
    .join(' ');
}
