import { InternalError, InvalidArgument } from '../../core/errors.ts';

/** Ticks beyond this have no price. @source Uniswap/v3-core@d8b1c635 TickMath.sol MAX_TICK */
export const MAX_TICK = 887_272;
/** Prices must stay strictly above this. @source Uniswap/v3-core@d8b1c635 TickMath.sol MIN_SQRT_RATIO */
export const MIN_SQRT_RATIO = 4_295_128_739n;
/** Prices must stay strictly below this. @source Uniswap/v3-core@d8b1c635 TickMath.sol MAX_SQRT_RATIO */
export const MAX_SQRT_RATIO = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342n;

/** 2⁹⁶: square-root prices carry it as their scale. */
export const Q96: bigint = 1n << 96n;
/** Fees are in hundredths of a basis point of the input. */
export const FEE_SCALE = 1_000_000n;

const Q32 = 1n << 32n;
const Q128 = 1n << 128n;
const MAX_UINT256 = (1n << 256n) - 1n;

/** 2¹²⁸ ÷ √1.0001^(2^i) for i = 0 … 19, as the contract has them. @source Uniswap/v3-core@d8b1c635 TickMath.sol getSqrtRatioAtTick */
const TICK_FACTORS: readonly bigint[] = [
  0xfffcb933bd6fad37aa2d162d1a594001n,
  0xfff97272373d413259a46990580e213an,
  0xfff2e50f5f656932ef12357cf3c7fdccn,
  0xffe5caca7e10e4e61c3624eaa0941cd0n,
  0xffcb9843d60f6159c9db58835c926644n,
  0xff973b41fa98c081472e6896dfb254c0n,
  0xff2ea16466c96a3843ec78b326b52861n,
  0xfe5dee046a99a2a811c461f1969c3053n,
  0xfcbe86c7900a88aedcffc83b479aa3a4n,
  0xf987a7253ac413176f2b074cf7815e54n,
  0xf3392b0822b70005940c7a398e4b70f3n,
  0xe7159475a2c29b7443b29c7fa6e889d9n,
  0xd097f3bdfd2022b8845ad8f792aa5825n,
  0xa9f746462d870fdf8a65dc1f90e061e5n,
  0x70d869a156d2a1b890bb3df62baf32f7n,
  0x31be135f97d08fd981231505542fcfa6n,
  0x9aa508b5b7a84e1c677de54f3e99bc9n,
  0x5d6af8dedb81196699c329225ee604n,
  0x2216e584f5fa1ea926041bedfe98n,
  0x48a170391f7dc42444e8fa2n,
];

/**
 * √1.0001^tick · 2⁹⁶, rounded as the contract rounds it.
 *
 * @throws {InvalidArgument} beyond ±887272
 * @source Uniswap/v3-core@d8b1c635 TickMath.sol getSqrtRatioAtTick
 */
export function sqrtRatioAtTick(tick: number): bigint {
  const distance = Math.abs(tick);
  if (!Number.isInteger(tick) || distance > MAX_TICK) throw new InvalidArgument(`Tick ${tick} is not an integer within ±${MAX_TICK}.`, { tick });
  let ratio = Q128;
  TICK_FACTORS.forEach((factor, bit) => {
    if ((distance >> bit) & 1) ratio = (ratio * factor) >> 128n;
  });
  if (tick > 0) ratio = MAX_UINT256 / ratio;
  return ratio / Q32 + (ratio % Q32 === 0n ? 0n : 1n);
}

/** The greatest tick whose price is at most `sqrtPriceX96`. @throws {InvalidArgument} where the price is out of range */
export function tickAtSqrtRatio(sqrtPriceX96: bigint): number {
  if (sqrtPriceX96 < MIN_SQRT_RATIO || sqrtPriceX96 >= MAX_SQRT_RATIO) throw new InvalidArgument('The square-root price is out of range.', { sqrtPriceX96: sqrtPriceX96.toString() });
  let low = -MAX_TICK;
  let high = MAX_TICK - 1;
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    if (sqrtRatioAtTick(middle) <= sqrtPriceX96) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** One step of an exact-input swap towards a price. Raw units. */
export interface SwapStep {
  readonly sqrtPriceX96: bigint;
  /** What the liquidity takes, without the fee. */
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly feeAmount: bigint;
}

/** Where a step starts and what bounds it. */
export interface SwapStepInput {
  readonly sqrtPriceX96: bigint;
  readonly targetX96: bigint;
  readonly liquidity: bigint;
  readonly remaining: bigint;
  readonly feePips: number;
}

/**
 * Swaps as much of `remaining` as there is liquidity before the target price, with the contract's rounding; input rounds up, output down.
 *
 * @source Uniswap/v3-core@d8b1c635 SwapMath.sol computeSwapStep, exact input
 */
export function computeSwapStep(input: SwapStepInput): SwapStep {
  const { sqrtPriceX96, targetX96, liquidity, remaining, feePips } = input;
  const sellsZero = sqrtPriceX96 >= targetX96;
  const fee = BigInt(feePips);
  const afterFee = (remaining * (FEE_SCALE - fee)) / FEE_SCALE;
  const toTarget = amountInUp(sqrtPriceX96, targetX96, liquidity, sellsZero);
  const reaches = afterFee >= toTarget;
  const next = reaches ? targetX96 : nextSqrtPrice(sqrtPriceX96, liquidity, afterFee, sellsZero);
  const amountIn = reaches ? toTarget : amountInUp(sqrtPriceX96, next, liquidity, sellsZero);
  const amountOut = sellsZero ? amount1Down(next, sqrtPriceX96, liquidity) : amount0Down(sqrtPriceX96, next, liquidity);
  // Short of the target, whatever the liquidity did not take is fee.
  const feeAmount = next === targetX96 ? divUp(amountIn * fee, FEE_SCALE - fee) : remaining - amountIn;
  return { sqrtPriceX96: next, amountIn, amountOut, feeAmount };
}

function amountInUp(from: bigint, to: bigint, liquidity: bigint, sellsZero: boolean): bigint {
  return sellsZero ? divUp(divUp((liquidity << 96n) * (from - to), from), to) : divUp(liquidity * (to - from), Q96);
}

/** Token 0 between two prices, `low` below `high`. @source Uniswap/v3-core@d8b1c635 SqrtPriceMath.sol getAmount0Delta */
function amount0Down(low: bigint, high: bigint, liquidity: bigint): bigint {
  return ((liquidity << 96n) * (high - low)) / high / low;
}

/** Token 1 between two prices. @source Uniswap/v3-core@d8b1c635 SqrtPriceMath.sol getAmount1Delta */
function amount1Down(low: bigint, high: bigint, liquidity: bigint): bigint {
  return (liquidity * (high - low)) / Q96;
}

/** The price after an input, rounded so that the target is never passed. @source Uniswap/v3-core@d8b1c635 SqrtPriceMath.sol getNextSqrtPriceFromInput */
function nextSqrtPrice(price: bigint, liquidity: bigint, amount: bigint, sellsZero: boolean): bigint {
  if (liquidity === 0n) throw new InternalError('a swap step ends inside a range without liquidity');
  if (!sellsZero) return price + (amount << 96n) / liquidity;
  if (amount === 0n) return price;
  const weighted = liquidity << 96n;
  const product = amount * price;
  // Where the contract's 256 bits overflow it divides first, which rounds differently.
  if (product <= MAX_UINT256 && weighted + product <= MAX_UINT256) return divUp(weighted * price, weighted + product);
  return divUp(weighted, weighted / price + amount);
}

function divUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
