import { setImmediate } from 'node:timers/promises';
import { Histogram } from 'prom-client';
import { isPlimsollError, PlimsollError } from '../../../core/errors.ts';
import type { ChainId } from '../../../core/ids.ts';
import type { ChainSource } from '../../../core/source.ts';
import { findRule, listDeployments } from '../../../protocols/registry.ts';
import type { Queries } from '../../../store/database.ts';
import { saveShardLooks, saveShardProgress } from '../../../store/shard-progress.ts';
import { isStoreFailure } from '../../../store/sql-failure.ts';
import { openScanChains } from '../../scan/choose.ts';
import { DEFAULT_SCAN, type ScanRequest } from '../../scan/scan-book.ts';
import { BOOK_CHANNEL } from '../../sync/sync-deployment.ts';
import { JointPlanner } from '../joint/joint-planner.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { asPlimsollError, RoleTally } from '../role-tally.ts';
import { createWaker, type Waker } from '../waker.ts';
import { endOpportunity, writeOpportunity } from './opportunity-writer.ts';
import { OwnerDesk } from './owner-desk.ts';
import { type OwnerPricing, openPricing, type PricedOwner } from './owner-prices.ts';
import { recordMarketPrices } from './price-records.ts';
import { DEFAULT_LEASE_TIMES, HeldShards, type LeaseTimes, SHARD_CHANNEL } from './shard-leases.ts';
import { WalletWatch } from './wallet-watch.ts';
import { WatchLists } from './watch-lists.ts';
import { type Found, type Touched, type WatchedAccount, WatchedBook } from './watched-book.ts';

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

