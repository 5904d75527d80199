import type { Address } from '../../core/ids.ts';
import type { ContractCall } from '../../core/source.ts';
import type { Deployment, Rows } from '../protocol.ts';
import { encodeParams, type MarketParams } from './market-id.ts';
import { type MarketRow, marketsOf, parsePositions } from './rows.ts';

const ZERO_ADDRESS: Address = `0x${'0'.repeat(40)}`;

const MARKET_SIGNATURE =
  'function market(bytes32 id) view returns (uint128 totalSupplyAssets, uint128 totalSupplyShares, uint128 totalBorrowAssets, uint128 totalBorrowShares, uint128 lastUpdate, uint128 fee)';
const POSITION_SIGNATURE = 'function position(bytes32 id, address user) view returns (uint256 supplyShares, uint128 borrowShares, uint128 collateral)';
const RATE_SIGNATURE =
  'function borrowRateView((address loanToken, address collateralToken, address oracle, address irm, uint256 lltv) marketParams, (uint128 totalSupplyAssets, uint128 totalSupplyShares, uint128 totalBorrowAssets, uint128 totalBorrowShares, uint128 lastUpdate, uint128 fee) market) view returns (uint256)';

/** The keys of the calls, shared by planning and normalizing. */
export const callKeys = {
  market: (market: string): string => `market:${market}`,
  position: (market: string, owner: Address): string => `position:${market}:${owner}`,
  price: (market: string): string => `price:${market}`,
  rate: (market: string): string => `rate:${market}`,
  usd: (token: Address): string => `usd:${token}`,
} as const;

/** The five parameters of a market, as its row has them. */
export function paramsOf(row: MarketRow): MarketParams {
  return {
    loanToken: row.borrowedToken.id,
    collateralToken: row.inputToken.id,
    oracle: row.oracle.oracleAddress,
    irm: row.irm,
    lltv: row.lltv,
  };
}

/** Tells whether the market charges interest at all. */
export function hasRateModel(row: MarketRow): boolean {
  return row.irm !== ZERO_ADDRESS;
}

/**
 * Per market: totals, oracle price, interest rate for the totals that the subgraph knows, and every owner's position, also of owners
 * without a row there (that is how a position that the subgraph missed is found). Per loan token: its dollar price.
 */
export function planCalls(deployment: Deployment, owners: readonly Address[], rows: Rows): readonly ContractCall[] {
  const { morpho, usdOracle } = deployment.contracts;
  const markets = marketsOf(parsePositions(rows['positions'] ?? []));
  if (morpho === undefined) return [];
  const perMarket = markets.flatMap((row) => [
    { key: callKeys.market(row.id), to: morpho, signature: MARKET_SIGNATURE, args: [row.id] },
    { key: callKeys.price(row.id), to: row.oracle.oracleAddress, signature: 'function price() view returns (uint256)', args: [] },
    ...(hasRateModel(row) ? [rateCall(row)] : []),
    ...owners.map((owner) => ({ key: callKeys.position(row.id, owner), to: morpho, signature: POSITION_SIGNATURE, args: [row.id, owner] })),
  ]);
  const loanTokens = usdOracle === undefined ? [] : [...new Set(markets.map((row) => row.borrowedToken.id))];
  return [...perMarket, ...(usdOracle === undefined ? [] : loanTokens.map((token) => usdCall(usdOracle, token)))];
}

function rateCall(row: MarketRow): ContractCall {
  const totals = [row.totalSupply, row.totalSupplyShares, row.totalBorrow, row.totalBorrowShares, row.lastUpdate, row.fee];
  return { key: callKeys.rate(row.id), to: row.irm, signature: RATE_SIGNATURE, args: [encodeParams(paramsOf(row)), totals] };
}

function usdCall(usdOracle: Address, token: Address): ContractCall {
  return { key: callKeys.usd(token), to: usdOracle, signature: 'function getAssetPrice(address asset) view returns (uint256)', args: [token] };
}
