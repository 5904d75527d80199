import { RuleViolation } from '../../core/errors.ts';
import { type LiquidationCall, type LiquidationChoice, tryLiquidation } from './liquidation-choices.ts';
import { isLiquidatable, type LiquidationState } from './liquidation-state.ts';

/**
 * The sizes of one choice that a rule accepts: everything from a few units up to `partial`, and `largest`. Between the two lies a range that is refused (a leftover would be dust); where
 * there is none, `partial` is null and all sizes up to `largest` are accepted.
 */
export interface LiquidationSizes {
  readonly largest: LiquidationCall;
  readonly partial: LiquidationCall | null;
}

/** What is true of a liquidation. */
export type CallTest = (call: LiquidationCall) => boolean;

/** Finds the accepted sizes of a choice; the rule's refusal where it accepts none. */
export function findSizes(state: LiquidationState, choice: LiquidationChoice): LiquidationSizes | RuleViolation {
  const full = tryLiquidation(state, choice, 'max');
  if (full instanceof RuleViolation) {
    const largest = greatestBelow(state, choice, choice.limit + 1n, always);
    return largest === null ? full : { largest, partial: null };
  }
  const isContiguous = full.size <= 1n || !(tryLiquidation(state, choice, full.size - 1n) instanceof RuleViolation);
  return { largest: full, partial: isContiguous ? null : greatestBelow(state, choice, full.size - 1n, always) };
}

/**
 * The smallest liquidation after which the account is no longer liquidatable, to the unit; null where none of this choice does that. Between 0 and the largest accepted size the decision is taken to
 * change once, which holds because the slack is linear in the size.
 */
export function findLeastRestoring(state: LiquidationState, choice: LiquidationChoice, sizes: LiquidationSizes): LiquidationCall | null {
  const isRestored: CallTest = (call) => !isLiquidatable(call.after);
  const top = sizes.partial ?? sizes.largest;
  if (isRestored(top)) return leastUpTo(state, choice, top, isRestored);
  return sizes.partial !== null && isRestored(sizes.largest) ? sizes.largest : null;
}

/** The greatest liquidation after which the account still is liquidatable; null where every size restores it. */
export function findGreatestLingering(state: LiquidationState, choice: LiquidationChoice, sizes: LiquidationSizes): LiquidationCall | null {
  const lingers: CallTest = (call) => isLiquidatable(call.after);
  if (lingers(sizes.largest)) return sizes.largest;
  if (sizes.partial !== null && lingers(sizes.partial)) return sizes.partial;
  return greatestBelow(state, choice, (sizes.partial ?? sizes.largest).size, lingers);
}

/** The smallest size for which a test holds that, once true, stays true; it holds for `top`. */
export function leastUpTo(state: LiquidationState, choice: LiquidationChoice, top: LiquidationCall, test: CallTest): LiquidationCall {
  let found = top;
  let low = 0n;
  while (found.size - low > 1n) {
    const middle = (low + found.size) / 2n;
    const call = tryLiquidation(state, choice, middle);
    if (!(call instanceof RuleViolation) && test(call)) found = { ...call, size: middle };
    else low = middle;
  }
  return found;
}

/** The greatest accepted size below `bound` for which a test holds that, once false, stays false; null where it holds for none. Sizes of a few units may be refused. */
export function greatestBelow(state: LiquidationState, choice: LiquidationChoice, bound: bigint, test: CallTest): LiquidationCall | null {
  const holds = (size: bigint): LiquidationCall | null => {
    const call = tryLiquidation(state, choice, size);
    return call instanceof RuleViolation || !test(call) ? null : { ...call, size };
  };
  let high = bound;
  let found: LiquidationCall | null = null;
  for (let size = bound / 2n; size > 0n && found === null; size /= 2n) {
    found = holds(size);
    if (found === null) high = size;
  }
  while (found !== null && high - found.size > 1n) {
    const middle: bigint = (found.size + high) / 2n;
    const call = holds(middle);
    if (call === null) high = middle;
    else found = call;
  }
  return found;
}

function always(): boolean {
  return true;
}
