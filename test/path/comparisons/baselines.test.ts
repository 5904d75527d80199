import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { computeSaleProceeds, computeSelfSale } from '../../../src/path/closed-forms/pool-sale.ts';
import { type BaselineName, computeBaselines, type PathBaseline } from '../../../src/path/comparisons/baselines.ts';
import type { PathArc, PathProblem, PathSolution } from '../../../src/path/solver/problem.ts';
import { ABSOLUTE_GAP_USD, RELATIVE_GAP } from '../../../src/path/solver/refine.ts';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';
import { constantProduct } from '../../bench/path/curves.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';
import { accountOf, arcOf, IS_LONG, problemOf, routeOf, solveHere, TIGHT, USDC, WBTC, WETH } from '../solver/fixture.ts';

const shared = openInThreadSolver();
const INSTANCES = IS_LONG ? 60 : 10;
const NO_GAS = { gasUsd: 0 };
const DEPTH = 400_000;
const FEE = 0.003;

async function baselinesOf(problem: PathProblem, nativeForcedUsd: number | null = null): Promise<{ optimum: PathSolution; of: (name: BaselineName) => PathBaseline }> {
  const optimum = await solveHere(problem, TIGHT);
  const all = await computeBaselines(problem, optimum, { budgetMs: Infinity, now: () => 0, solver: await shared, ...TIGHT, nativeForcedUsd });
  return {
    optimum,
    of: (name) => {
      const found = all.find((entry) => entry.name === name);
      if (found === undefined) throw new Error(name);
      return found;
    },
  };
}

/** 10 WETH at 2000 count 0.8 against 14 000 USDC: 800 USD short of 1.2; `gas` is what every arc and the swap cost. */
function onePair(gas: number, terms: Partial<PathProblem> = {}): PathProblem {
  return problemOf({
    accounts: [
      accountOf('only', {
        collateralUsd: 16_000,
        debtUsd: 14_000,
        arcs: [arcOf('withdraw', WETH, { max: 10, all: 10, gasUsd: gas }), arcOf('repay', USDC, { max: 14_000, all: 14_000, gasUsd: gas })],
      }),
    ],
    routes: [routeOf('weth>usdc', constantProduct({ from: WETH, to: USDC }, { reserveIn: DEPTH / 2_000, reserveOut: DEPTH, fee: FEE }), gas)],
    ...terms,
  });
}

/** Two accounts with the same debt: `poor` is short and holds nothing to sell but WETH, `rich` holds the very asset that `poor` owes. */
function richAndPoor(gas: Partial<PathArc> = NO_GAS): PathProblem {
  const [pair] = onePair(0).accounts;
  if (pair === undefined) throw new Error('fixture');
  return onePair(0, {
    accounts: [{ ...pair, id: 'poor' }, accountOf('rich', { collateralUsd: 40_000, debtUsd: 10_000, arcs: [arcOf('withdraw', USDC, { max: 50_000, all: 50_000, ...gas })] })],
  });
}

