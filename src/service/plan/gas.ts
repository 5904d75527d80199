import { fromFixed } from '../../core/decimal.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { ChainId } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';
import type { PathArc } from '../../path/solver/problem.ts';
import type { PlanAsset } from './means.ts';

/** What a plan does, as far as its gas goes. */
export type GasKind = PathArc['kind'] | 'swap';

/** What actions cost, and whether any of it is assumed. */
export interface PlanGas {
  readonly usd: (chain: ChainId, kind: GasKind) => number;
  /** Chains whose gas is taken from the table; empty where the caller stated it or every chain answered. */
  readonly assumed: readonly ChainId[];
}

/** USD of one action where nothing else is known: an assumption that every answer names. */
const TABLE_USD: Readonly<Record<ChainId, number>> = { 'eip155:1': 4 };
const OTHER_TABLE_USD = 0.15;
/** An order of GMX pays its keeper beside the gas, about this much after what comes back. */
const ORDER_USD = 0.6;

/** Gas of one action with its approval. Orders of magnitude of the lending pools on Ethereum; a price moves more between blocks. */
const GAS_UNITS: Readonly<Record<GasKind, bigint>> = { supply: 250_000n, withdraw: 280_000n, borrow: 320_000n, repay: 220_000n, close: 900_000n, swap: 180_000n };

/** Symbols under which wallets hold the coin that gas is paid in. */
const NATIVE_SYMBOLS: Readonly<Record<ChainId, readonly string[]>> = {
  'eip155:1': ['WETH', 'ETH'],
  'eip155:10': ['WETH', 'ETH'],
  'eip155:56': ['WBNB'],
  'eip155:100': ['WXDAI'],
  'eip155:137': ['WPOL', 'WMATIC'],
  'eip155:8453': ['WETH', 'ETH'],
  'eip155:42161': ['WETH', 'ETH'],
  'eip155:43114': ['WAVAX'],
  'eip155:534352': ['WETH', 'ETH'],
};
const WEI_DECIMALS = 18;

/**
 * What actions cost: as stated, else by the chain's gas price and what the wallet's own assets say the chain's coin is worth, else by a table.
 *
 * @param stated USD of one action on every chain; null = find out
 */
export async function readGas(
  stated: number | null,
  { chains, wanted, assets }: { readonly chains: ReadonlyMap<ChainId, ChainSource>; readonly wanted: readonly ChainId[]; readonly assets: readonly PlanAsset[] },
): Promise<PlanGas> {
  if (stated !== null) return { usd: (_, kind) => stated + orderUsd(kind), assumed: [] };
  const perGas = new Map<ChainId, number>();
  for (const chain of wanted) {
    const usd = await usdPerGas(chains.get(chain) ?? null, coinUsd(chain, assets));
    if (usd !== null) perGas.set(chain, usd);
  }
  return {
    usd: (chain, kind) => {
      const known = perGas.get(chain);
      return (known === undefined ? (TABLE_USD[chain] ?? OTHER_TABLE_USD) : known * Number(GAS_UNITS[kind])) + orderUsd(kind);
    },
    assumed: wanted.filter((chain) => !perGas.has(chain)),
  };
}

function orderUsd(kind: GasKind): number {
  return kind === 'close' ? ORDER_USD : 0;
}

/** Null where the endpoint does not tell its gas price, or nothing of the wallet prices the chain's coin. */
async function usdPerGas(source: ChainSource | null, usdPerCoin: number | null): Promise<number | null> {
  if (source?.fetchGasPrice === undefined || usdPerCoin === null) return null;
  try {
    return fromFixed(await source.fetchGasPrice(), WEI_DECIMALS).toNumber() * usdPerCoin;
  } catch (error) {
    if (error instanceof PlimsollError && error.kind !== 'bug') return null;
    throw error;
  }
}

/** Ether is ether on every chain, so another chain's price will do. */
function coinUsd(chain: ChainId, assets: readonly PlanAsset[]): number | null {
  const symbols = NATIVE_SYMBOLS[chain] ?? [];
  const named = assets.filter(({ symbol }) => symbols.includes(symbol));
  return (named.find(({ asset }) => asset.startsWith(`${chain}/`)) ?? named[0])?.usd ?? null;
}
