import { PlimsollError } from '../../core/errors.ts';
import { type KeyManifest, loadKeys, loadVerificationKey, type OpenedKeys, type OpenedVerificationKey, parseManifest } from '../../proof/index.ts';
import type { InstanceId } from '../../proof/instances.ts';

/** Bytes of the files of a circuit, nearly: what a bar of progress needs, and nothing else counts on it. */
const SIZES: Readonly<Record<InstanceId, number>> = { 'M-attested': 13.4e6, 'L-attested': 20.5e6, 'S-committed': 7.8e6, 'M-committed': 10.9e6 };

interface KeyPlace {
  readonly instance: InstanceId;
  readonly chainId: number;
}

/**
 * Fetches what proves a circuit and checks it: hashes, points, contributions.
 *
 * @param onShare told how much has come, 0 to 1
 * @throws {PlimsollError} KEY_REFUSED, SOURCE_UNREACHABLE
 */
export async function fetchKeys({ instance, chainId }: KeyPlace, onShare: (share: number) => void): Promise<OpenedKeys> {
  let read = 0;
  const count = (bytes: number): void => {
    read += bytes;
    onShare(Math.min(1, read / SIZES[instance]));
  };
  const manifest = await fetchManifest();
  const hashes = manifest.instances[instance];
  // The hash in the address lets the browser keep the file.
  const file = (name: string, hash = ''): Promise<Uint8Array<ArrayBuffer>> => fetchBytes(`/proving-keys/${instance}/${name}?v=${hash}`, count);
  const [wasm, zkey, vkey] = await Promise.all([file('circuit.wasm', hashes?.wasm), file('circuit.zkey', hashes?.zkey), file('vkey.json', hashes?.vkey)]);
  return loadKeys({ manifest, instance, environment: environmentOn(chainId), wasm, zkey, vkey });
}

/** Fetches what verifies a circuit alone. @throws {PlimsollError} */
export async function fetchVerificationKey({ instance, chainId }: KeyPlace): Promise<OpenedVerificationKey> {
  const [manifest, vkey] = await Promise.all([fetchManifest(), fetchBytes(`/proving-keys/${instance}/vkey.json`, () => undefined)]);
  return loadVerificationKey({ manifest, instance, environment: environmentOn(chainId), vkey });
}

/** Development keys are refused by themselves on every chain that is not a local one. */
function environmentOn(chainId: number): { chainId: number; production: boolean; allowDevelopment: boolean } {
  return { chainId, production: false, allowDevelopment: true };
}

async function fetchManifest(): Promise<KeyManifest> {
  const bytes = await fetchBytes('/proving-keys/manifest.json', () => undefined);
  return parseManifest(JSON.parse(new TextDecoder().decode(bytes)));
}

async function fetchBytes(path: string, count: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path).catch(() => null);
  if (response === null) throw new PlimsollError('SOURCE_UNREACHABLE', 'The service does not answer, so the proving keys cannot be fetched. Start it and try again.');
  if (!response.ok || response.body === null) {
    throw new PlimsollError('KEY_REFUSED', `The service has no ${path.replace(/\?.*$/, '')} (status ${response.status}). Keys of other circuits are built with npm run circuits.`);
  }
  const chunks: Uint8Array[] = [];
  for (let reader = response.body.getReader(), next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    count(next.value.length);
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}
