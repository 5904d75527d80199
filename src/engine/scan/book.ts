import { InvalidArgument } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { NativeHealth } from '../../core/rule.ts';
import type { Moves } from '../moves.ts';
import { AccountTable, NONE } from './account-table.ts';
import { BookMarket, type ScanMarket, type Window } from './book-market.ts';
import type { BookFigures, ScanAccount, ScanBookOptions, ScreenResult } from './book-types.ts';
import { Columns } from './columns.ts';
import { decideAccounts, type Verdicts } from './exact.ts';
import { TABLE_SLOTS } from './layout.ts';
import { type Pass, Passes } from './passes.ts';
import { SlotNumbers } from './slot-numbers.ts';
import { type Legs, Stage } from './stage.ts';
import { type Read, Weights } from './weights.ts';

/** Seconds that a window lasts unless the caller says otherwise. */
const HORIZON = 60n;
const EVERYTHING = (): Read => 'everything';

/**
 * The book: accounts of many markets in columns, screened in floats with a proven band (bounds.ts), each flagged one decided by its rule, exactly.
 *
 * @example
 * ```ts
 * const book = new ScanBook({ kernel: await openKernel(), at, positionOf: (account) => positions[account] });
 * book.addMarket({ key: 'pool', rule, state });
 * book.load(positions.map((position) => ({ market: 'pool', position })));
 * book.screen(at + 12n).liquidatable; // account numbers
 * ```
 */
export class ScanBook {
  private readonly columns: Columns;
  private readonly passes: Passes;
  private readonly weights: Weights;
  private readonly positionOf: (account: number) => unknown;
  private readonly horizon: bigint;
  /** The unix second that was asked about last. */
  private now: bigint;
  private readonly accounts = new AccountTable();
  private readonly markets: BookMarket[] = [];
  private readonly marketNumbers = new Map<string, number>();
  private readonly tables: SlotNumbers[] = [];
  /** Accounts decided in integers each time. */
  private readonly always = new Set<number>();

  constructor({ kernel, at, positionOf, horizon = HORIZON }: ScanBookOptions) {
    if (horizon < 0n) throw new InvalidArgument(`A horizon of ${horizon} seconds ends before it begins.`);
    this.columns = new Columns(kernel);
    this.passes = new Passes(this.columns);
    this.weights = new Weights(this.columns);
    this.positionOf = positionOf;
    this.horizon = horizon;
    this.now = at;
  }

  /** Adds a market. @throws {InvalidArgument} where there is one with its key. */
  addMarket(market: ScanMarket): void {
    if (this.marketNumbers.has(market.key)) throw new InvalidArgument(`The book has a market "${market.key}" already; replace its state instead.`);
    this.marketNumbers.set(market.key, this.markets.length);
    this.markets.push(new BookMarket(market, this.windowFrom(latest(market.at, this.now)), () => this.chooseTable()));
  }

  /** Adds many accounts at once and returns their numbers, in order. Faster than one by one, and laid out so that ticks read little. Where it throws, none is added. */
  load(accounts: Iterable<ScanAccount>): number[] {
    const stage = new Stage();
    const numbers: number[] = [];
    return this.orForget(numbers, () => {
      for (const { market, position } of accounts) {
        const account = this.accounts.add(this.numberOf(market));
        numbers.push(account);
        const legs = this.legsOf(account, position);
        if (legs === null) this.always.add(account);
        else stage.add(account, legs);
      }
      this.deriveStale();
      for (const [place, lane] of this.columns.pack(stage).entries()) this.accounts.setLane(stage.indexes.at(place), lane);
      return numbers;
    });
  }

  /** Adds one account and returns its number; numbers of removed accounts are given out again. Where it throws, none is added. */
  add({ market, position }: ScanAccount): number {
    const account = this.accounts.add(this.numberOf(market));
    return this.orForget([account], () => {
      this.place(account, position);
      this.deriveStale();
      return account;
    });
  }

  /** Takes an account's new position. Where it throws, the account is decided in integers until it is replaced again, or the book compacted. */
  replace(account: number, position: unknown): void {
    this.marketOf(account);
    try {
      this.place(account, position);
      this.deriveStale();
    } catch (error) {
      this.unplace(account);
      this.always.add(account);
      throw error;
    }
  }

  /** Removes an account. */
  remove(account: number): void {
    this.marketOf(account);
    this.unplace(account);
    this.accounts.free(account);
  }

