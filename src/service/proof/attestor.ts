import { randomBytes } from 'node:crypto';
import { InvalidFile } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import { type Attestation, vectorOf } from '../../proof/attestation.ts';
import { type AttestorKey, enrolmentDigest, formatAttestorKey, parseAttestorKey, signDigest, signerAddress } from '../../proof/attestor-key.ts';
import { computeReferences } from '../../proof/commitment.ts';
import { attestorId, derivePublicKey } from '../../proof/eddsa.ts';
import type { InstanceId } from '../../proof/instances.ts';
import { computeDomain } from '../../proof/public-signals.ts';
import { createPrivate, readText } from './private-file.ts';

/** What others must know of an attestor: nothing of its key. */
export interface AttestorName {
  readonly class: 'dev' | 'production';
  readonly kind: 'eddsa' | 'secp256k1';
  /** eddsa: Poseidon(Ax, Ay), the first public signal, as a decimal string. secp256k1: the address. */
  readonly id: string;
}

/** Reads an attestor's key. @throws {PlimsollError} INVALID_FILE, INVALID_ARGUMENT; no message holds a part of it. */
export async function readAttestorKey(path: string): Promise<AttestorKey> {
  return parseAttestorKey(await readText(path));
}

/** Makes a key in a new file that only its owner may read. @throws {InvalidFile} where there is a file already */
export async function createAttestorKey(path: string, options: Pick<AttestorKey, 'class' | 'kind'>): Promise<AttestorName> {
  const key: AttestorKey = { ...options, privateKey: randomBytes(32) };
  if (!(await createPrivate(path, formatAttestorKey(key)))) throw new InvalidFile(`${path} is there already and is not overwritten. Choose another name.`, { file: path });
  return nameAttestor(key);
}

/** Names an attestor as verifiers list it. */
export function nameAttestor(key: AttestorKey): AttestorName {
  const id = key.kind === 'eddsa' ? attestorId(derivePublicKey(key.privateKey)).toString() : signerAddress(key);
  return { class: key.class, kind: key.kind, id };
}

/** What maps an account's reference to a consumer's borrower, signed. */
export interface Enrolment {
  readonly chainId: number;
  readonly consumer: Address;
  readonly borrower: Address;
  readonly instance: InstanceId;
  readonly accountRef: bigint;
  readonly signer: Address;
  readonly signature: string;
}

/** For which consumer's loan a reference is enrolled. */
export interface EnrolRequest {
  readonly attestation: Attestation;
  readonly secret: bigint;
  readonly chainId: number;
  readonly consumer: Address;
  readonly borrower: Address;
  /** A secp256k1 key. */
  readonly key: AttestorKey;
}

/** Signs that proofs about `accountRef` are about the consumer's borrower; to be done when the loan opens. @throws {InvalidArgument} for an eddsa key. */
export function signEnrolment({ attestation, secret, chainId, consumer, borrower, key }: EnrolRequest): Enrolment {
  const { instance } = attestation;
  const { account, snapshot } = vectorOf(attestation);
  const { accountRef } = computeReferences({ account, secret, domain: computeDomain({ chainId, consumer, instance }), snapshot, scope: 0n });
  return { chainId, consumer, borrower, instance, accountRef, signer: signerAddress(key), signature: signDigest(key, enrolmentDigest({ chainId, consumer, borrower, accountRef })) };
}
