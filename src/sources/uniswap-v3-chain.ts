import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import { type Address, type ChainId, erc20, isAddress } from '../core/ids.ts';
import type { BlockRef, CallResult, ChainSource, ContractCall } from '../core/source.ts';
import { describeFee, MAX_TICK, TICK_SPACINGS, type TokenPair, type UniswapV3Pool } from './uniswap-v3.ts';

/** Uniswap's own factories by chain; a pool counts only if its chain's factory names it. @source Uniswap/v3-subgraph@0f8631d config/<chain>/chain.ts */
export const UNISWAP_V3_FACTORIES: Readonly<Record<ChainId, Address>> = {
  'eip155:1': '0x1f98431c8ad98523631ae4a59f267346ea31f984',
  'eip155:10': '0x1f98431c8ad98523631ae4a59f267346ea31f984',
  'eip155:56': '0xdb1d10011ad0ff90774d0c6bb92e5c5c8b4461f7',
  'eip155:137': '0x1f98431c8ad98523631ae4a59f267346ea31f984',
  'eip155:8453': '0x33128a8fc17869897dce68ed026d694621f6fdfd',
  'eip155:42161': '0x1f98431c8ad98523631ae4a59f267346ea31f984',
  'eip155:43114': '0x740b1c1de25031c31ff4fc9a62f554a55cdc1bad',
};

/** How much of a pool is read. */
export interface ChainPoolOptions {
  readonly factory: Address;
  /** Ticks on each side of the price that are read at least; 2,500 is 22 to 28 % of price. */
  readonly reach: number;
}

/** Ticks in one word of a pool's bitmap. */
const WORD = 256;
const NO_POOL: Address = `0x${'0'.repeat(40)}`;

const SIGNATURES = {
  getPool: 'function getPool(address tokenA, address tokenB, uint24 fee) view returns (address)',
  decimals: 'function decimals() view returns (uint8)',
  slot0:
    'function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)',
  liquidity: 'function liquidity() view returns (uint128)',
  tickSpacing: 'function tickSpacing() view returns (int24)',
  tickBitmap: 'function tickBitmap(int16 wordPosition) view returns (uint256)',
  ticks:
    'function ticks(int24 tick) view returns (uint128 liquidityGross, int128 liquidityNet, uint256 feeGrowthOutside0X128, uint256 feeGrowthOutside1X128, int56 tickCumulativeOutside, uint160 secondsPerLiquidityOutsideX128, uint32 secondsOutside, bool initialized)',
} as const;

const number = z.bigint().transform(Number);
const poolAddress = z.tuple([z.string().refine((text): text is Address => isAddress(text))]).transform(([value]) => value);
const oneNumber = z.tuple([number]).transform(([value]) => value);
const oneInteger = z.tuple([z.bigint()]).transform(([value]) => value);
const slot0 = z.tuple([z.bigint(), number]).rest(z.unknown());
const tickInfo = z.tuple([z.bigint(), z.bigint()]).rest(z.unknown());

interface PoolHead {
  readonly address: Address;
  readonly feePips: number;
  readonly tickSpacing: number;
  readonly sqrtPriceX96: bigint;
  readonly tick: number;
  readonly liquidity: bigint;
  /** Bitmap words to read, both ends included. */
  readonly words: { readonly first: number; readonly last: number };
}

/**
 * Reads every pool of a pair around its price from the chain, at one block: the factory's addresses, then price, liquidity and spacing, then the tick bitmap, then the ticks. Four batches at
 * one hash. Pools that do not exist or were never initialised are left out.
 *
 * @throws {PlimsollError} CALL_FAILED where a pool does not answer, MALFORMED_RESPONSE, SOURCE_*, BLOCK_GONE, ENDPOINTS_DIFFER
 */
export async function fetchChainPools(chain: ChainSource, pair: TokenPair, block: BlockRef, options: ChainPoolOptions): Promise<readonly UniswapV3Pool[]> {
  const { hash } = block;
  if (hash === null) throw new PlimsollError('BLOCK_GONE', `${chain.label}: pools are read at a block hash, and this block has none.`);
  const read = (calls: readonly ContractCall[]) => chain.fetchCalls(calls, hash);
  const fees = Object.keys(TICK_SPACINGS).map(Number);
  const found = await read([...fees.map((fee) => getPool(options.factory, pair, fee)), decimalsOf('token0', pair.token0), decimalsOf('token1', pair.token1)]);
  const addresses = fees.map((fee) => ({ fee, address: answer(chain, found, `pool:${fee}`, poolAddress) })).filter((entry) => entry.address !== NO_POOL);
  if (addresses.length === 0) return [];
  const heads = await readHeads(chain, read, addresses, options.reach);
  const bitmaps = await read(heads.flatMap(bitmapCalls));
  const initialised = new Map(heads.map((head) => [head.address, ticksInBitmaps(chain, head, bitmaps)]));
  const infos = await read(heads.flatMap((head) => (initialised.get(head.address) ?? []).map((tick) => tickCall(head.address, tick))));
  const token0 = { asset: erc20(chain.chain, pair.token0), decimals: answer(chain, found, 'token0', oneNumber) };
  const token1 = { asset: erc20(chain.chain, pair.token1), decimals: answer(chain, found, 'token1', oneNumber) };
  return heads.map((head) => ({
    chain: chain.chain,
    address: head.address,
    token0,
    token1,
    state: {
      sqrtPriceX96: head.sqrtPriceX96,
      tick: head.tick,
      liquidity: head.liquidity,
      feePips: head.feePips,
      tickSpacing: head.tickSpacing,
      ticks: (initialised.get(head.address) ?? []).map((tick) => ({ tick, liquidityNet: answer(chain, infos, keyOfTick(head.address, tick), tickInfo)[1] })),
      known: knownRange(head),
    },
    block,
    source: `Uniswap v3 ${describeFee(head.feePips)} pool, ${chain.label}, block ${block.number}`,
  }));
}

