import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Decimal } from '../../../src/core/decimal.ts';
import { isPlimsollError, MissingPrice } from '../../../src/core/errors.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import type { Rule } from '../../../src/core/rule.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../../src/engine/open-portfolio.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import { planSelf, type SelfPlan, type SelfPlanMeans } from '../../../src/path/plan/plan.ts';
import type { PlanTarget } from '../../../src/path/solver/build-problem.ts';
import { openInThreadSolver, type PathSolver } from '../../../src/path/solver/solve.ts';
import { judge } from './judge.ts';
import { openDemo } from './random-wallets.ts';

const WETH: AssetId = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const WBTC: AssetId = 'eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599';
const USDC: AssetId = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const LENDER = { chain: 'eip155:1', name: 'Morpho Blue', kind: 'morpho', lender: `0x${'b'.repeat(40)}`, feeBps: 0 } as const;
const PRICES = new Map<AssetId, number>([
  [WETH, 3853.21],
  [WBTC, 109_164.94],
  [USDC, 1],
]);

let demo: OpenedPortfolio;
let solver: PathSolver;
beforeAll(async () => {
  demo = await openDemo();
  solver = await openInThreadSolver();
});
afterAll(() => solver.close());

const only = (...prefixes: string[]): OpenedPortfolio => ({ ...demo, accounts: demo.accounts.filter(({ entry }) => prefixes.some((prefix) => entry.id.startsWith(prefix))) });
const pool = (from: AssetId, to: AssetId, depthUsd = 50_000_000) => ({
  id: `${from} → ${to}`,
  chain: 'eip155:1' as const,
  gasUsd: 3,
  curve: constantProductCurve({
    from,
    to,
    reserveFrom: depthUsd / (PRICES.get(from) ?? 1),
    reserveTo: depthUsd / (PRICES.get(to) ?? 1),
    fee: 0.0005,
    depth: null,
    source: 'a pool',
    observedAt: null,
    assumed: true,
  }),
});
const POOLS = [pool(WETH, USDC), pool(WBTC, USDC), pool(USDC, WETH), pool(USDC, WBTC), pool(WETH, WBTC), pool(WBTC, WETH)];
const meansOf = (changes: Partial<SelfPlanMeans> = {}): SelfPlanMeans => ({
  routes: POOLS,
  flashLenders: [LENDER],
  cash: [],
  cashCost: 0,
  gasUsd: () => 4,
  headRoomSeconds: 600n,
  priceHeadRoom: 0.005,
  assets: new Set(PRICES.keys()),
  order: 'any',
  ...changes,
});
const aim = (health: number, changes: Partial<PlanTarget> = {}): PlanTarget => ({ health, unified: null, scenarios: [], ...changes });
const plan = (opened: OpenedPortfolio, target: PlanTarget, means = meansOf()): Promise<SelfPlan> => planSelf(opened, target, means, { budgetMs: 5_000, now: () => performance.now(), solver });
const stepsOf = ({ stages }: SelfPlan) => stages.flatMap((stage) => stage.steps);

async function refusalOf(run: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await run;
  } catch (error) {
    if (isPlimsollError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: '' };
}

