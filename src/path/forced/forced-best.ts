import { Decimal } from '../../core/decimal.ts';
import { costOf } from './forced-liquidation.ts';
import type { LookAtChoices, SizedChoice } from './forced-pairs.ts';
import { type CallSequence, findEnd, hasEffect } from './forced-sequence.ts';
import type { LiquidationCall } from './liquidation-choices.ts';
import { findLeastRestoring } from './liquidation-sizes.ts';
import { evaluateState, type LiquidationState } from './liquidation-state.ts';

/** Bounds of the search. */
export interface BestSearchLimits {
  /** Greatest number of liquidations in a sequence. */
  readonly cap: number;
  /** Greatest number of states that are looked at. */
  readonly states: number;
}

/** Orders that would save less than this are not followed, USD: roundings of amounts differ by order. */
const WORTHWHILE_USD = new Decimal('0.0001');

const RATIO_DIGITS = 8;

/** The cheapest sequence that was found. */
export interface BestSearch {
  /** Null where no order of full and least restoring liquidations came to an end within the cap. */
  readonly found: CallSequence | null;
  /** True where every order of pairs was tried, or cut off as no cheaper. */
  readonly complete: boolean;
}

interface Search {
  readonly lookAt: LookAtChoices;
  readonly limits: BestSearchLimits;
  states: number;
  complete: boolean;
  found: CallSequence | null;
}

/**
 * Searches the borrower's cheapest sequence: at each step a pair is liquidated by the least that restores the account, or, where none of it does, by the most that the rule accepts. Pairs are tried in the
 * order of cost per dollar of slack won (the ratio b ÷ (H·w − LT·(1 + b)) of the fractional knapsack, measured on the rule's integers), dearer orders are cut off.
 *
 * @source fractional covering knapsack: an optimal solution takes pairs whole, but for one
 */
export function searchBest(start: LiquidationState, lookAt: LookAtChoices, limits: BestSearchLimits): BestSearch {
  const search: Search = { lookAt, limits, states: 0, complete: true, found: null };
  visit(search, start, { calls: [], costUsd: new Decimal(0) });
  return { found: search.found, complete: search.complete };
}

type Partial = Pick<CallSequence, 'calls' | 'costUsd'>;

function visit(search: Search, state: LiquidationState, path: Partial): void {
  if (search.found !== null && path.costUsd.plus(WORTHWHILE_USD).gte(search.found.costUsd)) return;
  const ended = findEnd(state);
  if (ended !== null) {
    search.found = { ...path, last: state, ended };
    return;
  }
  search.states += 1;
  // A first sequence may need as many states as it has calls; an account that no order brings to an end must not be searched for ever.
  const most = search.limits.states + (search.found === null ? search.limits.cap : 0);
  if (path.calls.length >= search.limits.cap || search.states > most) {
    search.complete = false;
    return;
  }
  for (const call of listOptions(state, search.lookAt)) visit(search, call.after, { calls: [...path.calls, call], costUsd: path.costUsd.plus(costOf(call)) });
}

/** What may come next, the cheapest per dollar of slack first. */
function listOptions(state: LiquidationState, lookAt: LookAtChoices): readonly LiquidationCall[] {
  const slack = evaluateState(state).slack;
  return lookAt(state)
    .sized.flatMap((sized) => optionsOf(state, sized))
    .filter(hasEffect)
    .map((call) => ({ call, ratio: ratioOf(costOf(call), evaluateState(call.after).slack.minus(slack)) }))
    .toSorted((a, b) => a.ratio.cmp(b.ratio))
    .map(({ call }) => call);
}

function optionsOf(state: LiquidationState, { choice, sizes }: SizedChoice): readonly LiquidationCall[] {
  const restoring = findLeastRestoring(state, choice, sizes);
  const partial = sizes.partial === null ? [] : [sizes.partial];
  if (restoring === null) return [sizes.largest, ...partial];
  // Where only all of the pair restores the account, a part of it beside another pair may be cheaper.
  return restoring === sizes.largest ? [restoring, ...partial] : [restoring];
}

/** Cost per dollar of slack, without what rounding of amounts adds, so that of equal ones the larger call stays first; what wins none comes last. */
function ratioOf(costUsd: Decimal, slackUsd: Decimal): Decimal {
  return slackUsd.gt(0) ? costUsd.div(slackUsd).toSignificantDigits(RATIO_DIGITS) : new Decimal(Infinity);
}
