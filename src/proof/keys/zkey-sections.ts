import { KeyRefused } from './key-refused.ts';

const MAGIC = 'zkey';
const ELEMENT_BYTES = 32;

/** Reads on from where it stopped, without trusting any length in what it reads; all numbers are little-endian. */
export interface ByteReader {
  readonly length: number;
  left(): number;
  bytes(count: number): Uint8Array;
  uint8(): number;
  uint32(): number;
  uint64(): number;
  /** 256 bits. */
  natural(): bigint;
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

/** Reads bytes from their start. The reader throws {@link KeyRefused} where they end too early. */
export function openReader(source: Uint8Array): ByteReader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = 0;
  const skip = (count: number): number => {
    if (count > source.length - at) throw malformed('it is cut off');
    at += count;
    return at - count;
  };
  return {
    length: source.length,
    left: () => source.length - at,
    bytes: (count) => source.subarray(skip(count), at),
    uint8: () => view.getUint8(skip(1)),
    uint32: () => view.getUint32(skip(4), true),
    uint64: () => Number(view.getBigUint64(skip(8), true)),
    natural: () => {
      const start = skip(ELEMENT_BYTES);
      return [3, 2, 1, 0].reduce((value, word) => (value << 64n) | view.getBigUint64(start + 8 * word, true), 0n);
    },
  };
}

/** A .zkey file that cannot be read. */
export function malformed(problem: string): KeyRefused {
  return new KeyRefused('form', `The proving key cannot be used: ${problem}. Download or build it again.`);
}
