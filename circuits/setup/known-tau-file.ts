import { POINT_BYTES } from './fixed-base.ts';
import { evaluateLagrange, KNOWN_SECRETS, listPowers, scaleAll } from './known-tau.ts';
import type { GeneratorPool } from './multiply-generator.ts';

/** Order of the field that the coordinates of BN254 are in. @source EIP-196 */
const BASE_FIELD_MODULUS = 21_888_242_871_839_275_222_246_405_745_257_275_088_696_311_157_297_823_662_689_037_894_645_226_208_583n;
const COORDINATE_BYTES = 32;
const FORMAT_VERSION = 1;
/** Sections of a prepared ptau file. @source iden3/snarkjs src/powersoftau_new.js, src/powersoftau_preparephase2.js */
const SECTION = { header: 1, tauG1: 2, alphaG1: 4, betaG1: 5, betaG2: 6, lagrangeG1: 12, lagrangeG2: 13, alphaLagrangeG1: 14, betaLagrangeG1: 15 } as const;

/**
 * The first phase of the setup for circuits of exactly 2^power constraints, from secrets that everybody knows: a ptau file as far as snarkjs' `zKey.newZKey` reads it.
 *
 * Because the secrets are known, a point of the file is one multiplication of a generator (no transform over group elements, which takes minutes). What newZKey does not
 * read is left out: the Lagrange points of smaller domains are zeros, and there is no record of contributions.
 */
export async function writeKnownTau(power: number, pool: GeneratorPool): Promise<Uint8Array> {
  const { tau, alpha, beta } = KNOWN_SECRETS;
  const size = 1 << power;
  const lagrange = evaluateLagrange(tau, power);
  const g1 = (scalars: readonly bigint[]): Promise<Uint8Array> => pool.multiply('g1m', scalars);
  /** newZKey looks for the points of a domain behind those of all smaller ones: n − 1 points. */
  const skippedG1 = new Uint8Array((size - 1) * POINT_BYTES.g1m);
  const skippedG2 = new Uint8Array((size - 1) * POINT_BYTES.g2m);
  return joinSections([
    [SECTION.header, [headerOf(power)]],
    [SECTION.tauG1, [await g1(listPowers(tau, 2 * size - 1))]],
    [SECTION.alphaG1, [await g1([alpha])]],
    [SECTION.betaG1, [await g1([beta])]],
    [SECTION.betaG2, [await pool.multiply('g2m', [beta])]],
    [SECTION.lagrangeG1, [skippedG1, await g1(lagrange), await g1(evaluateLagrange(tau, power + 1))]],
    [SECTION.lagrangeG2, [skippedG2, await pool.multiply('g2m', lagrange)]],
    [SECTION.alphaLagrangeG1, [skippedG1, await g1(scaleAll(lagrange, alpha))]],
    [SECTION.betaLagrangeG1, [skippedG1, await g1(scaleAll(lagrange, beta))]],
  ]);
}

function headerOf(power: number): Uint8Array {
  const header = Buffer.alloc(4 + COORDINATE_BYTES + 8);
  header.writeUInt32LE(COORDINATE_BYTES, 0);
  header.set(Buffer.from(BASE_FIELD_MODULUS.toString(16).padStart(2 * COORDINATE_BYTES, '0'), 'hex').reverse(), 4);
  header.writeUInt32LE(power, 4 + COORDINATE_BYTES);
  header.writeUInt32LE(power, 8 + COORDINATE_BYTES);
  return header;
}

function joinSections(sections: readonly (readonly [id: number, parts: readonly Uint8Array[]])[]): Uint8Array {
  const start = Buffer.alloc(12);
  start.write('ptau');
  start.writeUInt32LE(FORMAT_VERSION, 4);
  start.writeUInt32LE(sections.length, 8);
  return Buffer.concat([start, ...sections.flatMap(([id, parts]) => [sectionHead(id, parts), ...parts])]);
}

function sectionHead(id: number, parts: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(id, 0);
  head.writeBigUInt64LE(BigInt(parts.reduce((length, part) => length + part.length, 0)), 4);
  return head;
}
