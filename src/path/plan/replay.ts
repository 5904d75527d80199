import { type ErrorFields, PlimsollError } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { TokenAmount } from '../../core/rule.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { PlanTarget } from '../solver/build-problem.ts';
import type { PathRoute } from '../solver/problem.ts';
import { findMissedGoal, goalOf } from './goals.ts';
import { Ledger } from './ledger.ts';
import { findRoute } from './plan-actions.ts';
import type { PlanStage, PlanStep, SwapStep } from './plan-steps.ts';
import { findWeakened } from './stages.ts';
import { quoteSwap, type SwapTerms } from './swap-amounts.ts';

/** What a plan is judged against. */
export interface ReplayOptions {
  readonly accounts: readonly OpenedAccount[];
  /** Raw units at hand before the plan. */
  readonly cash: Iterable<readonly [AssetId, bigint]>;
  readonly headRoomSeconds: bigint;
  readonly target: PlanTarget;
  readonly routes: readonly PathRoute[];
  readonly terms: SwapTerms;
}

/**
 * Carries a plan out in the protocols' integers, from the portfolio as it is, and judges it: each step as its rule decides, cash never below 0 outside a loan, loans returned with their fee, no swap
 * promising more than its curve gives, orders legal each alone, no account weakened by a stage, every target met at the end. Knows nothing of how the plan was found.
 *
 * @returns the state after the plan.
 * @throws {RuleViolation} where a protocol would revert.
 * @throws {PlimsollError} PLAN_REJECTED where something else of the above fails.
 */
export function replayPlan(stages: readonly PlanStage[], options: ReplayOptions): Ledger {
  const ledger = new Ledger(options.accounts, options.cash, options.headRoomSeconds);
  const replay = new Replay(ledger, options);
  stages.forEach((stage, at) => {
    replay.stage(stage, at);
  });
  const missed = findMissedGoal(ledger, options.target);
  if (missed !== null)
    throw rejected(`${missed.account ?? 'the wallet'} misses ${missed.goal} by ${missed.missingUsd.toSignificantDigits(6).toString()} USD`, {
      account: missed.account,
      missingUsd: missed.missingUsd.toNumber(),
    });
  return ledger;
}

class Replay {
  private readonly ledger: Ledger;
  private readonly options: ReplayOptions;
  /** What has gone through each route so far: later swaps find the curve where the earlier ones left it. */
  private readonly swapped = new Map<string, bigint>();

  constructor(ledger: Ledger, options: ReplayOptions) {
    this.ledger = ledger;
    this.options = options;
  }

  stage(stage: PlanStage, at: number): void {
    const { ledger } = this;
    const where = `stage ${at + 1}`;
    const before = ledger.fork();
    if (stage.loans.length > 0 && stage.order !== 'executor') throw rejected(`${where} borrows without the executor`);
    for (const { asset, amount } of stage.loans) ledger.move(asset, amount);
    for (const step of stage.steps) {
      if (stage.order === 'orders') this.requireLegalAlone(before, step, where);
      this.step(step, where);
    }
    for (const { asset, amount, fee } of stage.loans) {
      ledger.move(asset, -amount - fee);
      this.requireCash(asset, `${where} cannot return its loan`);
    }
    const weakened = findWeakened(before, ledger, (account) => goalOf(this.options.target, account));
    if (weakened !== null) throw rejected(`${where} leaves ${weakened} weaker than before and below its target`);
  }

  private step(step: PlanStep, where: string): void {
    if (step.kind === 'swap') {
      this.swap(step, where);
      return;
    }
    const done = this.ledger.apply(step.account, step.step);
    if (!isSame(done.paid, step.paid) || !isSame(done.received, step.received)) throw rejected(`${where}: the rule moves other amounts on ${step.account} than the plan says`);
    for (const { asset } of done.paid) this.requireCash(asset, `${where} pays more than is at hand`);
  }

  private swap(step: SwapStep, where: string): void {
    const { route, from, to, amountIn, expectedOut, minimumOut } = step;
    const { curve } = findRoute(this.options.routes, route);
    const before = this.swapped.get(route) ?? 0n;
    const quoted = quoteSwap({ route, curve }, before, amountIn, this.options.terms);
    if (curve.from !== from || curve.to !== to || expectedOut > quoted.expectedOut || minimumOut > quoted.minimumOut)
      throw rejected(`${where}: the swap by ${route} promises more than its curve gives`);
    this.swapped.set(route, before + amountIn);
    this.ledger.move(from, -amountIn);
    this.requireCash(from, `${where} swaps more than is at hand`);
    this.ledger.move(to, minimumOut);
  }

  private requireLegalAlone(start: Ledger, step: PlanStep, where: string): void {
    if (step.kind === 'swap') throw rejected(`${where} mixes a swap with orders`);
    const alone = start.fork();
    alone.apply(step.account, step.step);
    const weakened = findWeakened(start, alone, (account) => goalOf(this.options.target, account));
    if (weakened !== null) throw rejected(`${where}: an order would weaken ${weakened} if it were the only one that is executed`);
  }

  private requireCash(asset: AssetId, what: string): void {
    const missing = -this.ledger.cashOf(asset);
    if (missing > 0n) throw rejected(`${what}: ${missing} raw units of ${asset} are missing`);
  }
}

function isSame(a: readonly TokenAmount[], b: readonly TokenAmount[]): boolean {
  return a.length === b.length && a.every((entry, at) => entry.asset === b[at]?.asset && entry.amount === b[at].amount);
}

function rejected(reason: string, fields: ErrorFields = {}): PlimsollError {
  return new PlimsollError('PLAN_REJECTED', `The plan does not hold: ${reason}.`, fields);
}
