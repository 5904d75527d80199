import { Interface } from 'ethers';
import type { UnsignedCall } from './call.ts';
import { type Address, type AssetId, type ChainId, erc20 } from './ids.ts';
import { describeApproval, type TokenName } from './sentences.ts';

const token = new Interface(['function approve(address spender, uint256 amount) returns (bool)']);

/** USDT on Ethereum refuses to change an allowance that is not 0, so it is set to 0 first. */
const NEEDS_ZERO_ALLOWANCE: ReadonlySet<AssetId> = new Set(['eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7']);

/** An approval of `amount` raw units; `spenderName` is what a person calls the spender. */
export interface Approval {
  readonly chain: ChainId;
  readonly token: Address;
  readonly name: TokenName;
  readonly spender: Address;
  readonly spenderName: string;
  readonly amount: bigint;
}

/** An approval as calls: two where the token wants its allowance set to 0 first. */
export function encodeApproval(approval: Approval): readonly UnsignedCall[] {
  const needsZero = approval.amount !== 0n && NEEDS_ZERO_ALLOWANCE.has(erc20(approval.chain, approval.token));
  return needsZero ? [encodeOne({ ...approval, amount: 0n }), encodeOne(approval)] : [encodeOne(approval)];
}

/** The call between its approval and, where the approval is more than the call surely takes, the approval's return to 0. */
export function withApproval(approval: Approval, isExact: 'exact' | 'at-most', call: UnsignedCall): readonly UnsignedCall[] {
  const before = encodeApproval(approval);
  return isExact === 'exact' ? [...before, call] : [...before, call, encodeOne({ ...approval, amount: 0n })];
}

function encodeOne({ chain, token: to, name, spender, spenderName, amount }: Approval): UnsignedCall {
  return { to, data: token.encodeFunctionData('approve', [spender, amount]), value: 0n, chain, description: describeApproval(amount, name, spenderName) };
}
