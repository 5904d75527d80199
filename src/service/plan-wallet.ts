import type { Config } from '../config.ts';
import { isLive } from '../config.ts';
import type { Decimal } from '../core/decimal.ts';
import { InvalidArgument, PlimsollError } from '../core/errors.ts';
import type { Address, ChainId } from '../core/ids.ts';
import type { Gap, Portfolio } from '../core/portfolio.ts';
import { adverseMovesOf, computeDistance } from '../engine/distance.ts';
import { evaluatePortfolio } from '../engine/evaluate.ts';
import { type Moves, NO_MOVES } from '../engine/moves.ts';
import { type OpenedAccount, type OpenedPortfolio, openPortfolio } from '../engine/open-portfolio.ts';
import { movesOf, parseShock } from '../engine/shock.ts';
import { computeBaselines, type PathBaseline } from '../path/comparisons/baselines.ts';
import { POLICIES } from '../path/comparisons/policies.ts';
import { computePolicyCost, type PolicyCost } from '../path/comparisons/policy-cost.ts';
import { type ForcedView, forcedView } from '../path/forced/forced.ts';
import type { CollateralStore } from '../path/liquidator/absorb-and-buy.ts';
import { type LiquidatorView, liquidatorView } from '../path/liquidator/liquidator.ts';
import type { LiquidatorMeans } from '../path/liquidator/liquidator-market.ts';
import { goalOf } from '../path/plan/goals.ts';
import { planSelf, type SelfPlan, type SelfPlanMeans } from '../path/plan/plan.ts';
import { DEFAULT_HEAD_ROOM_SECONDS, type PlanTarget } from '../path/solver/build-problem.ts';
import { openWorkerSolver } from '../path/solver/solve-thread.ts';
import type { StageSimulation } from '../path/transactions/simulate-stage.ts';
import { uniswapV3Venue } from '../path/transactions/uniswap-v3-venue.ts';
import { computeBuyCollateral } from '../protocols/compound-v3/buy-collateral.ts';
import { COMPOUND_V3_RULE } from '../protocols/compound-v3/rule-id.ts';
import type { CometMarket } from '../protocols/compound-v3/state.ts';
import { findRule, listDeployments, PROTOCOLS } from '../protocols/registry.ts';
import { systemClock } from '../sources/clock.ts';
import { groupAssets } from './asset-groups.ts';
import { requireOwnExecutor } from './check-executor.ts';
import { openRuntime } from './open-runtime.ts';
import { type PlanGas, readGas } from './plan-gas.ts';
import { chooseLenders } from './plan-lenders.ts';
import { listPlanAssets, listRoutes, type PlanAsset, type PlanRoute, parseCash, readCash } from './plan-means.ts';
import { type PlanTransactions, prepareTransactions, simulateTransactions } from './plan-transactions.ts';
import { readSubject, type SubjectRequest } from './wallet-report.ts';

export type PlanView = 'self' | 'forced' | 'liquidator';

/** What a plan is asked for. */
export interface PlanRequest extends SubjectRequest {
  readonly view: PlanView;
  /** Health in exposure form to reach; in the protocol's own terms where `native`. */
  readonly target: number;
  readonly native: boolean;
  /** Unified health factor to reach; null = only the accounts. */
  readonly unified: number | null;
  /** As in `ETH=-20%`: prices at which every account must still stand (self), or at which to look (forced, liquidator). */
  readonly shock: string | null;
  /** Wall time for the solver, ms. */
  readonly budgetMs: number;
  readonly order: SelfPlanMeans['order'];
  /** As in `USDC=1000`; null = what the wallet holds where the chain can be read, else nothing. */
  readonly cash: string | null;
  /** USD of one action; null = assumed by chain. */
  readonly gasUsd: number | null;
  /** Share that a swap may give less than expected. */
  readonly priceHeadRoom: number;
  readonly calldata: boolean;
  /** Calldata in spite of gaps. */
  readonly acceptGaps: boolean;
  /** The owner's own PlimsollExecutor; null where there is none. */
  readonly executor: Address | null;
  /** Fee of the pool that swaps are sent to where no pool's state was read, hundredths of a basis point. */
  readonly poolFee: number | null;
}

/** What is asked for where nothing else is said. */
export const DEFAULT_PLAN = {
  view: 'self',
  target: 1.25,
  native: false,
  unified: null,
  shock: null,
  budgetMs: 500,
  order: 'any',
  cash: null,
  gasUsd: null,
  priceHeadRoom: 0.005,
  calldata: false,
  acceptGaps: false,
  executor: null,
  poolFee: null,
} as const satisfies Omit<PlanRequest, 'subject'>;

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

