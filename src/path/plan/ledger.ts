import { InternalError } from '../../core/errors.ts';
import { max, min } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { AccountView, Applied, Step, TokenAmount } from '../../core/rule.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { AccountStep } from './plan-steps.ts';

/** The two seconds that a plan must hold at: when it is quoted, and when the head-room for interest is used up. */
export const MOMENTS = ['now', 'later'] as const;
export type Moment = (typeof MOMENTS)[number];

interface Dual<T> {
  readonly now: T;
  readonly later: T;
}

/**
 * What the owner and the accounts stand at while a plan is carried out: every account at both moments, markets shared between accounts, and the cash that is certain to be at hand
 * (the least that came in, the most that went out).
 */
export class Ledger {
  private readonly accounts: ReadonlyMap<string, OpenedAccount>;
  private readonly markets: Map<string, Dual<unknown>>;
  private readonly positions: Map<string, Dual<unknown>>;
  private readonly cash: Map<AssetId, bigint>;
  private readonly headRoomSeconds: bigint;

  constructor(accounts: readonly OpenedAccount[], cash: Iterable<readonly [AssetId, bigint]>, headRoomSeconds: bigint, from?: Ledger) {
    this.accounts = new Map(accounts.map((account) => [account.entry.id, account]));
    this.headRoomSeconds = headRoomSeconds;
    this.cash = new Map(cash);
    this.markets = new Map(from?.markets ?? accounts.map(({ marketEntry, view }) => [marketEntry.id, { now: view.market, later: view.market }]));
    this.positions = new Map(from?.positions ?? accounts.map(({ entry, view }) => [entry.id, { now: view.position, later: view.position }]));
  }

  /** A ledger that goes on from here without changing this one. */
  fork(): Ledger {
    return new Ledger([...this.accounts.values()], this.cash, this.headRoomSeconds, this);
  }

  /** Takes over what a fork has become. */
  adopt(fork: Ledger): void {
    for (const [id, state] of fork.markets) this.markets.set(id, state);
    for (const [id, state] of fork.positions) this.positions.set(id, state);
    for (const [asset, amount] of fork.cash) this.cash.set(asset, amount);
  }

  /** The account with its rule, as it was opened. @throws {InternalError} for an id that is none. */
  account(id: string): OpenedAccount {
    const account = this.accounts.get(id);
    if (account === undefined) throw new InternalError(`The plan names the account ${id}, which is not in the portfolio.`);
    return account;
  }

  /** Ids of all accounts. */
  ids(): string[] {
    return [...this.accounts.keys()];
  }

  /** The account as it stands, at one of the moments. */
  view(id: string, moment: Moment): AccountView<unknown, unknown> {
    const { view, marketEntry } = this.account(id);
    const at = moment === 'now' ? view.at : view.at + this.headRoomSeconds;
    return { market: this.markets.get(marketEntry.id)?.[moment], position: this.positions.get(id)?.[moment], at };
  }

  /** Cash that is certain to be at hand; negative where a step was paid on credit. */
  cashOf(asset: AssetId): bigint {
    return this.cash.get(asset) ?? 0n;
  }

  /** Assets with cash on either side of 0. */
  assets(): AssetId[] {
    return [...this.cash.keys()];
  }

  /** Puts cash in, or takes it out where `amount` is negative. */
  move(asset: AssetId, amount: bigint): void {
    this.cash.set(asset, this.cashOf(asset) + amount);
  }

  /**
   * Carries a step out at both moments.
   *
   * @throws {RuleViolation} where the protocol would revert at either; nothing has changed then.
   */
  apply(id: string, step: Step): AccountStep {
    const { rule, marketEntry } = this.account(id);
    const before = this.view(id, 'now');
    const now = rule.apply(before, step);
    const later = this.headRoomSeconds === 0n ? now : rule.apply(this.view(id, 'later'), step);
    this.markets.set(marketEntry.id, { now: now.market, later: later.market });
    this.positions.set(id, { now: now.position, later: later.position });
    for (const { asset, amount } of bounds(now, later, 'paid', max)) this.move(asset, -amount);
    for (const { asset, amount } of bounds(now, later, 'received', min)) this.move(asset, amount);
    return { kind: 'account', account: id, step, before, paid: now.paid, received: now.received };
  }
}

/** The greater or lesser amount of each asset over the two moments. */
function bounds(now: Applied<unknown, unknown>, later: Applied<unknown, unknown>, side: 'paid' | 'received', pick: (a: bigint, b: bigint) => bigint): TokenAmount[] {
  const sumOf = (amounts: readonly TokenAmount[], asset: AssetId): bigint => amounts.reduce((total, entry) => (entry.asset === asset ? total + entry.amount : total), 0n);
  const assets = new Set([...now[side], ...later[side]].map((entry) => entry.asset));
  return [...assets].map((asset) => ({ asset, amount: pick(sumOf(now[side], asset), sumOf(later[side], asset)) }));
}
