import type { PricePoint } from '../../engine/liquidation-price.ts';
import type { PriceDriver } from '../../engine/moves.ts';
import { percent, plain, price } from './format.ts';

const CHAINS: Readonly<Record<string, string>> = {
  'eip155:1': 'Ethereum',
  'eip155:10': 'Optimism',
  'eip155:56': 'BNB Chain',
  'eip155:100': 'Gnosis',
  'eip155:137': 'Polygon',
  'eip155:8453': 'Base',
  'eip155:42161': 'Arbitrum',
  'eip155:43114': 'Avalanche',
  'eip155:534352': 'Scroll',
};

/** A chain by the name that people use; its id where it has none here. */
export function chainName(chain: string): string {
  return CHAINS[chain] ?? chain;
}

/** A driver's name, with its chain where another of the list has the same. */
export function driverName(driver: PriceDriver, all: readonly PriceDriver[]): string {
  const name = plain(driver.name);
  const [asset = ''] = driver.assets;
  const isShared = driver.kind === 'asset' && all.some((other) => other !== driver && other.name === driver.name);
  return isShared ? `${name} (${chainName(asset.split('/')[0] ?? '')})` : name;
}

/** Without the assets that move as a group: that stands among them. */
export function withoutGrouped<Entry extends { readonly driver: PriceDriver }>(entries: readonly Entry[], drivers: readonly PriceDriver[]): readonly Entry[] {
  const grouped = new Set(drivers.filter(({ kind }) => kind === 'group').flatMap(({ assets }) => assets));
  return entries.filter(({ driver: { kind, assets } }) => kind === 'group' || !assets.some((asset) => grouped.has(asset)));
}

/** The price of a point; of a group, which moves as one, with the asset that it is the price of. */
export function pointPrice({ kind }: Pick<PriceDriver, 'kind'>, { prices }: Pick<PricePoint, 'prices'>): string {
  const [shown] = prices;
  if (shown === undefined) return '';
  return `${kind === 'group' ? `${plain(shown.symbol)} ` : ''}${price(shown.priceUsd)}`;
}

/** The same with the move that it takes, as in `wstETH $3,534.25 (−8.3 %)`. */
export function pointText(driver: Pick<PriceDriver, 'kind'>, point: Pick<PricePoint, 'prices' | 'move'>): string {
  return `${pointPrice(driver, point)} (${percent(point.move)})`.trim();
}
