import * as z from 'zod';
import { pathText } from '../../core/json.ts';
import { getInstance, INSTANCES, type InstanceId } from '../instances.ts';
import { SIGNAL_NAMES } from '../public-signals.ts';
import { KeyRefused } from './key-refused.ts';

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 hash in lower-case hex');
const blake2bHex = z.string().regex(/^[0-9a-f]{128}$/, 'expected a blake2b-512 hash in lower-case hex');

const ptauSchema = z.discriminatedUnion('kind', [
  /** The secret of the first phase is known to everybody: for development only. */
  z.strictObject({ kind: z.literal('known-tau') }),
  z.strictObject({ kind: z.literal('hermez'), power: z.int().min(1).max(28), blake2b: blake2bHex }),
]);

const beaconSchema = z.strictObject({
  /** Where the value is published, as in `drand round 4242424`. */
  source: z.string(),
  /** The value, hex. */
  hash: z.string().regex(/^(?:[0-9a-f]{2}){1,255}$/, 'expected bytes in lower-case hex'),
  /** The value was hashed 2^iterations times. */
  iterations: z.int().min(10).max(63),
});

const entrySchema = z.strictObject({
  constraints: z.int().positive(),
  publicSignals: z.literal(SIGNAL_NAMES.length),
  rows: z.int().positive(),
  mode: z.enum(['attested', 'committed']),
  /** Hashes of the files' bytes. vkey.json is written in one canonical text, so its bytes stand for its content. */
  r1cs: sha256Hex,
  wasm: sha256Hex,
  zkey: sha256Hex,
  vkey: sha256Hex,
  compiler: z.string().min(1),
  circomlib: z.string().min(1),
  ptau: ptauSchema,
  /** The contributions to the second phase in their order, without the beacon: name and blake2b-512 hash. */
  contributions: z.array(z.strictObject({ name: z.string(), hash: blake2bHex })).readonly(),
  beacon: beaconSchema.nullable(),
});

/** Schema of the manifest of proving keys. */
export const manifestSchema = z.strictObject({
  schema: z.literal('plimsoll/keys@1'),
  class: z.enum(['dev', 'production']),
  instances: z.partialRecord(z.enum(INSTANCES.map((instance) => instance.id)), entrySchema),
});

/** Which files are the keys of which circuit, and how they were made. Development keys stand in a manifest of class `dev`. */
export type KeyManifest = z.infer<typeof manifestSchema>;
/** The keys of one circuit. */
export type ManifestEntry = z.infer<typeof entrySchema>;

/**
 * Reads a manifest from parsed JSON.
 *
 * @throws {KeyRefused} naming the first fault.
 */
export function parseManifest(document: unknown): KeyManifest {
  const parsed = manifestSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new KeyRefused(
    'manifest',
    `The manifest of keys is not valid at ${pathText(issue?.path ?? []) || '(top)'}: ${issue?.message ?? 'unknown fault'}. Build it again, or take it from the release.`,
  );
}

/**
 * The entry of a circuit.
 *
 * @throws {KeyRefused} where there is none, or it describes another circuit than the one of that name.
 */
export function getManifestEntry(manifest: KeyManifest, instance: InstanceId): ManifestEntry {
  const entry = manifest.instances[instance];
  if (entry === undefined) throw new KeyRefused('unknown-instance', `The manifest has no keys of ${instance}. Take another circuit or build its keys.`, { instance });
  const { rows, mode } = getInstance(instance);
  if (entry.rows !== rows || entry.mode !== mode) {
    throw new KeyRefused('mismatch', `The manifest describes ${instance} as ${entry.mode} with ${entry.rows} rows; it is ${mode} with ${rows}. Take the manifest of this release.`, { instance });
  }
  return entry;
}
