import { InvalidArgument } from '../../core/errors.ts';
import type { AssetId } from '../../core/ids.ts';
import type { SwapCurve } from './curve.ts';

/** A constant-product pool by its reserves, whole tokens. */
export interface ConstantProductReserves {
  readonly from: AssetId;
  readonly to: AssetId;
  readonly reserveFrom: number;
  readonly reserveTo: number;
  /** Share of the input that stays with the pool. */
  readonly fee: number;
  /** Greatest input, tokens; null = the pool's own reserve of it, at which half of the other side is sold. */
  readonly depth: number | null;
  readonly source: string;
  readonly observedAt: number | null;
  readonly assumed: boolean;
}

/**
 * The curve of a constant-product pool: out = Rₒ·γ·x ÷ (Rᵢ + γ·x).
 *
 * @throws {InvalidArgument} where a reserve is not above 0 or the fee is not in [0, 1)
 * @source uniswap v2-core UniswapV2Pair.swap
 * @example
 * ```ts
 * constantProductCurve({ from: WETH, to: USDC, reserveFrom: 1000, reserveTo: 2_000_000, fee: 0.003, depth: null, source: 'pool', observedAt: 0, assumed: false }).out(1); // 1992.01…
 * ```
 */
export function constantProductCurve(pool: ConstantProductReserves): SwapCurve {
  const { from, to, reserveFrom, reserveTo, fee, source, observedAt, assumed } = pool;
  if (!(reserveFrom > 0) || !(reserveTo > 0) || !(fee >= 0 && fee < 1)) {
    throw new InvalidArgument('A constant-product pool needs reserves above 0 and a fee from 0 up to, not including, 1.', { reserveFrom, reserveTo, fee });
  }
  const kept = 1 - fee;
  return {
    from,
    to,
    out: (amount) => (reserveTo * kept * amount) / (reserveFrom + kept * amount),
    marginal: (amount) => (reserveTo * kept * reserveFrom) / (reserveFrom + kept * amount) ** 2,
    depth: pool.depth ?? reserveFrom,
    source,
    observedAt,
    assumed,
  };
}
