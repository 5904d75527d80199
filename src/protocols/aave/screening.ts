import { Decimal, fromFixed } from '../../core/decimal.ts';
import { max } from '../../core/fixed-point.ts';
import type { Screening } from '../../core/rule.ts';
import type { AaveProfile } from './profile.ts';
import type { AavePool, AavePosition } from './state.ts';

/** The average threshold is cut to whole basis points. */
const THRESHOLD_CUT = 1e-4;

/**
 * What a screen may count on: values are rounded to base units, before they are weighed; accounts of one e-mode are alike, unless they owe at a stable rate of
 * their own; which terms they have hangs on reserves, thresholds and categories.
 */
export function createAaveScreening(profile: AaveProfile): Screening<AavePool, AavePosition> {
  return {
    weightCut: profile.healthFactor === 'full' ? 0 : THRESHOLD_CUT,
    quantumUsd: (pool) => fromFixed(pool.baseUsdE8, 8).div(new Decimal(pool.baseUnit.toString())).times(greatestThreshold(pool)),
    cohort: (_, position) => (position.holdings.some(({ stableDebt }) => stableDebt !== null && stableDebt.principal !== 0n) ? null : `e-mode ${position.eMode}`),
    // A category's own price moves with its first member and is the price of all of them.
    numeraires: (pool) => [
      ...(pool.baseAsset === null ? [] : [pool.baseAsset]),
      ...pool.eModes.filter(({ price }) => price !== null).flatMap(({ collateral }) => pool.reserves.find(({ id }) => id === collateral[0])?.asset ?? []),
    ],
    shape: (pool) =>
      JSON.stringify([
        pool.baseAsset,
        pool.baseUnit.toString(),
        pool.reserves.map(({ id, asset, decimals, liquidationThresholdBps }) => [id, asset, decimals, liquidationThresholdBps]),
        pool.eModes.map(({ id, collateral, liquidationThresholdBps }) => [id, collateral, liquidationThresholdBps]),
      ]),
  };
}

/** As a multiple of what a value is rounded by; at least 1. */
function greatestThreshold(pool: AavePool): string {
  const greatest = [...pool.reserves, ...pool.eModes].reduce((most, { liquidationThresholdBps }) => max(most, BigInt(liquidationThresholdBps)), 10_000n);
  return fromFixed(greatest, 4).toString();
}
