import { setImmediate } from 'node:timers/promises';
import { Gauge, Histogram } from 'prom-client';
import { isPlimsollError } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { ChainSource } from '../../../core/source.ts';
import { findRule, listDeployments } from '../../../protocols/registry.ts';
import type { Queries } from '../../../store/database.ts';
import { saveShardLooks, saveShardProgress } from '../../../store/shard-progress.ts';
import { openScanChains } from '../../scan/choose.ts';
import { DEFAULT_SCAN, type ScanRequest } from '../../scan/scan-book.ts';
import { BOOK_CHANNEL } from '../../sync/sync-deployment.ts';
import { JointPlanner } from '../joint/joint-planner.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { RoleTally } from '../role-tally.ts';
import { createWaker, type Waker } from '../waker.ts';
import { recordOraclePrices } from './oracle-prices.ts';
import { OwnerOffers } from './owner-offers.ts';
import { ShardKeeper } from './shard-keeper.ts';
import { DEFAULT_LEASE_TIMES, type LeaseTimes, SHARD_CHANNEL } from './shard-leases.ts';
import { WalletWatch } from './wallet-watch.ts';
import { WatchLists } from './watch-lists.ts';
import { type Found, type Touched, WatchedBook } from './watched-book.ts';

/** How the watch goes about; everything has a default. */
export interface WatchSettings {
  readonly lease?: LeaseTimes;
  /** Milliseconds after which the book is looked at even if nothing was heard: 2,000. */
  readonly pollMs?: number;
  /** Milliseconds for which an owner is not priced again only because its market moved: 30,000. */
  readonly repriceMs?: number;
  /** Milliseconds between two looks at a watched wallet that nothing happened to: 15,000. */
  readonly walletMs?: number;
  /** Milliseconds after which it is told that the held shards were looked at, though nothing had changed: 10,000. */
  readonly toldMs?: number;
  /** Milliseconds between two plans of everything that is open together: 30,000. */
  readonly jointMs?: number;
  /** Milliseconds between two lists of who is near, at least: 10,000. */
  readonly nearMs?: number;
  /** Milliseconds without a step forward after which the watch counts as stuck, and gives its shards back: five deadlines of a source, and a minute at least. */
  readonly stuckMs?: number;
  readonly scan?: Pick<ScanRequest, 'minProfitUsd' | 'gasUsd' | 'liquidator'>;
}

/** Milliseconds before the next try after a failure. */
const PAUSE_MS = 1_000;
/** A round asks sources a few times, each of which may take its deadline; anything else is a matter of seconds, or of steps that are each told. */
const STUCK_DEADLINES = 5;
const LEAST_STUCK_MS = 60_000;
const UNTOUCHED: Touched = { accounts: new Set(), owners: new Set(), markets: new Set() };

/** Starts watching shards of the book. */
export async function startWatch(context: RoleContext, settings: WatchSettings = {}): Promise<RunningRole> {
  const watch = new Watch(context, settings);
  await watch.start();
  return watch;
}

class Watch implements RunningRole {
  readonly #context: RoleContext;
  readonly #pollMs: number;
  readonly #toldMs: number;
  readonly #tally: RoleTally;
  readonly #shards: ShardKeeper;
  readonly #offers: OwnerOffers;
  readonly #waker: Waker;
  readonly #stop = new AbortController();
  readonly #screenSeconds: Histogram;
  readonly #lagSeconds: Histogram;
  readonly #decided: Gauge;
  #book: WatchedBook;
  readonly #wallets: WalletWatch;
  readonly #planner: JointPlanner;
  readonly #lists: WatchLists;
  #loaded = new Set<number>();
  #chains: { readonly chains: ReadonlyMap<ChainId, ChainSource>; close(): Promise<void> } = { chains: new Map(), close: async () => {} };
  #running: readonly Promise<void>[] = [];
  #unlisten: readonly (() => Promise<void>)[] = [];
  /** Unix milliseconds at which the oldest change was heard that is not screened yet; null where there is none. */
  #heardAt: number | null = null;
  #isSettledWritten = false;
  /** Unix milliseconds at which a look was told last. */
  #toldAt = 0;
  /** Whether shards came or went since the last screen. */
  #isOtherBook = false;
  /** Markets whose prices are not in the history yet. */
  readonly #unrecorded = new Set<string>();
  #found: Found = { liquidatable: new Set(), unseen: new Map(), decided: 0 };

