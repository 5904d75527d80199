import { USD } from '../../../src/core/ids.ts';
import type { AccountView } from '../../../src/core/rule.ts';
import type { CometCollateral, CometMarket, CometPosition } from '../../../src/protocols/compound-v3/state.ts';

/** The time of the last accrual in the fact sheet's vectors. */
export const T0 = 1_698_710_400n;

export const USDC = 'eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
export const WETH = 'eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2';
export const WBTC = 'eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599';
export const COMP = 'eip155:1/erc20:0xc00e94cb662c3520282e6f5717214004a7f26888';

const FACTOR = 10n ** 15n;

/** WETH .825/.895/.95 of the fact sheet's cUSDCv3. */
export function weth(price: bigint | null = 181_685_499_606n): CometCollateral {
  return {
    asset: WETH,
    symbol: 'WETH',
    decimals: 18,
    price,
    borrowCollateralFactor: 825n * FACTOR,
    liquidateCollateralFactor: 895n * FACTOR,
    liquidationFactor: 950n * FACTOR,
    supplyCap: 350_000n * 10n ** 18n,
    totalSupply: 100_000n * 10n ** 18n,
    reserves: 20n * 10n ** 18n,
  };
}

/** WBTC .70/.77/.95. */
export function wbtc(price: bigint | null = 3_481_414_003_279n): CometCollateral {
  return {
    asset: WBTC,
    symbol: 'WBTC',
    decimals: 8,
    price,
    borrowCollateralFactor: 700n * FACTOR,
    liquidateCollateralFactor: 770n * FACTOR,
    liquidationFactor: 950n * FACTOR,
    supplyCap: 12_000n * 10n ** 8n,
    totalSupply: 5_000n * 10n ** 8n,
    reserves: 0n,
  };
}

/** COMP .65/.70/.93, at its supply cap less one token. */
export function comp(price: bigint | null = 4_500_000_000n): CometCollateral {
  return {
    asset: COMP,
    symbol: 'COMP',
    decimals: 18,
    price,
    borrowCollateralFactor: 650n * FACTOR,
    liquidateCollateralFactor: 700n * FACTOR,
    liquidationFactor: 930n * FACTOR,
    supplyCap: 900_000n * 10n ** 18n,
    totalSupply: 899_999n * 10n ** 18n,
    reserves: 0n,
  };
}

/** cUSDCv3 on Ethereum with its deployment parameters and the fact sheet's indexes; totals are made up. */
export function usdcComet(changes: Partial<CometMarket> = {}): CometMarket {
  return {
    comet: '0xc3d688b66703497daa19211eedff47f25384cdc3',
    unit: { asset: USD, symbol: 'USD', usdPerUnit: 100_000_000n },
    base: { asset: USDC, symbol: 'USDC', decimals: 6, price: 99_997_427n },
    baseSupplyIndex: 1_060_000_000_000_001n,
    baseBorrowIndex: 1_081_234_567_890_123n,
    totalSupplyBase: 400_000_000n * 10n ** 6n,
    totalBorrowBase: 300_000_000n * 10n ** 6n,
    lastAccrualTime: T0,
    supplyCurve: { kink: 8n * 10n ** 17n, base: 0n, slopeLow: 1_030_568_239n, slopeHigh: 12_683_916_793n },
    borrowCurve: { kink: 8n * 10n ** 17n, base: 475_646_879n, slopeLow: 1_109_842_719n, slopeHigh: 7_927_447_995n },
    baseBorrowMin: 100_000_000n,
    targetReserves: 5_000_000n * 10n ** 6n,
    storeFrontPriceFactor: 5n * 10n ** 17n,
    baseBalance: 100_000_000n * 10n ** 6n,
    paused: { supply: false, transfer: false, withdraw: false, absorb: false, buy: false },
    collaterals: [comp(), wbtc(), weth()],
    ...changes,
  };
}

/** The borrower of vector V6: principal −15,000e6 against 10 WETH. */
export const V6_POSITION: CometPosition = { principal: -15_000_000_000n, collaterals: [{ asset: WETH, balance: 10n ** 19n }] };

/** V6 at its two WETH prices. */
export function v6View(wethPrice = 181_685_499_606n, changes: Partial<CometMarket> = {}): AccountView<CometMarket, CometPosition> {
  return { market: usdcComet({ collaterals: [comp(), wbtc(), weth(wethPrice)], ...changes }), position: V6_POSITION, at: T0 };
}
