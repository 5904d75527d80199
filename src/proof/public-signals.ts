import { AbiCoder } from 'ethers';
import { InvalidArgument } from '../core/errors.ts';
import type { Address } from '../core/ids.ts';
import { hashToField, requireField } from './field.ts';
import { circuitId, type InstanceId } from './instances.ts';

/** The nine public signals in their order. The first is `attestor` = Poseidon(Ax, Ay), in committed circuits the commitment. */
export const SIGNAL_NAMES = ['attestor', 'coverage', 'domain', 'binding', 'snapshot', 'claim', 'scope', 'nullifier', 'accountRef'] as const;

export type SignalName = (typeof SIGNAL_NAMES)[number];
export type PublicSignals = Readonly<Record<SignalName, bigint>>;

/** Where a proof is meant to count: on this chain, for this contract, made by this circuit. */
export interface ProofDomain {
  /** As a number: 1 for Ethereum. */
  readonly chainId: number;
  readonly consumer: Address;
  readonly instance: InstanceId;
}

/** `domain`: keccak256(abi.encode(chainId, consumer, circuitId)) >> 8. */
export function computeDomain({ chainId, consumer, instance }: ProofDomain): bigint {
  return hashToField(AbiCoder.defaultAbiCoder().encode(['uint256', 'address', 'bytes32'], [chainId, consumer, circuitId(instance)]));
}

/** `binding`: keccak256(abi.encode(recipient, deadline)) >> 8; the deadline in unix seconds. */
export function computeBinding(recipient: Address, deadline: bigint): bigint {
  return hashToField(AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [recipient, deadline]));
}

/** The signals as a verifier takes them. */
export function listSignals(signals: PublicSignals): readonly bigint[] {
  return SIGNAL_NAMES.map((name) => signals[name]);
}

/**
 * Names a verifier's list of signals.
 *
 * @throws {InvalidArgument} where there are not nine, or one is no field element (a larger number with the same remainder would pass a careless verifier twice).
 */
export function nameSignals(list: readonly bigint[]): PublicSignals {
  if (list.length !== SIGNAL_NAMES.length) throw new InvalidArgument(`A proof has ${SIGNAL_NAMES.length} public signals, not ${list.length}.`);
  return Object.fromEntries(SIGNAL_NAMES.map((name, at) => [name, requireField(list[at] ?? -1n, `The signal ${name}`)])) as PublicSignals;
}