/** What the protocols' own rules would do, and at which prices. */
export interface ForcedAnswer {
  readonly view: ForcedView;
  /** `now`: at the portfolio's prices; `shock`: at the caller's; `first`: just beyond the uniform adverse move that liquidates the first account. */
  readonly at: 'now' | 'shock' | 'first';
  /** The uniform adverse move of `first`; null otherwise. */
  readonly move: Decimal | null;
}

/** Seconds that a wallet has to send what it is shown. */
const DEADLINE_SECONDS = 1_200n;
/** How far beyond the first liquidation "if nothing is done" looks, as a share of the price. */
const BEYOND = '0.0005';

/**
 * Plans for a wallet or a saved Portfolio: the view that is asked for, always beside what the protocols would do by themselves.
 *
 * @throws {PlimsollError} for requests that cannot be understood; a plan that is impossible is an answer.
 */
export async function planWallet(request: PlanRequest, config: Config): Promise<PlanAnswer> {
  requireRequest(request);
  const portfolio = await readSubject(request, config);
  const opened = openPortfolio(portfolio, findRule);
  const chains = await openChains(request, config, portfolio);
  try {
    return await answer(request, { opened, chains: chains.sources, isDocument: request.subject.endsWith('.json') });
  } finally {
    await chains.close();
  }
}

interface Surroundings {
  readonly opened: OpenedPortfolio;
  readonly chains: Parameters<typeof readCash>[2];
  readonly isDocument: boolean;
}

