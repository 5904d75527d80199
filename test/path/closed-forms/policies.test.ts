import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { USD } from '../../../src/core/ids.ts';
import { applyPolicy, POLICIES, type Policy, type PolicyOutcome } from '../../../src/path/comparisons/policies.ts';
import type { PathAccount, PathArc } from '../../../src/path/solver/problem.ts';

const USDC = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const WETH = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';

function repay(id: string, price: number, amount: number, extra: Partial<PathArc> = {}): PathArc {
  const effect = { collateralUsd: 0, debtUsd: -price };
  return { id, kind: 'repay', asset: USDC, max: amount, all: amount, effect, borrowEffect: null, scenarioEffects: [], cashPerUnit: -1, feeUsdPerUnit: 0, gasUsd: 5, ...extra };
}

function close(id: string, size: number, collateralUsd: number, debtUsd: number, fee = 0.001): PathArc {
  return { ...repay(id, 1, size), kind: 'close', asset: USD, effect: { collateralUsd: collateralUsd - fee, debtUsd }, cashPerUnit: 0, feeUsdPerUnit: fee };
}

function account(collateralUsd: number, debtUsd: number, target: number, arcs: readonly PathArc[]): PathAccount {
  return { id: 'a', label: 'a', chain: 'eip155:1', collateralUsd, debtUsd, target, borrowLimit: null, scenarios: [], minimumDebts: [], asynchronous: false, arcs };
}

function only(policy: Policy, given: PathAccount): PolicyOutcome {
  const [outcome] = applyPolicy(policy, [given]);
  if (outcome === undefined) throw new TypeError('no outcome');
  return outcome;
}

describe(applyPolicy, () => {
  test('default', () => {
    const outcome = only(POLICIES.exactTarget, account(1000, 1000, 1.25, [repay('usdc', 1, 1000)]));
    expect(outcome.actions).toEqual([{ arc: 'usdc', amount: 200, all: false }]);
    expect(outcome).toMatchObject({ healthBefore: 1, healthAfter: 1.25, reachesTarget: true });
  });

  test('behavior: the exact target is met and never overshot, or everything that helps is used up', () => {
    const arcs = fc.array(fc.tuple(fc.double({ min: 0.01, max: 5_000, noNaN: true }), fc.double({ min: 1, max: 1_000, noNaN: true })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(arcs, fc.double({ min: 0.5, max: 1.6, noNaN: true }), fc.double({ min: 1, max: 1.5, noNaN: true }), (debts, health, target) => {
        const debtUsd = debts.reduce((sum, [price, amount]) => sum + price * amount, 0);
        const given = account(
          debtUsd * health,
          debtUsd,
          target,
          debts.map(([price, amount], at) => repay(`d${at}`, price, amount)),
        );
        const outcome = only(POLICIES.exactTarget, given);
        expect(outcome.reachesTarget).toBe(true);
        if (health >= target) expect(outcome.actions).toEqual([]);
        else expect(Math.abs((outcome.healthAfter ?? target) - target)).toBeLessThan(1e-6);
      }),
    );
  });

  test('behavior: cheapest fee per relief goes first', () => {
    const given = account(900, 1000, 1.1, [close('perp', 5_000, -0.95, -1), repay('usdc', 1, 50)]);
    expect(only(POLICIES.exactTarget, given).actions.map((action) => [action.arc, action.all])).toEqual([
      ['usdc', true],
      ['perp', false],
    ]);
  });

  test('behavior: the close factor takes its share of the debt, the largest first, and all of it further down', () => {
    const arcs = [repay('usdc', 1, 400), repay('weth', 2_000, 0.3)];
    expect(only(POLICIES.closeFactorMaximum, account(990, 1000, 1.1, arcs)).actions).toEqual([{ arc: 'weth', amount: 0.25, all: false }]);
    expect(only(POLICIES.closeFactorMaximum, account(940, 1000, 1.1, arcs)).actions).toEqual([
      { arc: 'weth', amount: 0.3, all: true },
      { arc: 'usdc', amount: 400, all: true },
    ]);
    expect(only(POLICIES.closeFactorMaximum, account(1000, 1000, 1.1, arcs)).actions).toEqual([]);
  });

  test.each([
    [1.06, 0],
    [1.05, 0],
    [1.049, 100],
    [1.02, 100],
    [1.019, 250],
    [1, 250],
    [0.999, 1000],
  ])('behavior: tiers at a health of %d close %d of 1000', (health, closed) => {
    const outcome = only(POLICIES.tiers, account(1000 * health, 1000, 1.1, [close('btc', 600, -0.98, -1), close('doge', 400, -0.9, -1)]));
    expect(outcome.actions.reduce((sum, action) => sum + action.amount, 0)).toBeCloseTo(closed, 9);
    // The riskier one, which frees more per dollar, goes first.
    if (closed > 0) expect(outcome.actions[0]?.arc).toBe('doge');
  });

  test("behavior: least sensitive first, by the account's scenarios or by a table", () => {
    const stable = repay('usdc', 1, 100, { scenarioEffects: [{ collateralUsd: 0, debtUsd: -1 }] });
    const volatile = repay('weth', 2_000, 1, { asset: WETH, scenarioEffects: [{ collateralUsd: 0, debtUsd: -1_600 }] });
    const given = account(2_000, 2_100, 1, [volatile, stable]);
    expect(only(POLICIES.leastSensitiveFirst, given).actions).toEqual([{ arc: 'usdc', amount: 100, all: true }]);
    const table = new Map([
      [WETH, 0.1],
      [USDC, 0.2],
    ] as const);
    expect(only({ kind: 'exact-target', name: 'table', order: { by: 'least-sensitive', sensitivity: table } }, given).actions[0]?.arc).toBe('weth');
    expect(only({ kind: 'exact-target', name: 'unknown last', order: { by: 'least-sensitive', sensitivity: new Map([[WETH, 0.1]] as const) } }, given).actions[0]?.arc).toBe('weth');
  });

  test('behavior: what cannot be reached is said, and what does not help is not done', () => {
    const given = account(900, 1000, 1.5, [repay('usdc', 1, 10), close('harmful', 100, -2, -1)]);
    const outcome = only(POLICIES.exactTarget, given);
    expect(outcome.reachesTarget).toBe(false);
    expect(outcome.actions).toEqual([{ arc: 'usdc', amount: 10, all: true }]);
  });

  test('behavior: without debt there is no health and nothing to do', () => {
    expect(only(POLICIES.tiers, account(10, 0, 1.1, []))).toEqual({ account: 'a', actions: [], healthBefore: null, healthAfter: null, reachesTarget: true });
  });

  test('behavior: all of the debt leaves none', () => {
    // 0.8 − 0.7 − 0.1 is above 0 in floats.
    const outcome = only(POLICIES.closeFactorMaximum, account(0.1, 0.8, 1.1, [repay('a', 0.1, 1), repay('b', 0.7, 1)]));
    expect(outcome).toMatchObject({ healthAfter: null, reachesTarget: true });
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => applyPolicy({ kind: 'tiers', name: 'wrong', tiers: [{ below: 1, share: 1.1 }] }, [])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
