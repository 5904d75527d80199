import { type ErrorCode, PlimsollError } from '../../../core/errors.ts';
import type { Address } from '../../../core/ids.ts';
import { type Coverage, type Gap, PORTFOLIO_SCHEMA, type Portfolio } from '../../../core/portfolio.ts';
import { judgeStatus } from '../../../engine/alert.ts';
import { groupAssets } from '../../../engine/asset-groups.ts';
import type { OpenedAccount } from '../../../engine/open-portfolio.ts';
import { type Bands, computeReport, type Report, type Status } from '../../../engine/report.ts';
import { listWatchedOwners } from '../../../store/alerts.ts';
import type { Database } from '../../../store/database.ts';
import { addEvent, nameTransaction } from '../../../store/events.ts';
import { holdLease, type ShardLease } from '../../../store/leases.ts';
import { shardOf } from '../../../store/shard-of.ts';
import { isStoreFailure } from '../../../store/sql-failure.ts';
import { findWalletStatus, readWalletMoment, saveWalletStatus, type WalletMoment } from '../../../store/wallet-states.ts';
import { judgeAlerts, observeReport } from '../../alerts/watch-alerts.ts';
import { type FreshnessLimit, findBookCoverage } from '../../book-freshness.ts';
import { bandsOf } from '../../portfolio/bands.ts';
import { gapOf } from '../../portfolio/gaps.ts';
import type { MarketInView } from '../../scan/accounts.ts';
import { readMarketPrices } from '../../scan/market-prices.ts';
import type { RoleContext } from '../role.ts';
import { asPlimsollError, type RoleTally } from '../role-tally.ts';
import { assetsOf, open, viewOf } from './owner-prices.ts';
import type { Found, Touched, WatchedAccount, WatchedBook } from './watched-book.ts';

/** The kind of the events that tell how a watched wallet stands. */
export const HEALTH_EVENT = 'health.changed';
/** Milliseconds for which the list of watched wallets is good. */
const LIST_MS = 5_000;
/** Wallets that are judged before it is looked again whether something changed. */
const JUDGED_AT_ONCE = 20;
/** Milliseconds for which it is not told that accounts of a wallet are being read again, where that is all that is lacking: mostly they are there within seconds. */
const PASSING_MS = 60_000;
const READ_AGAIN = 'Accounts of this wallet are being read again.';

/** What a look at the watched wallets goes by. */
export interface WalletLook {
  readonly found: Found;
  readonly touched: Touched;
  readonly held: ReadonlyMap<number, ShardLease>;
}

/** What the reports of a look have in common. */
interface Looking extends WalletMoment {
  /** Unix milliseconds by this process's clock. */
  readonly now: number;
  readonly found: Found;
  readonly view: (key: string) => MarketInView | null;
  /** What was read into the book, and what it cannot vouch for, whoever's the wallet is. */
  readonly coverage: readonly Coverage[];
  readonly bookGaps: readonly Gap[];
  readonly limit: FreshnessLimit;
}

/** Judges the alert rules of the wallets in the held shards, and tells when one stands otherwise than before. */
export class WalletWatch {
  readonly #context: RoleContext;
  readonly #tally: Pick<RoleTally, 'noted'>;
  readonly #everyMs: number;
  readonly #bands: Bands;
  /** Wallets and rules of which it was said that they cannot be judged. */
  readonly #complained = new Set<string>();
  readonly #seen = new Map<string, number>();
  /** Since when nothing but accounts that are being read again is lacking, by wallet. */
  readonly #readAgain = new Map<string, number>();
  /** Wallets to be judged, those that waited longest first. */
  readonly #pending = new Set<string>();
  /** Watched wallets, by the shard that they are in. */
  #owners: ReadonlyMap<string, number> = new Map();
  #listedAt: number | null = null;

  constructor(context: RoleContext, tally: Pick<RoleTally, 'noted'>, { everyMs }: { readonly everyMs: number }) {
    this.#context = context;
    this.#tally = tally;
    this.#everyMs = everyMs;
    this.#bands = bandsOf(context.config);
  }

