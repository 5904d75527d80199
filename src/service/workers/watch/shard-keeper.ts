import { PlimsollError } from '../../../core/errors.ts';
import type { ShardLease } from '../../../store/leases.ts';
import type { RoleContext } from '../role.ts';
import type { RoleTally } from '../role-tally.ts';
import { createWaker, type Waker } from '../waker.ts';
import { HeldShards, type LeaseTimes } from './shard-leases.ts';

/** How shards are kept. */
export interface KeeperSettings {
  readonly lease: LeaseTimes;
  /** Milliseconds without a step forward after which the watch counts as stuck. */
  readonly stuckMs: number;
  /** Called when shards were gained or given. */
  readonly changed: () => void;
  readonly signal: AbortSignal;
}

/** Renews the leases of shards apart from the work on them, so that much work loses none; but a watch that is stuck keeps none. */
export class ShardKeeper {
  readonly #context: RoleContext;
  readonly #tally: RoleTally;
  readonly #settings: KeeperSettings;
  readonly #shards: HeldShards;
  readonly #waker: Waker;
  readonly #lost = new Set<number>();
  readonly #regained = new Set<number>();
  /** Unix milliseconds at which the watch last got on. */
  #movedAt: number;
  #isStuck = false;

  constructor(context: RoleContext, tally: RoleTally, settings: KeeperSettings) {
    this.#context = context;
    this.#tally = tally;
    this.#settings = settings;
    this.#shards = new HeldShards(context.database, context.holder, settings.lease);
    this.#waker = createWaker(context.surroundings.clock);
    this.#movedAt = context.surroundings.clock.now();
  }

  /** By shard. */
  get held(): ReadonlyMap<number, ShardLease> {
    return this.#shards.held;
  }

  /** The shards that changed hands since the last time that this was asked, though they may be held now: what is known of them may be old. */
  takeChanged(): ReadonlySet<number> {
    const changed = new Set([...this.#lost, ...this.#regained]);
    this.#lost.clear();
    this.#regained.clear();
    return changed;
  }

  /** Counts a shard as lost whose write was refused. */
  drop(shard: number): void {
    this.#shards.drop(shard);
  }

  /** The watch got on. */
  moved(): void {
    this.#movedAt = this.#context.surroundings.clock.now();
  }

  /** Has the leases renewed now. */
  wake(): void {
    this.#waker.wake();
  }

  /** Renews until the signal ends it. */
  async run(): Promise<void> {
    const { lease, signal } = this.#settings;
    while (!signal.aborted) {
      try {
        if (!(await this.#letGo())) await this.#renew();
      } catch (error) {
        this.#tally.failed(error);
      }
      await this.#waker.wait(lease.renewMs, signal);
    }
  }

  /** Gives everything back at once. @throws {PlimsollError} STORE_* */
  release(): Promise<void> {
    return this.#shards.release();
  }

  async #renew(): Promise<void> {
    const { gained, lost } = await this.#shards.renew();
    for (const shard of lost) this.#lost.add(shard);
    for (const { shard } of gained) this.#regained.add(shard);
    this.#tally.holds([...this.held.values()].map(({ name }) => name));
    if (gained.length === 0 && lost.length === 0) return;
    this.#context.log(`watch: ${this.held.size} shards held (${gained.length} gained, ${lost.length} given or lost)`);
    this.#settings.changed();
  }

  /** Gives everything back where the watch is stuck: somebody else may get on. @returns whether it is */
  async #letGo(): Promise<boolean> {
    const wasStuck = this.#isStuck;
    const stillMs = this.#context.surroundings.clock.now() - this.#movedAt;
    this.#isStuck = stillMs >= this.#settings.stuckMs;
    if (!this.#isStuck || wasStuck) return this.#isStuck;
    const seconds = Math.floor(stillMs / 1_000);
    this.#tally.failed(new PlimsollError('DEADLINE_EXCEEDED', `The watch has not got on for ${seconds} s and gave its shards back. If it does not go on by itself, restart this worker.`));
    this.#tally.holds([]);
    await this.release();
    return true;
  }
}
