import { BLOCK_BYTES_PER_LEG, BLOCKS_A_MARGIN, LANES, PAGE_BYTES, type ScanKernel, type ScanMemory } from './layout.ts';

/** Views of one buffer. */
interface Views {
  readonly buffer: ArrayBuffer;
  readonly amounts: Float64Array;
  readonly ids: Uint16Array;
  readonly words: Uint32Array;
  readonly margins: Float32Array;
  readonly masks: Uint8Array;
}

/**
 * The kernel in plain TypeScript, for machines without SIMD in WebAssembly and as the reference of kernel.wat: the same layout, the same order of additions,
 * so the same masks bit for bit.
 */
export function createJsKernel(): ScanKernel {
  const memory = new GrowingMemory();
  let views = viewsOf(memory.buffer);
  const current = (): Views => (views.buffer === memory.buffer ? views : (views = viewsOf(memory.buffer)));
  return {
    name: 'js',
    memory,
    screenAll(blocks, masks, count, legs, weights) {
      const on = current();
      const size = legs * BLOCK_BYTES_PER_LEG;
      for (let block = 0; block < count; block += 1) on.masks[masks + block] = screenBlock(on, blocks + block * size, legs, weights);
    },
    screenListed(blocks, masks, list, count, legs, weights) {
      const on = current();
      const size = legs * BLOCK_BYTES_PER_LEG;
      for (let entry = 0; entry < count; entry += 1) {
        const block = on.words[list / 4 + entry] ?? 0;
        on.masks[masks + block] = screenBlock(on, blocks + block * size, legs, weights);
      }
    },
    screenNear(blocks, masks, margins, limit, count, legs, weights) {
      const on = current();
      const size = legs * BLOCK_BYTES_PER_LEG;
      let screened = 0;
      for (let block = 0; block < count; block += 1) {
        const isFar = (on.margins[margins / 4 + Math.floor(block / BLOCKS_A_MARGIN)] as number) > Math.fround(limit);
        on.masks[masks + block] = isFar ? 0 : screenBlock(on, blocks + block * size, legs, weights);
        screened += isFar ? 0 : 1;
      }
      return screened;
    },
    measure(blocks, margins, count, legs, weights) {
      const on = current();
      const size = legs * BLOCK_BYTES_PER_LEG;
      let least = Number.POSITIVE_INFINITY;
      for (let block = 0; block < count; block += 1) {
        least = Math.min(block % BLOCKS_A_MARGIN === 0 ? Number.POSITIVE_INFINITY : least, measureBlock(on, blocks + block * size, legs, weights));
        on.margins[margins / 4 + Math.floor(block / BLOCKS_A_MARGIN)] = least;
      }
    },
  };
}

function screenBlock({ amounts, ids }: Views, at: number, legs: number, weights: number): number {
  const table = weights / 8;
  const end = at / 8 + LANES * legs;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let leg = at / 8, id = end * 4; leg < end; leg += LANES, id += LANES) {
    a += (amounts[leg] as number) * (amounts[table + (ids[id] as number)] as number);
    b += (amounts[leg + 1] as number) * (amounts[table + (ids[id + 1] as number)] as number);
    c += (amounts[leg + 2] as number) * (amounts[table + (ids[id + 2] as number)] as number);
    d += (amounts[leg + 3] as number) * (amounts[table + (ids[id + 3] as number)] as number);
  }
  return (a >= 0 ? 0 : 1) | (b >= 0 ? 0 : 2) | (c >= 0 ? 0 : 4) | (d >= 0 ? 0 : 8);
}

function measureBlock({ amounts, ids }: Views, at: number, legs: number, weights: number): number {
  let margin = Number.POSITIVE_INFINITY;
  for (let lane = 0; lane < LANES; lane += 1) {
    let [sum, all] = [0, 0];
    for (let leg = 0; leg < legs; leg += 1) {
      const term = (amounts[at / 8 + leg * LANES + lane] as number) * (amounts[weights / 8 + (ids[at / 2 + (4 * legs + leg) * LANES + lane] as number)] as number);
      sum += term;
      all += Math.abs(term);
    }
    margin = Math.min(margin, sum / all);
  }
  return margin;
}

function viewsOf(buffer: ArrayBuffer): Views {
  return { buffer, amounts: new Float64Array(buffer), ids: new Uint16Array(buffer), words: new Uint32Array(buffer), margins: new Float32Array(buffer), masks: new Uint8Array(buffer) };
}

/** Grows by half of itself at least, so that many small steps copy little. */
class GrowingMemory implements ScanMemory {
  private pages = 1;
  buffer = new ArrayBuffer(PAGE_BYTES);

  grow(pages: number): number {
    const before = this.pages;
    this.pages = before + Math.max(pages, Math.ceil(before / 2));
    const larger = new ArrayBuffer(this.pages * PAGE_BYTES);
    new Uint8Array(larger).set(new Uint8Array(this.buffer));
    this.buffer = larger;
    return before;
  }
}
