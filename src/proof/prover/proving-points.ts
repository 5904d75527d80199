import { InternalError } from '../../core/errors.ts';
import { listSections } from '../keys/zkey-sections.ts';

/** What proving takes from a proving key: views of its bytes. Points are affine, in Montgomery form, as the curve's module takes them. */
export interface ProvingPoints {
  readonly variables: number;
  readonly publicSignals: number;
  readonly domainSize: number;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  /** The constraints' A and B: matrix, row, wire (32 bits each) and coefficient, 44 bytes an entry. */
  readonly coefficients: Uint8Array;
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** Private wires only. */
  readonly c: Uint8Array;
  readonly h: Uint8Array;
}

const G1_BYTES = 64;
const G2_BYTES = 128;
/** Both primes with their lengths stand before the counts. */
const COUNTS_AT = 72;
const POINTS_AT = 84;

/**
 * Finds the parts of a proving key that the loader has accepted.
 *
 * @throws {PlimsollError} INTERNAL where it was not
 * @source iden3/snarkjs src/zkey_utils.js
 */
export function findProvingPoints(zkey: Uint8Array): ProvingPoints {
  const sections = listSections(zkey);
  const section = (id: number): Uint8Array => {
    const found = sections.get(id);
    if (found === undefined) throw new InternalError(`The proving key has no section ${id}.`);
    return found;
  };
  const header = section(2);
  const counts = new DataView(header.buffer, header.byteOffset + COUNTS_AT, 12);
  const point = (at: number, bytes: number): Uint8Array => header.slice(POINTS_AT + at, POINTS_AT + at + bytes);
  return {
    variables: counts.getUint32(0, true),
    publicSignals: counts.getUint32(4, true),
    domainSize: counts.getUint32(8, true),
    alpha1: point(0, G1_BYTES),
    beta1: point(G1_BYTES, G1_BYTES),
    beta2: point(2 * G1_BYTES, G2_BYTES),
    delta1: point(2 * G1_BYTES + 2 * G2_BYTES, G1_BYTES),
    delta2: point(3 * G1_BYTES + 2 * G2_BYTES, G2_BYTES),
    coefficients: section(4).subarray(4),
    a: section(5),
    b1: section(6),
    b2: section(7),
    c: section(8),
    h: section(9),
  };
}
