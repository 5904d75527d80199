import { Field } from '@noble/curves/abstract/modular.js';
import { grainGenConstants, type PoseidonFn, poseidon as permutationOf } from '@noble/curves/abstract/poseidon.js';
import { InvalidArgument } from '../core/errors.ts';
import { FIELD_MODULUS, requireField } from './field.ts';

const FULL_ROUNDS = 8;
/** Partial rounds by number of inputs, 1 to 16. @source iden3/circomlib circuits/poseidon.circom, N_ROUNDS_P */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68] as const;
/** The widest permutation takes this many inputs beside its capacity word. */
const CHUNK = 16;
/** The domain tag of a chained hash stands above its length, which takes 12 bits. */
const LENGTH_LIMIT = 4_096;

const field = Field(FIELD_MODULUS);
const permutations = new Map<number, PoseidonFn>();

/**
 * Poseidon over BN254's scalar field as circomlib has it: 1 to 16 field elements to one.
 *
 * @throws {InvalidArgument} for another number of inputs, or one that is no field element.
 * @source iden3/circomlib circuits/poseidon.circom; Grassi et al., "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems"
 * @example
 * ```ts
 * poseidon([1n, 2n]); // 7853200120776062878684798364095072458815029376092732009249414926327459813530n
 * ```
 */
export function poseidon(inputs: readonly bigint[]): bigint {
  return permute(0n, inputs);
}

/**
 * H_d of a list of any length below 4,096: Poseidon(16) chained over chunks of 16, the last padded with zeros. The first capacity word is
 * domain · 4096 + length, so that lists of different lengths or purposes never share a hash.
 *
 * @throws {InvalidArgument} for a list that is too long, or an entry that is no field element.
 */
export function poseidonChain(domain: bigint, elements: readonly bigint[]): bigint {
  if (elements.length >= LENGTH_LIMIT) throw new InvalidArgument(`A chained hash takes fewer than ${LENGTH_LIMIT} elements, not ${elements.length}.`);
  const chunks = Math.ceil(elements.length / CHUNK);
  let state = requireField(domain * BigInt(LENGTH_LIMIT) + BigInt(elements.length), 'The domain of a chained hash');
  for (let at = 0; at < chunks; at++) {
    const chunk = elements.slice(at * CHUNK, (at + 1) * CHUNK);
    state = permute(state, [...chunk, ...Array<bigint>(CHUNK - chunk.length).fill(0n)]);
  }
  return state;
}

function permute(capacity: bigint, inputs: readonly bigint[]): bigint {
  const [first] = permutationFor(inputs.length)([capacity, ...inputs.map((input) => requireField(input, 'An input of Poseidon'))]);
  return first ?? 0n;
}

function permutationFor(inputs: number): PoseidonFn {
  const known = permutations.get(inputs);
  if (known !== undefined) return known;
  const roundsPartial = PARTIAL_ROUNDS[inputs - 1];
  if (roundsPartial === undefined) throw new InvalidArgument(`Poseidon takes 1 to ${CHUNK} inputs, not ${inputs}.`);
  const size = { Fp: field, t: inputs + 1, roundsFull: FULL_ROUNDS, roundsPartial };
  const made = permutationOf({ ...size, sboxPower: 5, ...grainGenConstants({ ...size, sboxPower: 5 }) });
  permutations.set(inputs, made);
  return made;
}
