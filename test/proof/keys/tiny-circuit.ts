import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { powersOfTau, zKey } from 'snarkjs';
import type { KeyManifest, ManifestEntry } from '../../../src/proof/keys/manifest.ts';
import { openCurve } from '../../../src/proof/prover/curve.ts';

/** Nine public signals, as a real one has, and one private: attestor must be its square, the others are bound by squares. */
const SOURCE = `pragma circom 2.1.9;
template Tiny() {
  signal input attestor; signal input coverage; signal input domain; signal input binding; signal input snapshot;
  signal input claim; signal input scope; signal input nullifier; signal input accountRef;
  signal input root;
  attestor === root * root;
  signal squares[8];
  squares[0] <== coverage * coverage; squares[1] <== domain * domain; squares[2] <== binding * binding; squares[3] <== snapshot * snapshot;
  squares[4] <== claim * claim; squares[5] <== scope * scope; squares[6] <== nullifier * nullifier; squares[7] <== accountRef * accountRef;
}
component main {public [attestor, coverage, domain, binding, snapshot, claim, scope, nullifier, accountRef]} = Tiny();
`;
/** Bumped when what is made below changes. */
const VERSION = 1;
const POWER = 6;
const BEACON = { source: 'test', hash: '0102030405060708090a0b0c0d0e0f10', iterations: 10 } as const;
const PROJECT = resolve(import.meta.dirname, '../../..');
const CACHE = join(PROJECT, '.cache', 'tiny-circuit');

/** Files of a circuit that is compiled and set up in a moment. The ceremony is a real one, with one contribution before its beacon. */
export interface TinyCircuit {
  readonly folder: string;
  readonly r1cs: string;
  readonly wasm: string;
  /** A first phase that nobody published. */
  readonly ptau: string;
  /** Straight from the setup: delta = gamma. */
  readonly freshZkey: string;
  readonly zkey: string;
  readonly vkey: string;
}

/** Inputs that satisfy it. */
export const TINY_INPUTS = { attestor: '49', coverage: '2', domain: '3', binding: '4', snapshot: '5', claim: '6', scope: '7', nullifier: '8', accountRef: '9', root: '7' } as const;
/** The signals of {@link TINY_INPUTS}. */
export const TINY_SIGNALS: readonly bigint[] = [49n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n];

/** Compiles it and runs its ceremony, once; later calls find the files. */
export async function makeTinyCircuit(): Promise<TinyCircuit> {
  const key = createHash('sha256').update(`${VERSION}\n${SOURCE}`).digest('hex').slice(0, 16);
  const folder = join(CACHE, key);
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true });
    const unfinished = mkdtempSync(join(CACHE, 'unfinished-'));
    await build(filesIn(unfinished));
    moveInto(unfinished, folder);
  }
  return filesIn(folder);
}

function filesIn(folder: string): TinyCircuit {
  const file = (name: string): string => join(folder, name);
  return {
    folder,
    r1cs: file('tiny.r1cs'),
    wasm: file('tiny_js/tiny.wasm'),
    ptau: file('final.ptau'),
    freshZkey: file('fresh.zkey'),
    zkey: file('circuit.zkey'),
    vkey: file('vkey.json'),
  };
}

async function build({ folder, r1cs, ptau, freshZkey, zkey, vkey }: TinyCircuit): Promise<void> {
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('tiny.circom'), SOURCE);
  const compiler = join(PROJECT, 'node_modules/circom2/cli.js');
  execFileSync(process.execPath, [compiler, relative(PROJECT, file('tiny.circom')), '--r1cs', '--wasm', '--O2', '-o', relative(PROJECT, folder)], { cwd: PROJECT, stdio: 'ignore' });
  const curve = await openCurve({ singleThread: true });
  await powersOfTau.newAccumulator(curve, POWER, file('0.ptau'));
  await powersOfTau.beacon(file('0.ptau'), file('1.ptau'), 'test', BEACON.hash, BEACON.iterations);
  await powersOfTau.preparePhase2(file('1.ptau'), ptau);
  await zKey.newZKey(r1cs, ptau, freshZkey);
  await zKey.contribute(freshZkey, file('1.zkey'), 'first', 'a text');
  await zKey.beacon(file('1.zkey'), zkey, BEACON.source, BEACON.hash, BEACON.iterations);
  writeFileSync(vkey, `${JSON.stringify(await zKey.exportVerificationKey(zkey))}\n`);
}

/** Another process may have been as fast. */
function moveInto(unfinished: string, folder: string): void {
  try {
    renameSync(unfinished, folder);
  } catch {
    rmSync(unfinished, { recursive: true });
  }
}

/** A manifest that names these files as the keys of S-committed. */
export function describeTiny(circuit: TinyCircuit, manifestClass: KeyManifest['class'], changes: Partial<ManifestEntry> = {}): KeyManifest {
  const entry: ManifestEntry = {
    constraints: 9,
    publicSignals: 9,
    rows: 16,
    mode: 'committed',
    r1cs: hashFile(circuit.r1cs),
    wasm: hashFile(circuit.wasm),
    zkey: hashFile(circuit.zkey),
    vkey: hashFile(circuit.vkey),
    compiler: 'circom 2.2.3',
    circomlib: '2.0.5',
    ptau: { kind: 'known-tau' },
    contributions: [{ name: 'first', hash: '0'.repeat(128) }],
    beacon: BEACON,
    ...changes,
  };
  return { schema: 'plimsoll/keys@1', class: manifestClass, instances: { 'S-committed': entry } };
}

/** sha256 of a file or of bytes, hex. */
export function hashFile(file: string | Uint8Array): string {
  return createHash('sha256')
    .update(typeof file === 'string' ? readFileSync(file) : file)
    .digest('hex');
}
