import type { Address, ChainId } from '../../core/ids.ts';
import { type Gap, PORTFOLIO_SCHEMA, type Portfolio } from '../../core/portfolio.ts';
import type { ChainSource } from '../../core/source.ts';
import { groupAssets } from '../../engine/asset-groups.ts';
import { type MarketPrices, marketPricesOf } from '../../engine/evaluate.ts';
import { factorOf, type Moves, NO_MOVES } from '../../engine/moves.ts';
import type { OpenedAccount, OpenedPortfolio } from '../../engine/open-portfolio.ts';
import { movesOf, parseShock } from '../../engine/shock.ts';
import type { ConfidenceInputs } from '../../path/opportunities/confidence.ts';
import { type JointLiquidations, type JointOptions, planJointLiquidations } from '../../path/opportunities/joint-liquidations.ts';
import { type OwnerOpportunity, type RankedLiquidation, rankByOwner } from '../../path/opportunities/owner-opportunities.ts';
import { type BookAtPrices, comparePrices, debtOf, type PriceEffect } from '../../path/opportunities/price-effect.ts';
import { computeWatchList, type WatchedAccount } from '../../path/opportunities/watch-list.ts';
import { listDeployments, PROTOCOLS } from '../../protocols/registry.ts';
import { cometStore } from '../plan/forward.ts';
import { listPlanAssets } from '../plan/means.ts';
import { encodeLiquidation, type LiquidationCalldata } from './calldata.ts';
import { type ChainMeans, openChainMeans } from './means.ts';
import { CANDIDATES } from './nearest.ts';
import { type ScreenBook, type Screened, screenExactly } from './screen.ts';
import type { Book } from './source.ts';

/** What a scan is asked for. */
export interface ScanRequest {
  /** Owners whose liquidations earn less together are left out, USD. */
  readonly minProfitUsd: number;
  /** Greatest number of owners and of watched accounts that are listed. */
  readonly limit: number;
  /** A price move to look at beside now, as in `ETH=-10%`; null for none. */
  readonly move: string | null;
  /** USD of one liquidation with its sale; null = find out. */
  readonly gasUsd: number | null;
  /** Who liquidates; null where it is not said. */
  readonly liquidator: Address | null;
}

/** What everybody gets who does not say otherwise. */
export const DEFAULT_SCAN: ScanRequest = { minProfitUsd: 25, limit: 50, move: null, gasUsd: null, liquidator: null };

/** Where a scan looks beside the book. */
export interface ScanSurroundings {
  /** Endpoints for pools and gas; only those that are live. */
  readonly chains: ReadonlyMap<ChainId, ChainSource>;
  /** How accounts are decided; each by its rule, one after the other, where absent. */
  readonly screen?: ScreenBook;
  readonly progress?: (line: string) => void;
}

/** A book as a liquidator sees it. */
export interface ScanAnswer {
  readonly book: Book;
  readonly request: ScanRequest;
  readonly screened: Screened;
  /** Debt of the liquidatable accounts, USD by market prices. */
  readonly liquidatableDebtUsd: string;
  /** Ranked by net profit, at most as many as were asked for. */
  readonly owners: readonly OwnerOpportunity[];
  /** Owners that earn at least as much as was asked for, listed or not. */
  readonly ownersFound: number;
  readonly calldata: ReadonlyMap<RankedLiquidation, LiquidationCalldata>;
  /** One for each chain: what was taken and in which order, what was left and why. */
  readonly sequences: readonly JointLiquidations[];
  readonly watched: readonly WatchedAccount[];
  /** Null where no move was asked for. */
  readonly effect: PriceEffect | null;
  readonly means: readonly ChainMeans[];
  /** What could not be seen: with any of them the answer is incomplete, and no account in it is safe. */
  readonly gaps: readonly Gap[];
}

