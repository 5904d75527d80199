import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import { groth16, zKey } from 'snarkjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEVELOPMENT_ALPHAS, DEVELOPMENT_HASHES } from '../../../src/proof/keys/development-hashes.ts';
import { HERMEZ_PTAU } from '../../../src/proof/keys/hermez-ptau.ts';
import { KeyRefused } from '../../../src/proof/keys/key-refused.ts';
import { type KeyEnvironment, loadKeys, loadVerificationKey, type OpenedKeys } from '../../../src/proof/keys/load-keys.ts';
import { type KeyManifest, type ManifestEntry, parseManifest } from '../../../src/proof/keys/manifest.ts';
import { BASE_FIELD_MODULUS, type G1Point } from '../../../src/proof/keys/points.ts';
import { parseVerificationKey } from '../../../src/proof/keys/verification-key.ts';
import { readZkey } from '../../../src/proof/keys/zkey-file.ts';
import { openCurve } from '../../../src/proof/prover/curve.ts';
import { openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { usersOf } from '../../chain/counts.ts';
import { describeTiny, hashFile, makeTinyCircuit, TINY_SIGNALS, type TinyCircuit } from './tiny-circuit.ts';
import { developmentHashesText } from './write-development-hashes.ts';

const LOCAL: KeyEnvironment = { chainId: 31_337, production: false, allowDevelopment: true };
const MAINNET: KeyEnvironment = { chainId: 1, production: true, allowDevelopment: false };
const ARTIFACTS = new URL('../../../circuits/artifacts/', import.meta.url);
const HERMEZ: ManifestEntry['ptau'] = { kind: 'hermez', power: 14, blake2b: HERMEZ_PTAU.get(14) ?? '' };

interface Files {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
  readonly vkey: Uint8Array;
}

let circuit: TinyCircuit;
let good: Files;
beforeAll(async () => {
  circuit = await makeTinyCircuit();
  good = { wasm: readFileSync(circuit.wasm), zkey: readFileSync(circuit.zkey), vkey: readFileSync(circuit.vkey) };
  await openCurve({ singleThread: true });
});

/** Opens changed files under a manifest that names exactly these files. */
function open(changes: Partial<Files> & { readonly class?: KeyManifest['class']; readonly entry?: Partial<ManifestEntry>; readonly environment?: KeyEnvironment } = {}): OpenedKeys {
  const files = { ...good, ...changes };
  const hashes = { wasm: hashFile(files.wasm), zkey: hashFile(files.zkey), vkey: hashFile(files.vkey) };
  const manifest = describeTiny(circuit, changes.class ?? 'dev', { ...hashes, ...changes.entry });
  return loadKeys({ ...files, manifest: parseManifest(manifest), instance: 'S-committed', environment: changes.environment ?? LOCAL });
}

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof KeyRefused) return error.refusal;
    throw error;
  }
  return 'opened';
}

/** A verification key with one field changed. */
function changedVkey(change: (vkey: Record<string, unknown> & { IC: string[][] }) => object): Uint8Array {
  const vkey = JSON.parse(new TextDecoder().decode(good.vkey));
  return new TextEncoder().encode(JSON.stringify({ ...vkey, ...change(vkey) }));
}

