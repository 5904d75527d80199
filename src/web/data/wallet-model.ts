import { Decimal } from '../../core/decimal.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Portfolio, parsePortfolio } from '../../core/portfolio.ts';
import { type AssetGrouping, groupAssets } from '../../engine/asset-groups.ts';
import type { AccountEvaluation } from '../../engine/evaluate.ts';
import type { PriceDriver } from '../../engine/moves.ts';
import { type OpenedPortfolio, openPortfolio } from '../../engine/open-portfolio.ts';
import { type Bands, computeReport, DEFAULT_BANDS, type Report, type Status, statusOf } from '../../engine/report.ts';
import { applyShock, computeShockGrid, type Shock } from '../../engine/shock.ts';
import { DEFAULT_DUST_USD, type WalletHealth } from '../../engine/wallet.ts';
import { findRule } from '../../protocols/rules.ts';
import type { Answer } from './request.ts';

const DUST = new Decimal(DEFAULT_DUST_USD);

/** A wallet's document, opened and computed here. */
export interface WalletModel {
  readonly portfolio: Portfolio;
  readonly opened: OpenedPortfolio;
  readonly grouping: AssetGrouping;
  readonly report: Report;
  /** Below which a status is warning or critical. */
  readonly bands: Bands;
  /** What a slider can move: correlated groups first, an asset of a group only with its group; dollars not. */
  readonly drivers: readonly PriceDriver[];
}

/** A wallet at some prices, with its status in words. */
export interface WalletView {
  readonly status: Status;
  readonly statusWithoutGaps: Status;
  readonly wallet: WalletHealth;
  readonly accounts: readonly AccountEvaluation[];
  /** Accounts that could not be computed at these prices. */
  readonly unseen: number;
}

/** One relative move of a driver, −0.2 for −20 %. */
export interface DriverMove {
  readonly driver: PriceDriver;
  readonly move: number;
}

/**
 * Opens a Portfolio document and computes its report, with the same engine as the service.
 *
 * @param input a JSON text, or what was parsed from one
 * @param bands those of the service, so that a status here is the one that it gives
 */
export function openWallet(input: unknown, bands: Bands = DEFAULT_BANDS): Answer<WalletModel> {
  try {
    const portfolio = parsePortfolio(input);
    const opened = openPortfolio(portfolio, findRule);
    const grouping = groupAssets(portfolio);
    const report = computeReport(opened, { ...grouping, bands });
    return { ok: true, value: { portfolio, opened, grouping, report, bands, drivers: movable(report.drivers, grouping) } };
  } catch (error) {
    if (error instanceof PlimsollError) return { ok: false, failure: { code: error.code, message: error.message, retryable: error.retryable } };
    throw error;
  }
}

/** The wallet as the document has it. */
export function viewToday({ report }: WalletModel): WalletView {
  const { status, statusWithoutGaps, wallet, accounts } = report;
  return { status, statusWithoutGaps, wallet, accounts, unseen: 0 };
}

/** The wallet at moved prices. A gap of the document stays a gap, whatever prices do. */
export function viewMoved(model: WalletModel, moves: readonly DriverMove[]): WalletView {
  const { wallet, accounts, gaps } = applyShock(model.opened, shockOf(moves), DUST);
  return judge(model, { wallet, accounts, unseen: gaps.length });
}

/** One point of the curve: the move, and the healths there; null where there is no debt or something could not be computed. */
export interface CurvePoint {
  readonly move: number;
  readonly unified: number | null;
  readonly weakest: number | null;
}

/** Health over the price of one driver, from a fall of 80 % to a rise of 80 %. */
export function computeCurve(model: WalletModel, driver: PriceDriver): readonly CurvePoint[] {
  return Array.from({ length: 81 }, (_, at) => {
    const move = (at - 40) * 0.02;
    const { wallet, unseen } = viewMoved(model, [{ driver, move }]);
    const seen = unseen === 0;
    return { move, unified: seen ? (wallet.health?.toNumber() ?? null) : null, weakest: seen ? (wallet.weakest?.health?.toNumber() ?? null) : null };
  });
}

/** The wallet for one move of `down` and each move of `across`. */
export function computeHeatRow(model: WalletModel, down: DriverMove, across: { readonly driver: PriceDriver; readonly moves: readonly number[] }): readonly WalletView[] {
  const { cells } = computeShockGrid(
    model.opened,
    { rows: { target: targetOf(down.driver), moves: [new Decimal(down.move)] }, columns: { target: targetOf(across.driver), moves: across.moves.map((move) => new Decimal(move)) } },
    { groups: model.grouping.groups, dust: DUST },
  );
  return (cells[0] ?? []).map(({ wallet, accounts, gaps }) => judge(model, { wallet, accounts, unseen: gaps.length }));
}

/** Accounts that a move makes liquidatable; those that are it already today are no news. */
export function newlyLiquidatable(today: WalletView, moved: WalletView): readonly AccountEvaluation[] {
  const gone = new Set(today.accounts.flatMap(({ native, account }) => (native.liquidatable ? [account.entry.id] : [])));
  return moved.accounts.filter(({ native, account }) => native.liquidatable && !gone.has(account.entry.id));
}

/** The same move of the same price in a wallet that was read again; null where that price is gone. */
export function carryMove(moved: DriverMove | null, { drivers }: WalletModel): DriverMove | null {
  if (moved === null) return null;
  const driver = drivers.find(({ kind, name, assets }) => kind === moved.driver.kind && name === moved.driver.name && assets.join() === moved.driver.assets.join());
  return driver === undefined ? null : { driver, move: moved.move };
}

function judge({ report, bands }: WalletModel, at: Pick<WalletView, 'wallet' | 'accounts' | 'unseen'>): WalletView {
  const statusWithoutGaps = statusOf(at.accounts, at.wallet, bands);
  return { ...at, statusWithoutGaps, status: report.gaps.length + at.unseen > 0 ? 'incomplete' : statusWithoutGaps };
}

function shockOf(moves: readonly DriverMove[]): Shock {
  return { parts: moves.map(({ driver, move }) => ({ target: driver.name, assets: driver.assets, move: new Decimal(move.toFixed(4)) })) };
}

/** A group by its name, an asset by its id: symbols need not be unique. */
function targetOf({ kind, name, assets }: PriceDriver): string {
  return kind === 'group' ? name : (assets[0] ?? name);
}

function movable(drivers: readonly PriceDriver[], { groups, stable }: AssetGrouping): readonly PriceDriver[] {
  const rank = ({ kind, assets }: PriceDriver): number => (kind === 'group' ? 0 : assets.every((asset) => stable.has(asset)) ? 2 : 1);
  return drivers.filter(({ kind, assets }) => kind === 'group' || !assets.some((asset) => groups.has(asset))).toSorted((a, b) => rank(a) - rank(b));
}
