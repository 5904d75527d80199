import type { SwapCurve } from '../curves/curve.ts';
import { layOutNetwork, type Network } from '../solver/network.ts';
import { cashUsed, evaluateAmounts, type PlanAmounts, slackUnder } from '../solver/plan-amounts.ts';
import type { PathAccount, PathCost, PathProblem } from '../solver/problem.ts';

/** What several accounts do one after the other, each without the others. */
export type OneByOne =
  | { readonly kind: 'plan'; readonly amounts: PlanAmounts; readonly cost: PathCost; readonly gapUsd: number }
  /** The first account that cannot, and why. */
  | { readonly kind: 'stuck'; readonly account: string; readonly reason: string };

/** What one account does, in the order of arcs and pools of its own problem; `gapUsd` bounds what a better one could save. */
export type AloneStep = { readonly kind: 'plan'; readonly amounts: PlanAmounts; readonly gapUsd: number } | { readonly kind: 'stuck'; readonly reason: string };

/** A breach of less than this many USD is rounding. */
export const HOLDS_USD = 0.01;

const NO_COST: PathCost = { slippageUsd: 0, feesUsd: 0, gasUsd: 0, cashUsd: 0, totalUsd: 0 };

/**
 * Lets every account below its target act for itself, the one with the least health ÷ target first: each sees its own arcs, the cash that is left and the depth that is left in the pools,
 * and no value passes from one account into another.
 *
 * The cost is that of all amounts together, so a swap that two accounts need costs its gas once. Where flash loans have a fee and the accounts' transactions, one after the other, borrow less
 * than one for all would, it is the sum of theirs.
 *
 * @param problem without a unified target: nothing alone could mean it
 */
export async function actOneByOne(problem: PathProblem, act: (alone: PathProblem) => Promise<AloneStep>): Promise<OneByOne> {
  const network = layOutNetwork(problem);
  const amounts = { arcs: new Float64Array(network.arcs.length), pools: new Float64Array(network.pools.length) };
  const cash = new Map(problem.cash.map((entry) => [entry.asset, entry.amount]));
  let [gapUsd, apart] = [0, NO_COST];
  for (const account of listBelowTarget(network)) {
    const alone = problemOf(problem, account, { cash, curves: remainingCurves(network, amounts.pools) });
    const step = await act(alone);
    if (step.kind === 'stuck') return { kind: 'stuck', account: account.id, reason: step.reason };
    const own = layOutNetwork(alone);
    const { cost, violationUsd } = evaluateAmounts(own, step.amounts);
    if (violationUsd > HOLDS_USD) return { kind: 'stuck', account: account.id, reason: `what it would do breaks a limit or leaves a debt below its minimum, by ${violationUsd.toFixed(2)} USD` };
    apart = addCosts(apart, cost);
    gapUsd += step.gapUsd;
    for (const [asset, used] of cashUsed(own, step.amounts)) cash.set(asset, Math.max(0, (cash.get(asset) ?? 0) - used));
    const first = network.arcs.findIndex((flat) => flat.account === account);
    step.amounts.arcs.forEach((amount, index) => {
      amounts.arcs[first + index] = amount;
    });
    step.amounts.pools.forEach((amount, index) => {
      amounts.pools[index] = (amounts.pools[index] ?? 0) + amount;
    });
  }
  const together = evaluateAmounts(network, amounts);
  return { kind: 'plan', amounts, cost: together.violationUsd <= HOLDS_USD ? together.cost : apart, gapUsd };
}

/** Accounts that miss their target, or that of a scenario, now; the least health ÷ target first. */
export function listBelowTarget(network: Network): readonly PathAccount[] {
  const { problem, requirements, arcs } = network;
  const nothing = new Float64Array(arcs.length);
  const below = problem.accounts.filter((_, index) => requirements.some((row) => row.account === index && row.kind !== 'borrow-limit' && slackUnder(row, nothing) < 0));
  const standing = (account: PathAccount): number => account.collateralUsd / (account.debtUsd * account.target);
  return below.toSorted((a, b) => standing(a) - standing(b) || a.id.localeCompare(b.id, 'en'));
}

function problemOf(problem: PathProblem, account: PathAccount, left: { cash: ReadonlyMap<string, number>; curves: ReadonlyMap<SwapCurve, SwapCurve> }): PathProblem {
  return {
    ...problem,
    accounts: [account],
    cash: problem.cash.map(({ asset }) => ({ asset, amount: left.cash.get(asset) ?? 0 })),
    routes: problem.routes.map((route) => ({ ...route, curve: left.curves.get(route.curve) ?? route.curve })),
    unifiedTarget: null,
  };
}

function remainingCurves(network: Network, used: Float64Array): ReadonlyMap<SwapCurve, SwapCurve> {
  return new Map(network.pools.map(({ curve }, index) => [curve, curveAfter(curve, used[index] ?? 0)]));
}

/** The same pool after `used` tokens have gone in. */
function curveAfter(curve: SwapCurve, used: number): SwapCurve {
  if (used === 0) return curve;
  const got = curve.out(used);
  return { ...curve, out: (amount) => curve.out(used + amount) - got, marginal: (amount) => curve.marginal(used + amount), depth: Math.max(0, curve.depth - used) };
}

function addCosts(a: PathCost, b: PathCost): PathCost {
  return {
    slippageUsd: a.slippageUsd + b.slippageUsd,
    feesUsd: a.feesUsd + b.feesUsd,
    gasUsd: a.gasUsd + b.gasUsd,
    cashUsd: a.cashUsd + b.cashUsd,
    totalUsd: a.totalUsd + b.totalUsd,
  };
}