  /**
   * Takes a market's state read anew: prices, indexes, parameters. Where accounts have other terms in it, they are stored again.
   *
   * @param at unix second at which it was read; without it a rule that answers for no second before its state would leave the whole market to integers
   * @throws {InvalidArgument} for a price that is not a number; then the market is as it was
   */
  replaceMarket(key: string, state: unknown, at: bigint): void {
    const market = this.markets[this.numberOf(key)];
    if (market === undefined) return;
    const before = market.state;
    if (at > market.window.from) market.setWindow(this.windowFrom(at));
    try {
      this.setState(market, state);
    } catch (error) {
      this.setState(market, before);
      throw error;
    }
  }

  /** Lays all accounts out anew, without the gaps of changes, and tries again to put into columns what had to be decided in integers each time. */
  compact(): void {
    for (const account of Array.from(this.always)) this.place(account, this.positionOf(account));
    this.deriveStale();
    for (const [account, lane] of this.columns.repack()) this.accounts.setLane(account, lane);
    this.passes.screenAll();
  }

  /** Screens every account, and decides at unix second `at` whatever is flagged. */
  screen(at: bigint): ScreenResult {
    return this.decideFlagged(at, this.screenAll(at));
  }

  /**
   * Screens every account and lists, in no order, whom the rules have to decide: for a caller who has to fetch positions before `decide`.
   * Whoever is not among them is not liquidatable at unix second `at`, and not refused.
   */
  listFlagged(at: bigint): number[] {
    this.screenAll(at);
    return [...this.passes.listFlagged(), ...this.always];
  }

  /** Decides accounts by their rules, as their integers do, at unix second `at`. */
  decide(accounts: readonly number[], at: bigint): Verdicts {
    return decideAccounts(accounts, (account) => this.marketOf(account).at(at).isLiquidatable(this.positionOf(account)));
  }

  /**
   * Moves prices and decides at unix second `at` whatever is flagged. Only accounts with a slot whose weight changed are screened again, unless they are
   * most of the book.
   *
   * @throws {PlimsollError} what a rule's `reprice` throws, or for a price that is not a number; then nothing has moved
   */
  tick(moves: Moves, at: bigint): ScreenResult {
    const before = this.reprice(moves);
    try {
      this.moveTo(at, before.keys(), [...moves.keys()]);
    } catch (error) {
      for (const [market, state] of before) market.setPrices(state);
      throw error;
    }
    return this.decideFlagged(at, this.passes.screenMoved(this.weights.takeMoved()));
  }

  /** What a tick would find; the book stays as it is. */
  preview(moves: Moves, at: bigint): ScreenResult {
    const before = this.reprice(moves);
    try {
      this.moveTo(at, before.keys(), [...moves.keys()]);
      return this.decideFlagged(at, this.passes.screenMoved(this.weights.takeMoved()));
    } finally {
      for (const [market, state] of before) market.setPrices(state);
      this.derive(before.keys(), EVERYTHING);
    }
  }

  /**
   * Accounts that the sums flag when debt weighs more by a share, as in 0.05, and those that have no sums: a watch list that misses no account as close as
   * that to being liquidatable. Ascending.
   */
  listNear(share: number, at: bigint): number[] {
    if (!(share >= 0 && Number.isFinite(share))) throw new InvalidArgument(`A share of ${share} is no distance; give a number of at least 0.`);
    this.moveTo(at);
    const near = this.weights.withHeavierDebt(this.markets, share, () => {
      this.passes.screenAll();
      return this.passes.listFlagged();
    });
    this.passes.screenAll();
    return [...near, ...this.always].sort((a, b) => a - b);
  }

  /** Decides every account by its rule: the reference of all screens. */
  decideAll(at: bigint): ScreenResult {
    const all: number[] = [];
    for (let account = 0; account < this.accounts.end; account += 1) if (this.accounts.marketOf(account) !== NONE) all.push(account);
    return { at, pass: null, ...this.decide(all, at) };
  }

  /** The protocol's own number and decision for one account. @throws {PlimsollError} where the rule refuses. */
  health(account: number, at: bigint): NativeHealth {
    return this.marketOf(account).at(at).health(this.positionOf(account));
  }

  /** What the book takes and how it stands. */
  get figures(): BookFigures {
    const { count, bytes } = this.accounts;
    const columns = this.columns.bytes;
    const slots = this.tables.reduce((total, table) => total + table.taken, 0);
    return { accounts: count, alwaysExact: this.always.size, slots, blocks: this.columns.blocks, bytes: { ...columns, overhead: columns.overhead + bytes } };
  }

  private setState(market: BookMarket, state: unknown): void {
    if (market.setState(state)) this.derive([market], EVERYTHING);
    else this.storeAgain([market]);
  }