/** Owners that are priced before it is looked again whether something changed. */
const PRICED_AT_ONCE = 10;
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
  readonly #settings: Required<Omit<WatchSettings, 'scan'>> & { readonly request: ScanRequest };
  readonly #tally: RoleTally;
  readonly #shards: HeldShards;
  readonly #waker: Waker;
  readonly #stop = new AbortController();
  readonly #screenSeconds: Histogram;
  readonly #lagSeconds: Histogram;
  #book: WatchedBook;
  #desk = new OwnerDesk();
  #wallets: WalletWatch;
  readonly #planner: JointPlanner;
  readonly #lists: WatchLists;
  #loaded = new Set<number>();
  #lostShards = new Set<number>();
  #regained = new Set<number>();
  #chains: { readonly chains: ReadonlyMap<ChainId, ChainSource>; close(): Promise<void> } = { chains: new Map(), close: async () => {} };
  #running: readonly Promise<void>[] = [];
  #unlisten: readonly (() => Promise<void>)[] = [];
  /** Unix milliseconds at which the oldest change was heard that is not screened yet; null where there is none. */
  #heardAt: number | null = null;
  #isSettledWritten = false;
  /** Unix milliseconds at which the watch last got on. */
  #movedAt: number;
  #isStuck = false;
  /** Unix milliseconds at which a look was told last. */
  #toldAt = 0;
  /** Whether shards came or went since the last screen. */
  #isOtherBook = false;
  /** Markets whose prices are not in the history yet. */
  readonly #unrecorded = new Set<string>();
  #found: Found = { liquidatable: new Set(), unseen: new Map() };

  constructor(
    context: RoleContext,
    { lease = DEFAULT_LEASE_TIMES, pollMs = 2_000, repriceMs = 30_000, walletMs = 15_000, toldMs = 10_000, jointMs = 30_000, nearMs = 10_000, stuckMs, scan = DEFAULT_SCAN }: WatchSettings,
  ) {
    this.#context = context;
    const patienceMs = stuckMs ?? Math.max(LEAST_STUCK_MS, STUCK_DEADLINES * 1_000 * context.config.deadlineSeconds);
    this.#settings = { lease, pollMs, repriceMs, walletMs, toldMs, jointMs, nearMs, stuckMs: patienceMs, request: { ...DEFAULT_SCAN, ...scan } };
    this.#movedAt = context.surroundings.clock.now();
    this.#tally = new RoleTally('watch', context);
    this.#shards = new HeldShards(context.database, context.holder, lease);
    this.#waker = createWaker(context.surroundings.clock);
    this.#book = openBook();
    this.#wallets = new WalletWatch(context, this.#tally, { everyMs: walletMs });
    this.#lists = new WatchLists(context, { everyMs: nearMs });
    this.#planner = new JointPlanner(context, this.#tally, { lease, everyMs: jointMs, gasUsd: this.#settings.request.gasUsd });
    const registers = [context.registry];
    const buckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
    this.#screenSeconds = new Histogram({ name: 'plimsoll_watch_screen_seconds', help: 'Seconds that a screen of all held accounts took.', buckets, registers });
    this.#lagSeconds = new Histogram({ name: 'plimsoll_watch_tick_seconds', help: 'Seconds from hearing of a change until it was screened.', buckets, registers });
  }

  async start(): Promise<void> {
    const { database, config } = this.#context;
    this.#chains = await openScanChains(config, false);
    const heard = (): void => {
      this.#heardAt ??= this.#now();
      this.#waker.wake();
    };
    this.#unlisten = [await database.listen(BOOK_CHANNEL, heard), await database.listen(SHARD_CHANNEL, () => this.#renewer.wake())];
    this.#running = [this.#renewing(), this.#watching()];
    this.#planner.start();
  }

  health() {
    return this.#tally.health();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waker.wake();
    this.#renewer.wake();
    await Promise.all([...this.#running, this.#planner.stop()]);
    for (const unlisten of this.#unlisten) await unlisten().catch(() => {});
    await this.#shards.release().catch((error: unknown) => this.#tally.failed(error));
    await this.#chains.close();
    this.#tally.holds([]);
  }

  readonly #renewer: Waker = createWaker({ now: () => this.#now(), sleep: (ms, signal) => this.#context.surroundings.clock.sleep(ms, signal) });

  /** Apart from the watching, so that much work loses no lease; but a watch that is stuck keeps none. */
  async #renewing(): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (await this.#letGo()) continue;
        const { gained, lost } = await this.#shards.renew();
        for (const shard of lost) this.#lostShards.add(shard);
        for (const { shard } of gained) this.#regained.add(shard);
        this.#tally.holds([...this.#shards.held.values()].map(({ name }) => name));
        if (gained.length > 0 || lost.length > 0) {
          this.#context.log(`watch: ${this.#shards.held.size} shards held (${gained.length} gained, ${lost.length} given or lost)`);
          this.#waker.wake();
        }
      } catch (error) {
        this.#tally.failed(error);
      } finally {
        await this.#renewer.wait(this.#settings.lease.renewMs, this.#stop.signal);
      }
    }
  }

  /** Gives everything back where the watch is stuck: somebody else may get on. @returns whether it is */
  async #letGo(): Promise<boolean> {
    const wasStuck = this.#isStuck;
    const stillMs = this.#now() - this.#movedAt;
    this.#isStuck = stillMs >= this.#settings.stuckMs;
    if (!this.#isStuck || wasStuck) return this.#isStuck;
    const seconds = Math.floor(stillMs / 1_000);
    this.#tally.failed(new PlimsollError('DEADLINE_EXCEEDED', `The watch has not got on for ${seconds} s and gave its shards back. If it does not go on by itself, restart this worker.`));
    this.#tally.holds([]);
    await this.#shards.release();
    return true;
  }

  #moved(): void {
    this.#movedAt = this.#now();
  }

  /** The database, where each answer is a step forward. */
  #step(): Queries {
    const { database } = this.#context;
    return {
      query: async (text, values) => {
        const rows = await database.query(text, values);
        this.#moved();
        return rows;
      },
    };
  }

  async #watching(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const isMore = await this.#round();
        this.#moved();
        if (!isMore) await this.#waker.wait(this.#settings.pollMs, this.#stop.signal);
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
    this.#renewer.wake();
  }

  /** What could not be finished is done anew from the store; nothing is known by this process alone. */
  #recover(error: unknown): void {
    const failure = this.#tally.failed(error);
    if (failure.code === 'STORE_UNREACHABLE') return;
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#book = openBook();
    this.#desk = new OwnerDesk();
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
    await this.#writeEndings();
    await this.#price();
    await this.#tellProgress();
    await this.#lists.look(this.#book, this.#found, this.#leases());
    const isJudging = await this.#wallets.look(this.#book, { found: this.#found, touched: change ?? UNTOUCHED, held: this.#shards.held });
    if (change === null) this.#tally.succeeded();
    await this.#tellLook();
    return isJudging || this.#desk.isUrgent || this.#desk.next(1, this.#staleBefore).size > 0;
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
    const gone = new Set([...this.#loaded].filter((shard) => !held.has(shard) || this.#lostShards.has(shard) || this.#regained.has(shard)));
    this.#lostShards.clear();
    this.#regained.clear();
    this.#book.drop(gone);
    this.#desk.drop(gone);
    for (const shard of gone) this.#loaded.delete(shard);
    const fresh = [...held.keys()].filter((shard) => !this.#loaded.has(shard));
    if (fresh.length === 0) return gone.size > 0;
    await this.#desk.adopt(database, fresh);
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
    this.#desk.take(this.#book, found, touched);
    this.#found = found;
    this.#isOtherBook = false;
    this.#isSettledWritten = false;
    this.#lists.expire();
    const isSettled = this.#desk.isSettled;
    await saveShardProgress(database, this.#leases(), { screened: this.#book.position ?? '0', settled: isSettled ? this.#book.position : null });
    this.#isSettledWritten = isSettled;
    const lagMs = heardAt === null ? undefined : this.#now() - heardAt;
    if (lagMs !== undefined) this.#lagSeconds.observe(lagMs / 1_000);
    this.#tally.succeeded(lagMs);
  }

  /** What is refused or fails is written by whoever holds the shard then. */
  async #recordPrices(): Promise<void> {
    if (this.#unrecorded.size === 0) return;
    await recordMarketPrices(this.#context.database, this.#book, { markets: this.#unrecorded, held: this.#shards.held });
    this.#unrecorded.clear();
  }

  async #writeEndings(): Promise<void> {
    for (const { owner, shard } of this.#desk.endings) {
      const lease = this.#shards.held.get(shard);
      if (lease === undefined) continue;
      await this.#write(shard, () => endOpportunity(this.#context.database, lease, { owner, at: this.#seconds(), reason: 'No account of it is liquidatable any more.' }));
      this.#desk.end(owner);
    }
  }

  async #price(): Promise<void> {
    const due = this.#desk.next(PRICED_AT_ONCE, this.#staleBefore);
    if (due.size === 0) return;
    const together = await this.#unlessRefused(() => this.#openPricing(due));
    for (const [owner, accounts] of due) {
      if (this.#isStopped) return;
      // Where they cannot be made ready together, each is by itself: who cannot be priced keeps nobody else from being priced, and what is open of it stays so.
      const kept = await this.#unlessRefused(async () => {
        const pricing = together ?? (await this.#openPricing(new Map([[owner, accounts]])));
        await this.#keep(owner, pricing.price(owner));
        return true;
      });
      if (kept === null) this.#desk.settle(owner, this.#desk.find(owner)?.openUsd ?? null, this.#now());
      this.#moved();
      // Renewals come in between.
      await setImmediate();
    }
  }

  #openPricing(owners: ReadonlyMap<string, readonly WatchedAccount[]>): Promise<OwnerPricing> {
    const { database, config } = this.#context;
    return openPricing(database, this.#book, owners, {
      chains: this.#chains.chains,
      request: this.#settings.request,
      now: Math.floor(this.#now() / 1_000),
      maxPriceAgeSeconds: config.maxBlockAgeSeconds,
    });
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

  async #keep(owner: string, priced: PricedOwner | null): Promise<void> {
    const { database } = this.#context;
    const file = this.#desk.find(owner);
    const lease = file === null ? undefined : this.#shards.held.get(file.shard);
    if (file === null || lease === undefined) return;
    let openUsd = file.openUsd;
    if (priced !== null && priced.netUsd !== null) {
      const { netUsd, precision, body } = priced;
      const news = { owner, block: this.#blockOf(owner), at: this.#seconds(), netUsd, toldUsd: file.openUsd, precision, body };
      const told = await this.#write(file.shard, () => writeOpportunity(database, lease, news));
      if (told !== null) openUsd = told;
    } else if (file.openUsd !== null && priced?.isPartial === false) {
      await this.#write(file.shard, () => endOpportunity(database, lease, { owner, at: this.#seconds(), reason: 'Liquidating it no longer earns enough.' }));
      openUsd = null;
    }
    this.#desk.settle(owner, openUsd, this.#now());
  }

  /** Once everything that was found is written, others may know. */
  async #tellProgress(): Promise<void> {
    const position = this.#book.position;
    if (!this.#desk.isSettled || this.#isSettledWritten || position === null) return;
    await saveShardProgress(this.#context.database, this.#leases(), { screened: position, settled: position });
    this.#isSettledWritten = true;
  }

  /** Others can tell a quiet book from one that nobody looks at. */
  async #tellLook(): Promise<void> {
    if (this.#now() - this.#toldAt < this.#settings.toldMs) return;
    await saveShardLooks(this.#context.database, this.#leases());
    this.#toldAt = this.#now();
  }

  async #write<Result>(shard: number, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (isPlimsollError(error, 'LEASE_LOST')) this.#shards.drop(shard);
      throw error;
    }
  }

  /** Leases of the shards whose accounts are in the book. */
  #leases() {
    return [...this.#shards.held.values()].filter(({ shard }) => this.#loaded.has(shard));
  }

  #blockOf(owner: string): bigint {
    const blocks = this.#book.accountsOf(owner).map(({ marketKey }) => this.#book.storedMarket(marketKey)?.block ?? 0n);
    return blocks.reduce((newest, block) => (block > newest ? block : newest), 0n);
  }

  /** The newest second that anybody is decided at: it only grows, whatever chain an owner is on. */
  #seconds(): bigint {
    return [...this.#book.times.values()].reduce((newest, at) => (at > newest ? at : newest), 0n);
  }

  #now(): number {
    return this.#context.surroundings.clock.now();
  }

  /** Who was priced before this, unix milliseconds, is priced again where its market moved since. */
  get #staleBefore(): number {
    return this.#now() - this.#settings.repriceMs;
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }
}

function openBook(): WatchedBook {
  return new WatchedBook({ deployments: listDeployments(), findRule });
}
