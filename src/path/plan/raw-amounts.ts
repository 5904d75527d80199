import { Decimal, fromFixed } from '../../core/decimal.ts';
import { InternalError } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { OpenedAccount } from '../../engine/open-portfolio.ts';

/** Decimals of every asset that a plan may touch. */
export type AssetDecimals = ReadonlyMap<AssetId, number>;

/** Whole tokens to raw base units, rounded down or up; never negative. */
export function toRaw(amount: number, decimals: number, rounding: 'down' | 'up'): bigint {
  const raw = new Decimal(Math.max(0, amount)).times(new Decimal(10).pow(decimals));
  return BigInt((rounding === 'down' ? raw.floor() : raw.ceil()).toFixed(0));
}

/** Raw base units to whole tokens, as the float that curves are evaluated at. */
export function toWhole(raw: bigint, decimals: number): number {
  return fromFixed(raw, decimals).toNumber();
}

/** Collects the decimals of everything that the accounts hold, owe or offer. */
export function decimalsOf(accounts: readonly OpenedAccount[], others: Iterable<readonly [AssetId, number]> = []): AssetDecimals {
  const found = new Map<AssetId, number>(others);
  for (const { legs, rule, view } of accounts) {
    for (const { asset, decimals } of [...legs, ...(rule.planning?.(view).arcs ?? [])]) found.set(asset, decimals);
  }
  return found;
}

/** @throws {InternalError} for an asset that is in no account and was not handed in. */
export function requireDecimals(known: AssetDecimals, asset: AssetId): number {
  const decimals = known.get(asset);
  if (decimals === undefined) throw new InternalError(`The decimals of ${asset} are not known.`);
  return decimals;
}
