import { babyjubjub } from '@noble/curves/misc.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { attestorId, type CurvePoint, derivePublicKey, SUBGROUP_ORDER, signEddsa, verifyEddsa } from '../../src/proof/eddsa.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { MARKETS, unitRow } from './boundaries.ts';
import { type OpenCircuit, openCircuit } from './open-circuit.ts';
import { type Assignment, ATTESTOR_KEY, assign, inputsOf, type Seal, seal } from './statement-case.ts';

const ID = 'M-attested';
const COMPILE_TIMEOUT_MS = 600_000;
const OTHER_KEY = new Uint8Array(32).fill(8);
/** Of order 2. */
const LOW_ORDER: CurvePoint = { x: 0n, y: FIELD_MODULUS - 1n };
const OFF_CURVE: CurvePoint = { x: 3n, y: 4n };
const { Point } = babyjubjub;

/** A seal is changed; the attestor named in the public signals follows the key. */
const FORGERIES: readonly (readonly [string, (honest: Seal) => Seal])[] = [
  ['a signature by another key', (s) => ({ ...s, signature: signEddsa(OTHER_KEY, s.commitment) })],
  ['another key under the signature', (s) => ({ ...s, publicKey: derivePublicKey(OTHER_KEY) })],
  ['a signature of another commitment', (s) => ({ ...s, signature: signEddsa(ATTESTOR_KEY, s.commitment + 1n) })],
  ['S + 1', (s) => withS(s, s.signature.s + 1n)],
  ['S + the order of the group', (s) => withS(s, s.signature.s + SUBGROUP_ORDER)],
  ['S + twice the order', (s) => withS(s, s.signature.s + 2n * SUBGROUP_ORDER)],
  ['S = p − 1', (s) => withS(s, FIELD_MODULUS - 1n)],
  ['S = 0', (s) => withS(s, 0n)],
  ['R8 negated', (s) => ({ ...s, signature: { ...s.signature, r8: { x: FIELD_MODULUS - s.signature.r8.x, y: s.signature.r8.y } } })],
  ['R8 off the curve', (s) => ({ ...s, signature: { ...s.signature, r8: OFF_CURVE } })],
  ['R8 = (0, 0)', (s) => ({ ...s, signature: { ...s.signature, r8: { x: 0n, y: 0n } } })],
  ['the key off the curve', (s) => ({ ...s, publicKey: OFF_CURVE })],
  ['the key (0, 0)', (s) => ({ ...s, publicKey: { x: 0n, y: 0n } })],
  ['the neutral element as key, with a signature that would hold', (s) => neutralForgery(s, { x: 0n, y: 1n })],
  ['a key of order 2, with a signature that would hold', (s) => neutralForgery(s, LOW_ORDER)],
];

/** With 8A = 0 anybody signs: S · B = R8. */
function neutralForgery(sealed: Seal, publicKey: CurvePoint): Seal {
  return { ...sealed, publicKey, signature: { r8: Point.BASE.multiply(5n).toAffine(), s: 5n } };
}

function withS(sealed: Seal, s: bigint): Seal {
  return { ...sealed, signature: { ...sealed.signature, s } };
}

describe(`${ID}: the attestor's signature`, () => {
  let circuit: OpenCircuit;
  let base: Assignment;
  beforeAll(async () => {
    circuit = await openCircuit(ID);
    base = assign(ID, { rows: [unitRow(0, 9n), unitRow(1, 10n)], unitTable: MARKETS, unit: 0, scope: 0n, claim: { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n } });
  }, COMPILE_TIMEOUT_MS);

  test('default: signatures of this library are accepted, for several keys and messages', async () => {
    for (const fill of [1, 7, 200]) {
      const key = new Uint8Array(32).fill(fill);
      const sealed = seal({ ...base, salt: BigInt(fill) }, key);
      expect(await circuit.solve(inputsOf(ID, { ...base, salt: BigInt(fill) }, sealed))).not.toBeNull();
    }
  });

  test.each(FORGERIES)('error: %s', async (_, forge) => {
    const forged = forge(seal(base));
    const inputs = { ...inputsOf(ID, base), ...signatureInputs(forged) };
    expect(await circuit.solve(inputs)).toBeNull();
    expect(verifyEddsa(forged.publicKey, forged.commitment, forged.signature)).toBe(false);
  });

  test('error: the true signature under the name of another attestor', async () => {
    expect(await circuit.solve({ ...inputsOf(ID, base), attestor: attestorId(derivePublicKey(OTHER_KEY)).toString() })).toBeNull();
  });
});

function signatureInputs({ publicKey, signature }: Seal): Record<string, string> {
  const values = { attestor: attestorId(publicKey), Ax: publicKey.x, Ay: publicKey.y, R8x: signature.r8.x, R8y: signature.r8.y, S: signature.s };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toString()]));
}
