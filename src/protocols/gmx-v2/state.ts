import * as z from 'zod';
import type { Address, AssetId } from '../../core/ids.ts';
import { assetIdText, integerText, naturalText } from '../../core/json.ts';

/** Decimals of GMX's USD amounts and factors. @source Precision.sol FLOAT_PRECISION */
export const FLOAT_DECIMALS = 30;
/** 1 in GMX's 30-decimal fixed point. */
export const FLOAT_PRECISION = 10n ** 30n;

/** A token of a market with the oracle's spread: USD with 30 decimals per raw unit, so that raw amount × price is USD with 30 decimals. */
export interface GmxToken {
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  readonly priceMin: bigint;
  readonly priceMax: bigint;
}

/** What all longs, or all shorts, of a market share. Factors have 30 decimals. */
export interface GmxSide {
  /** At entry prices, USD with 30 decimals. */
  readonly openInterestUsd: bigint;
  /** Raw index-token units. */
  readonly openInterestInTokens: bigint;
  /** Raw units of the token that profits of this side are paid in. */
  readonly poolAmount: bigint;
  /** Share of the pool that profits are capped at; null where it was not read, and then profits are not capped. */
  readonly maxPnlFactorForTraders: bigint | null;
  readonly minCollateralFactorForOpenInterestMultiplier: bigint;
  /** Per second and USD of size; what the fees of a later second are extrapolated with. */
  readonly borrowingFactorPerSecond: bigint;
  /** What this side pays per second and USD of size; 0 where it receives. */
  readonly fundingFactorPerSecond: bigint;
}

/** A GM market. USD amounts and factors have 30 decimals. */
export interface GmxMarket {
  readonly marketToken: Address;
  readonly isDisabled: boolean;
  readonly indexToken: GmxToken;
  readonly longToken: GmxToken;
  readonly shortToken: GmxToken;
  readonly longs: GmxSide;
  readonly shorts: GmxSide;
  readonly minCollateralUsd: bigint;
  readonly minPositionSizeUsd: bigint;
  /** For opening, withdrawing and what remains after a partial close. */
  readonly minCollateralFactor: bigint;
  readonly minCollateralFactorForLiquidation: bigint;
  readonly maxPositionImpactFactorForLiquidations: bigint;
  readonly maxPositionImpactFactorPositive: bigint;
  readonly maxPositionImpactFactorNegative: bigint;
  readonly positionFeeFactorForPositiveImpact: bigint;
  readonly positionFeeFactorForNegativeImpact: bigint;
  readonly liquidationFeeFactor: bigint;
}

/** One position: a market, a collateral token and a side of one account. */
export interface GmxPosition {
  /** 32 bytes. */
  readonly key: string;
  readonly isLong: boolean;
  /** The market's long or short token. */
  readonly collateralToken: AssetId;
  /** At entry, USD with 30 decimals. */
  readonly sizeInUsd: bigint;
  /** Raw index-token units. */
  readonly sizeInTokens: bigint;
  /** Raw collateral-token units. */
  readonly collateralAmount: bigint;
  /** Raw index-token units of price impact from opening, settled at close. */
  readonly pendingImpactAmount: bigint;
  /** Unix second that the two fees below are pending at. */
  readonly feesAsOf: bigint;
  /** USD with 30 decimals. */
  readonly borrowingFeeUsd: bigint;
  /** Raw collateral-token units. */
  readonly fundingFeeAmount: bigint;
  /** Price impact of closing all of it now, USD with 30 decimals. */
  readonly closingImpactUsd: bigint;
  /** Whether closing it balances the market, which decides the fee factor. */
  readonly closingImprovesBalance: boolean;
  /** The greater of the referral's and the tier's discount on the position fee, 30 decimals. */
  readonly traderDiscountFactor: bigint;
}

const positive = naturalText.refine((value) => value > 0n, 'expected a positive integer');
const token = z.strictObject({ asset: assetIdText, symbol: z.string(), decimals: z.int().min(0).max(FLOAT_DECIMALS), priceMin: positive, priceMax: positive });
const side = z.strictObject({
  openInterestUsd: naturalText,
  openInterestInTokens: naturalText,
  poolAmount: naturalText,
  maxPnlFactorForTraders: naturalText.nullable(),
  minCollateralFactorForOpenInterestMultiplier: naturalText,
  borrowingFactorPerSecond: naturalText,
  fundingFactorPerSecond: naturalText,
});

/** Reads a {@link GmxMarket} from its document form. */
export const gmxMarketSchema: z.ZodType<GmxMarket> = z.strictObject({
  marketToken: z
    .string()
    .regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address')
    .transform((text) => text as Address),
  isDisabled: z.boolean(),
  indexToken: token,
  longToken: token,
  shortToken: token,
  longs: side,
  shorts: side,
  minCollateralUsd: naturalText,
  minPositionSizeUsd: naturalText,
  minCollateralFactor: naturalText,
  minCollateralFactorForLiquidation: naturalText,
  maxPositionImpactFactorForLiquidations: naturalText,
  maxPositionImpactFactorPositive: naturalText,
  maxPositionImpactFactorNegative: naturalText,
  positionFeeFactorForPositiveImpact: naturalText,
  positionFeeFactorForNegativeImpact: naturalText,
  liquidationFeeFactor: naturalText,
});

/** Reads a {@link GmxPosition} from its document form. */
export const gmxPositionSchema: z.ZodType<GmxPosition> = z.strictObject({
  key: z.string().regex(/^0x[0-9a-f]{64}$/, 'expected 32 bytes'),
  isLong: z.boolean(),
  collateralToken: assetIdText,
  sizeInUsd: naturalText,
  sizeInTokens: naturalText,
  collateralAmount: naturalText,
  pendingImpactAmount: integerText,
  feesAsOf: naturalText,
  borrowingFeeUsd: naturalText,
  fundingFeeAmount: naturalText,
  closingImpactUsd: integerText,
  closingImprovesBalance: z.boolean(),
  traderDiscountFactor: naturalText,
});
