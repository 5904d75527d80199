import { readFileSync } from 'node:fs';
import { bn254 } from '@noble/curves/bn254.js';
import fc from 'fast-check';
import { groth16 } from 'snarkjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Groth16Points } from '../../../src/proof/bundle.ts';
import { FIELD_MODULUS } from '../../../src/proof/field.ts';
import { BASE_FIELD_MODULUS } from '../../../src/proof/keys/points.ts';
import { parseVerificationKey } from '../../../src/proof/keys/verification-key.ts';
import type { Groth16Proof } from '../../../src/proof/prover/backend.ts';
import { openCurve } from '../../../src/proof/prover/curve.ts';
import { readGroth16Proof } from '../../../src/proof/prover/groth16-json.ts';
import { type Groth16Verifier, openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { openWitnessCalculator } from '../../../src/proof/prover/witness-calculator.ts';
import { usersOf } from '../../chain/counts.ts';
import { makeTinyCircuit, TINY_INPUTS, TINY_SIGNALS } from '../keys/tiny-circuit.ts';

let verifies: Groth16Verifier;
let made: Groth16Proof;
let vkeyJson: unknown;
beforeAll(async () => {
  await openCurve({ singleThread: true });
  const circuit = await makeTinyCircuit();
  const witness = await (await openWitnessCalculator(readFileSync(circuit.wasm)))(TINY_INPUTS);
  const { proof, publicSignals } = await groth16.prove(new Uint8Array(readFileSync(circuit.zkey)), witness);
  made = readGroth16Proof(proof, publicSignals);
  vkeyJson = JSON.parse(readFileSync(circuit.vkey, 'utf8'));
  verifies = openGroth16Verifier(parseVerificationKey(readFileSync(circuit.vkey)));
});

function snarkjsVerifies({ a, b, c }: Groth16Points, signals: readonly bigint[]): Promise<boolean> {
  const proof = { pi_a: [...a.map(String), '1'], pi_b: [...b.map((pair) => pair.map(String)), ['1', '0']], pi_c: [...c.map(String), '1'], protocol: 'groth16', curve: 'bn128' };
  return groth16.verify(vkeyJson, signals.map(String), proof);
}

/** The coordinates of a proof in a row, one of them changed. */
function changed(proof: Groth16Points, at: number, by: bigint): Groth16Points {
  const list = [...proof.a, ...proof.b.flat(), ...proof.c].map((value, index) => (index === at ? value + by : value));
  const [a0 = 0n, a1 = 0n, b0 = 0n, b1 = 0n, b2 = 0n, b3 = 0n, c0 = 0n, c1 = 0n] = list;
  return {
    a: [a0, a1],
    b: [
      [b0, b1],
      [b2, b3],
    ],
    c: [c0, c1],
  };
}

describe('openGroth16Verifier', () => {
  test('default', async () => {
    expect(made.publicSignals).toEqual(TINY_SIGNALS);
    expect(verifies(made.proof, TINY_SIGNALS)).toBe(true);
    expect(await snarkjsVerifies(made.proof, TINY_SIGNALS)).toBe(true);
  });

  test('behavior: (−A, −B, C) verifies too, so a proof cannot be told apart by its bytes', () => {
    const p = BASE_FIELD_MODULUS;
    const { a, b, c } = made.proof;
    expect(verifies({ a: [a[0], p - a[1]], b: [b[0], [p - b[1][0], p - b[1][1]]], c }, TINY_SIGNALS)).toBe(true);
    expect(verifies({ a: [a[0], p - a[1]], b, c }, TINY_SIGNALS)).toBe(false);
  });

  test.each(TINY_SIGNALS.map((_, at) => at))('error: signal %i changed, or written as another number with the same remainder', (at) => {
    const signal = TINY_SIGNALS[at] ?? 0n;
    expect(verifies(made.proof, TINY_SIGNALS.with(at, signal + 1n))).toBe(false);
    expect(verifies(made.proof, TINY_SIGNALS.with(at, signal + FIELD_MODULUS))).toBe(false);
    expect(verifies(made.proof, TINY_SIGNALS.with(at, -1n))).toBe(false);
  });

  test('error: a signal less or more', () => {
    expect(verifies(made.proof, TINY_SIGNALS.slice(0, 8))).toBe(false);
    expect(verifies(made.proof, [...TINY_SIGNALS, 0n])).toBe(false);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('error: coordinate %i off by one, or not reduced', (at) => {
    expect(verifies(changed(made.proof, at, 1n), TINY_SIGNALS)).toBe(false);
    expect(verifies(changed(made.proof, at, BASE_FIELD_MODULUS), TINY_SIGNALS)).toBe(false);
    expect(verifies(changed(made.proof, at, -BASE_FIELD_MODULUS), TINY_SIGNALS)).toBe(false);
  });

  test('error: points at infinity, and points of the curve that are no proof', () => {
    const { a, b, c } = made.proof;
    const zero: [bigint, bigint] = [0n, 0n];
    expect(verifies({ a: zero, b, c }, TINY_SIGNALS)).toBe(false);
    expect(verifies({ a, b: [zero, zero], c }, TINY_SIGNALS)).toBe(false);
    expect(verifies({ a, b, c: zero }, TINY_SIGNALS)).toBe(false);
    expect(verifies({ a: c, b, c: a }, TINY_SIGNALS)).toBe(false);
  });

  test('property: agrees with snarkjs on proofs whose points are multiplied', async () => {
    const { G1, G2 } = bn254;
    const { a, b, c } = made.proof;
    const points = {
      a: G1.Point.fromAffine({ x: a[0], y: a[1] }),
      b: G2.Point.fromAffine({ x: { c0: b[0][0], c1: b[0][1] }, y: { c0: b[1][0], c1: b[1][1] } }),
      c: G1.Point.fromAffine({ x: c[0], y: c[1] }),
    };
    const { Fn } = G1.Point;
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.bigInt(1n, 5n), fc.bigInt(1n, 3n), fc.boolean(), async (k, kc, isInverse) => {
        const [ka, kb, kcc] = isInverse ? [k, Fn.inv(k), 1n] : [k, 1n, kc];
        const [pa, pb, pc] = [points.a.multiply(ka).toAffine(), points.b.multiply(kb).toAffine(), points.c.multiply(kcc).toAffine()];
        const proof: Groth16Points = {
          a: [pa.x, pa.y],
          b: [
            [pb.x.c0, pb.x.c1],
            [pb.y.c0, pb.y.c1],
          ],
          c: [pc.x, pc.y],
        };
        const verdict = verifies(proof, TINY_SIGNALS);
        if (verdict) accepted += 1;
        expect(verdict).toBe(await snarkjsVerifies(proof, TINY_SIGNALS));
        expect(verdict).toBe(isInverse || (k === 1n && kc === 1n));
      }),
      { seed: 16, numRuns: usersOf(12, 300) },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
