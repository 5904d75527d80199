import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { argv, stdout } from 'node:process';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { getInstance, INSTANCES, type InstanceId } from '../src/proof/instances.ts';
import { type KeyManifest, type ManifestEntry, parseManifest } from '../src/proof/keys/manifest.ts';
import { buildCircuit, type KeyedCircuit } from './build-circuit.ts';
import { PROJECT, TOOLS } from './compile.ts';
import { readHeader } from './r1cs.ts';
import { KNOWN_BEACON } from './setup/known-tau.ts';

// `npm run circuits [-- <instance> …]`: compiles the circuits, makes their DEVELOPMENT keys, and writes what is committed of them to circuits/artifacts.

const ARTIFACTS = join(PROJECT, 'circuits', 'artifacts');
const BUILD_WORKER = join(PROJECT, 'circuits', 'build-worker.ts');
const MANIFEST = join(ARTIFACTS, 'manifest.json');
/** The circuit whose files are committed, so that the first run needs no build. */
const COMMITTED: InstanceId = 'M-attested';

const asked = argv.slice(2).map((name) => getInstance(name).id);
const ids = asked.length > 0 ? asked : INSTANCES.map((instance) => instance.id);

stdout.write(
  `DEVELOPMENT keys: INSECURE. The secrets of their first phase are computed from texts in circuits/setup/known-tau.ts,\nthe beacon of their second is the constant ${KNOWN_BEACON.hash}. Anyone can forge proofs with them.\n`,
);
const built = new Map<InstanceId, ManifestEntry>();
const waiting = [...ids];
await Promise.all(Array.from({ length: availableParallelism() }, buildWaiting));
writeFileSync(MANIFEST, `${JSON.stringify(mergeManifest(built), null, 2)}\n`);

/** Builds what nobody has begun, one circuit after the other. */
async function buildWaiting(): Promise<void> {
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    const started = performance.now();
    await promisify(execFile)(process.execPath, [BUILD_WORKER, id]);
    const circuit = await buildCircuit(id, { keys: true });
    const entry = describe(id, circuit);
    built.set(id, entry);
    await writeArtifacts(id, circuit);
    stdout.write(`${id}: ${entry.constraints} constraints, zkey ${entry.zkey.slice(0, 16)}…, ${Math.round((performance.now() - started) / 1000)} s\n`);
  }
}

function describe(id: InstanceId, circuit: KeyedCircuit): ManifestEntry {
  const { rows, mode } = getInstance(id);
  const { constraints } = readHeader(readFileSync(circuit.r1cs));
  return {
    constraints,
    publicSignals: 9,
    rows,
    mode,
    r1cs: hashFile(circuit.r1cs),
    wasm: hashFile(circuit.wasm),
    zkey: hashFile(circuit.zkey),
    vkey: hashFile(circuit.vkey),
    compiler: `circom2 ${TOOLS.circom2}`,
    circomlib: TOOLS.circomlib,
    ptau: { kind: 'known-tau' },
    contributions: [],
    beacon: { ...KNOWN_BEACON },
  };
}

/** Entries that were not built this time stay as they are. */
function mergeManifest(entries: ReadonlyMap<InstanceId, ManifestEntry>): KeyManifest {
  const present = existsSync(MANIFEST) ? parseManifest(JSON.parse(readFileSync(MANIFEST, 'utf8'))).instances : {};
  const merged = INSTANCES.map(({ id }) => [id, entries.get(id) ?? present[id]] as const).filter(([, entry]) => entry !== undefined);
  return parseManifest({ schema: 'plimsoll/keys@1', class: 'dev', instances: Object.fromEntries(merged) });
}

async function writeArtifacts(id: InstanceId, circuit: KeyedCircuit): Promise<void> {
  const folder = join(ARTIFACTS, id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vkey.json'), readFileSync(circuit.vkey));
  if (id !== COMMITTED) return;
  writeFileSync(join(folder, 'circuit.wasm.br'), await compress(circuit.wasm));
  writeFileSync(join(folder, 'circuit.zkey.br'), await compress(circuit.zkey));
}

function compress(file: string): Promise<Buffer> {
  const bytes = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return promisify(brotliCompress)(bytes, { params });
}

function hashFile(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
