import { bn254 } from '@noble/curves/bn254.js';
import { sha256 } from 'ethers';
import type { InstanceId } from '../instances.ts';
import { SIGNAL_NAMES } from '../public-signals.ts';
import { DEVELOPMENT_ALPHAS, DEVELOPMENT_HASHES } from './development-hashes.ts';
import { HERMEZ_PTAU } from './hermez-ptau.ts';
import { KeyRefused } from './key-refused.ts';
import { getManifestEntry, type KeyManifest, type ManifestEntry } from './manifest.ts';
import { G2_GENERATOR } from './points.ts';
import { parseVerificationKey, type VerificationKey } from './verification-key.ts';
import { readZkey, type ZkeyFile } from './zkey-file.ts';

/** Chains on which proofs with development keys may count: those of local nodes. */
export const DEVELOPMENT_CHAINS: readonly number[] = [31_337, 1_337];

/** Where keys are to be used. */
export interface KeyEnvironment {
  /** The chain on which the proofs are to count. */
  readonly chainId: number;
  /** Whether this is a production process (NODE_ENV=production). */
  readonly production: boolean;
  /** Whether the user has asked for development keys. */
  readonly allowDevelopment: boolean;
}

/** What verifies proofs of a circuit, checked. */
export interface OpenedVerificationKey {
  readonly instance: InstanceId;
  /** `dev`: anyone can forge proofs for this key. */
  readonly class: KeyManifest['class'];
  readonly entry: ManifestEntry;
  readonly vkey: VerificationKey;
}

/** What proves and verifies one circuit, checked and held in memory. The bytes must not be changed. */
export interface OpenedKeys extends OpenedVerificationKey {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
}

/** A verification key to be checked: the bytes of vkey.json. */
export interface VerificationKeyRequest {
  readonly manifest: KeyManifest;
  readonly instance: InstanceId;
  readonly vkey: Uint8Array;
  readonly environment: KeyEnvironment;
}

/** Keys to be checked, as bytes of their files. */
export interface KeysRequest extends VerificationKeyRequest {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
}

/**
 * Checks the keys of a circuit against the manifest and against what makes keys unsafe, and opens them.
 *
 * Refused are: a file that the manifest does not name; development keys outside development chains, in production or unasked for (known ones also where
 * a manifest calls them production keys); keys without a contribution to the second phase, from which anyone can forge; another number of public signals than
 * nine; points off their curve or group; a verification key other than the one inside the proving key; production keys without a published first phase,
 * contributions and a beacon.
 *
 * @throws {KeyRefused}
 */
export function loadKeys(request: KeysRequest): OpenedKeys {
  return checkKeys(request, HERMEZ_PTAU);
}

/**
 * As {@link loadKeys}, with another table of published first phases.
 *
 * @param table power → blake2b-512 of the file, hex
 * @throws {KeyRefused}
 */
export function checkKeys(request: KeysRequest, table: ReadonlyMap<number, string>): OpenedKeys {
  const { manifest, instance, wasm, zkey } = request;
  const entry = getManifestEntry(manifest, instance);
  requireHash(wasm, entry.wasm, `circuit.wasm of ${instance}`);
  const zkeyHash = requireHash(zkey, entry.zkey, `circuit.zkey of ${instance}`);
  const opened = checkVerificationKey(request, table);
  refuseKnownDevelopment(request, zkeyHash);
  const file = readZkey(zkey);
  requireSafe(file.vkey);
  requireSame(file.vkey, opened.vkey);
  requireContributions(file, entry);
  return { ...opened, wasm, zkey };
}

/**
 * Checks a verification key alone, as {@link loadKeys} does: enough to verify proofs.
 *
 * @throws {KeyRefused}
 */
export function loadVerificationKey(request: VerificationKeyRequest): OpenedVerificationKey {
  return checkVerificationKey(request, HERMEZ_PTAU);
}

function checkVerificationKey(request: VerificationKeyRequest, table: ReadonlyMap<number, string>): OpenedVerificationKey {
  const { manifest, instance } = request;
  const entry = getManifestEntry(manifest, instance);
  const hash = requireHash(request.vkey, entry.vkey, `vkey.json of ${instance}`);
  if (manifest.class === 'dev') requireDevelopment(request);
  else requireCeremony(instance, entry, table);
  refuseKnownDevelopment(request, hash);
  const vkey = parseVerificationKey(request.vkey);
  if (manifest.class === 'production' && DEVELOPMENT_ALPHAS.has(vkey.alpha1.x)) throw disguised(instance);
  requireSafe(vkey);
  return { instance, class: manifest.class, entry, vkey };
}

function requireHash(bytes: Uint8Array, expected: string, name: string): string {
  const hash = sha256(bytes).slice(2);
  if (hash !== expected) throw new KeyRefused('hash', `${name} is not the file that the manifest names (sha256 ${hash}, expected ${expected}). Download or build it again.`, { file: name });
  return hash;
}

