import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { groth16, wtns } from 'snarkjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Groth16Points } from '../../../src/proof/bundle.ts';
import { FIELD_MODULUS } from '../../../src/proof/field.ts';
import { startCurveThreads } from '../../../src/proof/node/worker-threads.ts';
import type { CircuitInputs } from '../../../src/proof/prover/backend.ts';
import { type Curve, openCurve } from '../../../src/proof/prover/curve.ts';
import { openGroth16Prover } from '../../../src/proof/prover/groth16-prover.ts';
import { openWitnessCalculator } from '../../../src/proof/prover/witness-calculator.ts';
import { createProverBody } from '../../../src/proof/prover/worker-body.ts';
import type { ProverReply } from '../../../src/proof/prover/worker-messages.ts';
import { usersOf } from '../../chain/counts.ts';
import { makeTinyCircuit, TINY_INPUTS, TINY_SIGNALS, type TinyCircuit } from '../keys/tiny-circuit.ts';

let curve: Curve;
let circuit: TinyCircuit;
let zkey: Uint8Array;
let calculate: (inputs: CircuitInputs) => Promise<Uint8Array>;
let vkey: unknown;
beforeAll(async () => {
  curve = await openCurve({ singleThread: true });
  circuit = await makeTinyCircuit();
  zkey = new Uint8Array(readFileSync(circuit.zkey));
  calculate = await openWitnessCalculator(readFileSync(circuit.wasm));
  vkey = JSON.parse(readFileSync(circuit.vkey, 'utf8'));
});

function snarkjsVerifies({ a, b, c }: Groth16Points, signals: readonly bigint[]): Promise<boolean> {
  const proof = { pi_a: [...a.map(String), '1'], pi_b: [...b.map((pair) => pair.map(String)), ['1', '0']], pi_c: [...c.map(String), '1'], protocol: 'groth16', curve: 'bn128' };
  return groth16.verify(vkey, signals.map(String), proof);
}

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

describe('openGroth16Prover', () => {
  test('default: snarkjs verifies what it proves', async () => {
    const shares: number[] = [];
    const { proof, publicSignals } = await openGroth16Prover(curve, zkey)(await calculate(TINY_INPUTS), (share) => shares.push(share));
    expect(publicSignals).toEqual(TINY_SIGNALS);
    expect(await snarkjsVerifies(proof, publicSignals)).toBe(true);
    expect(await snarkjsVerifies(proof, publicSignals.with(0, 50n))).toBe(false);
    expect(shares).toHaveLength(5);
    expect(shares.at(-1)).toBeCloseTo(1);
  });

  test('property: so it does for any witness: zeros, ones, small numbers and the largest', async () => {
    const prove = openGroth16Prover(curve, zkey);
    const value = fc.oneof(fc.constantFrom(0n, 1n, 2n, FIELD_MODULUS - 1n), fc.bigInt(0n, FIELD_MODULUS - 1n));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 10, maxLength: 10 }), async (numbers) => {
        const { proof, publicSignals } = await prove(await calculate(inputsFrom(numbers)), () => {});
        expect(publicSignals.slice(1)).toEqual(numbers.slice(1, 9));
        expect(await snarkjsVerifies(proof, publicSignals)).toBe(true);
      }),
      { seed: 23, numRuns: usersOf(15, 200), examples: [[Array<bigint>(10).fill(0n)]] },
    );
  });

  test('error: a witness that breaks a constraint gives a proof that does not verify', async () => {
    const witness = await calculate(TINY_INPUTS);
    const first = 76 + 32;
    witness.set([(witness[first] ?? 0) ^ 1], first);
    const { proof, publicSignals } = await openGroth16Prover(curve, zkey)(witness, () => {});
    expect(publicSignals[0]).toBe(48n);
    expect(await snarkjsVerifies(proof, publicSignals)).toBe(false);
  });

  test('error: a witness of another circuit', async () => {
    const witness = await calculate(TINY_INPUTS);
    await expect(openGroth16Prover(curve, zkey)(witness.subarray(0, witness.length - 32), () => {})).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('behavior: the work spread over threads, which have been used before or not, gives proofs as good', async () => {
    globalThis.curve_bn128 = null;
    const spread = await openCurve({ singleThread: true });
    await startCurveThreads(spread, 3);
    globalThis.curve_bn128 = curve;
    const prove = openGroth16Prover(spread, zkey);
    const witness = await calculate(TINY_INPUTS);
    for (const { proof, publicSignals } of await Promise.all([prove(witness, () => {}), prove(witness, () => {}), prove(witness, () => {})])) {
      expect(await snarkjsVerifies(proof, publicSignals)).toBe(true);
    }
  });
});
