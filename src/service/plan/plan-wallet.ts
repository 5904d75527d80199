import type { Config } from '../../config.ts';
import { isLive } from '../../config.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';
import type { Gap, Portfolio } from '../../core/portfolio.ts';
import { groupAssets } from '../../engine/asset-groups.ts';
import { NO_MOVES } from '../../engine/moves.ts';
import { type OpenedPortfolio, openPortfolio } from '../../engine/open-portfolio.ts';
import { movesOf, parseShock } from '../../engine/shock.ts';
import { computeBaselines, type PathBaseline } from '../../path/comparisons/baselines.ts';
import { POLICIES } from '../../path/comparisons/policies.ts';
import { computePolicyCost, type PolicyCost } from '../../path/comparisons/policy-cost.ts';
import { type LiquidatorView, liquidatorView } from '../../path/liquidator/liquidator.ts';
import type { LiquidatorMeans } from '../../path/liquidator/liquidator-market.ts';
import { planSelf, type SelfPlan, type SelfPlanMeans } from '../../path/plan/plan.ts';
import { DEFAULT_HEAD_ROOM_SECONDS, type PlanTarget } from '../../path/solver/build-problem.ts';
import { openWorkerSolver } from '../../path/solver/solve-thread.ts';
import type { StageSimulation } from '../../path/transactions/simulate-stage.ts';
import { findRule, PROTOCOLS } from '../../protocols/registry.ts';
import type { Surroundings as MachineSurroundings } from '../../sources/clock.ts';
import { openRuntime } from '../portfolio/open-runtime.ts';
import { readSubject } from '../portfolio/wallet-report.ts';
import { encodePlan, onlyOwner, requireExecutors } from './calldata.ts';
import { bestCurve, cometStore, type ForcedAnswer, lookForward } from './forward.ts';
import { type PlanGas, readGas } from './gas.ts';
import { chooseLenders } from './lenders.ts';
import { listPlanAssets, listRoutes, type PlanAsset, type PlanRoute, parseCash, readCash } from './means.ts';
import { type PlanRequest, type PlanView, requireRequest } from './request.ts';
import { type PlanTransactions, simulateTransactions } from './transactions.ts';

/** A plan of one's own beside what happens if nothing is done. */
export interface PlanAnswer {
  readonly view: PlanView;
  readonly portfolio: Portfolio;
  readonly target: PlanTarget;
  readonly assets: readonly PlanAsset[];
  readonly routes: readonly PlanRoute[];
  /** Null in the other views, and where it was refused. */
  readonly self: SelfAnswer | null;
  /** Why there is no plan: PLAN_IMPOSSIBLE or PLAN_REJECTED; null where there is one, or none was asked for. */
  readonly refused: PlimsollError | null;
  readonly forced: ForcedAnswer;
  readonly liquidator: LiquidatorView | null;
  readonly gaps: readonly Gap[];
  /** Chains whose gas is an assumption. */
  readonly gasAssumedOn: readonly ChainId[];
}

export interface SelfAnswer {
  readonly plan: SelfPlan;
  readonly baselines: readonly PathBaseline[];
  readonly policies: readonly PolicyCost[];
  /** Null where they were not asked for. */
  readonly transactions: PlanTransactions | null;
  /** One for each stage; empty where there are no transactions. */
  readonly simulations: readonly StageSimulation[];
}

/**
 * Plans for a wallet or a saved Portfolio: the view that is asked for, always beside what the protocols would do by themselves.
 *
 * @throws {PlimsollError} for requests that cannot be understood; a plan that is impossible is an answer.
 */
export async function planWallet(request: PlanRequest, config: Config): Promise<PlanAnswer> {
  requireRequest(request);
  return planPortfolio(await readSubject(request, config), request, { config, trust: request.subject.endsWith('.json') ? 'document' : 'as-read' });
}

/** What a plan is made with, besides what is asked for. */
export interface PlanningOptions {
  readonly config: Config;
  /** `as-read` where this process read the Portfolio from its own sources; `document` for one from elsewhere, whose tokens are not believed. */
  readonly trust: 'as-read' | 'document';
  /** Once it aborts, the search ends and its thread with it. */
  readonly signal?: AbortSignal;
  /** Clock, randomness and network; this machine's where absent. */
  readonly surroundings?: MachineSurroundings;
}

/**
 * Plans for a Portfolio that was read already. `subject` of the request is not looked at.
 *
 * @throws {PlimsollError} for requests that cannot be understood, and DEADLINE_EXCEEDED once the signal aborts; a plan that is impossible is an answer.
 */
export async function planPortfolio(portfolio: Portfolio, request: PlanRequest, { config, trust, signal, surroundings }: PlanningOptions): Promise<PlanAnswer> {
  requireRequest(request);
  const opened = openPortfolio(portfolio, findRule);
  const chains = await openChains(request, { config, portfolio, surroundings });
  try {
    return await answer(request, { opened, chains: chains.sources, isDocument: trust === 'document', signal });
  } finally {
    await chains.close();
  }
}

