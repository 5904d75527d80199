import { computeAddress, getBytes, hexlify, Signature, SigningKey, TypedDataEncoder } from 'ethers';
import * as z from 'zod';
import { InvalidArgument, PlimsollError } from '../core/errors.ts';
import { type Address, toAddress } from '../core/ids.ts';
import { pathText } from '../core/json.ts';

/** The name and version of an attestor's key file. */
export const ATTESTOR_KEY_SCHEMA = 'plimsoll/attestor-key@1';

const keyFile = z.strictObject({
  schema: z.literal(ATTESTOR_KEY_SCHEMA),
  /** `dev` keys may sign Portfolios from files and recorded data; nobody should trust them. */
  class: z.enum(['dev', 'production']),
  /** `eddsa` signs inside circuits (attested); `secp256k1` signs EIP-712 (committed, enrolment). */
  kind: z.enum(['eddsa', 'secp256k1']),
  privateKey: z.string().regex(/^0x[0-9a-f]{64}$/, 'expected 32 bytes as lower-case hex'),
});

/** An attestor's key with what it may be used for. */
export interface AttestorKey {
  readonly class: 'dev' | 'production';
  readonly kind: 'eddsa' | 'secp256k1';
  readonly privateKey: Uint8Array;
}

/**
 * Reads a key file. No message ever holds a part of it.
 *
 * @throws {InvalidArgument} naming the field that is wrong.
 */
export function parseAttestorKey(text: string): AttestorKey {
  const parsed = keyFile.safeParse(readJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidArgument(`The attestor's key file is not in order at ${pathText(issue?.path ?? []) || '(top)'}. Make one with plimsoll attestor create.`);
  }
  const { kind, class: keyClass, privateKey } = parsed.data;
  return { kind, class: keyClass, privateKey: getBytes(privateKey) };
}

/** Writes a key file, as {@link parseAttestorKey} reads it. */
export function formatAttestorKey(key: AttestorKey): string {
  return `${JSON.stringify({ schema: ATTESTOR_KEY_SCHEMA, class: key.class, kind: key.kind, privateKey: hexlify(key.privateKey) }, null, 2)}\n`;
}

/** What secp256k1 attestors sign. It names no chain and no contract: it states facts, and where a proof counts is in the proof's own `domain`. */
const ATTESTATION_DOMAIN = { name: 'Plimsoll attestation', version: '1' } as const;
const ENROLMENT_DOMAIN = { name: 'Plimsoll enrolment', version: '1' } as const;
const ATTESTATION_TYPES = {
  Attestation: [
    { name: 'commitment', type: 'uint256' },
    { name: 'coverage', type: 'uint256' },
    { name: 'snapshot', type: 'uint64' },
    { name: 'schema', type: 'string' },
  ],
};
const ENROLMENT_TYPES = {
  Enrolment: [
    { name: 'consumer', type: 'address' },
    { name: 'borrower', type: 'address' },
    { name: 'accountRef', type: 'uint256' },
  ],
};

/** The message of a committed attestation. */
export interface AttestationMessage {
  readonly commitment: bigint;
  readonly coverage: bigint;
  readonly snapshot: bigint;
  readonly schema: string;
}

/** The message that maps a reference to a consumer's borrower. */
export interface EnrolmentMessage {
  /** The consumer's chain, as a number: unlike an attestation, an enrolment is about one contract. */
  readonly chainId: number;
  readonly consumer: Address;
  readonly borrower: Address;
  readonly accountRef: bigint;
}

/** The EIP-712 digest of a committed attestation. @source EIP-712 */
export function attestationDigest(message: AttestationMessage): string {
  return TypedDataEncoder.hash(ATTESTATION_DOMAIN, ATTESTATION_TYPES, message);
}

/** The EIP-712 digest of an enrolment. @source EIP-712 */
export function enrolmentDigest({ chainId, ...message }: EnrolmentMessage): string {
  return TypedDataEncoder.hash({ ...ENROLMENT_DOMAIN, chainId }, ENROLMENT_TYPES, message);
}

/** Signs a digest with a secp256k1 key: 65 bytes, low s. @throws {InvalidArgument} for a key of another kind. */
export function signDigest(key: AttestorKey, digest: string): string {
  return signingKeyOf(key).sign(digest).serialized;
}

/** The address of a secp256k1 attestor. @throws {InvalidArgument} for a key of another kind. */
export function signerAddress(key: AttestorKey): Address {
  return toAddress(computeAddress(signingKeyOf(key).publicKey));
}

/** Who signed a digest; null where the signature is not one of 65 bytes with a low s. */
export function recoverSigner(digest: string, signature: string): Address | null {
  if (!/^0x[0-9a-f]{130}$/.test(signature)) return null;
  try {
    return toAddress(computeAddress(SigningKey.recoverPublicKey(digest, Signature.from(signature))));
  } catch {
    return null;
  }
}

function signingKeyOf(key: AttestorKey): SigningKey {
  if (key.kind !== 'secp256k1') throw new InvalidArgument('This needs a secp256k1 key; the key file holds an eddsa one.');
  return new SigningKey(key.privateKey);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PlimsollError('INVALID_ARGUMENT', "The attestor's key file is not JSON. Make one with plimsoll attestor create.");
  }
}