  /**
   * Judges wallets that something happened to, or that were not looked at for a while, some at a time. What is wrong with one wallet or one rule keeps no other from being judged.
   *
   * @returns whether more wait
   * @throws {PlimsollError} LEASE_LOST, STORE_*
   */
  async look(book: WatchedBook, { found, touched, held }: WalletLook): Promise<boolean> {
    const { database } = this.#context;
    const now = this.#context.surroundings.clock.now();
    await this.#list(now);
    for (const [owner, shard] of this.#owners) if (held.has(shard) && this.#isDue(book, owner, { touched, now })) this.#pending.add(owner);
    const due = [...this.#pending].slice(0, JUDGED_AT_ONCE);
    if (due.length === 0) return false;
    const limit = { now: Math.floor(now / 1_000), maxAgeSeconds: this.#context.config.maxBlockAgeSeconds };
    const { coverage, gaps: bookGaps } = await findBookCoverage(database, limit);
    const looking: Looking = { ...(await readWalletMoment(database, due)), now, found, coverage, bookGaps, limit, view: viewOf(book) };
    for (const owner of due) {
      const lease = held.get(this.#owners.get(owner) ?? -1);
      if (lease !== undefined) await this.#judge(book, owner, { looking, lease });
      this.#seen.set(owner, now);
      this.#pending.delete(owner);
    }
    return this.#pending.size > 0;
  }

  /** Finds the wallets that somebody wants to hear of. */
  async #list(now: number): Promise<void> {
    if (this.#listedAt !== null && now - this.#listedAt < LIST_MS) return;
    const owners = await listWatchedOwners(this.#context.database);
    this.#owners = new Map(owners.map((owner) => [owner, shardOf(owner)]));
    this.#listedAt = now;
    for (const owner of [...this.#seen.keys(), ...this.#pending]) if (!this.#owners.has(owner)) this.#forget(owner);
  }

  #forget(owner: string): void {
    this.#seen.delete(owner);
    this.#pending.delete(owner);
    this.#readAgain.delete(owner);
  }

  #isDue(book: WatchedBook, owner: string, { touched, now }: { readonly touched: Touched; readonly now: number }): boolean {
    const seen = this.#seen.get(owner);
    if (seen === undefined || now - seen >= this.#everyMs || touched.owners.has(owner)) return true;
    return touched.markets.size > 0 && book.accountsOf(owner).some(({ marketKey }) => touched.markets.has(marketKey));
  }

  async #judge(book: WatchedBook, owner: string, { looking, lease }: { readonly looking: Looking; readonly lease: ShardLease }): Promise<void> {
    try {
      const report = await this.#report(book, owner, looking);
      await this.#tell(lease, report, { owner, isPassing: this.#isPassing(owner, report, looking.now) });
    } catch (error) {
      if (isStoreFailure(error)) throw error;
      this.#complain(owner, asPlimsollError(error).code, 'a watched wallet could not be judged');
    }
  }

  /** Whether what a report lacks is likely to be there in a moment. */
  #isPassing(owner: string, { gaps }: Report, now: number): boolean {
    if (gaps.length === 0 || gaps.some(({ message }) => message !== READ_AGAIN)) {
      this.#readAgain.delete(owner);
      return false;
    }
    const since = this.#readAgain.get(owner) ?? now;
    this.#readAgain.set(owner, since);
    return now - since < PASSING_MS;
  }

  /** Counts what cannot be judged each time, and says so the first time; never which wallet it is about. */
  #complain(about: string, code: ErrorCode, words: string): void {
    this.#tally.noted(code);
    if (!this.#complained.has(about)) this.#context.log(`watch: ${words}: ${code}`);
    this.#complained.add(about);
  }

  /** A wallet that cannot be computed has a report too: one that says so, and of which nothing is safe. */
  async #report(book: WatchedBook, owner: string, looking: Looking): Promise<Report> {
    try {
      return await this.#compute(book, owner, looking);
    } catch (error) {
      if (isStoreFailure(error)) throw error;
      const failure = asPlimsollError(error);
      this.#complain(owner, failure.code, 'a watched wallet cannot be computed');
      return this.#reportOf(owner, looking, { accounts: [], prices: [], gaps: [gapOf(failure, { chain: null, deployment: null })] });
    }
  }

  async #compute(book: WatchedBook, owner: string, looking: Looking): Promise<Report> {
    const watched = book.accountsOf(owner);
    const accounts = watched.flatMap((account) => open(account, looking.view));
    const missing = accounts.length < watched.length ? [gap('UNSUPPORTED_STATE', 'An account of this wallet cannot be valued.')] : [];
    const gaps = [...missing, ...unseenGaps(watched, looking.found), ...staleGaps(book, watched, looking.limit), ...pendingGaps(owner, looking)];
    return this.#reportOf(owner, looking, { accounts, prices: await readMarketPrices(this.#context.database, assetsOf(accounts), looking.limit), gaps });
  }

  #reportOf(owner: string, { at, bookGaps, coverage }: Looking, { accounts, prices, gaps: own }: Seen): Report {
    const gaps = [...own, ...bookGaps];
    const isGap = ({ deployment }: Coverage): boolean => gaps.some((entry) => entry.deployment === deployment);
    const portfolio: Portfolio = {
      schema: PORTFOLIO_SCHEMA,
      owners: [owner as Address],
      createdAt: Number(at),
      recorded: null,
      asOf: [],
      prices: [...prices],
      coverage: coverage.map((entry) => (isGap(entry) ? { ...entry, status: 'gap' } : entry)),
      markets: [...new Map(accounts.map(({ marketEntry }) => [marketEntry.id, marketEntry])).values()],
      accounts: accounts.map(({ entry }) => entry),
      gaps,
      discrepancies: [],
    };
    return computeReport({ portfolio, accounts }, { ...groupAssets(portfolio), bands: this.#bands });
  }

  async #tell(lease: ShardLease, report: Report, { owner, isPassing }: { readonly owner: string; readonly isPassing: boolean }): Promise<void> {
    const { database } = this.#context;
    const observation = observeReport(report);
    const { refused } = await judgeAlerts(fence(database, lease), owner, { ...observation, isPassing });
    for (const [rule, { code }] of refused) this.#complain(rule, code, 'an alert rule cannot be judged');
    const at = BigInt(report.asOf.createdAt);
    await database.transaction(async (queries) => {
      await holdLease(queries, lease);
      const before = await findWalletStatus(queries, owner);
      const judge = (said: Status): Status => judgeStatus(before, { status: said, weakest: observation.weakest }, { bands: this.#bands });
      const status = judge(report.status);
      if (status === before || (isPassing && judge(report.statusWithoutGaps) === before)) return;
      await saveWalletStatus(queries, { owner, status, at });
      if (before === null) return;
      const statusWithoutGaps = status === 'incomplete' ? report.statusWithoutGaps : status;
      const body = { wallet: owner, status, before, statusWithoutGaps, health: report.wallet.health?.toDecimalPlaces(18).toString() ?? null };
      const key = `health:${owner}:${at}:${await nameTransaction(queries)}:${status}`;
      await addEvent(queries, { key, kind: HEALTH_EVENT, subject: owner, body, at, audience: { kind: 'wallet' } });
    });
  }
}

/** What was seen of a wallet. */
interface Seen {
  readonly accounts: readonly OpenedAccount[];
  readonly prices: Portfolio['prices'];
  readonly gaps: readonly Gap[];
}

/** The same database, whose every transaction is refused once the lease is another's. */
function fence(database: Database, lease: ShardLease): Database {
  return {
    ...database,
    transaction: (work) =>
      database.transaction(async (queries) => {
        await holdLease(queries, lease);
        return work(queries);
      }),
  };
}

function unseenGaps(watched: readonly WatchedAccount[], { unseen }: Found): readonly Gap[] {
  return watched.flatMap(({ id, deployment }) => {
    const error = unseen.get(id);
    return error === undefined ? [] : [gapOf(error, { chain: null, deployment, account: id })];
  });
}

function staleGaps(book: WatchedBook, watched: readonly WatchedAccount[], { now, maxAgeSeconds }: FreshnessLimit): readonly Gap[] {
  const keys = [...new Set(watched.map(({ marketKey }) => marketKey))];
  const isOld = keys.some((key) => Number(book.markets.get(key)?.at ?? 0n) < now - maxAgeSeconds);
  return isOld ? [gap('STALE_BLOCK', 'A market of this wallet was read too long ago.')] : [];
}

function pendingGaps(owner: string, { pending }: WalletMoment): readonly Gap[] {
  return pending.has(owner) ? [gap('MISSED_ACCOUNT', READ_AGAIN)] : [];
}

function gap(code: 'STALE_BLOCK' | 'MISSED_ACCOUNT' | 'UNSUPPORTED_STATE', message: string): Gap {
  return gapOf(new PlimsollError(code, message), { chain: null, deployment: null });
}
