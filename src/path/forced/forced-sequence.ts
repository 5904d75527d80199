import { type Decimal, sum, ZERO } from '../../core/decimal.ts';
import { costOf, describeLiquidation, type ForcedLiquidation, type HealthAfter, healthOf, uncoveredDebtUsd } from './forced-liquidation.ts';
import type { LookAtChoices } from './forced-pairs.ts';
import type { LiquidationCall } from './liquidation-choices.ts';
import { isEmpty, isLiquidatable, type LiquidationState } from './liquidation-state.ts';

/**
 * How a sequence ended. `restored`: the protocol's own decision says no longer liquidatable. `empty`: nothing is left that a liquidation could take. `stuck`: still liquidatable, but no further
 * liquidation is accepted (or, of a profit-maximiser, none pays). `capped`: the stated number of liquidations was reached.
 */
export type SequenceEnd = 'restored' | 'empty' | 'stuck' | 'capped';

/** Liquidations one after the other, each applied by the rule to the state that the one before left. */
export interface ForcedSequence {
  readonly liquidations: readonly ForcedLiquidation[];
  /** Sum of the liquidations' costs to the borrower, USD at market prices. */
  readonly costUsd: Decimal;
  /** Debt written off, and debt that stays with nothing left to pay for it, USD at market prices. */
  readonly badDebtUsd: Decimal;
  readonly healthAfter: HealthAfter;
  readonly ended: SequenceEnd;
  /** Of a sequence that is stuck, the protocol's reason to refuse more; null where it ended otherwise, or where more would be accepted but pays nobody. */
  readonly refusal: string | null;
  /** How the liquidations were chosen, in words. */
  readonly method: string;
}

/** A sequence before it is described. */
export interface CallSequence {
  readonly calls: readonly LiquidationCall[];
  readonly costUsd: Decimal;
  readonly last: LiquidationState;
  readonly ended: SequenceEnd;
}

/** What comes next in a state; nothing where no liquidation is wanted. */
export type PickCalls = (state: LiquidationState) => readonly LiquidationCall[];

/** Whether a sequence is over by itself: null while the account is liquidatable and has something to take. */
export function findEnd(state: LiquidationState): 'restored' | 'empty' | null {
  if (isEmpty(state)) return 'empty';
  return isLiquidatable(state) ? null : 'restored';
}

/** Tells whether a call moves anything at all: sizes of a unit can round to nothing. */
export function hasEffect({ outcome }: LiquidationCall): boolean {
  return [...outcome.repaid, ...outcome.seized].some(({ amount }) => amount > 0n);
}

/** Lets `pick` choose until the account is restored or empty, nothing more is picked, or `cap` liquidations are made. */
export function runSequence(start: LiquidationState, pick: PickCalls, cap: number): CallSequence {
  const calls: LiquidationCall[] = [];
  let state = start;
  let ended: SequenceEnd | null = findEnd(state);
  while (ended === null) {
    const next =
      calls.length >= cap
        ? []
        : pick(state)
            .filter(hasEffect)
            .slice(0, cap - calls.length);
    calls.push(...next);
    state = next.at(-1)?.after ?? state;
    ended = findEnd(state) ?? (next.length > 0 ? null : calls.length >= cap ? 'capped' : 'stuck');
  }
  return { calls, costUsd: totalCost(calls), last: state, ended };
}

/** What a list of calls costs the borrower, USD. */
export function totalCost(calls: readonly LiquidationCall[]): Decimal {
  return sum(calls.map(costOf));
}

/** Describes a sequence; `lookAt` tells what is refused at its end. */
export function describeSequence({ calls, costUsd, last, ended }: CallSequence, method: string, lookAt: LookAtChoices): ForcedSequence {
  const liquidations = calls.map(describeLiquidation);
  const written = sum(liquidations.map(({ badDebtUsd }) => badDebtUsd));
  return {
    liquidations,
    costUsd,
    badDebtUsd: written.plus(ended === 'empty' ? uncoveredDebtUsd(last) : ZERO),
    healthAfter: healthOf(last),
    ended,
    refusal: ended === 'stuck' ? refusalIn(last, lookAt) : null,
    method,
  };
}

function refusalIn(state: LiquidationState, lookAt: LookAtChoices): string | null {
  const { sized, refused } = lookAt(state);
  return sized.length > 0 ? null : (refused[0]?.refusal.message ?? null);
}
