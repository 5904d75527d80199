import { describe, expect, test } from 'vitest';
import type { SwapCurve } from '../../../src/path/curves/curve.ts';
import { layOutNetwork } from '../../../src/path/solver/network.ts';
import { evaluateAmounts } from '../../../src/path/solver/plan-amounts.ts';
import type { ArcEffect, PathProblem, PathSolution } from '../../../src/path/solver/problem.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';
import { IS_LONG, solveHere } from './fixture.ts';

const CASES = IS_LONG ? Array.from({ length: 40 }, (_, index) => index) : [0, 1, 2, 3, 5, 7, 9, 11];
const SIZES_TRIED = IS_LONG ? SIZES.slice(0, 3) : SIZES.slice(0, 2);
const GAPS = { relativeGap: 1e-6, absoluteGapUsd: 1e-3 };

/** No dearer, up to the gaps of both. */
function expectNoDearer(changed: PathSolution, original: PathSolution, what: string): void {
  if (original.status === 'infeasible') return;
  expect(changed.status, what).toBe('optimal');
  expect(changed.cost.totalUsd, what).toBeLessThanOrEqual(original.cost.totalUsd * (1 + 2e-6) + 2e-3);
  expect(changed.lowerBoundUsd, what).toBeLessThanOrEqual(original.cost.totalUsd * (1 + 1e-6) + 1e-6);
}

/** `factor` pools of the same kind side by side. */
function deeper(curve: SwapCurve, factor: number): SwapCurve {
  return { ...curve, depth: curve.depth * factor, out: (amount) => factor * curve.out(amount / factor), marginal: (amount) => curve.marginal(amount / factor) };
}

function withGas(problem: PathProblem, factor: number): PathProblem {
  return {
    ...problem,
    accounts: problem.accounts.map((account) => ({ ...account, arcs: account.arcs.map((arc) => ({ ...arc, gasUsd: arc.gasUsd * factor })) })),
    routes: problem.routes.map((route) => ({ ...route, gasUsd: route.gasUsd * factor })),
  };
}

function scaled(problem: PathProblem, factor: number): PathProblem {
  const state = <T extends ArcEffect>(value: T): T => ({ ...value, collateralUsd: value.collateralUsd * factor, debtUsd: value.debtUsd * factor });
  return withGas(
    {
      ...problem,
      accounts: problem.accounts.map((account) => ({
        ...state(account),
        borrowLimit: account.borrowLimit === null ? null : state(account.borrowLimit),
        minimumDebts: account.minimumDebts.map((debt) => ({ ...debt, current: debt.current * factor, minimum: debt.minimum * factor })),
        arcs: account.arcs.map((arc) => ({ ...arc, max: arc.max * factor, all: arc.all === null ? null : arc.all * factor })),
      })),
      cash: problem.cash.map((entry) => ({ ...entry, amount: entry.amount * factor })),
      routes: problem.routes.map((route) => ({ ...route, curve: deeper(route.curve, factor) })),
    },
    factor,
  );
}

describe.each(SIZES_TRIED)('metamorphic, $name', (size) => {
  test.each(CASES)('property: instance %i', { timeout: 600_000 }, async (index) => {
    const problem = makeInstance(size, index);
    const original = await solveHere(problem, GAPS);
    const deep = { ...problem, routes: problem.routes.map((route) => ({ ...route, curve: deeper(route.curve, 3) })) };
    expectNoDearer(await solveHere(deep, GAPS), original, 'deeper pools');
    expectNoDearer(await solveHere(withGas(problem, 0.5), GAPS), original, 'half the gas');
    const richer = { ...problem, cash: layOutNetwork(problem).assets.map((state) => ({ asset: state.asset, amount: state.cash + 1_000 / state.price })) };
    expectNoDearer(await solveHere(richer, GAPS), original, 'more cash');
    const mirrored = {
      ...problem,
      accounts: problem.accounts.toReversed().map((account) => ({ ...account, arcs: account.arcs.toReversed() })),
      routes: problem.routes.toReversed(),
      cash: problem.cash.toReversed(),
    };
    const reversed = await solveHere(mirrored, GAPS);
    const tenfold = await solveHere(scaled(problem, 10), { ...GAPS, absoluteGapUsd: 1e-2 });
    expect([reversed.status, tenfold.status]).toEqual([original.status, original.status]);
    expect(Math.abs(reversed.cost.totalUsd - original.cost.totalUsd), 'order of accounts').toBeLessThan(2e-3 + 2e-6 * original.cost.totalUsd);
    expect(Math.abs(tenfold.cost.totalUsd / 10 - original.cost.totalUsd), 'ten times everything').toBeLessThan(2e-3 + 2e-6 * original.cost.totalUsd);
  });
});

describe.each(SIZES_TRIED)('plans, $name', (size) => {
  test('property: lower bound ≤ cost ≤ bound and gap, every row holds on the true curves, the same input gives the same plan', { timeout: 600_000 }, async () => {
    for (const index of CASES) {
      const problem = makeInstance(size, index);
      const solution = await solveHere(problem);
      expect(await solveHere(problem), `instance ${index}`).toEqual(solution);
      if (solution.status === 'infeasible') continue;
      expect(solution.status).toBe('optimal');
      expect(solution.lowerBoundUsd).toBeLessThanOrEqual(solution.cost.totalUsd + 1e-6);
      expect(solution.gapUsd).toBeLessThanOrEqual(Math.max(0.01, 1e-4 * solution.cost.totalUsd) + 1e-9);
      const network = layOutNetwork(problem);
      const judged = evaluateAmounts(network, {
        arcs: Float64Array.from(network.arcs, ({ account, arc }) => solution.arcs.find((entry) => entry.account === account.id && entry.arc === arc.id)?.amount ?? 0),
        pools: Float64Array.from(network.pools, ({ routeId }) => solution.swaps.find((swap) => swap.route === routeId)?.amountIn ?? 0),
      });
      expect(judged.violationUsd, `instance ${index}`).toBeLessThan(1e-4);
      expect(judged.cost.totalUsd).toBeCloseTo(solution.cost.totalUsd, 9);
    }
  });
});