/**
 * Looks at a book: who is liquidatable at the next block, what that offers together after slippage, gas and flash fee, ranked by owner; who is near; what a price move would add.
 *
 * @throws {PlimsollError} INVALID_ASSET, INVALID_ARGUMENT for a move that is not understood; what cannot be seen is a gap of the answer
 */
export async function scanBook(book: Book, request: ScanRequest, { chains, screen = screenExactly, progress = () => {} }: ScanSurroundings): Promise<ScanAnswer> {
  progress(`Deciding the ${book.accounts.length} accounts of ${book.name}`);
  const screened = screen(book, { moves: NO_MOVES, near: CANDIDATES * request.limit });
  const grouping = groupAssets(documentOf(book, screened.samples));
  const moves = request.move === null ? null : movesOf(parseShock(request.move, { portfolio: documentOf(book, []), accounts: screened.samples }, grouping.groups));
  const moved = moves === null ? null : screen(book, { moves, near: 0 });
  const prices = marketPricesOf(documentOf(book, []));
  const at = Math.max(book.now, 0);
  const candidates = [...screened.liquidatable, ...(moved?.liquidatable ?? [])];
  const means = await openChainMeans({ accounts: candidates, assets: listPlanAssets(openedOf(book, [...screened.samples, ...candidates])), chains, gasUsd: request.gasUsd, at });
  progress(`Pricing what can be liquidated: ${screened.liquidatable.length}`);
  const now = offerOf(screened, prices, NO_MOVES, means);
  const later = moved === null || moves === null ? null : offerOf(moved, movePrices(prices, moves), moves, means);
  const ranked = rankByOwner(now.sequences, { minProfitUsd: request.minProfitUsd, inputsOf: (account) => inputsOf(account, book, means) });
  const owners = ranked.slice(0, request.limit);
  const watched = computeWatchList(screened.near, grouping);
  return {
    book,
    request,
    screened,
    liquidatableDebtUsd: debtOf(screened.liquidatable, prices).toFixed(2),
    owners,
    ownersFound: ranked.length,
    calldata: encodeAll(owners, now.sequences, book, request),
    sequences: now.sequences,
    watched: watched.accounts.slice(0, request.limit),
    effect: later === null ? null : comparePrices(now, later),
    means: [...means.values()],
    gaps: uniqueGaps([...book.gaps, ...screened.gaps, ...(moved?.gaps ?? []), ...watched.gaps, ...now.sequences.flatMap(({ gaps }) => gaps), ...(later?.sequences.flatMap(({ gaps }) => gaps) ?? [])]),
  };
}

/** What liquidatable accounts of a book offer together. */
export interface JointOffer {
  /** One for each chain. */
  readonly sequences: readonly JointLiquidations[];
  readonly owners: readonly OwnerOpportunity[];
}

/** What accounts offer that are taken by themselves, whatever else is liquidatable. */
export interface Offer {
  readonly owners: readonly OwnerOpportunity[];
  readonly calldata: ScanAnswer['calldata'];
  /** What could not be priced. */
  readonly gaps: readonly Gap[];
}

/** Finds what a liquidator has for some accounts of a book: once for many that are then priced one by one. */
export function openMeans(book: Book, accounts: readonly OpenedAccount[], { chains, gasUsd }: { readonly chains: ReadonlyMap<ChainId, ChainSource>; readonly gasUsd: number | null }) {
  return openChainMeans({ accounts, assets: listPlanAssets(openedOf(book, accounts)), chains, gasUsd, at: Math.max(book.now, 0) });
}

/** Plans what liquidatable accounts of a book offer together: each after what is taken before it. */
export function offerTogether(
  book: Book,
  liquidatable: readonly OpenedAccount[],
  { minProfitUsd, means, limits = {} }: { readonly minProfitUsd: number; readonly means: ReadonlyMap<ChainId, ChainMeans>; readonly limits?: JointLimits },
): JointOffer {
  const sequences = planChains(liquidatable, { prices: marketPricesOf(documentOf(book, [])), moves: NO_MOVES, means, limits });
  return { sequences, owners: rankByOwner(sequences, { minProfitUsd, inputsOf: (account) => inputsOf(account, book, means) }) };
}

