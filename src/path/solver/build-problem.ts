import { type Decimal, fromFixed } from '../../core/decimal.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { type AssetId, type ChainId, USD } from '../../core/ids.ts';
import type { PlanningAccount, PlanningArc } from '../../core/rule.ts';
import { evaluateAccount, marketPricesOf } from '../../engine/evaluate.ts';
import type { Moves } from '../../engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import type { PathAccount, PathArc, PathProblem, PathRoute, PathScenario } from './problem.ts';

/** Interest between quote and execution that a plan provides for unless told otherwise, seconds. */
export const DEFAULT_HEAD_ROOM_SECONDS = 600n;
/** Share that targets are raised by beside it: rounding of whole plans. */
export const TARGET_HEAD_ROOM = 1e-6;

/** What is asked of a plan. */
export interface PlanTarget {
  /** Health in exposure form that every account with debt must reach; at least 1. */
  readonly health: number;
  /** Other targets for single accounts, by account id. */
  readonly byAccount?: ReadonlyMap<string, number>;
  /** True where `health` is meant in the protocol's own terms. It differs for perps only: equity ≥ health × maintenance. */
  readonly native?: boolean;
  /** Unified health factor to reach; null = only the accounts. */
  readonly unified: number | null;
  /** Price moves under which every account must still stand at `health`. */
  readonly scenarios: readonly { readonly name: string; readonly moves: Moves; readonly health: number }[];
}

/** Prices, means and costs around the accounts. */
export interface PlanMeans {
  readonly routes: readonly PathRoute[];
  readonly flashLenders: PathProblem['flashLenders'];
  readonly cash: PathProblem['cash'];
  readonly cashCost: number;
  /** USD of one action on a chain. */
  readonly gasUsd: (chain: ChainId, kind: PathArc['kind']) => number;
  readonly headRoomSeconds?: bigint;
  /** Share that every target is raised by; what rounding to integers may cost. */
  readonly targetHeadRoom?: number;
  /** Share of a swap's output that is not counted on; 0 where prices stand still. */
  readonly priceHeadRoom?: number;
  /** Assets that the plan may touch; all that the rules offer where absent. */
  readonly assets?: ReadonlySet<AssetId>;
  /** Adjusted collateral that a plan must leave over beyond the target, USD, by account: what a replay has found missing before. */
  readonly reserveUsd?: ReadonlyMap<string, number>;
  /** Arcs that no plan may use, as account id and arc id joined by a blank: what a rule has refused before. */
  readonly excluded?: ReadonlySet<string>;
}

/**
 * Puts a portfolio into a path problem: every account at the time when the plan may run, linear in what its rule says the owner can do, at the protocol's own prices in its rows and
 * at market prices (the protocol's where there is none) in the objective.
 *
 * @throws {InvalidArgument} for a target below 1, or an account whose rule has no planning view.
 */
export function buildProblem(opened: OpenedPortfolio, target: PlanTarget, means: PlanMeans): PathProblem {
  requireTarget(target);
  const headRoom = means.headRoomSeconds ?? DEFAULT_HEAD_ROOM_SECONDS;
  const known = marketPricesOf(opened.portfolio);
  const marketUsd = new Map<AssetId, number>([...known].map(([asset, usd]) => [asset, usd.toNumber()]));
  const accounts = opened.accounts.map((account) => {
    const later = { ...account, view: { ...account.view, at: account.view.at + headRoom } };
    for (const leg of account.legs) if (!marketUsd.has(leg.asset)) marketUsd.set(leg.asset, (known.get(leg.asset) ?? leg.priceUsd).toNumber());
    return buildAccount(later, target, means);
  });
  return {
    accounts,
    cash: means.cash,
    marketUsd,
    // What has no price cannot be costed: a route through it is none.
    routes: means.routes.filter(({ curve }) => marketUsd.has(curve.from) && marketUsd.has(curve.to)),
    flashLenders: means.flashLenders,
    unifiedTarget: target.unified === null ? null : target.unified * (1 + (means.targetHeadRoom ?? TARGET_HEAD_ROOM)),
    cashCost: means.cashCost,
    priceHeadRoom: means.priceHeadRoom ?? 0,
    headRoom: `interest for ${headRoom} s, targets raised by ${means.targetHeadRoom ?? TARGET_HEAD_ROOM}, swaps may give ${means.priceHeadRoom ?? 0} less than expected`,
  };
}

function requireTarget({ health, unified, scenarios, byAccount }: PlanTarget): void {
  const targets = [health, ...(unified === null ? [] : [unified]), ...scenarios.map((scenario) => scenario.health), ...(byAccount?.values() ?? [])];
  const bad = targets.find((value) => !(value >= 1 && value < 100));
  if (bad !== undefined) throw new InvalidArgument(`A target of ${bad} cannot be planned for: health must be at least 1 (and below 100).`, { target: bad });
}

