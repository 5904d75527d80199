import { Decimal, fromFixed, sum } from '../../core/decimal.ts';
import type { ExposureTerm } from '../../core/rule.ts';
import { isRequirement } from '../../engine/evaluate.ts';
import type { PlanTarget } from '../solver/build-problem.ts';
import { type Ledger, MOMENTS, type Moment } from './ledger.ts';

/** A goal that a state misses, in words and USD. */
export interface MissedGoal {
  /** Account id; null for the wallet as a whole. */
  readonly account: string | null;
  readonly goal: string;
  /** Adjusted collateral that is missing, USD. */
  readonly missingUsd: Decimal;
}

/** The health that an account has to reach, as the caller asked for it. */
export function goalOf(target: PlanTarget, account: string): number {
  return target.byAccount?.get(account) ?? target.health;
}

/**
 * Judges a state in the rules' own integers, exactly: every account at its target and not liquidatable, in every scenario, and the wallet at its unified target, at both moments.
 */
export function findMissedGoal(ledger: Ledger, target: PlanTarget): MissedGoal | null {
  for (const moment of MOMENTS) {
    const missed =
      ledger
        .ids()
        .map((id) => missedBy(ledger, id, { moment, target }))
        .find((goal) => goal !== null) ?? missedByWallet(ledger, moment, target);
    if (missed !== null) return missed;
  }
  return null;
}

interface Sums {
  readonly collateral: Decimal;
  readonly debt: Decimal;
  readonly requirement: Decimal;
}

function missedBy(ledger: Ledger, id: string, { moment, target }: { readonly moment: Moment; readonly target: PlanTarget }): MissedGoal | null {
  const account = ledger.account(id);
  const view = ledger.view(id, moment);
  const goal = goalOf(target, id);
  const sums = sumsOf(account.rule.exposure(view));
  const own = slackOf(sums, goal, target.native === true && account.rule.kind === 'perp');
  if (own.isNegative()) return { account: id, goal: `health ${goal}`, missingUsd: own.negated() };
  const native = account.rule.health(view);
  if (native.liquidatable) return { account: id, goal: `not liquidatable (${native.reason})`, missingUsd: new Decimal(0) };
  for (const scenario of target.scenarios) {
    const market = account.rule.reprice(view.market, scenario.moves);
    const shocked = slackOf(sumsOf(account.rule.exposure({ ...view, market })), scenario.health, false);
    if (shocked.isNegative()) return { account: id, goal: `health ${scenario.health} at ${scenario.name}`, missingUsd: shocked.negated() };
  }
  return null;
}

/** Collateral of an account that owed nothing lifts nothing, as the engine counts; one that a plan frees of its debt still counts, or paying a debt off would make a wallet look worse. */
function missedByWallet(ledger: Ledger, moment: Moment, target: PlanTarget): MissedGoal | null {
  const { unified } = target;
  if (unified === null) return null;
  const slacks = ledger.ids().map((id) => {
    const sums = sumsOf(ledger.account(id).rule.exposure(ledger.view(id, moment)));
    return sums.debt.isZero() && !owedAtFirst(ledger, id) ? new Decimal(0) : slackOf(sums, unified, false);
  });
  const slack = sum(slacks);
  return slack.isNegative() ? { account: null, goal: `unified health ${unified}`, missingUsd: slack.negated() } : null;
}

function owedAtFirst(ledger: Ledger, id: string): boolean {
  const { rule, view } = ledger.account(id);
  return !sumsOf(rule.exposure(view)).debt.isZero();
}

/** A − target · L; natively for a perp A − L − (target − 1) · requirement. */
function slackOf({ collateral, debt, requirement }: Sums, target: number, native: boolean): Decimal {
  return native ? collateral.minus(debt).minus(requirement.times(target - 1)) : collateral.minus(debt.times(target));
}

function sumsOf(terms: readonly ExposureTerm[]): Sums {
  const value = (chosen: readonly ExposureTerm[]): Decimal => sum(chosen.map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
  const debts = terms.filter((term) => term.side === 'debt');
  return { collateral: value(terms.filter((term) => term.side === 'collateral')), debt: value(debts), requirement: value(debts.filter(isRequirement)) };
}
