import type { AssetId } from '../../core/ids.ts';
import type { LiquidateStep, TokenAmount } from '../../core/rule.ts';
import { type HealthAfter, healthOf } from '../forced/forced-liquidation.ts';
import { type LiquidationState, type ValuedAmount, valueAmounts } from '../forced/liquidation-state.ts';
import type { AbsorptionPlan } from './absorb-and-buy.ts';
import type { LiquidatorPlan } from './liquidator-plan.ts';
import type { LiquidatorContext, Trade } from './liquidator-size.ts';

/** One call of a liquidator. Amounts are raw with their decimals and a decimal value at market prices; the other USD are floats, because curves are. */
export interface LiquidatorCall {
  /** `buy` is a purchase from the protocol's own store after an absorption. */
  readonly kind: 'liquidate' | 'buy';
  /** The rule's step; null for a purchase. */
  readonly step: LiquidateStep | null;
  readonly paid: readonly ValuedAmount[];
  readonly received: readonly ValuedAmount[];
  /** USD; 0 where nothing is received. */
  readonly proceedsUsd: number;
  readonly flashFeeUsd: number;
  readonly gasUsd: number;
  readonly profitUsd: number;
  /** The market that it is sold on; null where nothing has to be sold. `observedAt` in unix seconds. */
  readonly curve: { readonly source: string; readonly assumed: boolean; readonly observedAt: number | null } | null;
  readonly healthAfter: HealthAfter;
}

/** What can be earned on one pair of one account, or on one absorbed account. */
export interface Opportunity {
  readonly account: string;
  readonly label: string;
  readonly chain: string;
  /** `two-step`: the first call stops just short of restoring the account, so that the close factor applies a second time. */
  readonly kind: 'one-step' | 'two-step' | 'absorb-and-buy';
  /** Null where everything is taken at once. */
  readonly collateral: AssetId | null;
  readonly debt: AssetId | null;
  readonly calls: readonly LiquidatorCall[];
  /** After slippage, gas and flash fee, USD. */
  readonly profitUsd: number;
  /** Gas of all calls at which nothing is earned, USD; 0 where no gas is low enough. */
  readonly breakEvenGasUsd: number;
  /** What the most profitable single call pays (r*), and the most that the rules let one call pay; null where everything is taken at once. */
  readonly optimalSize: ValuedAmount | null;
  readonly cap: ValuedAmount | null;
  /** What the smallest single call pays that earns its gas; null where none does. */
  readonly breakEvenSize: ValuedAmount | null;
}

/** An opportunity with the state that taking it leaves. */
export interface Candidate {
  readonly opportunity: Opportunity;
  readonly profitUsd: number;
  readonly after: LiquidationState;
  readonly context: LiquidatorContext;
}

/** Writes a pair's plan as an opportunity. */
export function describePlan(plan: LiquidatorPlan): Candidate {
  const { calls, sized, single, profitUsd } = plan;
  const { choice, sizes } = sized;
  const before = single.best.call.before;
  const paidBy = (paid: readonly TokenAmount[]): ValuedAmount | null => valueAmounts(before, paid)[0] ?? null;
  const opportunity: Opportunity = {
    ...identityOf(before),
    kind: calls.length > 1 ? 'two-step' : 'one-step',
    collateral: choice.collateral,
    debt: choice.debt,
    calls: calls.map((priced): LiquidatorCall => {
      const { call } = priced;
      return { kind: 'liquidate', step: call.step, ...describeTrade(before, priced, call), healthAfter: healthOf(call.after) };
    }),
    profitUsd,
    breakEvenGasUsd: Math.max(
      0,
      calls.reduce((total, { gasUsd }) => total + gasUsd, profitUsd),
    ),
    optimalSize: paidBy(single.best.call.paid),
    cap: paidBy(sizes.largest.paid),
    breakEvenSize: single.breakEven === null ? null : paidBy(single.breakEven.paid),
  };
  return { opportunity, profitUsd, after: plan.after, context: plan.context };
}

/** Writes an absorption with its purchases as an opportunity. */
export function describeAbsorption(plan: AbsorptionPlan): Candidate {
  const { absorb, absorbGasUsd, purchases, profitUsd } = plan;
  const { before } = absorb;
  const nothing = { paid: [], received: [], proceedsUsd: 0, flashFeeUsd: 0, curve: null };
  const first: LiquidatorCall = { kind: 'liquidate', step: absorb.step, ...nothing, gasUsd: absorbGasUsd, profitUsd: -absorbGasUsd, healthAfter: healthOf(absorb.after) };
  const bought = purchases.map(
    (purchase): LiquidatorCall => ({
      kind: 'buy',
      step: null,
      ...describeTrade(before, purchase, { paid: [purchase.paid], received: [purchase.received] }),
      healthAfter: healthOf(purchase.after),
    }),
  );
  const calls = [first, ...bought];
  const opportunity: Opportunity = {
    ...identityOf(before),
    kind: 'absorb-and-buy',
    collateral: null,
    debt: null,
    calls,
    profitUsd,
    breakEvenGasUsd: Math.max(
      0,
      calls.reduce((total, { gasUsd }) => total + gasUsd, profitUsd),
    ),
    optimalSize: null,
    cap: null,
    breakEvenSize: null,
  };
  return { opportunity, profitUsd, after: plan.after, context: plan.context };
}

type Moved = { readonly paid: readonly TokenAmount[]; readonly received: readonly TokenAmount[] };

function describeTrade(state: LiquidationState, trade: Trade, { paid, received }: Moved): Omit<LiquidatorCall, 'kind' | 'step' | 'healthAfter'> {
  const { proceedsUsd, flashFeeUsd, gasUsd, profitUsd, curve } = trade;
  const market = curve === null ? null : { source: curve.source, assumed: curve.assumed, observedAt: curve.observedAt };
  return { paid: valueAmounts(state, paid), received: valueAmounts(state, received), proceedsUsd, flashFeeUsd, gasUsd, profitUsd, curve: market };
}

function identityOf({ account }: LiquidationState): Pick<Opportunity, 'account' | 'label' | 'chain'> {
  return { account: account.entry.id, label: account.marketEntry.label, chain: account.marketEntry.chain };
}
