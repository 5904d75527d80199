import { unusable } from './ceremony-error.ts';
import { readSlice } from './files.ts';

/** Where a section of a file of snarkjs stands. */
export interface FileSection {
  readonly at: number;
  readonly size: number;
}

const HEAD_BYTES = 12;

/**
 * Lists the sections of a file of snarkjs (.ptau, .r1cs), which may be larger than the memory.
 *
 * @throws {InvalidFile} where it is of another kind, or cut off
 * @source iden3/binfileutils src/binfileutils.js
 */
export async function listFileSections(path: string, magic: 'ptau' | 'r1cs'): Promise<ReadonlyMap<number, FileSection>> {
  const head = await readSlice(path, 0, HEAD_BYTES);
  if (head.length < HEAD_BYTES || new TextDecoder().decode(head.subarray(0, 4)) !== magic) throw unusable(path, `is not a .${magic} file.`);
  const sections = new Map<number, FileSection>();
  let at = HEAD_BYTES;
  for (let left = new DataView(head.buffer).getUint32(8, true); left > 0; left -= 1) {
    const entry = await readSlice(path, at, HEAD_BYTES);
    if (entry.length < HEAD_BYTES) throw unusable(path, 'is cut off. Get it again.');
    const view = new DataView(entry.buffer);
    const size = Number(view.getBigUint64(4, true));
    sections.set(view.getUint32(0, true), { at: at + HEAD_BYTES, size });
    at += HEAD_BYTES + size;
  }
  if (at > HEAD_BYTES && (await readSlice(path, at - 1, 2)).length !== 1) throw unusable(path, 'is cut off, or has something after its end. Get it again.');
  return sections;
}

/** Reads a section whole. @throws {InvalidFile} where it is missing */
export async function readFileSection(path: string, section: FileSection | undefined): Promise<DataView> {
  if (section === undefined) throw unusable(path, 'lacks its header. Get it again.');
  const bytes = await readSlice(path, section.at, section.size);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
