import { Interface } from 'ethers';
import { encodeApproval } from '../../core/approvals.ts';
import type { ExecutorRight, UnsignedCall } from '../../core/call.ts';
import { InternalError } from '../../core/errors.ts';
import type { Address, ChainId } from '../../core/ids.ts';

/** @source ICreditDelegationToken.sol, Morpho.sol, CometExt.sol */
const RIGHTS = new Interface([
  'function approve(address spender, uint256 amount) returns (bool)',
  'function approveDelegation(address delegatee, uint256 amount)',
  'function setAuthorization(address authorized, bool newIsAuthorized)',
  'function allow(address manager, bool isAllowed)',
]);
const UNNAMED = { symbol: 'units', decimals: 0 } as const;

/** The owner's calls around a plan. */
export interface RightCalls {
  readonly grants: readonly UnsignedCall[];
  /** Only rights that know no amount: an exact one is used up by the plan. */
  readonly revokes: readonly UnsignedCall[];
}

/** The rights of all steps as calls, each right once: amounts at one contract add up. */
export function encodeRights(rights: readonly ExecutorRight[], { chain, executor }: { readonly chain: ChainId; readonly executor: Address }): RightCalls {
  const groups = [...Map.groupBy(rights, (right) => `${right.kind} ${right.contract}`).values()].map(merge);
  return {
    grants: groups.flatMap((right) => encodeGrant(right, chain, executor)),
    revokes: groups.flatMap((right) => (right.amount === null ? [encodeSwitch(right, { chain, executor, isGranted: false })] : [])),
  };
}

function merge(rights: readonly ExecutorRight[]): ExecutorRight {
  const [first] = rights;
  if (first === undefined) throw new InternalError('no right to merge');
  const purpose = [...new Set(rights.map((right) => right.purpose))].join(', ');
  return { ...first, purpose, amount: rights.reduce<bigint | null>((total, { amount }) => (total === null || amount === null ? null : total + amount), 0n) };
}

function encodeGrant(right: ExecutorRight, chain: ChainId, executor: Address): readonly UnsignedCall[] {
  const { kind, contract, amount, purpose } = right;
  if (amount === null) return [encodeSwitch(right, { chain, executor, isGranted: true })];
  const description = `Let your executor ${purpose}.`;
  if (kind === 'delegation') return [{ to: contract, data: RIGHTS.encodeFunctionData('approveDelegation', [executor, amount]), value: 0n, chain, description }];
  // Two calls where the token wants its allowance at 0 first; the last one is the grant.
  const approval = encodeApproval({ chain, token: contract, name: UNNAMED, spender: executor, spenderName: 'your executor', amount });
  return approval.map((call, at) => (at === approval.length - 1 ? { ...call, description } : { ...call, description: 'Set what your executor may take to 0 first, as this token wants it.' }));
}

function encodeSwitch({ kind, contract, purpose }: ExecutorRight, { chain, executor, isGranted }: { readonly chain: ChainId; readonly executor: Address; readonly isGranted: boolean }): UnsignedCall {
  const data = RIGHTS.encodeFunctionData(kind === 'manager' ? 'allow' : 'setAuthorization', [executor, isGranted]);
  const description = isGranted ? `Let your executor ${purpose}, until the last call of this batch.` : `Take back your executor's right to ${purpose}.`;
  return { to: contract, data, value: 0n, chain, description };
}
