import * as z from 'zod';
import { type Address, isAddress } from '../../core/ids.ts';
import { assetIdText, naturalText } from '../../core/json.ts';

const addressText = z.string().refine((text): text is Address => isAddress(text), 'expected a lower-case address');

const tokenSchema = z.object({
  asset: assetIdText,
  symbol: z.string(),
  decimals: z.int().min(0).max(36),
});

/** The state that the accounts of one Morpho Blue market share. */
export const morphoMarketSchema = z.object({
  /** 0x-hex of 32 bytes: the hash of the five market parameters. */
  id: z.string().regex(/^0x[0-9a-f]{64}$/, 'expected a market id of 32 bytes'),
  loan: tokenSchema,
  collateral: tokenSchema,
  oracle: addressText,
  /** The zero address where the market charges no interest. */
  irm: addressText,
  /** Liquidation loan-to-value, 1e18. */
  lltv: naturalText,
  totalSupplyAssets: naturalText,
  totalSupplyShares: naturalText,
  totalBorrowAssets: naturalText,
  totalBorrowShares: naturalText,
  /** Unix seconds of the totals; 0 = no such market. */
  lastUpdate: naturalText,
  /** Share of the interest that goes to the fee recipient, 1e18. */
  fee: naturalText,
  /** Interest per second, 1e18, as the interest rate model answers for the totals above; kept constant when projecting. */
  borrowRate: naturalText,
  /** Loan base units per collateral base unit, 1e36; null where the oracle did not answer. */
  oraclePrice: naturalText.nullable(),
  /** A fixed oracle does not follow the market price of the collateral. */
  oracleKind: z.enum(['market', 'fixed']),
  /** USD per whole loan token, as a plain decimal. Only legs and exposure use it; the protocol's decision does not. */
  loanUsd: z.string().regex(/^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/, 'expected a plain decimal string'),
  /** Where loanUsd was read, in words. */
  loanUsdSource: z.string(),
});

/** One owner in one market. */
export const morphoPositionSchema = z.object({
  supplyShares: naturalText,
  borrowShares: naturalText,
  /** Raw base units. */
  collateral: naturalText,
});

export type MorphoMarket = z.infer<typeof morphoMarketSchema>;
export type MorphoPosition = z.infer<typeof morphoPositionSchema>;
export type MorphoToken = MorphoMarket['loan'];