type Read = (calls: readonly ContractCall[]) => Promise<ReadonlyMap<string, CallResult>>;

async function readHeads(chain: ChainSource, read: Read, pools: readonly { readonly fee: number; readonly address: Address }[], reach: number): Promise<readonly PoolHead[]> {
  const answers = await read(
    pools.flatMap(({ address }) => (['slot0', 'liquidity', 'tickSpacing'] as const).map((name) => ({ key: `${name}:${address}`, to: address, signature: SIGNATURES[name], args: [] }))),
  );
  const heads = pools.map(({ fee, address }): PoolHead => {
    const [sqrtPriceX96, tick] = answer(chain, answers, `slot0:${address}`, slot0);
    const tickSpacing = answer(chain, answers, `tickSpacing:${address}`, oneNumber);
    const wordOf = (at: number) => Math.floor(Math.floor(Math.max(-MAX_TICK, Math.min(MAX_TICK, at)) / tickSpacing) / WORD);
    const words = { first: wordOf(tick - reach), last: wordOf(tick + reach) };
    return { address, feePips: fee, tickSpacing, sqrtPriceX96, tick, liquidity: answer(chain, answers, `liquidity:${address}`, oneInteger), words };
  });
  return heads.filter((head) => head.sqrtPriceX96 > 0n);
}

function getPool(factory: Address, pair: TokenPair, fee: number): ContractCall {
  return { key: `pool:${fee}`, to: factory, signature: SIGNATURES.getPool, args: [pair.token0, pair.token1, fee] };
}

function decimalsOf(key: string, token: Address): ContractCall {
  return { key, to: token, signature: SIGNATURES.decimals, args: [] };
}

function bitmapCalls(head: PoolHead): readonly ContractCall[] {
  return wordsOf(head).map((word) => ({ key: `bitmap:${head.address}:${word}`, to: head.address, signature: SIGNATURES.tickBitmap, args: [word] }));
}

function wordsOf(head: PoolHead): readonly number[] {
  return Array.from({ length: head.words.last - head.words.first + 1 }, (_, at) => head.words.first + at);
}

/** Initialised ticks in the words that were read, ascending. @source Uniswap/v3-core@d8b1c635 TickBitmap.sol position */
function ticksInBitmaps(chain: ChainSource, head: PoolHead, bitmaps: ReadonlyMap<string, CallResult>): readonly number[] {
  return wordsOf(head).flatMap((word) => {
    const bits = answer(chain, bitmaps, `bitmap:${head.address}:${word}`, oneInteger);
    return Array.from({ length: WORD }, (_, bit) => bit).flatMap((bit) => ((bits >> BigInt(bit)) & 1n ? [(word * WORD + bit) * head.tickSpacing] : []));
  });
}

function knownRange(head: PoolHead): { readonly from: number; readonly to: number } {
  const from = head.words.first * WORD * head.tickSpacing;
  // The words say of every tick up to the next word whether it is initialised.
  const to = (head.words.last + 1) * WORD * head.tickSpacing - 1;
  return { from: Math.max(from, -MAX_TICK), to: Math.min(to, MAX_TICK) };
}

function tickCall(pool: Address, tick: number): ContractCall {
  return { key: keyOfTick(pool, tick), to: pool, signature: SIGNATURES.ticks, args: [tick] };
}

function keyOfTick(pool: Address, tick: number): string {
  return `tick:${pool}:${tick}`;
}

function answer<T>(chain: ChainSource, answers: ReadonlyMap<string, CallResult>, key: string, schema: z.ZodType<T>): T {
  const result = answers.get(key);
  if (result?.ok !== true) throw new PlimsollError('CALL_FAILED', `${chain.label}: the Uniswap v3 read ${key} failed (${result?.reason ?? 'no answer'}).`, { source: chain.label, key });
  const parsed = schema.safeParse(result.values);
  if (!parsed.success) throw new PlimsollError('MALFORMED_RESPONSE', `${chain.label}: the Uniswap v3 read ${key} answers in an unexpected form.`, { source: chain.label, key });
  return parsed.data;
}
