import * as z from 'zod';
import type { Address, AssetId } from '../../core/ids.ts';
import { assetIdText, integerText, naturalText } from '../../core/json.ts';

/** A two-slope curve: yearly factors divided by the year's seconds at deployment, 18 decimals a second; `kink` is a utilization, 18 decimals. */
export interface RateCurve {
  readonly kink: bigint;
  readonly base: bigint;
  readonly slopeLow: bigint;
  readonly slopeHigh: bigint;
}

/** A collateral asset of a comet, in the comet's own order. */
export interface CometCollateral {
  readonly asset: AssetId;
  readonly symbol: string;
  readonly decimals: number;
  /** In the comet's unit of account, 8 decimals; null where the feed gave none: the comet reverts with BadPrice when it needs it. */
  readonly price: bigint | null;
  /** 18 decimals. */
  readonly borrowCollateralFactor: bigint;
  /** 18 decimals. */
  readonly liquidateCollateralFactor: bigint;
  /** The share of the value that an absorbed account keeps, 18 decimals. */
  readonly liquidationFactor: bigint;
  /** Raw units. */
  readonly supplyCap: bigint;
  /** Raw units that accounts hold together. */
  readonly totalSupply: bigint;
  /** Raw units that the comet holds itself, for sale to buyers of collateral. */
  readonly reserves: bigint;
}

/** What a comet may refuse just now. */
export interface PauseFlags {
  readonly supply: boolean;
  readonly transfer: boolean;
  readonly withdraw: boolean;
  readonly absorb: boolean;
  readonly buy: boolean;
}

/** What all accounts of a comet share. */
export interface CometMarket {
  readonly comet: Address;
  /** What prices are counted in, and its USD price with 8 decimals (100000000 for USD itself). */
  readonly unit: { readonly asset: AssetId; readonly symbol: string; readonly usdPerUnit: bigint };
  readonly base: { readonly asset: AssetId; readonly symbol: string; readonly decimals: number; readonly price: bigint | null };
  /** 15 decimals, as stored at `lastAccrualTime`. */
  readonly baseSupplyIndex: bigint;
  readonly baseBorrowIndex: bigint;
  /** Principals, raw base units at index 1. */
  readonly totalSupplyBase: bigint;
  readonly totalBorrowBase: bigint;
  /** Unix seconds. */
  readonly lastAccrualTime: bigint;
  readonly supplyCurve: RateCurve;
  readonly borrowCurve: RateCurve;
  readonly baseBorrowMin: bigint;
  readonly targetReserves: bigint;
  /** The share of the liquidation penalty that buyers of collateral get, 18 decimals. */
  readonly storeFrontPriceFactor: bigint;
  /** Base tokens in the comet: what can be borrowed or withdrawn at once. */
  readonly baseBalance: bigint;
  readonly paused: PauseFlags;
  readonly collaterals: readonly CometCollateral[];
}

/** A balance of one collateral asset. */
export interface CollateralBalance {
  readonly asset: AssetId;
  /** Raw units, more than 0. */
  readonly balance: bigint;
}

/** One account of a comet: supply and debt never stand side by side. */
export interface CometPosition {
  /** Raw base units at index 1: positive supplied, negative borrowed. */
  readonly principal: bigint;
  readonly collaterals: readonly CollateralBalance[];
}

const address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address')
  .transform((text) => text as Address);
const decimals = z.int().min(0).max(36);
const positive = naturalText.refine((value) => value > 0n, 'expected a positive integer');
const curve = z.strictObject({ kink: naturalText, base: naturalText, slopeLow: naturalText, slopeHigh: naturalText });

/** Reads a {@link CometMarket} from its document form. */
export const cometMarketSchema: z.ZodType<CometMarket> = z.strictObject({
  comet: address,
  unit: z.strictObject({ asset: assetIdText, symbol: z.string(), usdPerUnit: positive }),
  base: z.strictObject({ asset: assetIdText, symbol: z.string(), decimals, price: positive.nullable() }),
  baseSupplyIndex: positive,
  baseBorrowIndex: positive,
  totalSupplyBase: naturalText,
  totalBorrowBase: naturalText,
  lastAccrualTime: naturalText,
  supplyCurve: curve,
  borrowCurve: curve,
  baseBorrowMin: naturalText,
  targetReserves: naturalText,
  storeFrontPriceFactor: naturalText,
  baseBalance: naturalText,
  paused: z.strictObject({ supply: z.boolean(), transfer: z.boolean(), withdraw: z.boolean(), absorb: z.boolean(), buy: z.boolean() }),
  collaterals: z.array(
    z.strictObject({
      asset: assetIdText,
      symbol: z.string(),
      decimals,
      price: positive.nullable(),
      borrowCollateralFactor: naturalText,
      liquidateCollateralFactor: naturalText,
      liquidationFactor: naturalText,
      supplyCap: naturalText,
      totalSupply: naturalText,
      reserves: naturalText,
    }),
  ),
});

/** Reads a {@link CometPosition} from its document form. */
export const cometPositionSchema: z.ZodType<CometPosition> = z.strictObject({
  principal: integerText,
  collaterals: z.array(z.strictObject({ asset: assetIdText, balance: positive })),
});
