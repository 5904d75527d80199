import type { AssetId } from '../core/ids.ts';
import type { Portfolio } from '../core/portfolio.ts';

/** Symbols that move with one another, by the name of what they follow. Only for display and shocks; decisions use each oracle. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  ETH: ['ETH', 'WETH', 'stETH', 'wstETH', 'weETH', 'rETH', 'cbETH', 'osETH', 'ezETH', 'rsETH', 'ETHx', 'tETH'],
  BTC: ['BTC', 'WBTC', 'WBTC.b', 'WBTC.e', 'BTC.b', 'cbBTC', 'tBTC', 'LBTC', 'BTCB', 'FBTC', 'eBTC'],
};

const GROUP_OF: ReadonlyMap<string, string> = new Map(Object.entries(GROUPS).flatMap(([group, symbols]) => symbols.map((symbol): [string, string] => [symbol.toLowerCase(), group])));

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

/** What an asset moves with, by its symbol: the name of its group; itself where it has none; null for a dollar stablecoin, which stays in place. */
export function driverOf(asset: AssetId, symbol: string): string | null {
  const name = symbol.toLowerCase();
  return STABLE.has(name) ? null : (GROUP_OF.get(name) ?? asset);
}

/** Groups the assets of a portfolio by symbol: liquid staking tokens with ETH, wrapped bitcoins with BTC, dollar stablecoins apart. */
export function groupAssets(portfolio: Pick<Portfolio, 'accounts'>): AssetGrouping {
  const groups = new Map<AssetId, string>();
  const stable = new Set<AssetId>();
  for (const leg of portfolio.accounts.flatMap((account) => account.legs)) {
    const asset = leg.asset as AssetId;
    const symbol = leg.symbol.toLowerCase();
    const group = GROUP_OF.get(symbol);
    if (group !== undefined) groups.set(asset, group);
    if (STABLE.has(symbol)) stable.add(asset);
  }
  return { groups, stable };
}
