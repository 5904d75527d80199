import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import { type Address, type AssetId, type ChainId, erc20, isAddress } from '../core/ids.ts';
import { graphInteger } from '../core/json.ts';
import type { BlockRef, GraphEndpoint, GraphSource } from '../core/source.ts';

/** A token of a pool. */
export interface PoolToken {
  readonly asset: AssetId;
  readonly decimals: number;
}

/** A Uniswap v3 pool as it stood at a block. Its `state` is what `path/curves/uniswap-v3-pool.ts` walks. */
export interface UniswapV3Pool {
  readonly chain: ChainId;
  readonly address: Address;
  readonly token0: PoolToken;
  readonly token1: PoolToken;
  readonly state: {
    readonly sqrtPriceX96: bigint;
    readonly tick: number;
    readonly liquidity: bigint;
    readonly feePips: number;
    readonly tickSpacing: number;
    /** Initialised ticks within `known`, ascending. */
    readonly ticks: readonly { readonly tick: number; readonly liquidityNet: bigint }[];
    readonly known: { readonly from: number; readonly to: number };
  };
  readonly block: BlockRef;
  /** Where it was read, in words. */
  readonly source: string;
}

/** A pair in the order of the pool: token 0 has the lower address. */
export interface TokenPair {
  readonly token0: Address;
  readonly token1: Address;
}

/** Puts two tokens into a pool's order. @source Uniswap/v3-core@d8b1c635 UniswapV3Factory.sol createPool */
export function sortPair(a: Address, b: Address): TokenPair {
  return a < b ? { token0: a, token1: b } : { token0: b, token1: a };
}

/** Ticks beyond this have no price. @source Uniswap/v3-core@d8b1c635 TickMath.sol */
export const MAX_TICK = 887_272;

/** Tick spacing by fee, as far as a subgraph's reader must know it. @source Uniswap/v3-core@d8b1c635 UniswapV3Factory.sol; 100 enabled by governance in 2021 */
export const TICK_SPACINGS: Readonly<Record<number, number>> = { 100: 1, 500: 10, 3000: 60, 10000: 200 };

const integer = z.union([z.bigint(), graphInteger]);
const address = z.string().refine((text): text is Address => isAddress(text), 'expected a lower-case address');
const token = z.object({ id: address, symbol: z.string(), decimals: integer });
const poolRow = z.object({ id: address, token0: token, token1: token, feeTier: integer, liquidity: integer, sqrtPrice: integer, tick: integer.nullable() });
const tickRow = z.object({ id: z.string(), tickIdx: integer, liquidityNet: integer });

/** What the reader allows. */
export interface GraphPoolOptions {
  /** Greatest age of the subgraph's head, seconds. */
  readonly maxAgeSeconds: number;
  /** Unix second that the age is counted to. */
  readonly now: number;
}

/**
 * Reads every pool of a pair that has a price, with all its ticks, from a Uniswap v3 subgraph at one block hash. Pools of a fee whose tick spacing is not known are left out.
 *
 * @throws {PlimsollError} STALE_BLOCK, INDEXING_ERRORS, BLOCK_GONE, SOURCE_*, MALFORMED_RESPONSE
 */
export async function fetchGraphPools(graph: GraphSource, endpoint: GraphEndpoint, pair: TokenPair, options: GraphPoolOptions): Promise<readonly UniswapV3Pool[]> {
  const { block, hasIndexingErrors } = await graph.fetchHead(endpoint);
  requireFresh(endpoint.label, block, hasIndexingErrors, options);
  const query = { name: 'pools', documents: 'uniswap-v3', operation: 'Pools', root: 'pools', variables: { ...pair }, row: poolRow };
  const rows = z.array(poolRow).parse(await graph.fetchRows(endpoint, query, block.hash));
  const open = rows.filter((row) => row.sqrtPrice > 0n && row.tick !== null && TICK_SPACINGS[Number(row.feeTier)] !== undefined);
  return Promise.all(open.map(async (row) => poolOf(endpoint, block, row, await fetchTicks(graph, endpoint, row.id, block))));
}

async function fetchTicks(graph: GraphSource, endpoint: GraphEndpoint, pool: Address, block: BlockRef): Promise<UniswapV3Pool['state']['ticks']> {
  const query = { name: `ticks:${pool}`, documents: 'uniswap-v3', operation: 'Ticks', root: 'ticks', variables: { pool }, row: tickRow };
  const rows = z.array(tickRow).parse(await graph.fetchRows(endpoint, query, block.hash));
  return rows.map((row) => ({ tick: Number(row.tickIdx), liquidityNet: row.liquidityNet })).toSorted((a, b) => a.tick - b.tick);
}

function poolOf(endpoint: GraphEndpoint, block: BlockRef, row: z.infer<typeof poolRow>, ticks: UniswapV3Pool['state']['ticks']): UniswapV3Pool {
  const feePips = Number(row.feeTier);
  return {
    chain: endpoint.chain,
    address: row.id,
    token0: { asset: erc20(endpoint.chain, row.token0.id), decimals: Number(row.token0.decimals) },
    token1: { asset: erc20(endpoint.chain, row.token1.id), decimals: Number(row.token1.decimals) },
    state: {
      sqrtPriceX96: row.sqrtPrice,
      tick: Number(row.tick),
      liquidity: row.liquidity,
      feePips,
      tickSpacing: TICK_SPACINGS[feePips] ?? 1,
      ticks,
      known: { from: -MAX_TICK, to: MAX_TICK },
    },
    block,
    source: `Uniswap v3 ${describeFee(feePips)} pool, ${endpoint.label}, block ${block.number}`,
  };
}

/** A fee in words: 500 is `0.05 %`. */
export function describeFee(feePips: number): string {
  return `${feePips / 10_000} %`;
}

function requireFresh(label: string, block: BlockRef, hasIndexingErrors: boolean, options: GraphPoolOptions): void {
  if (hasIndexingErrors) throw new PlimsollError('INDEXING_ERRORS', `${label} reports indexing errors; its pools cannot be used.`, { source: label });
  const ageSeconds = options.now - Number(block.timestamp);
  if (ageSeconds > options.maxAgeSeconds) {
    throw new PlimsollError('STALE_BLOCK', `${label} is ${ageSeconds} s behind (limit ${options.maxAgeSeconds} s). Raise the limit, or read the pools from the chain.`, {
      source: label,
      ageSeconds,
      limitSeconds: options.maxAgeSeconds,
    });
  }
}
