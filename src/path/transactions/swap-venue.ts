import type { Address, ChainId } from '../../core/ids.ts';

/** A swap of exactly `amountIn` raw units, to be made by whoever sends the call. */
export interface SwapRequest {
  readonly chain: ChainId;
  /** Id of the route whose curve promised the output. */
  readonly route: string;
  readonly from: Address;
  readonly to: Address;
  readonly amountIn: bigint;
  readonly minimumOut: bigint;
  /** Who gets what was bought: the owner, or the executor. */
  readonly recipient: Address;
  /** Last unix second at which it may run. */
  readonly deadline: bigint;
}

/** A swap as one call; `target` takes `amountIn` of the sold token by an approval. */
export interface SwapCall {
  readonly target: Address;
  readonly data: string;
}

/** Where swaps are made. */
export interface SwapVenue {
  /** For people: `Uniswap v3`. */
  readonly label: string;
  /** The swap as a call; null where the venue does not serve the route. */
  encodeSwap(request: SwapRequest): SwapCall | null;
}
