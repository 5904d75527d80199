import { PlimsollError } from '../../../core/errors.ts';
import type { Address } from '../../../core/ids.ts';
import { type Gap, PORTFOLIO_SCHEMA, type Portfolio } from '../../../core/portfolio.ts';
import { groupAssets } from '../../../engine/asset-groups.ts';
import { computeReport, type Report } from '../../../engine/report.ts';
import { listWatchedOwners } from '../../../store/alerts.ts';
import type { Database } from '../../../store/database.ts';
import { addEvent } from '../../../store/events.ts';
import { holdLease, type ShardLease } from '../../../store/leases.ts';
import { shardOf } from '../../../store/shard-of.ts';
import { readUnwholeness, saveWalletState, type Unwholeness } from '../../../store/wallet-states.ts';
import { judgeAlerts, observeReport } from '../../alerts/watch-alerts.ts';
import { gapOf } from '../../portfolio/gaps.ts';
import type { MarketInView } from '../../scan/accounts.ts';
import { readMarketPrices } from '../../scan/market-prices.ts';
import type { RoleContext } from '../role.ts';
import { assetsOf, open, viewOf } from './owner-prices.ts';
import type { Found, Touched, WatchedAccount, WatchedBook } from './watched-book.ts';

/** The kind of the events that tell how a watched wallet stands. */
export const HEALTH_EVENT = 'health.changed';
/** Milliseconds for which the list of watched wallets is good. */
const LIST_MS = 5_000;
/** Wallets that are judged before it is looked again whether something changed. */
const JUDGED_AT_ONCE = 20;

/** What a look at the watched wallets goes by. */
export interface WalletLook {
  readonly found: Found;
  readonly touched: Touched;
  readonly held: ReadonlyMap<number, ShardLease>;
}

/** Judges the alert rules of the wallets in the held shards, and tells when one stands otherwise than before. */
export class WalletWatch {
  readonly #context: RoleContext;
  readonly #everyMs: number;
  readonly #seen = new Map<string, number>();
  /** Wallets to be judged, those that waited longest first. */
  readonly #pending = new Set<string>();
  /** Watched wallets, by the shard that they are in. */
  #owners: ReadonlyMap<string, number> = new Map();
  #listedAt: number | null = null;

  constructor(context: RoleContext, { everyMs }: { readonly everyMs: number }) {
    this.#context = context;
    this.#everyMs = everyMs;
  }

  /**
   * Judges wallets that something happened to, or that were not looked at for a while, some at a time.
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
    const whole = await readUnwholeness(database, due);
    const view = viewOf(book);
    for (const owner of due) {
      const lease = held.get(this.#owners.get(owner) ?? -1);
      if (lease !== undefined) await this.#tell(lease, owner, await this.#report(book, owner, { whole, found, view, now: Math.floor(now / 1_000) }));
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
  }

  #isDue(book: WatchedBook, owner: string, { touched, now }: { readonly touched: Touched; readonly now: number }): boolean {
    const seen = this.#seen.get(owner);
    if (seen === undefined || now - seen >= this.#everyMs || touched.owners.has(owner)) return true;
    return touched.markets.size > 0 && book.accountsOf(owner).some(({ marketKey }) => touched.markets.has(marketKey));
  }

  async #report(
    book: WatchedBook,
    owner: string,
    { whole, found, view, now }: { readonly whole: Unwholeness; readonly found: Found; readonly view: (key: string) => MarketInView | null; readonly now: number },
  ): Promise<Report> {
    const watched = book.accountsOf(owner);
    const accounts = watched.flatMap((account) => open(account, view));
    const missing = accounts.length < watched.length ? [gap('UNSUPPORTED_STATE', 'An account of this wallet cannot be valued.')] : [];
    const portfolio: Portfolio = {
      schema: PORTFOLIO_SCHEMA,
      owners: [owner as Address],
      createdAt: now,
      recorded: null,
      asOf: [],
      prices: await readMarketPrices(this.#context.database, assetsOf(accounts), { now, maxAgeSeconds: this.#context.config.maxBlockAgeSeconds }),
      coverage: [],
      markets: [...new Map(accounts.map(({ marketEntry }) => [marketEntry.id, marketEntry])).values()],
      accounts: accounts.map(({ entry }) => entry),
      gaps: [...missing, ...unseenGaps(watched, found), ...staleGaps(book, watched, now - this.#context.config.maxBlockAgeSeconds), ...wholenessGaps(owner, whole)],
      discrepancies: [],
    };
    return computeReport({ portfolio, accounts }, groupAssets(portfolio));
  }

  async #tell(lease: ShardLease, owner: string, report: Report): Promise<void> {
    const { database } = this.#context;
    await judgeAlerts(fence(database, lease), owner, observeReport(report));
    const { status } = report;
    const at = BigInt(report.asOf.createdAt);
    await database.transaction(async (queries) => {
      await holdLease(queries, lease);
      const before = await saveWalletState(queries, { owner, status, at });
      if (before === undefined || before === null) return;
      const body = { wallet: owner, status, before, statusWithoutGaps: report.statusWithoutGaps, health: report.wallet.health?.toDecimalPlaces(18).toString() ?? null };
      await addEvent(queries, { key: `health:${owner}:${at}:${status}`, kind: HEALTH_EVENT, subject: owner, body, at, audience: { kind: 'wallet' } });
    });
  }
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

function staleGaps(book: WatchedBook, watched: readonly WatchedAccount[], before: number): readonly Gap[] {
  const keys = [...new Set(watched.map(({ marketKey }) => marketKey))];
  return keys.some((key) => Number(book.markets.get(key)?.at ?? 0n) < before) ? [gap('STALE_BLOCK', 'A market of this wallet was read too long ago.')] : [];
}

function wholenessGaps(owner: string, { unread, pending }: Unwholeness): readonly Gap[] {
  return [
    ...unread.map((deployment) => gapOf(new PlimsollError('MISSED_ACCOUNT', `${deployment} was never read whole: accounts may be missing.`), { chain: null, deployment })),
    ...(pending.includes(owner) ? [gap('MISSED_ACCOUNT', 'Accounts of this wallet are being read again.')] : []),
  ];
}

function gap(code: 'STALE_BLOCK' | 'MISSED_ACCOUNT' | 'UNSUPPORTED_STATE', message: string): Gap {
  return gapOf(new PlimsollError(code, message), { chain: null, deployment: null });
}
