import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPlimsollError, RuleViolation } from '../../../src/core/errors.ts';
import type { OpenedPortfolio } from '../../../src/engine/open-portfolio.ts';
import { planSelf, type SelfPlan, type SelfPlanMeans } from '../../../src/path/plan/plan.ts';
import type { AccountStep, PlanStage, PlanStep, SwapStep } from '../../../src/path/plan/plan-steps.ts';
import { decimalsOf } from '../../../src/path/plan/raw-amounts.ts';
import { replayPlan } from '../../../src/path/plan/replay.ts';
import type { PlanTarget } from '../../../src/path/solver/build-problem.ts';
import { openInThreadSolver, type PathSolver } from '../../../src/path/solver/solve.ts';
import { openRandom } from '../../bench/path/random.ts';
import { usersOf } from '../../chain/counts.ts';
import { openDemo, randomMeans, randomWallet } from './random-wallets.ts';

const WALLETS = usersOf(40, 400);
const tried = new Map<string, number>();

let demo: OpenedPortfolio;
let solver: PathSolver;
beforeAll(async () => {
  demo = await openDemo();
  solver = await openInThreadSolver();
});
afterAll(async () => {
  await solver.close();
  process.stdout.write(`mutated plans refused: ${JSON.stringify(Object.fromEntries(tried))}\n`);
});

interface Planned {
  readonly wallet: OpenedPortfolio;
  readonly means: SelfPlanMeans;
  readonly target: PlanTarget;
  readonly plan: SelfPlan;
}

async function planOf(seed: number): Promise<Planned | null> {
  const wallet = randomWallet(demo, seed);
  const means = randomMeans(wallet, seed);
  const target = { health: openRandom(99_000_007 + seed).between(1.01, 1.8), unified: null, scenarios: [] };
  try {
    return { wallet, means, target, plan: await planSelf(wallet, target, means, { budgetMs: 500, now: () => performance.now(), solver }) };
  } catch (error) {
    if (isPlimsollError(error, 'PLAN_IMPOSSIBLE') || isPlimsollError(error, 'PLAN_REJECTED')) return null;
    throw error;
  }
}

/** Null where the replay accepts; else the reason. */
function refusal({ wallet, means, target, plan }: Planned, stages: readonly PlanStage[]): string | null {
  try {
    const accounts = wallet.accounts;
    const terms = { decimals: decimalsOf(accounts), priceHeadRoom: means.priceHeadRoom ?? 0 };
    replayPlan(stages, { accounts, cash: means.cash.map(({ asset, amount }) => [asset, amount] as const), headRoomSeconds: 600n, target, routes: plan.problem.routes, terms });
    return null;
  } catch (error) {
    if (error instanceof RuleViolation || isPlimsollError(error, 'PLAN_REJECTED')) return error.message;
    throw error;
  }
}

type Change = (step: PlanStep, plan: Planned) => PlanStep | null;

const swap =
  (change: (step: SwapStep) => Partial<SwapStep>): Change =>
  (step) =>
    step.kind === 'swap' ? { ...step, ...change(step) } : null;
const account =
  (change: (step: AccountStep, plan: Planned) => AccountStep | null): Change =>
  (step, plan) =>
    step.kind === 'account' ? change(step, plan) : null;

/** Each leads one unit past a limit, so that the replay must refuse it whatever the plan is. */
const MUTATIONS: Readonly<Record<string, Change>> = {
  'a swap promises a unit more than its curve gives': swap(({ expectedOut }) => ({ expectedOut: expectedOut + 1n })),
  'a minimum output is a unit above what the head-room allows': swap(({ minimumOut }) => ({ minimumOut: minimumOut + 1n })),
  'a withdrawal of a unit more than is there': account((step) => {
    if (step.step.kind !== 'withdraw') return null;
    const rule = demo.accounts.find(({ entry }) => entry.id === step.account)?.rule;
    const all = rule?.planning?.(step.before).arcs.find((arc) => arc.kind === 'withdraw' && arc.asset === (step.step.kind === 'withdraw' ? step.step.asset : ''));
    return all?.max == null ? null : { ...step, step: { ...step.step, amount: all.max + 1n }, received: [{ asset: step.step.asset, amount: all.max + 1n }] };
  }),
  'a step pays a unit less than the rule takes': account((step) => (step.paid.length === 0 ? null : { ...step, paid: step.paid.map((entry) => ({ ...entry, amount: entry.amount - 1n })) })),
  'a step gets a unit more than the rule gives': account((step) =>
    step.received.length === 0 ? null : { ...step, received: step.received.map((entry) => ({ ...entry, amount: entry.amount + 1n })) },
  ),
  'a position is closed by a unit more than it has': account((step, { wallet }) => {
    if (step.step.kind !== 'close') return null;
    const size = wallet.accounts
      .find(({ entry }) => entry.id === step.account)
      ?.rule.planning?.(step.before)
      .arcs.find((arc) => arc.kind === 'close')?.max;
    return size == null ? null : { ...step, step: { kind: 'close', sizeUsd: size + 1n } };
  }),
};

describe('replay of plans that were tampered with', () => {
  test.each(Array.from({ length: WALLETS }, (_, seed) => seed))('property: wallet %i: what lies a unit past a limit is refused, the plan itself is not', async (seed) => {
    const planned = await planOf(seed);
    if (planned === null) return;
    const { stages } = planned.plan;
    expect(refusal(planned, stages)).toBeNull();
    for (const [name, change] of Object.entries(MUTATIONS)) {
      stages.forEach((stage, at) => {
        stage.steps.forEach((step, index) => {
          const changed = change(step, planned);
          if (changed === null) return;
          tried.set(name, (tried.get(name) ?? 0) + 1);
          expect(refusal(planned, stages.with(at, { ...stage, steps: stage.steps.with(index, changed) })), name).not.toBeNull();
        });
      });
    }
    stages.forEach((stage, at) => {
      if (stage.loans.length === 0) return;
      tried.set('loans', (tried.get('loans') ?? 0) + 1);
      expect(refusal(planned, stages.with(at, { ...stage, order: 'sequence' })), 'a loan without the executor').not.toBeNull();
      // What the loan must be is what was paid on credit; less is missing at once.
      const less = stage.loans.map((loan) => ({ ...loan, amount: loan.amount - 1n }));
      expect(refusal(planned, stages.with(at, { ...stage, loans: less })), 'a loan a unit smaller').not.toBeNull();
    });
    // Without its last improving step a plan misses its target.
    const needed = stages.findLastIndex((stage) => stage.steps.some((step) => step.kind === 'account' && step.step.kind !== 'withdraw' && step.step.kind !== 'borrow'));
    const stage = stages[needed];
    if (stage === undefined) return;
    const last = stage.steps.findLastIndex((step) => step.kind === 'account' && step.step.kind !== 'withdraw' && step.step.kind !== 'borrow');
    expect(refusal(planned, stages.with(needed, { ...stage, steps: stage.steps.toSpliced(last, 1) })), 'a missing step').not.toBeNull();
  });

  test('behavior: every kind of tampering was tried', () => {
    expect([...tried.keys()].toSorted()).toEqual([...Object.keys(MUTATIONS), 'loans'].toSorted());
  });
});
