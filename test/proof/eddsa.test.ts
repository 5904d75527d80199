import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attestorId, derivePublicKey, SUBGROUP_ORDER, signEddsa, verifyEddsa } from '../../src/proof/eddsa.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { poseidon } from '../../src/proof/poseidon.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** @source ERC-2494 */
const BASE8 = {
  x: 5_299_619_240_641_551_281_634_865_583_518_297_030_282_874_472_190_772_894_086_521_144_482_721_001_553n,
  y: 16_950_150_798_460_657_717_958_625_567_821_834_550_301_663_161_624_707_787_222_815_936_182_638_968_203n,
};
const message = fc.bigInt({ min: 0n, max: FIELD_MODULUS - 1n });

describe('signEddsa, verifyEddsa', () => {
  test('property: a signature holds for its own key and message, and for nothing else', () => {
    fc.assert(
      fc.property(key, key, message, message, (mine, other, signed, different) => {
        fc.pre(signed !== different && mine.join() !== other.join());
        const signature = signEddsa(mine, signed);
        const publicKey = derivePublicKey(mine);
        expect(verifyEddsa(publicKey, signed, signature)).toBe(true);
        expect(verifyEddsa(publicKey, different, signature)).toBe(false);
        expect(verifyEddsa(derivePublicKey(other), signed, signature)).toBe(false);
        expect(verifyEddsa(publicKey, signed, { ...signature, s: (signature.s + 1n) % SUBGROUP_ORDER })).toBe(false);
      }),
      { seed: 3, numRuns: 10 },
    );
  });

  test('behavior: the same key and message give the same signature; other messages give other nonces', () => {
    const bytes = new Uint8Array(32).fill(9);
    expect(signEddsa(bytes, 5n)).toEqual(signEddsa(bytes, 5n));
    expect(signEddsa(bytes, 5n).r8).not.toEqual(signEddsa(bytes, 6n).r8);
  });

  test('bad input: S + order, a point off the curve, a key of small order, numbers outside the field', () => {
    const bytes = new Uint8Array(32).fill(9);
    const publicKey = derivePublicKey(bytes);
    const signature = signEddsa(bytes, 5n);
    const holds = (changes: { key?: { x: bigint; y: bigint }; message?: bigint; r8?: { x: bigint; y: bigint }; s?: bigint }): boolean =>
      verifyEddsa(changes.key ?? publicKey, changes.message ?? 5n, { r8: changes.r8 ?? signature.r8, s: changes.s ?? signature.s });
    expect(holds({})).toBe(true);
    expect(holds({ s: signature.s + SUBGROUP_ORDER })).toBe(false);
    expect(holds({ s: -1n })).toBe(false);
    expect(holds({ key: { x: publicKey.x + 1n, y: publicKey.y } })).toBe(false);
    expect(holds({ r8: { x: signature.r8.x, y: signature.r8.y + 1n } })).toBe(false);
    expect(holds({ key: { x: publicKey.x + FIELD_MODULUS, y: publicKey.y } })).toBe(false);
    expect(holds({ message: 5n + FIELD_MODULUS })).toBe(false);
    // (0, 1) is the neutral element, (0, −1) has order 2: with either as key, anybody could sign.
    expect(holds({ key: { x: 0n, y: 1n } })).toBe(false);
    expect(holds({ key: { x: 0n, y: FIELD_MODULUS - 1n } })).toBe(false);
    expect(verifyEddsa({ x: 0n, y: 1n }, 5n, { r8: { x: 0n, y: 1n }, s: 0n })).toBe(false);
    expect(verifyEddsa({ x: 0n, y: FIELD_MODULUS - 1n }, 5n, { r8: BASE8, s: 1n })).toBe(false);
  });

  test('error: INVALID_ARGUMENT for a key of another length, without the key in the message', () => {
    expect(() => derivePublicKey(new Uint8Array(31).fill(171))).toThrow(/32 bytes, not 31/);
    expect(() => derivePublicKey(new Uint8Array(31).fill(171))).not.toThrow(/171|ab/);
  });

  test('default: an attestor is named by the hash of its key', () => {
    const publicKey = derivePublicKey(new Uint8Array(32).fill(9));
    expect(attestorId(publicKey)).toBe(poseidon([publicKey.x, publicKey.y]));
  });
});
