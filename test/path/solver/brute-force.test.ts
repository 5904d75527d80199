import { describe, expect, test } from 'vitest';
import type { AssetId } from '../../../src/core/ids.ts';
import type { SwapCurve } from '../../../src/path/curves/curve.ts';
import type { PathProblem } from '../../../src/path/solver/problem.ts';
import { constantProduct } from '../../bench/path/curves.ts';
import { openRandom, type Random } from '../../bench/path/random.ts';
import { accountOf, arcOf, CHAIN, IS_LONG, MARKET, problemOf, routeOf, solveHere, TIGHT, USDC } from './fixture.ts';

const INSTANCES = IS_LONG ? 60 : 15;
const GRID = 30;
const HALVINGS = 40;

interface Source {
  readonly asset: AssetId;
  readonly held: number;
  readonly factor: number;
  readonly gasUsd: number;
  readonly curve: SwapCurve;
}

interface Sale {
  readonly sources: readonly [Source, Source, Source];
  readonly debt: number;
  readonly cash: number;
  readonly target: number;
  readonly repayGasUsd: number;
}

const ASSETS = [2, 3, 4].map((digit): AssetId => `${CHAIN}/erc20:0x${String(digit).repeat(40)}`);
const PRICES = [2_000, 50_000, 10];

/** One account with three collaterals, each of which can be sold into the debt's asset through a pool of its own. */
function makeSale(random: Random): Sale {
  const sourceOf = (index: number): Source => {
    const [price, asset] = [PRICES[index] ?? 1, ASSETS[index] ?? USDC];
    const depth = random.logBetween(50_000, 3_000_000);
    const curve = constantProduct({ from: asset, to: USDC }, { reserveIn: depth / price, reserveOut: depth, fee: random.logBetween(0.0005, 0.004) });
    return { asset, held: random.between(20_000, 80_000) / price, factor: random.between(0.6, 0.9), gasUsd: random.between(3, 25), curve };
  };
  const sources = [sourceOf(0), sourceOf(1), sourceOf(2)] as const;
  const adjusted = sources.reduce((sum, source, index) => sum + source.held * (PRICES[index] ?? 1) * source.factor, 0);
  return { sources, debt: adjusted / random.between(1, 1.15), cash: random.between(0, 2_000), target: random.between(1.18, 1.3), repayGasUsd: random.between(2, 8) };
}

function problemOfSale({ sources, debt, cash, target, repayGasUsd }: Sale): PathProblem {
  return problemOf({
    accounts: [
      accountOf('only', {
        collateralUsd: sources.reduce((sum, source, index) => sum + source.held * (PRICES[index] ?? 1) * source.factor, 0),
        debtUsd: debt,
        target,
        arcs: [
          ...sources.map((source, index) => {
            const effect = { collateralUsd: -(PRICES[index] ?? 1) * source.factor, debtUsd: 0 };
            return arcOf('withdraw', source.asset, { max: source.held, all: source.held, effect, gasUsd: source.gasUsd });
          }),
          arcOf('repay', USDC, { max: debt, all: debt, gasUsd: repayGasUsd }),
        ],
      }),
    ],
    cash: [{ asset: USDC, amount: cash }],
    marketUsd: new Map([...MARKET, ...ASSETS.map((asset, index) => [asset, PRICES[index] ?? 1] as const)]),
    routes: sources.map((source) => routeOf(source.asset, source.curve)),
  });
}

/** Cost of selling these inputs, and how much health they leave above the target, both USD; written without the model. */
function judge(sale: Sale, inputs: readonly number[]): { cost: number; slack: number } {
  const proceeds = sale.sources.reduce((sum, { curve }, index) => sum + curve.out(inputs[index] ?? 0), 0);
  const repaid = Math.min(sale.debt, proceeds + sale.cash);
  const collateral = sale.sources.reduce((sum, { held, factor }, index) => sum + (held - (inputs[index] ?? 0)) * (PRICES[index] ?? 1) * factor, 0);
  const sold = sale.sources.reduce((sum, _, index) => sum + (inputs[index] ?? 0) * (PRICES[index] ?? 1), 0);
  const gas = sale.sources.reduce((sum, { gasUsd }, index) => ((inputs[index] ?? 0) > 0 ? sum + gasUsd + 4 : sum), sale.repayGasUsd);
  return { cost: sold - proceeds + gas, slack: collateral - sale.target * (sale.debt - repaid) };
}

/** With two inputs given, the least third one that reaches the target; Infinity where none does. */
function complete(sale: Sale, first: number, second: number): number {
  const cost = (third: number): number => judge(sale, [first, second, third]).cost;
  const slack = (third: number): number => judge(sale, [first, second, third]).slack;
  if (slack(0) >= 0) return cost(0);
  const limit = Math.min(sale.sources[2].held, sale.sources[2].curve.depth);
  const steps = Array.from({ length: 64 }, (_, index) => ((index + 1) / 64) * limit);
  const reaching = steps.find((third) => slack(third) >= 0);
  if (reaching === undefined) return Infinity;
  let [low, high] = [reaching - limit / 64, reaching];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (slack(middle) >= 0) high = middle;
    else low = middle;
  }
  return cost(high);
}

/** A grid over two inputs, then a pattern search that halves its steps; zero is always tried, since not selling at all saves gas. */
function search(sale: Sale): number {
  const limits = [0, 1].map((index) => Math.min(sale.sources[index]?.held ?? 0, sale.sources[index]?.curve.depth ?? 0));
  const [wide = 0, high = 0] = limits;
  let best = { first: 0, second: 0, cost: complete(sale, 0, 0) };
  const attempt = (first: number, second: number): void => {
    if (first < 0 || second < 0 || first > wide || second > high) return;
    const cost = complete(sale, first, second);
    if (cost < best.cost) best = { first, second, cost };
  };
  for (let row = 0; row <= GRID; row += 1) {
    for (let column = 0; column <= GRID; column += 1) attempt((row / GRID) ** 2 * wide, (column / GRID) ** 2 * high);
  }
  for (let step = 1 / GRID; step > 1e-9; step /= 1.6) {
    const { first, second } = best;
    for (const [across, down] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
      [1, 1],
      [-1, -1],
      [1, -1],
      [-1, 1],
    ] as const) {
      attempt(first + across * step * wide, second + down * step * high);
    }
    attempt(0, second);
    attempt(first, 0);
  }
  return best.cost;
}

describe('brute force on the true curves', () => {
  test('default: a grid with local search never finds a cheaper plan, nor one below the bound', { timeout: 600_000 }, async () => {
    const random = openRandom(59);
    let compared = 0;
    for (let index = 0; index < INSTANCES; index += 1) {
      const sale = makeSale(random);
      const found = search(sale);
      const solution = await solveHere(problemOfSale(sale), TIGHT);
      if (solution.status === 'infeasible') {
        expect(found, `instance ${index}`).toBe(Infinity);
        continue;
      }
      compared += 1;
      expect(solution.cost.slippageUsd, `instance ${index} must swap`).toBeGreaterThan(0);
      expect(solution.cost.totalUsd, `instance ${index}`).toBeLessThanOrEqual(found + 1e-3);
      expect(solution.lowerBoundUsd, `instance ${index}`).toBeLessThanOrEqual(found * (1 + 1e-6));
      expect(found, `instance ${index}: the search should come close`).toBeLessThan(solution.cost.totalUsd * 1.02 + 1);
    }
    expect(compared).toBeGreaterThan(INSTANCES / 2);
  });
});
