import { marketPrice } from '../solver/check-problem.ts';
import type { PathProblem } from '../solver/problem.ts';
import type { Ledger } from './ledger.ts';
import { findRoute } from './plan-actions.ts';
import type { PlanStage, PlanStep } from './plan-steps.ts';
import { type AssetDecimals, requireDecimals, toWhole } from './raw-amounts.ts';

/** What a plan costs its owner as it is written down in integers, by kind, USD. */
export interface RealisedCost {
  /** Value lost to swaps at market prices, as expected. */
  readonly slippageUsd: number;
  /** Flash-loan fees, fees and price impact of closing perps. */
  readonly feesUsd: number;
  readonly gasUsd: number;
  /** Liquidation penalty: 0 on a path of one's own. */
  readonly penaltyUsd: number;
  /** What using cash at hand is said to cost. */
  readonly cashUsd: number;
  readonly totalUsd: number;
}

/** Adds up a plan's stages at the problem's prices. `before` and `after` are the ledger's states around the plan. */
export function costOf(
  stages: readonly PlanStage[],
  { problem, decimals, before, after }: { readonly problem: PathProblem; readonly decimals: AssetDecimals; readonly before: Ledger; readonly after: Ledger },
): RealisedCost {
  const value = (asset: PlanStage['loans'][number]['asset'], raw: bigint): number => toWhole(raw, requireDecimals(decimals, asset)) * marketPrice(problem, asset);
  const steps = stages.flatMap((stage) => stage.steps);
  const slippageUsd = total(steps, (step) => (step.kind === 'swap' ? Math.max(0, value(step.from, step.amountIn) - value(step.to, step.expectedOut)) : 0));
  const lending = total(stages, (stage) => total(stage.loans, (loan) => value(loan.asset, loan.fee)));
  const closing = total(steps, (step) => closingFee(problem, step, after));
  const gasUsd = total(steps, (step) => gasOf(problem, step));
  const used = total(problem.cash, ({ asset }) => {
    const spent = before.cashOf(asset) - after.cashOf(asset);
    return spent > 0n ? value(asset, spent) : 0;
  });
  const cashUsd = problem.cashCost * used;
  const feesUsd = lending + closing;
  return { slippageUsd, feesUsd, gasUsd, penaltyUsd: 0, cashUsd, totalUsd: slippageUsd + feesUsd + gasUsd + cashUsd };
}

function closingFee(problem: PathProblem, step: PlanStep, ledger: Ledger): number {
  if (step.kind === 'swap' || step.step.kind !== 'close') return 0;
  const arc = findArc(problem, step);
  const { rule, view } = ledger.account(step.account);
  const close = rule.planning?.(view).arcs.find(({ kind }) => kind === 'close');
  if (arc === undefined || close === undefined) return 0;
  const size = step.step.sizeUsd === 'max' ? (arc.all ?? 0) : toWhole(step.step.sizeUsd, close.decimals);
  return arc.feeUsdPerUnit * size;
}

function gasOf(problem: PathProblem, step: PlanStep): number {
  return step.kind === 'swap' ? findRoute(problem.routes, step.route).gasUsd : (findArc(problem, step)?.gasUsd ?? 0);
}

function findArc(problem: PathProblem, step: Extract<PlanStep, { kind: 'account' }>): PathProblem['accounts'][number]['arcs'][number] | undefined {
  const action = step.step;
  const arcs = problem.accounts.find((account) => account.id === step.account)?.arcs;
  return arcs?.find((arc) => arc.kind === action.kind && (!('asset' in action) || arc.asset === action.asset));
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
