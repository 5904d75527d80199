import { PlimsollError } from '../../core/errors.ts';
import type { SwapCurve } from './curve.ts';

/** What makes a curve unusable. */
export interface CurveLimits {
  /** Unix second at which it is to be used. */
  readonly at: number;
  /** Greatest age, seconds. */
  readonly maxAgeSeconds: number;
  /** Market rate to hold it against: tokens of `to` per token of `from`. */
  readonly rate: number;
  /** Greatest relative difference between the curve's first marginal and the rate: 0.02 = 2 %. */
  readonly maxDeviation: number;
}

/** Age of a curve in seconds at a time; null where it was not observed. Negative ages count as 0. */
export function curveAge(curve: SwapCurve, at: number): number | null {
  return curve.observedAt === null ? null : Math.max(0, at - curve.observedAt);
}

/** A curve's observation is older than allowed. */
export class StaleCurve extends PlimsollError {
  constructor(curve: SwapCurve, ageSeconds: number, limitSeconds: number) {
    super(
      'STALE_BLOCK',
      `The liquidity of ${curve.from} to ${curve.to} (${curve.source}) is ${ageSeconds} s old (limit ${limitSeconds} s). Read it again, raise the limit, or use it re-anchored as an assumption.`,
      { from: curve.from, to: curve.to, ageSeconds, limitSeconds },
    );
  }
}

/** A curve's price differs from the market's by more than allowed, so its loss would be measured against the wrong price. */
export class CurveOffMarket extends PlimsollError {
  constructor(curve: SwapCurve, deviation: number, limit: number) {
    const percent = (value: number) => `${(value * 100).toFixed(2)} %`;
    super(
      'MISSING_PRICE',
      `The liquidity of ${curve.from} to ${curve.to} (${curve.source}) trades ${percent(deviation)} away from the market price (limit ${percent(limit)}). Check both prices before planning with it.`,
      { from: curve.from, to: curve.to, deviation, limit },
    );
  }
}

/**
 * Gives the curve back if it may be used. An assumed curve has no age; its rate is judged like any other's.
 *
 * @throws {StaleCurve} where it is older than the limit
 * @throws {CurveOffMarket} where its first marginal is further from the rate than the limit, or there is no rate
 */
export function requireUsableCurve(curve: SwapCurve, limits: CurveLimits): SwapCurve {
  const age = curveAge(curve, limits.at);
  if (age !== null && age > limits.maxAgeSeconds) throw new StaleCurve(curve, age, limits.maxAgeSeconds);
  const deviation = Math.abs(curve.marginal(0) / limits.rate - 1);
  if (!(deviation <= limits.maxDeviation)) throw new CurveOffMarket(curve, deviation, limits.maxDeviation);
  return curve;
}
