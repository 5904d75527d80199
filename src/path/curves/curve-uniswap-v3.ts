import type { AssetId } from '../../core/ids.ts';
import type { SwapCurve } from './curve.ts';
import { Q96, sqrtRatioAtTick } from './uniswap-v3-math.ts';
import { requireState, type UniswapV3State } from './uniswap-v3-pool.ts';

/** A pool with the names of its tokens. */
export interface UniswapV3CurveInput {
  readonly state: UniswapV3State;
  readonly token0: { readonly asset: AssetId; readonly decimals: number };
  readonly token1: { readonly asset: AssetId; readonly decimals: number };
  /** True: token 0 in, token 1 out. */
  readonly sellsZero: boolean;
  readonly source: string;
  readonly observedAt: number | null;
}

/** A range of constant liquidity, as the swap meets it. Amounts in whole tokens. */
interface Piece {
  /** Input and output up to its start, fee included in the input. */
  readonly startIn: number;
  readonly startOut: number;
  /** √(out per in) at its start, whole tokens, the fee aside. */
  readonly root: number;
  /** Liquidity in √(whole token 0 · whole token 1). */
  readonly liquidity: number;
}

/**
 * The concave curve of a pool: within a range of liquidity λ and start √p, an input x after fee gives λ·(√p − √p'), √p' = λ·√p ÷ (λ + x·√p). It ends where the read range does;
 * a range without liquidity is a jump of the price. Floats: the integer answer is {@link quoteExactInput}'s.
 *
 * @throws {InvalidArgument} where the state cannot be a pool's
 * @source uniswap v3 whitepaper, 6.2.1 and 6.2.3
 */
export function uniswapV3Curve(input: UniswapV3CurveInput): SwapCurve {
  requireState(input.state);
  const { sellsZero, token0, token1 } = input;
  const kept = 1 - input.state.feePips / 1_000_000;
  const { pieces, depth } = walkPieces(input, kept);
  const pieceAt = (amount: number) => pieces.findLast((piece) => piece.startIn <= amount) ?? EMPTY;
  const rootAfter = (piece: Piece, amount: number) => (piece.liquidity === 0 ? 0 : (piece.liquidity * piece.root) / (piece.liquidity + (amount - piece.startIn) * kept * piece.root));
  return {
    from: sellsZero ? token0.asset : token1.asset,
    to: sellsZero ? token1.asset : token0.asset,
    out(amount) {
      const piece = pieceAt(amount);
      // λ·(√p − √p') without the difference of nearly equal roots.
      return piece.startOut + (amount - piece.startIn) * kept * piece.root * rootAfter(piece, amount);
    },
    marginal: (amount) => kept * rootAfter(pieceAt(amount), amount) ** 2,
    depth,
    source: input.source,
    observedAt: input.observedAt,
    assumed: false,
  };
}

const EMPTY: Piece = { startIn: 0, startOut: 0, root: 0, liquidity: 0 };

function walkPieces(input: UniswapV3CurveInput, kept: number): { readonly pieces: readonly Piece[]; readonly depth: number } {
  const { state, sellsZero } = input;
  const bounds = sellsZero
    ? [...state.ticks.filter((entry) => entry.tick <= state.tick).toReversed(), { tick: state.known.from, liquidityNet: 0n }]
    : [...state.ticks.filter((entry) => entry.tick > state.tick), { tick: state.known.to, liquidityNet: 0n }];
  const scale = 10 ** ((input.token0.decimals - input.token1.decimals) / 2);
  const rootOf = (sqrtPriceX96: bigint) => {
    const root = toRatio(sqrtPriceX96) * scale;
    return sellsZero ? root : 1 / root;
  };
  const units = 10 ** ((input.token0.decimals + input.token1.decimals) / 2);
  const pieces: Piece[] = [];
  let at = { in: 0, out: 0, root: rootOf(state.sqrtPriceX96), liquidity: state.liquidity };
  for (const bound of bounds) {
    const liquidity = Number(at.liquidity) / units;
    const end = Math.min(at.root, rootOf(sqrtRatioAtTick(bound.tick)));
    if (liquidity > 0 && end < at.root) pieces.push({ startIn: at.in, startOut: at.out, root: at.root, liquidity });
    const width = liquidity > 0 && end < at.root ? (liquidity * (at.root - end)) / (at.root * end) / kept : 0;
    const gained = liquidity * (at.root - end);
    at = { in: at.in + width, out: at.out + gained, root: end, liquidity: sellsZero ? at.liquidity - bound.liquidityNet : at.liquidity + bound.liquidityNet };
  }
  return { pieces, depth: at.in };
}

/** A square-root price as a float, all its digits used. */
function toRatio(sqrtPriceX96: bigint): number {
  return Number(sqrtPriceX96) / Number(Q96);
}
