import type { GmxView } from '../../../src/protocols/gmx-v2/fees.ts';
import type { GmxMarket, GmxPosition, GmxSide } from '../../../src/protocols/gmx-v2/state.ts';

/** The second that the fixture's fees are pending at. */
export const T0 = 1_773_400_000n;
/** 1 USD with 30 decimals. */
export const DOLLAR = 10n ** 30n;

export const MARKET_TOKEN = '0x70d95587d40a2caf56bd97485ab3eec10bee6336';
export const WETH = 'eip155:42161/erc20:0x82af49447d8a07e3bd95bd0d56f35241523fbab1';
export const USDC = 'eip155:42161/erc20:0xaf88d065e77c8cc2239327c5edb3a432268e5831';

const side: GmxSide = {
  openInterestUsd: 50_000_000n * DOLLAR,
  openInterestInTokens: 25_000n * 10n ** 18n,
  poolAmount: 20_000n * 10n ** 18n,
  maxPnlFactorForTraders: 9n * 10n ** 29n,
  minCollateralFactorForOpenInterestMultiplier: 6n * 10n ** 19n,
  borrowingFactorPerSecond: 0n,
  fundingFactorPerSecond: 0n,
};

/** ETH/USD [WETH-USDC] with an index price in dollars of six decimals, and the parameters of the fact sheet's vector. */
export function ethMarket(priceE6 = 1_980_000_000n, changes: Partial<GmxMarket> = {}): GmxMarket {
  const eth = { asset: WETH, symbol: 'WETH', decimals: 18, priceMin: priceE6 * 10n ** 6n, priceMax: priceE6 * 10n ** 6n } as const;
  return {
    marketToken: MARKET_TOKEN,
    isDisabled: false,
    indexToken: eth,
    longToken: eth,
    shortToken: { asset: USDC, symbol: 'USDC', decimals: 6, priceMin: 10n ** 24n, priceMax: 10n ** 24n },
    longs: side,
    shorts: { ...side, poolAmount: 40_000_000n * 10n ** 6n },
    minCollateralUsd: DOLLAR,
    minPositionSizeUsd: DOLLAR,
    minCollateralFactor: 10n ** 28n,
    minCollateralFactorForLiquidation: 5n * 10n ** 27n,
    maxPositionImpactFactorForLiquidations: 0n,
    maxPositionImpactFactorPositive: 5n * 10n ** 27n,
    maxPositionImpactFactorNegative: 5n * 10n ** 27n,
    positionFeeFactorForPositiveImpact: 4n * 10n ** 26n,
    positionFeeFactorForNegativeImpact: 6n * 10n ** 26n,
    liquidationFeeFactor: 2n * 10n ** 27n,
    ...changes,
  };
}

/** The vector's long: 100,000 USD, 50 ETH, 2,000 USDC, 30 USD of borrowing and 12.5 USDC of funding fees. */
export function ethLong(changes: Partial<GmxPosition> = {}): GmxPosition {
  return {
    key: `0x${'ab'.repeat(32)}`,
    isLong: true,
    collateralToken: USDC,
    sizeInUsd: 100_000n * DOLLAR,
    sizeInTokens: 50n * 10n ** 18n,
    collateralAmount: 2_000_000_000n,
    pendingImpactAmount: 0n,
    feesAsOf: T0,
    borrowingFeeUsd: 30n * DOLLAR,
    fundingFeeAmount: 12_500_000n,
    closingImpactUsd: 0n,
    closingImprovesBalance: false,
    traderDiscountFactor: 0n,
    ...changes,
  };
}

/** The vector at an index price in dollars of six decimals. */
export function vectorView(priceE6?: bigint, position: Partial<GmxPosition> = {}, market: Partial<GmxMarket> = {}): GmxView {
  return { market: ethMarket(priceE6, market), position: ethLong(position), at: T0 };
}
