import type { AssetId, ChainId } from '../../core/ids.ts';
import type { SwapCurve } from '../curves/curve.ts';
import { marketPrice } from './check-problem.ts';
import type { ArcEffect, PathAccount, PathArc, PathProblem } from './problem.ts';

/** An arc with its place. Amounts are tokens; `price` is USD per token at market. */
export interface FlatArc {
  readonly account: PathAccount;
  readonly arc: PathArc;
  readonly price: number;
}

/** A pool: one curve and its cheapest route (routes over one curve object are one pool, so more than one of them only costs more gas). */
export interface Pool {
  readonly routeId: string;
  readonly curve: SwapCurve;
  readonly gasUsd: number;
  readonly priceIn: number;
  readonly priceOut: number;
}

/**
 * A row `slackUsd + Σ perToken · amount (+ min(0, same of each `capped`)) ≥ 0`: USD of adjusted collateral above the target.
 * `borrow-limit` holds only where something is taken out of the account.
 */
export interface Requirement {
  readonly kind: 'health' | 'scenario' | 'borrow-limit' | 'unified';
  /** Index of the account; null for the unified row. */
  readonly account: number | null;
  readonly slackUsd: number;
  readonly terms: readonly { readonly arc: number; readonly perToken: number }[];
  /** Unified row only: debt-free accounts, which may lower the sum by borrowing but never lift it. */
  readonly capped: readonly Requirement[];
}

/** A problem laid out flat: what the bounds, the model and the evaluation have in common. */
export interface Network {
  readonly problem: PathProblem;
  readonly arcs: readonly FlatArc[];
  readonly pools: readonly Pool[];
  readonly assets: readonly AssetState[];
  readonly requirements: readonly Requirement[];
}

/** Where the tokens of one asset come from and go to, by index of arc and pool. */
export interface AssetState {
  readonly asset: AssetId;
  readonly price: number;
  readonly cash: number;
  /** Share of a flash-lent amount that the cheapest lender of the chain keeps; 0 where there is none. */
  readonly flashFee: number;
  readonly inflows: readonly number[];
  readonly outflows: readonly number[];
  readonly poolsIn: readonly number[];
  readonly poolsOut: readonly number[];
}

/** Whether an arc takes something out that its account's borrow limit stands before. */
export function isLimited({ account, arc }: FlatArc): boolean {
  return account.borrowLimit?.kinds.some((kind) => kind === arc.kind) === true;
}

/** Lays a checked problem out flat. */
export function layOutNetwork(problem: PathProblem): Network {
  const arcs = problem.accounts.flatMap((account) => account.arcs.map((arc) => ({ account, arc, price: marketPrice(problem, arc.asset) })));
  const pools = listPools(problem);
  return { problem, arcs, pools, assets: listAssets(problem, arcs, pools), requirements: listRequirements(problem, arcs) };
}

function listPools(problem: PathProblem): Pool[] {
  const cheapest = new Map<SwapCurve, Pool>();
  for (const { id, curve, gasUsd } of problem.routes) {
    const known = cheapest.get(curve);
    if (known !== undefined && known.gasUsd <= gasUsd) continue;
    cheapest.set(curve, { routeId: id, curve, gasUsd, priceIn: marketPrice(problem, curve.from), priceOut: marketPrice(problem, curve.to) });
  }
  return [...cheapest.values()];
}

function listAssets(problem: PathProblem, arcs: readonly FlatArc[], pools: readonly Pool[]): AssetState[] {
  const cash = new Map(problem.cash.map((entry) => [entry.asset, entry.amount]));
  const moving = arcs.filter(({ arc }) => arc.cashPerUnit !== 0).map(({ arc }) => arc.asset);
  const names = [...new Set([...moving, ...pools.flatMap(({ curve }) => [curve.from, curve.to])])];
  return names.map((asset) => ({
    asset,
    price: marketPrice(problem, asset),
    cash: cash.get(asset) ?? 0,
    flashFee: flashFee(problem, asset),
    inflows: indicesOf(arcs, ({ arc }) => arc.asset === asset && arc.cashPerUnit > 0),
    outflows: indicesOf(arcs, ({ arc }) => arc.asset === asset && arc.cashPerUnit < 0),
    poolsIn: indicesOf(pools, ({ curve }) => curve.to === asset),
    poolsOut: indicesOf(pools, ({ curve }) => curve.from === asset),
  }));
}

function flashFee(problem: PathProblem, asset: AssetId): number {
  const chain: ChainId | string = asset.split('/')[0] ?? '';
  return (problem.flashLenders.find((lender) => lender.chain === chain)?.feeBps ?? 0) / 10_000;
}

function listRequirements(problem: PathProblem, arcs: readonly FlatArc[]): Requirement[] {
  const perAccount = problem.accounts.flatMap((account, index) => requirementsOf(account, index, arcs));
  const target = problem.unifiedTarget;
  return target === null ? perAccount : [...perAccount, unifiedRequirement(problem, target, arcs)];
}

function requirementsOf(account: PathAccount, index: number, arcs: readonly FlatArc[]): Requirement[] {
  const row = (kind: Requirement['kind'], state: ArcEffect, target: number, effect: (arc: PathArc) => ArcEffect | null): Requirement => ({
    kind,
    account: index,
    slackUsd: state.collateralUsd - target * state.debtUsd,
    terms: termsOf(arcs, (flat) => flat.account === account, target, effect),
    capped: [],
  });
  return [
    row('health', account, account.target, (arc) => arc.effect),
    ...account.scenarios.map((scenario, at) => row('scenario', scenario, scenario.target, (arc) => arc.scenarioEffects[at] ?? null)),
    ...(account.borrowLimit === null ? [] : [row('borrow-limit', account.borrowLimit, 1, (arc) => arc.borrowEffect)]),
  ];
}

/** As the engine counts: accounts with debt; collateral of an account without debt lifts nothing. */
function unifiedRequirement(problem: PathProblem, target: number, arcs: readonly FlatArc[]): Requirement {
  const part = (chosen: readonly PathAccount[]): Requirement => ({
    kind: 'unified',
    account: null,
    slackUsd: chosen.reduce((sum, account) => sum + account.collateralUsd - target * account.debtUsd, 0),
    terms: termsOf(
      arcs,
      (flat) => chosen.includes(flat.account),
      target,
      (arc) => arc.effect,
    ),
    capped: [],
  });
  const canBorrow = problem.accounts.filter((account) => account.debtUsd <= 0 && account.arcs.some((arc) => arc.effect.debtUsd > 0));
  return { ...part(problem.accounts.filter((account) => account.debtUsd > 0)), capped: canBorrow.map((account) => part([account])) };
}

function termsOf(arcs: readonly FlatArc[], belongs: (flat: FlatArc) => boolean, target: number, effect: (arc: PathArc) => ArcEffect | null): Requirement['terms'] {
  return arcs.flatMap((flat, index) => {
    const change = belongs(flat) ? effect(flat.arc) : null;
    const perToken = change === null ? 0 : change.collateralUsd - target * change.debtUsd;
    return perToken === 0 ? [] : [{ arc: index, perToken }];
  });
}

function indicesOf<T>(items: readonly T[], matches: (item: T) => boolean): number[] {
  return items.flatMap((item, index) => (matches(item) ? [index] : []));
}