describe(computeBaselines, () => {
  test('default: one account with one pair and no gas costs the closed form, alone and pro rata as at the optimum', async () => {
    const { optimum, of } = await baselinesOf(onePair(0));
    const pool = { depthUsd: new Decimal(DEPTH), fee: new Decimal(FEE), basis: ONE };
    const sums = { collateralUsd: new Decimal(16_000), debtUsd: new Decimal(14_000) };
    const sale = computeSelfSale(sums, { collateralUsd: new Decimal(20_000), threshold: new Decimal('0.8'), debtUsd: new Decimal(14_000), debtWeight: ONE }, pool, new Decimal('1.2'));
    if (sale.kind !== 'amount') throw new Error(sale.kind);
    const lost = sale.amount.minus(computeSaleProceeds(pool, sale.amount)).toNumber();
    expect(optimum.cost.totalUsd).toBeCloseTo(lost, 3);
    expect(of('each protocol alone').totalUsd).toBeCloseTo(lost, 3);
    expect(of('pro rata').totalUsd).toBeCloseTo(lost, 6);
    expect(of('pro rata').cost).toMatchObject({ gasUsd: 0, feesUsd: 0, cashUsd: 0 });
  });

  test('behavior: closing everything sells what repays the whole debt, out(x) = D', async () => {
    const { optimum, of } = await baselinesOf(onePair(2));
    const sold = (14_000 * DEPTH) / ((1 - FEE) * (DEPTH - 14_000));
    const expected = sold - 14_000 + 3 * 2;
    const closed = of('close everything');
    expect(closed.totalUsd).toBeCloseTo(expected, 3);
    expect(closed.cost?.gasUsd).toBe(6);
    expect(closed.extraUsd).toBeCloseTo(expected - optimum.cost.totalUsd, 3);
    expect(closed.ratio).toBeCloseTo(expected / optimum.cost.totalUsd, 5);
  });

  test('behavior: what another account has to spare helps the optimum only', async () => {
    const { optimum, of } = await baselinesOf(richAndPoor());
    expect(optimum.cost.totalUsd).toBeCloseTo(0, 6);
    const alone = of('each protocol alone');
    expect(alone.totalUsd).toBeGreaterThan(5);
    expect(alone).toMatchObject({ extraUsd: alone.totalUsd, ratio: null, reason: null });
  });

  test('behavior: cash goes to the account that stands worst, and the other one makes do without it', async () => {
    const arcs = [arcOf('repay', USDC, { max: 14_000, all: 14_000, ...NO_GAS })];
    const low = accountOf('low', { collateralUsd: 16_000, debtUsd: 14_000, arcs });
    const lower = accountOf('lower', { collateralUsd: 15_000, debtUsd: 14_000, arcs });
    // 800 and 1800 short: 666.67 and 1500 repay it.
    const cash = (amount: number): PathProblem => problemOf({ accounts: [low, lower], cash: [{ asset: USDC, amount }] });
    expect((await baselinesOf(cash(2_167))).of('each protocol alone')).toMatchObject({ totalUsd: 0, reason: null });
    const optimum = await solveHere(cash(2_167), TIGHT);
    const [short] = await computeBaselines(cash(1_600), optimum, { budgetMs: Infinity, now: () => 0, solver: await shared, nativeForcedUsd: null });
    expect(short?.totalUsd).toBeNull();
    expect(short?.reason).toMatch(/^low: 680\.00 USD are missing/);
  });

  test('behavior: accounts that sell into one pool find what the first has left of it', async () => {
    const problem = onePair(0);
    const [pair] = problem.accounts;
    if (pair === undefined) throw new Error('fixture');
    const twice = {
      ...problem,
      accounts: [
        { ...pair, id: 'a' },
        { ...pair, id: 'b' },
      ],
    };
    const [one, two] = [await baselinesOf(problem), await baselinesOf(twice)];
    for (const name of ['each protocol alone', 'pro rata'] as const) {
      expect(two.of(name).totalUsd, name).toBeGreaterThan(2 * (one.of(name).totalUsd ?? Infinity) + 1);
      expect(two.of(name).totalUsd, name).toBeCloseTo(two.optimum.cost.totalUsd, 1);
    }
  });

  test('behavior: a unified target is every account’s own where each is on its own', async () => {
    const { optimum, of } = await baselinesOf({ ...richAndPoor(), unifiedTarget: 1.5 });
    expect(optimum.status).toBe('optimal');
    const alone = of('each protocol alone');
    const raised = await baselinesOf(
      onePair(0, {
        accounts: richAndPoor()
          .accounts.slice(0, 1)
          .map((account) => ({ ...account, target: 1.5 })),
      }),
    );
    expect(alone.totalUsd).toBeCloseTo(raised.optimum.cost.totalUsd, 3);
  });

  test('behavior: a baseline out of reach has no cost and says which account and why', async () => {
    const noRoute = await baselinesOf({ ...richAndPoor(), routes: [] });
    for (const name of ['each protocol alone', 'pro rata', 'close everything'] as const) {
      expect(noRoute.of(name), name).toMatchObject({ cost: null, totalUsd: null, extraUsd: null, ratio: null, gapUsd: null });
      expect(noRoute.of(name).reason, name).toMatch(/^poor: /);
    }
    expect(noRoute.of('pro rata').reason).toContain('no route swaps');
    expect(noRoute.of('native forced')).toMatchObject({ totalUsd: null, reason: 'not computed' });
    const shallow = richAndPoor();
    const pool = constantProduct({ from: WETH, to: USDC }, { reserveIn: 0.2, reserveOut: 400, fee: FEE });
    expect((await baselinesOf({ ...shallow, routes: [routeOf('weth>usdc', pool, 0)] })).of('pro rata').reason).toContain('no share of its collateral is enough');
  });

  test('behavior: a debt below its minimum is not a plan', async () => {
    const problem = richAndPoor();
    const accounts = problem.accounts.map((account) => (account.id === 'poor' ? { ...account, minimumDebts: [{ asset: USDC, current: 14_000, minimum: 13_500 }] } : account));
    const { of } = await baselinesOf({ ...problem, accounts });
    expect(of('pro rata').reason).toContain('below its minimum');
    expect(of('each protocol alone').totalUsd).toBeGreaterThan(of('pro rata').totalUsd ?? 0);
  });

  test('behavior: collaterals go in proportion to what they are worth, debts too', async () => {
    const deep = (from: typeof WETH, price: number) => constantProduct({ from, to: USDC }, { reserveIn: 1e12 / price, reserveOut: 1e12, fee: 0 });
    const account = accountOf('only', {
      collateralUsd: 0.8 * 60_000 + 0.5 * 40_000,
      debtUsd: 60_000,
      arcs: [
        arcOf('withdraw', WETH, { max: 30, all: 30, ...NO_GAS }),
        arcOf('withdraw', WBTC, { max: 0.8, all: 0.8, factor: 0.5, ...NO_GAS }),
        arcOf('repay', USDC, { max: 60_000, all: 60_000, gasUsd: 7 }),
      ],
    });
    const lossy = { ...deep(WETH, 2_000), out: (amount: number) => amount * 1_980, marginal: () => 1_980 };
    const { of } = await baselinesOf(problemOf({ accounts: [account], routes: [routeOf('weth', lossy, 0), routeOf('wbtc', deep(WBTC, 50_000), 0)] }));
    // m sells 60 000 m of WETH, losing 1 %, and 40 000 m of WBTC: 68 000 (1 − m) = 1.2 · (60 000 − 99 400 m).
    const share = 4_000 / (1.2 * 99_400 - 68_000);
    expect(of('pro rata').totalUsd).toBeCloseTo(share * 600 + 7, 3);
  });

  test('behavior: what a sale brings is split over the debts in proportion to what is owed', async () => {
    const account = accountOf('only', {
      collateralUsd: 70_000,
      debtUsd: 60_000,
      arcs: [
        arcOf('withdraw', WETH, { max: 50, all: 50, factor: 0.7, ...NO_GAS }),
        arcOf('repay', USDC, { max: 45_000, all: 45_000, ...NO_GAS }),
        arcOf('repay', WBTC, { max: 0.3, all: 0.3, ...NO_GAS }),
      ],
    });
    const base = constantProduct({ from: WETH, to: USDC }, { reserveIn: 1e9, reserveOut: 1e12, fee: 0 });
    const lossy = { ...base, out: (amount: number) => amount * 1_980, marginal: () => 1_980 };
    const free = { ...base, to: WBTC, out: (amount: number) => amount / 25, marginal: () => 1 / 25 };
    const { of } = await baselinesOf(problemOf({ accounts: [account], routes: [routeOf('usdc', lossy, 0), routeOf('wbtc', free, 0)] }));
    // 100 000 m of WETH, three quarters of it for USDC at a loss of 1 %: 70 000 (1 − m) = 1.2 · (60 000 − 99 250 m).
    expect(of('pro rata').totalUsd).toBeCloseTo((2_000 / (1.2 * 99_250 - 70_000)) * 750, 3);
  });

  test('behavior: a borrow limit binds a sale where it stands before withdrawals, not where it stands before loans', async () => {
    const [account] = onePair(0).accounts;
    if (account === undefined) throw new Error('fixture');
    const limited = (kinds: readonly ('withdraw' | 'borrow')[]): PathProblem => {
      const borrowLimit = { collateralUsd: 13_000, debtUsd: 14_000, kinds };
      const arcs = account.arcs.map((arc) => ({ ...arc, borrowEffect: arc.kind === 'withdraw' ? { collateralUsd: -1_300, debtUsd: 0 } : { collateralUsd: 0, debtUsd: -1 } }));
      return onePair(0, { accounts: [{ ...account, borrowLimit, arcs }] });
    };
    const [free, loans, both] = [await baselinesOf(onePair(0)), await baselinesOf(limited(['borrow'])), await baselinesOf(limited(['withdraw', 'borrow']))];
    expect(loans.of('pro rata').totalUsd).toBeCloseTo(free.of('pro rata').totalUsd ?? 0, 6);
    expect(both.of('pro rata').totalUsd).toBeCloseTo(both.optimum.cost.totalUsd, 2);
    expect(both.optimum.cost.totalUsd).toBeGreaterThan(free.optimum.cost.totalUsd + 1);
  });

  test('behavior: a pool that takes too little is named, not sold into beyond its depth', async () => {
    const curve = { ...constantProduct({ from: WETH, to: USDC }, { reserveIn: 200, reserveOut: 400_000, fee: FEE }), depth: 0.5 };
    const { of } = await baselinesOf({ ...richAndPoor(), routes: [routeOf('weth>usdc', curve, 0)] });
    expect(of('pro rata').reason).toContain('no share of its collateral is enough');
  });

  test('behavior: a debt is closed as a whole where its minimum forbids a part, and nothing else is added', async () => {
    const withMinimum = accountOf('only', {
      collateralUsd: 16_000,
      debtUsd: 14_000,
      minimumDebts: [{ asset: USDC, current: 14_000, minimum: 13_900 }],
      arcs: [arcOf('repay', USDC, { max: 14_000, all: 14_000, ...NO_GAS }), arcOf('supply', USDC, { max: 50_000, ...NO_GAS }), arcOf('borrow', WBTC, { max: 5, ...NO_GAS })],
    });
    const { optimum, of } = await baselinesOf(problemOf({ accounts: [withMinimum], cash: [{ asset: USDC, amount: 20_000 }], cashCost: 0.1 }));
    // 100 repaid down to the minimum, 850 supplied for the remaining 680.
    expect(optimum.cost.totalUsd).toBeCloseTo(95, 2);
    expect(of('close everything').totalUsd).toBeCloseTo(1_400, 4);
  });

  test.each(SIZES.slice(0, 2).map((size) => [size.name, size] as const))('property: no baseline undercuts the optimum beyond its certified gap, %s', { timeout: 600_000 }, async (_, size) => {
    const reached: string[] = [];
    for (let index = 0; index < INSTANCES; index += 1) {
      const problem = makeInstance(size, index);
      if ((await solveHere(problem)).status === 'infeasible') continue;
      const { optimum, of } = await baselinesOf(problem, 1e9);
      // Asked for 1e-7; what the product promises is what must be certified.
      expect(optimum.gapUsd, `instance ${index}`).toBeLessThanOrEqual(Math.max(ABSOLUTE_GAP_USD, RELATIVE_GAP * optimum.cost.totalUsd));
      for (const name of ['each protocol alone', 'pro rata', 'close everything', 'native forced'] as const) {
        const { totalUsd, reason } = of(name);
        expect(totalUsd === null, `instance ${index}, ${name}: a cost or a reason`).toBe(reason !== null);
        if (totalUsd === null) continue;
        reached.push(name);
        expect(totalUsd, `instance ${index}, ${name}`).toBeGreaterThanOrEqual(optimum.lowerBoundUsd - 1e-3);
      }
    }
    for (const name of ['each protocol alone', 'pro rata', 'close everything']) expect(reached.filter((entry) => entry === name).length, name).toBeGreaterThan(INSTANCES / 4);
  });

  test('bad input: nothing is compared with a plan that there is none of', async () => {
    const problem = problemOf({ accounts: [accountOf('only', { collateralUsd: 1, debtUsd: 1 })] });
    const infeasible = await solveHere(problem);
    expect(infeasible.status).toBe('infeasible');
    const refused = await computeBaselines(problem, infeasible, { budgetMs: 1, now: () => 0, solver: await shared, nativeForcedUsd: null }).catch((error: unknown) => error);
    expect(isPlimsollError(refused, 'INVALID_ARGUMENT')).toBe(true);
  });
});
