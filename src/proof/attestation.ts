import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import type { Address } from '../core/ids.ts';
import { naturalText, pathText } from '../core/json.ts';
import { accountField } from './account.ts';
import { attestationDigest, recoverSigner } from './attestor-key.ts';
import { hashBlocks, snapshotOf } from './blocks.ts';
import { commitVector, type PositionVector } from './commitment.ts';
import { coverageId } from './coverage.ts';
import { verifyEddsa } from './eddsa.ts';
import { FIELD_MODULUS } from './field.ts';
import { getInstance, INSTANCES, type InstanceId, UNITS } from './instances.ts';
import { marketId } from './scope.ts';

/** The name and version of the document format; also what secp256k1 attestors sign as `schema`. */
export const ATTESTATION_SCHEMA = 'plimsoll/attestation@1';

const INSTANCE_IDS = INSTANCES.map((instance) => instance.id) as [InstanceId, ...InstanceId[]];
const MAX_ROWS = Math.max(...INSTANCES.map((instance) => instance.rows));

const address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address')
  .transform((text) => text as Address);
const chain = z.templateLiteral(['eip155:', z.int().min(1)]);
const element = naturalText.refine((value) => value < FIELD_MODULUS, 'expected a field element');
const unixSeconds = z.int().min(0).max(4_102_444_800);
const text = z.string().max(400);
const market = z.strictObject({ chain, protocol: z.string().min(1).max(80), market: z.string().max(80) });
const point = z.strictObject({ x: element, y: element });
const row = z.strictObject({
  amount: naturalText,
  price: naturalText,
  weight: naturalText,
  unit: z
    .int()
    .min(0)
    .max(UNITS - 1),
  side: z.union([z.literal(0), z.literal(1)]),
});
const eddsa = z.strictObject({ kind: z.literal('eddsa'), publicKey: point, r8: point, s: naturalText });
const ecdsa = z.strictObject({
  kind: z.literal('secp256k1'),
  signatures: z.array(z.strictObject({ signer: address, signature: z.string().regex(/^0x[0-9a-f]{130}$/, 'expected 65 bytes') })).min(1),
});

const attestation = z.strictObject({
  schema: z.literal(ATTESTATION_SCHEMA),
  class: z.enum(['dev', 'production']).describe('dev: made from a file or recorded data, or with a key marked dev; nobody should trust it'),
  instance: z.enum(INSTANCE_IDS).describe('The circuit whose length the vector is padded to'),
  recorded: text.nullable().describe('What recorded data set the positions are from, in words; null when live'),
  createdAt: unixSeconds,
  owners: z.array(address).min(1),
  account: element.describe("Whose positions, as a field element: the one owner's address, else a hash of all"),
  snapshot: unixSeconds,
  blocks: z.array(z.strictObject({ chain, number: z.string().regex(/^(?:0|[1-9][0-9]{0,20})$/), hash: z.string().regex(/^0x[0-9a-f]{64}$/), timestamp: unixSeconds })).min(1),
  coverage: z.strictObject({ schema: text, gauge: text, rules: z.array(text), markets: z.array(market) }),
  secretHash: element,
  salt: element,
  units: z.array(z.strictObject({ account: z.string().min(1).max(240), market })).max(UNITS),
  rows: z.array(row).max(MAX_ROWS),
  commitment: element,
  signature: z.discriminatedUnion('kind', [eddsa, ecdsa]),
});

/** What an attestor vouches for, with its signature: the private input of a proof. It holds positions in plain and belongs to its holder alone. */
export type Attestation = z.infer<typeof attestation>;
export type AttestationSignature = Attestation['signature'];

/**
 * Reads an attestation: a JSON text or an already parsed value. Commitment and signatures are computed again.
 *
 * @throws {PlimsollError} ATTESTATION_REFUSED naming the path of the first fault, never its value.
 */
export function parseAttestation(input: unknown): Attestation {
  const parsed = attestation.safeParse(typeof input === 'string' ? readJson(input) : input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`at ${pathText(issue?.path ?? []) || '(top)'} it is not in the form of ${ATTESTATION_SCHEMA}`);
  }
  requireSound(parsed.data);
  return parsed.data;
}

/** Writes an attestation as a JSON text that {@link parseAttestation} reads back. */
export function formatAttestation(document: Attestation): string {
  return `${JSON.stringify(document, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`;
}

/** The JSON Schema (2020-12) of the document. */
export function attestationJsonSchema(): object {
  return { $id: 'urn:plimsoll:attestation:1', title: 'Plimsoll attestation', ...z.toJSONSchema(attestation, { io: 'input' }) };
}

/** The vector that an attestation's signature covers. */
export function vectorOf(document: Omit<Attestation, 'commitment' | 'signature'>): PositionVector {
  return {
    account: document.account,
    snapshot: BigInt(document.snapshot),
    secretHash: document.secretHash,
    salt: document.salt,
    coverage: coverageId(document.coverage),
    blocksHash: hashBlocks(document.blocks),
    unitTable: document.units.map((unit) => marketId(unit.market)),
    rows: document.rows,
  };
}

/** The message that secp256k1 attestors sign over an attestation. */
export function messageOf(document: Pick<Attestation, 'commitment' | 'coverage' | 'snapshot'>): { commitment: bigint; coverage: bigint; snapshot: bigint; schema: string } {
  return { commitment: document.commitment, coverage: coverageId(document.coverage), snapshot: BigInt(document.snapshot), schema: ATTESTATION_SCHEMA };
}

function requireSound(document: Attestation): void {
  const { mode, rows } = getInstance(document.instance);
  if (document.rows.length > rows) throw refuse(`it has more rows than ${document.instance} holds`);
  if (accountField(document.owners) !== document.account) throw refuse('its account is not that of its owners');
  if (snapshotOf(document.blocks) !== BigInt(document.snapshot)) throw refuse('its snapshot is not the oldest of its blocks');
  if (commitVector(vectorOf(document), rows) !== document.commitment) throw refuse('its commitment is not that of its rows: something was altered after it was signed');
  const { signature } = document;
  if (signature.kind === 'eddsa') {
    if (mode !== 'attested') throw refuse(`${document.instance} takes secp256k1 signatures`);
    if (!verifyEddsa(signature.publicKey, document.commitment, signature)) throw refuse('its signature does not hold');
    return;
  }
  if (mode !== 'committed') throw refuse(`${document.instance} takes one eddsa signature`);
  requireSigners(document, signature);
}

function requireSigners(document: Attestation, signature: Extract<AttestationSignature, { kind: 'secp256k1' }>): void {
  const digest = attestationDigest(messageOf(document));
  signature.signatures.forEach((entry, at) => {
    if (recoverSigner(digest, entry.signature) !== entry.signer) throw refuse(`signature ${at + 1} is not that of the signer named`);
    const before = signature.signatures[at - 1]?.signer;
    if (before !== undefined && before >= entry.signer) throw refuse('its signers are not in ascending order, each once');
  });
}

function readJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw refuse('it is not JSON');
  }
}

function refuse(problem: string): PlimsollError {
  return new PlimsollError('ATTESTATION_REFUSED', `The attestation cannot be used: ${problem}. Ask the attestor for a new one.`);
}
