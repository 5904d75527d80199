import { InternalError } from '../../core/errors.ts';
import { type Columns, NO_ACCOUNT } from './columns.ts';
import { startCursor } from './holders.ts';
import { BLOCK_BYTES_PER_LEG, type Chunk, LANES } from './layout.ts';
import { limitOf, Margins } from './margins.ts';

/** Blocks listed for the kernel at a time. */
const LIST_LENGTH = 8_192;
/** Above this share of all blocks it is faster to read all, one after the other, than those listed. */
const LISTED_SHARE = 0.05;
/** Above this change of any weight so many accounts may be concerned that margins are of no use. */
const MOST_SPREAD = 0.05;

/** Masks looked at in one comparison. */
const MASKS_AT_ONCE = 8;

/** Fills `into` with the next block numbers, ascending, and returns how many; 0 at the end. */
type ReadBlocks = (into: Uint32Array) => number;

/** What a screen has been over. */
export interface Pass {
  readonly kind: 'all' | 'near' | 'holders';
  /** Blocks summed up, those summed up twice counted twice. */
  readonly blocks: number;
}

/** Runs the kernel over columns; the masks then say who is flagged. Whatever pass was chosen, they say what a pass over all would say. */
export class Passes {
  private readonly columns: Columns;
  private readonly list: number;
  private readonly margins: Margins;

  constructor(columns: Columns) {
    this.columns = columns;
    this.list = columns.arena.allocate(LIST_LENGTH * 4);
    this.margins = new Margins(columns);
  }

  /** Screens every account. */
  screenAll(): Pass {
    const { kernel, chunks, changed } = this.columns;
    for (const { at, masks, blocks, legs, table } of chunks) kernel.screenAll(at, masks, blocks, legs, this.columns.tables.at(table));
    changed.clear();
    this.columns.isUnscreened = false;
    return { kind: 'all', blocks: this.columns.blocks };
  }

  /**
   * Brings the masks up to date after the weights of these slots, and the legs of blocks, have changed. Small changes concern only blocks with a margin as
   * small; large ones only the holders of those slots; where these are many, all are screened and margins measured anew.
   */
  screenMoved(slots: readonly number[]): Pass {
    const { holders, changed, blocks } = this.columns;
    const spread = this.columns.isUnscreened ? Number.POSITIVE_INFINITY : this.margins.computeSpread();
    if (spread <= MOST_SPREAD) return this.screenNear(spread);
    const late = slots.map((slot) => this.columns.lateHolders(slot));
    const listed = slots.reduce((total, slot, at) => total + holders.count(slot) + (late[at]?.size ?? 0), changed.size);
    if (this.columns.isUnscreened || listed > blocks * LISTED_SHARE) {
      return this.measureAll();
    }
    for (const slot of slots) {
      const cursor = startCursor();
      this.screenBlocks((into) => holders.read(slot, cursor, into));
    }
    this.screenBlocks(readSorted(new Set([...changed, ...late.flatMap((some) => [...some])])));
    changed.clear();
    return { kind: 'holders', blocks: listed };
  }

  /** Margins measured at the weights of now leave little to screen. */
  private measureAll(): Pass {
    this.margins.measure();
    this.columns.isUnscreened = false;
    return { kind: 'all', blocks: this.columns.blocks + this.screenNear(0).blocks };
  }

  private screenNear(spread: number): Pass {
    const { kernel, chunks, changed } = this.columns;
    const limit = limitOf(spread);
    let screened = 0;
    for (const { at, masks, margins, blocks, legs, table } of chunks) screened += kernel.screenNear(at, masks, margins, limit, blocks, legs, this.columns.tables.at(table));
    changed.clear();
    this.margins.noteScreened(screened, spread);
    return { kind: 'near', blocks: screened };
  }

  /** The accounts that are flagged now, in no order. */
  listFlagged(): number[] {
    const { arena, chunks } = this.columns;
    const flagged: number[] = [];
    for (const { masks, blocks, firstBlock } of chunks) {
      // Eight masks at a time; bytes of at most 15 make no double that equals 0 but 0.
      const eights = arena.doubles(masks, Math.ceil(blocks / MASKS_AT_ONCE));
      const bytes = arena.bytes(masks, blocks);
      for (let eight = 0; eight < eights.length; eight += 1) {
        if (eights[eight] === 0) continue;
        const end = Math.min(MASKS_AT_ONCE * (eight + 1), blocks);
        for (let block = MASKS_AT_ONCE * eight; block < end; block += 1) if (bytes[block] !== 0) this.listOfBlock(firstBlock + block, bytes[block] ?? 0, flagged);
      }
    }
    return flagged;
  }

  private listOfBlock(block: number, mask: number, into: number[]): void {
    for (let lane = 0; lane < LANES; lane += 1) {
      if ((mask & (1 << lane)) === 0) continue;
      const account = this.columns.accountAt(block * LANES + lane);
      if (account !== NO_ACCOUNT) into.push(account);
    }
  }

  private screenBlocks(read: ReadBlocks): void {
    const { arena, chunks } = this.columns;
    const batch = arena.words(this.list, LIST_LENGTH);
    let at = 0;
    for (let length = read(batch); length > 0; length = read(batch)) {
      for (let start = 0; start < length; ) {
        while (isBefore(chunks[at], batch[start] ?? 0)) at += 1;
        const chunk = chunks[at];
        if (chunk === undefined) throw new InternalError(`block ${batch[start]} is in no chunk`);
        start = this.screenRun(chunk, batch, { start, length });
      }
    }
  }

  /** Screens the listed blocks from `start` on that lie in one chunk; returns where the next chunk's begin. */
  private screenRun({ firstBlock, blocks, at, masks, legs, table }: Chunk, batch: Uint32Array, { start, length }: { readonly start: number; readonly length: number }): number {
    const { kernel } = this.columns;
    const weights = this.columns.tables.at(table);
    let stop = start;
    for (; stop < length && (batch[stop] ?? 0) < firstBlock + blocks; stop += 1) batch[stop] = (batch[stop] ?? 0) - firstBlock;
    const even = (stop - start) & ~1;
    if (even > 0) kernel.screenListed(at, masks, this.list + 4 * start, even, legs, weights);
    if (start + even === stop) return stop;
    // The kernel takes two blocks at a time: the odd one goes with its neighbour.
    const pair = (batch[stop - 1] ?? 0) & ~1;
    kernel.screenAll(at + pair * legs * BLOCK_BYTES_PER_LEG, masks + pair, 2, legs, weights);
    return stop;
  }
}

function isBefore(chunk: Chunk | undefined, block: number): boolean {
  return chunk !== undefined && chunk.firstBlock + chunk.blocks <= block;
}

function readSorted(blocks: ReadonlySet<number>): ReadBlocks {
  const sorted = Uint32Array.from(blocks).sort();
  let from = 0;
  return (into) => {
    const part = sorted.subarray(from, from + into.length);
    into.set(part);
    from += part.length;
    return part.length;
  };
}