describe('loadKeys', () => {
  test('default: development keys on a local chain, production keys anywhere', () => {
    const keys = open();
    expect(keys).toMatchObject({ class: 'dev', instance: 'S-committed' });
    expect(keys.vkey.ic).toHaveLength(10);
    expect(open({ environment: { ...LOCAL, chainId: 1_337 } }).class).toBe('dev');
    expect(open({ class: 'production', entry: { ptau: HERMEZ }, environment: MAINNET }).class).toBe('production');
  });

  test.each(['wasm', 'zkey', 'vkey'] as const)('error: a %s that the manifest does not name', (name) => {
    const altered = Uint8Array.from(good[name]);
    altered.set([(altered.at(-1) ?? 0) ^ 1], altered.length - 1);
    expect(refusalOf(() => open({ [name]: altered, entry: { [name]: hashFile(good[name]) } }))).toBe('hash');
  });

  test.each<[string, KeyEnvironment]>([
    ['on a chain that is not for development', { ...LOCAL, chainId: 1 }],
    ['on a test network', { ...LOCAL, chainId: 11_155_111 }],
    ['in production', { ...LOCAL, production: true }],
    ['where they were not asked for', { ...LOCAL, allowDevelopment: false }],
  ])('error: development keys %s', (_, environment) => {
    expect(refusalOf(() => open({ environment }))).toBe('development');
    expect(refusalOf(() => loadVerificationKey({ manifest: describeTiny(circuit, 'dev'), instance: 'S-committed', vkey: good.vkey, environment }))).toBe('development');
  });

  test.each<[string, Partial<ManifestEntry>]>([
    ['a known first phase', { ptau: { kind: 'known-tau' } }],
    ['a first phase that nobody published', { ptau: { ...HERMEZ, blake2b: '0'.repeat(128) } }],
    ['the hash of another power', { ptau: { ...HERMEZ, power: 15 } }],
    ['no contribution', { ptau: HERMEZ, contributions: [] }],
    ['no beacon', { ptau: HERMEZ, beacon: null }],
  ])('error: production keys with %s', (_, entry) => {
    expect(refusalOf(() => open({ class: 'production', entry, environment: MAINNET }))).toBe('ceremony');
  });

  test('error: keys straight from the setup, also under the verification key of a ceremony', async () => {
    const zkey = readFileSync(circuit.freshZkey);
    const vkey = new TextEncoder().encode(JSON.stringify(await zKey.exportVerificationKey(circuit.freshZkey)));
    expect(refusalOf(() => open({ zkey, vkey }))).toBe('no-contribution');
    expect(refusalOf(() => open({ zkey }))).toBe('no-contribution');
    expect(refusalOf(() => open({ vkey }))).toBe('no-contribution');
  });

  test('error: delta set back to the generator in the header alone', () => {
    const [header, fresh] = [headerAt(good.zkey), headerAt(readFileSync(circuit.freshZkey))];
    const zkey = Uint8Array.from(good.zkey);
    zkey.set(readFileSync(circuit.freshZkey).subarray(fresh, fresh + HEADER_BYTES), header);
    expect(refusalOf(() => open({ zkey }))).toBe('no-contribution');
  });

  test.each<[string, string, () => Uint8Array]>([
    ['eight public signals', 'public-signals', () => changedVkey(({ IC }) => ({ nPublic: 8, IC: IC.slice(0, 9) }))],
    ['fewer IC points than signals', 'public-signals', () => changedVkey(({ IC }) => ({ IC: IC.slice(0, 9) }))],
    ['another number of signals than IC points', 'public-signals', () => changedVkey(() => ({ nPublic: 10 }))],
    ['a point off its curve', 'point', () => changedVkey(({ IC }) => ({ IC: IC.with(3, ['1', '3', '1']) }))],
    ['a point with a coordinate that is not reduced', 'point', () => changedVkey(({ IC }) => ({ IC: IC.with(3, [String(1n + BASE_FIELD_MODULUS), '2', '1']) }))],
    ['a point at infinity', 'point', () => changedVkey(({ IC }) => ({ IC: IC.with(3, ['0', '0', '1']) }))],
    ['a point outside the subgroup', 'point', () => changedVkey(() => ({ vk_delta_2: twistPoint() }))],
    ['another IC point than the proving key', 'mismatch', () => changedVkey(({ IC }) => ({ IC: IC.with(3, IC[2] ?? []) }))],
    ['another delta than the proving key', 'mismatch', () => changedVkey((vkey) => ({ vk_delta_2: vkey['vk_beta_2'] }))],
    ['another gamma than the generator', 'mismatch', () => changedVkey((vkey) => ({ vk_gamma_2: vkey['vk_beta_2'] }))],
    ['another curve', 'form', () => changedVkey(() => ({ curve: 'bls12381' }))],
    ['no JSON', 'form', () => new TextEncoder().encode('{')],
  ])('error: a verification key with %s', (_, refusal, vkey) => {
    expect(refusalOf(() => open({ vkey: vkey() }))).toBe(refusal);
  });

  test('error: a verification key with another gamma than the generator, by itself', () => {
    const vkey = changedVkey((key) => ({ vk_gamma_2: key['vk_beta_2'] }));
    const manifest = describeTiny(circuit, 'dev', { vkey: hashFile(vkey) });
    expect(refusalOf(() => loadVerificationKey({ manifest, instance: 'S-committed', vkey, environment: LOCAL }))).toBe('mismatch');
  });

  test('error: a proving key with a point of another group, cut off, or of another form', () => {
    const altered = Uint8Array.from(good.zkey);
    const alpha = headerAt(good.zkey) + HEADER_BYTES - 2 * 192 - 3 * 64 + 64;
    altered.set([(altered[alpha] ?? 0) ^ 1], alpha);
    expect(refusalOf(() => open({ zkey: altered }))).toBe('point');
    expect(refusalOf(() => open({ zkey: good.zkey.subarray(0, good.zkey.length - 1) }))).toBe('form');
    expect(refusalOf(() => open({ zkey: good.wasm }))).toBe('form');
  });

  test('error: contributions other than those of the manifest', () => {
    const second = { name: 'second', hash: '0'.repeat(128) };
    const [first] = describeTiny(circuit, 'dev').instances['S-committed']?.contributions ?? [];
    const beacon = describeTiny(circuit, 'dev').instances['S-committed']?.beacon ?? null;
    expect(refusalOf(() => open({ entry: { contributions: [] } }))).toBe('mismatch');
    expect(refusalOf(() => open({ entry: { contributions: [second] } }))).toBe('mismatch');
    expect(refusalOf(() => open({ entry: { contributions: first === undefined ? [] : [first, second] } }))).toBe('mismatch');
    expect(refusalOf(() => open({ entry: { beacon: null } }))).toBe('mismatch');
    expect(refusalOf(() => open({ entry: { beacon: beacon === null ? null : { ...beacon, hash: 'ff' } } }))).toBe('mismatch');
  });

  test('error: a beacon in the manifest and none in the key, or a record that does not end in the key\u2019s delta', async () => {
    const before = join(circuit.folder, '1.zkey');
    const vkey = new TextEncoder().encode(JSON.stringify(await zKey.exportVerificationKey(before)));
    expect(refusalOf(() => open({ zkey: readFileSync(before), vkey }))).toBe('mismatch');
    const first = sectionAt(good.zkey, 10) + 64 + 4;
    const zkey = Uint8Array.from(good.zkey);
    zkey.copyWithin(lastContributionAt(good.zkey), first, first + 64);
    expect(readZkey(zkey).contributions).toHaveLength(2);
    expect(refusalOf(() => open({ zkey }))).toBe('mismatch');
  });

  test('error: another circuit than the one asked for', () => {
    expect(refusalOf(() => open({ entry: { rows: 30 } }))).toBe('mismatch');
    expect(refusalOf(() => loadVerificationKey({ manifest: describeTiny(circuit, 'dev'), instance: 'M-attested', vkey: good.vkey, environment: LOCAL }))).toBe('unknown-instance');
  });

  test('property: whatever bytes are changed, the proving key is read or refused', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.zkey.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(good.zkey);
        for (const [at, bits] of changes) bytes.set([(bytes[at] ?? 0) ^ bits], at);
        expect(refusalOf(() => readZkey(bytes))).toMatch(/^(opened|form|point)$/);
      }),
      { seed: 4, numRuns: usersOf(60, 2_000) },
    );
  });
});

