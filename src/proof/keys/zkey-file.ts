import { bn254 } from '@noble/curves/bn254.js';
import { FIELD_MODULUS } from '../field.ts';
import { KeyRefused } from './key-refused.ts';
import { BASE_FIELD_MODULUS, type G1Point, type G2Point, g1PointOrNull, g2PointOrNull } from './points.ts';
import { requirePoint, type VerificationKey } from './verification-key.ts';

/** What a Groth16 proving key says of itself, without the points that only proving needs. */
export interface ZkeyFile {
  readonly publicSignals: number;
  /** Wires of the circuit. */
  readonly variables: number;
  /** A power of two. */
  readonly domainSize: number;
  readonly delta1: G1Point;
  /** The verification key inside. */
  readonly vkey: VerificationKey;
  /** What was contributed to the second phase, in its order. */
  readonly contributions: readonly ZkeyContribution[];
}

/** One contribution. A beacon is one with `beacon` set. */
export interface ZkeyContribution {
  readonly name: string;
  /** The key's delta after it. */
  readonly deltaAfter: G1Point;
  /** Public key (three points, as they stand in the file) and transcript hash: what the contribution's hash is of. */
  readonly publicKey: { readonly g1s: G1Point; readonly g1sx: G1Point; readonly g2spx: G2Point };
  readonly transcript: Uint8Array;
  /** Null for a person's contribution. */
  readonly beacon: { readonly hash: Uint8Array; readonly iterations: number } | null;
}

const MAGIC = 'zkey';
const COORDINATE_BYTES = 32;
const G1_BYTES = 2 * COORDINATE_BYTES;
const TRANSCRIPT_BYTES = 64;
/** Sections of the file. @source iden3/snarkjs src/zkey_utils.js */
const SECTION = { protocol: 1, header: 2, ic: 3, contributions: 10 } as const;
const GROTH16 = 1;
const PARAMETER = { name: 1, iterations: 2, beacon: 3 } as const;
const BEACON = 1;
/** Coordinates are stored times 2^256 (Montgomery form). */
const MONTGOMERY_INVERSE = bn254.fields.Fp.inv(bn254.fields.Fp.create(1n << 256n));

/**
 * Reads header, IC points and contributions of a .zkey file, without trusting any length in it.
 *
 * @throws {KeyRefused} where it is not a Groth16 key over BN254, is cut off, or has a point that is none of its group.
 * @source iden3/snarkjs src/zkey_utils.js
 */
export function readZkey(bytes: Uint8Array): ZkeyFile {
  const sections = listSections(bytes);
  if (openSection(sections, SECTION.protocol).uint32() !== GROTH16) throw malformed('it is not a Groth16 key');
  const header = openSection(sections, SECTION.header);
  requirePrime(header, BASE_FIELD_MODULUS);
  requirePrime(header, FIELD_MODULUS);
  const [variables, publicSignals, domainSize] = [header.uint32(), header.uint32(), header.uint32()];
  const alpha1 = header.g1('alpha');
  header.g1('beta (first group)');
  const [beta2, gamma2] = [header.g2('beta'), header.g2('gamma')];
  const delta1 = header.g1('delta (first group)');
  const delta2 = header.g2('delta');
  const ic = openSection(sections, SECTION.ic);
  if (ic.length !== (publicSignals + 1) * G1_BYTES) throw malformed(`its IC section does not fit ${publicSignals} public signals`);
  return {
    publicSignals,
    variables,
    domainSize,
    delta1,
    vkey: { alpha1, beta2, gamma2, delta2, ic: Array.from({ length: publicSignals + 1 }, (_, at) => ic.g1(`IC ${at}`)) },
    contributions: readContributions(openSection(sections, SECTION.contributions)),
  };
}

function readContributions(reader: Reader): ZkeyContribution[] {
  reader.bytes(TRANSCRIPT_BYTES);
  const count = reader.uint32();
  const contributions: ZkeyContribution[] = [];
  while (contributions.length < count) contributions.push(readContribution(reader));
  return contributions;
}

