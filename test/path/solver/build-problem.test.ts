import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { Decimal } from '../../../src/core/decimal.ts';
import { type AssetId, USD } from '../../../src/core/ids.ts';
import { evaluatePortfolio } from '../../../src/engine/evaluate.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import { type OpenedPortfolio, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { buildProblem, type PlanMeans, type PlanTarget, TARGET_HEAD_ROOM } from '../../../src/path/solver/build-problem.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { reportWallet } from '../../../src/service/portfolio/wallet-report.ts';

const WETH: AssetId = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
const TARGET: PlanTarget = { health: 1.25, unified: null, scenarios: [] };
const MEANS: PlanMeans = { routes: [], flashLenders: [], cash: [], cashCost: 0, gasUsd: (chain, kind) => (chain === 'eip155:1' ? 5 : 0.1) + (kind === 'close' ? 1 : 0), headRoomSeconds: 0n };

let opened: OpenedPortfolio;
beforeAll(async () => {
  const { portfolio } = await reportWallet({ subject: '0xc0ffee00000000000000000000000000c0ffee01' }, readConfig({}));
  opened = openPortfolio(portfolio, findRule);
});

describe('buildProblem', () => {
  test('default: the sums of the report, the arcs of the rules', () => {
    const problem = buildProblem(opened, TARGET, MEANS);
    const { accounts } = evaluatePortfolio(opened);
    problem.accounts.forEach((account, at) => {
      expect(account.collateralUsd).toBeCloseTo(accounts[at]?.adjustedCollateral.toNumber() ?? 0, 6);
      expect(account.debtUsd).toBeCloseTo(accounts[at]?.adjustedDebt.toNumber() ?? 0, 6);
      expect(account.target).toBe(1.25 * (1 + TARGET_HEAD_ROOM));
      expect(account.arcs.length).toBeGreaterThan(0);
    });
    expect(problem.accounts.map((account) => account.asynchronous)).toEqual([false, false, false, true]);
    expect(problem.accounts.map((account) => account.borrowLimit?.kinds ?? null)).toEqual([['borrow'], ['withdraw', 'borrow'], null, null]);
    expect(problem.marketUsd.get(WETH)).toBe(3853.21);
    const close = problem.accounts[3]?.arcs.find((arc) => arc.kind === 'close');
    expect([close?.asset, close?.max, close?.all, close?.cashPerUnit, close?.gasUsd]).toEqual([USD, 60_000, 60_000, 0, 1.1]);
    // The comet asks for its minimum when a debt is begun; this one has begun.
    expect(problem.accounts[1]?.minimumDebts).toEqual([]);
  });

  test('behavior: interest to come raises the debts that the plan provides for', () => {
    const [now, later] = [0n, 86_400n].map((headRoomSeconds) => buildProblem(opened, TARGET, { ...MEANS, headRoomSeconds }));
    later?.accounts.forEach((account, at) => {
      expect(account.debtUsd).toBeGreaterThan(now?.accounts[at]?.debtUsd ?? Number.POSITIVE_INFINITY);
    });
    expect(later?.headRoom).toContain('86400 s');
  });

  test('behavior: a scenario is the account at shocked prices, with the effects of that market', () => {
    const moves = moveTogether([WETH], new Decimal('0.8'));
    const problem = buildProblem(opened, { ...TARGET, scenarios: [{ name: 'ETH −20 %', moves, health: 1 }] }, MEANS);
    const comet = problem.accounts[1];
    expect(comet?.scenarios[0]?.collateralUsd).toBeCloseTo((comet?.collateralUsd ?? 0) * 0.8, 2);
    expect(comet?.scenarios[0]?.debtUsd).toBeCloseTo(comet?.debtUsd ?? 0, 6);
    const at = comet?.arcs.findIndex((arc) => arc.kind === 'withdraw' && arc.asset === WETH) ?? -1;
    expect(comet?.arcs[at]?.scenarioEffects[0]?.collateralUsd).toBeCloseTo((comet?.arcs[at]?.effect.collateralUsd ?? 0) * 0.8, 6);
  });

  test.each([
    ['a target below 1', { ...TARGET, health: 0.99 }],
    ['no number', { ...TARGET, health: Number.NaN }],
    ['a unified target below 1', { ...TARGET, unified: 0.5 }],
    ['an account target below 1', { ...TARGET, byAccount: new Map([['x', 0]]) }],
  ])('error: INVALID_ARGUMENT for %s', (_, target) => {
    expect(() => buildProblem(opened, target, MEANS)).toThrow(/cannot be planned for/);
  });

  test('error: INVALID_ARGUMENT for a rule without a planning view', () => {
    const [first] = opened.accounts;
    if (first === undefined) throw new Error('fixture');
    const { planning: _, ...rule } = first.rule;
    expect(() => buildProblem({ ...opened, accounts: [{ ...first, rule }] }, TARGET, MEANS)).toThrow(/has no planning view/);
  });
});
