import type { InstanceId } from '../../instances.ts';
import { getManifestEntry, type KeyManifest, type ManifestEntry } from '../../keys/manifest.ts';
import { refuseStep, unusable } from './ceremony-error.ts';
import { hashFile } from './files.ts';
import { listFileSections, readFileSection } from './section-file.ts';

/** What a circuit's .r1cs file says of its size. */
export interface CircuitSize {
  readonly constraints: number;
  readonly publicSignals: number;
}

const HEADER_SECTION = 1;
/** Width of the field, field, wires, outputs, public inputs, private inputs, labels (64 bits), constraints. */
const HEADER_BYTES = 64;

/**
 * Checks that a compiled circuit is the one of that name.
 *
 * @param circuits a manifest that names the compiled circuits of this release
 * @throws {PlimsollError} KEY_REFUSED or INVALID_FILE
 * @source iden3/r1csfile doc/r1cs_bin_format.md
 */
export async function checkCircuit(path: string, instance: InstanceId, circuits: KeyManifest): Promise<CircuitSize & { readonly entry: ManifestEntry }> {
  const entry = getManifestEntry(circuits, instance);
  const header = await readFileSection(path, (await listFileSections(path, 'r1cs')).get(HEADER_SECTION));
  if (header.byteLength !== HEADER_BYTES) throw unusable(path, 'is not a circuit over BN254.');
  await requireNamed(path, entry.r1cs, `the compiled circuit ${instance}`);
  return { entry, constraints: header.getUint32(60, true), publicSignals: header.getUint32(40, true) + header.getUint32(44, true) };
}

/**
 * Checks a file against the manifest of circuits.
 *
 * @throws {PlimsollError} KEY_REFUSED
 */
export async function requireNamed(path: string, expected: string, what: string): Promise<void> {
  const hash = await hashFile(path, 'sha256');
  if (hash !== expected) throw refuseStep(`${path} is not ${what} of this release (sha256 ${hash.slice(0, 16)}…, expected ${expected.slice(0, 16)}…). Build it with npm run circuits.`);
}
