import { min, mulDivDown, mulDivUp, WAD } from '../../core/fixed-point.ts';
import { borrowTotals, getOraclePrice, ORACLE_PRICE_SCALE } from './health.ts';
import { toAssetsDown, toAssetsUp, toSharesUp } from './shares.ts';
import type { MorphoMarket, MorphoPosition } from './state.ts';

/** @source ConstantsLib.sol */
const LIQUIDATION_CURSOR = 300_000_000_000_000_000n;
/** @source ConstantsLib.sol */
const MAX_LIQUIDATION_INCENTIVE_FACTOR = 1_150_000_000_000_000_000n;

/** Which of the two amounts the liquidator states; the contract takes exactly one. */
export type LiquidationInput = { readonly kind: 'repayShares'; readonly shares: bigint } | { readonly kind: 'seize'; readonly assets: bigint };

/** The three amounts of one liquidation, before they are checked against the position. */
export interface LiquidationAmounts {
  readonly repaidShares: bigint;
  /** Loan base units that the liquidator pays. */
  readonly repaidAssets: bigint;
  /** Collateral base units that the liquidator receives. */
  readonly seizedAssets: bigint;
}

/**
 * The factor by which seized collateral exceeds the repaid debt in value, 1e18: min(1.15, 1 / (1 − 0.3·(1 − lltv))).
 *
 * @source Morpho.sol liquidate
 * @example
 * ```ts
 * liquidationIncentiveFactorWad(860_000_000_000_000_000n); // 1_043_841_336_116_910_229n
 * ```
 */
export function liquidationIncentiveFactorWad(lltv: bigint): bigint {
  const discount = mulDivDown(LIQUIDATION_CURSOR, WAD - lltv, WAD);
  return min(MAX_LIQUIDATION_INCENTIVE_FACTOR, mulDivDown(WAD, WAD, WAD - discount));
}

/**
 * What a liquidation repays and seizes, on accrued totals.
 *
 * @throws {MissingPrice}
 * @source Morpho.sol liquidate
 */
export function computeLiquidation(accrued: MorphoMarket, input: LiquidationInput): LiquidationAmounts {
  const totals = borrowTotals(accrued);
  const price = getOraclePrice(accrued);
  const factor = liquidationIncentiveFactorWad(accrued.lltv);
  if (input.kind === 'seize') {
    const quoted = mulDivUp(input.assets, price, ORACLE_PRICE_SCALE);
    const repaidShares = toSharesUp(mulDivUp(quoted, WAD, factor), totals);
    return { repaidShares, repaidAssets: toAssetsUp(repaidShares, totals), seizedAssets: input.assets };
  }
  const repaidDown = toAssetsDown(input.shares, totals);
  return {
    repaidShares: input.shares,
    repaidAssets: toAssetsUp(input.shares, totals),
    seizedAssets: mulDivDown(mulDivDown(repaidDown, factor, WAD), ORACLE_PRICE_SCALE, price),
  };
}

/**
 * The greatest liquidation that the contract accepts: all of the debt where the collateral pays for it, otherwise all of the collateral.
 *
 * Seizing everything never asks for more shares than are owed: if the whole debt seizes more than the collateral, the collateral is
 * worth at most ⌊debt⌋ × the incentive factor, so that both roundings up end at ⌊debt⌋ or below, and its shares at those owed or below.
 *
 * @throws {MissingPrice}
 */
export function greatestLiquidation(accrued: MorphoMarket, position: MorphoPosition): LiquidationInput {
  const whole: LiquidationInput = { kind: 'repayShares', shares: position.borrowShares };
  if (computeLiquidation(accrued, whole).seizedAssets <= position.collateral) return whole;
  return { kind: 'seize', assets: position.collateral };
}