function requireDevelopment({ instance, environment }: VerificationKeyRequest): void {
  const { chainId, production, allowDevelopment } = environment;
  if (production) throw development(instance, 'they are never used in production', chainId);
  if (!DEVELOPMENT_CHAINS.includes(chainId)) throw development(instance, `they are used on the chains ${DEVELOPMENT_CHAINS.join(' and ')} only, not on ${chainId}`, chainId);
  if (!allowDevelopment) throw development(instance, 'they were not asked for', chainId);
}

function refuseKnownDevelopment({ manifest, instance }: VerificationKeyRequest, hash: string): void {
  if (manifest.class === 'production' && DEVELOPMENT_HASHES.has(hash)) throw disguised(instance);
}

function development(instance: InstanceId, why: string, chainId: number): KeyRefused {
  return new KeyRefused('development', `The keys of ${instance} are development keys: anyone can forge proofs with them, so ${why}. Take the keys of a ceremony (plimsoll keys).`, {
    instance,
    chainId,
  });
}

function disguised(instance: InstanceId): KeyRefused {
  return new KeyRefused('development', `The manifest calls the keys of ${instance} production keys; they are the known development keys, whose secrets are public. Do not use this manifest.`, {
    instance,
  });
}

/**
 * What a key needs for its proofs to mean anything.
 *
 * @throws {KeyRefused} for another number of public signals than nine, and where delta was never changed: with delta = gamma, the proof
 *   A = alpha, B = beta, C = −(IC_0 + Σ signal_i · IC_i) verifies for any signals.
 */
function requireSafe(vkey: VerificationKey): void {
  const signals = vkey.ic.length - 1;
  if (signals !== SIGNAL_NAMES.length) throw new KeyRefused('public-signals', `The key is for ${signals} public signals; a proof of Plimsoll has ${SIGNAL_NAMES.length}.`, { signals });
  if (!vkey.gamma2.equals(G2_GENERATOR)) throw new KeyRefused('mismatch', 'The key has another gamma than the generator, which no setup makes. Take the key of the release.');
  if (vkey.delta2.equals(vkey.gamma2)) {
    throw new KeyRefused('no-contribution', 'Nobody has contributed to the key (delta = gamma): anyone can forge proofs with it. Take the key of a ceremony.');
  }
}

function requireSame(inside: VerificationKey, vkey: VerificationKey): void {
  const isSame =
    inside.alpha1.equals(vkey.alpha1) &&
    inside.beta2.equals(vkey.beta2) &&
    inside.gamma2.equals(vkey.gamma2) &&
    inside.delta2.equals(vkey.delta2) &&
    inside.ic.length === vkey.ic.length &&
    inside.ic.every((point, at) => vkey.ic[at]?.equals(point) === true);
  if (!isSame) throw new KeyRefused('mismatch', 'The verification key is not the one inside the proving key. Take both from the same release.');
}

/** The proving key's own record of its ceremony must end in its delta, and agree with the manifest. */
function requireContributions({ contributions, delta1 }: ZkeyFile, entry: ManifestEntry): void {
  const last = contributions.at(-1);
  if (last === undefined || delta1.equals(bn254.G1.Point.BASE)) {
    throw new KeyRefused('no-contribution', 'The proving key records no contribution: anyone can forge proofs with it. Take the key of a ceremony.');
  }
  const people = contributions.filter((contribution) => contribution.beacon === null);
  const beacons = contributions.flatMap(({ beacon }) => (beacon === null ? [] : [beacon]));
  const isRecorded =
    last.deltaAfter.equals(delta1) &&
    people.length === entry.contributions.length &&
    people.every((contribution, at) => contribution.name === entry.contributions[at]?.name) &&
    beacons.length === (entry.beacon === null ? 0 : 1) &&
    beacons.every((beacon) => toHex(beacon.hash) === entry.beacon?.hash && beacon.iterations === entry.beacon.iterations);
  if (!isRecorded) throw new KeyRefused('mismatch', 'The contributions in the proving key are not those of the manifest. Take both from the same release.');
}

function requireCeremony(instance: InstanceId, { ptau, contributions, beacon }: ManifestEntry, table: ReadonlyMap<number, string>): void {
  const missing = [
    ...(ptau.kind === 'hermez' && table.get(ptau.power) === ptau.blake2b ? [] : ['a first phase from a published Hermez file']),
    ...(contributions.length > 0 ? [] : ['a contribution to the second phase']),
    ...(beacon === null ? ['a beacon'] : []),
  ];
  if (missing.length > 0)
    throw new KeyRefused('ceremony', `The keys of ${instance} are called production keys and lack ${missing.join(', ')}. Take the keys of a ceremony (plimsoll keys).`, { instance });
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
