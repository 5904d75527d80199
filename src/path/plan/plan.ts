import { PlimsollError, RuleViolation } from '../../core/errors.ts';
import { max } from '../../core/fixed-point.ts';
import type { AssetId } from '../../core/ids.ts';
import type { Gap } from '../../core/portfolio.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { solveOnePair } from '../closed-forms/one-pair.ts';
import { buildProblem, DEFAULT_HEAD_ROOM_SECONDS, type PlanMeans, type PlanTarget, TARGET_HEAD_ROOM } from '../solver/build-problem.ts';
import type { PathProblem, PathSolution } from '../solver/problem.ts';
import { type SolvePathOptions, solvePath } from '../solver/refine.ts';
import { goalOf } from './goals.ts';
import { Ledger } from './ledger.ts';
import type { OrderFault } from './order-executor.ts';
import { readActions } from './plan-actions.ts';
import { costOf, type RealisedCost } from './plan-cost.ts';
import { healthOf, type PlanHealth } from './plan-health.ts';
import type { PlanStage } from './plan-steps.ts';
import { splitPlannable } from './plannable.ts';
import { type AssetDecimals, decimalsOf, toWhole } from './raw-amounts.ts';
import { replayPlan } from './replay.ts';
import { arrangeStages, type PlanOrder, type Staged } from './stages.ts';

/** Cash at hand in raw units. */
export interface CashAtHand {
  readonly asset: AssetId;
  readonly decimals: number;
  readonly amount: bigint;
}

/** What a plan of one's own may use, beside what {@link PlanMeans} says. */
export interface SelfPlanMeans extends Omit<PlanMeans, 'cash' | 'targetHeadRoom' | 'excluded' | 'reserveUsd'> {
  readonly cash: readonly CashAtHand[];
  /** `any`: the owner's own calls where they need no loan and no rounds, else the executor, else rounds. */
  readonly order: PlanOrder | 'any';
}

/** The cheapest way to the target, ordered, in integers, replayed. */
export interface SelfPlan {
  readonly stages: readonly PlanStage[];
  /** How the stages are to be sent; stages of orders are always orders. */
  readonly order: PlanOrder;
  /** Rounds of the longest sequence; 1 = nothing is done in parts. */
  readonly rounds: number;
  readonly cost: RealisedCost;
  /** No plan of this model costs less, USD. */
  readonly lowerBoundUsd: number;
  /** cost.totalUsd − lowerBoundUsd: solver, rounding and rounds together. */
  readonly gapUsd: number;
  readonly method: string;
  /** How many plans a rule or the replay refused before this one. */
  readonly repairs: number;
  readonly before: PlanHealth;
  readonly after: PlanHealth;
  /** What is at hand afterwards if every swap gives no more than its minimum, raw units. */
  readonly cashAfter: readonly CashAtHand[];
  /** Accounts that the plan could not look at, and why. */
  readonly unseen: readonly Gap[];
  /** Assumptions in words: head-rooms. */
  readonly headRoom: string;
  readonly problem: PathProblem;
  readonly solution: PathSolution;
}

/** Plans that are tried, each with ten times the head-room of the one before, before a target is refused. */
const ATTEMPTS = 5;
const HEAD_ROOM_GROWTH = 10;
/** How much more than what was missing is asked for the next time: what a rule rounds or caps is not linear. */
const RESERVE = 1.1;
/** One part in so many of the cash at hand, and two units, stay out of the plan: rounding up to units must be paid for. */
const CASH_RESERVE = 1_000_000n;
/** Share of a swap's output that is not counted on beside the price head-room, and that is withdrawn on top: the solver's tolerance and the rounding to units. */
const ROUNDING_HEAD_ROOM = 1e-7;

/**
 * Finds the cheapest way to bring every account to its target, orders it, and replays it in the protocols' integers. A plan that a rule rejects is repaired (more head-room, or without the step that was
 * refused) and solved again; what cannot be repaired is refused.
 *
 * @throws {PlimsollError} PLAN_IMPOSSIBLE where no plan reaches the target, with what is missing in USD; PLAN_REJECTED where none survives the replay.
 * @throws {InvalidArgument} for a target below 1. @throws {MissingPrice} for an asset without a price.
 * @example
 * ```ts
 * const plan = await planSelf(opened, { health: 1.25, unified: null, scenarios: [] }, means, { budgetMs: 500, now: () => performance.now() });
 * plan.cost.totalUsd - plan.lowerBoundUsd === plan.gapUsd;
 * ```
 */
