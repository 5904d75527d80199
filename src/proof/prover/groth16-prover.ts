import { InternalError } from '../../core/errors.ts';
import { FIELD_MODULUS } from '../modulus.ts';
import type { Groth16Proof } from './backend.ts';
import type { Curve } from './curve.ts';
import type { CurveTask } from './curve-task.ts';
import { findProvingPoints, type ProvingPoints } from './proving-points.ts';

/** Elements and points as the curve's module holds them. */
type Bytes = Uint8Array;

/** What proving takes from ffjavascript's curve. @source iden3/ffjavascript src/wasm_field1.js, wasm_curve.js, engine_*.js */
interface ProvingCurve {
  readonly tm: { queueAction(task: CurveTask): Promise<Bytes[]> };
  readonly Fr: {
    readonly one: Bytes;
    /** Roots of unity of order 2^index. */
    readonly w: readonly Bytes[];
    e(value: bigint): Bytes;
    mul(a: Bytes, b: Bytes): Bytes;
    neg(a: Bytes): Bytes;
    fft(values: Bytes): Promise<Bytes>;
    ifft(values: Bytes): Promise<Bytes>;
    batchApplyKey(values: Bytes, first: Bytes, factor: Bytes): Promise<Bytes>;
  };
  readonly G1: CurveGroup<bigint>;
  readonly G2: CurveGroup<[bigint, bigint]>;
}

interface CurveGroup<Coordinate> {
  add(a: Bytes, b: Bytes): Bytes;
  timesFr(point: Bytes, scalar: Bytes): Bytes;
  toAffine(point: Bytes): Bytes;
  toObject(point: Bytes): [Coordinate, Coordinate, Coordinate];
  multiExpAffine(points: Bytes, scalars: Bytes): Promise<Bytes>;
}

const ELEMENT_BYTES = 32;
const G1_BYTES = 64;
const G2_BYTES = 128;
const COEFFICIENT_BYTES = 44;
/** A .wtns file of BN254 has its values here. */
const WITNESS_AT = 76;
/** Wider than the field by this much, so that what is left after reduction is as good as even. */
const BLINDING_BYTES = 48;

/** Proves with one key. `onShare` is told how much is done, 0 to 1. */
export type Groth16Prover = (witness: Bytes, onShare: (share: number) => void) => Promise<Groth16Proof>;

/**
 * Prepares a proving key. The sums over the wires run beside the transforms, so that every thread of the curve has work until the last.
 *
 * @param zkey of snarkjs' form, accepted by the loader
 * @source Groth, "On the Size of Pairing-Based Non-interactive Arguments" (eprint 2016/260), §3.2; the quotient's points as iden3/snarkjs src/zkey_new.js lays them out:
 *   Lagrange points of the coset that is shifted by a root of twice the order
 */
export function openGroth16Prover(curve: Curve, zkey: Bytes): Groth16Prover {
  const engine = curve as Curve & ProvingCurve;
  const key = findProvingPoints(zkey);
  return async (wtns, onShare) => {
    if (wtns.length !== WITNESS_AT + key.variables * ELEMENT_BYTES) throw new InternalError('The witness does not belong to the proving key.');
    const witness = wtns.subarray(WITNESS_AT);
    const [blindA, blindB] = [engine.Fr.e(drawBlinding()), engine.Fr.e(drawBlinding())];
    const sums = await computeSums(engine, key, witness, onShare);
    return { proof: combine(engine, key, sums, { blindA, blindB }), publicSignals: listPublicSignals(witness, key.publicSignals) };
  };
}

interface Sums {
  readonly a: Bytes;
  readonly b1: Bytes;
  readonly b2: Bytes;
  readonly c: Bytes;
  readonly h: Bytes;
}

async function computeSums(engine: ProvingCurve, key: ProvingPoints, witness: Bytes, onShare: (share: number) => void): Promise<Sums> {
  let done = 0;
  const counted = async <T>(share: number, work: Promise<T>): Promise<T> => {
    const result = await work;
    done += share;
    onShare(Math.min(1, done));
    return result;
  };
  const quotient = computeQuotient(engine, key, witness);
  const [a, b1, b2, c, h] = await Promise.all([
    counted(0.12, sumPoints(engine.G1, key.a, witness)),
    counted(0.08, sumPoints(engine.G1, key.b1, witness)),
    counted(0.3, sumPoints(engine.G2, key.b2, witness, G2_BYTES)),
    counted(0.13, sumPoints(engine.G1, key.c, witness.subarray((key.publicSignals + 1) * ELEMENT_BYTES))),
    quotient.then((scalars) => counted(0.37, engine.G1.multiExpAffine(key.h, scalars))),
  ]);
  return { a, b1, b2, c, h };
}

