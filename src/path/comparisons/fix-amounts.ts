import { marketPrice } from '../solver/check-problem.ts';
import { layOutNetwork, type Network } from '../solver/network.ts';
import { amountsOf, type PlanAmounts } from '../solver/plan-amounts.ts';
import type { ArcEffect, PathAccount, PathArc, PathProblem, PathSolution } from '../solver/problem.ts';

/** An amount that is decided beforehand. Tokens; dollars of size for `close`; 0 = the arc stays unused. */
export interface FixedAmount {
  readonly account: string;
  readonly arc: string;
  readonly amount: number;
}

/** A problem in which some amounts are decided, in a form that the solver takes as it is. */
export interface FixedProblem {
  readonly problem: PathProblem;
  /** A solution of {@link problem} as amounts of the problem that it was made of. */
  readonly restore: (solution: PathSolution) => PlanAmounts;
}

/** A bill asks for this share less than the amount, so that paying all of it is never an inch short. */
const ROUNDING = 1e-10;
/** What is left of a debt below this share of it was paid. */
const PAID = 1e-9;

/**
 * Decides amounts of arcs: their accounts stand as they are afterwards, and each amount becomes a bill, an account of its own whose only way to its target is to pay exactly
 * that. The arcs keep their gas, fees and use of cash; arcs that would undo them are closed.
 *
 * Minimum debts whose amounts are decided are not looked at: the restored plan shows whether they hold.
 * Bills are debts of their own until they are paid, so the problem that comes out must not have a unified target.
 *
 * @example
 * ```ts
 * const fixed = fixAmounts({ ...problem, unifiedTarget: null }, [{ account: 'comet', arc: 'repay usdc', amount: 1_000 }]);
 * const plan = fixed.restore(await solvePath(fixed.problem, { budgetMs: 500, now }));
 * ```
 */
export function fixAmounts(problem: PathProblem, amounts: readonly FixedAmount[]): FixedProblem {
  const network = layOutNetwork(problem);
  const fixedOf = (account: PathAccount): ReadonlyMap<string, number> => new Map(amounts.filter((entry) => entry.account === account.id).map((entry) => [entry.arc, entry.amount]));
  const accounts = problem.accounts.map((account) => settleAccount(account, fixedOf(account)));
  const bills = problem.accounts.flatMap((account) => billsOf(problem, account, fixedOf(account)));
  return {
    problem: { ...problem, accounts: [...accounts, ...bills.map((bill) => bill.account)] },
    restore: (solution) => restore(network, solution, bills),
  };
}

interface Bill {
  readonly account: PathAccount;
  readonly of: FixedAmount;
}

function billsOf(problem: PathProblem, account: PathAccount, fixed: ReadonlyMap<string, number>): Bill[] {
  return account.arcs.flatMap((arc): Bill[] => {
    const amount = fixed.get(arc.id) ?? 0;
    if (amount <= 0) return [];
    const price = marketPrice(problem, arc.asset);
    const payment: PathArc = { ...arc, max: amount, all: amount, effect: { collateralUsd: 0, debtUsd: -price }, borrowEffect: null, scenarioEffects: [] };
    const bill: PathAccount = {
      id: `${account.id}: ${arc.id}`,
      label: account.label,
      chain: account.chain,
      collateralUsd: 0,
      debtUsd: amount * price * (1 - ROUNDING),
      target: 1,
      borrowLimit: null,
      scenarios: [],
      minimumDebts: [],
      asynchronous: account.asynchronous,
      arcs: [payment],
    };
    return [{ account: bill, of: { account: account.id, arc: arc.id, amount } }];
  });
}

/** The account after its fixed amounts, without their arcs and what would undo them. */
export function settleAccount(account: PathAccount, fixed: ReadonlyMap<string, number>): PathAccount {
  const done = account.arcs.filter((arc) => (fixed.get(arc.id) ?? 0) > 0);
  const after = (state: ArcEffect, effect: (arc: PathArc) => ArcEffect | null): ArcEffect => {
    const changed = (key: keyof ArcEffect): number => done.reduce((sum, arc) => sum + (fixed.get(arc.id) ?? 0) * (effect(arc)?.[key] ?? 0), state[key]);
    const debtUsd = changed('debtUsd');
    return { collateralUsd: changed('collateralUsd'), debtUsd: Math.abs(debtUsd) <= PAID * Math.abs(state.debtUsd) ? 0 : debtUsd };
  };
  return {
    ...account,
    ...after(account, (arc) => arc.effect),
    borrowLimit: account.borrowLimit === null ? null : { ...account.borrowLimit, ...after(account.borrowLimit, (arc) => arc.borrowEffect) },
    scenarios: account.scenarios.map((scenario, at) => ({ ...scenario, ...after(scenario, (arc) => arc.scenarioEffects[at] ?? null) })),
    arcs: account.arcs.filter((arc) => !fixed.has(arc.id) && !done.some((other) => undoes(arc, other))),
  };
}

const OPPOSITE: Partial<Record<PathArc['kind'], PathArc['kind']>> = { supply: 'withdraw', withdraw: 'supply', borrow: 'repay', repay: 'borrow' };

function undoes(arc: PathArc, other: PathArc): boolean {
  return arc.asset === other.asset && OPPOSITE[arc.kind] === other.kind;
}

function restore(network: Network, solution: PathSolution, bills: readonly Bill[]): PlanAmounts {
  const found = amountsOf(network, solution);
  const paid = new Map(bills.map(({ of }) => [`${of.account} ${of.arc}`, of.amount]));
  return { arcs: Float64Array.from(network.arcs, ({ account, arc }, index) => paid.get(`${account.id} ${arc.id}`) ?? found.arcs[index] ?? 0), pools: found.pools };
}