describe('development keys in disguise', () => {
  const manifest = parseManifest(JSON.parse(readFileSync(new URL('manifest.json', ARTIFACTS), 'utf8')));
  const vkey = readFileSync(new URL('M-attested/vkey.json', ARTIFACTS));

  test('behavior: the table in code is that of the committed artifacts', () => {
    expect(readFileSync(new URL('../../../src/proof/keys/development-hashes.ts', import.meta.url), 'utf8')).toBe(developmentHashesText());
    expect([DEVELOPMENT_HASHES.size, DEVELOPMENT_ALPHAS.size]).toEqual([8, 1]);
  });

  test('error: a manifest that calls them production keys, on any chain', () => {
    const entry = manifest.instances['M-attested'];
    if (entry === undefined) throw new Error('no entry');
    const disguised = (changes: Partial<ManifestEntry>): KeyManifest => ({
      ...manifest,
      class: 'production',
      instances: { 'M-attested': { ...entry, ptau: HERMEZ, contributions: [{ name: 'first', hash: '0'.repeat(128) }], ...changes } },
    });
    const load = (bytes: Uint8Array, environment: KeyEnvironment): string =>
      refusalOf(() => loadVerificationKey({ manifest: disguised({ vkey: hashFile(bytes) }), instance: 'M-attested', vkey: bytes, environment }));
    expect(load(vkey, MAINNET)).toBe('development');
    expect(load(vkey, LOCAL)).toBe('development');
    const rewritten = new TextEncoder().encode(`${new TextDecoder().decode(vkey)}\n`);
    expect(load(rewritten, MAINNET)).toBe('development');
    expect(loadVerificationKey({ manifest, instance: 'M-attested', vkey, environment: LOCAL }).class).toBe('dev');
  });

  test('error: a known development proving key beside another verification key', () => {
    const zkey = brotliDecompressSync(readFileSync(new URL('M-attested/circuit.zkey.br', ARTIFACTS)));
    expect(refusalOf(() => open({ class: 'production', zkey, entry: { ptau: HERMEZ }, environment: MAINNET }))).toBe('development');
  });
});

