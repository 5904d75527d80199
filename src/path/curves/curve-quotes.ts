import { InvalidArgument } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { SwapCurve } from './curve.ts';

/** One quote: `out` whole tokens for `in` whole tokens. */
export interface Quote {
  readonly in: number;
  readonly out: number;
}

/** Quotes of one direction, with where they come from. */
export interface QuoteSet {
  readonly from: AssetId;
  readonly to: AssetId;
  readonly quotes: readonly Quote[];
  readonly source: string;
  readonly observedAt: number | null;
  readonly assumed: boolean;
}

/** How much value a size loses: `impact` = 1 − rate ÷ best rate, at `size` tokens. */
export interface ImpactPoint {
  readonly size: number;
  readonly impact: number;
}

/**
 * The least increasing concave line above the quotes, from the origin: the upper hull, flat where a larger quote gave less than a smaller one. Sizes ascend; the last one is the
 * greatest quoted, so nothing is extrapolated.
 *
 * @throws {InvalidArgument} where no quote is usable (a size above 0, an output above 0, both finite)
 */
export function concaveEnvelope(quotes: readonly Quote[]): readonly Quote[] {
  const usable = quotes.filter((quote) => quote.in > 0 && quote.out > 0 && Number.isFinite(quote.in) && Number.isFinite(quote.out));
  if (usable.length === 0) throw new InvalidArgument('A curve needs at least one quote with amounts above 0.');
  const sorted = usable.toSorted((a, b) => a.in - b.in || b.out - a.out);
  const hull: Quote[] = [{ in: 0, out: 0 }];
  let best = 0;
  for (const quote of sorted) {
    best = Math.max(best, quote.out);
    const point = { in: quote.in, out: best };
    if (point.in === hull.at(-1)?.in) continue;
    while (hull.length > 1 && slope(hull.at(-2), hull.at(-1)) <= slope(hull.at(-2), point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

function slope(a: Quote | undefined, b: Quote | undefined): number {
  return a === undefined || b === undefined ? 0 : (b.out - a.out) / (b.in - a.in);
}

/**
 * The curve through the concave envelope of quotes, linear between its corners. At a corner the marginal is that of the next piece, at the last one that of the last piece.
 *
 * @throws {InvalidArgument} see {@link concaveEnvelope}
 */
export function quoteCurve(set: QuoteSet): SwapCurve {
  const corners = concaveEnvelope(set.quotes);
  const depth = corners.at(-1)?.in ?? 0;
  const pieceAt = (amount: number): readonly [Quote, Quote] => {
    let low = 0;
    let high = corners.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((corners[middle]?.in ?? 0) <= amount) low = middle;
      else high = middle - 1;
    }
    return [corners[low] ?? ORIGIN, corners[low + 1] ?? ORIGIN];
  };
  return {
    from: set.from,
    to: set.to,
    out(amount) {
      const [start, end] = pieceAt(amount);
      return amount >= end.in ? end.out : start.out + (amount - start.in) * slope(start, end);
    },
    marginal: (amount) => slope(...pieceAt(amount)),
    depth,
    source: set.source,
    observedAt: set.observedAt,
    assumed: set.assumed,
  };
}

const ORIGIN: Quote = { in: 0, out: 0 };

/** Impact by size with the rate it applies to: the shape of a market whose price level is given separately. */
export interface ImpactShape {
  readonly from: AssetId;
  readonly to: AssetId;
  readonly points: readonly ImpactPoint[];
  /** Tokens of `to` per token of `from` for a size that is too small to matter. */
  readonly rate: number;
  readonly source: string;
  readonly observedAt: number | null;
  readonly assumed: boolean;
}

/**
 * The curve of recorded impacts at a given rate: out = size · rate · (1 − impact), then as {@link quoteCurve}.
 *
 * @throws {InvalidArgument} where the rate is not above 0 or no point is usable
 */
export function impactCurve(shape: ImpactShape): SwapCurve {
  if (!(shape.rate > 0) || !Number.isFinite(shape.rate)) throw new InvalidArgument('A curve needs a rate above 0.', { rate: shape.rate });
  const quotes = shape.points.map((point) => ({ in: point.size, out: point.size * shape.rate * (1 - point.impact) }));
  return quoteCurve({ ...shape, quotes });
}
