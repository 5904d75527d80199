import { bn254 } from '@noble/curves/bn254.js';
import { FIELD_MODULUS } from '../field.ts';
import { BASE_FIELD_MODULUS, type G1Point, type G2Point, g1PointOrNull, g2PointOrNull } from './points.ts';
import { requirePoint, type VerificationKey } from './verification-key.ts';
import { type ByteReader, listSections, malformed, openReader } from './zkey-sections.ts';

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

function readContributions(reader: PointReader): ZkeyContribution[] {
  reader.bytes(TRANSCRIPT_BYTES);
  const count = reader.uint32();
  const contributions: ZkeyContribution[] = [];
  while (contributions.length < count) contributions.push(readContribution(reader));
  return contributions;
}

function readContribution(reader: PointReader): ZkeyContribution {
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

function readParameters(reader: ByteReader): Parameters {
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

function requirePrime(reader: ByteReader, prime: bigint): void {
  if (reader.uint32() !== COORDINATE_BYTES || reader.natural() !== prime) throw malformed('it is not over the curve BN254');
}

/** A reader that knows the points of the curve. */
interface PointReader extends ByteReader {
  g1(name: string): G1Point;
  g2(name: string): G2Point;
}

function openSection(sections: ReadonlyMap<number, Uint8Array>, id: number): PointReader {
  const section = sections.get(id);
  if (section === undefined) throw malformed(`its section ${id} is missing`);
  const reader = openReader(section);
  /** An unreduced number stays unreduced, so that no point has two forms. */
  const coordinate = (): bigint => {
    const stored = reader.natural();
    return stored < BASE_FIELD_MODULUS ? (stored * MONTGOMERY_INVERSE) % BASE_FIELD_MODULUS : stored;
  };
  return {
    ...reader,
    g1: (name) => requirePoint(g1PointOrNull(coordinate(), coordinate()), name),
    g2: (name) => requirePoint(g2PointOrNull([coordinate(), coordinate()], [coordinate(), coordinate()]), name),
  };
}
