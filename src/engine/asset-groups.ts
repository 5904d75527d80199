import type { AssetId } from '../core/ids.ts';
import type { Portfolio } from '../core/portfolio.ts';

/** Symbols that move with one another, by the name of what they follow. Only for display and shocks; decisions use each oracle. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  ETH: ['ETH', 'WETH', 'stETH', 'wstETH', 'weETH', 'rETH', 'cbETH', 'osETH', 'ezETH', 'rsETH', 'ETHx', 'tETH'],
  BTC: ['BTC', 'WBTC', 'WBTC.b', 'WBTC.e', 'BTC.b', 'cbBTC', 'tBTC', 'LBTC', 'BTCB', 'FBTC', 'eBTC'],
};

const STABLE: ReadonlySet<string> = new Set(
  [
    'USDC',
    'USDC.e',
    'USDbC',
    'USDT',
    'USDT0',
    'USD₮0',
    'DAI',
    'DAI.e',
    'xDAI',
    'WXDAI',
    'USDS',
    'sUSDS',
    'sDAI',
    'GHO',
    'PYUSD',
    'FRAX',
    'LUSD',
    'USDe',
    'sUSDe',
    'crvUSD',
    'RLUSD',
    'USDtb',
    'TUSD',
    'BUSD',
    'GUSD',
    'sUSD',
    'USDP',
  ].map((symbol) => symbol.toLowerCase()),
);

/** How a portfolio's assets are grouped for liquidation prices and shocks. */
export interface AssetGrouping {
  /** asset → name of its group. */
  readonly groups: ReadonlyMap<AssetId, string>;
  /** Dollar stablecoins, which a uniform adverse move leaves in place. */
  readonly stable: ReadonlySet<AssetId>;
}

/** Groups the assets of a portfolio by symbol: liquid staking tokens with ETH, wrapped bitcoins with BTC, dollar stablecoins apart. */
export function groupAssets(portfolio: Pick<Portfolio, 'accounts'>): AssetGrouping {
  const groups = new Map<AssetId, string>();
  const stable = new Set<AssetId>();
  for (const leg of portfolio.accounts.flatMap((account) => account.legs)) {
    const asset = leg.asset as AssetId;
    const symbol = leg.symbol.toLowerCase();
    const group = Object.entries(GROUPS).find(([, symbols]) => symbols.some((entry) => entry.toLowerCase() === symbol));
    if (group !== undefined) groups.set(asset, group[0]);
    if (STABLE.has(symbol)) stable.add(asset);
  }
  return { groups, stable };
}