  /** An account that is in the table and in no column would be passed over: where its adding fails, it goes. */
  private orForget<Result>(added: readonly number[], run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      for (const account of added) this.remove(account);
      throw error;
    }
  }

  private decideFlagged(at: bigint, pass: Pass): ScreenResult {
    return { at, pass, ...this.decide([...this.passes.listFlagged(), ...this.always], at) };
  }

  private screenAll(at: bigint): Pass {
    this.moveTo(at);
    this.weights.takeMoved();
    return this.passes.screenAll();
  }

  /** Moves the prices of every market that the moves reach; returns the states before. Nothing moves where a rule refuses. */
  private reprice(moves: Moves): Map<BookMarket, unknown> {
    const assets = [...moves.keys()];
    const reached = this.markets.filter((market) => assets.some((asset) => market.names(asset)));
    const states = reached.map((market) => ({ market, before: market.state, after: market.rule.reprice(market.state, moves) }));
    for (const { market, after } of states) market.setPrices(after);
    return new Map(states.map(({ market, before }) => [market, before]));
  }

  /** Has all weights hold at a second, and follow prices of some assets that have moved in some markets. Where it throws, no weight has changed. */
  private moveTo(at: bigint, repriced: Iterable<BookMarket> = [], assets: readonly AssetId[] = []): void {
    const late = new Map(this.markets.flatMap((market): [BookMarket, Window][] => (market.holdsAt(at) ? [] : [[market, market.window]])));
    for (const market of late.keys()) market.setWindow(this.windowFrom(at));
    try {
      this.derive(new Set([...late.keys(), ...repriced]), (market) => (late.has(market) ? 'everything' : assets));
    } catch (error) {
      for (const [market, window] of late) market.setWindow(window);
      throw error;
    }
    this.now = at;
  }

  private windowFrom(at: bigint): Window {
    return { from: at, until: at + this.horizon };
  }

  private derive(markets: Iterable<BookMarket>, readOf: (market: BookMarket) => Read): void {
    const fallen = this.weights.derive(markets, readOf);
    if (fallen.length > 0) this.storeAgain(fallen);
  }

  private deriveStale(): void {
    this.derive(
      this.markets.filter(({ slots }) => slots?.isStale === true),
      EVERYTHING,
    );
  }

  private storeAgain(markets: readonly BookMarket[]): void {
    for (const { slots } of markets) slots?.forgetSlack();
    const numbers = new Set(markets.map((market) => this.markets.indexOf(market)));
    for (let account = 0; account < this.accounts.end; account += 1) if (numbers.has(this.accounts.marketOf(account))) this.place(account, this.positionOf(account));
    this.deriveStale();
  }

  /** Writes an account's legs where they belong: its lane, another lane, or none. */
  private place(account: number, position: unknown): void {
    const legs = this.legsOf(account, position);
    const lane = this.accounts.laneOf(account);
    if (legs !== null && lane !== NONE && this.columns.replace(lane, legs)) return;
    this.unplace(account);
    if (legs === null) this.always.add(account);
    else this.accounts.setLane(account, this.columns.insert(account, legs));
  }

  private unplace(account: number): void {
    const lane = this.accounts.laneOf(account);
    if (lane !== NONE) this.columns.remove(lane);
    this.accounts.setLane(account, NONE);
    this.always.delete(account);
  }

  private legsOf(account: number, position: unknown): Legs | null {
    const market = this.marketOf(account);
    const stored = market.store(position);
    if (stored === null) return null;
    return { table: market.table, slots: stored.slots.map(({ number }) => number % TABLE_SLOTS), amounts: stored.amounts };
  }

  /** The slot numbers of a table with room for a market to grow in. */
  private chooseTable(): SlotNumbers {
    const roomy = this.tables.findLast((table) => !table.isCrowded);
    if (roomy !== undefined) return roomy;
    const made = new SlotNumbers(this.columns.tables.add());
    this.tables.push(made);
    return made;
  }

  private numberOf(key: string): number {
    const number = this.marketNumbers.get(key);
    if (number === undefined) throw new InvalidArgument(`The book has no market "${key}"; add it before its accounts.`);
    return number;
  }

  private marketOf(account: number): BookMarket {
    const market = this.markets[this.accounts.marketOf(account)];
    if (market === undefined) throw new InvalidArgument(`The book has no account ${account}.`);
    return market;
  }
}

function latest(first: bigint | undefined, second: bigint): bigint {
  return first !== undefined && first > second ? first : second;
}
