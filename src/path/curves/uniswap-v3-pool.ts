import { InvalidArgument } from '../../core/errors.ts';
import { computeSwapStep, FEE_SCALE, MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, sqrtRatioAtTick } from './uniswap-v3-math.ts';

/** State of a Uniswap v3 pool, raw units. */
export interface UniswapV3State {
  readonly sqrtPriceX96: bigint;
  /** As the pool has it: at a boundary it tells which side the liquidity belongs to. */
  readonly tick: number;
  readonly liquidity: bigint;
  readonly feePips: number;
  readonly tickSpacing: number;
  /** Every initialised tick from `known.from` to `known.to`, ascending. */
  readonly ticks: readonly { readonly tick: number; readonly liquidityNet: bigint }[];
  /** The range that was read, both ends included; beyond it nothing is said. */
  readonly known: { readonly from: number; readonly to: number };
}

/** What a swap of an exact input gives. Raw units. */
export interface UniswapV3Quote {
  readonly amountOut: bigint;
  /** What was used of the input, fee included; less than asked where the known range ended first. */
  readonly amountIn: bigint;
  readonly sqrtPriceX96: bigint;
  readonly liquidity: bigint;
  readonly complete: boolean;
}

/** Ticks in one word of the pool's bitmap. */
const WORD = 256;

/**
 * Walks an exact input through the ticks in the contract's own steps, one word of the tick bitmap at most, since every step rounds. `sellsZero`: token 0 in, token 1 out.
 *
 * @throws {InvalidArgument} where the state contradicts itself or the amount is negative
 * @source Uniswap/v3-core@d8b1c635 UniswapV3Pool.sol swap, TickBitmap.sol nextInitializedTickWithinOneWord
 */
export function quoteExactInput(pool: UniswapV3State, sellsZero: boolean, amount: bigint): UniswapV3Quote {
  requireState(pool);
  if (amount < 0n) throw new InvalidArgument('A swap needs an amount that is not negative.');
  const limit = sellsZero ? MIN_SQRT_RATIO + 1n : MAX_SQRT_RATIO - 1n;
  let { sqrtPriceX96, tick, liquidity } = pool;
  let remaining = amount;
  let amountOut = 0n;
  while (remaining > 0n && sqrtPriceX96 !== limit) {
    const next = nextTick(pool, tick, sellsZero);
    // At the end of what was read the swap stops: what lies behind is not known.
    const end = sellsZero ? Math.max(next.tick, pool.known.from) : Math.min(next.tick, pool.known.to);
    const priceAtEnd = sqrtRatioAtTick(end);
    const beyond = sellsZero ? priceAtEnd < limit : priceAtEnd > limit;
    const step = computeSwapStep({ sqrtPriceX96, targetX96: beyond ? limit : priceAtEnd, liquidity, remaining, feePips: pool.feePips });
    remaining -= step.amountIn + step.feeAmount;
    amountOut += step.amountOut;
    sqrtPriceX96 = step.sqrtPriceX96;
    if (sqrtPriceX96 !== priceAtEnd) break;
    if (end !== next.tick || (sellsZero ? end <= pool.known.from : end >= pool.known.to)) break;
    if (next.liquidityNet !== null) liquidity += sellsZero ? -next.liquidityNet : next.liquidityNet;
    tick = sellsZero ? next.tick - 1 : next.tick;
  }
  return { amountOut, amountIn: amount - remaining, sqrtPriceX96, liquidity, complete: remaining === 0n };
}

/** The next initialised tick of the bitmap word, or the word's end; `liquidityNet` null where it is not initialised. */
function nextTick(pool: UniswapV3State, tick: number, sellsZero: boolean): { readonly tick: number; readonly liquidityNet: bigint | null } {
  const { tickSpacing, ticks } = pool;
  const compressed = Math.floor(tick / tickSpacing);
  const firstOfWord = (at: number) => Math.floor(at / WORD) * WORD;
  if (sellsZero) {
    const end = firstOfWord(compressed) * tickSpacing;
    const found = ticks.findLast((entry) => entry.tick <= compressed * tickSpacing && entry.tick >= end);
    return found ?? { tick: Math.max(end, -MAX_TICK), liquidityNet: null };
  }
  const end = (firstOfWord(compressed + 1) + WORD - 1) * tickSpacing;
  const found = ticks.find((entry) => entry.tick >= (compressed + 1) * tickSpacing && entry.tick <= end);
  return found ?? { tick: Math.min(end, MAX_TICK), liquidityNet: null };
}

/**
 * Refuses a state that cannot be a pool's.
 *
 * @throws {InvalidArgument} naming what is wrong
 */
export function requireState(pool: UniswapV3State): void {
  const { ticks, known, tickSpacing } = pool;
  const fault =
    pool.sqrtPriceX96 < MIN_SQRT_RATIO || pool.sqrtPriceX96 >= MAX_SQRT_RATIO
      ? 'its price is out of range, as of a pool that was never initialised'
      : pool.feePips < 0 || BigInt(pool.feePips) >= FEE_SCALE
        ? 'its fee is out of range'
        : !(tickSpacing > 0)
          ? 'its tick spacing is not above 0'
          : !(known.from <= pool.tick && pool.tick <= known.to) || known.from < -MAX_TICK || known.to > MAX_TICK
            ? 'the range that was read does not contain its tick'
            : ticks.some((entry, at) => entry.tick % tickSpacing !== 0 || entry.tick <= (ticks[at - 1]?.tick ?? -Infinity))
              ? 'its ticks do not ascend in steps of its spacing'
              : liquidityFault(pool);
  if (fault !== null) throw new InvalidArgument(`This is not the state of a Uniswap v3 pool: ${fault}.`);
}

/** Liquidity below 0 in a range means that ticks are missing. */
function liquidityFault(pool: UniswapV3State): string | null {
  let right = pool.liquidity;
  let left = pool.liquidity;
  let lowest = pool.liquidity;
  for (const entry of pool.ticks) {
    if (entry.tick <= pool.tick) continue;
    right += entry.liquidityNet;
    lowest = right < lowest ? right : lowest;
  }
  for (const entry of pool.ticks.toReversed()) {
    if (entry.tick > pool.tick) continue;
    left -= entry.liquidityNet;
    lowest = left < lowest ? left : lowest;
  }
  return lowest < 0n ? 'its ticks take away more liquidity than there is' : null;
}
