import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { computeSelfRepay } from '../../../src/path/closed-forms/closed-form.ts';
import { POLICIES, type Policy } from '../../../src/path/comparisons/policies.ts';
import { computePolicyCost, type PolicyCost } from '../../../src/path/comparisons/policy-cost.ts';
import type { PathAccount, PathProblem, PathSolution } from '../../../src/path/solver/problem.ts';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';
import { constantProduct } from '../../bench/path/curves.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';
import { accountOf, arcOf, IS_LONG, problemOf, routeOf, solveHere, TIGHT, USDC, WETH } from '../solver/fixture.ts';

const shared = openInThreadSolver();
const INSTANCES = IS_LONG ? 60 : 10;
const HALF: Policy = { kind: 'tiers', name: 'half', tiers: [{ below: 2, share: 0.5 }] };

async function costOf(policy: Policy, problem: PathProblem, optimum?: PathSolution): Promise<PolicyCost> {
  return computePolicyCost(policy, problem, optimum ?? (await solveHere(problem, TIGHT)), { budgetMs: Infinity, now: () => 0, solver: await shared, ...TIGHT });
}

/** 10 WETH at 2000 count 0.8 against 14 000 USDC: 800 USD short of 1.2. Every arc costs 1 USD, the swap 2. */
function onePair(cash: number, terms: Partial<PathAccount> = {}): PathProblem {
  return problemOf({
    accounts: [
      accountOf('only', {
        collateralUsd: 16_000,
        debtUsd: 14_000,
        arcs: [arcOf('withdraw', WETH, { max: 10, all: 10, gasUsd: 1 }), arcOf('repay', USDC, { max: 14_000, all: 14_000, gasUsd: 1 })],
        ...terms,
      }),
    ],
    cash: [{ asset: USDC, amount: cash }],
    routes: [routeOf('weth>usdc', constantProduct({ from: WETH, to: USDC }, { reserveIn: 200, reserveOut: 400_000, fee: 0.003 }), 2)],
  });
}