function readContribution(reader: Reader): ZkeyContribution {
  const deltaAfter = reader.g1('delta of a contribution');
  const publicKey = { g1s: reader.g1('key of a contribution'), g1sx: reader.g1('key of a contribution'), g2spx: reader.g2('key of a contribution') };
  const transcript = reader.bytes(TRANSCRIPT_BYTES);
  const type = reader.uint32();
  const parameters = readParameters(openReader(reader.bytes(reader.uint32())));
  if (type !== BEACON) return { name: parameters.name, deltaAfter, publicKey, transcript, beacon: null };
  if (parameters.hash === null || parameters.iterations === null) throw malformed('its beacon has no value');
  return { name: parameters.name, deltaAfter, publicKey, transcript, beacon: { hash: parameters.hash, iterations: parameters.iterations } };
}

interface Parameters {
  readonly name: string;
  readonly iterations: number | null;
  readonly hash: Uint8Array | null;
}

function readParameters(reader: Reader): Parameters {
  let parameters: Parameters = { name: '', iterations: null, hash: null };
  while (reader.left() > 0) {
    const kind = reader.uint8();
    if (kind === PARAMETER.name) parameters = { ...parameters, name: new TextDecoder().decode(reader.bytes(reader.uint8())) };
    else if (kind === PARAMETER.iterations) parameters = { ...parameters, iterations: reader.uint8() };
    else if (kind === PARAMETER.beacon) parameters = { ...parameters, hash: reader.bytes(reader.uint8()) };
    else throw malformed('a contribution has a parameter that is not known');
  }
  return parameters;
}

function requirePrime(reader: Reader, prime: bigint): void {
  if (reader.uint32() !== COORDINATE_BYTES || reader.natural() !== prime) throw malformed('it is not over the curve BN254');
}

/** The parts of a .zkey file by number, as views. @throws {KeyRefused} where it is no such file, or cut off */
export function listSections(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const reader = openReader(bytes);
  if (new TextDecoder().decode(reader.bytes(MAGIC.length)) !== MAGIC) throw malformed('it is not a .zkey file');
  reader.uint32();
  const count = reader.uint32();
  const sections = new Map<number, Uint8Array>();
  for (let at = 0; at < count; at += 1) {
    const id = reader.uint32();
    if (sections.has(id)) throw malformed(`its section ${id} is there twice`);
    sections.set(id, reader.bytes(reader.uint64()));
  }
  return sections;
}

function openSection(sections: ReadonlyMap<number, Uint8Array>, id: number): Reader {
  const section = sections.get(id);
  if (section === undefined) throw malformed(`its section ${id} is missing`);
  return openReader(section);
}

/** Reads on from where it stopped; all numbers are little-endian. */
interface Reader {
  readonly length: number;
  left(): number;
  bytes(count: number): Uint8Array;
  uint8(): number;
  uint32(): number;
  uint64(): number;
  natural(): bigint;
  g1(name: string): G1Point;
  g2(name: string): G2Point;
}

function openReader(source: Uint8Array): Reader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = 0;
  const skip = (count: number): number => {
    if (count > source.length - at) throw malformed('it is cut off');
    at += count;
    return at - count;
  };
  const natural = (): bigint => {
    const start = skip(COORDINATE_BYTES);
    return [3, 2, 1, 0].reduce((value, word) => (value << 64n) | view.getBigUint64(start + 8 * word, true), 0n);
  };
  /** An unreduced number stays unreduced, so that no point has two forms. */
  const coordinate = (): bigint => {
    const stored = natural();
    return stored < BASE_FIELD_MODULUS ? (stored * MONTGOMERY_INVERSE) % BASE_FIELD_MODULUS : stored;
  };
  return {
    length: source.length,
    left: () => source.length - at,
    bytes: (count) => source.subarray(skip(count), at),
    uint8: () => view.getUint8(skip(1)),
    uint32: () => view.getUint32(skip(4), true),
    uint64: () => Number(view.getBigUint64(skip(8), true)),
    natural,
    g1: (name) => requirePoint(g1PointOrNull(coordinate(), coordinate()), name),
    g2: (name) => requirePoint(g2PointOrNull([coordinate(), coordinate()], [coordinate(), coordinate()]), name),
  };
}

function malformed(problem: string): KeyRefused {
  return new KeyRefused('form', `The proving key cannot be used: ${problem}. Download or build it again.`);
}
