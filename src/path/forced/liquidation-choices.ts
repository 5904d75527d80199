import { RuleViolation, UnsupportedState } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { LiquidateStep, LiquidationOutcome, StepAmount, TokenAmount } from '../../core/rule.ts';
import { advance, type LiquidationState } from './liquidation-state.ts';

/**
 * One thing that a liquidator may do to an account. `pair`: one collateral for one debt, sized by what is repaid. `market`: the only pair of the account's market, sized by what is
 * seized. `whole`: everything at once, no size.
 */
export type LiquidationChoice =
  | { readonly kind: 'pair' | 'market'; readonly collateral: AssetId; readonly debt: AssetId; readonly limit: bigint }
  | { readonly kind: 'whole'; readonly collateral: null; readonly debt: null; readonly limit: 0n };

/** A liquidation that the rule has accepted. */
export interface LiquidationCall {
  readonly choice: LiquidationChoice;
  readonly step: LiquidateStep;
  /** In the choice's own unit: raw debt units paid, or raw collateral units seized; 0 where it has none. */
  readonly size: bigint;
  readonly before: LiquidationState;
  readonly after: LiquidationState;
  /** What the liquidator pays and gets. */
  readonly paid: readonly TokenAmount[];
  readonly received: readonly TokenAmount[];
  readonly outcome: LiquidationOutcome;
}

/** How each family of rules words a liquidation, by the rule id's name. */
const KIND_BY_RULE: Readonly<Record<string, LiquidationChoice['kind']>> = {
  'aave-v2': 'pair',
  'aave-v3': 'pair',
  spark: 'pair',
  'generic-lending': 'pair',
  'morpho-blue': 'market',
  'compound-v3': 'whole',
  'gmx-v2': 'whole',
};

/** How an account's rule liquidates. @throws {UnsupportedState} for a rule that is not known here */
export function liquidationKindOf({ account }: LiquidationState): LiquidationChoice['kind'] {
  const [name = ''] = account.rule.id.split('@');
  const kind = KIND_BY_RULE[name];
  if (kind === undefined) throw new UnsupportedState(`how the rule ${account.rule.id} words a liquidation`, account.marketEntry.label);
  return kind;
}

/**
 * Every choice that a liquidator has now: each collateral with each debt where the protocol liquidates by pairs. None where nothing is held or owed.
 *
 * @throws {UnsupportedState} as {@link liquidationKindOf}
 */
export function listChoices(state: LiquidationState): readonly LiquidationChoice[] {
  const kind = liquidationKindOf(state);
  if (kind === 'whole') return [{ kind, collateral: null, debt: null, limit: 0n }];
  const legs = state.account.rule.legs(state.view).filter(({ amount }) => amount > 0n);
  const debts = legs.filter(({ side }) => side === 'debt');
  return legs
    .filter(({ side }) => side === 'collateral')
    .flatMap((collateral) => debts.map((debt) => ({ kind, collateral: collateral.asset, debt: debt.asset, limit: kind === 'pair' ? debt.amount : collateral.amount })));
}

/** The step of a choice at a size in its own unit; 'max' leaves the size to the rule. */
export function stepOf(choice: LiquidationChoice, size: StepAmount): LiquidateStep {
  const { kind, collateral, debt } = choice;
  if (kind === 'whole') return { kind: 'liquidate' };
  const pair = { kind: 'liquidate', collateral, debt } as const;
  if (kind === 'pair') return { ...pair, repay: size };
  return size === 'max' ? { ...pair, repayShares: 'max' } : { ...pair, seize: size };
}

/** Asks the rule for a liquidation; its refusal is an answer. Everything else that a rule throws is passed on. */
export function tryLiquidation(state: LiquidationState, choice: LiquidationChoice, size: StepAmount): LiquidationCall | RuleViolation {
  const step = stepOf(choice, size);
  try {
    const { market, position, paid, received, liquidation } = state.account.rule.apply(state.view, step);
    if (liquidation === undefined) throw new UnsupportedState('its rule does not say what a liquidation moved', state.account.marketEntry.label);
    const moved = { pair: paid, market: liquidation.seized, whole: [] }[choice.kind];
    return { choice, step, size: moved[0]?.amount ?? 0n, before: state, after: advance(state, { market, position }), paid, received, outcome: liquidation };
  } catch (error) {
    if (error instanceof RuleViolation) return error;
    throw error;
  }
}
