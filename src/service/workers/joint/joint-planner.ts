import { Histogram } from 'prom-client';
import { isPlimsollError } from '../../../core/errors.ts';
import { findRule, listDeployments } from '../../../protocols/registry.ts';
import { JOINT_LEASE, type JointEntry, readJointNeed, saveJointPlan } from '../../../store/joint-plans.ts';
import { claimLease, type Lease, releaseLeases, renewLease } from '../../../store/leases.ts';
import { keepLease } from '../../keep-lease.ts';
import type { JointLimits, ScanRequest } from '../../scan/scan-book.ts';
import type { RoleContext } from '../role.ts';
import type { RoleTally } from '../role-tally.ts';
import type { LeaseTimes } from '../watch/shard-leases.ts';
import type { JointAnswer } from './joint-task.ts';
import { openJointThread } from './open-joint-thread.ts';
import { type JointBook, MOST_TOGETHER, readJointBook } from './read-joint-book.ts';

/** How planning together goes about. */
export interface JointSettings {
  readonly lease: LeaseTimes;
  /** Milliseconds between two plans at least. */
  readonly everyMs: number;
  readonly gasUsd: ScanRequest['gasUsd'];
  readonly limits?: JointLimits;
}

/** Milliseconds after which a plan is broken off. */
const LONGEST_MS = 120_000;
/** Milliseconds before the next try after a failure. */
const RETRY_MS = 10_000;

/**
 * Plans everything that is open together, whichever shards it is in: what one sells lowers the price for the next. One worker does at a time, under a lease of
 * its own, in a thread of its own; the others stand by.
 */
export class JointPlanner {
  readonly #context: RoleContext;
  readonly #tally: RoleTally;
  readonly #settings: JointSettings;
  readonly #seconds: Histogram;
  readonly #thread = openJointThread();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #lease: Lease | null = null;
  /** Unix milliseconds before which nothing is tried again that failed. */
  #notBefore = 0;

  constructor(context: RoleContext, tally: RoleTally, settings: JointSettings) {
    this.#context = context;
    this.#tally = tally;
    this.#settings = settings;
    const buckets = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
    this.#seconds = new Histogram({ name: 'plimsoll_watch_joint_seconds', help: 'Seconds that planning everything open together took.', buckets, registers: [context.registry] });
  }

  start(): void {
    this.#running = this.#planning();
  }

  /** Breaks off what is under way and gives the lease back at once. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#thread.close();
    const lease = this.#lease;
    this.#lease = null;
    if (lease !== null) await releaseLeases(this.#context.database, [lease]).catch((error: unknown) => this.#tally.failed(error));
  }

  async #planning(): Promise<void> {
    const { clock } = this.#context.surroundings;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#round();
      } catch (error) {
        this.#failed(error);
      }
      await clock.sleep(this.#settings.lease.renewMs, this.#stop.signal);
    }
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (!isPlimsollError(error, 'LEASE_LOST')) {
      this.#tally.failed(error);
      this.#notBefore = this.#context.surroundings.clock.now() + RETRY_MS;
      return;
    }
    this.#lease = null;
    this.#tally.noted('LEASE_LOST');
    this.#context.log('watch: a joint plan was refused, somebody else plans meanwhile');
  }

  async #round(): Promise<void> {
    const { database } = this.#context;
    const lease = await this.#hold();
    if (lease === null || this.#context.surroundings.clock.now() < this.#notBefore) return;
    const { open, planned, ageMs } = await readJointNeed(database);
    if (open === planned || (ageMs !== null && ageMs < this.#settings.everyMs)) return;
    const limit = { now: Math.floor(this.#context.surroundings.clock.now() / 1_000), maxAgeSeconds: this.#context.config.maxBlockAgeSeconds };
    const book = await readJointBook(database, { deployments: listDeployments(), findRule, limit });
    const started = performance.now();
    const answer = await this.#underLease(lease, (signal) => this.#plan(book, signal));
    if (answer === null) return;
    this.#seconds.observe((performance.now() - started) / 1_000);
    await saveJointPlan(database, lease, draftOf(book, answer));
  }

  /** Claims the lease, or prolongs it; null where somebody else has it. */
  async #hold(): Promise<Lease | null> {
    const { database, holder } = this.#context;
    const { seconds } = this.#settings.lease;
    if (this.#lease !== null && (await renewLease(database, this.#lease, seconds))) return this.#lease;
    this.#lease = await claimLease(database, JOINT_LEASE, { holder, seconds, attended: await database.attend(holder) });
    return this.#lease;
  }

  #plan({ input, open }: JointBook, signal: AbortSignal): Promise<JointAnswer> {
    if (open.length === 0) return Promise.resolve({ shares: [], unplanned: [], method: null });
    const { config, surroundings } = this.#context;
    const { gasUsd, limits } = this.#settings;
    // A thread that only plans has no use for the key.
    const task = { ...input, config: { ...config, sealKey: null }, gasUsd, now: Math.floor(surroundings.clock.now() / 1_000), ...(limits === undefined ? {} : { limits }) };
    return this.#thread.plan(task, signal);
  }

  /** Prolongs the lease while something is under way, and breaks that off once the lease is another's. @returns null where it was broken off for that */
  async #underLease<Result>(lease: Lease, work: (signal: AbortSignal) => Promise<Result>): Promise<Result | null> {
    const { database, surroundings } = this.#context;
    const kept = keepLease({ database, clock: surroundings.clock }, lease, this.#settings.lease);
    try {
      return await work(AbortSignal.any([this.#stop.signal, kept.lost, AbortSignal.timeout(LONGEST_MS)]));
    } catch (error) {
      if (kept.lost.aborted) return null;
      throw error;
    } finally {
      await kept.end();
    }
  }
}

function draftOf({ fingerprint, open, input }: JointBook, { shares, unplanned, method }: JointAnswer) {
  const shareOf = new Map(shares.map((share) => [share.owner, share]));
  const isUnplanned = new Set(unplanned);
  const entries = open
    .filter(({ owner }) => !isUnplanned.has(owner))
    .map((entry): JointEntry => {
      const share = shareOf.get(entry.owner);
      return { open: entry, joint: share === undefined ? null : { netUsd: share.netUsd, place: share.place } };
    });
  const plannedAt = [...input.times.values()].reduce((newest, at) => (at > newest ? at : newest), 0n);
  const words = method !== null && open.length === MOST_TOGETHER ? `${method}; cut: only the ${MOST_TOGETHER} opportunities that bring most by themselves` : method;
  return { fingerprint, plannedAt, method: words, entries };
}
