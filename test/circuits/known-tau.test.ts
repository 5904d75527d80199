import { bn254 } from '@noble/curves/bn254.js';
import { powersOfTau } from 'snarkjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Group, POINT_BYTES } from '../../circuits/setup/fixed-base.ts';
import { evaluateLagrange, KNOWN_SECRETS, listPowers, scaleAll } from '../../circuits/setup/known-tau.ts';
import { writeKnownTau } from '../../circuits/setup/known-tau-file.ts';
import { type GeneratorPool, openGeneratorPool } from '../../circuits/setup/multiply-generator.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { openCurve } from '../../src/proof/prover/curve.ts';

const POWER = 3;
const SIZE = 2 ** POWER;
const { tau, alpha, beta } = KNOWN_SECRETS;
const MONTGOMERY = bn254.fields.Fp.inv(bn254.fields.Fp.create(2n ** 256n));

let pool: GeneratorPool;
beforeAll(() => {
  pool = openGeneratorPool();
});
afterAll(() => pool.close());

/** Coordinates of an affine point in Montgomery form. */
function readPoints(bytes: Uint8Array, group: Group): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const coordinate = (at: number): bigint =>
    bn254.fields.Fp.mul(
      [3, 2, 1, 0].reduce((value, word) => (value << 64n) | view.getBigUint64(at + 8 * word, true), 0n),
      MONTGOMERY,
    );
  const perPoint = POINT_BYTES[group] / 32;
  return Array.from({ length: bytes.length / POINT_BYTES[group] }, (_, at) => Array.from({ length: perPoint }, (__, part) => coordinate(at * POINT_BYTES[group] + 32 * part)).join());
}

/** The body of a section of a ptau file. */
function sectionOf(file: Uint8Array, wanted: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 12; at < file.length; ) {
    const size = Number(view.getBigUint64(at + 4, true));
    if (view.getUint32(at, true) === wanted) return file.subarray(at + 12, at + 12 + size);
    at += 12 + size;
  }
  throw new Error(`no section ${wanted}`);
}

describe('multiples of the generators', () => {
  const scalars = [1n, 2n, 2047n, 2048n, 2n ** 253n, FIELD_MODULUS - 1n, tau, alpha, beta];

  test('property: they are those of another library, in both groups', async () => {
    const g1 = readPoints(await pool.multiply('g1m', scalars), 'g1m');
    const g2 = readPoints(await pool.multiply('g2m', scalars), 'g2m');
    scalars.forEach((scalar, at) => {
      const first = bn254.G1.Point.BASE.multiply(scalar).toAffine();
      const second = bn254.G2.Point.BASE.multiply(scalar).toAffine();
      expect(g1[at]).toBe([first.x, first.y].join());
      expect(g2[at]).toBe([second.x.c0, second.x.c1, second.y.c0, second.y.c1].join());
    });
  });
});

describe('the first phase from known secrets', () => {
  test('behavior: its points are those that snarkjs prepares from the powers of the same tau', async () => {
    const powers = listPowers(tau, 2 * SIZE - 1);
    const known = await writeKnownTau(POWER, pool);
    const [full, prepared]: { type: 'mem'; data?: Uint8Array }[] = [{ type: 'mem', data: await writeWholePtau(known, powers) }, { type: 'mem' }];
    const curve = await openCurve({ singleThread: false });
    try {
      await powersOfTau.preparePhase2(full, prepared);
    } finally {
      await curve.terminate();
    }
    for (const section of [12, 13, 14, 15]) {
      // The points of this size stand behind those of all smaller ones. snarkjs has no last power for the next size, which section 12 has too.
      const width = section === 13 ? POINT_BYTES.g2m : POINT_BYTES.g1m;
      const [from, to] = [(SIZE - 1) * width, (2 * SIZE - 1) * width];
      expect(
        Buffer.from(sectionOf(prepared?.data ?? known, section))
          .subarray(from, to)
          .equals(Buffer.from(sectionOf(known, section)).subarray(from, to)),
        `section ${section}`,
      ).toBe(true);
    }
  });

  test('property: the Lagrange values of the next size sum to 1, and interpolate tau', () => {
    const values = evaluateLagrange(tau, POWER + 1);
    const root = rootOfUnity(POWER + 1);
    expect(modulo(values.reduce((total, value) => total + value, 0n))).toBe(1n);
    expect(modulo(values.reduce((total, value, at) => total + value * root ** BigInt(at), 0n))).toBe(tau);
  });

  test('default: the secrets are three different numbers', () => {
    expect(new Set([tau, alpha, beta]).size).toBe(3);
  });

  async function writeWholePtau(known: Uint8Array, powers: readonly bigint[]): Promise<Uint8Array> {
    const first = powers.slice(0, SIZE);
    const sections: readonly (readonly [number, Uint8Array])[] = [
      [1, sectionOf(known, 1)],
      [2, await pool.multiply('g1m', powers)],
      [3, await pool.multiply('g2m', first)],
      [4, await pool.multiply('g1m', scaleAll(first, alpha))],
      [5, await pool.multiply('g1m', scaleAll(first, beta))],
      [6, await pool.multiply('g2m', [beta])],
      [7, new Uint8Array(4)],
    ];
    const head = Buffer.alloc(12);
    head.write('ptau');
    head.writeUInt32LE(1, 4);
    head.writeUInt32LE(sections.length, 8);
    return Buffer.concat([head, ...sections.flatMap(([id, body]) => [headOf(id, body), body])]);
  }

  function headOf(id: number, body: Uint8Array): Uint8Array {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(id, 0);
    head.writeBigUInt64LE(BigInt(body.length), 4);
    return head;
  }
});

function rootOfUnity(power: number): bigint {
  return bn254.fields.Fr.pow(5n, (FIELD_MODULUS - 1n) >> BigInt(power));
}

function modulo(value: bigint): bigint {
  return value % FIELD_MODULUS;
}
