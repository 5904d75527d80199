import * as z from 'zod';
import { assetIdText, naturalText } from '../../core/json.ts';

const bps = z.int().min(0).max(65_535);
const index = naturalText;
const seconds = naturalText;

/** A reserve of a pool: its configuration, its indexes as stored, its oracle price. */
const reserveSchema = z.object({
  /** Position in the pool's reserve list: the bit number of user configurations and e-mode bitmaps. */
  id: z.int().min(0).max(127),
  asset: assetIdText,
  symbol: z.string(),
  decimals: z.int().min(0).max(36),
  ltvBps: bps,
  liquidationThresholdBps: bps,
  /** Including the 100 %: 10500 is a bonus of 5 %. */
  liquidationBonusBps: bps,
  /** Share of the bonus that the protocol keeps. */
  liquidationProtocolFeeBps: bps,
  active: z.boolean(),
  frozen: z.boolean(),
  paused: z.boolean(),
  borrowingEnabled: z.boolean(),
  siloedBorrowing: z.boolean(),
  borrowableInIsolation: z.boolean(),
  /** USD with 2 decimals; 0 = not an isolated collateral. */
  debtCeiling: naturalText,
  /** Debt drawn against this isolated collateral, USD with 2 decimals. */
  isolationDebt: naturalText,
  /** Whole tokens; 0 = no cap. */
  supplyCap: naturalText,
  /** Whole tokens; 0 = no cap. */
  borrowCap: naturalText,
  /** Ray, as stored at lastUpdate. */
  liquidityIndex: index,
  /** Ray per year. */
  liquidityRate: naturalText,
  variableBorrowIndex: index,
  variableBorrowRate: naturalText,
  /** Unix seconds of the stored indexes. */
  lastUpdate: seconds,
  /** Liquidations of this reserve are refused until after this unix second; 0 = none. */
  gracePeriodUntil: seconds,
  /** In units of the pool's base currency; 0 = unknown, and every account that counts it is refused. */
  price: naturalText,
  /** aToken total, divided by the index; null where it was not read. */
  scaledSupply: naturalText.nullable(),
  scaledVariableDebt: naturalText.nullable(),
  accruedToTreasury: naturalText.nullable(),
  /** Underlying that can leave the pool now; null where it was not read. */
  availableLiquidity: naturalText.nullable(),
});

/** An e-mode category of either generation; membership is a list of reserve ids in both. */
const eModeSchema = z.object({
  id: z.int().min(1).max(255),
  label: z.string(),
  ltvBps: bps,
  liquidationThresholdBps: bps,
  liquidationBonusBps: bps,
  /** Reserves that count with this category's threshold, bonus and LTV. */
  collateral: z.array(z.int()),
  borrowable: z.array(z.int()),
  /** Members whose LTV is 0 in this category (3.6). */
  ltvZero: z.array(z.int()),
  /** Non-members have LTV 0 (3.7). */
  isolated: z.boolean(),
  /** Price of the category's own oracle in base currency (3.0 and Spark); null where it has none. */
  price: naturalText.nullable(),
});

/** The state that the accounts of one Aave pool share. */
export const aavePoolSchema = z.object({
  /** Units of the base currency in which oracle prices stand: 1e8 for USD, 1e18 for ETH (v2). */
  baseUnit: naturalText,
  /** USD per unit of base currency with 8 decimals: 1e8 for USD. 0 = unknown. */
  baseUsdE8: naturalText,
  /** The asset that the base currency is, where it is not USD: its price move moves every price in USD, none in base. */
  baseAsset: assetIdText.nullable(),
  reserves: z.array(reserveSchema),
  eModes: z.array(eModeSchema),
  /** False while an L2's sequencer sentinel forbids liquidations of health factors of 0.95 and above. */
  liquidationAllowed: z.boolean(),
  /** False while the sentinel forbids borrowing. */
  borrowAllowed: z.boolean(),
});

const stableDebtSchema = z.object({
  principal: naturalText,
  /** Ray per year. */
  rate: naturalText,
  lastUpdate: seconds,
});

const holdingSchema = z.object({
  reserve: z.int().min(0).max(127),
  /** aToken balance divided by the liquidity index. */
  scaledSupply: naturalText,
  usedAsCollateral: z.boolean(),
  /** Variable debt divided by the borrow index. */
  scaledVariableDebt: naturalText,
  /** Stable-rate debt (v2 and up to 3.1); null where there is none. */
  stableDebt: stableDebtSchema.nullable(),
});

/** One user of one pool. */
export const aavePositionSchema = z.object({
  /** 0 = none. */
  eMode: z.int().min(0).max(255),
  /** In order of reserve id, one entry per reserve that the user holds or owes. */
  holdings: z.array(holdingSchema),
});

export type AavePool = z.infer<typeof aavePoolSchema>;
export type AaveReserve = AavePool['reserves'][number];
export type AaveEMode = AavePool['eModes'][number];
export type AavePosition = z.infer<typeof aavePositionSchema>;
export type AaveHolding = AavePosition['holdings'][number];
