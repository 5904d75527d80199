import * as z from 'zod';
import { type Address, isAddress } from '../../core/ids.ts';
import { graphInteger } from '../../core/json.ts';

const address = z.string().refine((text): text is Address => isAddress(text), 'expected a lower-case address');
// Sources hand rows on as they parsed them, so what was an integer string may be a bigint by now.
const integer = z.union([z.bigint(), graphInteger]);
const natural = integer.refine((value) => value >= 0n, 'expected a non-negative integer');
const decimalText = z.string().regex(/^-?[0-9]+(?:\.[0-9]+)?$/, 'expected a decimal string');

const token = z.object({
  id: address,
  symbol: z.string(),
  decimals: z.int().min(0).max(36),
  /** By the subgraph's own table of symbols; null where it knows none. As old as lastPriceBlockNumber. */
  lastPriceUSD: decimalText.nullable(),
  lastPriceBlockNumber: natural.nullable(),
});

/** A market, as it stands in a position's row or by itself. */
export const marketRow = z.object({
  /** 32 bytes; the subgraph keeps flash loans under an id of 20 bytes. */
  id: z.string().regex(/^0x(?:[0-9a-f]{64}|[0-9a-f]{40})$/, 'expected a market id'),
  lltv: natural,
  irm: address,
  oracle: z.object({ oracleAddress: address }),
  /** The collateral token, despite its name. */
  inputToken: token,
  /** The loan token. */
  borrowedToken: token,
  totalSupply: natural,
  totalSupplyShares: natural,
  totalBorrow: natural,
  totalBorrowShares: natural,
  lastUpdate: natural,
  fee: natural,
  /** A fraction per year, not compounded, of the market's last event. */
  rates: z.array(z.object({ side: z.enum(['LENDER', 'BORROWER']), rate: decimalText })).nullable(),
});

/** A position of one side in one market, as the subgraph tells it. */
export const positionRow = z.object({
  id: z.string(),
  side: z.enum(['SUPPLIER', 'COLLATERAL', 'BORROWER']),
  account: z.object({ id: address }),
  market: marketRow,
  /** Null on the collateral side. */
  shares: natural.nullable(),
  /** Exact on the collateral side, a stale estimate on the others. */
  balance: integer,
});

/** A row of the query `mirrorPositions`: its market is a row of its own. */
export const mirroredPositionRow = positionRow.extend({ market: z.object({ id: marketRow.shape.id }) });

export type PositionRow = z.infer<typeof positionRow>;
export type MarketRow = PositionRow['market'];
export type TokenRow = MarketRow['inputToken'];

/** Characters of a market's id; the flash-loan market has fewer. */
export const MARKET_ID_LENGTH = 66;

/** Reads the rows of the query `positions`, without the flash-loan market. */
export function parsePositions(rows: readonly unknown[]): readonly PositionRow[] {
  return rows.map((row) => positionRow.parse(row)).filter((row) => row.market.id.length === MARKET_ID_LENGTH);
}

/** Every market that the rows mention, once, in order of first mention. */
export function marketsOf(rows: readonly PositionRow[]): readonly MarketRow[] {
  return [...new Map(rows.map((row) => [row.market.id, row.market])).values()];
}
