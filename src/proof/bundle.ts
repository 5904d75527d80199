import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import type { Address } from '../core/ids.ts';
import { naturalText, pathText } from '../core/json.ts';
import { FIELD_MODULUS } from './field.ts';
import { INSTANCES, type InstanceId } from './instances.ts';

/** The name and version of the document format. */
export const PROOF_SCHEMA = 'plimsoll/proof@1';

const INSTANCE_IDS = INSTANCES.map((instance) => instance.id) as [InstanceId, ...InstanceId[]];
const element = naturalText.refine((value) => value < FIELD_MODULUS, 'expected a field element');
const coordinate = naturalText;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 as hex');
const address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/, 'expected a lower-case address')
  .transform((text) => text as Address);

const bundle = z.strictObject({
  schema: z.literal(PROOF_SCHEMA),
  class: z.enum(['dev', 'production']).describe('dev: proved with development keys, or over an attestation marked dev; it proves nothing to anybody'),
  instance: z.enum(INSTANCE_IDS),
  artifacts: z.strictObject({ wasm: sha256, zkey: sha256, vkey: sha256 }).describe('The files it was made with'),
  chainId: z.int().min(1).describe('Where it counts; with consumer and instance it is hashed into the signal domain'),
  consumer: address,
  recipient: address.describe('Hashed with the deadline into the signal binding'),
  deadline: z.int().min(0).describe('Unix seconds'),
  proof: z.strictObject({
    a: z.tuple([coordinate, coordinate]),
    b: z.tuple([z.tuple([coordinate, coordinate]), z.tuple([coordinate, coordinate])]).describe('Each coordinate as [c0, c1] of c0 + c1·u'),
    c: z.tuple([coordinate, coordinate]),
  }),
  signals: z.strictObject({
    attestor: element.describe('Poseidon(Ax, Ay); in committed circuits the commitment'),
    coverage: element,
    domain: element,
    binding: element,
    snapshot: element,
    claim: element,
    scope: element,
    nullifier: element,
    accountRef: element,
  }),
  attestors: z
    .array(z.strictObject({ signer: address, signature: z.string().regex(/^0x[0-9a-f]{130}$/, 'expected 65 bytes') }))
    .describe('Committed circuits: who signed the commitment, ascending; else empty'),
});

/** A proof with all that a verifier needs. It holds nothing of the positions. */
export type ProofBundle = z.infer<typeof bundle>;
export type Groth16Points = ProofBundle['proof'];

/**
 * Reads a proof document: a JSON text or an already parsed value.
 *
 * @throws {PlimsollError} PROOF_INVALID naming the path of the first fault.
 */
export function parseBundle(input: unknown): ProofBundle {
  const parsed = bundle.safeParse(typeof input === 'string' ? readJson(input) : input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw notAProof(`at ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'not understood'}`);
  }
  return parsed.data;
}

/** Writes a proof as a JSON text that {@link parseBundle} reads back. */
export function formatBundle(document: ProofBundle): string {
  return `${JSON.stringify(document, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`;
}

/** The JSON Schema (2020-12) of the document. */
export function proofJsonSchema(): object {
  return { $id: 'urn:plimsoll:proof:1', title: 'Plimsoll proof', ...z.toJSONSchema(bundle, { io: 'input' }) };
}

function readJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw notAProof('the text is not JSON');
  }
}

function notAProof(problem: string): PlimsollError {
  return new PlimsollError('PROOF_INVALID', `Not a proof document of Plimsoll, ${problem}.`);
}
