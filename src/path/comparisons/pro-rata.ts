import { isLimited, layOutNetwork, type Network, type Pool } from '../solver/network.ts';
import { type PlanAmounts, slackUnder } from '../solver/plan-amounts.ts';
import type { PathProblem } from '../solver/problem.ts';
import type { AloneStep } from './one-by-one.ts';

/** Steps of the search for the share with the most slack, and for the least share that is enough. */
const NARROWINGS = 200;
const BISECTIONS = 200;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** A collateral (tokens that can be taken out) or a debt (tokens), by its arc. */
interface Entry {
  readonly arc: number;
  readonly asset: string;
  readonly tokens: number;
  readonly usd: number;
}

/** The whole of it: what one unit of the share `m` sells. */
interface Plan {
  readonly network: Network;
  readonly collaterals: readonly Entry[];
  readonly debts: readonly Entry[];
  /** Closing perps in the same proportion. */
  readonly closes: readonly Entry[];
  /** Share of each debt in the value owed. */
  readonly shares: readonly number[];
  /** By collateral and debt: the pool between them; null where both are the same asset. */
  readonly pools: readonly (readonly (number | null)[])[];
}

/**
 * One account sells the same share of every collateral, splits what each brings over its debts in proportion to their value, and repays: the least share at which all of its rows hold on
 * the true curves. Positions are closed by the same share. Cash at hand is not used, and nothing goes through more than one pool.
 *
 * @param alone a problem of one account
 */
export function sellProRata(alone: PathProblem): AloneStep {
  const network = layOutNetwork(alone);
  const plan = layOutSale(network);
  if (plan.kind === 'stuck') return plan;
  const limited = network.arcs.some((flat) => flat.arc.kind === 'withdraw' && isLimited(flat));
  const rows = network.requirements.filter((row) => row.kind !== 'borrow-limit' || limited);
  const slackAt = (share: number): number => {
    const { arcs } = amountsAt(plan, share);
    return Math.min(...rows.map((row) => slackUnder(row, arcs)));
  };
  const best = findBestShare(slackAt, greatestShare(plan));
  if (slackAt(best) < 0) return { kind: 'stuck', reason: `no share of its collateral is enough; the best leaves it ${(-slackAt(best)).toFixed(2)} USD of adjusted collateral short` };
  return { kind: 'plan', amounts: amountsAt(plan, findLeastShare(slackAt, best)), gapUsd: 0 };
}

function layOutSale(network: Network): ({ readonly kind: 'sale' } & Plan) | { readonly kind: 'stuck'; readonly reason: string } {
  const entries = (kind: 'withdraw' | 'repay' | 'close'): Entry[] =>
    network.arcs.flatMap(({ arc, price }, index) => {
      const tokens = Math.min(arc.max, arc.all ?? Infinity);
      return arc.kind === kind && tokens > 0 && tokens < Infinity ? [{ arc: index, asset: arc.asset, tokens, usd: tokens * price }] : [];
    });
  const [debts, closes] = [entries('repay'), entries('close')];
  const held = entries('withdraw').filter((entry) => (network.arcs[entry.arc]?.arc.effect.collateralUsd ?? 0) < 0);
  const collaterals = debts.length === 0 ? [] : held;
  if (closes.length === 0 && (debts.length === 0 || collaterals.length === 0)) return { kind: 'stuck', reason: 'it has no collateral that can be sold for a debt' };
  const owed = debts.reduce((sum, entry) => sum + entry.usd, 0);
  const pools = collaterals.map((collateral) => debts.map((debt) => (collateral.asset === debt.asset ? null : findPool(network.pools, collateral, debt))));
  const missing = collaterals.flatMap((collateral, row) => debts.flatMap((debt, column) => (pools[row]?.[column] === -1 ? [`${collateral.asset} into ${debt.asset}`] : [])));
  if (missing.length > 0) return { kind: 'stuck', reason: `no route swaps ${missing[0]}` };
  return { kind: 'sale', network, collaterals, debts, closes, shares: debts.map((entry) => entry.usd / owed), pools };
}

/** Of the pools of a pair the one that gives most for the whole of the collateral; −1 where there is none. */
function findPool(pools: readonly Pool[], collateral: Entry, debt: Entry): number {
  const worth = ({ curve, gasUsd, priceIn, priceOut }: Pool): number => {
    const sold = Math.min(collateral.tokens, curve.depth);
    return curve.out(sold) * priceOut - sold * priceIn - gasUsd - (collateral.tokens - sold) * priceIn;
  };
  const candidates = pools.flatMap((pool, index) => (pool.curve.from === collateral.asset && pool.curve.to === debt.asset ? [{ pool, index }] : []));
  return candidates.toSorted((a, b) => worth(b.pool) - worth(a.pool))[0]?.index ?? -1;
}

/** At most everything, and no more than the pools take. */
function greatestShare({ network, collaterals, shares, pools }: Plan): number {
  const full = collaterals.flatMap(({ tokens }, row) =>
    shares.map((share, column) => {
      const pool = pools[row]?.[column] ?? null;
      return pool === null || tokens * share === 0 ? 1 : (network.pools[pool]?.curve.depth ?? 0) / (tokens * share);
    }),
  );
  return Math.min(1, ...full);
}

function amountsAt({ network, collaterals, debts, closes, shares, pools }: Plan, share: number): PlanAmounts {
  const amounts = { arcs: new Float64Array(network.arcs.length), pools: new Float64Array(network.pools.length) };
  const received = new Float64Array(debts.length);
  const counted = 1 - network.problem.priceHeadRoom;
  for (const entry of closes) amounts.arcs[entry.arc] = share * entry.tokens;
  collaterals.forEach(({ arc, tokens }, row) => {
    amounts.arcs[arc] = share * tokens;
    shares.forEach((part, column) => {
      const pool = pools[row]?.[column] ?? null;
      const sold = share * tokens * part;
      if (pool !== null) amounts.pools[pool] = sold;
      received[column] = (received[column] ?? 0) + (pool === null ? sold : counted * (network.pools[pool]?.curve.out(sold) ?? 0));
    });
  });
  debts.forEach(({ arc, tokens }, column) => {
    amounts.arcs[arc] = Math.min(tokens, received[column] ?? 0);
  });
  return amounts;
}

/** Slack is concave in the share, so golden sections close in on its greatest value. */
function findBestShare(slackAt: (share: number) => number, most: number): number {
  let [low, high] = [0, most];
  for (let step = 0; step < NARROWINGS; step += 1) {
    const [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (slackAt(left) < slackAt(right)) low = left;
    else high = right;
  }
  return [low, high, most].reduce((best, share) => (slackAt(share) > slackAt(best) ? share : best));
}

/** The least share up to `enough` that is enough, rounded up to the bisection's grain. */
function findLeastShare(slackAt: (share: number) => number, enough: number): number {
  let [low, high] = [0, enough];
  for (let step = 0; step < BISECTIONS && high - low > Number.EPSILON * high; step += 1) {
    const middle = (low + high) / 2;
    if (slackAt(middle) >= 0) high = middle;
    else low = middle;
  }
  return high;
}
