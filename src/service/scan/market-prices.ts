import type { AssetId } from '../../core/ids.ts';
import type { PortfolioPrice } from '../../core/portfolio.ts';
import type { Queries } from '../../store/database.ts';
import { listPrices } from '../../store/prices.ts';
import type { FreshnessLimit } from '../book-freshness.ts';

/**
 * Reads the newest stored market price of each of some assets; what an oracle said is in its market's state. One that is older than the limit is left out: what has no market price is named
 * where it is priced.
 *
 * @param assets by id, with their symbols
 * @throws {PlimsollError} STORE_*
 */
export async function readMarketPrices(queries: Queries, assets: ReadonlyMap<string, string>, { now, maxAgeSeconds }: FreshnessLimit): Promise<readonly PortfolioPrice[]> {
  const prices = await listPrices(queries, [...assets.keys()], { kind: 'market', from: BigInt(Math.floor(now) - maxAgeSeconds) });
  return prices.map(({ asset, source, usd, at }) => ({ asset: asset as AssetId, symbol: assets.get(asset) ?? asset, usd, source, observedAt: Number(at) }));
}

/** An asset id inside a state's JSON. */
const ASSET = /eip155:[1-9][0-9]{0,15}\/erc20:0x[0-9a-f]{40}/g;

/** The assets that the states of some markets name, with their ids for symbols. */
export function assetsOfStates(markets: readonly { readonly state: unknown }[]): ReadonlyMap<string, string> {
  return new Map(markets.flatMap(({ state }) => JSON.stringify(state).match(ASSET) ?? []).map((asset) => [asset, asset]));
}
