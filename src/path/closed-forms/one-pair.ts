import type { AssetId } from '../../core/ids.ts';
import type { PathAccount, PathArc, PathProblem, PathRoute, PathSolution } from '../solver/problem.ts';

/** Steps of the search for the least sale; each halves the interval, so the last is below a float's grain. */
const HALVINGS = 100;

interface OnePair {
  readonly withdraw: PathArc;
  readonly repay: PathArc;
  readonly route: PathRoute;
}

/**
 * The cheapest plan where there is nothing to choose: one account, one collateral that can be sold by one route into one debt, no cash, no other row than its health. The least sale is the smallest root of a
 * concave function of the amount, so no solver is needed and there is no gap.
 *
 * @returns null where the problem has more than that to it, or the pair alone cannot reach the target (then the solver says what is missing).
 * @source design: path.md §2.1 and §2.2, for any concave curve
 */
export function solveOnePair(problem: PathProblem): PathSolution | null {
  const [account] = problem.accounts;
  const pair = account === undefined || problem.accounts.length > 1 ? null : findPair(account, problem.routes);
  if (
    account === undefined ||
    pair === null ||
    problem.unifiedTarget !== null ||
    account.scenarios.length > 0 ||
    account.minimumDebts.length > 0 ||
    account.borrowLimit?.kinds.includes('withdraw') === true
  )
    return null;
  if (problem.cash.some(({ amount }) => amount > 0) || problem.flashLenders.some(({ feeBps }) => feeBps > 0)) return null;
  const { withdraw, repay, route } = pair;
  const perToken = (arc: PathArc): number => arc.effect.collateralUsd - account.target * arc.effect.debtUsd;
  const counted = 1 - problem.priceHeadRoom;
  const slack = (amount: number): number =>
    account.collateralUsd - account.target * account.debtUsd + perToken(withdraw) * amount + perToken(repay) * Math.min(counted * route.curve.out(amount), repay.max);
  if (slack(0) >= 0) return describe(account.id, pair, { problem, amount: 0 });
  const most = Math.min(withdraw.max, route.curve.depth);
  const best = peakOf(slack, most);
  if (!(slack(best) >= 0)) return null;
  return describe(account.id, pair, { problem, amount: leastRoot(slack, best) });
}

/**
 * One collateral that is sold, one debt that is repaid, and nothing else that could be part of a cheapest plan: other assets come in and go out by no route, supplying either asset of the pair or borrowing
 * more of the debt undoes a part of it (a dollar repaid relieves more than a dollar supplied), and borrowing what is sold is another plan.
 */
function findPair({ arcs }: PathAccount, routes: readonly PathRoute[]): OnePair | null {
  const [route] = routes;
  if (route === undefined || routes.length > 1) return null;
  const { from, to } = route.curve;
  const find = (kind: PathArc['kind'], asset: AssetId): PathArc | undefined => arcs.find((arc) => arc.kind === kind && arc.asset === asset);
  const [withdraw, repay] = [find('withdraw', from), find('repay', to)];
  const isOtherWay = find('withdraw', to) !== undefined || find('borrow', from) !== undefined || arcs.some((arc) => arc.kind === 'close');
  return withdraw === undefined || repay === undefined || isOtherWay || !Number.isFinite(withdraw.max) ? null : { withdraw, repay, route };
}

/** Where a concave function is greatest on [0, most]. */
function peakOf(value: (amount: number) => number, most: number): number {
  let [low, high] = [0, most];
  for (let step = 0; step < HALVINGS; step += 1) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (value(a) < value(b)) low = a;
    else high = b;
  }
  return value(most) >= value(high) ? most : high;
}

/** The smallest amount up to `reached` (where the function is not negative) at which a concave function is 0. */
function leastRoot(value: (amount: number) => number, reached: number): number {
  let [low, high] = [0, reached];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (value(middle) < 0) low = middle;
    else high = middle;
  }
  return high;
}

function describe(account: string, { withdraw, repay, route }: OnePair, { problem, amount }: { readonly problem: PathProblem; readonly amount: number }): PathSolution {
  const { curve } = route;
  const out = curve.out(amount);
  const price = (asset: PathArc['asset']): number => problem.marketUsd.get(asset) ?? Number.NaN;
  const slippageUsd = Math.max(0, amount * price(curve.from) - out * price(curve.to));
  const gasUsd = amount === 0 ? 0 : withdraw.gasUsd + repay.gasUsd + route.gasUsd;
  const totalUsd = slippageUsd + gasUsd;
  return {
    status: 'optimal',
    arcs:
      amount === 0
        ? []
        : [
            { account, arc: withdraw.id, amount },
            { account, arc: repay.id, amount: Math.min(out * (1 - problem.priceHeadRoom), repay.max) },
          ],
    swaps: amount === 0 ? [] : [{ route: route.id, amountIn: amount, amountOut: out }],
    cost: { slippageUsd, feesUsd: 0, gasUsd, cashUsd: 0, totalUsd },
    lowerBoundUsd: totalUsd,
    gapUsd: 0,
    method: 'closed form of one pair',
    missing: [],
  };
}