export async function planSelf(opened: OpenedPortfolio, target: PlanTarget, means: SelfPlanMeans, solving: SolvePathOptions): Promise<SelfPlan> {
  const { accounts, gaps } = splitPlannable(opened, means.headRoomSeconds ?? DEFAULT_HEAD_ROOM_SECONDS);
  const task: Task = {
    opened: { ...opened, accounts },
    target,
    means,
    solving,
    decimals: decimalsOf(
      accounts,
      means.cash.map(({ asset, decimals }) => [asset, decimals]),
    ),
    unseen: [...opened.portfolio.gaps, ...gaps],
  };
  const excluded = new Set<string>();
  let shortages = 0;
  const reserveUsd = new Map<string, number>();
  let last: PlanFault | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const result = await tryPlan(task, { attempt, shortages, excluded, reserveUsd });
    if (!isFault(result)) return result;
    // A refusal that more head-room did not mend is about the step itself.
    if (result.arc !== null && last?.arc === result.arc) excluded.add(result.arc);
    if (result.missing !== null) reserveUsd.set(result.missing.account, (reserveUsd.get(result.missing.account) ?? 0) + RESERVE * result.missing.usd);
    shortages += result.isShort ? 1 : 0;
    last = result;
  }
  throw new PlimsollError('PLAN_REJECTED', `No plan survives its replay: ${last?.reason ?? 'unknown'}. ${adviceFor(means)}`);
}

interface Task {
  readonly opened: OpenedPortfolio;
  readonly target: PlanTarget;
  readonly means: SelfPlanMeans;
  readonly solving: SolvePathOptions;
  readonly decimals: AssetDecimals;
  readonly unseen: readonly Gap[];
}

interface Attempt {
  readonly attempt: number;
  /** How many of the attempts before ended with too little at hand. */
  readonly shortages: number;
  readonly excluded: ReadonlySet<string>;
  readonly reserveUsd: ReadonlyMap<string, number>;
}

/** Why a plan does not hold; `arc` names the step (account and arc) that a rule would not have, `missing` the account that missed its target and by how much, where it is about one. */
interface PlanFault {
  readonly kind: 'fault';
  readonly reason: string;
  readonly arc: string | null;
  readonly missing: { readonly account: string; readonly usd: number } | null;
  /** Whether what is paid is not at hand. */
  readonly isShort: boolean;
}

function isFault(result: SelfPlan | Ledger | PlanFault): result is PlanFault {
  return 'kind' in result && result.kind === 'fault';
}

function faultOf(reason: string, about: Partial<Pick<PlanFault, 'arc' | 'missing' | 'isShort'>> = {}): PlanFault {
  return { kind: 'fault', reason, arc: null, missing: null, isShort: false, ...about };
}

interface Candidate {
  readonly order: PlanOrder;
  readonly mostRounds: number;
}

async function tryPlan(task: Task, attempt: Attempt): Promise<SelfPlan | PlanFault> {
  const solved = new Map<boolean, Promise<Solved>>();
  // Where the lenders are free, both orders are plans of one and the same problem.
  const isFree = task.means.flashLenders.every((lender) => lender.feeBps === 0);
  const solve = (order: PlanOrder): Promise<Solved> => {
    const lends = order === 'executor' || isFree;
    const known = solved.get(lends) ?? solveProblem(task, attempt, lends);
    solved.set(lends, known);
    return known;
  };
  let fault = faultOf('no order was tried');
  for (const candidate of candidatesOf(task.means.order)) {
    const result = finish(task, await solve(candidate.order), { candidate, attempt });
    if (!isFault(result)) return result;
    fault = fault.arc === null && fault.missing === null && !fault.isShort ? result : fault;
  }
  return fault;
}

function candidatesOf(order: SelfPlanMeans['order']): Candidate[] {
  const [rounds, once] = [Number.POSITIVE_INFINITY, 1];
  if (order !== 'any') return [{ order, mostRounds: rounds }];
  return [
    { order: 'sequence', mostRounds: once },
    { order: 'executor', mostRounds: rounds },
    { order: 'sequence', mostRounds: rounds },
  ];
}

interface Solved {
  readonly problem: PathProblem;
  readonly solution: PathSolution;
}

async function solveProblem({ opened, target, means, solving }: Task, { attempt, excluded, reserveUsd }: Attempt, lends: boolean): Promise<Solved> {
  const growth = HEAD_ROOM_GROWTH ** attempt;
  const problem = buildProblem(opened, target, {
    ...means,
    flashLenders: lends ? means.flashLenders : [],
    cash: means.cash.map(({ asset, decimals, amount }) => ({ asset, amount: toWhole(max(amount - amount / CASH_RESERVE - 2n, 0n), decimals) })),
    priceHeadRoom: (means.priceHeadRoom ?? 0) + ROUNDING_HEAD_ROOM * growth,
    targetHeadRoom: TARGET_HEAD_ROOM * growth,
    excluded,
    reserveUsd,
  });
  const solution = solveOnePair(problem) ?? (await solvePath(problem, solving));
  if (solution.status === 'infeasible') throw impossible(opened.accounts, solution);
  return { problem, solution };
}

