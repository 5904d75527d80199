import type { Address, ChainId } from './ids.ts';

/** One unsigned call, to be signed by the owner's wallet. */
export interface UnsignedCall {
  readonly to: Address;
  readonly data: string;
  /** Wei. */
  readonly value: bigint;
  readonly chain: ChainId;
  /** One sentence for a person. */
  readonly description: string;
}

/** What PlimsollExecutor's owner grants it, so that it can act on the owner's accounts; raw units. */
export interface ExecutorRight {
  /**
   * `allowance`: ERC-20 `approve`. `delegation`: Aave's `approveDelegation` of a debt token. `authorization`: Morpho Blue's `setAuthorization`.
   * `manager`: Comet's `allow`. The last two know no amount: they are granted before the plan and taken back after it.
   */
  readonly kind: 'allowance' | 'delegation' | 'authorization' | 'manager';
  /** The token, debt token or protocol that the right is granted at. */
  readonly contract: Address;
  /** Null where the right knows no amount. */
  readonly amount: bigint | null;
  /** What it lets the executor do, for a sentence: `take 1.5 WETH of collateral out of Aave v3 Ethereum`. */
  readonly purpose: string;
}

/** A call that PlimsollExecutor makes, with what the target may take while it runs (raw units). */
export interface ExecutorCall {
  readonly target: Address;
  readonly value: bigint;
  readonly data: string;
  readonly approval: { readonly token: Address; readonly spender: Address; readonly amount: bigint } | null;
}

/** A static call whose unsigned integer at byte `offset` must lie within both limits, included; null = no upper limit. */
export interface ExecutorCheck {
  readonly target: Address;
  readonly data: string;
  readonly offset: number;
  readonly minimum: bigint;
  readonly maximum: bigint | null;
}

/** What a step takes from the executor's own tokens, raw units. */
export interface TokenUse {
  readonly token: Address;
  /** By the rule's computation. */
  readonly expected: bigint;
  /** With head-room: what the call may take. */
  readonly most: bigint;
}

/** What a step brings to the executor, raw units. */
export interface TokenGain {
  readonly token: Address;
  readonly expected: bigint;
  /** Less the protocol's rounding on the way through the executor. */
  readonly least: bigint;
}

/** One step of a plan as the executor carries it out. */
export interface ExecutorStep {
  readonly rights: readonly ExecutorRight[];
  readonly calls: readonly ExecutorCall[];
  readonly takes: TokenUse | null;
  readonly brings: TokenGain | null;
}

/** Part of a debt that is provided beside it where all of it is repaid: interest between the quote and the execution. */
const HEAD_ROOM_PART = 10_000n;

/**
 * A debt with head-room, raw units: one basis point and one unit more, which is interest for 10 minutes at 525 % a year. What is not owed stays with the payer.
 *
 * @example
 * ```ts
 * addHeadRoom(1_000_000n); // 1000101n
 * ```
 */
export function addHeadRoom(debt: bigint): bigint {
  return debt + (debt + HEAD_ROOM_PART - 1n) / HEAD_ROOM_PART + 1n;
}
