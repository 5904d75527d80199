import { randomBytes } from 'node:crypto';
import { InvalidArgument } from '../../../core/errors.ts';
import type { InstanceId } from '../../instances.ts';
import type { KeyManifest } from '../../keys/manifest.ts';
import { readZkey, type ZkeyContribution, type ZkeyFile } from '../../keys/zkey-file.ts';
import { refuseStep } from './ceremony-error.ts';
import { checkCircuit } from './circuit-file.ts';
import { readBytes, writeFinished } from './files.ts';
import { checkFirstPhase, type FirstPhase } from './first-phase.ts';
import { runHashStep } from './run-snarkjs.ts';

/** Contributions by different people that a production key has at least; one honest one is enough to make it safe. */
export const LEAST_CONTRIBUTIONS = 3;
/** snarkjs keeps this much of a name. */
const NAME_BYTES = 64;

/** Told what goes on. */
export type CeremonyLog = (text: string) => void;

/** What a second phase starts from. */
export interface SetupRequest {
  readonly instance: InstanceId;
  readonly r1cs: string;
  readonly ptau: string;
  readonly out: string;
  /** Names the compiled circuits of this release. */
  readonly circuits: KeyManifest;
  /** Published first phases: power → blake2b-512. */
  readonly table: ReadonlyMap<number, string>;
}

/** What was started. */
export interface SetupResult {
  readonly zkey: string;
  /** Hash of the circuit in this ceremony: the same for every contributor. */
  readonly circuitHash: string;
  readonly ptau: FirstPhase;
}

/**
 * Starts the ceremony of a circuit from a published first phase. The key that it writes is unsafe until it has contributions and a beacon.
 *
 * @throws {PlimsollError} KEY_REFUSED, INVALID_FILE
 */
export async function setUpKeys({ instance, r1cs, ptau, out, circuits, table }: SetupRequest, log: CeremonyLog): Promise<SetupResult> {
  const { constraints, publicSignals } = await checkCircuit(r1cs, instance, circuits);
  const firstPhase = await checkFirstPhase(ptau, table, constraints + publicSignals);
  const circuitHash = await writeFinished(out, (draft) => runHashStep({ kind: 'new', r1cs, ptau, out: draft }, log));
  return { zkey: out, circuitHash, ptau: firstPhase };
}

/** A contribution to be made. */
export interface ContributeRequest {
  readonly from: string;
  readonly out: string;
  /** Whose it is; it stands in the key. */
  readonly name: string;
  /** Something that was typed, in addition to the system's randomness; empty for nothing. */
  readonly typed: string;
}

/** What was contributed. */
export interface StepResult {
  readonly zkey: string;
  /** To be published by whoever contributed. */
  readonly hash: string;
  /** People's contributions so far. */
  readonly contributions: number;
}

/**
 * Adds a contribution. What it is made from exists in this process alone and is gone with it; the system's randomness is always in it.
 *
 * @throws {PlimsollError} KEY_REFUSED where the beacon was applied already, INVALID_ARGUMENT for a name that cannot be kept, INVALID_FILE
 */
export async function contributeToKeys({ from, out, name, typed }: ContributeRequest, log: CeremonyLog): Promise<StepResult> {
  requireName(name, 'The name of a contribution');
  const before = await readKey(from);
  requireOpen(from, before);
  const entropy = `${typed}\n${randomBytes(64).toString('hex')}`;
  const hash = await writeFinished(out, (draft) => runHashStep({ kind: 'contribute', from, out: draft, name, entropy }, log));
  return { zkey: out, hash, contributions: before.contributions.length + 1 };
}

/** A beacon to be applied. */
export interface BeaconRequest {
  readonly from: string;
  readonly out: string;
  /** Where the value is published, as in `drand round 4242424`. */
  readonly source: string;
  /** The value: hex, with or without 0x. */
  readonly hash: string;
  /** The value is hashed 2^iterations times. */
  readonly iterations: number;
}

/**
 * Closes the second phase with a value that nobody could know while contributions were made.
 *
 * @throws {PlimsollError} KEY_REFUSED where there are too few contributions or a beacon already, INVALID_ARGUMENT, INVALID_FILE
 */
export async function applyBeacon({ from, out, source, hash, iterations }: BeaconRequest, log: CeremonyLog): Promise<StepResult> {
  requireName(source, 'The source of a beacon');
  const value = hash.toLowerCase().replace(/^0x/, '');
  if (!/^(?:[0-9a-f]{2}){16,255}$/.test(value)) throw new InvalidArgument('A beacon is 16 to 255 bytes in hex: a drand round or a block hash.');
  if (!Number.isInteger(iterations) || iterations < 10 || iterations > 63) throw new InvalidArgument('The iterations of a beacon are a power of two from 10 to 63; 20 take seconds.');
  const before = await readKey(from);
  requireOpen(from, before);
  if (before.contributions.length < LEAST_CONTRIBUTIONS) {
    throw refuseStep(`${from} has ${before.contributions.length} contributions, a production key needs ${LEAST_CONTRIBUTIONS}. Let others contribute first (plimsoll keys contribute).`);
  }
  const made = await writeFinished(out, (draft) => runHashStep({ kind: 'beacon', from, out: draft, name: source, hash: value, iterations }, log));
  return { zkey: out, hash: made, contributions: before.contributions.length };
}

/** Reads a key of a ceremony. @throws {PlimsollError} INVALID_FILE, KEY_REFUSED */
export async function readKey(path: string): Promise<ZkeyFile> {
  return readZkey(await readBytes(path));
}

/** The beacons among contributions. */
export function beaconsOf(contributions: readonly ZkeyContribution[]): readonly ZkeyContribution[] {
  return contributions.filter(({ beacon }) => beacon !== null);
}

function requireOpen(path: string, { contributions }: ZkeyFile): void {
  if (beaconsOf(contributions).length > 0) throw refuseStep(`${path} has its beacon already: nothing can be added to it. Go on from the key before the beacon.`);
}

function requireName(name: string, what: string): void {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes === 0 || bytes > NAME_BYTES || !/^[\x20-\x7e]*$/.test(name)) throw new InvalidArgument(`${what} is 1 to ${NAME_BYTES} plain characters.`);
}
