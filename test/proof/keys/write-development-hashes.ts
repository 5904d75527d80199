import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSTANCES } from '../../../src/proof/instances.ts';
import { getManifestEntry, parseManifest } from '../../../src/proof/keys/manifest.ts';
import { parseVerificationKey } from '../../../src/proof/keys/verification-key.ts';

const ARTIFACTS = new URL('../../../circuits/artifacts/', import.meta.url);
const TABLE = new URL('../../../src/proof/keys/development-hashes.ts', import.meta.url);

/** The text of src/proof/keys/development-hashes.ts for the development keys that are committed. Run this file to write it. */
export function developmentHashesText(): string {
  const manifest = parseManifest(JSON.parse(readFileSync(new URL('manifest.json', ARTIFACTS), 'utf8')));
  const hashes = INSTANCES.flatMap(({ id }) => {
    const { zkey, vkey } = getManifestEntry(manifest, id);
    return [`  // ${id}: circuit.zkey, vkey.json`, `  '${zkey}',`, `  '${vkey}',`];
  });
  const alphas = INSTANCES.map(({ id }) => parseVerificationKey(readFileSync(new URL(`${id}/vkey.json`, ARTIFACTS))).alpha1.x);
  return `/**
 * The development keys of every circuit: sha256 of each .zkey and vkey.json. Their secrets can be computed by anyone, so they are refused outside
 * development chains whatever a manifest says. Written by test/proof/keys/write-development-hashes.ts.
 */
export const DEVELOPMENT_HASHES: ReadonlySet<string> = new Set([
${hashes.join('\n')}
]);

/** alpha (first coordinate) of every key that was set up from the known tau: a key made from it stays insecure after any number of contributions. */
export const DEVELOPMENT_ALPHAS: ReadonlySet<bigint> = new Set([${[...new Set(alphas)].map((alpha) => `${alpha}n`).join(', ')}]);
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TABLE, developmentHashesText());
