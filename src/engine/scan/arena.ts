import { InternalError } from '../../core/errors.ts';
import { PAGE_BYTES, type ScanMemory } from './layout.ts';

/** A cache line; also more than any view's alignment. */
const ALIGNMENT = 64;
/** What 32-bit offsets reach. */
const MOST_BYTES = 2 ** 32;

/** Hands out a kernel's memory from the bottom up. Nothing is given back one by one: {@link Arena.release} gives back all above a mark. */
export class Arena {
  private readonly memory: ScanMemory;
  private used = 0;

  constructor(memory: ScanMemory) {
    this.memory = memory;
  }

  /** The offset of that many bytes, all 0. */
  allocate(bytes: number): number {
    const at = this.used;
    const end = at + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (end > MOST_BYTES) throw new InternalError(`a book of more than ${MOST_BYTES} bytes of columns: split it`);
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.used = end;
    this.bytes(at, end - at).fill(0);
    return at;
  }

  /** Where the next bytes would begin. */
  get mark(): number {
    return this.used;
  }

  /** Takes back all that was handed out since a mark. */
  release(mark: number): void {
    this.used = mark;
  }

  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  halves(at: number, length: number): Uint16Array<ArrayBuffer> {
    return new Uint16Array(this.memory.buffer, at, length);
  }

  words(at: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.memory.buffer, at, length);
  }

  singles(at: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer, at, length);
  }

  doubles(at: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.memory.buffer, at, length);
  }
}
