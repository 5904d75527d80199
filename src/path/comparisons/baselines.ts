import { InvalidArgument, isPlimsollError } from '../../core/errors.ts';
import { checkProblem } from '../solver/check-problem.ts';
import { layOutNetwork } from '../solver/network.ts';
import { amountsOf, evaluateAmounts } from '../solver/plan-amounts.ts';
import type { PathCost, PathProblem, PathSolution } from '../solver/problem.ts';
import { type SolvePathOptions, solvePath } from '../solver/refine.ts';
import { type FixedAmount, fixAmounts } from './fix-amounts.ts';
import { type AloneStep, actOneByOne, HOLDS_USD, type OneByOne } from './one-by-one.ts';
import { sellProRata } from './pro-rata.ts';

/** Another way of reaching the same targets, and what it costs. */
export interface PathBaseline {
  readonly name: BaselineName;
  /** By kind; null where the targets are not reached this way, and for `native forced`, of which only the total is known. */
  readonly cost: PathCost | null;
  /** USD; null where the targets are not reached this way, or it was not computed. */
  readonly totalUsd: number | null;
  /** Why there is no cost; null where there is one. */
  readonly reason: string | null;
  /** What it costs more than the optimum, USD; null without a cost. */
  readonly extraUsd: number | null;
  /** Its cost as a multiple of the optimum's; null without a cost, and where the optimum costs nothing. */
  readonly ratio: number | null;
  /** What a better plan of the same kind could save at most, USD; null without a cost by kind. */
  readonly gapUsd: number | null;
}

export type BaselineName = 'each protocol alone' | 'pro rata' | 'close everything' | 'native forced';

/** How baselines are solved: `budgetMs` is for every account on its own. */
export interface BaselineOptions extends SolvePathOptions {
  /** What liquidations by the protocols' own rules would cost, USD; null where it is not known. It is quoted, not computed here, and need not reach the targets. */
  readonly nativeForcedUsd: number | null;
}

/**
 * Costs other ways of reaching a problem's targets on the same curves, gas and prices:
 *
 * - `each protocol alone`: automation of single positions. Every account below its target is brought there by its own arcs, each at its optimum, one after the other, the least health ÷ target
 *   first; cash at hand and pool depth go to whoever comes first, and no value passes from one account into another.
 * - `pro rata`: in the same order, each sells the same share of all its collaterals into its debts in proportion ({@link sellProRata}), without cash.
 * - `close everything`: in the same order, each repays all its debts out of cash at hand and its own collateral, the cheapest way.
 *
 * Where a unified health factor is asked for, each account that stands below it is brought to it, since what looks at one position only cannot mean the sum.
 *
 * @param optimum the solution of the same problem
 * @returns one entry per baseline; one that does not reach the targets has no cost but a reason
 * @throws {InvalidArgument} for a problem that is not one, and for an optimum that is no plan.
 * @throws {MissingPrice} for an asset without a market price.
 * @example
 * ```ts
 * const optimum = await solvePath(problem, { budgetMs: 500, now });
 * const [alone] = await computeBaselines(problem, optimum, { budgetMs: 100, now, nativeForcedUsd: null });
 * alone?.extraUsd; // what crossing protocols saves
 * ```
 */
export async function computeBaselines(problem: PathProblem, optimum: PathSolution, options: BaselineOptions): Promise<readonly PathBaseline[]> {
  checkProblem(problem);
  if (optimum.status === 'infeasible') throw new InvalidArgument('No plan reaches these targets, so there is nothing to compare with.');
  const apart = withoutUnifiedTarget(problem);
  const alone = await actOneByOne(apart, (own) => solveAlone(own, [], options));
  const proRata = await actOneByOne(apart, (own) => Promise.resolve(sellProRata(own)));
  const closed = await actOneByOne(apart, (own) => closeAccount(own, options));
  const found: readonly (readonly [BaselineName, OneByOne])[] = [
    ['each protocol alone', alone],
    ['pro rata', proRata],
    ['close everything', closed],
  ];
  return [...found.map(([name, outcome]) => compare(name, judge(problem, outcome), optimum)), compareForced(options.nativeForcedUsd, optimum)];
}

