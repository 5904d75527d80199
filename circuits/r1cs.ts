import { InternalError } from '../src/core/errors.ts';

/** What the header of an .r1cs file says. */
export interface R1csHeader {
  readonly wires: number;
  readonly publicSignals: number;
  readonly constraints: number;
}

const HEADER_SECTION = 1;
const SECTION_HEAD_BYTES = 12;

/**
 * Reads the header of an .r1cs file.
 *
 * @source iden3/r1csfile doc/r1cs_bin_format.md
 * @throws {InternalError} where it has none.
 */
export function readHeader(file: Uint8Array): R1csHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 12;
  for (let section = view.getUint32(8, true); section > 0; section -= 1) {
    const body = at + SECTION_HEAD_BYTES;
    if (view.getUint32(at, true) === HEADER_SECTION) return readHeaderBody(view, body);
    at = body + Number(view.getBigUint64(at + 4, true));
  }
  throw new InternalError('An .r1cs file has no header.');
}

function readHeaderBody(view: DataView, start: number): R1csHeader {
  const counts = start + 4 + view.getUint32(start, true);
  const count = (index: number): number => view.getUint32(counts + 4 * index, true);
  // Wires, outputs, public inputs, private inputs, labels (8 bytes), constraints.
  return { wires: count(0), publicSignals: count(1) + count(2), constraints: count(6) };
}
