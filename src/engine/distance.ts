import { Decimal, fromFixed, ONE, sum, ZERO } from '../core/decimal.ts';
import { type AssetId, USD } from '../core/ids.ts';
import { type CrossingProbe, findCrossing } from './crossing.ts';
import type { AccountEvaluation } from './evaluate.ts';
import { type AssetGroups, type Moves, toPriceMove } from './moves.ts';
import { probeAlone, probeTogether } from './probe.ts';

/** Which assets move, and together with what. */
export interface DistanceOptions {
  readonly groups: AssetGroups;
  /** Assets that stay where they are (stablecoins); dollars always do. */
  readonly stable: ReadonlySet<AssetId>;
}

/** How far one account is from its liquidation. */
export interface AccountDistance {
  readonly account: AccountEvaluation;
  /** Size of the adverse move, between 0 (liquidatable now) and 1; null where no move below 100 % does it. */
  readonly move: Decimal | null;
}

/** How far a wallet is from trouble. */
export interface WalletDistance {
  readonly accounts: readonly AccountDistance[];
  /** The smallest move that liquidates an account, and which one; null where none does. */
  readonly first: { readonly account: AccountEvaluation; readonly move: Decimal } | null;
  /** The move, adverse to the wallet's own net exposure, at which the unified health factor reaches 1; 0 where it is below, null where none does. */
  readonly unified: Decimal | null;
}

/** The greatest move that is looked at: 1 less a billionth. */
const GREATEST_MOVE = new Decimal('0.999999999');

/**
 * Measures the smallest uniform adverse move.
 *
 * The adverse move of size x: every volatile asset in which the account is net long by its exposure terms (collateral, longs) falls by x, and every one in
 * which it is net short (borrowed assets, shorts) rises by x, all at once; stable assets stay. The assets of a correlated group are one
 * position: they move together, in the direction that hurts their net. So for collateral against stable debt it is "all volatile collateral falls by x".
 */
export function computeDistance(accounts: readonly AccountEvaluation[], options: DistanceOptions): WalletDistance {
  const indebted = accounts.filter((account) => !account.debtFree);
  const distances = indebted.map((account) => ({ account, move: accountDistance(account, options) }));
  const first = distances.reduce<WalletDistance['first']>((near, { account, move }) => (move !== null && (near === null || move.lt(near.move)) ? { account, move } : near), null);
  return { accounts: distances, first, unified: indebted.length === 0 ? null : unifiedDistance(indebted, options) };
}

/**
 * The adverse move of one size as price moves: what the accounts are net long in falls by it, what they are net short in rises by it.
 *
 * @param size as a share, 0 … 1
 */
export function adverseMovesOf(accounts: readonly AccountEvaluation[], size: Decimal, options: DistanceOptions): Moves {
  return adverseMoves(netExposures(accounts, options), size);
}

function accountDistance(account: AccountEvaluation, options: DistanceOptions): Decimal | null {
  if (account.native.liquidatable) return ZERO;
  return smallestMove(netExposures([account], options), (moves) => probeAlone(account, moves));
}

function unifiedDistance(indebted: readonly AccountEvaluation[], options: DistanceOptions): Decimal | null {
  if (sum(indebted.map((account) => account.slack)).lt(0)) return ZERO;
  return smallestMove(netExposures(indebted, options), (moves) => probeTogether(indebted, { moves, rest: ZERO }));
}

interface NetExposure {
  readonly assets: readonly AssetId[];
  /** USD; positive where the holder gains when the price rises. */
  readonly net: Decimal;
}

function smallestMove(exposures: readonly NetExposure[], probe: (moves: Moves) => CrossingProbe | null): Decimal | null {
  const slope = sum(exposures.map(({ net }) => net.abs())).negated();
  const crossing = findCrossing({
    start: ONE,
    end: ONE.plus(GREATEST_MOVE),
    slope,
    probe: (t) => probe(adverseMoves(exposures, t.minus(1))),
  });
  return crossing === null ? null : crossing.at.minus(1);
}

function adverseMoves(exposures: readonly NetExposure[], size: Decimal): Moves {
  return new Map(
    exposures.flatMap(({ assets, net }) => {
      const move = toPriceMove(net.gt(0) ? ONE.minus(size) : ONE.plus(size));
      return net.isZero() ? [] : assets.map((asset) => [asset, move] as const);
    }),
  );
}

function netExposures(accounts: readonly AccountEvaluation[], { groups, stable }: DistanceOptions): readonly NetExposure[] {
  const byDriver = new Map<string, { readonly assets: Set<AssetId>; net: Decimal }>();
  for (const term of accounts.flatMap((account) => account.terms)) {
    if (term.asset === USD || stable.has(term.asset)) continue;
    const group = groups.get(term.asset);
    const key = group === undefined ? `asset ${term.asset}` : `group ${group}`;
    const entry = byDriver.get(key) ?? { assets: new Set<AssetId>(), net: ZERO };
    byDriver.set(key, entry);
    const value = fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight);
    entry.assets.add(term.asset);
    entry.net = term.side === 'collateral' ? entry.net.plus(value) : entry.net.minus(value);
  }
  return [...byDriver.values()].map(({ assets, net }) => ({ assets: [...assets], net }));
}
