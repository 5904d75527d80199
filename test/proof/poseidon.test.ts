import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { poseidon, poseidonChain } from '../../src/proof/poseidon.ts';

const element = fc.bigInt({ min: 0n, max: FIELD_MODULUS - 1n });
const refused = (run: () => unknown): boolean => {
  try {
    run();
    return false;
  } catch (error) {
    return isPlimsollError(error, 'INVALID_ARGUMENT');
  }
};

describe('poseidon', () => {
  test('default: the vectors that iden3/circomlibjs publishes for circomlib (test/poseidon.js)', () => {
    expect(poseidon([1n, 2n])).toBe(7_853_200_120_776_062_878_684_798_364_095_072_458_815_029_376_092_732_009_249_414_926_327_459_813_530n);
    expect(poseidon([1n, 2n, 3n, 4n])).toBe(18_821_383_157_269_793_795_438_455_681_495_246_036_402_687_001_665_670_618_754_263_018_637_548_127_333n);
    expect(poseidon(Array.from({ length: 16 }, (_, at) => BigInt(at + 1)))).toBe(9_989_051_620_750_914_585_850_546_081_941_653_841_776_809_718_687_451_684_622_678_807_385_399_211_877n);
  });

  test('bad input: no inputs, seventeen, negative, the modulus itself', () => {
    expect(refused(() => poseidon([]))).toBe(true);
    expect(refused(() => poseidon(Array<bigint>(17).fill(0n)))).toBe(true);
    expect(refused(() => poseidon([-1n]))).toBe(true);
    expect(refused(() => poseidon([FIELD_MODULUS]))).toBe(true);
    expect(refused(() => poseidon([FIELD_MODULUS - 1n]))).toBe(false);
  });
});

describe('poseidonChain', () => {
  test('property: length and domain are part of the hash, so padding with zeros never collides', () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 20 }), (list, zeros) => {
        const padded = [...list, ...Array<bigint>(zeros).fill(0n)];
        expect(poseidonChain(1n, list)).not.toBe(poseidonChain(1n, padded));
        expect(poseidonChain(1n, list)).not.toBe(poseidonChain(2n, list));
      }),
      { seed: 1, numRuns: 15 },
    );
  });

  test('property: every element counts, in its place', () => {
    fc.assert(
      fc.property(fc.uniqueArray(element, { minLength: 2, maxLength: 40 }), fc.nat(), (list, pick) => {
        const at = pick % list.length;
        const altered = list.with(at, ((list[at] ?? 0n) + 1n) % FIELD_MODULUS);
        expect(poseidonChain(1n, altered)).not.toBe(poseidonChain(1n, list));
        expect(poseidonChain(1n, list.toReversed())).not.toBe(poseidonChain(1n, list));
      }),
      { seed: 2, numRuns: 15 },
    );
  });

  test('bad input: a list of 4,096 has no room for its length', () => {
    expect(refused(() => poseidonChain(1n, Array<bigint>(4_096).fill(0n)))).toBe(true);
  });
});
