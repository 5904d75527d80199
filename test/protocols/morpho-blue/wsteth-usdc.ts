import type { Address } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';

/** Morpho's wstETH/USDC market of 86 %, with the totals and the position of the fact sheet's vector V7. */
export const WSTETH = 'eip155:1/erc20:0x7f39c581f595b53c5cb19bd0b3f8da6c935e2ca0';
export const USDC = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
export const MARKET_ID = '0xb323495f7e4148be5643a4ea4a8221eef163e4bccfdedc2a6f4696baacbc86cc';
export const OWNER: Address = '0x00000000000000000000000000000000000000a1';
export const LIQUIDATOR: Address = '0x00000000000000000000000000000000000000b2';
export const NOW = 1_760_000_000n;

export const wstEthUsdc: MorphoMarket = {
  id: MARKET_ID,
  loan: { asset: USDC, symbol: 'USDC', decimals: 6 },
  collateral: { asset: WSTETH, symbol: 'wstETH', decimals: 18 },
  oracle: '0x48f7e36eb6b826b2df4b2e630b62cd25e89e40e2',
  irm: '0x870ac11d48b15db9a138cf899d20f13f79ba00bc',
  lltv: 860_000_000_000_000_000n,
  totalSupplyAssets: 300_000_000_000_000n,
  totalSupplyShares: 285_000_000_000_000_000_000n,
  totalBorrowAssets: 250_000_000_000_000n,
  totalBorrowShares: 240_000_000_000_000_000_000n,
  lastUpdate: NOW,
  fee: 0n,
  borrowRate: 1_585_489_599n,
  oraclePrice: 2_080_578_428_522_965_895_912_501_828n,
  oracleKind: 'market',
  loanUsd: '0.99997427',
  loanUsdSource: 'test',
};

export const v7Position: MorphoPosition = { supplyShares: 0n, borrowShares: 17_300_000_000_000_000n, collateral: 10n * 10n ** 18n };

/** The market as a row of the subgraph. */
export function marketRow(market: MorphoMarket): Record<string, unknown> {
  const token = (asset: string, symbol: string, decimals: number, lastPriceUSD: string | null) => ({
    id: asset.slice(asset.indexOf('0x')),
    symbol,
    decimals,
    lastPriceUSD,
    lastPriceBlockNumber: lastPriceUSD === null ? null : '23500000',
  });
  return {
    id: market.id,
    lltv: market.lltv.toString(),
    irm: market.irm,
    oracle: { oracleAddress: market.oracle },
    inputToken: token(market.collateral.asset, 'wstETH', 18, '2080.5'),
    borrowedToken: token(market.loan.asset, 'USDC', 6, '0.9998'),
    totalSupply: market.totalSupplyAssets.toString(),
    totalSupplyShares: market.totalSupplyShares.toString(),
    totalBorrow: market.totalBorrowAssets.toString(),
    totalBorrowShares: market.totalBorrowShares.toString(),
    lastUpdate: market.lastUpdate.toString(),
    fee: market.fee.toString(),
    rates: [
      { side: 'LENDER', rate: '0.03' },
      { side: 'BORROWER', rate: '0.05' },
    ],
  };
}

/** One position row of the subgraph. */
export function positionRow(side: 'SUPPLIER' | 'COLLATERAL' | 'BORROWER', amount: bigint, owner: Address = OWNER, market: unknown = marketRow(wstEthUsdc)): Record<string, unknown> {
  return {
    id: `${owner}-${MARKET_ID}-${side}-0`,
    side,
    account: { id: owner },
    market,
    shares: side === 'COLLATERAL' ? null : amount.toString(),
    balance: amount.toString(),
  };
}

/** A state as it stands in a document. */
export function asDocument(state: unknown): unknown {
  return JSON.parse(JSON.stringify(encodeJson(state)));
}
