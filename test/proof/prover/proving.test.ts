import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { wtns } from 'snarkjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { FIELD_MODULUS } from '../../../src/proof/field.ts';
import { parseVerificationKey } from '../../../src/proof/keys/verification-key.ts';
import { startCurveThreads } from '../../../src/proof/node/worker-threads.ts';
import type { CircuitInputs } from '../../../src/proof/prover/backend.ts';
import { type Curve, openCurve } from '../../../src/proof/prover/curve.ts';
import { proveWithSnarkjs } from '../../../src/proof/prover/snarkjs.ts';
import { type Groth16Verifier, openGroth16Verifier } from '../../../src/proof/prover/verify-groth16.ts';
import { openWitnessCalculator } from '../../../src/proof/prover/witness-calculator.ts';
import { createProverBody } from '../../../src/proof/prover/worker-body.ts';
import type { ProverReply } from '../../../src/proof/prover/worker-messages.ts';
import { usersOf } from '../../chain/counts.ts';
import { makeTinyCircuit, TINY_INPUTS, TINY_SIGNALS, type TinyCircuit } from '../keys/tiny-circuit.ts';

let curve: Curve;
let circuit: TinyCircuit;
let zkey: Uint8Array;
let calculate: (inputs: CircuitInputs) => Promise<Uint8Array>;
/** Another library than the one that proves. */
let verifies: Groth16Verifier;
beforeAll(async () => {
  curve = await openCurve({ singleThread: true });
  circuit = await makeTinyCircuit();
  zkey = new Uint8Array(readFileSync(circuit.zkey));
  calculate = await openWitnessCalculator(readFileSync(circuit.wasm));
  verifies = openGroth16Verifier(parseVerificationKey(readFileSync(circuit.vkey)));
});

/** Inputs of the tiny circuit from ten numbers, of which the last is the root. */
function inputsFrom(numbers: readonly bigint[]): CircuitInputs {
  const names = Object.keys(TINY_INPUTS);
  const root = numbers[9] ?? 0n;
  const values = [(root * root) % FIELD_MODULUS, ...numbers.slice(1)];
  return Object.fromEntries(names.map((name, at) => [name, String(values[at])]));
}

describe('openWitnessCalculator', () => {
  test('behavior: the bytes are those that snarkjs calculates', async () => {
    const memory: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
    await wtns.calculate(TINY_INPUTS, new Uint8Array(readFileSync(circuit.wasm)), memory);
    expect(Buffer.from(await calculate(TINY_INPUTS)).equals(Buffer.from(memory.data ?? new Uint8Array()))).toBe(true);
  });

  test('bad input: a module that is none of circom', async () => {
    await expect(openWitnessCalculator(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ code: 'INTERNAL' });
    const empty = await openWitnessCalculator(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    await expect(empty(TINY_INPUTS)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('createProverBody', () => {
  test('error: a failure that is none of Plimsoll\u2019s is told without its text, and the next request is answered', async () => {
    const replies: ProverReply[] = [];
    const answer = createProverBody(Promise.reject(new RangeError('position 1234567')), (reply) => replies.push(reply));
    await answer({ kind: 'load', keys: 'a', wasm: readFileSync(circuit.wasm), zkey });
    await answer({ kind: 'prove', keys: 'a', inputs: TINY_INPUTS });
    expect(replies).toEqual([{ kind: 'stopped' }, { kind: 'failed', code: 'INTERNAL', message: expect.stringContaining('never sent') }]);
  });
});

describe('proveWithSnarkjs', () => {
  test('default: what it proves verifies, and its progress never falls', async () => {
    const shares: number[] = [];
    const { proof, publicSignals } = await proveWithSnarkjs(zkey, await calculate(TINY_INPUTS), (share) => shares.push(share));
    expect(publicSignals).toEqual(TINY_SIGNALS);
    expect(verifies(proof, publicSignals)).toBe(true);
    expect(verifies(proof, publicSignals.with(0, 50n))).toBe(false);
    expect(shares.length).toBeGreaterThan(4);
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares);
  });

  test('property: so it does for any witness of our calculator: zeros, ones, small numbers and the largest', async () => {
    const value = fc.oneof(fc.constantFrom(0n, 1n, 2n, FIELD_MODULUS - 1n), fc.bigInt(0n, FIELD_MODULUS - 1n));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 10, maxLength: 10 }), async (numbers) => {
        const { proof, publicSignals } = await proveWithSnarkjs(zkey, await calculate(inputsFrom(numbers)), () => {});
        expect(publicSignals.slice(1)).toEqual(numbers.slice(1, 9));
        expect(verifies(proof, publicSignals)).toBe(true);
      }),
      { seed: 23, numRuns: usersOf(8, 100), examples: [[Array<bigint>(10).fill(0n)]] },
    );
  });

  test('error: a witness of another circuit', async () => {
    const witness = await calculate(TINY_INPUTS);
    await expect(proveWithSnarkjs(zkey, witness.subarray(0, witness.length - 32), () => {})).rejects.toThrow();
  });

  test('behavior: the work spread over threads, which have been used before or not, gives proofs as good', async () => {
    globalThis.curve_bn128 = null;
    const spread = await openCurve({ singleThread: true });
    await startCurveThreads(spread, 3);
    const witness = await calculate(TINY_INPUTS);
    const proofs = await Promise.all([1, 2, 3].map(() => proveWithSnarkjs(zkey, witness, () => {})));
    globalThis.curve_bn128 = curve;
    for (const { proof, publicSignals } of proofs) expect(verifies(proof, publicSignals)).toBe(true);
  });
});