/** Only endpoints that were configured: what is recorded says nothing about today's pools and balances. */
async function openChains(request: PlanRequest, config: Config, portfolio: Portfolio): Promise<{ readonly sources: Surroundings['chains']; close(): Promise<void> }> {
  if (!isLive(config) || request.recorded !== undefined) return { sources: new Map(), close: async () => {} };
  const runtime = await openRuntime(config, { owners: portfolio.owners as Address[] });
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

async function planOfOwn(request: PlanRequest, { opened, chains, isDocument }: Surroundings, { assets, routes, target, forced, gas }: Prepared): Promise<SelfAnswer> {
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
  const solver = openWorkerSolver();
  const solving = { budgetMs: request.budgetMs, now: () => performance.now(), solver };
  try {
    const plan = await planSelf(opened, target, means, solving);
    const nativeForcedUsd = forced.view.accounts.some((account) => account.status === 'liquidatable') ? forced.view.rational.costUsd.toNumber() : null;
    const baselines = await computeBaselines(plan.problem, plan.solution, { ...solving, nativeForcedUsd });
    const policies: PolicyCost[] = [];
    for (const policy of Object.values(POLICIES)) policies.push(await computePolicyCost(policy, plan.problem, plan.solution, solving));
    if (request.calldata) await requireExecutors(request, plan, { opened, chains });
    const transactions = request.calldata ? encode(request, { opened, routes, target, plan, cash, isDocument }) : null;
    const simulations = transactions?.kind === 'complete' ? await simulateTransactions(transactions.stages, { owner: onlyOwner(opened), chains, protocols: PROTOCOLS }) : [];
    return { plan, baselines, policies, transactions, simulations };
  } finally {
    await solver.close();
  }
}

interface Encodable extends Pick<Prepared, 'routes' | 'target'> {
  readonly opened: OpenedPortfolio;
  readonly plan: SelfPlan;
  readonly cash: SelfPlanMeans['cash'];
  readonly isDocument: boolean;
}

/** @throws {PlimsollError} PLAN_REJECTED where the plan has gaps that were not accepted. */
function encode(request: PlanRequest, { opened, routes, target, plan, cash, isDocument }: Encodable): PlanTransactions {
  if (plan.unseen.length > 0 && !request.acceptGaps) {
    const [first] = plan.unseen;
    throw new PlimsollError(
      'PLAN_REJECTED',
      `No calldata for a plan that could not see everything (${plan.unseen.length} gaps, the first: ${first?.message ?? ''}). Mend the gaps, or add --accept-gaps to sign in spite of them.`,
      { gaps: plan.unseen.length },
    );
  }
  const pools = new Map(routes.map((route) => [route.id, route.pool]));
  return prepareTransactions({
    opened,
    owner: onlyOwner(opened),
    protocols: PROTOCOLS,
    deployments: listDeployments(),
    trust: isDocument ? 'document' : 'as-read',
    targetOf: (account) => goalOf(target, account),
    stages: plan.stages,
    executorOf: () => request.executor,
    deadline: BigInt(Math.floor(systemClock.now() / 1000)) + DEADLINE_SECONDS,
    venues: [
      uniswapV3Venue((_, route) => {
        const pool = pools.get(route) ?? null;
        return pool === null ? null : { tokens: pool.tokens, fees: [pool.feePips] };
      }),
    ],
    cash: new Map(cash.map(({ asset, amount }) => [asset, amount])),
  });
}

/** Rights are granted to nobody else's contract. @throws {InvalidArgument} where the named executor is not the owner's own. */
async function requireExecutors({ executor }: PlanRequest, { stages }: SelfPlan, { opened, chains }: Pick<Surroundings, 'opened' | 'chains'>): Promise<void> {
  if (executor === null) return;
  const owner = onlyOwner(opened);
  for (const chain of new Set(stages.filter((stage) => stage.order === 'executor').map((stage) => stage.chain))) {
    const source = chains.get(chain);
    if (source !== undefined) await requireOwnExecutor(source, { executor, owner });
  }
}

function chainsOf({ accounts }: OpenedPortfolio): ChainId[] {
  return [...new Set(accounts.map((account) => account.marketEntry.chain as ChainId))];
}

/** @throws {InvalidArgument} for several owners: each signs for itself. */
function onlyOwner({ portfolio }: OpenedPortfolio): Address {
  const [owner, ...others] = portfolio.owners as Address[];
  if (owner === undefined || others.length > 0) throw new InvalidArgument('Calldata is for one wallet: ask for one address at a time.');
  return owner;
}

/** At the caller's prices where there are any; at the portfolio's where something is liquidatable; else just beyond the first liquidation. */
function lookForward(opened: OpenedPortfolio, moves: Moves | null, means: LiquidatorMeans): ForcedAnswer {
  const grouping = groupAssets(opened.portfolio);
  const look = (at: Moves): ForcedView => forcedView(opened, { moves: at, means, distance: grouping });
  if (moves !== null) return { view: look(moves), at: 'shock', move: null };
  const now = look(NO_MOVES);
  if (now.accounts.some((account) => account.status === 'liquidatable')) return { view: now, at: 'now', move: null };
  const { first } = computeDistance(evaluatePortfolio(opened).accounts, grouping);
  const beyond = first?.move.plus(BEYOND) ?? null;
  if (first === null || beyond === null || beyond.gte(1)) return { view: now, at: 'now', move: null };
  return { view: look(adverseMovesOf([first.account], beyond, grouping)), at: 'first', move: beyond };
}

/** A comet sells what it absorbed; the other protocols keep nothing. */
function cometStore({ rule, view }: OpenedAccount): CollateralStore | null {
  if (rule.id !== COMPOUND_V3_RULE) return null;
  return { base: (view.market as CometMarket).base.asset, buy: (market, purchase) => computeBuyCollateral(market as CometMarket, { ...purchase, minAmount: 0n }) };
}

function bestCurve(routes: readonly PlanRoute[], from: PlanAsset['asset'], to: PlanAsset['asset']): PlanRoute['curve'] | null {
  const [deepest] = routes.filter(({ curve }) => curve.from === from && curve.to === to && curve.depth > 0).toSorted((a, b) => b.curve.depth - a.curve.depth);
  return deepest?.curve ?? null;
}

function requireRequest({ budgetMs, priceHeadRoom, gasUsd, target, unified, native, view }: PlanRequest): void {
  for (const value of [target, ...(unified === null ? [] : [unified])]) {
    if (!(value >= 1 && value < 100)) throw new InvalidArgument(`A target of ${value} cannot be planned for: health must be at least 1 (and below 100).`, { target: value });
  }
  if (!(budgetMs > 0)) throw new InvalidArgument(`A budget of ${budgetMs} ms is none. Give milliseconds above 0, as in --budget-ms 500.`);
  if (!(priceHeadRoom >= 0 && priceHeadRoom < 0.5)) throw new InvalidArgument(`A slippage tolerance of ${priceHeadRoom * 100} % cannot be used: it lies from 0 to below 50 %.`);
  if (gasUsd !== null && !(gasUsd >= 0 && gasUsd < 1e6)) throw new InvalidArgument(`Gas of ${gasUsd} USD an action cannot be used.`);
  if (native && view !== 'self') throw new InvalidArgument('--target-native belongs to --view self.');
}
