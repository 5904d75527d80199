import { InvalidArgument, isPlimsollError } from '../../core/errors.ts';
import { checkProblem } from '../solver/check-problem.ts';
import { layOutNetwork } from '../solver/network.ts';
import { evaluateAmounts, type PlanAmounts } from '../solver/plan-amounts.ts';
import type { ArcEffect, PathAccount, PathCost, PathProblem, PathSolution } from '../solver/problem.ts';
import { type SolvePathOptions, solvePath } from '../solver/refine.ts';
import { compareWith, explain } from './baselines.ts';
import { type FixedAmount, fixAmounts, settleAccount } from './fix-amounts.ts';
import { HOLDS_USD } from './one-by-one.ts';
import { applyPolicy, type Policy } from './policies.ts';

/** What a policy costs on a problem, and what it achieves. */
export interface PolicyCost {
  readonly policy: string;
  /** Null where what the policy says cannot be paid for. */
  readonly cost: PathCost | null;
  /** Why there is no cost; null where there is one. */
  readonly reason: string | null;
  /**
   * `kept`: every account ends as healthy as the policy says (or at its target, if that is less), so the money came from cash at hand and from what other accounts have to spare.
   * `own collateral`: that could not be paid for; collateral of the reduced accounts was sold too, which takes back part of what the policy promises. Null without a cost.
   */
  readonly funding: 'kept' | 'own collateral' | null;
  /** Whether all of the problem's targets hold afterwards. */
  readonly reachesTarget: boolean;
  /** Cost beyond the optimum's, USD, and as a multiple of it; a policy that does not reach the target may cost less. Null without a cost; the ratio also where the optimum costs nothing. */
  readonly extraUsd: number | null;
  readonly ratio: number | null;
  /** What a better funding could save at most, USD; null without a cost. */
  readonly gapUsd: number | null;
}

/**
 * Prices a policy: its repayments and closes are carried out as it says, all else that reduces or adds stays unused, and the cheapest withdrawals, swaps and cash at hand pay for it.
 *
 * What may be withdrawn is limited twice: by the protocols (an account out of which something is taken meets its borrow limit, or health 1 where it has none) and by the purpose. First every
 * account must end as healthy as the policy leaves it or at its target, whichever is less; where that cannot be paid for, no account may end with a health below both its present one and its
 * target. An account below 1 has no health to keep, but gives nothing either. The unified target limits nothing; whether it is reached is part of the result.
 *
 * @param optimum the solution of the same problem
 * @throws {InvalidArgument} for a problem or a policy that is not one, and for an optimum that is no plan.
 * @throws {MissingPrice} for an asset without a market price.
 * @example
 * ```ts
 * const tiers = await computePolicyCost(POLICIES.tiers, problem, optimum, { budgetMs: 500, now });
 * tiers.reachesTarget; // false where the tiers stop short
 * ```
 */
export async function computePolicyCost(policy: Policy, problem: PathProblem, optimum: PathSolution, options: SolvePathOptions): Promise<PolicyCost> {
  checkProblem(problem);
  if (optimum.status === 'infeasible') throw new InvalidArgument('No plan reaches these targets, so there is nothing to compare with.');
  const fixed = listAmounts(policy, problem);
  const kept = await fund(problem, fixed, { floor: 'promised', options });
  const funded = kept.kind === 'plan' ? kept : await fund(problem, fixed, { floor: 'present', options });
  if (funded.kind === 'unfunded') return { policy: policy.name, cost: null, reason: funded.reason, funding: null, reachesTarget: false, extraUsd: null, ratio: null, gapUsd: null };
  const { cost, violationUsd } = evaluateAmounts(layOutNetwork(problem), funded.amounts);
  return {
    policy: policy.name,
    cost,
    reason: null,
    funding: kept.kind === 'plan' ? 'kept' : 'own collateral',
    reachesTarget: violationUsd <= HOLDS_USD,
    ...compareWith(cost.totalUsd, optimum),
    gapUsd: funded.gapUsd,
  };
}

