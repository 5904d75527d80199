import type { Decimal } from '../../core/decimal.ts';
import { type LiquidatorMarket, NOTHING_SOLD, type SoldTokens } from '../liquidator/liquidator-market.ts';
import { planAccount } from '../liquidator/liquidator-plan.ts';
import { type BestSearch, searchBest } from './forced-best.ts';
import { costOf } from './forced-liquidation.ts';
import type { LookAtChoices } from './forced-pairs.ts';
import { type CallSequence, describeSequence, type ForcedSequence, type PickCalls, runSequence } from './forced-sequence.ts';
import { type LiquidationCall, liquidationKindOf } from './liquidation-choices.ts';
import { findGreatestLingering } from './liquidation-sizes.ts';
import { evaluateState, type LiquidationState } from './liquidation-state.ts';

/**
 * What repeated liquidations may cost an account. By construction best ≤ worst; and best ≤ rational ≤ worst wherever `rational` ends restored or empty (where it ends stuck or capped, nobody earns
 * enough, and its cost so far may lie below the best).
 */
export interface ForcedRange {
  readonly best: ForcedSequence;
  readonly rational: ForcedSequence;
  readonly worst: ForcedSequence;
}

/** What the range is computed with. */
export interface RangeOptions {
  readonly market: LiquidatorMarket;
  /** Whether `market` was given or is the lossless assumption. */
  readonly isAssumed: boolean;
  readonly maxLiquidations: number;
  readonly maxSearchStates: number;
  readonly lookAt: LookAtChoices;
}

/** Computes the range of a liquidatable account. */
export function computeRange(start: LiquidationState, options: RangeOptions): ForcedRange {
  const { lookAt, maxLiquidations: cap } = options;
  if (liquidationKindOf(start) === 'whole') return wholeRange(start, options);
  const rational = runSequence(start, pickRational(options), cap);
  const costly = [pickCostliest(lookAt), pickMostToxic(lookAt), pickLingering(lookAt)].map((pick) => runSequence(start, pick, cap));
  const search = searchBest(start, lookAt, { cap, states: options.maxSearchStates });
  const cheap = [...(search.found === null ? [] : [search.found]), rational];
  const tried = [...cheap, ...costly];
  const finished = [cheap, tried].map((sequences) => sequences.filter(({ ended }) => ended === 'restored' || ended === 'empty')).find((sequences) => sequences.length > 0);
  const best = extreme(finished ?? tried, (a, b) => a.lt(b)) ?? rational;
  const worst = extreme(tried, (a, b) => a.gt(b)) ?? rational;
  return {
    best: describeSequence(best, bestMethod(search, options), lookAt),
    rational: describeSequence(rational, rationalMethod(options), lookAt),
    worst: describeSequence(
      worst,
      'the dearest of those tried: largest call on the costliest pair, on the most toxic pair, calls that keep it liquidatable, the best and the rational sequence',
      lookAt,
    ),
  };
}

function bestMethod({ found, complete }: BestSearch, { maxSearchStates }: RangeOptions): string {
  if (found === null) return 'the cheapest of those tried: no order of pairs came to an end';
  const orders = complete ? 'every order of pairs' : `the orders of pairs within ${maxSearchStates} states`;
  return `the cheapest of ${orders}, the last pair by the least that restores`;
}

function wholeRange(start: LiquidationState, { lookAt, maxLiquidations }: RangeOptions): ForcedRange {
  const only = describeSequence(
    runSequence(start, (state) => lookAt(state).sized.map(({ sizes }) => sizes.largest), maxLiquidations),
    'the protocol has no partial liquidation: everything goes at once',
    lookAt,
  );
  return { best: only, rational: only, worst: only };
}

function rationalMethod({ isAssumed }: RangeOptions): string {
  return `the most profitable pair and size each time, two calls in a row where that earns more; ${isAssumed ? 'no slippage and no gas: no curves were given' : 'after slippage, gas and flash fee'}`;
}

/** A profit-maximiser: pools go on from what was sold before. */
function pickRational({ market, lookAt }: RangeOptions): PickCalls {
  let sold: SoldTokens = NOTHING_SOLD;
  return (state) => {
    const plan = planAccount(state, { market, sold }, lookAt);
    if (plan === null || plan.profitUsd <= 0) return [];
    sold = plan.context.sold;
    return plan.calls.map(({ call }) => call);
  };
}

function pickCostliest(lookAt: LookAtChoices): PickCalls {
  return (state) => top(largestCalls(state, lookAt), costOf);
}

function pickMostToxic(lookAt: LookAtChoices): PickCalls {
  return (state) => top(largestCalls(state, lookAt), (call) => evaluateState(call.after).slack.neg());
}

/** The costliest pair by as much as leaves the account liquidatable, while that is worth a call; then by as much as is accepted. */
function pickLingering(lookAt: LookAtChoices): PickCalls {
  const lingered = new Set<LiquidationState>();
  return (state) => {
    const [costliest] = pickCostliest(lookAt)(state);
    const sized = lookAt(state).sized.find(({ choice }) => choice === costliest?.choice);
    const call = sized === undefined || lingered.has(state) ? null : findGreatestLingering(state, sized.choice, sized.sizes);
    if (call === null) return costliest === undefined ? [] : [costliest];
    lingered.add(call.after);
    return [call];
  };
}

function largestCalls(state: LiquidationState, lookAt: LookAtChoices): readonly LiquidationCall[] {
  return lookAt(state).sized.map(({ sizes }) => sizes.largest);
}

function top(calls: readonly LiquidationCall[], scoreOf: (call: LiquidationCall) => Decimal): readonly LiquidationCall[] {
  const scored = calls.map((call) => ({ call, score: scoreOf(call) }));
  return scored
    .toSorted((a, b) => b.score.cmp(a.score))
    .slice(0, 1)
    .map(({ call }) => call);
}

function extreme(sequences: readonly CallSequence[], isBetter: (a: Decimal, b: Decimal) => boolean): CallSequence | null {
  return sequences.reduce<CallSequence | null>((best, entry) => (best === null || isBetter(entry.costUsd, best.costUsd) ? entry : best), null);
}
