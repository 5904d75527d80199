import { Decimal, ONE } from '../core/decimal.ts';
import { type AssetId, USD } from '../core/ids.ts';
import type { PriceMove } from '../core/rule.ts';
import type { OpenedPortfolio } from './open-portfolio.ts';

/** Price moves by asset, as rules take them. */
export type Moves = ReadonlyMap<AssetId, PriceMove>;

/** Which correlated group an asset moves with, by the group's name; chosen by the caller. Assets without an entry move alone. */
export type AssetGroups = ReadonlyMap<AssetId, string>;

/** No price moves. */
export const NO_MOVES: Moves = new Map();

/** Decimal places of a price factor: finer than any oracle's price. */
const FACTOR_PLACES = 24;
const FACTOR_SCALE = 10n ** BigInt(FACTOR_PLACES);

/** Rounds a factor (1 = unchanged) to the places that {@link toPriceMove} keeps, so that what is reported is what was tried. */
export function roundFactor(factor: Decimal): Decimal {
  return factor.toDecimalPlaces(FACTOR_PLACES);
}

/** Writes a price factor as the quotient of integers that rules take. */
export function toPriceMove(factor: Decimal): PriceMove {
  return { numerator: BigInt(factor.times(FACTOR_SCALE.toString()).toFixed(0)), denominator: FACTOR_SCALE };
}

/** The factor that a move multiplies a price with; 1 where the asset has none. */
export function factorOf(moves: Moves, asset: AssetId): Decimal {
  const move = moves.get(asset);
  return move === undefined ? ONE : new Decimal(move.numerator.toString()).div(move.denominator.toString());
}

/** Moves every one of `assets` by the same factor. */
export function moveTogether(assets: readonly AssetId[], factor: Decimal): Moves {
  const move = toPriceMove(factor);
  return new Map(assets.map((asset) => [asset, move]));
}

/** One thing whose price moves: a single asset, or a correlated group that moves by one factor. */
export interface PriceDriver {
  readonly kind: 'asset' | 'group';
  /** The asset's symbol or the group's name. */
  readonly name: string;
  /** The assets of the portfolio that move. */
  readonly assets: readonly AssetId[];
}

/** Every asset that the portfolio holds or owes, by first appearance, with its symbol; dollars are not among them. */
export function heldAssets(opened: OpenedPortfolio): ReadonlyMap<AssetId, string> {
  const held = new Map<AssetId, string>();
  for (const { legs } of opened.accounts) for (const leg of legs) if (leg.asset !== USD && !held.has(leg.asset)) held.set(leg.asset, leg.symbol);
  return held;
}

/** The drivers of a portfolio: each asset that it holds or owes, then each group with at least one of them. */
export function priceDrivers(opened: OpenedPortfolio, groups: AssetGroups): readonly PriceDriver[] {
  const held = heldAssets(opened);
  const singles = [...held].map(([asset, symbol]): PriceDriver => ({ kind: 'asset', name: symbol, assets: [asset] }));
  const members = new Map<string, AssetId[]>();
  for (const asset of held.keys()) {
    const group = groups.get(asset);
    if (group !== undefined) members.set(group, [...(members.get(group) ?? []), asset]);
  }
  return [...singles, ...[...members].map(([name, assets]): PriceDriver => ({ kind: 'group', name, assets }))];
}
