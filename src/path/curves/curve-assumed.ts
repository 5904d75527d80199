import type { AssetId } from '../../core/ids.ts';
import type { SwapCurve } from './curve.ts';
import { impactCurve } from './curve-quotes.ts';

/**
 * Impact by size in USD where nothing is known of a market. At every size at or above the worst median of 56 recorded pairs (1inch, Ethereum, 2023-11-20); above a million
 * dollars a plan should not rest on a guess, so it ends there.
 */
export const ASSUMED_IMPACT: readonly { readonly usd: number; readonly impact: number }[] = [
  { usd: 10_000, impact: 0.01 },
  { usd: 100_000, impact: 0.015 },
  { usd: 300_000, impact: 0.03 },
  { usd: 1_000_000, impact: 0.1 },
];

/**
 * A conservative curve for a pair that no source covers, flagged `assumed`.
 *
 * @param prices market prices of both assets, USD per whole token, above 0
 * @throws {InvalidArgument} where a price is not above 0
 */
export function assumedCurve(from: AssetId, to: AssetId, prices: { readonly fromUsd: number; readonly toUsd: number }): SwapCurve {
  const points = ASSUMED_IMPACT.map((entry) => ({ size: entry.usd / prices.fromUsd, impact: entry.impact }));
  const source = 'no market looked at: a conservative impact table';
  return impactCurve({ from, to, points, rate: prices.fromUsd / prices.toUsd, source, observedAt: null, assumed: true });
}