/** Σ scalar_i · point_i over the pairs where neither is zero: half of a circuit's wires are bits that are zero, and their points need not be sent to any thread. */
function sumPoints(group: CurveGroup<unknown>, points: Bytes, scalars: Bytes, pointBytes = G1_BYTES): Promise<Bytes> {
  const count = scalars.length / ELEMENT_BYTES;
  const [pointWords, scalarWords] = [wordsOf(points), wordsOf(scalars)];
  const perPoint = pointBytes / 4;
  const perScalar = ELEMENT_BYTES / 4;
  const kept = new Uint32Array(count);
  let left = 0;
  for (let at = 0; at < count; at += 1) {
    if (isZeroAt(scalarWords, at * perScalar, perScalar) || isZeroAt(pointWords, at * perPoint, perPoint)) continue;
    kept[left] = at;
    left += 1;
  }
  const [fewerPoints, fewerScalars] = [new Uint32Array(left * perPoint), new Uint32Array(left * perScalar)];
  for (let at = 0; at < left; at += 1) {
    const from = kept[at] ?? 0;
    fewerPoints.set(pointWords.subarray(from * perPoint, (from + 1) * perPoint), at * perPoint);
    fewerScalars.set(scalarWords.subarray(from * perScalar, (from + 1) * perScalar), at * perScalar);
  }
  return group.multiExpAffine(new Uint8Array(fewerPoints.buffer), new Uint8Array(fewerScalars.buffer));
}

/** A·B − C on the shifted coset, where the divisor is a constant that the key's points have taken in. Values, not in Montgomery form. */
async function computeQuotient({ tm, Fr }: ProvingCurve, { coefficients, domainSize }: ProvingPoints, witness: Bytes): Promise<Bytes> {
  const bytes = domainSize * ELEMENT_BYTES;
  const rows = await tm.queueAction([
    { cmd: 'ALLOCSET', var: 0, buff: coefficients },
    { cmd: 'ALLOCSET', var: 1, buff: witness },
    ...[2, 3, 4].map((place) => ({ cmd: 'ALLOC', var: place, len: bytes }) as const),
    {
      cmd: 'CALL',
      fnName: 'qap_buildABC',
      params: [
        { var: 0 },
        { val: coefficients.length / COEFFICIENT_BYTES },
        { var: 1 },
        { var: 2 },
        { var: 3 },
        { var: 4 },
        { val: 0 },
        { val: domainSize },
        { val: 0 },
        { val: witness.length / ELEMENT_BYTES },
      ],
    },
    ...[2, 3, 4].map((place, out) => ({ cmd: 'GET', out, var: place, len: bytes }) as const),
  ]);
  const shift = Fr.w[Math.log2(domainSize) + 1];
  if (shift === undefined) throw new InternalError('The circuit is too large for the curve.');
  const shifted = await Promise.all(rows.map(async (values) => Fr.fft(await Fr.batchApplyKey(await Fr.ifft(values), Fr.one, shift))));
  const [quotient] = await tm.queueAction([
    ...shifted.map((buff, place) => ({ cmd: 'ALLOCSET', var: place, buff }) as const),
    { cmd: 'ALLOC', var: 3, len: bytes },
    { cmd: 'CALL', fnName: 'qap_joinABC', params: [{ var: 0 }, { var: 1 }, { var: 2 }, { val: domainSize }, { var: 3 }] },
    { cmd: 'CALL', fnName: 'frm_batchFromMontgomery', params: [{ var: 3 }, { val: domainSize }, { var: 3 }] },
    { cmd: 'GET', out: 0, var: 3, len: bytes },
  ]);
  return quotient ?? new Uint8Array();
}

interface Blinding {
  readonly blindA: Bytes;
  readonly blindB: Bytes;
}

/** A = α + Σa + r·δ, B = β + Σb + s·δ, C = Σc + Σh + s·A + r·B − r·s·δ. */
function combine({ Fr, G1, G2 }: ProvingCurve, key: ProvingPoints, sums: Sums, { blindA, blindB }: Blinding): Groth16Proof['proof'] {
  const a = G1.add(G1.add(sums.a, key.alpha1), G1.timesFr(key.delta1, blindA));
  const b2 = G2.add(G2.add(sums.b2, key.beta2), G2.timesFr(key.delta2, blindB));
  const b1 = G1.add(G1.add(sums.b1, key.beta1), G1.timesFr(key.delta1, blindB));
  const terms = [sums.h, G1.timesFr(a, blindB), G1.timesFr(b1, blindA), G1.timesFr(key.delta1, Fr.neg(Fr.mul(blindA, blindB)))];
  const c = terms.reduce((sum, term) => G1.add(sum, term), sums.c);
  const [[ax, ay], [bx, by], [cx, cy]] = [G1.toObject(G1.toAffine(a)), G2.toObject(G2.toAffine(b2)), G1.toObject(G1.toAffine(c))];
  return { a: [ax, ay], b: [bx, by], c: [cx, cy] };
}

/** A number that hides the witness: from the system's randomness, even over the field. */
function drawBlinding(): bigint {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(BLINDING_BYTES));
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) % FIELD_MODULUS;
}

/** Wire 0 is the constant one; the public signals come next. */
function listPublicSignals(witness: Bytes, count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, at) => {
    const bytes = witness.subarray((at + 1) * ELEMENT_BYTES, (at + 2) * ELEMENT_BYTES);
    return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  });
}

/** The words of bytes, copied where they do not stand at a word's boundary. */
function wordsOf(bytes: Bytes): Uint32Array {
  const source = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(source.buffer, source.byteOffset, source.length / 4);
}

function isZeroAt(words: Uint32Array, start: number, count: number): boolean {
  for (let at = start; at < start + count; at += 1) if (words[at] !== 0) return false;
  return true;
}
