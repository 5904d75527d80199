import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { InvalidFile } from '../../core/errors.ts';
import type { InstanceId } from '../../proof/instances.ts';
import { type KeyEnvironment, loadKeys, loadVerificationKey, type OpenedKeys, type OpenedVerificationKey } from '../../proof/keys/load-keys.ts';
import { type KeyManifest, parseManifest } from '../../proof/keys/manifest.ts';

/** The development keys that the package ships: the manifest of all circuits, every verification key, and what the first run proves with. */
const SHIPPED = fileURLToPath(new URL('../../../circuits/artifacts/', import.meta.url));
/** Where `npm run circuits` puts what is not shipped. */
const BUILT = fileURLToPath(new URL('../../../.cache/circuits/', import.meta.url));

const decompress = promisify(brotliDecompress);

/** Which keys, and where they are to be used. */
export interface KeyRequest {
  readonly instance: InstanceId;
  readonly environment: KeyEnvironment;
  /** A folder with manifest.json and a folder for each circuit; the shipped development keys where absent. */
  readonly folder?: string;
}

/**
 * Opens what proves and verifies a circuit. Files may be compressed (`.br`).
 *
 * @throws {PlimsollError} INVALID_FILE where a file is missing; KEY_REFUSED where one is not fit for use here.
 */
export async function openProvingKeys(request: KeyRequest): Promise<OpenedKeys> {
  const [manifest, wasm, zkey, vkey] = await Promise.all([readManifest(request), readKeyFile(request, 'circuit.wasm'), readKeyFile(request, 'circuit.zkey'), readKeyFile(request, 'vkey.json')]);
  return loadKeys({ manifest, instance: request.instance, environment: request.environment, wasm, zkey, vkey });
}

/** Opens what verifies a circuit alone. @throws {PlimsollError} as {@link openProvingKeys} */
export async function openVerificationKey(request: KeyRequest): Promise<OpenedVerificationKey> {
  const [manifest, vkey] = await Promise.all([readManifest(request), readKeyFile(request, 'vkey.json')]);
  return loadVerificationKey({ manifest, instance: request.instance, environment: request.environment, vkey });
}

async function readManifest({ folder = SHIPPED }: KeyRequest): Promise<KeyManifest> {
  const path = join(folder, 'manifest.json');
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be read as JSON. Name the folder that plimsoll keys wrote, or leave --keys out.`, { file: path }, { cause });
  }
  return parseManifest(document);
}

async function readKeyFile({ instance, folder }: KeyRequest, name: string): Promise<Uint8Array> {
  const roots = folder === undefined ? [SHIPPED, BUILT] : [folder];
  for (const root of roots) {
    const path = join(root, instance, name);
    const bytes = (await findBytes(path)) ?? (await findCompressed(`${path}.br`));
    if (bytes !== null) return bytes;
  }
  const advice = folder === undefined ? `Build it in the repository: npm run circuits -- ${instance}` : 'Make it with plimsoll keys';
  throw new InvalidFile(`${name} of ${instance} is not there. ${advice}.`, { instance, file: name });
}

async function findCompressed(path: string): Promise<Uint8Array | null> {
  const bytes = await findBytes(path);
  if (bytes === null) return null;
  try {
    return await decompress(bytes);
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be decompressed. Get it again.`, { file: path }, { cause });
  }
}

async function findBytes(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new InvalidFile(`${path} cannot be read. Check its permissions.`, { file: path }, { cause });
  }
}
