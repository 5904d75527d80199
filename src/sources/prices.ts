import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { InvalidFile, PlimsollError } from '../core/errors.ts';
import { ASSET_PATTERN, type AssetId, tokenOf } from '../core/ids.ts';
import type { PortfolioPrice } from '../core/portfolio.ts';
import type { Surroundings } from './clock.ts';
import { failureOfFetch, failureOfStatus } from './failure.ts';
import { createLane, DEFAULT_POLICY, type RequestPolicy } from './lane.ts';

const price = z.strictObject({
  asset: z.string().regex(ASSET_PATTERN),
  symbol: z.string().min(1).max(64),
  usd: z.string().regex(/^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/),
  source: z.string(),
  observedAt: z.int().min(0),
});

/** Market prices of a list of assets at about a time; an asset that is not known is left out. */
export interface MarketPrices {
  fetchPrices(assets: readonly AssetId[], at: bigint): Promise<readonly PortfolioPrice[]>;
}

/**
 * The market prices of a recorded data set, from its prices.json; a set without one has none.
 *
 * @throws {InvalidFile} when the file is there and not in its form
 */
export async function readRecordedPrices(folder: string): Promise<MarketPrices> {
  let text: string;
  try {
    text = await readFile(join(folder, 'prices.json'), 'utf8');
  } catch {
    return { fetchPrices: async () => [] };
  }
  const parsed = z.array(price).safeParse(JSON.parse(text));
  if (!parsed.success) throw new InvalidFile('prices.json of the data set is not in the expected form.');
  return {
    // Of several prices of an asset, the newest that was known at that time.
    fetchPrices: async (assets, at) =>
      assets.flatMap((asset) => {
        const known = parsed.data.filter((entry) => entry.asset === asset && BigInt(entry.observedAt) <= at);
        const newest = known.toSorted((a, b) => b.observedAt - a.observedAt)[0];
        return newest === undefined ? [] : [newest];
      }),
  };
}

/** Names of chains at coins.llama.fi. */
const LLAMA_CHAINS: Readonly<Record<string, string>> = {
  'eip155:1': 'ethereum',
  'eip155:10': 'optimism',
  'eip155:56': 'bsc',
  'eip155:100': 'xdai',
  'eip155:137': 'polygon',
  'eip155:8453': 'base',
  'eip155:42161': 'arbitrum',
  'eip155:43114': 'avax',
  'eip155:534352': 'scroll',
};

const llamaAnswer = z.object({ coins: z.record(z.string(), z.object({ symbol: z.string(), price: z.number().positive(), timestamp: z.int() })) });
/** Prices of one request. */
const COINS_PER_REQUEST = 60;
const LABEL = 'market price API';

/**
 * Market prices from an API in the form of coins.llama.fi (`/prices/historical/{time}/{coins}`). They are shown beside the oracle's and decide nothing.
 *
 * @throws {PlimsollError} SOURCE_*, MALFORMED_RESPONSE
 */
export function createLlamaPrices(base: string, options: Surroundings & { readonly policy?: Partial<RequestPolicy> }): MarketPrices {
  const lane = createLane(LABEL, { ...DEFAULT_POLICY, ...options.policy }, options);
  return {
    fetchPrices: async (assets, at) => {
      const coins = new Map(assets.flatMap((asset): [string, AssetId][] => coinOf(asset)));
      const keys = [...coins.keys()];
      const pages = Array.from({ length: Math.ceil(keys.length / COINS_PER_REQUEST) }, (_, page) => keys.slice(page * COINS_PER_REQUEST, (page + 1) * COINS_PER_REQUEST));
      const answers = await Promise.all(pages.map((page) => lane.send((signal) => fetchPage(`${base.replace(/\/$/, '')}/prices/historical/${at}/${page.join(',')}`, signal, options))));
      return answers.flatMap((answer) =>
        Object.entries(answer.coins).flatMap(([coin, entry]): PortfolioPrice[] => {
          const asset = coins.get(coin);
          return asset === undefined ? [] : [{ asset, symbol: entry.symbol, usd: toPlainText(entry.price), source: LABEL, observedAt: entry.timestamp }];
        }),
      );
    },
  };
}

async function fetchPage(url: string, signal: AbortSignal, { fetch, clock }: Surroundings): Promise<z.infer<typeof llamaAnswer>> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    throw failureOfFetch(LABEL, error);
  }
  if (!response.ok) throw failureOfStatus(LABEL, response.status, response.headers, clock.now());
  const parsed = llamaAnswer.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new PlimsollError('MALFORMED_RESPONSE', `The ${LABEL} answered in an unexpected form. The report goes on with oracle prices.`);
  return parsed.data;
}

function coinOf(asset: AssetId): [string, AssetId][] {
  const chain = LLAMA_CHAINS[asset.slice(0, asset.indexOf('/'))];
  const token = tokenOf(asset);
  return chain === undefined || token === null ? [] : [[`${chain}:${token}`, asset]];
}

/** The shortest decimal that the API's number stands for, without exponent. */
function toPlainText(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20, maximumSignificantDigits: 17 });
}
