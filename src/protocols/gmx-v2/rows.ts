import * as z from 'zod';
import { toAddress } from '../../core/ids.ts';
import { graphInteger } from '../../core/json.ts';
import type { Rows } from '../protocol.ts';

/** An integer as the squid writes it, or as reading a row once has already turned it. */
const integer = z.union([z.bigint(), graphInteger]);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address')
  .transform(toAddress);
const key = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'expected 32 bytes')
  .transform((text) => text.toLowerCase());
const seconds = z.int().min(0);

/** A row of `positions`: an open position as of the squid's last pass. USD with 30 decimals. */
export const positionRow = z.object({
  id: z.string(),
  positionKey: key,
  account: address,
  market: address,
  collateralToken: address,
  isLong: z.boolean(),
  sizeInUsd: integer,
  sizeInTokens: integer,
  collateralAmount: integer,
  unrealizedFees: integer,
  unrealizedPriceImpact: integer,
});

/** A row of `positions`. */
export type PositionRow = z.infer<typeof positionRow>;

/** A row of `marketInfos`. Factors and USD with 30 decimals. */
export const marketInfoRow = z.object({
  id: z.string(),
  marketTokenAddress: address,
  indexTokenAddress: address,
  longTokenAddress: address,
  shortTokenAddress: address,
  isDisabled: z.boolean(),
  minCollateralFactor: integer,
  minCollateralFactorForLiquidation: integer,
  minCollateralFactorForOpenInterestLong: integer,
  minCollateralFactorForOpenInterestShort: integer,
  maxPositionImpactFactorForLiquidations: integer,
  maxPositionImpactFactorPositive: integer,
  maxPositionImpactFactorNegative: integer,
  positionFeeFactorForPositiveImpact: integer,
  positionFeeFactorForNegativeImpact: integer,
  maxPnlFactorForTradersLong: integer,
  maxPnlFactorForTradersShort: integer,
  longOpenInterestUsd: integer,
  shortOpenInterestUsd: integer,
  longOpenInterestInTokens: integer,
  shortOpenInterestInTokens: integer,
  longPoolAmount: integer,
  shortPoolAmount: integer,
  borrowingFactorPerSecondForLongs: integer,
  borrowingFactorPerSecondForShorts: integer,
  fundingFactorPerSecond: integer,
  longsPayShorts: z.boolean(),
});

/** A row of `marketInfos`. */
export type MarketInfoRow = z.infer<typeof marketInfoRow>;

/** A row of `prices`: the last report of a token that came on chain, USD with 30 decimals per raw unit. */
export const priceRow = z.object({ id: z.string(), token: address, minPrice: integer, maxPrice: integer, timestamp: seconds });

/** A row of `prices`. */
export type PriceRow = z.infer<typeof priceRow>;

/** What discovery found; `positions` is null where the squid was not asked or did not answer. */
export interface Discovered {
  readonly positions: readonly PositionRow[] | null;
  readonly markets: ReadonlyMap<string, MarketInfoRow>;
  /** The newest price of each token. */
  readonly prices: ReadonlyMap<string, PriceRow>;
}

/** Reads discovery's rows with their types. A position counts once however its account was spelled, and only while it has a size or collateral. */
export function readRows(rows: Rows): Discovered {
  const positions = rows.positions?.map((row) => positionRow.parse(row)).filter((row) => row.sizeInUsd > 0n || row.collateralAmount > 0n);
  const markets = (rows.marketInfos ?? []).map((row) => marketInfoRow.parse(row));
  const prices = (rows.prices ?? []).map((row) => priceRow.parse(row)).toSorted((a, b) => a.timestamp - b.timestamp);
  return {
    positions: positions === undefined ? null : [...new Map(positions.map((row) => [row.positionKey, row])).values()],
    markets: new Map(markets.map((row) => [row.marketTokenAddress, row])),
    prices: new Map(prices.map((row) => [row.token, row])),
  };
}
