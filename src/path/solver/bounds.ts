import type { AssetState, FlatArc, Network, Requirement } from './network.ts';

/** Greatest useful amounts, tokens: some cheapest plan stays within them. */
export interface FlowBounds {
  readonly arcs: Float64Array;
  readonly pools: Float64Array;
}

/** Rounds of passing availability and need along the swaps; three cover two-hop routes. */
const ROUNDS = 3;
/** Where leverage is not bounded by the targets: a flow may be this many times everything there is. */
const LEVERAGE_LIMIT = 100;
/** Room for pools above the market price. */
const GAIN_LIMIT = 1.1;
const BISECTIONS = 40;

/**
 * Tightens each amount to what can be paid for and what can be of use: no more goes in than can be at hand, no more is supplied than would satisfy every row
 * with everything else at its worst, and no more is taken out or swapped than can be spent. Tight limits are what make the gas of a relaxed plan bite.
 */
export function computeBounds(network: Network): FlowBounds {
  const { arcs, pools, assets } = network;
  const { borrowUsd, flowUsd } = limitByLeverage(network);
  const bounds = {
    arcs: Float64Array.from(arcs, ({ arc, price }) => (arc.cashPerUnit === 0 ? arc.max : Math.min(arc.max, (arc.kind === 'borrow' ? borrowUsd : flowUsd) / price))),
    pools: Float64Array.from(pools, ({ curve, priceIn }) => Math.min(curve.depth, flowUsd / priceIn)),
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const state of assets) limitByAvailability(network, state, bounds);
    limitByNeed(network, bounds);
    for (const state of assets) limitByUse(network, state, bounds);
  }
  return bounds;
}

/** The least that a requirement can have left with every worsening arc at its limit and no other used, USD. */
export function worstSlack(requirement: Requirement, limits: Float64Array): number {
  const own = requirement.terms.reduce((sum, { arc, perToken }) => (perToken < 0 ? sum + perToken * (limits[arc] ?? 0) : sum), requirement.slackUsd);
  return requirement.capped.reduce((sum, part) => sum + Math.min(0, worstSlack(part, limits)), own);
}

/**
 * How much can be lent and moved at all, USD at market. New debt B must be covered: h · B ≤ ΣA + t · S over the accounts that lend, with what is supplied S ≤ W + B out of W, everything that is at
 * hand or can be withdrawn; so B ≤ (ΣA + t · W) ÷ (h − t). t: most adjusted collateral per dollar supplied; h: least adjusted debt at target per dollar borrowed.
 */
function limitByLeverage({ problem, arcs, assets }: Network): { borrowUsd: number; flowUsd: number } {
  const lending = new Set(arcs.filter(({ arc }) => arc.kind === 'borrow').map(({ account }) => account));
  const perDollar = (kinds: readonly string[], effect: (flat: FlatArc) => number): number[] =>
    arcs.filter(({ account, arc }) => lending.has(account) && kinds.includes(arc.kind)).map((flat) => effect(flat) / flat.price);
  const most = Math.max(0, ...perDollar(['supply'], ({ arc }) => arc.effect.collateralUsd));
  const least = Math.min(...perDollar(['borrow'], ({ account, arc }) => account.target * arc.effect.debtUsd));
  const atHand = assets.reduce((sum, state) => sum + state.cash * state.price, 0);
  const withdrawn = arcs.reduce((sum, { arc, price }) => (arc.kind === 'withdraw' && arc.max < Infinity ? sum + arc.max * price : sum), atHand);
  const covered = [...lending].reduce((sum, account) => sum + Math.max(0, account.collateralUsd), 0);
  const wealth = problem.accounts.reduce((sum, account) => sum + Math.abs(account.collateralUsd) + Math.abs(account.debtUsd), withdrawn);
  const borrowUsd = lending.size === 0 ? 0 : Math.min(LEVERAGE_LIMIT * wealth, least > most ? (GAIN_LIMIT * (covered + most * withdrawn)) / (least - most) : Infinity);
  return { borrowUsd, flowUsd: GAIN_LIMIT * (withdrawn + borrowUsd) };
}

function limitByAvailability({ problem, arcs, pools }: Network, state: AssetState, bounds: FlowBounds): void {
  const fromArcs = state.inflows.reduce((sum, index) => sum + (bounds.arcs[index] ?? 0) * (arcs[index]?.arc.cashPerUnit ?? 0), state.cash);
  const available = state.poolsIn.reduce((sum, index) => sum + (1 - problem.priceHeadRoom) * (pools[index]?.curve.out(bounds.pools[index] ?? 0) ?? 0), fromArcs);
  for (const index of state.outflows) lower(bounds.arcs, index, available / -(arcs[index]?.arc.cashPerUnit ?? -1));
  for (const index of state.poolsOut) lower(bounds.pools, index, available);
}

/** More collateral than this changes no row for the better, so it could as well have stayed at hand. */
function limitByNeed({ arcs, requirements }: Network, bounds: FlowBounds): void {
  const needs = new Float64Array(arcs.length);
  for (const requirement of requirements) {
    const missing = Math.max(0, -worstSlack(requirement, bounds.arcs));
    for (const { arc, perToken } of requirement.terms) {
      if (perToken > 0) needs[arc] = Math.max(needs[arc] ?? 0, missing / perToken);
    }
  }
  arcs.forEach(({ arc }, index) => {
    if (arc.kind === 'supply') lower(bounds.arcs, index, needs[index] ?? 0);
  });
}

function limitByUse({ problem, arcs, pools }: Network, state: AssetState, bounds: FlowBounds): void {
  const byArcs = state.outflows.reduce((sum, index) => sum + (bounds.arcs[index] ?? 0) * -(arcs[index]?.arc.cashPerUnit ?? 0), 0);
  const usable = state.poolsOut.reduce((sum, index) => sum + (bounds.pools[index] ?? 0), byArcs * (1 + state.flashFee));
  for (const index of state.inflows) {
    const flat = arcs[index];
    if (flat !== undefined) lower(bounds.arcs, index, Math.max(usable / flat.arc.cashPerUnit, minimumLoan(flat)));
  }
  for (const index of state.poolsIn) {
    const curve = pools[index]?.curve;
    if (curve !== undefined) lower(bounds.pools, index, inputFor(curve.out.bind(curve), usable / (1 - problem.priceHeadRoom), bounds.pools[index] ?? 0));
  }
}

/** A loan may have to be greater than its use, to be a legal one. */
function minimumLoan({ account, arc }: FlatArc): number {
  return arc.kind === 'borrow' ? (account.minimumDebts.find((debt) => debt.asset === arc.asset)?.minimum ?? 0) : 0;
}

/** The least input within `limit` whose output reaches `wanted`, rounded up to the bisection's grain; `limit` where none does. */
function inputFor(out: (amount: number) => number, wanted: number, limit: number): number {
  if (out(limit) <= wanted) return limit;
  let [low, high] = [0, limit];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (low + high) / 2;
    if (out(middle) < wanted) low = middle;
    else high = middle;
  }
  return high;
}

function lower(limits: Float64Array, index: number, limit: number): void {
  limits[index] = Math.min(limits[index] ?? 0, Math.max(0, limit));
}
