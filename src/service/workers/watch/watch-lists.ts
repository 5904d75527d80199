import { groupAssets } from '../../../engine/asset-groups.ts';
import { computeWatchList } from '../../../path/opportunities/watch-list.ts';
import type { ShardLease } from '../../../store/leases.ts';
import { shardOf } from '../../../store/shard-of.ts';
import { saveWatchLists } from '../../../store/watch-lists.ts';
import { watchedToJson } from '../../scan/json.ts';
import { MOST_WATCHED, type WatchedRow } from '../../scan/merge-watched.ts';
import { CANDIDATES } from '../../scan/nearest.ts';
import type { RoleContext } from '../role.ts';
import { open, viewOf } from './owner-prices.ts';
import type { Found, WatchedBook } from './watched-book.ts';

/** Keeps who is nearest to liquidation in the held shards, in the store. */
export class WatchLists {
  readonly #context: RoleContext;
  readonly #everyMs: number;
  /** Unix milliseconds. */
  #listedAt = 0;
  #isDue = false;

  constructor(context: RoleContext, { everyMs }: { readonly everyMs: number }) {
    this.#context = context;
    this.#everyMs = everyMs;
  }

  /** The book was screened: who is near may have changed. */
  expire(): void {
    this.#isDue = true;
  }

  /**
   * Lists anew if something has changed, and not too often. Floats choose; each that is kept is decided and measured exactly.
   *
   * @param leases of the shards whose accounts are in the book
   * @throws {PlimsollError} LEASE_LOST, STORE_*
   */
  async look(book: WatchedBook, { liquidatable }: Found, leases: readonly ShardLease[]): Promise<void> {
    const now = this.#context.surroundings.clock.now();
    if (!this.#isDue || now - this.#listedAt < this.#everyMs) return;
    const view = viewOf(book);
    const accounts = book.listNearest(CANDIDATES * MOST_WATCHED, liquidatable).flatMap((account) => open(account, view));
    const { accounts: watched } = computeWatchList(accounts, groupAssets({ accounts: accounts.map(({ entry }) => entry) }));
    const rows = watched.slice(0, MOST_WATCHED).map((entry): WatchedRow => ({ ...watchedToJson(entry), seenAt: entry.account.entry.at }));
    const at = [...book.times.values()].reduce((newest, time) => (time > newest ? time : newest), 0n);
    await saveWatchLists(this.#context.database, leases, { at, accounts: Map.groupBy(rows, ({ owner }) => shardOf(owner)) });
    this.#isDue = false;
    this.#listedAt = now;
  }
}
