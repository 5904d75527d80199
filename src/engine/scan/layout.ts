/** Accounts of a block. */
export const LANES = 4;
/** Bytes of a block per leg: four f64 amounts and four u16 slot ids. */
export const BLOCK_BYTES_PER_LEG = LANES * (8 + 2);
/** Blocks that have one margin together. */
export const BLOCKS_A_MARGIN = 2;
/** Blocks whose margins a kernel may look at together: there are margins and masks up to a multiple of so many. */
export const BLOCKS_AT_ONCE = 8;
/** Slots of a weight table: as many as a u16 can name. Slot 0 weighs nothing and fills what is not used. */
export const TABLE_SLOTS = 65_536;
/** Bytes of a weight table: one f64 a slot. */
export const TABLE_BYTES = TABLE_SLOTS * 8;
/** The unit in which memory grows. */
export const PAGE_BYTES = 65_536;

/**
 * Blocks of accounts with the same number of legs, side by side in memory. A block is slot-major: for each leg the amounts of its four accounts, and after
 * all amounts, for each leg their slot ids. Nothing else stands between, so a screen reads one stream.
 */
export interface Chunk {
  /** Whose weights the slot ids mean. */
  readonly table: number;
  readonly legs: number;
  /** Number of its first block among all blocks of the book. */
  readonly firstBlock: number;
  /** A multiple of four: kernels work on two at a time, and on two halves of a chunk side by side. */
  readonly blocks: number;
  /** Byte offset of its first block. */
  readonly at: number;
  /** Byte offset of its masks, one byte a block. */
  readonly masks: number;
  /** Byte offset of its margins, an f32 for {@link BLOCKS_A_MARGIN} blocks. */
  readonly margins: number;
}

/** Memory that grows in pages of {@link PAGE_BYTES}; `buffer` is another one afterwards. */
export interface ScanMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * What runs over the columns. Offsets are in bytes; masks are one byte a block, bit i set unless account i's sum S = Σ amount · weight, added in the order of
 * its legs, is 0 or more: a sum that is not a number is flagged.
 */
export interface ScanKernel {
  readonly name: 'wasm-simd' | 'js';
  readonly memory: ScanMemory;
  /** `count` blocks, an even number of at least 2. */
  screenAll(blocks: number, masks: number, count: number, legs: number, weights: number): void;
  /** The blocks whose numbers within the chunk stand at `list` as u32, `count` of them, an even number of at least 2. */
  screenListed(blocks: number, masks: number, list: number, count: number, legs: number, weights: number): void;
  /**
   * Of `count` blocks, an even number, screens each two whose margin is not above `limit` (an f32); the masks of the others become 0. It may look at margins,
   * and write masks of 0, up to the next multiple of {@link BLOCKS_AT_ONCE}: margins there are infinite. Returns how many blocks it screened.
   */
  screenNear(blocks: number, masks: number, margins: number, limit: number, count: number, legs: number, weights: number): number;
  /** Stores the margins of `count` blocks, an even number: the least S / Σ |amount · weight| of the accounts of two as an f32, NaN if one of them is. */
  measure(blocks: number, margins: number, count: number, legs: number, weights: number): void;
}
