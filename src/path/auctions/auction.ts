import { InvalidArgument } from '../../core/errors.ts';
import { RAY, WAD } from '../../core/fixed-point.ts';

/**
 * How a Clipper auction's price falls. Seconds as integers, `cutRay` as a factor with 27 decimals, below 1 (per step, or per second for `exponential`).
 *
 * @source makerdao/dss@fa4f663 src/abaci.sol: LinearDecrease, StairstepExponentialDecrease, ExponentialDecrease
 */
export type AuctionCurve =
  | { readonly kind: 'linear'; readonly tau: bigint }
  | { readonly kind: 'stairstep'; readonly cutRay: bigint; readonly step: bigint }
  | { readonly kind: 'exponential'; readonly cutRay: bigint };

/** Auction parameters of one collateral. */
export interface ClipperTerms {
  readonly curve: AuctionCurve;
  /** Seconds after which the auction must be reset. */
  readonly tail: bigint;
  /** Share of the starting price below which it must be reset, 27 decimals. */
  readonly cuspRay: bigint;
  /** Least target that a partial purchase may leave, 45 decimals (dust × chop). */
  readonly chostRad: bigint;
}

/** A running auction: target in 45 decimals (rad), collateral in 18, starting price in 27. */
export interface ClipperSale {
  readonly tabRad: bigint;
  readonly lotWad: bigint;
  readonly topRay: bigint;
}

/** What `take` would do, or the contract's own reason for refusing. */
export type ClipperTake =
  | { readonly kind: 'taken'; readonly sliceWad: bigint; readonly oweRad: bigint; readonly left: { readonly tabRad: bigint; readonly lotWad: bigint } }
  | { readonly kind: 'refused'; readonly reason: 'Clipper/needs-reset' | 'Clipper/no-partial-purchase' };

/**
 * Price after `elapsed` seconds, 27 decimals, with the contract's rounding. It never rises with time.
 *
 * @throws {InvalidArgument} where a parameter cannot be (a step or tau of 0, a cut above 1, negative time)
 * @example
 * ```ts
 * // 1 % less every 90 s:
 * computeAuctionPrice({ kind: 'stairstep', cutRay: 99n * 10n ** 25n, step: 90n }, 2400n * RAY, 91n); // 2376 · 10^27
 * ```
 */
export function computeAuctionPrice(curve: AuctionCurve, topRay: bigint, elapsed: bigint): bigint {
  if (elapsed < 0n) throw new InvalidArgument('An auction has no price before it starts.', { elapsed: Number(elapsed) });
  switch (curve.kind) {
    case 'linear':
      if (curve.tau <= 0n) throw new InvalidArgument('A linear auction needs a tau above 0 seconds.');
      return elapsed >= curve.tau ? 0n : mulRayDown(topRay, ((curve.tau - elapsed) * RAY) / curve.tau);
    case 'stairstep':
      if (curve.step <= 0n) throw new InvalidArgument('A stairstep auction needs a step above 0 seconds.');
      return mulRayDown(topRay, powRayHalfUp(requireCut(curve.cutRay), elapsed / curve.step));
    case 'exponential':
      return mulRayDown(topRay, powRayHalfUp(requireCut(curve.cutRay), elapsed));
  }
}

/**
 * Tells whether the auction must be reset (`redo`) before anybody can buy: too old, or its price too far below its start.
 *
 * @source makerdao/dss@fa4f663 src/clip.sol status: elapsed > tail, or price/top < cusp
 */
export function needsReset(terms: ClipperTerms, sale: ClipperSale, elapsed: bigint): boolean {
  const price = computeAuctionPrice(terms.curve, sale.topRay, elapsed);
  return elapsed > terms.tail || (price * RAY) / sale.topRay < terms.cuspRay;
}

/** Starting price: feed × buf, both 27 decimals, rounded down. @source makerdao/dss@fa4f663 src/clip.sol kick */
export function computeStartingPrice(feedRay: bigint, bufRay: bigint): bigint {
  return mulRayDown(feedRay, bufRay);
}

/**
 * What who starts an auction is paid: tip + chip · tab, in 45 decimals; chip has 18. `redo` pays the same, unless target or collateral value lie below chost (then 0, which the
 * caller decides).
 *
 * @source makerdao/dss@fa4f663 src/clip.sol kick, redo
 */
export function computeKickReward(tabRad: bigint, tipRad: bigint, chipWad: bigint): bigint {
  return tipRad + (tabRad * chipWad) / WAD;
}

/**
 * What buying up to `amountWad` at this moment gives and costs. A purchase never pays more than the target, and a partial one leaves at least chost of it, or is cut down so
 * that it does, or is refused.
 *
 * @source makerdao/dss@fa4f663 src/clip.sol take
 */
export function computeTake(terms: ClipperTerms, sale: ClipperSale, elapsed: bigint, amountWad: bigint): ClipperTake {
  if (needsReset(terms, sale, elapsed)) return { kind: 'refused', reason: 'Clipper/needs-reset' };
  const price = computeAuctionPrice(terms.curve, sale.topRay, elapsed);
  const asked = amountWad < sale.lotWad ? amountWad : sale.lotWad;
  const full = asked * price;
  if (full > sale.tabRad) return taken(sale, sale.tabRad / price, sale.tabRad);
  if (full === sale.tabRad || asked === sale.lotWad || sale.tabRad - full >= terms.chostRad) return taken(sale, asked, full);
  if (sale.tabRad <= terms.chostRad) return { kind: 'refused', reason: 'Clipper/no-partial-purchase' };
  const owe = sale.tabRad - terms.chostRad;
  return taken(sale, owe / price, owe);
}

function taken(sale: ClipperSale, sliceWad: bigint, oweRad: bigint): ClipperTake {
  return { kind: 'taken', sliceWad, oweRad, left: { tabRad: sale.tabRad - oweRad, lotWad: sale.lotWad - sliceWad } };
}

function mulRayDown(a: bigint, b: bigint): bigint {
  return (a * b) / RAY;
}

/** a^n with 27 decimals by squaring, each product rounded half up, as dss rounds it. */
function powRayHalfUp(base: bigint, exponent: bigint): bigint {
  const half = RAY / 2n;
  let power = exponent % 2n === 0n ? RAY : base;
  let square = base;
  for (let left = exponent / 2n; left > 0n; left /= 2n) {
    square = (square * square + half) / RAY;
    if (left % 2n === 1n) power = (power * square + half) / RAY;
  }
  return power;
}

function requireCut(cutRay: bigint): bigint {
  if (cutRay < 0n || cutRay > RAY) throw new InvalidArgument("An auction's cut lies between 0 and 1 (27 decimals).");
  return cutRay;
}
