import { bn254 } from '@noble/curves/bn254.js';
import { InternalError } from '../../src/core/errors.ts';
import { readOptimisedCurve } from '../../src/proof/prover/optimised-curve.ts';

/** The groups of BN254 by their prefix in the curve's module. */
export type Group = 'g1m' | 'g2m';

/** Multiplies the generator of a group by many scalars. Scalars: 32 bytes each, little-endian; points: affine, in Montgomery form, as the files of snarkjs hold them. */
export type MultiplyGenerator = (scalars: Uint8Array) => Uint8Array<ArrayBuffer>;

/** Bytes of a scalar. */
export const SCALAR_BYTES = 32;
/** Bytes of an affine point. */
export const POINT_BYTES: Readonly<Record<Group, number>> = { g1m: 64, g2m: 128 };

/** A scalar is read as 24 digits of 11 bits; for each digit there is a table of all its multiples (3 MB in the first group, 6 MB in the second). */
const DIGIT_BITS = 11;
const DIGIT_COUNT = 24;
const DIGIT_VALUES = 1 << DIGIT_BITS;
const PAGE_BYTES = 65_536;
/** What the module asks for. */
const INITIAL_PAGES = 25;

/** A curve module with its memory. It is used directly, since ffjavascript does not load in a thread that it did not start. */
export interface CurveModule {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly memory: WebAssembly.Memory;
}

/** Instantiates the optimised curve module in a memory of its own. */
export async function openCurveModule(): Promise<CurveModule> {
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
  const { instance } = await WebAssembly.instantiate(await readOptimisedCurve(), { env: { memory } });
  return { exports: instance.exports, memory };
}

/**
 * Prepares the tables of a group.
 *
 * @param most scalars in one call of the answer, at most
 */
export function prepareGenerator(curve: CurveModule, group: Group, most: number): MultiplyGenerator {
  const affine = POINT_BYTES[group];
  const jacobian = (affine * 3) / 2;
  /** Jacobian + affine → Jacobian. */
  const addMixed = functionOf(curve, `${group}_addMixed`);
  const batchToAffine = functionOf(curve, `${group}_batchToAffine`);
  const zero = functionOf(curve, `${group}_zero`);
  const toMontgomery = functionOf(curve, 'f1m_toMontgomery');
  const scratch = Math.max(most, DIGIT_VALUES) * jacobian;
  const tables = allocate(curve, DIGIT_COUNT * DIGIT_VALUES * affine + scratch, scratch);
  const work = tables + DIGIT_COUNT * DIGIT_VALUES * affine;
  const base = allocate(curve, jacobian, scratch);
  const tableOf = (digit: number): number => tables + digit * DIGIT_VALUES * affine;

  const fillTable = (digit: number): void => {
    zero(work);
    for (let value = 1; value < DIGIT_VALUES; value += 1) addMixed(work + (value - 1) * jacobian, base, work + value * jacobian);
    addMixed(work + (DIGIT_VALUES - 1) * jacobian, base, base);
    batchToAffine(base, 1, base);
    batchToAffine(work, DIGIT_VALUES, tableOf(digit));
  };
  bytesOf(curve).set(writeScalars(generatorOf(group)), base);
  for (let at = base; at < base + affine; at += SCALAR_BYTES) toMontgomery(at, at);
  for (let digit = 0; digit < DIGIT_COUNT; digit += 1) fillTable(digit);

  const multiply = (scalar: bigint, to: number): void => {
    zero(to);
    for (let digit = 0, rest = scalar; rest > 0n; digit += 1, rest >>= BigInt(DIGIT_BITS)) {
      const value = Number(rest & BigInt(DIGIT_VALUES - 1));
      if (value > 0) addMixed(to, tableOf(digit) + value * affine, to);
    }
  };
  return (scalars) => {
    const count = scalars.length / SCALAR_BYTES;
    if (count > most) throw new InternalError(`${count} scalars in one call; there is room for ${most}.`);
    for (let at = 0; at < count; at += 1) multiply(readScalar(scalars, at), work + at * jacobian);
    batchToAffine(work, count, work);
    return bytesOf(curve).slice(work, work + count * affine);
  };
}

/** Field elements as 32 bytes each, little-endian. */
export function writeScalars(values: readonly bigint[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * SCALAR_BYTES);
  const view = new DataView(bytes.buffer);
  values.forEach((value, at) => {
    for (let word = 0; word < 4; word += 1) view.setBigUint64(at * SCALAR_BYTES + 8 * word, BigInt.asUintN(64, value >> BigInt(64 * word)), true);
  });
  return bytes;
}

function readScalar(scalars: Uint8Array, at: number): bigint {
  const view = new DataView(scalars.buffer, scalars.byteOffset + at * SCALAR_BYTES, SCALAR_BYTES);
  return [3, 2, 1, 0].reduce((value, word) => (value << 64n) | view.getBigUint64(8 * word, true), 0n);
}

/** Coordinates of the generator. @source EIP-197 */
function generatorOf(group: Group): readonly bigint[] {
  if (group === 'g1m') {
    const { x, y } = bn254.G1.Point.BASE.toAffine();
    return [x, y];
  }
  const { x, y } = bn254.G2.Point.BASE.toAffine();
  return [x.c0, x.c1, y.c0, y.c1];
}

/** A function of the module, over addresses in its memory. */
function functionOf(curve: CurveModule, name: string): (...parameters: readonly number[]) => void {
  const found = curve.exports[name];
  if (typeof found !== 'function') throw new InternalError(`The curve module has no function ${name}.`);
  return (...parameters) => void found(...parameters);
}

/** Takes memory from the module's own heap, whose end stands in its first word, and leaves `spare` bytes beyond it for what the module takes by itself. */
function allocate(curve: CurveModule, bytes: number, spare: number): number {
  const { memory } = curve;
  const heap = new Uint32Array(memory.buffer, 0, 1);
  const start = Math.ceil((heap[0] ?? 0) / 8) * 8;
  heap[0] = start + bytes;
  const missing = start + bytes + spare - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  return start;
}

function bytesOf(curve: CurveModule): Uint8Array<ArrayBuffer> {
  return new Uint8Array(curve.memory.buffer);
}
