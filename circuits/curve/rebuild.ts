import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeBase64, sha256 } from 'ethers';
import { buildOriginalModule, optimiseModule } from './optimise.ts';

// Writes src/proof/prover/curve-module.ts: `npx node circuits/curve/rebuild.ts`. Needed after another release of ffjavascript, wasmcurves or binaryen.

const original = await buildOriginalModule();
const optimised = await optimiseModule(original);
const text = `// Written by circuits/curve/rebuild.ts.

/** Hash of the module that was optimised. */
export const OPTIMISED_FROM = '${sha256(original)}';

/** Hash of what it became. */
export const OPTIMISED_SHA256 = '${sha256(optimised)}';

/** That module: WebAssembly, gzipped, base64. */
export const OPTIMISED_GZIPPED =
  '${encodeBase64(gzipSync(optimised, { level: 9 }))}';
`;
writeFileSync(fileURLToPath(new URL('../../src/proof/prover/curve-module.ts', import.meta.url)), text);
process.stdout.write(`curve module: ${original.length} bytes, optimised ${optimised.length}\n`);
