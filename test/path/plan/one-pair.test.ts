import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { solveOnePair } from '../../../src/path/closed-forms/one-pair.ts';
import { computeSelfSale } from '../../../src/path/closed-forms/pool-sale.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import type { PathProblem } from '../../../src/path/solver/problem.ts';
import { usersOf } from '../../chain/counts.ts';
import { accountOf, arcOf, MARKET, problemOf, routeOf, solveHere, TIGHT, USDC, WBTC, WETH } from '../solver/fixture.ts';

const RUNS = usersOf(40, 300);
const FEE = 0.003;

interface Case {
  readonly collateralUsd: number;
  readonly leverage: number;
  readonly threshold: number;
  readonly target: number;
  readonly depthUsd: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  collateralUsd: fc.double({ min: 1_000, max: 5_000_000, noNaN: true }),
  leverage: fc.double({ min: 0.2, max: 0.98, noNaN: true }),
  threshold: fc.double({ min: 0.5, max: 0.93, noNaN: true }),
  target: fc.double({ min: 1.01, max: 1.6, noNaN: true }),
  depthUsd: fc.double({ min: 100_000, max: 300_000_000, noNaN: true }),
});

function problemFor({ collateralUsd, leverage, threshold, target, depthUsd }: Case): PathProblem {
  const weth = MARKET.get(WETH) ?? 1;
  const [tokens, debt] = [collateralUsd / weth, collateralUsd * leverage];
  const curve = constantProductCurve({
    from: WETH,
    to: USDC,
    reserveFrom: depthUsd / weth,
    reserveTo: depthUsd,
    fee: FEE,
    depth: (100 * depthUsd) / weth,
    source: 'pool',
    observedAt: null,
    assumed: true,
  });
  const arcs = [
    arcOf('withdraw', WETH, { max: tokens, all: tokens, factor: threshold }),
    arcOf('repay', USDC, { max: debt, all: debt }),
    // What an account always offers too, and no cheapest plan uses here.
    arcOf('supply', WETH, { factor: threshold }),
    arcOf('supply', WBTC, { factor: 0.7 }),
    arcOf('borrow', USDC, { max: 1e9 }),
  ];
  return problemOf({ accounts: [accountOf('a', { collateralUsd: collateralUsd * threshold, debtUsd: debt, target, arcs })], routes: [routeOf('sell', curve)] });
}

describe('one account with one pair', () => {
  test('property: the closed form is what the solver finds, and what the formula of the pool says', async () => {
    let [planned, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(cases, async (input) => {
        const problem = problemFor(input);
        const [closed, solved] = [solveOnePair(problem), await solveHere(problem, TIGHT)];
        const sums = { collateralUsd: new Decimal(input.collateralUsd * input.threshold), debtUsd: new Decimal(input.collateralUsd * input.leverage) };
        const sale = { collateralUsd: new Decimal(input.collateralUsd), threshold: new Decimal(input.threshold), debtUsd: sums.debtUsd, debtWeight: ONE };
        const formula = computeSelfSale(sums, sale, { depthUsd: new Decimal(input.depthUsd), fee: new Decimal(FEE), basis: ONE }, new Decimal(input.target));
        if (closed === null) {
          refused += 1;
          expect(solved.status).toBe('infeasible');
          expect(formula.kind).not.toBe('amount');
          return;
        }
        planned += 1;
        expect(solved.status).not.toBe('infeasible');
        const scale = Math.max(1, solved.cost.totalUsd);
        expect(Math.abs(closed.cost.totalUsd - solved.cost.totalUsd) / scale).toBeLessThan(1e-5);
        expect(solved.lowerBoundUsd).toBeLessThanOrEqual(closed.cost.totalUsd + 1e-6 * scale);
        if (formula.kind !== 'amount') return;
        const amount = formula.amount.toNumber() / (MARKET.get(WETH) ?? 1);
        expect(Math.abs((closed.swaps[0]?.amountIn ?? 0) - amount) / amount).toBeLessThan(1e-9);
      }),
      { numRuns: RUNS, seed: 20261121 },
    );
    expect(Math.min(planned, refused)).toBeGreaterThan(0);
  });

  test('behavior: it keeps out of whatever has a choice in it', () => {
    const input: Case = { collateralUsd: 10_000, leverage: 0.8, threshold: 0.83, target: 1.2, depthUsd: 1e7 };
    const plain = problemFor(input);
    expect(solveOnePair(plain)).not.toBeNull();
    const [account] = plain.accounts;
    if (account === undefined) throw new Error('fixture');
    const others: Partial<PathProblem>[] = [
      { cash: [{ asset: USDC, amount: 1 }] },
      { accounts: [account, { ...account, id: 'b' }] },
      { unifiedTarget: 1.3 },
      { accounts: [{ ...account, scenarios: [{ name: 's', collateralUsd: 1, debtUsd: 1, target: 1 }] }] },
      { accounts: [{ ...account, arcs: [...account.arcs, arcOf('withdraw', USDC, { max: 5 })] }] },
      { accounts: [{ ...account, arcs: [...account.arcs, arcOf('borrow', WETH, { max: 5 })] }] },
      { routes: [] },
    ];
    for (const change of others) expect(solveOnePair({ ...plain, ...change })).toBeNull();
  });
});
