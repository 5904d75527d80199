import { AbiCoder } from 'ethers';
import type { Address } from '../core/ids.ts';
import { hashToField } from './field.ts';

/** Whose positions they are, as a field element: the address of one owner as an integer, else keccak256(abi.encode(address[])) >> 8 of all, sorted. */
export function accountField(owners: readonly Address[]): bigint {
  const [only] = owners;
  if (owners.length === 1 && only !== undefined) return BigInt(only);
  return hashToField(AbiCoder.defaultAbiCoder().encode(['address[]'], [owners.toSorted()]));
}