describe('parseManifest', () => {
  test('default: what is written is read back', () => {
    const manifest = describeTiny(circuit, 'dev');
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  test.each<[string, (manifest: KeyManifest) => unknown]>([
    ['another schema', (manifest) => ({ ...manifest, schema: 'plimsoll/keys@2' })],
    ['a class that is none', (manifest) => ({ ...manifest, class: 'staging' })],
    ['a circuit that is none', (manifest) => ({ ...manifest, instances: { 'XL-attested': manifest.instances['S-committed'] } })],
    ['another number of signals', (manifest) => ({ ...manifest, instances: { 'S-committed': { ...manifest.instances['S-committed'], publicSignals: 10 } } })],
    ['a hash that is none', (manifest) => ({ ...manifest, instances: { 'S-committed': { ...manifest.instances['S-committed'], zkey: 'ABC' } } })],
    ['a field more', (manifest) => ({ ...manifest, note: 'trust me' })],
    ['nothing', () => null],
  ])('bad input: %s', (_, change) => {
    expect(refusalOf(() => parseManifest(change(describeTiny(circuit, 'dev'))))).toBe('manifest');
  });
});

describe('a key without contribution', () => {
  test('error: anyone forges with it, and it is refused', async () => {
    const vkey = await zKey.exportVerificationKey(circuit.freshZkey);
    const bytes = new TextEncoder().encode(JSON.stringify(vkey));
    const signals = TINY_SIGNALS.map((signal) => signal + 1_000n);
    const points = parseVerificationKey(bytes);
    const [constant, ...ic] = points.ic;
    if (constant === undefined) throw new Error('no constant');
    const c = ic.reduce<G1Point>((sum, point, at) => sum.add(point.multiply(signals[at] ?? 0n)), constant).negate();
    const beta = points.beta2.toAffine();
    const forged = {
      a: [points.alpha1.x, points.alpha1.y],
      b: [
        [beta.x.c0, beta.x.c1],
        [beta.y.c0, beta.y.c1],
      ],
      c: [c.x, c.y],
    } as const;
    const text = { pi_a: [...forged.a.map(String), '1'], pi_b: [...forged.b.map((pair) => pair.map(String)), ['1', '0']], pi_c: [...forged.c.map(String), '1'], protocol: 'groth16', curve: 'bn128' };
    expect(await groth16.verify(vkey, signals.map(String), text)).toBe(true);
    expect(await groth16.verify(JSON.parse(new TextDecoder().decode(good.vkey)), signals.map(String), text)).toBe(false);
    const proof = { a: [...forged.a], b: [[...forged.b[0]], [...forged.b[1]]], c: [...forged.c] } as Parameters<ReturnType<typeof openGroth16Verifier>>[0];
    expect(openGroth16Verifier(points)(proof, signals)).toBe(true);
    expect(openGroth16Verifier(parseVerificationKey(good.vkey))(proof, signals)).toBe(false);
    expect(refusalOf(() => open({ zkey: readFileSync(circuit.freshZkey), vkey: bytes }))).toBe('no-contribution');
  });
});

/** Two primes with their lengths, three counts, three points of the first group, three of the second. */
const HEADER_BYTES = 2 * 36 + 12 + 3 * 64 + 3 * 128;

/** Where the header's section begins. */
function headerAt(zkey: Uint8Array): number {
  return sectionAt(zkey, 2);
}

function sectionAt(zkey: Uint8Array, id: number): number {
  const view = new DataView(zkey.buffer, zkey.byteOffset, zkey.byteLength);
  let at = 12;
  while (view.getUint32(at, true) !== id) at += 12 + Number(view.getBigUint64(at + 4, true));
  return at + 12;
}

/** Where the second contribution begins: after three points of the first group, one of the second, a transcript, a type, and parameters with their length. */
function lastContributionAt(zkey: Uint8Array): number {
  const first = sectionAt(zkey, 10) + 64 + 4;
  const parameters = first + 3 * 64 + 128 + 64 + 4;
  return parameters + 4 + new DataView(zkey.buffer, zkey.byteOffset, zkey.byteLength).getUint32(parameters, true);
}

/** A point of the twist that is not in the subgroup: the twist has 2p − r times as many points. */
function twistPoint(): string[][] {
  const { Fp2 } = bn254.fields;
  for (let c0 = 1n; ; c0 += 1n) {
    const x = Fp2.create({ c0, c1: 0n });
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), bn254.G2.Point.CURVE().b);
    const y = rootOrNull(square);
    if (y !== null)
      return [
        [String(x.c0), String(x.c1)],
        [String(y.c0), String(y.c1)],
        ['1', '0'],
      ];
  }
}

function rootOrNull(square: Parameters<typeof bn254.fields.Fp2.sqrt>[0]): ReturnType<typeof bn254.fields.Fp2.sqrt> | null {
  try {
    return bn254.fields.Fp2.sqrt(square);
  } catch {
    return null;
  }
}
