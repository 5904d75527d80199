import { Decimal, fromFixed, sum } from '../../core/decimal.ts';
import { RuleViolation } from '../../core/errors.ts';
import { min } from '../../core/fixed-point.ts';
import type { AccountView, StepAmount } from '../../core/rule.ts';
import { type Ledger, MOMENTS } from './ledger.ts';
import type { Ordered, OrderFault } from './order-executor.ts';
import { type AccountAction, type PlanActions, type SwapAction, stepOf } from './plan-actions.ts';
import type { AccountStep, PlanStep } from './plan-steps.ts';
import { quoteSwap, type SwapTerms } from './swap-amounts.ts';

/** A sequence and how many times it went around. */
export interface Sequence extends Ordered {
  readonly loans: readonly [];
  /** 1 = nothing had to be done in parts. */
  readonly rounds: number;
}

/** More rounds than this are no plan that anybody signs. */
const MOST_ROUNDS = 12;
/** A part smaller than this share of its action is not worth a transaction. */
const LEAST_PART = 100n;
/** Bisections for the most that may be taken out. */
const BISECTIONS = 24;
/** A payment that is short by no more than this share is the rounding of the swap before it. */
const ROUNDING = 1_000_000n;

/** The health in exposure form that no account may fall below between two steps, unless it started lower; at most its target. */
const SAFE_BETWEEN = 1.01;

export interface SequenceTerms {
  readonly terms: SwapTerms;
  /** Exposure-form health that an account ends at, by id. */
  readonly targetOf: (account: string) => number;
}

interface OpenAction {
  readonly action: AccountAction;
  readonly planned: StepAmount;
  left: StepAmount;
}

interface OpenSwap {
  readonly swap: SwapAction;
  done: bigint;
}

/**
 * Orders one chain's actions as the owner's own transactions, without a loan (path.md §4): pay in what is at hand, take out what the accounts safely give, swap, and again. Each step is legal
 * where it stands, so a sequence that is broken off leaves nothing worse than SAFE_BETWEEN. The ledger ends in the state after the last step.
 */
export function orderAsSequence(ledger: Ledger, actions: PlanActions, options: SequenceTerms): Sequence | OrderFault {
  const open = actions.accounts.map((action): OpenAction => ({ action, planned: action.amount, left: action.amount }));
  const swaps = actions.swaps.map((swap): OpenSwap => ({ swap, done: 0n }));
  const work = new SequenceWork(ledger, open, swaps, options);
  for (let rounds = 1; rounds <= MOST_ROUNDS; rounds += 1) {
    const before = work.steps.length;
    work.payIn();
    work.takeOut();
    work.swap();
    work.payIn();
    if (work.isDone()) return { loans: [], steps: work.steps, rounds };
    if (work.steps.length === before) return work.fault();
  }
  return { kind: 'stuck', reason: `more than ${MOST_ROUNDS} rounds would be needed without a flash loan` };
}

class SequenceWork {
  readonly steps: PlanStep[] = [];
  private refused: Extract<OrderFault, { kind: 'refused' }> | null = null;
  private readonly ledger: Ledger;
  private readonly open: OpenAction[];
  private readonly swaps: OpenSwap[];
  private readonly options: SequenceTerms;

  constructor(ledger: Ledger, open: OpenAction[], swaps: OpenSwap[], options: SequenceTerms) {
    this.ledger = ledger;
    this.open = open;
    this.swaps = swaps;
    this.options = options;
  }

  isDone(): boolean {
    return this.open.every((entry) => entry.left === 0n) && this.swaps.every((entry) => entry.done >= entry.swap.amountIn);
  }

  fault(): OrderFault {
    return this.refused ?? { kind: 'stuck', reason: 'without a flash loan no step is possible that does not weaken an account first' };
  }

  /** Supplies and repayments out of what is at hand, and closes. Accounts that still have something to give come first: paying them sets it free. */
  payIn(): void {
    const giving = new Set(this.open.filter((entry) => entry.left !== 0n && takesOut(entry.action)).map(({ action }) => action.account));
    for (const entry of this.open.toSorted((a, b) => Number(giving.has(b.action.account)) - Number(giving.has(a.action.account)))) {
      const { kind, asset } = entry.action;
      if (entry.left === 0n || takesOut(entry.action)) continue;
      if (kind === 'close') this.carryOut(entry, entry.left);
      else this.payUpTo(entry, this.ledger.cashOf(asset));
    }
  }

  /** Withdrawals and loans, as far as the accounts stay safe. */
  takeOut(): void {
    for (const entry of this.open) {
      if (entry.left === 0n || !takesOut(entry.action)) continue;
      if (this.isSafe(entry.action, entry.left)) this.carryOut(entry, entry.left);
      else this.takePart(entry);
    }
  }

