import type { Address } from '../../core/ids.ts';
import { chainNumber } from '../../core/ids.ts';
import type { CompleteStage } from './encode-stage.ts';

/** The parameter of `wallet_sendCalls`. @source EIP-5792 */
export interface CallBatch {
  readonly version: '2.0.0';
  /** As in `0x1`. */
  readonly chainId: string;
  readonly from: Address;
  /** True only for a plan through the executor, whose rights must not outlive it; steps of a sequence are each safe alone, orders are never atomic. */
  readonly atomicRequired: boolean;
  readonly calls: readonly { readonly to: Address; readonly data: string /** Wei, as in `0x0`. */; readonly value: string }[];
}

/**
 * A stage as a batch for a wallet. Stages are never put together: what stands in two of them happens at two times, or on two chains.
 *
 * @source EIP-5792 wallet_sendCalls
 */
export function toCallBatch({ chain, order, calls }: CompleteStage, from: Address): CallBatch {
  return {
    version: '2.0.0',
    chainId: `0x${chainNumber(chain).toString(16)}`,
    from,
    atomicRequired: order === 'executor' && calls.length > 1,
    calls: calls.map(({ to, data, value }) => ({ to, data, value: `0x${value.toString(16)}` })),
  };
}
