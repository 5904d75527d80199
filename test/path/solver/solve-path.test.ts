import { describe, expect, test } from 'vitest';
import { InvalidArgument, isPlimsollError, MissingPrice } from '../../../src/core/errors.ts';
import type { PathProblem } from '../../../src/path/solver/problem.ts';
import { solvePath, solvePathExactly } from '../../../src/path/solver/refine.ts';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';
import { constantProduct } from '../../bench/path/curves.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';
import { accountOf, amountOf, arcOf, CHAIN, MARKET, problemOf, routeOf, solveHere, TIGHT, USDC, WBTC, WETH } from './fixture.ts';

const NO_GAS = { gasUsd: 0 };
const REPAY = `repay:${USDC}`;
const WITHDRAW = `withdraw:${WETH}`;
const pool = (depthUsd: number, fee = 0.003): ReturnType<typeof constantProduct> => constantProduct({ from: WETH, to: USDC }, { reserveIn: depthUsd / 2_000, reserveOut: depthUsd, fee });

/** 10 WETH at 80 % against 15,000 USDC: health 1.0667, target 1.2, so 2,500 USD of debt too many. */
function loan(terms: Parameters<typeof accountOf>[1] = {}): ReturnType<typeof accountOf> {
  const arcs = [arcOf('withdraw', WETH, { max: 10, all: 10 }), arcOf('repay', USDC, { max: 15_000, all: 15_000 })];
  return accountOf('loan', { collateralUsd: 16_000, debtUsd: 15_000, arcs, ...terms });
}
const G = 1.2 * 15_000 - 16_000;