  constructor(
    context: RoleContext,
    { lease = DEFAULT_LEASE_TIMES, pollMs = 2_000, repriceMs = 30_000, walletMs = 15_000, toldMs = 10_000, jointMs = 30_000, nearMs = 10_000, stuckMs, scan = DEFAULT_SCAN }: WatchSettings,
  ) {
    this.#context = context;
    const request: ScanRequest = { ...DEFAULT_SCAN, ...scan };
    const patienceMs = stuckMs ?? Math.max(LEAST_STUCK_MS, STUCK_DEADLINES * 1_000 * context.config.deadlineSeconds);
    const { signal } = this.#stop;
    this.#pollMs = pollMs;
    this.#toldMs = toldMs;
    this.#tally = new RoleTally('watch', context);
    this.#waker = createWaker(context.surroundings.clock);
    this.#shards = new ShardKeeper(context, this.#tally, { lease, stuckMs: patienceMs, changed: () => this.#waker.wake(), signal });
    this.#offers = new OwnerOffers(context, { tally: this.#tally, shards: this.#shards, request, repriceMs, signal });
    this.#book = openBook();
    this.#wallets = new WalletWatch(context, this.#tally, { everyMs: walletMs });
    this.#lists = new WatchLists(context, { everyMs: nearMs });
    this.#planner = new JointPlanner(context, this.#tally, { lease, everyMs: jointMs, gasUsd: request.gasUsd });
    const registers = [context.registry];
    const buckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    this.#screenSeconds = new Histogram({ name: 'plimsoll_watch_screen_seconds', help: 'Seconds that a screen of all held accounts took.', buckets, registers });
    this.#lagSeconds = new Histogram({ name: 'plimsoll_watch_tick_seconds', help: 'Seconds from hearing of a change until it was screened.', buckets, registers });
    this.#decided = new Gauge({ name: 'plimsoll_watch_decided_accounts', help: 'Accounts that the newest screen had their rules decide; it is fast while they are few.', registers });
  }

  async start(): Promise<void> {
    const { database, config } = this.#context;
    this.#chains = await openScanChains(config, false);
    const heard = (): void => {
      this.#heardAt ??= this.#now();
      this.#waker.wake();
    };
    this.#unlisten = [await database.listen(BOOK_CHANNEL, heard), await database.listen(SHARD_CHANNEL, () => this.#shards.wake())];
    this.#running = [this.#shards.run(), this.#watching()];
    this.#planner.start();
  }