describe('planSelf', () => {
  test('default: one account, one pair: the closed form, in integers, at the target', async () => {
    const morpho = only('morpho');
    const means = meansOf({ routes: [pool(WBTC, USDC)] });
    const found = await plan(morpho, aim(1.5), means);
    expect(found.after.accounts[0]?.health?.gte(1.5)).toBe(true);
    expect(found.after.accounts[0]?.health?.toNumber()).toBeCloseTo(1.5, 4);
    expect(judge(morpho, found, { means, target: 1.5, delay: 0n })).toEqual([]);
    expect([found.method, found.cost.gasUsd]).toEqual(['closed form of one pair', 11]);
    expect(found.cost.penaltyUsd).toBe(0);
  });

  test('behavior: nothing to do costs nothing', async () => {
    const found = await plan(only('aave'), aim(1.1));
    expect([found.stages, found.cost.totalUsd, found.lowerBoundUsd, found.gapUsd]).toEqual([[], 0, 0, 0]);
  });

  test('behavior: accounts help each other: value crosses protocols where that is cheaper', async () => {
    const found = await plan(only('aave', 'morpho'), aim(1.45));
    const touched = new Set(stepsOf(found).flatMap((step) => (step.kind === 'account' ? [`${step.account.split('/')[0]} ${step.step.kind}`] : [])));
    // Aave stands above Morpho: collateral of the one pays for both.
    expect(touched).toContain('aave-v3 withdraw');
    expect([...touched].some((entry) => entry === 'morpho-blue repay' || entry === 'morpho-blue supply')).toBe(true);
  });

  test('behavior: cash at hand is used first where it costs nothing, and no more than there is', async () => {
    const cash = [{ asset: USDC, decimals: 6, amount: 30_000_000_000n }];
    const found = await plan(only('morpho'), aim(1.5), meansOf({ cash }));
    expect(stepsOf(found)).toHaveLength(1);
    expect(stepsOf(found)[0]).toMatchObject({ kind: 'account', step: { kind: 'repay', asset: USDC } });
    expect(found.order).toBe('sequence');
    expect(found.cashAfter[0]?.amount).toBeLessThan(30_000_000_000n);
  });

  test('behavior: a full repayment is the protocol’s own "all", and what interest adds until then is provided for', async () => {
    const found = await plan(only('aave', 'compound', 'morpho'), aim(2.5));
    const whole = stepsOf(found).filter((step) => step.kind === 'account' && step.step.kind === 'repay' && step.step.amount === 'max');
    expect(whole).toHaveLength(1);
    expect(found.after.accounts.map(({ health }) => health === null)).toEqual([false, true, false]);
    expect(found.headRoom).toContain('600 s');
  });

  test('behavior: a shock that every account must survive costs more than the target alone, and holds', async () => {
    const moves = moveTogether([WETH, WBTC], new Decimal('0.7'));
    const plain = await plan(only('aave', 'morpho'), aim(1.2));
    const robust = await plan(only('aave', 'morpho'), aim(1.2, { scenarios: [{ name: '−30 %', moves, health: 1 }] }));
    expect(robust.cost.totalUsd).toBeGreaterThan(plain.cost.totalUsd);
    for (const { health } of robust.after.accounts) expect(health?.times('0.7').gte(1) ?? true).toBe(true);
  });

  test('behavior: a unified target lifts the sum where single accounts suffice', async () => {
    const found = await plan(only('aave', 'morpho'), aim(1.1, { unified: 1.6 }));
    expect(found.before.unified?.lt(1.6)).toBe(true);
    expect(found.after.unified?.gte(1.6)).toBe(true);
    expect(found.after.unified?.toNumber()).toBeCloseTo(1.6, 3);
  });

  test('behavior: a position of GMX is a stage of orders of its own, and a native target is equity over requirement', async () => {
    const exposure = await plan(only('morpho', 'gmx'), aim(1.3));
    expect(exposure.stages.map(({ chain, order }) => [chain, order])).toEqual([
      ['eip155:1', 'executor'],
      ['eip155:42161', 'orders'],
    ]);
    expect(exposure.cost.feesUsd).toBeGreaterThan(0);
    const native = await plan(only('gmx'), aim(20, { native: true }));
    const after = native.after.accounts[0]?.native.healthFactor;
    expect(after?.gte(20)).toBe(true);
    expect(native.cost.totalUsd).toBeLessThan(exposure.cost.totalUsd);
  });

  test('behavior: without loans the order is a sequence of the owner’s own calls, in rounds where it must be', async () => {
    const found = await plan(only('compound', 'morpho'), aim(2), meansOf({ order: 'sequence' }));
    expect([found.order, found.stages.every((stage) => stage.loans.length === 0)]).toEqual(['sequence', true]);
    expect(found.rounds).toBeGreaterThan(1);
    const loaned = await plan(only('compound', 'morpho'), aim(2), meansOf({ order: 'executor' }));
    expect(loaned.stages[0]?.loans).toHaveLength(1);
    expect(loaned.cost.gasUsd).toBeLessThan(found.cost.gasUsd);
    expect(found.lowerBoundUsd).toBeLessThanOrEqual(loaned.cost.totalUsd * (1 + 1e-6));
  });

  test('behavior: a lender that takes a fee is part of the price, and a sequence that needs none does not pay it', async () => {
    const dear = { ...LENDER, kind: 'aave', feeBps: 30 } as const;
    const paid = await plan(only('morpho'), aim(1.5), meansOf({ order: 'executor', flashLenders: [dear] }));
    expect(paid.cost.feesUsd).toBeGreaterThan(0);
    const spared = await plan(only('aave', 'morpho'), aim(1.2), meansOf({ flashLenders: [dear] }));
    expect([spared.order, spared.cost.feesUsd]).toEqual(['sequence', 0]);
  });

  test('bad input: what is missing is said in USD', async () => {
    const found = await refusalOf(plan(only('morpho'), aim(1.5), meansOf({ routes: [] })));
    expect(found.code).toBe('PLAN_IMPOSSIBLE');
    // 1.5 · 40,500 less 46,941, as nothing can be sold and there is no cash.
    expect(found.message).toMatch(/needs 13,80\d USD more/);
  });

  test.each([
    ['a target below 1', aim(0.99)],
    ['a target that is no number', aim(Number.NaN)],
    ['a unified target below 1', aim(1.2, { unified: 0.9 })],
  ])('bad input: %s', async (_, target) => {
    expect((await refusalOf(plan(demo, target))).code).toBe('INVALID_ARGUMENT');
  });

  test('bad input: a route without liquidity sells nothing', async () => {
    const { curve, ...route } = pool(WBTC, USDC);
    const dry = { ...route, curve: { ...curve, depth: 0, out: () => 0, marginal: () => 0 } };
    expect((await refusalOf(plan(only('morpho'), aim(1.5), meansOf({ routes: [dry] })))).code).toBe('PLAN_IMPOSSIBLE');
  });

  test('bad input: an account whose rule cannot answer is named and left out, never planned around silently', async () => {
    const broken = only('aave', 'morpho');
    const accounts = broken.accounts.map((account): OpenedAccount => {
      if (!account.entry.id.startsWith('aave')) return account;
      const rule: Rule = {
        ...account.rule,
        health: () => {
          throw new MissingPrice(WETH, 'the oracle');
        },
      };
      return { ...account, rule };
    });
    const found = await plan({ ...broken, accounts }, aim(1.3));
    expect(found.unseen.map(({ code, account }) => [code, account?.split('/')[0]])).toEqual([['MISSING_PRICE', 'aave-v3']]);
    expect(stepsOf(found).every((step) => step.kind === 'swap' || step.account.startsWith('morpho'))).toBe(true);
  });
});