/** Each account's own target instead of the unified one. */
function withoutUnifiedTarget(problem: PathProblem): PathProblem {
  const { unifiedTarget } = problem;
  if (unifiedTarget === null) return problem;
  return { ...problem, unifiedTarget: null, accounts: problem.accounts.map((account) => (account.debtUsd > 0 ? { ...account, target: Math.max(account.target, unifiedTarget) } : account)) };
}

async function solveAlone(problem: PathProblem, fixed: readonly FixedAmount[], options: SolvePathOptions): Promise<AloneStep> {
  const { problem: asked, restore } = fixAmounts(problem, fixed);
  try {
    const solution = await solvePath(asked, options);
    if (solution.status === 'infeasible') return { kind: 'stuck', reason: explain(solution) };
    return { kind: 'plan', amounts: fixed.length === 0 ? amountsOf(layOutNetwork(problem), solution) : restore(solution), gapUsd: solution.gapUsd };
  } catch (error) {
    if (isPlimsollError(error, 'INVALID_ARGUMENT')) return { kind: 'stuck', reason: 'no plan was found within its time budget' };
    throw error;
  }
}

/** Repays and closes all of it; only cash, withdrawals and swaps pay for it. */
function closeAccount(alone: PathProblem, options: SolvePathOptions): Promise<AloneStep> {
  const fixed = alone.accounts.flatMap((account) =>
    account.arcs.flatMap((arc): FixedAmount[] => {
      const most = Math.min(arc.max, arc.all ?? Infinity);
      if (arc.kind === 'withdraw') return [];
      return [{ account: account.id, arc: arc.id, amount: (arc.kind === 'repay' || arc.kind === 'close') && most < Infinity ? most : 0 }];
    }),
  );
  return solveAlone(alone, fixed, options);
}

/** What an infeasible problem lacks, in a sentence's end. */
export function explain({ missing }: PathSolution): string {
  const total = missing.reduce((sum, entry) => sum + entry.collateralUsd, 0);
  return missing.length === 0 ? 'no amount of collateral would help' : `${total.toFixed(2)} USD are missing with what it can use`;
}

/** The last word is that of the problem itself, its unified target included; whether flash loans cost something is no question of what holds. */
function judge(problem: PathProblem, outcome: OneByOne): OneByOne | string {
  if (outcome.kind === 'stuck') return `${outcome.account}: ${outcome.reason}`;
  const { unifiedTarget } = problem;
  const network = layOutNetwork({ ...problem, flashLenders: [] });
  const { violationUsd } = evaluateAmounts(network, outcome.amounts);
  if (violationUsd <= HOLDS_USD) return outcome;
  return `the plan breaks a row of the problem${unifiedTarget === null ? '' : ' (or its unified target)'} by ${violationUsd.toFixed(2)} USD`;
}

function compare(name: BaselineName, outcome: OneByOne | string, optimum: PathSolution): PathBaseline {
  if (typeof outcome === 'string') return unreached(name, outcome);
  if (outcome.kind === 'stuck') return unreached(name, outcome.reason);
  const { totalUsd } = outcome.cost;
  return { name, cost: outcome.cost, totalUsd, reason: null, ...compareWith(totalUsd, optimum), gapUsd: outcome.gapUsd };
}

function compareForced(totalUsd: number | null, optimum: PathSolution): PathBaseline {
  const name = 'native forced';
  if (totalUsd === null) return unreached(name, 'not computed');
  return { name, cost: null, totalUsd, reason: null, ...compareWith(totalUsd, optimum), gapUsd: null };
}

function unreached(name: BaselineName, reason: string): PathBaseline {
  return { name, cost: null, totalUsd: null, reason, extraUsd: null, ratio: null, gapUsd: null };
}

/** A cost beside the optimum's. */
export function compareWith(totalUsd: number, optimum: PathSolution): { readonly extraUsd: number; readonly ratio: number | null } {
  const least = optimum.cost.totalUsd;
  return { extraUsd: totalUsd - least, ratio: least > 0 ? totalUsd / least : null };
}
