import type { AssetId } from '../../core/ids.ts';
import type { PathModel } from './model.ts';
import { type AssetState, isLimited, type Network, type Requirement } from './network.ts';
import type { PathCost, PathSolution } from './problem.ts';

/** What a plan does, tokens, in the network's order of arcs and pools. */
export interface PlanAmounts {
  readonly arcs: Float64Array;
  /** Inputs; the outputs are the curves'. */
  readonly pools: Float64Array;
}

/** A plan's cost on the true curves, and the greatest breach of any row, USD (0 = it holds). */
export interface PlanEvaluation {
  readonly cost: PathCost;
  readonly violationUsd: number;
}

/** Amounts within this share of their limit or of "all" are meant to be it. */
const SNAP = 1e-9;
/** Amounts below this share of a model unit are none. */
const NOTHING = 1e-8;

/** Reads the amounts out of a solution, rounding what is next to nothing or next to everything. */
export function readAmounts(model: PathModel, values: Float64Array): PlanAmounts {
  const arcs = Float64Array.from(model.arcs, ({ amount, unit }, index) => {
    const value = values[amount] ?? 0;
    const arc = model.network.arcs[index]?.arc;
    return value <= NOTHING ? 0 : snap(value * unit, [arc?.all ?? Infinity, arc?.max ?? Infinity]);
  });
  const pools = Float64Array.from(model.pools, ({ amount, unit }, index) => {
    const value = values[amount] ?? 0;
    return value <= NOTHING ? 0 : Math.min(value * unit, model.network.pools[index]?.curve.depth ?? 0);
  });
  return { arcs, pools };
}

/** Costs and checks a plan on the true curves: the judge of every plan that any method finds. */
export function evaluateAmounts(network: Network, plan: PlanAmounts): PlanEvaluation {
  const states = network.assets.map((state) => evaluateAsset(network, state, plan));
  const slippageUsd = network.pools.reduce((sum, pool, index) => {
    const amount = plan.pools[index] ?? 0;
    return sum + Math.max(0, amount * pool.priceIn - pool.curve.out(amount) * pool.priceOut);
  }, 0);
  const closing = network.arcs.reduce((sum, { arc }, index) => sum + arc.feeUsdPerUnit * (plan.arcs[index] ?? 0), 0);
  const gasUsd = [
    ...network.arcs.map(({ arc }, index) => ((plan.arcs[index] ?? 0) > 0 ? arc.gasUsd : 0)),
    ...network.pools.map((pool, index) => ((plan.pools[index] ?? 0) > 0 ? pool.gasUsd : 0)),
  ].reduce((sum, gas) => sum + gas, 0);
  const feesUsd = closing + sumOf(states, (state) => state.flashUsd);
  const cashUsd = network.problem.cashCost * sumOf(states, (state) => state.usedUsd);
  return {
    cost: { slippageUsd, feesUsd, gasUsd, cashUsd, totalUsd: slippageUsd + feesUsd + gasUsd + cashUsd },
    violationUsd: Math.max(
      0,
      ...states.map((state) => state.missingUsd),
      ...requirementViolations(network, plan),
      ...limitViolations(network, plan),
      ...debtViolations(network, plan),
      ...pairViolations(network, plan),
    ),
  };
}

function evaluateAsset(network: Network, state: AssetState, plan: PlanAmounts): { flashUsd: number; usedUsd: number; missingUsd: number } {
  const flow = (index: number): number => (plan.arcs[index] ?? 0) * (network.arcs[index]?.arc.cashPerUnit ?? 0);
  const spent = -sumOf(state.outflows, flow);
  const flash = state.flashFee * Math.max(0, spent - state.cash);
  const counted = 1 - network.problem.priceHeadRoom;
  const swapped = counted * sumOf(state.poolsIn, (index) => network.pools[index]?.curve.out(plan.pools[index] ?? 0) ?? 0) - sumOf(state.poolsOut, (index) => plan.pools[index] ?? 0);
  const net = sumOf(state.inflows, flow) - spent + swapped - flash;
  return { flashUsd: flash * state.price, usedUsd: Math.min(state.cash, Math.max(0, -net)) * state.price, missingUsd: Math.max(0, -net - state.cash) * state.price };
}

