import type { LookAtChoices, SizedChoice } from '../forced/forced-pairs.ts';
import { findGreatestLingering } from '../forced/liquidation-sizes.ts';
import { isLiquidatable, type LiquidationState } from '../forced/liquidation-state.ts';
import { findBestSize, type LiquidatorContext, mostProfitable, type PricedCall, priceCall, type SizeOptimum } from './liquidator-size.ts';

/** What a liquidator does to one account in one go: one call, or two where the first leaves the account liquidatable on purpose. */
export interface LiquidatorPlan {
  readonly calls: readonly PricedCall[];
  /** Sum over the calls, USD. */
  readonly profitUsd: number;
  readonly after: LiquidationState;
  readonly context: LiquidatorContext;
  readonly sized: SizedChoice;
  /** The best single call of the same pair, on its own. */
  readonly single: SizeOptimum;
}

/** A second call for less is rounding of amounts, USD. */
const WORTHWHILE_USD = 0.0001;

/**
 * Plans for each pair of an account: its best size, or, where that would restore the account, the two-step sequence if it earns more: first the most that leaves the account liquidatable, then the best
 * call after that, of any pair: under a close factor more is repaid in total, and a second pool may pay better.
 *
 * @source arXiv 2106.06389 (Qin, Zhou, Gamito, Jovanovic, Gervais: two successive liquidations)
 */
export function planEachPair(state: LiquidationState, context: LiquidatorContext, lookAt: LookAtChoices): readonly LiquidatorPlan[] {
  if (!isLiquidatable(state)) return [];
  return lookAt(state).sized.flatMap((sized) => {
    const single = findBestSize(state, sized, context);
    if (single === null) return [];
    const one = planOf([single.best], sized, single, context);
    const two = planTwoSteps(state, sized, single, { context, lookAt });
    return two !== null && two.profitUsd > one.profitUsd + WORTHWHILE_USD ? [two] : [one];
  });
}

/** The most profitable plan of an account, whatever it earns; null where nothing can be sold or the account is not liquidatable. */
export function planAccount(state: LiquidationState, context: LiquidatorContext, lookAt: LookAtChoices): LiquidatorPlan | null {
  return mostProfitable(planEachPair(state, context, lookAt));
}

interface PlanningTools {
  readonly context: LiquidatorContext;
  readonly lookAt: LookAtChoices;
}

function planTwoSteps(state: LiquidationState, sized: SizedChoice, single: SizeOptimum, { context, lookAt }: PlanningTools): LiquidatorPlan | null {
  // A call that does not restore the account leaves room for the next one by itself.
  if (isLiquidatable(single.best.call.after)) return null;
  const lingering = findGreatestLingering(state, sized.choice, sized.sizes);
  const first = lingering === null ? null : priceCall(lingering, context);
  if (first === null) return null;
  const later = { ...context, sold: first.sold };
  const second = mostProfitable(lookAt(first.call.after).sized.flatMap((next) => findBestSize(first.call.after, next, later)?.best ?? []));
  return second === null ? null : planOf([first, second], sized, single, context);
}

function planOf(calls: readonly [PricedCall, ...PricedCall[]], sized: SizedChoice, single: SizeOptimum, context: LiquidatorContext): LiquidatorPlan {
  const last = calls.at(-1) ?? calls[0];
  return {
    calls,
    profitUsd: calls.reduce((total, { profitUsd }) => total + profitUsd, 0),
    after: last.call.after,
    context: { ...context, sold: last.sold },
    sized,
    single,
  };
}