/** Prices liquidatable accounts of a book, as if nobody else in it were liquidatable. */
export function offerAlone(book: Book, liquidatable: readonly OpenedAccount[], request: ScanRequest, means: ReadonlyMap<ChainId, ChainMeans>): Offer {
  const { sequences, owners } = offerTogether(book, liquidatable, { minProfitUsd: request.minProfitUsd, means });
  return { owners, calldata: encodeAll(owners, sequences, book, request), gaps: sequences.flatMap(({ gaps }) => gaps) };
}

function offerOf({ liquidatable }: Screened, prices: MarketPrices, moves: Moves, means: ReadonlyMap<ChainId, ChainMeans>): BookAtPrices {
  return { liquidatable, sequences: planChains(liquidatable, { prices, moves, means, limits: {} }), prices };
}

/** How far a sequence is looked for. */
export type JointLimits = Pick<JointOptions, 'maxTaken' | 'maxPriced'>;

/** Pools and gas are a chain's own, so each chain is taken by itself. */
function planChains(
  liquidatable: readonly OpenedAccount[],
  { prices, moves, means, limits }: { readonly prices: MarketPrices; readonly moves: Moves; readonly means: ReadonlyMap<ChainId, ChainMeans>; readonly limits: JointLimits },
): readonly JointLiquidations[] {
  const byChain = Map.groupBy(liquidatable, ({ marketEntry }) => marketEntry.chain as ChainId);
  return [...byChain].flatMap(([chain, accounts]) => {
    const own = means.get(chain);
    return own === undefined ? [] : [planJointLiquidations(accounts, { means: own, prices, moves, storeOf: cometStore, ...limits })];
  });
}

function movePrices(prices: MarketPrices, moves: Moves): MarketPrices {
  return new Map([...prices].map(([asset, usd]) => [asset, usd.times(factorOf(moves, asset))]));
}

function inputsOf({ entry, marketEntry }: OpenedAccount, book: Book, means: ReadonlyMap<ChainId, ChainMeans>): ConfidenceInputs {
  const readAt = Number(book.markets.get(entry.market)?.at ?? 0n);
  return { precision: entry.precision, missing: entry.missing, ageSeconds: Math.max(0, book.now - readAt), isGasAssumed: means.get(marketEntry.chain as ChainId)?.isGasAssumed !== false };
}

function encodeAll(owners: readonly OwnerOpportunity[], sequences: readonly JointLiquidations[], book: Book, { liquidator }: ScanRequest): ScanAnswer['calldata'] {
  const options = { liquidator, protocols: PROTOCOLS, deployments: listDeployments(), trust: book.trust };
  const taken = new Map(sequences.flatMap((sequence) => sequence.taken.map((entry) => [entry.opportunity, entry] as const)));
  return new Map(
    owners.flatMap(({ liquidations }) =>
      liquidations.flatMap((liquidation): [RankedLiquidation, LiquidationCalldata][] => {
        const entry = taken.get(liquidation.opportunity);
        return entry === undefined ? [] : [[liquidation, encodeLiquidation(entry, options)]];
      }),
    ),
  );
}

function documentOf(book: Book, accounts: readonly OpenedAccount[]): Portfolio {
  return {
    schema: PORTFOLIO_SCHEMA,
    owners: [],
    createdAt: book.now,
    recorded: book.recorded,
    asOf: book.asOf,
    prices: book.prices,
    coverage: [],
    markets: [],
    accounts: accounts.map(({ entry }) => entry),
    gaps: [],
    discrepancies: [],
  };
}

function openedOf(book: Book, accounts: readonly OpenedAccount[]): OpenedPortfolio {
  return { portfolio: documentOf(book, accounts), accounts };
}

function uniqueGaps(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((gap) => [`${gap.code} ${gap.deployment} ${gap.account} ${gap.account === null ? gap.message : ''}`, gap])).values()];
}
