import { InvalidArgument } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { PathAccount, PathArc } from '../solver/problem.ts';

/**
 * A rule of thumb for reducing accounts, as data. Health is A/L in exposure form throughout. Amounts are those of the arcs (tokens; dollars of size for `close`); what
 * the owner has at hand, swaps and gas are not looked at: a policy says what it wants, the planner prices it.
 */
export type Policy =
  /** Every account below its target up to exactly its target, in the given order of arcs. */
  | { readonly kind: 'exact-target'; readonly name: string; readonly order: ArcOrder }
  /** What a protocol with a close factor takes: of accounts below `below` the share of their debt, all of it below `fullBelow`. */
  | { readonly kind: 'close-factor'; readonly name: string; readonly below: number; readonly share: number; readonly fullBelow: number }
  /** The first tier whose `below` exceeds the health says which share of the account's reducible value goes, riskiest arcs first. */
  | { readonly kind: 'tiers'; readonly name: string; readonly tiers: readonly { readonly below: number; readonly share: number }[] };

/**
 * Which arcs first. `cheapest`: least protocol fee per dollar of relief, then the arc that can relieve most. `least-sensitive`: least price sensitivity first, given by asset or,
 * where `sensitivity` is null, taken from the account's own scenarios; an asset that is not in the table comes last.
 */
export type ArcOrder = { readonly by: 'cheapest' } | { readonly by: 'least-sensitive'; readonly sensitivity: ReadonlyMap<AssetId, number> | null };

/** The policies of the product, by name. */
export const POLICIES = {
  exactTarget: { kind: 'exact-target', name: 'exact target', order: { by: 'cheapest' } },
  closeFactorMaximum: { kind: 'close-factor', name: 'close-factor maximum', below: 1, share: 0.5, fullBelow: 0.95 },
  tiers: {
    kind: 'tiers',
    name: '105/102/100 % close 10/25/100 %',
    tiers: [
      { below: 1, share: 1 },
      { below: 1.02, share: 0.25 },
      { below: 1.05, share: 0.1 },
    ],
  },
  leastSensitiveFirst: { kind: 'exact-target', name: 'least sensitive assets first', order: { by: 'least-sensitive', sensitivity: null } },
} as const satisfies Record<string, Policy>;

/** What a policy does with one account. */
export interface PolicyOutcome {
  readonly account: string;
  readonly actions: readonly PolicyAction[];
  /** A/L before and after; null without debt. */
  readonly healthBefore: number | null;
  readonly healthAfter: number | null;
  /** Whether the account's own target is met afterwards, within a relative 1e-9. */
  readonly reachesTarget: boolean;
}

/** An amount of one arc; `all` where it is the arc's whole. */
export interface PolicyAction {
  readonly arc: string;
  readonly amount: number;
  readonly all: boolean;
}

interface Reducer {
  readonly arc: PathArc;
  /** What can be taken at most, in the arc's unit. */
  readonly most: number;
  /** Debt repaid or size closed per unit, USD. */
  readonly valuePerUnit: number;
  /** Deficit closed per unit at the account's target, USD. */
  readonly relief: number;
}

/**
 * Applies one policy to every account, each on its own.
 *
 * @throws {InvalidArgument} where a share is not between 0 and 1
 * @example
 * ```ts
 * applyPolicy(POLICIES.tiers, problem.accounts).filter((outcome) => outcome.actions.length > 0);
 * ```
 */
export function applyPolicy(policy: Policy, accounts: readonly PathAccount[]): readonly PolicyOutcome[] {
  requireShares(policy);
  return accounts.map((account) => outcomeOf(account, actionsOf(policy, account)));
}

function actionsOf(policy: Policy, account: PathAccount): readonly PolicyAction[] {
  const reducers = account.arcs.flatMap((arc) => reducerOf(account, arc));
  const health = healthOf(account.collateralUsd, account.debtUsd);
  if (health === null) return [];
  switch (policy.kind) {
    case 'exact-target':
      return reduceToTarget(account, orderReducers(policy.order, account, reducers));
    case 'close-factor': {
      if (health >= policy.below) return [];
      const largestFirst = reducers.toSorted((a, b) => b.most * b.valuePerUnit - a.most * a.valuePerUnit || byId(a, b));
      return reduceShare(largestFirst, health < policy.fullBelow ? 1 : policy.share);
    }
    case 'tiers': {
      const tier = policy.tiers.toSorted((a, b) => a.below - b.below).find((entry) => health < entry.below);
      if (tier === undefined) return [];
      const riskiestFirst = reducers.toSorted((a, b) => b.relief / b.valuePerUnit - a.relief / a.valuePerUnit || byId(a, b));
      return reduceShare(riskiestFirst, tier.share);
    }
  }
}

