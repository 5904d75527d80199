import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { checkKeys, loadKeys } from '../../../src/proof/keys/load-keys.ts';
import { type KeyManifest, parseManifest } from '../../../src/proof/keys/manifest.ts';
import { readZkey } from '../../../src/proof/keys/zkey-file.ts';
import { hashContribution } from '../../../src/proof/node/ceremony/contribution-hash.ts';
import { hashFile } from '../../../src/proof/node/ceremony/files.ts';
import { applyBeacon, contributeToKeys, setUpKeys } from '../../../src/proof/node/ceremony/steps.ts';
import { verifyKeys } from '../../../src/proof/node/ceremony/verify-keys.ts';
import { openSnarkjsBackend } from '../../../src/proof/node/snarkjs-backend.ts';
import { openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { runCli } from '../../cli/run-cli.ts';
import { describeTiny, makeTinyCircuit, TINY_INPUTS, type TinyCircuit } from '../keys/tiny-circuit.ts';

const BEACON = { source: 'drand round 4242424', hash: '0x00000000000000000007878ec04bb2b2e12317804810f4c26033585b3f81ffaa', iterations: 10 } as const;
const quiet = (): void => {};

let circuit: TinyCircuit;
let circuits: KeyManifest;
let table: ReadonlyMap<number, string>;
let folder = '';
/** The keys of a whole ceremony, by step: 0 is the setup, then three contributions, then the beacon. */
const keys: string[] = [];
const hashes: string[] = [];

beforeAll(async () => {
  circuit = await makeTinyCircuit();
  circuits = describeTiny(circuit, 'dev');
  table = new Map([[6, await hashFile(circuit.ptau, 'blake2b512')]]);
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-ceremony-'));
  keys.push(...['0', '1', '2', '3', 'final'].map((name) => join(folder, `${name}.zkey`)));
  await setUpKeys({ instance: 'S-committed', r1cs: circuit.r1cs, ptau: circuit.ptau, out: at(0), circuits, table }, quiet);
  for (const step of [1, 2, 3]) hashes.push((await contributeToKeys({ from: at(step - 1), out: at(step), name: `person ${step}`, typed: step === 2 ? 'some text' : '' }, quiet)).hash);
  hashes.push((await applyBeacon({ from: at(3), out: at(4), ...BEACON }, quiet)).hash);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function at(step: number): string {
  return keys[step] ?? '';
}

function verify(changes: Partial<Parameters<typeof verifyKeys>[0]> = {}): ReturnType<typeof verifyKeys> {
  const out = join(folder, `keys-${Math.abs(hashText(JSON.stringify(changes)))}`);
  return verifyKeys({ instance: 'S-committed', r1cs: circuit.r1cs, wasm: circuit.wasm, ptau: circuit.ptau, zkey: at(4), folder: out, circuits, table, ...changes }, quiet);
}

function hashText(text: string): number {
  return Array.from(text).reduce((hash, character) => (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0, 7);
}

/** A copy of a file with one byte changed. */
function altered(file: string, place: number): string {
  const copy = join(folder, `altered-${place}-${hashText(file)}`);
  const bytes = readFileSync(file);
  const index = place < 0 ? bytes.length + place : place;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  writeFileSync(copy, bytes);
  return copy;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return isPlimsollError(error) ? `${error.code}: ${error.message}` : `no refusal: ${String(error)}`;
}

describe('a ceremony', () => {
  test('default: setup, three contributions and a beacon give keys that the loader opens, and that prove', async () => {
    const { entry, files } = await verify({ folder: join(folder, 'default') });
    expect(files.map((file) => file.slice(folder.length))).toEqual([
      '/default/manifest.json',
      '/default/S-committed/circuit.zkey',
      '/default/S-committed/circuit.wasm',
      '/default/S-committed/vkey.json',
      '/default/S-committed/SCommittedVerifier.sol',
    ]);
    const read = (name: string): Buffer => readFileSync(join(folder, 'default', name));
    const manifest = parseManifest(JSON.parse(read('manifest.json').toString()));
    expect(manifest).toMatchObject({ class: 'production', instances: { 'S-committed': { ptau: { kind: 'hermez', power: 6 }, beacon: { ...BEACON, hash: BEACON.hash.slice(2) } } } });
    expect(entry.contributions).toEqual([1, 2, 3].map((step) => ({ name: `person ${step}`, hash: hashes[step - 1] })));
    const request = {
      manifest,
      instance: 'S-committed' as const,
      wasm: read('S-committed/circuit.wasm'),
      zkey: read('S-committed/circuit.zkey'),
      vkey: read('S-committed/vkey.json'),
      environment: { chainId: 1, production: true, allowDevelopment: false },
    };
    const opened = checkKeys(request, table);
    const backend = openSnarkjsBackend();
    const { proof, publicSignals } = await backend.prove({ keys: opened, inputs: TINY_INPUTS });
    await backend.close();
    expect(openGroth16Verifier(opened.vkey)(proof, publicSignals)).toBe(true);
    expect(() => loadKeys(request)).toThrow(/first phase from a published Hermez file/);
    const solidity = read('S-committed/SCommittedVerifier.sol').toString();
    expect(solidity).toContain('contract SCommittedVerifier {');
    expect(solidity).toContain(opened.vkey.alpha1.x.toString());
    expect(solidity).not.toContain('DevelopmentChainsOnly');
  });

  test('behavior: contribution hashes are those that snarkjs names, the beacon\u2019s too', () => {
    const { contributions } = readZkey(readFileSync(at(4)));
    expect(contributions.map(hashContribution)).toEqual(hashes);
    expect(new Set(hashes).size).toBe(4);
  });

  test('behavior: keys of another circuit join the manifest of the folder', async () => {
    const both: KeyManifest = { ...circuits, instances: { ...circuits.instances, 'M-committed': { ...entryOf(circuits), rows: 30 } } };
    const out = join(folder, 'both');
    await verify({ folder: out, circuits: both });
    await verify({ folder: out, circuits: both, instance: 'M-committed' });
    expect(Object.keys(parseManifest(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).instances).toSorted()).toEqual(['M-committed', 'S-committed']);
    expect(await refusal(verify({ folder: out, circuits: both }))).toMatch(/KEY_REFUSED.*is there already/);
  });

  test('error: keys with too few contributions, or without a beacon at their end', async () => {
    expect(await refusal(applyBeacon({ from: at(2), out: join(folder, 'early.zkey'), ...BEACON }, quiet))).toMatch(/KEY_REFUSED.*has 2 contributions.*needs 3/);
    expect(await refusal(verify({ zkey: at(2) }))).toMatch(/has 2 contributions/);
    expect(await refusal(verify({ zkey: at(3) }))).toMatch(/does not end in one beacon/);
    expect(await refusal(verify({ zkey: at(0) }))).toMatch(/has 0 contributions/);
  });

  test('error: nothing is added after the beacon', async () => {
    expect(await refusal(contributeToKeys({ from: at(4), out: join(folder, 'late.zkey'), name: 'late', typed: '' }, quiet))).toMatch(/KEY_REFUSED.*has its beacon already/);
    expect(await refusal(applyBeacon({ from: at(4), out: join(folder, 'late.zkey'), ...BEACON }, quiet))).toMatch(/has its beacon already/);
  });

  test('error: a key whose points were altered, or with a contribution of another ceremony', async () => {
    expect(await refusal(verify({ zkey: swappedPoints(at(4)) }))).toMatch(/KEY_REFUSED.*did not come from this circuit and first phase/);
    const other = join(folder, 'other-1.zkey');
    await contributeToKeys({ from: at(0), out: other, name: 'person 1', typed: '' }, quiet);
    const printed = vi.spyOn(process.stdout, 'write');
    expect(await refusal(verify({ zkey: spliced(other, at(4)) }))).toMatch(/KEY_REFUSED.*did not come from/);
    // snarkjs prints why; with --json that would be a second document.
    expect(printed.mock.calls.map(String).filter((text) => text.includes('INVALID'))).toEqual([]);
    printed.mockRestore();
  });

  test('error: another circuit, another witness program, another first phase', async () => {
    expect(await refusal(verify({ r1cs: altered(circuit.r1cs, -1) }))).toMatch(/KEY_REFUSED.*is not the compiled circuit S-committed/);
    expect(await refusal(verify({ wasm: altered(circuit.wasm, -1) }))).toMatch(/KEY_REFUSED.*is not the witness program/);
    expect(await refusal(verify({ ptau: altered(circuit.ptau, -1) }))).toMatch(/KEY_REFUSED.*is not the published file of power 6.*Download powersOfTau28_hez_final_05\.ptau/);
    expect(await refusal(verify({ ptau: join(circuit.folder, '1.ptau') }))).toMatch(/is not prepared/);
    expect(await refusal(verify({ ptau: circuit.r1cs }))).toMatch(/INVALID_FILE.*is not a \.ptau file/);
    expect(await refusal(verify({ zkey: circuit.r1cs }))).toMatch(/KEY_REFUSED.*not a \.zkey file/);
    expect(await refusal(verify({ zkey: join(folder, 'nowhere') }))).toMatch(/INVALID_FILE.*cannot be read/);
    const cut = join(folder, 'cut.ptau');
    copyFileSync(circuit.ptau, cut);
    truncateSync(cut, readFileSync(cut).length - 64);
    expect(await refusal(verify({ ptau: cut }))).toMatch(/INVALID_FILE.*cut off/);
  });

  test('error: a first phase that is too small', async () => {
    const small = join(folder, 'small.ptau');
    const bytes = readFileSync(circuit.ptau);
    bytes.writeUInt32LE(4, 24 + 4 + 32);
    writeFileSync(small, bytes);
    const step = setUpKeys({ instance: 'S-committed', r1cs: circuit.r1cs, ptau: small, out: join(folder, 'small.zkey'), circuits, table }, quiet);
    expect(await refusal(step)).toMatch(/KEY_REFUSED.*is for 2\^4 rows, the circuit needs 2\^5/);
  });

  test('bad input: names and beacons that cannot be kept', async () => {
    for (const name of ['', 'x'.repeat(65), 'two\nlines', 'zoë'])
      expect(await refusal(contributeToKeys({ from: at(0), out: join(folder, 'n.zkey'), name, typed: '' }, quiet))).toMatch(/INVALID_ARGUMENT/);
    for (const hash of ['', '0x12', 'zz'.repeat(32), 'a'.repeat(33)])
      expect(await refusal(applyBeacon({ from: at(3), out: join(folder, 'n.zkey'), ...BEACON, hash }, quiet))).toMatch(/INVALID_ARGUMENT/);
    for (const iterations of [9, 64, 10.5]) expect(await refusal(applyBeacon({ from: at(3), out: join(folder, 'n.zkey'), ...BEACON, iterations }, quiet))).toMatch(/INVALID_ARGUMENT/);
  });

  test('behavior: a step that is refused or fails leaves no file, and none is written over', async () => {
    const out = join(folder, 'broken.zkey');
    // snarkjs has written most of the new key when it misses this section.
    const bytes = Uint8Array.from(readFileSync(at(3)));
    new DataView(bytes.buffer).setUint32(sectionOf(bytes, 9).start - 12, 99, true);
    expect(await refusal(contributeToKeys({ from: written(bytes, 'lacking.zkey'), out, name: 'a', typed: '' }, quiet))).toMatch(/KEY_REFUSED.*snarkjs cannot take the step "contribute"/);
    expect(existsSync(out)).toBe(false);
    expect(await refusal(contributeToKeys({ from: at(0), out: at(1), name: 'a', typed: '' }, quiet))).toMatch(/is there already/);
    expect(readdirSync(folder).filter((name) => name.includes('draft'))).toEqual([]);
  });
});

describe('plimsoll keys', () => {
  const cli = (...args: readonly string[]): ReturnType<typeof runCli> => runCli(['keys', ...args]);

  test('default: contribute and beacon tell their hashes; --json is one document and what snarkjs prints is progress', async () => {
    const [one, end] = [join(folder, 'cli-1.zkey'), join(folder, 'cli-end.zkey')];
    const contributed = await cli('contribute', at(2), one, '--name', 'somebody', '--json');
    expect(contributed.code).toBe(0);
    expect(JSON.parse(contributed.stdout)).toEqual({ zkey: one, hash: expect.stringMatching(/^[0-9a-f]{128}$/), contributions: 3 });
    expect(contributed.stderr).toMatch(/^Contributing to/);
    const closed = await cli('beacon', one, end, '--source', BEACON.source, '--hash', BEACON.hash, '--iterations', '10');
    expect([closed.code, closed.stdout]).toEqual([0, expect.stringMatching(/^Wrote .*cli-end\.zkey after 3 contributions\.\nbeacon hash [0-9a-f]{128}\n/)]);
    await verify({ zkey: end });
  });

  test('error: a first phase that was not published, in setup and in verify', async () => {
    const manifest = join(folder, 'circuits.json');
    writeFileSync(manifest, JSON.stringify(circuits));
    const files = ['--r1cs', circuit.r1cs, '--ptau', circuit.ptau, '--circuits', manifest];
    const setup = await cli('setup', 'S-committed', ...files, '--out', join(folder, 'cli-0.zkey'), '--json');
    expect([setup.code, JSON.parse(setup.stdout).error.code]).toEqual([5, 'KEY_REFUSED']);
    expect(setup.stderr).toMatch(/is not the published file of power 6/);
    const verified = await cli('verify', 'S-committed', ...files, '--wasm', circuit.wasm, '--zkey', at(4), '--out', join(folder, 'cli-keys'));
    expect([verified.code, verified.stdout]).toEqual([5, '']);
    expect(existsSync(join(folder, 'cli-keys'))).toBe(false);
  });

  test('error: another circuit than the release has, a circuit that is none, a flag missing', async () => {
    const setup = await cli('setup', 'S-committed', '--r1cs', circuit.r1cs, '--ptau', circuit.ptau, '--out', join(folder, 'cli-0.zkey'));
    expect([setup.code, setup.stderr]).toEqual([5, expect.stringMatching(/is not the compiled circuit S-committed of this release/)]);
    expect((await cli('setup', 'XL', '--r1cs', 'a', '--ptau', 'b', '--out', 'c')).code).toBe(2);
    expect((await cli('contribute', at(0), join(folder, 'x.zkey'))).code).toBe(2);
    expect((await cli('beacon', at(3), join(folder, 'x.zkey'), '--source', 's', '--hash', BEACON.hash, '--iterations', 'many')).code).toBe(2);
  });
});

function entryOf(manifest: KeyManifest): NonNullable<KeyManifest['instances']['S-committed']> {
  const entry = manifest.instances['S-committed'];
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

/** Two points of the key's last section of points, exchanged: each is on the curve, together they are another key. */
function swappedPoints(file: string): string {
  const bytes = Uint8Array.from(readFileSync(file));
  const { start } = sectionOf(bytes, 9);
  const first = bytes.slice(start, start + 64);
  bytes.copyWithin(start, start + 64, start + 128);
  bytes.set(first, start + 64);
  return written(bytes, 'swapped.zkey');
}

/** A key with its first contribution taken from another ceremony. */
function spliced(from: string, into: string): string {
  const [donor, bytes] = [readFileSync(from), Uint8Array.from(readFileSync(into))];
  const size = 3 * 64 + 128 + 64;
  const source = sectionOf(donor, 10).start + 68;
  bytes.set(donor.subarray(source, source + size), sectionOf(bytes, 10).start + 68);
  return written(bytes, 'spliced.zkey');
}

function sectionOf(bytes: Uint8Array, id: number): { readonly start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let place = 12;
  while (view.getUint32(place, true) !== id) place += 12 + Number(view.getBigUint64(place + 4, true));
  return { start: place + 12 };
}

function written(bytes: Uint8Array, name: string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}
