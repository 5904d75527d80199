import type { Decimal } from '../../core/decimal.ts';
import { groupAssets } from '../../engine/asset-groups.ts';
import { adverseMovesOf, computeDistance } from '../../engine/distance.ts';
import { evaluatePortfolio } from '../../engine/evaluate.ts';
import { type Moves, NO_MOVES } from '../../engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { type ForcedView, forcedView } from '../../path/forced/forced.ts';
import type { CollateralStore } from '../../path/liquidator/absorb-and-buy.ts';
import type { LiquidatorMeans } from '../../path/liquidator/liquidator-market.ts';
import { computeBuyCollateral } from '../../protocols/compound-v3/buy-collateral.ts';
import { COMPOUND_V3_RULE } from '../../protocols/compound-v3/rule-id.ts';
import type { CometMarket } from '../../protocols/compound-v3/state.ts';
import type { PlanAsset, PlanRoute } from './means.ts';

/** What the protocols' own rules would do, and at which prices. */
export interface ForcedAnswer {
  readonly view: ForcedView;
  /** `now`: at the portfolio's prices; `shock`: at the caller's; `first`: just beyond the uniform adverse move that liquidates the first account. */
  readonly at: 'now' | 'shock' | 'first';
  /** The uniform adverse move of `first`; null otherwise. */
  readonly move: Decimal | null;
}

/** How far beyond the first liquidation "if nothing is done" looks, as a share of the price. */
const BEYOND = '0.0005';

/** At the caller's prices where there are any; at the portfolio's where something is liquidatable; else just beyond the first liquidation. */
export function lookForward(opened: OpenedPortfolio, moves: Moves | null, means: LiquidatorMeans): ForcedAnswer {
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
export function cometStore({ rule, view }: OpenedAccount): CollateralStore | null {
  if (rule.id !== COMPOUND_V3_RULE) return null;
  return { base: (view.market as CometMarket).base.asset, buy: (market, purchase) => computeBuyCollateral(market as CometMarket, { ...purchase, minAmount: 0n }) };
}

/** The deepest curve of a pair; null where nothing can be sold. */
export function bestCurve(routes: readonly PlanRoute[], from: PlanAsset['asset'], to: PlanAsset['asset']): PlanRoute['curve'] | null {
  const [deepest] = routes.filter(({ curve }) => curve.from === from && curve.to === to && curve.depth > 0).toSorted((a, b) => b.curve.depth - a.curve.depth);
  return deepest?.curve ?? null;
}