  health() {
    return this.#tally.health();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waker.wake();
    this.#shards.wake();
    await Promise.all([...this.#running, this.#planner.stop()]);
    for (const unlisten of this.#unlisten) await unlisten().catch(() => {});
    await this.#shards.release().catch((error: unknown) => this.#tally.failed(error));
    await this.#chains.close();
    this.#tally.holds([]);
  }

  /** The database, where each answer is a step forward. */
  #step(): Queries {
    const { database } = this.#context;
    return {
      query: async (text, values) => {
        const rows = await database.query(text, values);
        this.#shards.moved();
        return rows;
      },
    };
  }

  async #watching(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const isMore = await this.#round();
        this.#shards.moved();
        if (!isMore) await this.#waker.wait(this.#pollMs, this.#stop.signal);
        else await setImmediate();
      } catch (error) {
        const isLost = isPlimsollError(error, 'LEASE_LOST');
        if (isLost) this.#refused();
        else this.#recover(error);
        await this.#context.surroundings.clock.sleep(isLost ? 0 : PAUSE_MS, this.#stop.signal);
      }
    }
  }

  /** A shard is another worker's: what was to be written about it is that one's to write. */
  #refused(): void {
    this.#tally.noted('LEASE_LOST');
    this.#context.log('watch: a write was refused, its shard was taken over meanwhile');
    this.#shards.wake();
  }

  /** What could not be finished is done anew from the store; nothing is known by this process alone. */
  #recover(error: unknown): void {
    const failure = this.#tally.failed(error);
    if (failure.code === 'STORE_UNREACHABLE') return;
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#book = openBook();
    this.#offers.forget();
    this.#loaded.clear();
  }

  /** One look. @returns whether there is more to do at once */
  async #round(): Promise<boolean> {
    const heardAt = this.#heardAt;
    this.#heardAt = null;
    const change = await this.#follow().catch((error: unknown) => {
      this.#heardAt ??= heardAt;
      throw error;
    });
    if (change !== null) await this.#screen(change, heardAt);
    await this.#recordPrices();
    await this.#offers.write(this.#book, this.#chains.chains);
    await this.#tellProgress();
    await this.#lists.look(this.#book, this.#found, this.#leases());
    const isJudging = await this.#wallets.look(this.#book, { found: this.#found, touched: change ?? UNTOUCHED, held: this.#shards.held });
    if (change === null) this.#tally.succeeded();
    await this.#tellLook();
    return isJudging || this.#offers.isDue;
  }

  /** @returns what changed; null where nothing did */
  async #follow(): Promise<Touched | null> {
    const { database } = this.#context;
    if (await this.#takeShards()) this.#isOtherBook = true;
    const shards = [...this.#loaded];
    const touched = await this.#book.follow(database, shards);
    if (touched === null || this.#book.takeHeldUp()) {
      this.#forgetAll();
      if (await this.#takeShards()) this.#isOtherBook = true;
      return this.#isOtherBook ? UNTOUCHED : null;
    }
    for (const key of touched.markets) this.#unrecorded.add(key);
    const isNothing = touched.accounts.size === 0 && touched.markets.size === 0;
    return isNothing && !this.#isOtherBook ? null : touched;
  }

  /** Brings the book in line with the shards that are held. */
  async #takeShards(): Promise<boolean> {
    const { database } = this.#context;
    const held = this.#shards.held;
    const changed = this.#shards.takeChanged();
    const gone = new Set([...this.#loaded].filter((shard) => !held.has(shard) || changed.has(shard)));
    this.#book.drop(gone);
    this.#offers.drop(gone);
    for (const shard of gone) this.#loaded.delete(shard);
    const fresh = [...held.keys()].filter((shard) => !this.#loaded.has(shard));
    if (fresh.length === 0) return gone.size > 0;
    await this.#offers.adopt(database, fresh);
    // A big book takes long, page after page.
    await this.#book.load(this.#step(), fresh);
    for (const shard of fresh) this.#loaded.add(shard);
    // What was written while nobody held them is told by no change.
    for (const key of this.#book.markets.keys()) this.#unrecorded.add(key);
    return true;
  }

  async #screen(touched: Touched, heardAt: number | null): Promise<void> {
    const { database } = this.#context;
    const started = this.#now();
    const found = await this.#book.screen();
    this.#screenSeconds.observe((this.#now() - started) / 1_000);
    this.#decided.set(found.decided);
    this.#offers.take(this.#book, found, touched);
    this.#found = found;
    this.#isOtherBook = false;
    this.#isSettledWritten = false;
    this.#lists.expire();
    const isSettled = this.#offers.isSettled;
    await saveShardProgress(database, this.#leases(), { screened: this.#book.position ?? '0', settled: isSettled ? this.#book.position : null });
    this.#isSettledWritten = isSettled;
    const lagMs = heardAt === null ? undefined : this.#now() - heardAt;
    if (lagMs !== undefined) this.#lagSeconds.observe(lagMs / 1_000);
    this.#tally.succeeded(lagMs);
  }

  /** What is refused or fails is written by whoever holds the shard then. */
  async #recordPrices(): Promise<void> {
    if (this.#unrecorded.size === 0) return;
    await recordOraclePrices(this.#context.database, this.#book, { markets: this.#unrecorded, held: this.#shards.held });
    this.#unrecorded.clear();
  }

  /** Once everything that was found is written, others may know. */
  async #tellProgress(): Promise<void> {
    const position = this.#book.position;
    if (!this.#offers.isSettled || this.#isSettledWritten || position === null) return;
    await saveShardProgress(this.#context.database, this.#leases(), { screened: position, settled: position });
    this.#isSettledWritten = true;
  }

  /** Others can tell a quiet book from one that nobody looks at. */
  async #tellLook(): Promise<void> {
    if (this.#now() - this.#toldAt < this.#toldMs) return;
    await saveShardLooks(this.#context.database, this.#leases());
    this.#toldAt = this.#now();
  }

  /** Leases of the shards whose accounts are in the book. */
  #leases() {
    return [...this.#shards.held.values()].filter(({ shard }) => this.#loaded.has(shard));
  }

  #now(): number {
    return this.#context.surroundings.clock.now();
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }
}

function openBook(): WatchedBook {
  return new WatchedBook({ deployments: listDeployments(), findRule });
}
