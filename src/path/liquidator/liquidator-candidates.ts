import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { LookAtChoices } from '../forced/forced-pairs.ts';
import { liquidationKindOf } from '../forced/liquidation-choices.ts';
import { isLiquidatable, type LiquidationState } from '../forced/liquidation-state.ts';
import { type CollateralStore, planAbsorption } from './absorb-and-buy.ts';
import { type Candidate, describeAbsorption, describePlan } from './liquidator-opportunity.ts';
import { planEachPair } from './liquidator-plan.ts';
import type { LiquidatorContext } from './liquidator-size.ts';

/** What looking for candidates needs beside the account. */
export interface CandidateTools {
  readonly lookAt: LookAtChoices;
  /** Where a protocol sells what it absorbed; null where that is not modelled. */
  readonly storeOf: (account: OpenedAccount) => CollateralStore | null;
}

/** Everything that a liquidator may do to an account now, with what it earns: one entry for each pair, or one where everything goes at once. Empty where the account is not liquidatable. */
export function listCandidates(state: LiquidationState, context: LiquidatorContext, { lookAt, storeOf }: CandidateTools): readonly Candidate[] {
  if (!isLiquidatable(state) || state.account.rule.kind === 'perp') return [];
  if (liquidationKindOf(state) !== 'whole') return planEachPair(state, context, lookAt).map(describePlan);
  const store = storeOf(state.account);
  const plan = store === null ? null : planAbsorption(state, store, context, lookAt);
  return plan === null ? [] : [describeAbsorption(plan)];
}

/** Why a liquidatable account offers nothing to this liquidator. */
export function closedReason(state: LiquidationState, { lookAt, storeOf }: CandidateTools): string {
  if (state.account.rule.kind === 'perp') return "Only the venue's own keepers may liquidate it.";
  const { sized, refused } = lookAt(state);
  const [refusal] = refused;
  if (sized.length === 0) return refusal === undefined ? 'Nothing is left that a liquidation could take.' : refusal.refusal.message;
  if (liquidationKindOf(state) === 'whole') {
    return storeOf(state.account) === null ? 'Absorbing pays the caller nothing; buying the absorbed collateral is not modelled here.' : 'The protocol refuses the absorption.';
  }
  return 'There is no way to sell what would be seized.';
}