describe(computePolicyCost, () => {
  test('default: with cash at hand the exact target is the closed form, and the optimum', async () => {
    const repay = computeSelfRepay({ collateralUsd: new Decimal(16_000), debtUsd: new Decimal(14_000) }, { debtUsd: new Decimal(14_000), weight: ONE }, new Decimal('1.2'));
    if (repay.kind !== 'amount') throw new Error(repay.kind);
    // Not a cent more than the closed form asks for.
    const problem = { ...onePair(repay.amount.toNumber()), cashCost: 0.01 };
    const found = await costOf(POLICIES.exactTarget, problem);
    expect(found).toMatchObject({ policy: 'exact target', funding: 'kept', reachesTarget: true, reason: null });
    expect(found.cost?.totalUsd).toBeCloseTo(1 + 0.01 * repay.amount.toNumber(), 6);
    expect(found.extraUsd).toBeCloseTo(0, 3);
    expect(found.ratio).toBeCloseTo(1, 4);
  });

  test('behavior: without cash its own collateral pays, so the exact target is missed', async () => {
    const found = await costOf(POLICIES.exactTarget, onePair(0));
    expect(found).toMatchObject({ funding: 'own collateral', reachesTarget: false });
    const sold = (800 / 1.2) * (200 / (0.997 * (400_000 - 800 / 1.2)));
    expect(found.cost?.slippageUsd).toBeCloseTo(sold * 2_000 - 800 / 1.2, 3);
    expect(found.cost?.gasUsd).toBe(4);
    expect(found.extraUsd).toBeLessThan(0);
  });

  test('behavior: a policy that repays more than needed reaches the target out of its own collateral, dearer than the optimum', async () => {
    const problem = onePair(0);
    const optimum = await solveHere(problem, TIGHT);
    const found = await costOf(HALF, problem, optimum);
    expect(found.reachesTarget).toBe(true);
    // 7000 USDC for x WETH into 200 : 400 000.
    const sold = (7_000 * 200) / (0.997 * (400_000 - 7_000));
    expect(found.cost?.totalUsd).toBeCloseTo(sold * 2_000 - 7_000 + 4, 3);
    expect(found.extraUsd).toBeCloseTo(sold * 2_000 - 7_000 + 4 - optimum.cost.totalUsd, 3);
    expect(found.ratio).toBeGreaterThan(1);
  });

  test('behavior: a policy that stops short costs less and says so', async () => {
    const health = { collateralUsd: 14_500 };
    const found = await costOf(POLICIES.tiers, onePair(5_000, health));
    expect(found).toMatchObject({ reachesTarget: false, funding: 'kept' });
    expect(found.cost?.gasUsd).toBe(1);
    const idle = await costOf(POLICIES.closeFactorMaximum, onePair(5_000, health));
    expect(idle).toMatchObject({ cost: { totalUsd: 0 }, reachesTarget: false, funding: 'kept' });
  });

  test('behavior: another account gives what it has above its target, not more', async () => {
    const spare = (usdc: number): PathProblem => {
      const problem = onePair(0);
      const rich = accountOf('rich', { collateralUsd: 12_000 + 0.8 * usdc, debtUsd: 10_000, arcs: [arcOf('withdraw', USDC, { max: 5_000, all: 5_000, gasUsd: 1 })] });
      return { ...problem, accounts: [...problem.accounts, rich], routes: [] };
    };
    const enough = await costOf(POLICIES.exactTarget, spare(700));
    expect(enough).toMatchObject({ funding: 'kept', reachesTarget: true });
    expect(enough.cost?.totalUsd).toBeCloseTo(2, 6);
    const optimum = await solveHere(spare(700), TIGHT);
    const short = await costOf(POLICIES.exactTarget, spare(600), optimum);
    expect(short).toMatchObject({ cost: null, funding: null, reachesTarget: false, extraUsd: null, ratio: null });
    expect(short.reason).toMatch(/cannot be paid: 5[0-9]\.[0-9]{2} USD are missing/);
  });

  test('behavior: no loan pays for a policy, and no supply does its work', async () => {
    const problem = onePair(0);
    const lender = accountOf('lender', { collateralUsd: 50_000, debtUsd: 0, arcs: [arcOf('borrow', USDC, { max: 5_000, gasUsd: 0 }), arcOf('supply', USDC, { gasUsd: 0 })] });
    const both = { ...problem, accounts: [...problem.accounts, lender], routes: [] };
    const optimum = await solveHere(both, TIGHT);
    expect(optimum.cost.totalUsd).toBeCloseTo(1, 6);
    expect(await costOf(POLICIES.exactTarget, both, optimum)).toMatchObject({ cost: null, reachesTarget: false });
  });

  test('behavior: an account below 1 gives nothing until it is above', async () => {
    const problem = onePair(0, { collateralUsd: 13_000 });
    const optimum = await solveHere(problem, TIGHT);
    // A tenth of the debt out of its own collateral would leave it at 0.94: no protocol lets that out.
    const tenth = await costOf({ kind: 'tiers', name: 'tenth', tiers: [{ below: 1, share: 0.1 }] }, problem, optimum);
    expect(tenth).toMatchObject({ cost: null, reachesTarget: false });
    const lent = { ...problem, accounts: problem.accounts.map((account) => ({ ...account, borrowLimit: { collateralUsd: 12_000, debtUsd: 14_000, kinds: ['borrow'] as const } })) };
    expect((await costOf({ kind: 'tiers', name: 'tenth', tiers: [{ below: 1, share: 0.1 }] }, lent, optimum)).cost, 'a limit on loans is no limit on withdrawals').toBeNull();
    const paid = await costOf({ kind: 'tiers', name: 'tenth', tiers: [{ below: 1, share: 0.05 }] }, { ...problem, cash: [{ asset: USDC, amount: 700 }] }, optimum);
    expect(paid).toMatchObject({ funding: 'kept', reachesTarget: false, cost: { totalUsd: 1 } });
    const half = await costOf({ kind: 'tiers', name: 'half', tiers: [{ below: 1, share: 0.5 }] }, problem, optimum);
    expect(half.cost?.slippageUsd).toBeGreaterThan(0);
  });

  test('behavior: what a policy leaves below a minimum debt is no plan', async () => {
    const problem = onePair(20_000, { minimumDebts: [{ asset: USDC, current: 14_000, minimum: 8_000 }] });
    expect(await costOf(HALF, problem)).toMatchObject({ cost: null, reachesTarget: false });
    expect((await costOf(HALF, problem)).reason).toContain('below its minimum');
    expect((await costOf(POLICIES.exactTarget, problem)).reachesTarget).toBe(true);
  });

  test('behavior: a debt that the policy pays off meets its minimum, and what it does not name stays unused', async () => {
    const terms = { minimumDebts: [{ asset: USDC, current: 14_000, minimum: 8_000 }] };
    const [pair] = onePair(0, terms).accounts;
    if (pair === undefined) throw new Error('fixture');
    // A loan or a supply would be the cheaper way out.
    const open = { ...pair, arcs: [...pair.arcs, arcOf('borrow', WETH, { max: 50, gasUsd: 0 }), arcOf('supply', USDC, { max: 50_000, gasUsd: 0 })] };
    const problem = { ...onePair(14_000, terms), accounts: [open], cashCost: 0.1 };
    const all = await costOf({ ...HALF, name: 'all', tiers: [{ below: 2, share: 1 }] }, problem);
    expect(all).toMatchObject({ reachesTarget: true, funding: 'kept' });
    // 14 000 x 10 % out of cash, or WETH through the pool at less: the withdrawal empties an account without debt.
    const sold = (14_000 * 200) / (0.997 * (400_000 - 14_000));
    expect(all.cost?.totalUsd).toBeCloseTo(sold * 2_000 - 14_000 + 4, 2);
  });

  test('behavior: a scenario is kept like the account itself', async () => {
    const scenario = { name: 'WETH -10 %', collateralUsd: 14_400, debtUsd: 14_000, target: 1.05 };
    const shockedArcs =
      onePair(0).accounts[0]?.arcs.map((arc) => ({ ...arc, scenarioEffects: [arc.kind === 'withdraw' ? { collateralUsd: -1_440, debtUsd: 0 } : { collateralUsd: 0, debtUsd: -1 }] })) ?? [];
    const problem = onePair(14_000, { scenarios: [scenario], arcs: shockedArcs });
    const tenth: Policy = { kind: 'tiers', name: 'tenth', tiers: [{ below: 2, share: 0.02 }] };
    expect(await costOf(tenth, problem)).toMatchObject({ funding: 'kept', reachesTarget: false, cost: { totalUsd: 1 } });
  });

  test('behavior: the unified target counts for reaching, not for paying', async () => {
    const problem = { ...onePair(3_000), unifiedTarget: 1.3 };
    const found = await costOf(POLICIES.exactTarget, problem);
    expect(found).toMatchObject({ funding: 'kept', reachesTarget: false });
    expect(found.cost?.totalUsd).toBeCloseTo(1, 6);
  });

  test.each(SIZES.slice(0, 2).map((size) => [size.name, size] as const))(
    'property: a policy that reaches the targets never undercuts the optimum beyond its gap, %s',
    { timeout: 600_000 },
    async (_, size) => {
      let [reached, priced] = [0, 0];
      for (let index = 0; index < INSTANCES; index += 1) {
        const problem = makeInstance(size, index);
        const optimum = await solveHere(problem);
        if (optimum.status === 'infeasible') continue;
        for (const policy of [...Object.values(POLICIES), HALF]) {
          const found = await costOf(policy, problem, optimum);
          expect(found.cost === null, `instance ${index}, ${policy.name}: a cost or a reason`).toBe(found.reason !== null);
          if (found.cost !== null) priced += 1;
          if (found.cost === null || !found.reachesTarget) continue;
          reached += 1;
          expect(found.cost.totalUsd, `instance ${index}, ${policy.name}`).toBeGreaterThanOrEqual(optimum.lowerBoundUsd - 1e-3);
        }
      }
      expect(reached).toBeGreaterThan(INSTANCES / 4);
      expect(priced).toBeGreaterThan(reached);
    },
  );

  test('bad input: a share beyond 1, and an optimum that is none', async () => {
    const problem = onePair(0);
    const optimum = await solveHere(problem);
    const [share, none] = await Promise.all([
      costOf({ ...HALF, tiers: [{ below: 2, share: 1.5 }] }, problem, optimum).catch((error: unknown) => error),
      costOf(HALF, problem, { ...optimum, status: 'infeasible' }).catch((error: unknown) => error),
    ]);
    expect(isPlimsollError(share, 'INVALID_ARGUMENT') && isPlimsollError(none, 'INVALID_ARGUMENT')).toBe(true);
  });
});
