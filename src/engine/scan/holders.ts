/** Where reading the blocks of a slot has come to. */
export interface Cursor {
  byte: number;
  block: number;
}

/** Calls back with every block number of the book, ascending, and each slot that its accounts have, repeats included. */
export type VisitBlocks = (visit: (block: number, slot: number) => void) => void;

/** The start of a cursor. */
export function startCursor(): Cursor {
  return { byte: 0, block: -1 };
}

const CONTINUES = 0x80;
const PAYLOAD_BITS = 7;

/**
 * Which blocks have holders of which slots: an inverted index. For each slot the distances between its blocks, seven bits a byte, the lowest first: about a
 * byte for each block of a slot that many hold.
 */
export class Holders {
  private readonly starts: Uint32Array;
  private readonly counts: Uint32Array;
  private readonly gaps: Uint8Array;

  /** @param slots one more than the greatest slot */
  constructor(slots: number, visitBlocks: VisitBlocks) {
    this.counts = new Uint32Array(slots);
    this.starts = new Uint32Array(slots + 1);
    forEachGap(slots, visitBlocks, (slot, gap) => {
      this.counts[slot] = (this.counts[slot] ?? 0) + 1;
      this.starts[slot + 1] = (this.starts[slot + 1] ?? 0) + lengthOf(gap);
    });
    for (let slot = 0; slot < slots; slot += 1) this.starts[slot + 1] = (this.starts[slot + 1] ?? 0) + (this.starts[slot] ?? 0);
    this.gaps = new Uint8Array(this.starts[slots] ?? 0);
    const ends = this.starts.slice(0, slots);
    forEachGap(slots, visitBlocks, (slot, gap) => {
      let at = ends[slot] ?? 0;
      let rest = gap;
      for (; rest >= CONTINUES; rest >>>= PAYLOAD_BITS) this.gaps[at++] = (rest & (CONTINUES - 1)) | CONTINUES;
      this.gaps[at++] = rest;
      ends[slot] = at;
    });
  }

  /** How many blocks have holders of a slot. */
  count(slot: number): number {
    return this.counts[slot] ?? 0;
  }

  /** Writes the next block numbers of a slot, ascending, and returns how many; 0 at the end. */
  read(slot: number, cursor: Cursor, into: Uint32Array): number {
    const { gaps } = this;
    const end = (this.starts[slot + 1] ?? 0) - (this.starts[slot] ?? 0);
    const first = this.starts[slot] ?? 0;
    let { byte, block } = cursor;
    let count = 0;
    for (; count < into.length && byte < end; count += 1) {
      let gap = 0;
      for (let shift = 0; ; shift += PAYLOAD_BITS) {
        const payload = gaps[first + byte++] ?? 0;
        gap |= (payload & (CONTINUES - 1)) << shift;
        if (payload < CONTINUES) break;
      }
      block += gap;
      into[count] = block;
    }
    cursor.byte = byte;
    cursor.block = block;
    return count;
  }

  get bytes(): number {
    return this.gaps.byteLength + this.counts.byteLength + this.starts.byteLength;
  }
}

function forEachGap(slots: number, visitBlocks: VisitBlocks, each: (slot: number, gap: number) => void): void {
  const last = new Int32Array(slots).fill(-1);
  visitBlocks((block, slot) => {
    const before = last[slot] ?? -1;
    if (before === block) return;
    last[slot] = block;
    each(slot, block - before);
  });
}

function lengthOf(gap: number): number {
  let length = 1;
  for (let rest = gap; rest >= CONTINUES; rest >>>= PAYLOAD_BITS) length += 1;
  return length;
}
