import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '../../../core/errors.ts';
import type { InstanceId } from '../../instances.ts';
import { checkKeys } from '../../keys/load-keys.ts';
import { type KeyManifest, type ManifestEntry, parseManifest } from '../../keys/manifest.ts';
import { readZkey, type ZkeyContribution } from '../../keys/zkey-file.ts';
import { refuseStep, unusable } from './ceremony-error.ts';
import { checkCircuit, requireNamed } from './circuit-file.ts';
import { hashContribution } from './contribution-hash.ts';
import { readBytes, writeFinished } from './files.ts';
import { checkFirstPhase } from './first-phase.ts';
import { renderVerifier, verifierName } from './render-verifier.ts';
import { runSnarkjs } from './run-snarkjs.ts';
import { beaconsOf, type CeremonyLog, LEAST_CONTRIBUTIONS } from './steps.ts';

/** A finished key and what it came from. */
export interface VerifyKeysRequest {
  readonly instance: InstanceId;
  readonly r1cs: string;
  readonly wasm: string;
  readonly ptau: string;
  readonly zkey: string;
  /** Where the keys are put, to be used from there: manifest.json, and a folder for each circuit. */
  readonly folder: string;
  /** Names the compiled circuits of this release. */
  readonly circuits: KeyManifest;
  /** Published first phases: power → blake2b-512. */
  readonly table: ReadonlyMap<number, string>;
}

/** What was verified and written. */
export interface VerifiedKeys {
  readonly instance: InstanceId;
  readonly entry: ManifestEntry;
  /** Files that were written. */
  readonly files: readonly string[];
}

/** Any chain will do that is no development chain: what is checked is fit for use there. */
const PRODUCTION = { chainId: 1, production: true, allowDevelopment: false } as const;

/**
 * Verifies the whole ceremony of a key from the circuit and the first phase, and writes what is needed to use it: its manifest entry, vkey.json, the Solidity
 * verifier, and copies of the key and the witness program. The result is opened by the loader before anything is written.
 *
 * @throws {PlimsollError} KEY_REFUSED saying what is wrong; INVALID_FILE
 */
export async function verifyKeys(request: VerifyKeysRequest, log: CeremonyLog): Promise<VerifiedKeys> {
  const { instance, r1cs, wasm, ptau, circuits, table } = request;
  const { entry: circuit, constraints, publicSignals } = await checkCircuit(r1cs, instance, circuits);
  await requireNamed(wasm, circuit.wasm, `the witness program of ${instance}`);
  const firstPhase = await checkFirstPhase(ptau, table, constraints + publicSignals);
  const [wasmBytes, zkeyBytes] = await Promise.all([readBytes(wasm), readBytes(request.zkey)]);
  const { contributions } = readZkey(zkeyBytes);
  requireCeremony(contributions);
  const answer = await runSnarkjs({ kind: 'verify', r1cs, ptau, zkey: request.zkey }, log);
  if (answer.kind !== 'verdict' || !answer.isSound) {
    throw refuseStep(`${request.zkey} did not come from this circuit and first phase by the contributions that it names. Do not use it; start again from a key that verifies.`);
  }
  const vkeyText = await exportVkey(request.zkey, log);
  const vkeyBytes = new TextEncoder().encode(vkeyText);
  const hashes = { r1cs: circuit.r1cs, wasm: circuit.wasm, zkey: sha256(zkeyBytes), vkey: sha256(vkeyBytes) };
  const entry: ManifestEntry = { ...circuit, ...hashes, constraints, ptau: { kind: 'hermez', ...firstPhase }, ...describeCeremony(contributions) };
  const manifest: KeyManifest = { schema: 'plimsoll/keys@1', class: 'production', instances: { [instance]: entry } };
  // The loader has the last word.
  checkKeys({ manifest: parseManifest(manifest), instance, wasm: wasmBytes, zkey: zkeyBytes, vkey: vkeyBytes, environment: PRODUCTION }, table);
  return { instance, entry, files: await writeKeys(request, entry, vkeyText) };
}

function requireCeremony(contributions: readonly ZkeyContribution[]): void {
  const people = contributions.length - beaconsOf(contributions).length;
  if (people < LEAST_CONTRIBUTIONS) throw refuseStep(`The key has ${people} contributions, a production key needs ${LEAST_CONTRIBUTIONS}. Let others contribute, then apply a beacon.`);
  if (beaconsOf(contributions).length !== 1 || contributions.at(-1)?.beacon === null)
    throw refuseStep('The key does not end in one beacon. Apply it after the last contribution (plimsoll keys beacon).');
}

function describeCeremony(contributions: readonly ZkeyContribution[]): Pick<ManifestEntry, 'contributions' | 'beacon'> {
  const [last] = beaconsOf(contributions);
  return {
    contributions: contributions.filter(({ beacon }) => beacon === null).map((contribution) => ({ name: contribution.name, hash: hashContribution(contribution) })),
    beacon: last === undefined || last.beacon === null ? null : { source: last.name, hash: Buffer.from(last.beacon.hash).toString('hex'), iterations: last.beacon.iterations },
  };
}

async function exportVkey(zkey: string, log: CeremonyLog): Promise<string> {
  const answer = await runSnarkjs({ kind: 'export', zkey }, log);
  if (answer.kind !== 'vkey') throw new InternalError('snarkjs exported no verification key.');
  return answer.text;
}

async function writeKeys({ instance, wasm, zkey, folder }: VerifyKeysRequest, entry: ManifestEntry, vkeyText: string): Promise<readonly string[]> {
  const manifestPath = join(folder, 'manifest.json');
  const known = existsSync(manifestPath) ? await readManifest(manifestPath) : { instances: {} };
  const manifest: KeyManifest = { schema: 'plimsoll/keys@1', class: 'production', instances: { ...known.instances, [instance]: entry } };
  const target = join(folder, instance);
  const solidity = `${verifierName({ instance, keys: 'production' })}.sol`;
  await writeFinished(target, async (draft) => {
    await mkdir(draft);
    await copyFile(zkey, join(draft, 'circuit.zkey'));
    await copyFile(wasm, join(draft, 'circuit.wasm'));
    await writeFile(join(draft, 'vkey.json'), vkeyText);
    await writeFile(join(draft, solidity), renderVerifier(JSON.parse(vkeyText), { instance, keys: 'production' }));
  });
  await writeFile(`${manifestPath}.draft`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(`${manifestPath}.draft`, manifestPath);
  return [manifestPath, ...['circuit.zkey', 'circuit.wasm', 'vkey.json', solidity].map((name) => join(target, name))];
}

async function readManifest(path: string): Promise<KeyManifest> {
  const bytes = await readBytes(path);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw unusable(path, 'is not JSON. Move it away.', cause);
  }
  const manifest = parseManifest(document);
  if (manifest.class !== 'production') throw refuseStep(`${path} is a manifest of development keys. Give another folder for production keys.`);
  return manifest;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