  swap(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const entry of this.swaps) moved = this.swapOne(entry) || moved;
    }
  }

  private payUpTo(entry: OpenAction, cash: bigint): void {
    if (cash <= 0n) return;
    if (entry.left === 'max') {
      const trial = this.ledger.fork();
      const paid = tryStep(trial, entry.action, 'max');
      if (paid !== null && trial.cashOf(entry.action.asset) >= 0n) this.carryOut(entry, 'max');
      else this.payPart(entry, cash);
      return;
    }
    if (cash >= entry.left || entry.left - cash <= entry.left / ROUNDING + 2n) this.carryOut(entry, min(cash, entry.left), true);
    else this.payPart(entry, cash);
  }

  /** A part only where more is still to come, and the part is worth its gas. */
  private payPart(entry: OpenAction, cash: bigint): void {
    const planned = entry.planned === 'max' ? null : entry.planned;
    if (this.canSwapMoreFirst(entry) || (planned !== null && cash < planned / LEAST_PART)) return;
    if (planned === null && cash < this.worthPaying(entry)) return;
    this.carryOut(entry, cash);
  }

  /** Swaps into the asset that have their input at hand come before a partial payment. */
  private canSwapMoreFirst({ action }: OpenAction): boolean {
    return this.swaps.some(({ swap, done }) => swap.curve.to === action.asset && done < swap.amountIn && this.ledger.cashOf(swap.curve.from) > (swap.amountIn - done) / LEAST_PART);
  }

  private worthPaying({ action }: OpenAction): bigint {
    const trial = this.ledger.fork();
    const whole = tryStep(trial, action, 'max');
    const owed = whole?.paid.reduce((total, { amount }) => total + amount, 0n) ?? 0n;
    return owed / LEAST_PART;
  }

  private takePart(entry: OpenAction): void {
    const planned = entry.planned === 'max' ? this.wholeOf(entry.action) : entry.planned;
    const left = entry.left === 'max' ? planned : entry.left;
    const amount = this.mostSafe(entry.action, left);
    if (amount >= planned / LEAST_PART && amount > 0n) this.carryOut(entry, amount);
  }

  private wholeOf(action: AccountAction): bigint {
    const { rule } = this.ledger.account(action.account);
    return rule.planning?.(this.ledger.view(action.account, 'now')).arcs.find((arc) => arc.kind === action.kind && arc.asset === action.asset)?.all ?? 0n;
  }

  private mostSafe(action: AccountAction, most: bigint): bigint {
    let [low, high] = [0n, most];
    for (let step = 0; step < BISECTIONS && high - low > 1n; step += 1) {
      const middle = (low + high) / 2n;
      if (this.isSafe(action, middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  private isSafe(action: AccountAction, amount: StepAmount): boolean {
    if (amount === 0n) return true;
    const trial = this.ledger.fork();
    if (tryStep(trial, action, amount) === null) return false;
    const floor = new Decimal(Math.min(SAFE_BETWEEN, this.options.targetOf(action.account)));
    return MOMENTS.every((moment) => isAtLeast(trial, action.account, { moment, floor }));
  }

  private swapOne(entry: OpenSwap): boolean {
    const { swap, done } = entry;
    const left = swap.amountIn - done;
    const cash = this.ledger.cashOf(swap.curve.from);
    if (left <= 0n || cash <= 0n) return false;
    const almost = left - cash <= left / ROUNDING + 2n;
    if (!almost && (cash < swap.amountIn / LEAST_PART || this.isFedByOthers(entry))) return false;
    const amountIn = min(cash, left);
    const step = quoteSwap(swap, done, amountIn, this.options.terms);
    this.ledger.move(step.from, -amountIn);
    this.ledger.move(step.to, step.minimumOut);
    this.steps.push(step);
    entry.done = almost ? swap.amountIn : done + amountIn;
    return true;
  }

  /** A second hop waits until the first hop has nothing to swap. */
  private isFedByOthers({ swap }: OpenSwap): boolean {
    return this.swaps.some((other) => other.swap.curve.to === swap.curve.from && other.done < other.swap.amountIn && this.ledger.cashOf(other.swap.curve.from) > other.swap.amountIn / LEAST_PART);
  }

  private carryOut(entry: OpenAction, amount: StepAmount, completes = amount === entry.left): void {
    try {
      this.steps.push(this.ledger.apply(entry.action.account, stepOf(entry.action, amount)));
    } catch (error) {
      if (!(error instanceof RuleViolation)) throw error;
      this.refused ??= { kind: 'refused', action: entry.action, violation: error };
      return;
    }
    if (completes || amount === 'max') entry.left = 0n;
    else if (entry.left !== 'max') entry.left -= amount;
  }
}

function takesOut({ kind }: AccountAction): boolean {
  return kind === 'withdraw' || kind === 'borrow';
}

function tryStep(ledger: Ledger, action: AccountAction, amount: StepAmount): AccountStep | null {
  try {
    return ledger.apply(action.account, stepOf(action, amount));
  } catch (error) {
    if (error instanceof RuleViolation) return null;
    throw error;
  }
}

/** Whether an account stands at `floor` or above in exposure form; without debt it does. */
export function isAtLeast(ledger: Ledger, account: string, { moment, floor }: { readonly moment: (typeof MOMENTS)[number]; readonly floor: Decimal }): boolean {
  const { collateral, debt } = exposureAt(ledger, account, ledger.view(account, moment));
  return collateral.gte(debt.times(floor));
}

/** Adjusted collateral and debt of a view, USD. */
export function exposureAt(ledger: Ledger, account: string, view: AccountView<unknown, unknown>): { readonly collateral: Decimal; readonly debt: Decimal } {
  const terms = ledger.account(account).rule.exposure(view);
  const side = (of: 'collateral' | 'debt'): Decimal => sum(terms.filter((term) => term.side === of).map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
  return { collateral: side('collateral'), debt: side('debt') };
}
