import { MissingPrice } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { SwapCurve } from './curve.ts';
import { assumedCurve } from './curve-assumed.ts';
import { type ImpactPoint, impactCurve } from './curve-quotes.ts';

/** Recorded loss by size of one direction, as `sources/liquidity.ts` reads it. */
export interface RecordedShape {
  readonly from: AssetId;
  readonly to: AssetId;
  readonly points: readonly ImpactPoint[];
  /** Tokens of `to` per token of `from` at the time; null where none was recorded. */
  readonly rate: number | null;
  readonly source: string;
  readonly observedAt: number;
}

/** The market that a recorded shape is used in. */
export interface CurveMarket {
  /** USD per whole token. */
  readonly marketUsd: ReadonlyMap<AssetId, number>;
  /** Unix second of use. */
  readonly at: number;
  /** Age beyond which recorded depth is an assumption, seconds. */
  readonly maxAgeSeconds: number;
}

/**
 * A recorded curve as it was, its own rate included: for its own time, and to be checked by `requireUsableCurve`.
 *
 * @throws {MissingPrice} where only impacts were recorded
 */
export function recordedCurve(shape: RecordedShape): SwapCurve {
  if (shape.rate === null) throw new MissingPrice(shape.from, `${shape.source}: no rate to ${shape.to}`);
  return impactCurve({ ...shape, rate: shape.rate, assumed: false });
}

/**
 * A recorded shape at the market's own rate: losses by size as recorded, price as it is. Flagged assumed where the record is older than allowed, or from after its use.
 *
 * @throws {MissingPrice} where an asset has no market price above 0
 */
export function anchoredCurve(shape: RecordedShape, market: CurveMarket): SwapCurve {
  const rate = priceOf(shape.from, market) / priceOf(shape.to, market);
  const age = market.at - shape.observedAt;
  const assumed = age < 0 || age > market.maxAgeSeconds;
  return impactCurve({ ...shape, rate, source: `${shape.source}, at the market price`, assumed });
}

/**
 * The curve of a pair where no market is read live: the newest recorded shape of it at the market's rate, else the conservative table. Never none, and `assumed` says which.
 *
 * @throws {MissingPrice} where an asset has no market price above 0
 */
export function defaultCurve(from: AssetId, to: AssetId, recorded: readonly RecordedShape[], market: CurveMarket): SwapCurve {
  const [newest] = recorded.filter((shape) => shape.from === from && shape.to === to).toSorted((a, b) => b.observedAt - a.observedAt);
  return newest === undefined ? assumedCurve(from, to, { fromUsd: priceOf(from, market), toUsd: priceOf(to, market) }) : anchoredCurve(newest, market);
}

function priceOf(asset: AssetId, market: CurveMarket): number {
  const usd = market.marketUsd.get(asset);
  if (usd === undefined || !(usd > 0)) throw new MissingPrice(asset, 'the market prices of the plan');
  return usd;
}
