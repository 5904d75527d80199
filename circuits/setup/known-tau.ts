import { createHash } from 'node:crypto';
import { FIELD_MODULUS } from '../../src/proof/field.ts';

/**
 * The secrets of the DEVELOPMENT setup, for everybody to read. Whoever knows them proves what he likes: keys made from them are marked `dev` and are refused outside
 * development chains.
 */
export const KNOWN_SECRETS = { tau: secretOf('tau'), alpha: secretOf('alpha'), beta: secretOf('beta') } as const;

/** The beacon of the development keys: a constant, so that delta differs from gamma and two runs give the same bytes. */
export const KNOWN_BEACON = { source: 'a constant of the development setup, insecure', hash: hashOf('beacon').toString('hex'), iterations: 10 } as const;

/** r − 1 = 2^28 · odd. */
const TWO_ADICITY = 28n;
/** The smallest number that is no square, from which snarkjs takes its roots of unity. @source iden3/ffjavascript src/wasm_field1.js */
const NON_SQUARE = 5n;

/**
 * All Lagrange polynomials over the 2^power-th roots of unity at one point: L_i(x) = ω^i (x^n − 1) / (n (x − ω^i)).
 *
 * @returns n field elements, by i
 */
export function evaluateLagrange(point: bigint, power: number): readonly bigint[] {
  const size = 1 << power;
  const roots = listPowers(rootOfUnity(power), size);
  const inverses = invertAll(roots.map((root) => modulo(point - root)));
  const factor = modulo((raise(point, BigInt(size)) - 1n) * invert(BigInt(size)));
  return roots.map((root, at) => modulo(modulo(root * factor) * (inverses[at] ?? 0n)));
}

/** 1, x, x², …: as many as asked for. */
export function listPowers(base: bigint, count: number): readonly bigint[] {
  const powers = [1n];
  while (powers.length < count) powers.push(modulo((powers.at(-1) ?? 1n) * base));
  return powers;
}

/** Every value times a factor. */
export function scaleAll(values: readonly bigint[], factor: bigint): readonly bigint[] {
  return values.map((value) => modulo(value * factor));
}

/** All inverses at the price of one, by the products of what stands before each. */
function invertAll(values: readonly bigint[]): readonly bigint[] {
  const before = [1n];
  for (const value of values) before.push(modulo((before.at(-1) ?? 1n) * value));
  const inverses = Array<bigint>(values.length);
  let rest = invert(before.at(-1) ?? 1n);
  for (let at = values.length - 1; at >= 0; at -= 1) {
    inverses[at] = modulo(rest * (before[at] ?? 1n));
    rest = modulo(rest * (values[at] ?? 1n));
  }
  return inverses;
}

function rootOfUnity(power: number): bigint {
  const largest = raise(NON_SQUARE, (FIELD_MODULUS - 1n) >> TWO_ADICITY);
  return raise(largest, 1n << (TWO_ADICITY - BigInt(power)));
}

function invert(value: bigint): bigint {
  return raise(value, FIELD_MODULUS - 2n);
}

function raise(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, modulo(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
  return result;
}

function modulo(value: bigint): bigint {
  const rest = value % FIELD_MODULUS;
  return rest < 0n ? rest + FIELD_MODULUS : rest;
}

function secretOf(name: string): bigint {
  return BigInt(`0x${hashOf(name).toString('hex')}`) % FIELD_MODULUS;
}

function hashOf(name: string): Buffer {
  return createHash('sha256').update(`plimsoll development setup, public and insecure: ${name}`).digest();
}
