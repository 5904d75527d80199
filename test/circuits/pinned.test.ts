import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { buildCircuit } from '../../circuits/build-circuit.ts';
import { PROJECT, TOOLS } from '../../circuits/compile.ts';
import { readHeader } from '../../circuits/r1cs.ts';
import { INSTANCES, type InstanceId } from '../../src/proof/instances.ts';
import { getManifestEntry, parseManifest } from '../../src/proof/keys/manifest.ts';
import { usersOf } from '../chain/counts.ts';

const ARTIFACTS = join(PROJECT, 'circuits', 'artifacts');
const TIMEOUT_MS = 1_800_000;
const LONG = usersOf(0, 1) === 1;
const manifest = parseManifest(JSON.parse(readFileSync(join(ARTIFACTS, 'manifest.json'), 'utf8')));

/** What a change of the circuits must change here too, and with it every key. */
const PINNED: Readonly<Record<InstanceId, { readonly constraints: number; readonly wires: number; readonly domain: number }>> = {
  'M-attested': { constraints: 15_511, wires: 15_531, domain: 2 ** 14 },
  'L-attested': { constraints: 24_496, wires: 24_516, domain: 2 ** 15 },
  'S-committed': { constraints: 7_257, wires: 7_278, domain: 2 ** 13 },
  'M-committed': { constraints: 11_058, wires: 11_079, domain: 2 ** 14 },
};

const ids = INSTANCES.map((instance) => instance.id);
const COMPILED = ids.filter((id) => LONG || id === 'S-committed' || id === 'M-attested');

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('the circuits as compiled', () => {
  test.each(COMPILED)('default: %s has the pinned size, nine public signals, and the bytes of the manifest', { timeout: TIMEOUT_MS }, async (id) => {
    const built = await buildCircuit(id, { keys: false });
    const r1cs = readFileSync(built.r1cs);
    const { constraints, wires, domain } = PINNED[id];
    expect(readHeader(r1cs)).toEqual({ constraints, wires, publicSignals: 9 });
    // snarkjs adds a row for each public signal and one for the constant.
    expect(constraints + 9 + 1).toBeLessThanOrEqual(domain);
    const entry = getManifestEntry(manifest, id);
    expect([hashOf(r1cs), hashOf(readFileSync(built.wasm))]).toEqual([entry.r1cs, entry.wasm]);
  });
});

describe('the committed artifacts', () => {
  test.each(ids)('default: %s is in the manifest with its pinned size and the key that is committed', (id) => {
    const entry = getManifestEntry(manifest, id);
    expect(entry.constraints).toBe(PINNED[id].constraints);
    expect([entry.compiler, entry.circomlib]).toEqual([`circom2 ${TOOLS.circom2}`, TOOLS.circomlib]);
    expect(entry.vkey).toBe(hashOf(readFileSync(join(ARTIFACTS, id, 'vkey.json'))));
    expect([entry.ptau.kind, manifest.class]).toEqual(['known-tau', 'dev']);
  });

  test('default: the compressed files of M-attested are those of the manifest', () => {
    const entry = getManifestEntry(manifest, 'M-attested');
    const [wasm, zkey] = ['circuit.wasm.br', 'circuit.zkey.br'].map((name) => hashOf(brotliDecompressSync(readFileSync(join(ARTIFACTS, 'M-attested', name)))));
    expect([wasm, zkey]).toEqual([entry.wasm, entry.zkey]);
  });
});

describe.skipIf(!LONG)('the development keys as built (PLIMSOLL_LONG=1)', () => {
  test.each(ids)('property: %s has the bytes of the manifest', { timeout: TIMEOUT_MS }, async (id) => {
    const built = await buildCircuit(id, { keys: true });
    const entry = getManifestEntry(manifest, id);
    expect([hashOf(readFileSync(built.zkey)), hashOf(readFileSync(built.vkey))]).toEqual([entry.zkey, entry.vkey]);
  });
});
