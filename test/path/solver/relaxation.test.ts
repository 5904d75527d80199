import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgument, MissingPrice } from '../../../src/core/errors.ts';
import { checkProblem } from '../../../src/path/solver/check-problem.ts';
import { findPlan } from '../../../src/path/solver/heuristic.ts';
import { buildModel } from '../../../src/path/solver/model.ts';
import { layOutNetwork } from '../../../src/path/solver/network.ts';
import { evaluateAmounts } from '../../../src/path/solver/plan-amounts.ts';
import { type CostedPlan, polish } from '../../../src/path/solver/polish.ts';
import type { PathProblem } from '../../../src/path/solver/problem.ts';
import { openRelaxation, solveRoot } from '../../../src/path/solver/relaxation.ts';
import { openInThreadSolver, type PathSolver } from '../../../src/path/solver/solve.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';

const COUNT = 25;
const ROUNDING_USD = 1e-3;

let solver: PathSolver;
beforeAll(async () => {
  solver = await openInThreadSolver();
});
afterAll(async () => {
  await solver.close();
});

interface Solved {
  readonly problem: PathProblem;
  /** Optimum of the linear relaxation, USD. */
  readonly root: number;
  /** Bound of the mixed-integer outer model, USD. */
  readonly bound: number;
  readonly plan: CostedPlan | null;
}

async function solve(problem: PathProblem): Promise<Solved> {
  const model = buildModel(layOutNetwork(problem));
  const relaxation = await openRelaxation(solver, model);
  const root = await solveRoot(relaxation);
  const plan = root.status === 'optimal' ? (await findPlan(solver, relaxation, root)).plan : null;
  const exact = await relaxation.session.solveMip({ start: null, timeLimitMs: Infinity, relativeGap: 1e-6, absoluteGap: 1e-6 });
  await relaxation.session.close();
  return { problem, root: root.objective, bound: exact.bound, plan };
}

describe('the outer model and the plans of its heuristic', () => {
  it.each(SIZES.slice(0, 2))('property: relaxation ≤ outer optimum ≤ any plan, and every plan meets every row on the true curves ($name)', async (size) => {
    let plans = 0;
    for (let index = 0; index < COUNT; index += 1) {
      const { problem, root, bound, plan } = await solve(makeInstance(size, index));
      if (plan === null) continue;
      plans += 1;
      const judged = evaluateAmounts(layOutNetwork(problem), plan.amounts);
      expect(judged.violationUsd, `instance ${index}`).toBeLessThan(ROUNDING_USD);
      expect(root, `instance ${index}`).toBeLessThanOrEqual(bound + ROUNDING_USD);
      expect(bound, `instance ${index}`).toBeLessThanOrEqual(judged.cost.totalUsd + ROUNDING_USD);
    }
    expect(plans).toBeGreaterThan(COUNT / 2);
  });

  it('behavior: no support of a small instance is cheaper than the bound', async () => {
    const problem = makeInstance(SIZES[0], 0);
    const model = buildModel(layOutNetwork(problem));
    const { bound, plan } = await solve(problem);
    expect(plan).not.toBeNull();
    const remains = plan?.support.remains ?? [];
    for (let index = 0; index < model.arcs.length; index += 1) {
      const support = { arcs: model.arcs.map((_, arc) => arc !== index), pools: model.pools.map(() => true), remains };
      const other = await polish(solver, model, { support, near: null });
      if (other !== null && other.evaluation.violationUsd < ROUNDING_USD) expect(other.evaluation.cost.totalUsd).toBeGreaterThanOrEqual(bound - ROUNDING_USD);
    }
  });

  it('default: a wallet above its targets does nothing and pays nothing', async () => {
    const instance = makeInstance(SIZES[0], 0);
    const accounts = instance.accounts.map((account) => ({ ...account, collateralUsd: account.collateralUsd * 10, borrowLimit: null }));
    const { root, plan } = await solve({ ...instance, accounts, unifiedTarget: null });
    expect(root).toBe(0);
    expect(plan?.evaluation.cost.totalUsd).toBe(0);
  });

  it('default: nothing to repay with, nothing to move: no plan', async () => {
    const instance = makeInstance(SIZES[0], 0);
    const accounts = instance.accounts.map((account) => ({ ...account, collateralUsd: account.debtUsd / 2, arcs: account.arcs.filter((arc) => arc.kind === 'repay'), borrowLimit: null }));
    const { root, plan } = await solve({ ...instance, accounts, cash: [], routes: [] });
    expect(plan).toBeNull();
    expect(root).toBe(Infinity);
  });
});

describe('checkProblem', () => {
  const problem = makeInstance(SIZES[0], 0);
  const withFirst = (change: Partial<PathProblem['accounts'][number]>): PathProblem => ({
    ...problem,
    accounts: problem.accounts.map((account, index) => (index === 0 ? { ...account, ...change } : account)),
  });

  it('default: a sound problem passes', () => {
    expect(() => {
      checkProblem(problem);
    }).not.toThrow();
  });

  it.each([
    ['a target below 1', withFirst({ target: 0.99 }), /Ask for 1 or more/],
    ['a debt that is no number', withFirst({ debtUsd: Number.NaN }), /is not a number/],
    ['a unified target below 1', { ...problem, unifiedTarget: 0 }, /Ask for 1 or more/],
    ['an account twice', { ...problem, accounts: [...problem.accounts, ...problem.accounts] }, /occurs twice/],
    ['negative cash', { ...problem, cash: problem.cash.map((entry) => ({ ...entry, amount: -1 })) }, /number of 0 or more/],
  ])('error: %s', (_, broken, message) => {
    const check = (): void => {
      checkProblem(broken);
    };
    expect(check).toThrow(InvalidArgument);
    expect(check).toThrow(message);
  });

  it('error: an asset without a price', () => {
    expect(() => {
      checkProblem({ ...problem, marketUsd: new Map() });
    }).toThrow(MissingPrice);
  });
});
