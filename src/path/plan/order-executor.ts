import { RuleViolation } from '../../core/errors.ts';
import { max, min } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { FlashLender } from '../solver/problem.ts';
import type { Ledger } from './ledger.ts';
import { type AccountAction, type PlanActions, stepOf } from './plan-actions.ts';
import type { AccountStep, FlashLoan, PlanStep, SwapStep } from './plan-steps.ts';
import { quoteSwap, type SwapTerms } from './swap-amounts.ts';

/** Steps in an order that works, with the loans around them. */
export interface Ordered {
  readonly loans: readonly FlashLoan[];
  readonly steps: readonly PlanStep[];
}

/** Why actions could not be put into an order: a shortage of one asset, raw units, or what a rule refused. */
export type OrderFault =
  | { readonly kind: 'short'; readonly asset: AssetId; readonly amount: bigint }
  | { readonly kind: 'refused'; readonly action: AccountAction; readonly violation: RuleViolation }
  | { readonly kind: 'stuck'; readonly reason: string };

/** Retries with amounts trimmed by what was short. */
const TRIMS = 4;
const BPS = 10_000n;

/**
 * Orders one chain's actions around flash loans (path.md §4): what improves accounts first, on borrowed money where the cash is not enough, then what is taken out, then the swaps, then the
 * loans' return. Every account stands at least as well in between as at the end. The ledger ends in the state after the stage.
 *
 * @param lender null where nothing can be borrowed: then the cash must do.
 */
export function orderForExecutor(ledger: Ledger, actions: PlanActions, { lender, terms }: { readonly lender: FlashLender | null; readonly terms: SwapTerms }): Ordered | OrderFault {
  let current = actions;
  for (let attempt = 0; ; attempt += 1) {
    const fork = ledger.fork();
    const result = carryOut(fork, current, { lender, terms });
    if (!('kind' in result)) {
      ledger.adopt(fork);
      return result;
    }
    const trimmed = result.kind === 'short' && attempt < TRIMS ? trim(current, result) : null;
    if (trimmed === null) return result;
    current = trimmed;
  }
}

/** Tells whether actions could be ordered. */
export function isFault(result: Ordered | OrderFault): result is OrderFault {
  return 'kind' in result;
}

function carryOut(ledger: Ledger, { accounts, swaps }: PlanActions, { lender, terms }: { readonly lender: FlashLender | null; readonly terms: SwapTerms }): Ordered | OrderFault {
  const takesOut = (action: AccountAction): boolean => action.kind === 'withdraw' || action.kind === 'borrow';
  const cashBefore = new Map(ledger.assets().map((asset) => [asset, ledger.cashOf(asset)]));
  const steps: PlanStep[] = [];
  const run = (chosen: readonly AccountAction[]): OrderFault | null => {
    for (const action of chosen) {
      const step = tryAction(ledger, action);
      if ('violation' in step) return step;
      steps.push(step);
      // Some versions round a withdrawal through another account down by a unit: what follows does not count on it.
      if (action.kind === 'withdraw') ledger.move(action.asset, -1n);
    }
    return null;
  };
  const fault = run(accounts.filter((action) => !takesOut(action)));
  if (fault !== null) return fault;
  const loans = takeLoans(ledger, lender, cashBefore);
  if ('amount' in loans) return loans;
  const second = run(accounts.filter(takesOut));
  if (second !== null) return second;
  steps.push(...runSwaps(ledger, swaps, terms));
  for (const { asset, amount, fee } of loans) ledger.move(asset, -amount - fee);
  const short = ledger.assets().find((asset) => ledger.cashOf(asset) < 0n);
  return short === undefined ? { loans, steps } : { kind: 'short', asset: short, amount: -ledger.cashOf(short) };
}

function tryAction(ledger: Ledger, action: AccountAction): AccountStep | Extract<OrderFault, { kind: 'refused' }> {
  try {
    return ledger.apply(action.account, stepOf(action, action.amount));
  } catch (error) {
    if (error instanceof RuleViolation) return { kind: 'refused', action, violation: error };
    throw error;
  }
}

/** Borrows what was paid on credit; the loans then stand in the ledger as cash. */
function takeLoans(ledger: Ledger, lender: FlashLender | null, before: ReadonlyMap<AssetId, bigint>): FlashLoan[] | Extract<OrderFault, { kind: 'short' }> {
  const loans: FlashLoan[] = [];
  for (const asset of ledger.assets()) {
    const missing = -ledger.cashOf(asset);
    if (missing <= 0n || missing <= -(before.get(asset) ?? 0n)) continue;
    if (lender === null) return { kind: 'short', asset, amount: missing };
    const feeBps = BigInt(Math.ceil(lender.feeBps));
    loans.push({ kind: lender.kind, lender: lender.lender, asset, amount: missing, fee: (missing * feeBps + BPS - 1n) / BPS });
    ledger.move(asset, missing);
  }
  return loans;
}

/** Swaps whose input is there first, so that two-hop routes find theirs. */
function runSwaps(ledger: Ledger, swaps: PlanActions['swaps'], terms: SwapTerms): SwapStep[] {
  const steps: SwapStep[] = [];
  const open = [...swaps];
  while (open.length > 0) {
    const ready = Math.max(
      0,
      open.findIndex((swap) => ledger.cashOf(swap.curve.from) >= swap.amountIn),
    );
    const [swap] = open.splice(ready, 1);
    if (swap === undefined) break;
    const amountIn = min(swap.amountIn, max(ledger.cashOf(swap.curve.from), 0n));
    if (amountIn === 0n) continue;
    const step = quoteSwap(swap, 0n, amountIn, terms);
    ledger.move(step.from, -step.amountIn);
    ledger.move(step.to, step.minimumOut);
    steps.push(step);
  }
  return steps;
}

/** Takes a shortage out of the greatest exact payment in that asset; null where there is none that could bear it. */
function trim(actions: PlanActions, { asset, amount }: Extract<OrderFault, { kind: 'short' }>): PlanActions | null {
  const payments = actions.accounts.filter((action) => (action.kind === 'supply' || action.kind === 'repay') && action.asset === asset && action.amount !== 'max');
  const [greatest] = payments.toSorted((a, b) => (rawOf(b) > rawOf(a) ? 1 : -1));
  if (greatest === undefined || amount * 1_000_000n > rawOf(greatest)) return null;
  return { ...actions, accounts: actions.accounts.map((action) => (action === greatest ? { ...action, amount: rawOf(greatest) - amount } : action)) };
}

function rawOf({ amount }: AccountAction): bigint {
  return amount === 'max' ? 0n : amount;
}