function finish(task: Task, { problem, solution }: Solved, { candidate, attempt }: { readonly candidate: Candidate; readonly attempt: Attempt }): SelfPlan | PlanFault {
  const { opened, target, means, decimals } = task;
  const { accounts } = opened;
  const cash = means.cash.map(({ asset, amount }) => [asset, amount] as const);
  const headRoomSeconds = means.headRoomSeconds ?? DEFAULT_HEAD_ROOM_SECONDS;
  const before = new Ledger(accounts, cash, headRoomSeconds);
  const terms = { decimals, priceHeadRoom: means.priceHeadRoom ?? 0 };
  const actions = readActions(problem, solution, { accounts, decimals, roundingHeadRoom: ROUNDING_HEAD_ROOM * HEAD_ROOM_GROWTH ** attempt.shortages });
  const staged: Staged | OrderFault = arrangeStages(before.fork(), actions, { order: candidate.order, flashLenders: problem.flashLenders, terms, targetOf: (account) => goalOf(target, account) });
  if ('kind' in staged) return describeFault(staged);
  if (staged.rounds > candidate.mostRounds) return faultOf(`without a loan it takes ${staged.rounds} rounds`);
  const replayed = tryReplay(() => replayPlan(staged.stages, { accounts, cash, headRoomSeconds, target, routes: problem.routes, terms }));
  if (isFault(replayed)) return replayed;
  const cost = costOf(staged.stages, { problem, decimals, before, after: replayed });
  const lowerBoundUsd = Math.min(solution.lowerBoundUsd, cost.totalUsd);
  return {
    ...staged,
    order: candidate.order,
    cost,
    lowerBoundUsd,
    gapUsd: cost.totalUsd - lowerBoundUsd,
    method: solution.method,
    repairs: attempt.attempt,
    before: healthOf(before),
    after: healthOf(replayed),
    cashAfter: replayed.assets().flatMap((asset) => cashEntry(asset, replayed, decimals)),
    unseen: task.unseen,
    headRoom: problem.headRoom,
    problem,
    solution,
  };
}

function tryReplay(replay: () => Ledger): Ledger | PlanFault {
  try {
    return replay();
  } catch (error) {
    if (error instanceof RuleViolation || (error instanceof PlimsollError && error.code === 'PLAN_REJECTED')) return faultOf(error.message.replace(/\.$/, ''), { missing: missingOf(error) });
    throw error;
  }
}

function missingOf({ fields }: PlimsollError): PlanFault['missing'] {
  const { account, missingUsd } = fields;
  return typeof account === 'string' && typeof missingUsd === 'number' ? { account, usd: missingUsd } : null;
}

function adviceFor({ order, flashLenders }: SelfPlanMeans): string {
  if (order === 'sequence') return 'Allow the executor, which orders any plan around a flash loan, add cash, or lower the target.';
  return flashLenders.length === 0 ? 'No flash loan is to be had here: add cash, or lower the target.' : 'Lower the target, or leave the account out.';
}

function cashEntry(asset: AssetId, ledger: Ledger, decimals: AssetDecimals): CashAtHand[] {
  const amount = ledger.cashOf(asset);
  return amount > 0n ? [{ asset, decimals: decimals.get(asset) ?? 0, amount }] : [];
}

function describeFault(fault: OrderFault): PlanFault {
  switch (fault.kind) {
    case 'refused':
      return faultOf(fault.violation.message.replace(/\.$/, ''), { arc: `${fault.action.account} ${fault.action.arc}` });
    case 'short':
      return faultOf(`${fault.amount} raw units of ${fault.asset} are missing, and nobody on the chain lends them within a transaction`, { isShort: true });
    case 'stuck':
      return faultOf(fault.reason);
  }
}

function impossible(accounts: readonly OpenedAccount[], { missing }: PathSolution): PlimsollError {
  const total = missing.reduce((sum, entry) => sum + entry.collateralUsd, 0);
  const money = (usd: number): string => usd.toLocaleString('en-US', { maximumFractionDigits: usd < 100 ? 2 : 0 });
  const labelOf = (id: string): string => accounts.find((account) => account.entry.id === id)?.marketEntry.label ?? id;
  const parts = missing.map(({ account, collateralUsd }) => `${labelOf(account)} needs ${money(collateralUsd)} USD more adjusted collateral`);
  const explanation = missing.length === 0 ? 'no amount of collateral would help within the given limits' : `it needs ${money(total)} USD more: ${parts.join('; ')}`;
  return new PlimsollError('PLAN_IMPOSSIBLE', `No plan reaches the target with what the wallet has: ${explanation}. Lower the target, or add cash or collateral.`, { missingUsd: total });
}