/** What a plan uses up of the cash at hand, tokens by asset. */
export function cashUsed(network: Network, plan: PlanAmounts): ReadonlyMap<AssetId, number> {
  return new Map(network.assets.map((state) => [state.asset, evaluateAsset(network, state, plan).usedUsd / state.price]));
}

/** The amounts of a solution in the network's order; routes and arcs that it does not name are unused. */
export function amountsOf(network: Network, solution: Pick<PathSolution, 'arcs' | 'swaps'>): PlanAmounts {
  const arcs = new Map(solution.arcs.map(({ account, arc, amount }) => [`${account} ${arc}`, amount]));
  const swaps = new Map(solution.swaps.map(({ route, amountIn }) => [route, amountIn]));
  return {
    arcs: Float64Array.from(network.arcs, ({ account, arc }) => arcs.get(`${account.id} ${arc.id}`) ?? 0),
    pools: Float64Array.from(network.pools, ({ routeId }) => swaps.get(routeId) ?? 0),
  };
}

/** What a requirement has left under a plan, USD. */
export function slackUnder(requirement: Requirement, arcs: Float64Array): number {
  const own = requirement.slackUsd + sumOf(requirement.terms, ({ arc, perToken }) => perToken * (arcs[arc] ?? 0));
  return own + sumOf(requirement.capped, (part) => Math.min(0, slackUnder(part, arcs)));
}

function requirementViolations(network: Network, plan: PlanAmounts): number[] {
  return network.requirements.map((requirement) => (requirement.kind === 'borrow-limit' && !takesOut(network, requirement.account, plan) ? 0 : -slackUnder(requirement, plan.arcs)));
}

function takesOut(network: Network, account: number | null, plan: PlanAmounts): boolean {
  const owner = network.problem.accounts[account ?? -1];
  return network.arcs.some((flat, index) => flat.account === owner && isLimited(flat) && (plan.arcs[index] ?? 0) > 0);
}

function limitViolations(network: Network, plan: PlanAmounts): number[] {
  const over = (amount: number, limit: number): number => Math.max(-amount, amount - limit);
  return [
    ...network.arcs.map(({ arc, price }, index) => over(plan.arcs[index] ?? 0, arc.max) * price),
    ...network.pools.map((pool, index) => over(plan.pools[index] ?? 0, pool.curve.depth) * pool.priceIn),
  ];
}

function debtViolations(network: Network, plan: PlanAmounts): number[] {
  return network.problem.accounts.flatMap((account) =>
    account.minimumDebts.map(({ asset, current, minimum }) => {
      const touching = network.arcs.flatMap((flat, index) => (flat.account === account && flat.arc.asset === asset && (flat.arc.kind === 'repay' || flat.arc.kind === 'borrow') ? [index] : []));
      if (touching.length === 0) return 0;
      const after = current + sumOf(touching, (index) => (network.arcs[index]?.arc.kind === 'borrow' ? 1 : -1) * (plan.arcs[index] ?? 0));
      return Math.min(Math.abs(after), Math.max(0, minimum - after)) * (network.arcs[touching[0] ?? -1]?.price ?? 0);
    }),
  );
}

function pairViolations(network: Network, plan: PlanAmounts): number[] {
  const opposite: Partial<Record<string, string>> = { supply: 'withdraw', borrow: 'repay' };
  return network.arcs.flatMap(({ account, arc, price }, first) =>
    network.arcs.map((other, second) =>
      other.account === account && other.arc.asset === arc.asset && other.arc.kind === opposite[arc.kind] ? Math.min(plan.arcs[first] ?? 0, plan.arcs[second] ?? 0) * price : 0,
    ),
  );
}

function snap(amount: number, marks: readonly number[]): number {
  return marks.find((mark) => mark < Infinity && Math.abs(amount - mark) <= SNAP * mark) ?? amount;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