interface Surroundings {
  readonly opened: OpenedPortfolio;
  readonly chains: Parameters<typeof readCash>[2];
  readonly isDocument: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Only endpoints that were configured: what is recorded says nothing about today's pools and balances. */
async function openChains(
  request: PlanRequest,
  { config, portfolio, surroundings }: { readonly config: Config; readonly portfolio: Portfolio; readonly surroundings: MachineSurroundings | undefined },
): Promise<{ readonly sources: Surroundings['chains']; close(): Promise<void> }> {
  if (!isLive(config) || request.recorded !== undefined) return { sources: new Map(), close: async () => {} };
  const runtime = await openRuntime(config, { owners: portfolio.owners as Address[] }, surroundings);
  return { sources: runtime.reader.chains, close: () => runtime.close() };
}

async function answer(request: PlanRequest, around: Surroundings): Promise<PlanAnswer> {
  const { opened, chains } = around;
  const assets = listPlanAssets(opened);
  const at = Math.max(0, ...opened.accounts.map((account) => Number(account.view.at)));
  const gas = await readGas(request.gasUsd, { chains, wanted: chainsOf(opened), assets });
  const routes = await listRoutes(assets, { chains, at, gasUsd: gas.usd, poolFee: request.poolFee });
  const shock = request.shock === null ? null : { name: request.shock, moves: movesOf(parseShock(request.shock, opened, groupAssets(opened.portfolio).groups)) };
  const target: PlanTarget = { health: request.target, native: request.native, unified: request.unified, scenarios: shock === null ? [] : [{ ...shock, health: 1 }] };
  const means: LiquidatorMeans = { curveOf: (from, to) => bestCurve(routes, from, to), gasUsd: (chain) => gas.usd(chain, 'repay'), flashFeeBps: 0 };
  const forced = lookForward(opened, request.view === 'self' ? null : (shock?.moves ?? null), means);
  const own = request.view === 'self' ? await orRefusal(planOfOwn(request, around, { assets, routes, target, forced, gas })) : null;
  const [self, refused] = own instanceof PlimsollError ? [null, own] : [own, null];
  const liquidator = request.view === 'liquidator' ? liquidatorView(opened, { means, moves: shock?.moves ?? NO_MOVES, storeOf: cometStore }) : null;
  const gaps = self?.plan.unseen ?? (liquidator ?? forced.view).gaps;
  return { view: request.view, portfolio: opened.portfolio, target, assets, routes, self, refused, forced, liquidator, gaps, gasAssumedOn: gas.assumed };
}

/** A refusal is part of the answer: what happens if nothing is done stands beside it. */
async function orRefusal<T>(planning: Promise<T>): Promise<T | PlimsollError> {
  try {
    return await planning;
  } catch (error) {
    if (error instanceof PlimsollError && (error.code === 'PLAN_IMPOSSIBLE' || error.code === 'PLAN_REJECTED')) return error;
    throw error;
  }
}

interface Prepared {
  readonly assets: readonly PlanAsset[];
  readonly routes: readonly PlanRoute[];
  readonly target: PlanTarget;
  readonly forced: ForcedAnswer;
  readonly gas: PlanGas;
}

async function planOfOwn(request: PlanRequest, { opened, chains, isDocument, signal }: Surroundings, { assets, routes, target, forced, gas }: Prepared): Promise<SelfAnswer> {
  const owners = opened.portfolio.owners as Address[];
  const cash = request.cash === null ? await readCash(owners, assets, chains) : parseCash(request.cash, assets);
  const means: SelfPlanMeans = {
    routes,
    flashLenders: await chooseLenders(opened, chains),
    cash,
    cashCost: 0,
    gasUsd: gas.usd,
    headRoomSeconds: DEFAULT_HEAD_ROOM_SECONDS,
    priceHeadRoom: request.priceHeadRoom,
    assets: new Set(assets.map(({ asset }) => asset)),
    order: request.order,
  };
  const solver = openWorkerSolver(signal === undefined ? {} : { signal });
  const solving = { budgetMs: request.budgetMs, now: () => performance.now(), solver };
  try {
    const plan = await planSelf(opened, target, means, solving);
    const nativeForcedUsd = forced.view.accounts.some((account) => account.status === 'liquidatable') ? forced.view.rational.costUsd.toNumber() : null;
    const baselines = await computeBaselines(plan.problem, plan.solution, { ...solving, nativeForcedUsd });
    const policies: PolicyCost[] = [];
    for (const policy of Object.values(POLICIES)) policies.push(await computePolicyCost(policy, plan.problem, plan.solution, solving));
    if (request.calldata) await requireExecutors(request, plan, { opened, chains });
    const transactions = request.calldata ? encodePlan(request, { opened, routes, target, plan, cash, isDocument }) : null;
    const simulations = transactions?.kind === 'complete' ? await simulateTransactions(transactions.stages, { owner: onlyOwner(opened), chains, protocols: PROTOCOLS }) : [];
    return { plan, baselines, policies, transactions, simulations };
  } finally {
    await solver.close();
  }
}

function chainsOf({ accounts }: OpenedPortfolio): ChainId[] {
  return [...new Set(accounts.map((account) => account.marketEntry.chain as ChainId))];
}