function buildAccount(account: OpenedAccount, target: PlanTarget, means: PlanMeans): PathAccount {
  const planning = planningOf(account, account.view.market);
  const { chain, label } = account.marketEntry;
  const raised = 1 + (means.targetHeadRoom ?? TARGET_HEAD_ROOM);
  const goal = target.byAccount?.get(account.entry.id) ?? target.health;
  const terms: GoalTerms = target.native === true && account.rule.kind === 'perp' ? { target: 1, requirements: goal * raised - 1 } : { target: goal, requirements: 0 };
  const shocked = target.scenarios.map((scenario) => ({ scenario, planning: planningOf(account, account.rule.reprice(account.view.market, scenario.moves)), sums: sumsOf(account, scenario.moves) }));
  const offered = planning.arcs.filter((arc) => means.assets?.has(arc.asset) !== false || arc.asset === USD);
  const arcs = offered.map((arc) => buildArc(arc, planning, { shocked: shocked.map((entry) => entry.planning), gasUsd: means.gasUsd(chain as ChainId, arc.kind), terms, raised }));
  return {
    id: account.entry.id,
    label,
    chain: chain as ChainId,
    ...lessReserve(withRequirements(sumsOf(account, undefined), planning, terms), means.reserveUsd?.get(account.entry.id) ?? 0),
    target: terms.target * (terms.requirements === 0 ? raised : 1),
    borrowLimit:
      planning.borrowLimit === null
        ? null
        : { collateralUsd: planning.borrowLimit.collateralUsd.toNumber(), debtUsd: raised * planning.borrowLimit.debtUsd.toNumber(), kinds: planning.borrowLimit.kinds },
    scenarios: shocked.map(({ scenario, sums }): PathScenario => ({ name: scenario.name, ...sums, target: scenario.health * raised })),
    minimumDebts: planning.minimumDebts.map(({ asset, decimals, current, minimum }) => ({ asset, current: tokens(current, decimals), minimum: tokens(minimum, decimals) })),
    asynchronous: planning.asynchronous,
    arcs: arcs.filter((arc) => means.excluded?.has(`${account.entry.id} ${arc.id}`) !== true),
  };
}

function planningOf(account: OpenedAccount, market: unknown): PlanningAccount {
  const planning = account.rule.planning?.({ ...account.view, market });
  if (planning === undefined) throw new InvalidArgument(`${account.marketEntry.label}: the rule ${account.rule.id} has no planning view; leave the account out.`, { account: account.entry.id });
  return planning;
}

function sumsOf(account: OpenedAccount, moves: Moves | undefined): { readonly collateralUsd: number; readonly debtUsd: number } {
  const { adjustedCollateral, adjustedDebt } = evaluateAccount(account, new Map(), { at: account.view.at, ...(moves === undefined ? {} : { moves }) });
  return { collateralUsd: adjustedCollateral.toNumber(), debtUsd: adjustedDebt.toNumber() };
}

/** How a goal is written into the row A ≥ target · L: `requirements` × maintenance is added to L where the goal is a multiple of the requirement. */
interface GoalTerms {
  readonly target: number;
  readonly requirements: number;
}

function withRequirements(sums: PathArc['effect'], planning: PlanningAccount, { requirements }: GoalTerms): PathArc['effect'] {
  const held = planning.arcs.reduce((sum, arc) => sum - arc.requirementUsd.toNumber() * (arc.all === null ? 0 : tokens(arc.all, arc.decimals)), 0);
  return { ...sums, debtUsd: sums.debtUsd + requirements * held };
}

function lessReserve(sums: PathArc['effect'], reserveUsd: number): PathArc['effect'] {
  return { ...sums, collateralUsd: sums.collateralUsd - reserveUsd };
}

interface ArcContext {
  readonly terms: GoalTerms;
  /** What targets and borrow limits are raised by, as a factor. */
  readonly raised: number;
  /** The account's planning view in each scenario. */
  readonly shocked: readonly PlanningAccount[];
  readonly gasUsd: number;
}

function buildArc(arc: PlanningArc, planning: PlanningAccount, context: ArcContext): PathArc {
  return {
    id: `${arc.kind} ${arc.asset}`,
    kind: arc.kind,
    asset: arc.asset,
    max: arc.max === null ? Number.POSITIVE_INFINITY : tokens(arc.max, arc.decimals),
    all: arc.all === null ? null : tokens(arc.all, arc.decimals),
    effect: { collateralUsd: arc.collateralUsd.toNumber(), debtUsd: arc.debtUsd.toNumber() + context.terms.requirements * arc.requirementUsd.toNumber() },
    borrowEffect: planning.borrowLimit === null ? null : { collateralUsd: arc.limitCollateralUsd.toNumber(), debtUsd: context.raised * arc.limitDebtUsd.toNumber() },
    scenarioEffects: context.shocked.map((shocked) => effectIn(shocked, arc)),
    cashPerUnit: { supply: -1, repay: -1, withdraw: 1, borrow: 1, close: 0 }[arc.kind],
    feeUsdPerUnit: arc.feeUsd.toNumber(),
    gasUsd: context.gasUsd,
  };
}

function effectIn(planning: PlanningAccount, arc: PlanningArc): PathArc['effect'] {
  const same = planning.arcs.find((other) => other.kind === arc.kind && other.asset === arc.asset);
  return same === undefined ? { collateralUsd: 0, debtUsd: 0 } : { collateralUsd: same.collateralUsd.toNumber(), debtUsd: same.debtUsd.toNumber() };
}

function tokens(raw: bigint, decimals: number): number {
  const amount: Decimal = fromFixed(raw, decimals);
  return amount.toNumber();
}
