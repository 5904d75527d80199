import * as z from 'zod';
import { graphInteger } from '../../core/json.ts';
import type { Deployment, Rows } from '../protocol.ts';

/** An integer as the subgraph writes it, or as reading a row once has already turned it. */
const integer = z.union([z.bigint(), graphInteger]);
/** A decimal as the subgraph writes it. */
const graphDecimal = z.string().regex(/^-?[0-9]+(?:\.[0-9]+)?$/, 'expected a decimal string');
const bytes = z.string().regex(/^0x[0-9a-f]*$/, 'expected lower-case bytes');
const token = z.object({ id: bytes, symbol: z.string(), decimals: z.int().nullable() });

/** A row of `positions`: one account in one comet, as of its last event. */
export const positionRow = z.object({
  id: bytes,
  account: z.object({ id: bytes }),
  accounting: z.object({
    lastUpdatedBlockNumber: integer,
    basePrincipal: integer,
    collateralBalances: z.array(z.object({ id: bytes, balance: integer, collateralToken: z.object({ id: bytes, token: z.object({ id: bytes }) }) })),
  }),
});

/** A row of `positions`. */
export type PositionRow = z.infer<typeof positionRow>;

/** A row of `markets`: one comet's configuration and accounting, as of its last event. */
export const marketRow = z.object({
  id: bytes,
  configuration: z.object({
    supplyKink: graphDecimal,
    supplyPerSecondInterestRateBase: integer,
    supplyPerSecondInterestRateSlopeLow: integer,
    supplyPerSecondInterestRateSlopeHigh: integer,
    borrowKink: graphDecimal,
    borrowPerSecondInterestRateBase: integer,
    borrowPerSecondInterestRateSlopeLow: integer,
    borrowPerSecondInterestRateSlopeHigh: integer,
    storeFrontPriceFactor: integer,
    baseBorrowMin: integer,
    targetReserves: integer,
    baseToken: z.object({ id: bytes, token, priceFeed: bytes, lastPriceUsd: graphDecimal }),
    collateralTokens: z.array(
      z.object({
        id: bytes,
        token,
        priceFeed: bytes,
        borrowCollateralFactor: graphDecimal,
        liquidateCollateralFactor: graphDecimal,
        liquidationFactor: graphDecimal,
        supplyCap: integer,
        lastPriceUsd: graphDecimal,
      }),
    ),
  }),
  accounting: z.object({
    baseSupplyIndex: integer,
    baseBorrowIndex: integer,
    totalBasePrincipalSupply: integer,
    totalBasePrincipalBorrow: integer,
    lastAccrualTime: integer,
    baseReserveBalance: integer,
    collateralBalances: z.array(z.object({ id: bytes, balance: integer, reserves: integer, collateralToken: z.object({ id: bytes, token: z.object({ id: bytes }) }) })),
  }),
});

/** A row of `markets`. */
export type MarketRow = z.infer<typeof marketRow>;

/** What discovery found of one comet; `positions` is null where the subgraph was not asked or did not answer. */
export interface Discovered {
  readonly market: MarketRow | null;
  readonly positions: readonly PositionRow[] | null;
}

/** Reads discovery's rows with their types. */
export function readRows(deployment: Deployment, rows: Rows): Discovered {
  const markets = (rows.markets ?? []).map((row) => marketRow.parse(row));
  return {
    market: markets.find((row) => row.id === deployment.market) ?? null,
    positions: rows.positions?.map((row) => positionRow.parse(row)) ?? null,
  };
}
