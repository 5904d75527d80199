import { type Decimal, fromFixed } from '../../core/decimal.ts';
import { RuleViolation } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Leg } from '../../core/rule.ts';
import { computeToxicity, type Toxicity } from '../closed-forms/toxicity.ts';
import { describeLiquidation, type ForcedLiquidation } from './forced-liquidation.ts';
import { type LiquidationChoice, listChoices } from './liquidation-choices.ts';
import { findSizes, type LiquidationSizes } from './liquidation-sizes.ts';
import { evaluateState, type LiquidationState } from './liquidation-state.ts';

/** A choice with the sizes that its rule accepts now. */
export interface SizedChoice {
  readonly choice: LiquidationChoice;
  readonly sizes: LiquidationSizes;
}

/** A choice that the rule refuses in any size. */
export interface RefusedChoice {
  readonly choice: LiquidationChoice;
  readonly refusal: RuleViolation;
}

/** Looks at all choices of a state; the same state is looked at once. */
export type LookAtChoices = (state: LiquidationState) => { readonly sized: readonly SizedChoice[]; readonly refused: readonly RefusedChoice[] };

/** Creates a {@link LookAtChoices} that remembers. */
export function rememberChoices(): LookAtChoices {
  const known = new WeakMap<LiquidationState, ReturnType<LookAtChoices>>();
  return (state) => {
    const found = known.get(state) ?? lookAtChoices(state);
    known.set(state, found);
    return found;
  };
}

function lookAtChoices(state: LiquidationState): ReturnType<LookAtChoices> {
  const sized: SizedChoice[] = [];
  const refused: RefusedChoice[] = [];
  for (const choice of listChoices(state)) {
    const sizes = findSizes(state, choice);
    if (sizes instanceof RuleViolation) refused.push({ choice, refusal: sizes });
    else sized.push({ choice, sizes });
  }
  return { sized, refused };
}

/** One pair of an account, as the protocol would liquidate it in one call now. */
export interface ForcedPair {
  /** Null where the protocol takes everything at once. */
  readonly collateral: AssetId | null;
  readonly debt: AssetId | null;
  /** The largest liquidation that the rule accepts in one call; null where it refuses every size. */
  readonly largest: ForcedLiquidation | null;
  /** The protocol's own reason where it refuses. */
  readonly refusal: string | null;
  /** T1 and T2 at the margin; null where everything goes at once, where nothing is repaid, or where the pair is one asset. */
  readonly toxicity: Toxicity | null;
}

/** Every pair of a liquidatable account. */
export function listForcedPairs(state: LiquidationState, lookAt: LookAtChoices): readonly ForcedPair[] {
  const { sized, refused } = lookAt(state);
  return [
    ...sized.map(({ choice, sizes }): ForcedPair => {
      const largest = describeLiquidation(sizes.largest);
      return { collateral: choice.collateral, debt: choice.debt, largest, refusal: null, toxicity: toxicityOf(state, largest) };
    }),
    ...refused.map(({ choice, refusal }): ForcedPair => ({ collateral: choice.collateral, debt: choice.debt, largest: null, refusal: refusal.message, toxicity: null })),
  ];
}

function toxicityOf(state: LiquidationState, { collateral, debt, bonus }: ForcedLiquidation): Toxicity | null {
  const { legs, adjustedCollateral, adjustedDebt, raw } = evaluateState(state);
  const held = legs.find(({ side, asset }) => side === 'collateral' && asset === collateral);
  const owed = legs.find(({ side, asset }) => side === 'debt' && asset === debt);
  if (held === undefined || owed === undefined || bonus === null || collateral === debt) return null;
  return computeToxicity(
    { collateralUsd: adjustedCollateral, debtUsd: adjustedDebt },
    { collateralUsd: raw.collateral, debtUsd: raw.debt },
    { collateralUsd: valueOf(held), threshold: held.weight, debtUsd: valueOf(owed), debtWeight: owed.weight, bonus },
  );
}

function valueOf({ amount, decimals, priceUsd }: Leg): Decimal {
  return fromFixed(amount, decimals).times(priceUsd);
}
