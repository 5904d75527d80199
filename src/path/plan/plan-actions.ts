import { InternalError } from '../../core/errors.ts';
import type { AssetId, ChainId } from '../../core/ids.ts';
import type { PlanningArc, Step, StepAmount } from '../../core/rule.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';
import type { SwapCurve } from '../curves/curve.ts';
import type { PathProblem, PathRoute, PathSolution } from '../solver/problem.ts';
import { type AssetDecimals, requireDecimals, toRaw } from './raw-amounts.ts';

/** One arc of a solution, in raw units and not yet in any order. */
export interface AccountAction {
  readonly account: string;
  /** Id of the arc in the problem. */
  readonly arc: string;
  readonly chain: ChainId;
  readonly kind: PlanningArc['kind'];
  readonly asset: AssetId;
  readonly amount: StepAmount;
  readonly asynchronous: boolean;
}

/** One swap of a solution. */
export interface SwapAction {
  readonly route: string;
  readonly chain: ChainId;
  readonly curve: SwapCurve;
  readonly amountIn: bigint;
}

/** Everything that a solution does, unordered. */
export interface PlanActions {
  readonly accounts: readonly AccountAction[];
  readonly swaps: readonly SwapAction[];
}

/** What reading a solution needs beside it. */
export interface ReadOptions {
  readonly accounts: readonly OpenedAccount[];
  readonly decimals: AssetDecimals;
  /** Share that is taken out on top: what the solver's tolerance and later rounding may be off by, so that what follows is paid for. */
  readonly roundingHeadRoom: number;
}

/** Amounts within this share of all are all of it. */
const ALMOST_ALL = 1e-7;

/**
 * Reads a solution's floats as raw integers: what goes in is rounded up to the unit (or is the protocol's own "all"), what comes out is raised by the head-room, swaps are rounded down.
 */
export function readActions(problem: PathProblem, solution: PathSolution, { accounts, decimals, roundingHeadRoom }: ReadOptions): PlanActions {
  const opened = new Map(accounts.map((account) => [account.entry.id, account]));
  return {
    accounts: solution.arcs.map(({ account, arc, amount }) => readArc(problem, opened.get(account), { account, arc, amount, roundingHeadRoom })),
    swaps: solution.swaps.map(({ route, amountIn }) => {
      const { chain, curve } = findRoute(problem.routes, route);
      return { route, chain, curve, amountIn: toRaw(amountIn, requireDecimals(decimals, curve.from), 'down') };
    }),
  };
}

/** The step that an action is, for the amount given. */
export function stepOf({ kind, asset }: Pick<AccountAction, 'kind' | 'asset'>, amount: StepAmount): Step {
  switch (kind) {
    case 'close':
      return { kind, sizeUsd: amount };
    case 'withdraw':
    case 'repay':
      return { kind, asset, amount };
    case 'supply':
    case 'borrow':
      if (amount === 'max') throw new InternalError(`There is no "all" of a ${kind}.`);
      return { kind, asset, amount };
  }
}

/** @throws {InternalError} for a route that the problem does not have. */
export function findRoute(routes: readonly PathRoute[], id: string): PathRoute {
  const route = routes.find((entry) => entry.id === id);
  if (route === undefined) throw new InternalError(`The plan swaps by ${id}, which is no route of its problem.`);
  return route;
}

function readArc(problem: PathProblem, opened: OpenedAccount | undefined, entry: PathSolution['arcs'][number] & Pick<ReadOptions, 'roundingHeadRoom'>): AccountAction {
  const account = problem.accounts.find((candidate) => candidate.id === entry.account);
  const arc = account?.arcs.find((candidate) => candidate.id === entry.arc);
  const planning = opened?.rule.planning?.(opened.view).arcs.find((candidate) => candidate.kind === arc?.kind && candidate.asset === arc.asset);
  if (account === undefined || arc === undefined || planning === undefined) throw new InternalError(`The plan uses ${entry.arc} of ${entry.account}, which does not exist.`);
  const { kind, asset } = arc;
  return { account: account.id, arc: arc.id, chain: account.chain, kind, asset, amount: rawAmount(planning, entry, arc.all), asynchronous: account.asynchronous };
}

function rawAmount(planning: PlanningArc, { amount, roundingHeadRoom }: { readonly amount: number; readonly roundingHeadRoom: number }, all: number | null): StepAmount {
  if (all !== null && amount >= all * (1 - ALMOST_ALL)) return 'max';
  const takesOut = planning.kind === 'withdraw' || planning.kind === 'borrow';
  const raw = toRaw(takesOut ? amount * (1 + roundingHeadRoom) : amount, planning.decimals, 'up');
  const most = planning.max;
  if (most === null) return raw;
  const almost = most - most / BigInt(Math.round(1 / ALMOST_ALL));
  return raw >= almost ? most : raw;
}