describe('solvePath', () => {
  test('default: repaying from cash costs the gas; amount by the closed form G / H', async () => {
    const solution = await solveHere(problemOf({ accounts: [loan()], cash: [{ asset: USDC, amount: 5_000 }] }), TIGHT);
    expect(solution.status).toBe('optimal');
    expect(amountOf(solution, 'loan', REPAY)).toBeGreaterThanOrEqual(G / 1.2 - 1e-6);
    expect(solution.cost).toMatchObject({ slippageUsd: 0, feesUsd: 0, gasUsd: 5, cashUsd: 0 });
    expect(solution.lowerBoundUsd).toBeCloseTo(5, 6);
  });

  test('default: selling collateral solves the quadratic of one account and one pool', async () => {
    const problem = problemOf({ accounts: [loan()], routes: [routeOf('sell', pool(400_000))] });
    const solution = await solveHere(problem, { relativeGap: 0, absoluteGapUsd: 1e-6 });
    const [threshold, keep, depth] = [0.8, 0.997, 400_000];
    const [a, b, c] = [threshold * keep, threshold * depth - 1.2 * keep * depth + G * keep, G * depth];
    const sold = (-b - Math.sqrt(b * b - 4 * a * c)) / (2 * a);
    expect(solution.swaps).toHaveLength(1);
    expect((solution.swaps[0]?.amountIn ?? 0) * 2_000).toBeCloseTo(sold, 3);
    expect(amountOf(solution, 'loan', WITHDRAW) * 2_000).toBeCloseTo(sold, 3);
    expect(solution.cost.slippageUsd).toBeCloseTo(sold - (keep * sold * depth) / (depth + keep * sold), 3);
    expect(solution.cost.gasUsd).toBe(14);
  });

  test('default: a wallet at its target does nothing', async () => {
    const solution = await solveHere(problemOf({ accounts: [loan({ debtUsd: 13_000 })] }));
    expect(solution).toMatchObject({ status: 'optimal', arcs: [], swaps: [], lowerBoundUsd: 0, gapUsd: 0, missing: [] });
    expect(solution.cost.totalUsd).toBe(0);
  });

  test('behavior: without any account there is nothing to do', async () => {
    expect(await solveHere(problemOf({}))).toMatchObject({ status: 'optimal', arcs: [], swaps: [] });
    const stuck = await solveHere(problemOf({ accounts: [loan({ arcs: [] })] }));
    expect(stuck).toMatchObject({ status: 'infeasible', missing: [{ account: 'loan' }] });
    expect(stuck.missing[0]?.collateralUsd).toBeCloseTo(G, 6);
  });

  test('behavior: cash at hand that is said to cost something is used only where it is cheaper', async () => {
    const free = problemOf({ accounts: [loan()], cash: [{ asset: USDC, amount: 5_000 }], routes: [routeOf('sell', pool(400_000))] });
    const dear = await solveHere({ ...free, cashCost: 0.5 });
    expect((await solveHere(free)).swaps).toHaveLength(0);
    expect(dear.swaps).toHaveLength(1);
    const fair = await solveHere({ ...free, cashCost: 0.001 });
    expect(fair.cost.cashUsd).toBeCloseTo((G / 1.2) * 0.001, 6);
    expect(fair.cost.totalUsd).toBeCloseTo(5 + (G / 1.2) * 0.001, 5);
  });

  test('behavior: a flash fee is charged on what is spent beyond the cash at hand', async () => {
    const lender = [{ chain: CHAIN, name: 'lender', kind: 'aave', lender: `0x${'a'.repeat(40)}`, feeBps: 9 }] as const;
    const problem = problemOf({ accounts: [loan()], cash: [{ asset: USDC, amount: 100 }], routes: [routeOf('sell', pool(4_000_000))], flashLenders: lender });
    const solution = await solveHere(problem, TIGHT);
    const repaid = amountOf(solution, 'loan', REPAY);
    expect(solution.cost.feesUsd).toBeCloseTo((repaid - 100) * 0.0009, 6);
    expect((solution.swaps[0]?.amountOut ?? 0) + 100).toBeGreaterThanOrEqual(repaid + (repaid - 100) * 0.0009 - 1e-6);
  });

  test('behavior: routes over one curve are one pool, not two', async () => {
    const curve = pool(100_000);
    const one = await solveHere(problemOf({ accounts: [loan()], routes: [routeOf('a', curve, 2)] }), TIGHT);
    const two = await solveHere(problemOf({ accounts: [loan()], routes: [routeOf('a', curve, 2), routeOf('b', curve, 3)] }), TIGHT);
    const separate = await solveHere(problemOf({ accounts: [loan()], routes: [routeOf('a', curve, 2), routeOf('b', pool(100_000), 3)] }), TIGHT);
    expect(two.cost.totalUsd).toBeCloseTo(one.cost.totalUsd, 4);
    expect(separate.cost.totalUsd).toBeLessThan(one.cost.totalUsd - 1);
  });

  test('behavior: a pool above the market price is no source of savings, nor of trades', async () => {
    const generous = constantProduct({ from: WETH, to: USDC }, { reserveIn: 500, reserveOut: 1_100_000, fee: 0 });
    const solution = await solveHere(problemOf({ accounts: [loan()], cash: [{ asset: USDC, amount: 5_000 }], routes: [routeOf('sell', generous)] }), TIGHT);
    expect(solution.swaps).toHaveLength(0);
    expect(solution.cost.totalUsd).toBeCloseTo(5, 9);
    const needed = await solveHere(problemOf({ accounts: [loan()], routes: [routeOf('sell', generous)] }), TIGHT);
    expect(needed.cost.slippageUsd).toBe(0);
    expect(needed.swaps[0]?.amountOut ?? 0).toBeGreaterThan((needed.swaps[0]?.amountIn ?? 0) * 2_000);
  });

  test('behavior: supply and withdraw of one asset exclude each other, though their effects differ', async () => {
    const arcs = [arcOf('supply', WETH, { factor: 0.9, gasUsd: 0 }), arcOf('withdraw', WETH, { factor: 0.7, max: 10, all: 10, gasUsd: 0 })];
    const pumped = await solveHere(problemOf({ accounts: [loan({ arcs })] }));
    expect(pumped.status).toBe('infeasible');
    const borrowing = [arcOf('borrow', USDC, { max: 20_000, gasUsd: 0, effect: { collateralUsd: 0, debtUsd: 0.5 } }), arcOf('repay', USDC, { max: 15_000, all: 15_000, gasUsd: 0 })];
    expect((await solveHere(problemOf({ accounts: [loan({ arcs: borrowing })] }))).status).toBe('infeasible');
  });

  test('behavior: a borrow limit that stands before loans only leaves withdrawals alone', async () => {
    const sale = (kinds: readonly ('withdraw' | 'borrow')[]): PathProblem => {
      const arcs = [
        arcOf('withdraw', WETH, { max: 10, all: 10, ...NO_GAS, borrowEffect: { collateralUsd: -1_000, debtUsd: 0 } }),
        arcOf('repay', USDC, { max: 15_000, all: 15_000, ...NO_GAS, borrowEffect: { collateralUsd: 0, debtUsd: -1 } }),
        arcOf('borrow', WBTC, { max: 1, ...NO_GAS, borrowEffect: { collateralUsd: 0, debtUsd: 50_000 } }),
      ];
      return problemOf({ accounts: [loan({ arcs, borrowLimit: { collateralUsd: 10_000, debtUsd: 15_000, kinds } })], routes: [routeOf('sell', pool(4_000_000), 0)] });
    };
    const free = await solveHere({ ...sale([]), accounts: sale([]).accounts.map((account) => ({ ...account, borrowLimit: null })) }, TIGHT);
    const [loans, both] = [await solveHere(sale(['borrow']), TIGHT), await solveHere(sale(['withdraw', 'borrow']), TIGHT)];
    expect(loans.cost.totalUsd).toBeCloseTo(free.cost.totalUsd, 3);
    expect(both.cost.totalUsd).toBeGreaterThan(2 * loans.cost.totalUsd);
    // A loan instead of the sale: allowed without the limit, not with it.
    const loanOnly = (problem: PathProblem): PathProblem => ({
      ...problem,
      accounts: problem.accounts.map((account) => ({
        ...account,
        arcs: account.arcs.filter((arc) => arc.kind !== 'withdraw').map((arc) => (arc.kind === 'borrow' ? { ...arc, effect: { collateralUsd: 0, debtUsd: 1_000 } } : arc)),
      })),
      routes: [routeOf('swap', { ...pool(4_000_000), from: WBTC, out: (amount) => amount * 50_000, marginal: () => 50_000, depth: 10 }, 0)],
    });
    expect((await solveHere(loanOnly(sale([])))).status).toBe('optimal');
    expect((await solveHere(loanOnly(sale(['borrow'])))).status).toBe('infeasible');
  });

  test('behavior: a borrow limit holds only where something is taken out', async () => {
    const limited = { borrowLimit: { collateralUsd: 14_000, debtUsd: 15_000, kinds: ['withdraw', 'borrow'] } } as const;
    const effects = [
      arcOf('withdraw', WETH, { max: 10, all: 10, borrowEffect: { collateralUsd: -1_400, debtUsd: 0 } }),
      arcOf('repay', USDC, { max: 15_000, all: 15_000, borrowEffect: { collateralUsd: 0, debtUsd: -1 } }),
    ];
    const cash = [{ asset: USDC, amount: 400 }];
    const repaying = await solveHere(problemOf({ accounts: [loan({ ...limited, arcs: effects, target: 1.09 })], cash }), TIGHT);
    expect(repaying.arcs.map((entry) => entry.arc)).toEqual([REPAY]);
    const selling = problemOf({ accounts: [loan({ ...limited, arcs: effects })], routes: [routeOf('sell', pool(4_000_000))] });
    const solution = await solveHere(selling, TIGHT);
    const [sold, repaid] = [amountOf(solution, 'loan', WITHDRAW), amountOf(solution, 'loan', REPAY)];
    expect(14_000 - 1_400 * sold).toBeGreaterThanOrEqual(15_000 - repaid - 1e-6);
    const looser = await solveHere({ ...selling, accounts: [loan({ arcs: effects.map((arc) => ({ ...arc, borrowEffect: null })) })] }, TIGHT);
    expect(solution.cost.totalUsd).toBeGreaterThanOrEqual(looser.cost.totalUsd - 1e-4);
  });

  test('behavior: a debt ends or keeps its minimum', async () => {
    const account = loan({ collateralUsd: 2_150, debtUsd: 2_000, minimumDebts: [{ asset: USDC, current: 2_000, minimum: 1_900 }], arcs: [arcOf('repay', USDC, { max: 2_000, all: 2_000 })] });
    const plentiful = await solveHere(problemOf({ accounts: [account], cash: [{ asset: USDC, amount: 2_500 }] }), TIGHT);
    expect(amountOf(plentiful, 'loan', REPAY)).toBe(2_000);
    const short = await solveHere(problemOf({ accounts: [account], cash: [{ asset: USDC, amount: 1_900 }] }), TIGHT);
    expect(short.status).toBe('infeasible');
    const free = await solveHere(problemOf({ accounts: [{ ...account, minimumDebts: [] }], cash: [{ asset: USDC, amount: 1_900 }] }), TIGHT);
    expect(amountOf(free, 'loan', REPAY)).toBeLessThan(1_900);
  });

  test('behavior: refinancing borrows where there was no debt, at least the minimum', async () => {
    const fresh = accountOf('fresh', {
      collateralUsd: 40_000,
      debtUsd: 0,
      minimumDebts: [{ asset: USDC, current: 0, minimum: 5_000 }],
      arcs: [arcOf('borrow', USDC, { max: 50_000 })],
    });
    const solution = await solveHere(problemOf({ accounts: [loan(), fresh] }), TIGHT);
    expect(amountOf(solution, 'fresh', `borrow:${USDC}`)).toBeGreaterThanOrEqual(5_000 - 1e-6);
    expect(solution.cost.totalUsd).toBeCloseTo(10, 6);
  });

  test('behavior: a perpetual is closed or margined in the same model, and a shock must hold as well', async () => {
    const scenario = { name: 'WETH −20 %', collateralUsd: 28_000, debtUsd: 30_000, target: 1 };
    const perpetual = accountOf('perpetual', {
      collateralUsd: 33_000,
      debtUsd: 30_000,
      target: 1.05,
      asynchronous: true,
      scenarios: [scenario],
      arcs: [
        arcOf('close', 'iso4217:usd', {
          max: 30_000,
          all: 30_000,
          effect: { collateralUsd: -1, debtUsd: -1 },
          scenarioEffects: [{ collateralUsd: -0.8, debtUsd: -1 }],
          feeUsdPerUnit: 0.0006,
          gasUsd: 1,
        }),
        arcOf('supply', USDC, { id: 'margin', effect: { collateralUsd: 1, debtUsd: 0 }, scenarioEffects: [{ collateralUsd: 1, debtUsd: 0 }], gasUsd: 1 }),
      ],
    });
    const closing = await solveHere(problemOf({ accounts: [perpetual] }), TIGHT);
    expect(amountOf(closing, 'perpetual', 'close:iso4217:usd')).toBeCloseTo(10_000, 4);
    expect(closing.cost.feesUsd).toBeCloseTo(6, 6);
    const margined = await solveHere(problemOf({ accounts: [perpetual, loan({ debtUsd: 1_000 })], cash: [{ asset: USDC, amount: 3_000 }] }), TIGHT);
    expect(amountOf(margined, 'perpetual', 'margin')).toBeCloseTo(2_000, 4);
    const calm = await solveHere(problemOf({ accounts: [{ ...perpetual, scenarios: [], arcs: perpetual.arcs.map((arc) => ({ ...arc, scenarioEffects: [] })) }] }), TIGHT);
    expect(calm.cost.totalUsd).toBe(0);
  });

  test('behavior: the unified health factor counts accounts with debt, and debt-free collateral not', async () => {
    const rich = accountOf('rich', { collateralUsd: 100_000, debtUsd: 0 });
    const own = loan({ target: 1, arcs: [arcOf('repay', USDC, { max: 15_000, all: 15_000 })] });
    const problem = problemOf({ accounts: [own, rich], cash: [{ asset: USDC, amount: 9_000 }], unifiedTarget: 1.25 });
    const solution = await solveHere(problem, TIGHT);
    expect(amountOf(solution, 'loan', REPAY)).toBeGreaterThanOrEqual(15_000 - 16_000 / 1.25 - 1e-6);
    const lender = { ...rich, arcs: [arcOf('borrow', USDC, { max: 1_000 })] };
    expect((await solveHere({ ...problem, accounts: [own, lender] }, TIGHT)).cost.totalUsd).toBeCloseTo(solution.cost.totalUsd, 4);
  });

  test('behavior: two hops where no pool is direct', async () => {
    const first = constantProduct({ from: WETH, to: WBTC }, { reserveIn: 500, reserveOut: 20, fee: 0.0005 });
    const second = constantProduct({ from: WBTC, to: USDC }, { reserveIn: 20, reserveOut: 1_000_000, fee: 0.0005 });
    const solution = await solveHere(problemOf({ accounts: [loan()], routes: [routeOf('first', first), routeOf('second', second)] }));
    expect(solution.status).toBe('optimal');
    expect(solution.swaps.map((swap) => swap.route)).toEqual(['first', 'second']);
    expect(solution.swaps[1]?.amountIn ?? 1).toBeLessThanOrEqual((solution.swaps[0]?.amountOut ?? 0) * (1 + 1e-9));
  });

  test('behavior: an unreachable target says what is missing, and that much is enough', async () => {
    const other = accountOf('other', { collateralUsd: 5_000, debtUsd: 6_000, arcs: [] });
    const problem = problemOf({ accounts: [loan({ arcs: [arcOf('repay', USDC, { max: 15_000, all: 15_000 })] }), other], cash: [{ asset: USDC, amount: 1_000 }] });
    const solution = await solveHere(problem);
    expect(solution).toMatchObject({ status: 'infeasible', arcs: [], swaps: [] });
    const missing = new Map(solution.missing.map((entry) => [entry.account, entry.collateralUsd]));
    expect(missing.get('loan')).toBeCloseTo(G - 1.2 * 1_000, 3);
    expect(missing.get('other')).toBeCloseTo(2_200, 3);
    const helped = problem.accounts.map((account) => ({ ...account, collateralUsd: account.collateralUsd + (missing.get(account.id) ?? 0) + 0.01 }));
    expect((await solveHere({ ...problem, accounts: helped })).status).toBe('optimal');
    const nearly = problem.accounts.map((account) => ({ ...account, collateralUsd: account.collateralUsd + (missing.get(account.id) ?? 0) - 1 }));
    expect((await solveHere({ ...problem, accounts: nearly })).status).toBe('infeasible');
  });

  test('behavior: missing collateral accounts for what a swap can still do', async () => {
    const problem = problemOf({ accounts: [loan()], routes: [routeOf('sell', pool(8_000))] });
    const solution = await solveHere(problem);
    expect(solution.status).toBe('infeasible');
    expect(solution.missing[0]?.collateralUsd ?? 0).toBeLessThan(G);
    const helped = [loan({ collateralUsd: 16_000 + (solution.missing[0]?.collateralUsd ?? 0) + 0.01 })];
    expect((await solveHere({ ...problem, accounts: helped })).status).not.toBe('infeasible');
  });

  test('behavior: when the budget is over at once, the quick plan stands with its gap', async () => {
    const problem = makeInstance(SIZES[2], 3);
    let clock = 0;
    const now = (): number => {
      clock += 1;
      return clock;
    };
    const quick = await solveHere(problem, { budgetMs: 0, now, relativeGap: 0, absoluteGapUsd: 0 });
    const exact = await solvePathExactly(problem, { now, solver: await openInThreadSolver() });
    expect(quick.status).toBe('budget');
    expect(quick.method).toBe('LP heuristic');
    expect(quick.lowerBoundUsd).toBeLessThanOrEqual(exact.cost.totalUsd + 1e-6);
    expect(quick.cost.totalUsd).toBeGreaterThanOrEqual(exact.lowerBoundUsd - 1e-6);
    expect(quick.gapUsd).toBeCloseTo(quick.cost.totalUsd - quick.lowerBoundUsd, 9);
  });

  const sound = problemOf({ accounts: [loan()], cash: [{ asset: USDC, amount: 5_000 }] });
  const refusal = async (problem: PathProblem): Promise<unknown> => solvePath(problem, { budgetMs: 100, now: () => 0 }).catch((error: unknown) => error);

  test.each<[string, PathProblem]>([
    ['a target below 1', { ...sound, accounts: [loan({ target: 0.9 })] }],
    ['a target that is no number', { ...sound, accounts: [loan({ target: Number.NaN })] }],
    ['a unified target below 1', { ...sound, unifiedTarget: 0.5 }],
    ['an account twice', { ...sound, accounts: [loan(), loan()] }],
    ['an infinite debt', { ...sound, accounts: [loan({ debtUsd: Infinity })] }],
    ['a negative limit', { ...sound, accounts: [loan({ arcs: [arcOf('repay', USDC, { max: -1 })] })] }],
    ['negative gas', { ...sound, accounts: [loan({ arcs: [arcOf('repay', USDC, { gasUsd: -1 })] })] }],
    ['scenario effects that are missing', { ...sound, accounts: [loan({ scenarios: [{ name: 's', collateralUsd: 1, debtUsd: 1, target: 1 }] })] }],
    ['an infinite depth', { ...sound, routes: [routeOf('r', { ...pool(1), depth: Infinity })] }],
  ])('error: INVALID_ARGUMENT for %s', async (_, problem) => {
    expect(await refusal(problem)).toBeInstanceOf(InvalidArgument);
  });

  test('error: MISSING_PRICE for an asset without a market price', async () => {
    const marketUsd = new Map([...MARKET].filter(([asset]) => asset !== WETH));
    const error = await refusal({ ...sound, marketUsd });
    expect(error).toBeInstanceOf(MissingPrice);
    expect(isPlimsollError(error, 'MISSING_PRICE')).toBe(true);
  });

  test('behavior: arcs without gas need no switch', async () => {
    const arcs = [arcOf('repay', USDC, { max: 15_000, all: 15_000, ...NO_GAS })];
    const solution = await solveHere(problemOf({ accounts: [loan({ arcs })], cash: [{ asset: USDC, amount: 5_000 }] }), TIGHT);
    expect(solution.cost.totalUsd).toBe(0);
    expect(amountOf(solution, 'loan', REPAY)).toBeGreaterThanOrEqual(G / 1.2 - 1e-6);
  });
});