/** An arc that reduces the account: a repayment or a partial close of known size that helps towards the target. */
function reducerOf(account: PathAccount, arc: PathArc): readonly Reducer[] {
  if (arc.kind !== 'repay' && arc.kind !== 'close') return [];
  const most = Math.min(arc.max, arc.all ?? Number.POSITIVE_INFINITY);
  const valuePerUnit = arc.kind === 'close' ? 1 : -arc.effect.debtUsd;
  const relief = arc.effect.collateralUsd - account.target * arc.effect.debtUsd;
  return Number.isFinite(most) && most > 0 && valuePerUnit > 0 ? [{ arc, most, valuePerUnit, relief }] : [];
}

function orderReducers(order: ArcOrder, account: PathAccount, reducers: readonly Reducer[]): readonly Reducer[] {
  const helpful = reducers.filter((entry) => entry.relief > 0);
  const fee = (entry: Reducer) => entry.arc.feeUsdPerUnit / entry.relief;
  const cheapest = (a: Reducer, b: Reducer) => fee(a) - fee(b) || b.most * b.relief - a.most * a.relief || byId(a, b);
  if (order.by === 'cheapest') return helpful.toSorted(cheapest);
  const sensitivity = new Map(helpful.map((entry) => [entry.arc.id, sensitivityOf(order.sensitivity, account, entry)]));
  const of = (entry: Reducer) => sensitivity.get(entry.arc.id) ?? Number.MAX_VALUE;
  return helpful.toSorted((a, b) => of(a) - of(b) || cheapest(a, b));
}

/** Relative change of an arc's relief over the scenarios: 0 for a dollar debt under a shock of ETH. */
function sensitivityOf(table: ReadonlyMap<AssetId, number> | null, account: PathAccount, entry: Reducer): number {
  if (table !== null) return table.get(entry.arc.asset) ?? Number.MAX_VALUE;
  const shocked = entry.arc.scenarioEffects.map((effect) => effect.collateralUsd - account.target * effect.debtUsd);
  return Math.max(0, ...shocked.map((relief) => Math.abs(relief / entry.relief - 1)));
}

function reduceToTarget(account: PathAccount, reducers: readonly Reducer[]): readonly PolicyAction[] {
  const actions: PolicyAction[] = [];
  let open = account.target * account.debtUsd - account.collateralUsd;
  for (const { arc, most, relief } of reducers) {
    if (open <= 0) break;
    const all = open >= relief * most;
    const amount = all ? most : open / relief;
    actions.push({ arc: arc.id, amount, all: all && most === arc.all });
    open = all ? open - relief * most : 0;
  }
  return actions;
}

/** Takes `share` of the reducers' whole value, one after the other. */
function reduceShare(reducers: readonly Reducer[], share: number): readonly PolicyAction[] {
  const value = reducers.reduce((sum, entry) => sum + entry.most * entry.valuePerUnit, 0);
  const actions: PolicyAction[] = [];
  let open = value * share;
  for (const { arc, most, valuePerUnit } of reducers) {
    if (open <= 0) break;
    const all = share === 1 || open >= most * valuePerUnit;
    actions.push({ arc: arc.id, amount: all ? most : open / valuePerUnit, all: all && most === arc.all });
    open -= most * valuePerUnit;
  }
  return actions;
}

/** Relative miss of a target that is rounding and nothing else. */
const TARGET_TOLERANCE = 1e-9;

function outcomeOf(account: PathAccount, actions: readonly PolicyAction[]): PolicyOutcome {
  let collateralUsd = account.collateralUsd;
  let debtUsd = account.debtUsd;
  for (const action of actions) {
    const effect = account.arcs.find((arc) => arc.id === action.arc)?.effect;
    collateralUsd += (effect?.collateralUsd ?? 0) * action.amount;
    debtUsd += (effect?.debtUsd ?? 0) * action.amount;
  }
  // What repaying everything leaves over in floats is no debt.
  const left = debtUsd <= account.debtUsd * TARGET_TOLERANCE ? 0 : debtUsd;
  return {
    account: account.id,
    actions,
    healthBefore: healthOf(account.collateralUsd, account.debtUsd),
    healthAfter: healthOf(collateralUsd, left),
    reachesTarget: left === 0 || collateralUsd >= account.target * left * (1 - TARGET_TOLERANCE),
  };
}

function healthOf(collateralUsd: number, debtUsd: number): number | null {
  return debtUsd > 0 ? collateralUsd / debtUsd : null;
}

function byId(a: Reducer, b: Reducer): number {
  return a.arc.id.localeCompare(b.arc.id, 'en');
}

function requireShares(policy: Policy): void {
  const shares = policy.kind === 'tiers' ? policy.tiers.map((tier) => tier.share) : policy.kind === 'close-factor' ? [policy.share] : [];
  if (shares.some((share) => !(share >= 0 && share <= 1))) throw new InvalidArgument(`Policy "${policy.name}": a share lies between 0 and 1.`, { policy: policy.name });
}
