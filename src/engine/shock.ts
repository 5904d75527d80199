import { Decimal, ONE } from '../core/decimal.ts';
import { InvalidArgument, PlimsollError } from '../core/errors.ts';
import type { AssetId } from '../core/ids.ts';
import type { Gap } from '../core/portfolio.ts';
import type { PriceMove } from '../core/rule.ts';
import { type AccountEvaluation, evaluatePortfolio } from './evaluate.ts';
import { type AssetGroups, heldAssets, type Moves, toPriceMove } from './moves.ts';
import type { OpenedPortfolio } from './open-portfolio.ts';
import { summarizeWallet, type WalletHealth } from './wallet.ts';

/** One price move of a scenario. */
export interface ShockPart {
  /** As the caller wrote it: a symbol, a group's name or an asset id. */
  readonly target: string;
  /** The assets of the portfolio that it moves. */
  readonly assets: readonly AssetId[];
  /** Relative move: −0.2 for −20 %; greater than −1. */
  readonly move: Decimal;
}

/** Price moves that happen at once. */
export interface Shock {
  readonly parts: readonly ShockPart[];
}

/** A wallet after a shock. */
export interface ShockedWallet {
  readonly shock: Shock;
  readonly wallet: WalletHealth;
  readonly accounts: readonly AccountEvaluation[];
  /** Accounts that could not be valued at the shocked prices. */
  readonly gaps: readonly Gap[];
}

/** One axis of a grid: what moves and by how much. */
export interface ShockAxis {
  readonly target: string;
  readonly moves: readonly Decimal[];
}

/** Two assets or groups moved independently; `cells[row][column]` belongs to `rows.moves[row]` and `columns.moves[column]`. */
export interface ShockGrid {
  readonly rows: ShockAxis;
  readonly columns: ShockAxis;
  readonly cells: readonly (readonly ShockedWallet[])[];
}

const PART = /^\s*([^=\s][^=]*?)\s*=\s*([+-]?[0-9]{1,7}(?:\.[0-9]{1,12})?)\s*%\s*$/;

/**
 * Reads a scenario: `TARGET=MOVE%` parts, comma-separated. A target is an asset id, the name of a group, or a symbol of the portfolio, in any case;
 * a symbol means every asset of that symbol.
 *
 * @throws {InvalidArgument} where a part is not understood, an asset moves twice, or a price would fall to 0 or below.
 * @throws {PlimsollError} INVALID_ASSET where nothing in the portfolio matches.
 * @example
 * ```ts
 * parseShock('ETH=-20%,WBTC=+5%', opened, groups).parts.map((part) => part.move.toString()); // ['-0.2', '0.05']
 * ```
 */
export function parseShock(text: string, opened: OpenedPortfolio, groups: AssetGroups = new Map()): Shock {
  const parts = text.split(',').map((part): ShockPart => {
    const [, target, percent] = PART.exec(part) ?? [];
    if (target === undefined || percent === undefined) {
      throw new InvalidArgument(`"${part.trim()}" is not a price move. Write TARGET=PERCENT%, as in ETH=-20%,WBTC=+5%.`, { shock: text });
    }
    return shockPart(target, new Decimal(percent).div(100), { opened, groups });
  });
  requireDistinct(parts);
  return { parts };
}

/**
 * Computes the wallet at moved prices, through each rule's own `reprice`; an oracle that does not follow the market stays, market prices follow.
 *
 * @param dust see {@link summarizeWallet}.
 */
export function applyShock(opened: OpenedPortfolio, shock: Shock, dust: Decimal): ShockedWallet {
  const { accounts, gaps } = evaluatePortfolio(opened, { moves: movesOf(shock) });
  return { shock, wallet: summarizeWallet(accounts, dust), accounts, gaps };
}

/**
 * Computes the wallet for every pair of two moves.
 *
 * @throws {PlimsollError} INVALID_ASSET where an axis matches nothing in the portfolio. @throws {InvalidArgument} where the axes share an asset.
 */
export function computeShockGrid(
  opened: OpenedPortfolio,
  axes: { readonly rows: ShockAxis; readonly columns: ShockAxis },
  options: { readonly groups?: AssetGroups; readonly dust: Decimal },
): ShockGrid {
  const within = { opened, groups: options.groups ?? new Map<AssetId, string>() };
  const cells = axes.rows.moves.map((down) =>
    axes.columns.moves.map((across) => {
      const parts = [shockPart(axes.rows.target, down, within), shockPart(axes.columns.target, across, within)];
      requireDistinct(parts);
      return applyShock(opened, { parts }, options.dust);
    }),
  );
  return { ...axes, cells };
}

/** The moves of a shock by asset, as rules take them. */
export function movesOf(shock: Shock): Moves {
  return new Map(shock.parts.flatMap(({ assets, move }) => assets.map((asset): [AssetId, PriceMove] => [asset, toPriceMove(ONE.plus(move))])));
}

/**
 * One move of everything that a target matches.
 *
 * @throws {PlimsollError} INVALID_ASSET @throws {InvalidArgument} where the move is −1 or less.
 */
export function shockPart(target: string, move: Decimal, within: { readonly opened: OpenedPortfolio; readonly groups: AssetGroups }): ShockPart {
  if (move.lte(-1)) throw new InvalidArgument(`${target} cannot fall by ${move.times(-100)} %. A move is greater than -100%.`, { target });
  const assets = findAssets(target, within);
  if (assets.length === 0) {
    const known = [...new Set([...heldAssets(within.opened).values(), ...within.groups.values()])];
    throw new PlimsollError('INVALID_ASSET', `Nothing in the portfolio is "${target}". It holds or owes ${known.join(', ') || 'nothing'}.`, { target });
  }
  return { target, assets, move };
}

function findAssets(target: string, { opened, groups }: { readonly opened: OpenedPortfolio; readonly groups: AssetGroups }): readonly AssetId[] {
  const wanted = target.toLowerCase();
  const held = [...heldAssets(opened)];
  const matching = (matches: (asset: AssetId, symbol: string) => boolean): AssetId[] => held.filter(([asset, symbol]) => matches(asset, symbol)).map(([asset]) => asset);
  const byId = matching((asset) => asset === wanted);
  if (byId.length > 0) return byId;
  const byGroup = matching((asset) => groups.get(asset)?.toLowerCase() === wanted);
  return byGroup.length > 0 ? byGroup : matching((_, symbol) => symbol.toLowerCase() === wanted);
}

function requireDistinct(parts: readonly ShockPart[]): void {
  const seen = new Map<AssetId, string>();
  for (const { assets, target } of parts) {
    for (const asset of assets) {
      const other = seen.get(asset);
      if (other !== undefined) throw new InvalidArgument(`"${other}" and "${target}" both move ${asset}. Name each asset once.`, { target });
      seen.set(asset, target);
    }
  }
}