/** Every arc but withdrawals, with the policy's amount or 0. */
function listAmounts(policy: Policy, { accounts }: PathProblem): FixedAmount[] {
  const outcomes = new Map(applyPolicy(policy, accounts).map((outcome) => [outcome.account, new Map(outcome.actions.map((action) => [action.arc, action.amount]))]));
  return accounts.flatMap((account) => account.arcs.filter((arc) => arc.kind !== 'withdraw').map((arc) => ({ account: account.id, arc: arc.id, amount: outcomes.get(account.id)?.get(arc.id) ?? 0 })));
}

/** A health that is kept exactly would be missed by the rounding of floats. */
const ROUNDING = 1e-10;

type Floor = 'promised' | 'present';
type Funded = { readonly kind: 'plan'; readonly amounts: PlanAmounts; readonly gapUsd: number } | { readonly kind: 'unfunded'; readonly reason: string };

async function fund(problem: PathProblem, fixed: readonly FixedAmount[], { floor, options }: { floor: Floor; options: SolvePathOptions }): Promise<Funded> {
  const amountsOfAccount = (account: PathAccount) => new Map(fixed.filter((entry) => entry.account === account.id).map((entry) => [entry.arc, entry.amount]));
  const floored: PathProblem = {
    ...problem,
    unifiedTarget: null,
    accounts: problem.accounts.map((account) => withFloor(account, floor === 'present' ? account : settleAccount(account, amountsOfAccount(account)))),
  };
  const { problem: asked, restore } = fixAmounts(floored, fixed);
  const solution = await attempt(asked, options);
  if (solution === null) return { kind: 'unfunded', reason: 'no funding was found within the time budget' };
  if (solution.status === 'infeasible') return { kind: 'unfunded', reason: `what it asks for cannot be paid: ${explain(solution)}` };
  const amounts = restore(solution);
  const { violationUsd } = evaluateAmounts(layOutNetwork(floored), amounts);
  if (violationUsd > HOLDS_USD) return { kind: 'unfunded', reason: `what it asks for breaks a limit or leaves a debt below its minimum, by ${violationUsd.toFixed(2)} USD` };
  return { kind: 'plan', amounts, gapUsd: solution.gapUsd };
}

async function attempt(problem: PathProblem, options: SolvePathOptions): Promise<PathSolution | null> {
  try {
    return await solvePath(problem, options);
  } catch (error) {
    if (isPlimsollError(error, 'INVALID_ARGUMENT')) return null;
    throw error;
  }
}

/** The account with its targets lowered to what `standing` has, where that is less. */
function withFloor(account: PathAccount, standing: PathAccount): PathAccount {
  return {
    ...account,
    ...floorOf(account, { standing, target: account.target }),
    // A target lowered to no condition must not let collateral out below the threshold.
    ...(account.borrowLimit?.kinds.includes('withdraw') === true
      ? {}
      : { borrowLimit: { collateralUsd: account.collateralUsd, debtUsd: account.debtUsd, kinds: ['withdraw'] }, arcs: account.arcs.map((arc) => ({ ...arc, borrowEffect: arc.effect })) }),
    scenarios: account.scenarios.map((scenario, at) => ({ ...scenario, ...floorOf(scenario, { standing: standing.scenarios[at] ?? scenario, target: scenario.target }) })),
  };
}

/** A floor below 1 becomes: not further below 1, in USD, than now. */
function floorOf(state: ArcEffect, { standing, target }: { standing: ArcEffect; target: number }): ArcEffect & { readonly target: number } {
  const health = standing.debtUsd > 0 ? standing.collateralUsd / standing.debtUsd : Infinity;
  const { collateralUsd, debtUsd } = state;
  if (health >= 1) return { collateralUsd, debtUsd, target: Math.max(1, Math.min(target, health) * (1 - ROUNDING)) };
  return { collateralUsd: collateralUsd + Math.max(0, debtUsd - collateralUsd), debtUsd, target: 1 };
}
