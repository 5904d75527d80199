import { Interface, solidityPacked } from 'ethers';
import { InvalidArgument } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';
import type { SwapRequest, SwapVenue } from './swap-venue.ts';
import { UNISWAP_V3_ROUTERS } from './uniswap-v3-routers.ts';

/** The pools that a route goes through: `tokens` one more than `fees`, fees in hundredths of a basis point. */
export interface UniswapV3Path {
  readonly tokens: readonly Address[];
  readonly fees: readonly number[];
}

/** SwapRouter02's functions have no deadline of their own: `multicall(uint256, bytes[])` is where it goes. @source swap-router-contracts IV3SwapRouter.sol, IMulticallExtended.sol */
const ROUTER = new Interface([
  'function multicall(uint256 deadline, bytes[] data) payable returns (bytes[])',
  'function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96) params) payable returns (uint256)',
  'function exactInput((bytes path, address recipient, uint256 amountIn, uint256 amountOutMinimum) params) payable returns (uint256)',
]);
const NO_PRICE_LIMIT = 0n;

/**
 * Uniswap v3's SwapRouter02 as a venue for the routes that `pathOf` knows, with minimum output and deadline. Routers are the built-in ones.
 *
 * @param pathOf the pools behind a route's curve; null where the curve is of something else
 * @example
 * ```ts
 * const venue = uniswapV3Venue((_chain, route) => (route === 'weth-usdc' ? { tokens: [weth, usdc], fees: [500] } : null));
 * ```
 */
export function uniswapV3Venue(pathOf: (chain: ChainId, route: string) => UniswapV3Path | null): SwapVenue {
  return {
    label: 'Uniswap v3',
    encodeSwap(request) {
      const path = pathOf(request.chain, request.route);
      const target = UNISWAP_V3_ROUTERS[request.chain];
      if (path === null || target === undefined) return null;
      requirePath(path, request);
      return { target, data: ROUTER.encodeFunctionData('multicall', [request.deadline, [encodeInner(path, request)]]) };
    },
  };
}

function encodeInner({ tokens, fees }: UniswapV3Path, { from, to, amountIn, minimumOut, recipient }: SwapRequest): string {
  const [fee] = fees;
  if (fees.length === 1) return ROUTER.encodeFunctionData('exactInputSingle', [[from, to, fee, recipient, amountIn, minimumOut, NO_PRICE_LIMIT]]);
  const hops = fees.flatMap((hop, at) => [hop, tokens[at + 1]]);
  const packed = solidityPacked(['address', ...fees.flatMap(() => ['uint24', 'address'])], [from, ...hops]);
  return ROUTER.encodeFunctionData('exactInput', [[packed, recipient, amountIn, minimumOut]]);
}

function requirePath({ tokens, fees }: UniswapV3Path, { from, to, route }: SwapRequest): void {
  const isWhole = fees.length > 0 && tokens.length === fees.length + 1 && tokens[0] === from && tokens.at(-1) === to;
  if (!isWhole) throw new InvalidArgument(`The pools of the route ${route} do not lead from ${from} to ${to}.`, { route });
}
