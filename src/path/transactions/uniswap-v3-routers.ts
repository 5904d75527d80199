import type { Address, ChainId } from '../../core/ids.ts';

/**
 * SwapRouter02 of Uniswap v3 by chain. A chain that is not listed has no router that was looked up, and so no calldata for its swaps.
 *
 * @source Uniswap/sdks@0058bfb sdks/sdk-core/src/addresses.ts (SWAP_ROUTER_02_ADDRESSES)
 */
export const UNISWAP_V3_ROUTERS: Readonly<Partial<Record<ChainId, Address>>> = {
  'eip155:1': '0x68b3465833fb72a70ecdf485e0e4c7bd8665fc45',
  'eip155:10': '0x68b3465833fb72a70ecdf485e0e4c7bd8665fc45',
  'eip155:56': '0xb971ef87ede563556b2ed4b1c0b0019111dd85d2',
  'eip155:137': '0x68b3465833fb72a70ecdf485e0e4c7bd8665fc45',
  'eip155:8453': '0x2626664c2603336e57b271c5c0b26f421741e481',
  'eip155:42161': '0x68b3465833fb72a70ecdf485e0e4c7bd8665fc45',
  'eip155:43114': '0xbb00ff08d01d300023c629e8ffffcb65a5a578ce',
};
