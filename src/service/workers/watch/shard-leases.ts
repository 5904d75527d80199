import type { Database } from '../../../store/database.ts';
import { claimLease, claimShards, deleteDeadLeases, listLeases, releaseLeases, renewShards, SHARD_COUNT, type ShardLease } from '../../../store/leases.ts';

/** Where it is announced that shards were given back. */
export const SHARD_CHANNEL = 'plimsoll_shards';
/** The kind of the leases by which workers that watch know of one another. */
const WATCHER = 'watcher';
/** Seconds after which the name of a dead worker is forgotten. */
const FORGET_SECONDS = 3_600;

/** How long shards are held without a renewal. */
export interface LeaseTimes {
  /** Seconds after which a shard is free whose holder is silent. */
  readonly seconds: number;
  /** Milliseconds between two renewals; several fit into the lease. */
  readonly renewMs: number;
}

/**
 * Milliseconds for which a shard may be without a live holder after a worker died or fell silent: twice the silence, so that it can also be found and read. Where
 * the process dies and its connection with it, as after kill −9, the next renewal of another worker finds that at once. A worker that lives but does not get on
 * gives its shards back by itself (`stuckMs` of the watch).
 */
export function unwatchedLimitMs({ seconds }: LeaseTimes): number {
  return seconds * 2_000;
}

/** A shard is free when its holder's connection is gone, or after 6 seconds of silence, and is looked for every second: it is without a live holder for less than 12. */
export const DEFAULT_LEASE_TIMES: LeaseTimes = { seconds: 6, renewMs: 1_000 };

/** What a renewal changed. */
export interface ShardChange {
  readonly gained: readonly ShardLease[];
  readonly lost: readonly number[];
}

/**
 * The shards that a worker holds: as many as its share among the workers that are alive. Whoever has more gives the rest back at its next renewal,
 * and the others take it.
 */
export class HeldShards {
  readonly #database: Database;
  readonly #holder: string;
  readonly #seconds: number;
  #held: ReadonlyMap<number, ShardLease> = new Map();

  constructor(database: Database, holder: string, { seconds }: LeaseTimes) {
    this.#database = database;
    this.#holder = holder;
    this.#seconds = seconds;
  }

  /** By shard. */
  get held(): ReadonlyMap<number, ShardLease> {
    return this.#held;
  }

  /** Counts a shard as lost whose write was refused. */
  drop(shard: number): void {
    this.#held = new Map([...this.#held].filter(([held]) => held !== shard));
  }

  /** Prolongs what is held, gives back what is more than the share, takes what is free. @throws {PlimsollError} STORE_* */
  async renew(): Promise<ShardChange> {
    const [database, holder, seconds] = [this.#database, this.#holder, this.#seconds];
    const claim = { holder, seconds, attended: await database.attend(holder) };
    await claimLease(database, `${WATCHER}:${holder}`, claim);
    const known = this.#held;
    const renewed = await renewShards(database, holder, seconds);
    const share = Math.ceil(SHARD_COUNT / (await this.#countWatchers()));
    const surplus = renewed.toSorted((a, b) => (a.token < b.token ? -1 : 1)).slice(share);
    const kept = renewed.filter((lease) => !surplus.includes(lease));
    const claimed = kept.length < share ? await claimShards(database, { ...claim, most: share - kept.length }) : [];
    const now = new Map([...kept, ...claimed].map((lease) => [lease.shard, lease]));
    const isNew = ({ shard, token }: ShardLease): boolean => known.get(shard)?.token !== token;
    this.#held = now;
    await this.#giveBack(surplus);
    return { gained: [...now.values()].filter(isNew), lost: [...known.values()].filter(({ shard, token }) => now.get(shard)?.token !== token).map(({ shard }) => shard) };
  }

  /** Gives everything back at once, so that others need not wait. */
  async release(): Promise<void> {
    const leases = [...this.#held.values()];
    this.#held = new Map();
    const own = (await listLeases(this.#database, WATCHER)).filter(({ name }) => name === `${WATCHER}:${this.#holder}`);
    await releaseLeases(this.#database, own);
    await this.#giveBack(leases);
  }

  async #countWatchers(): Promise<number> {
    const watchers = await listLeases(this.#database, WATCHER);
    if (watchers.some(({ expired }) => expired)) await deleteDeadLeases(this.#database, WATCHER, FORGET_SECONDS);
    return Math.max(1, watchers.filter(({ holder, expired }) => holder !== null && !expired).length);
  }

  async #giveBack(leases: readonly ShardLease[]): Promise<void> {
    if (leases.length === 0) return;
    await releaseLeases(this.#database, leases);
    await this.#database.notify(SHARD_CHANNEL, String(leases.length));
  }
}
