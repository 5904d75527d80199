import { Field } from '@noble/curves/abstract/modular.js';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { type Constraint, type ConstraintSystem, reduce, sumOf, type Witness } from './constraint-system.ts';

const field = Field(FIELD_MODULUS);

/** What one constraint says of a change of one wire: any value will do, none but the present one, or exactly one other difference. */
type Leeway = 'any' | 'none' | bigint;

/**
 * The private wires that could take another value, all others staying, without breaking a constraint: for every wire, over every value of the field.
 *
 * With a change d of a wire, A · B − C becomes d · (a B + b A − c + a b d): zero for all d, for none, or for one.
 *
 * @param witness one that breaks no constraint
 */
export function findMovableWires(system: ConstraintSystem, witness: Witness): readonly number[] {
  const leeways = Array<Leeway>(system.wires).fill('any');
  for (const constraint of system.constraints) narrow(leeways, constraint, witness);
  return leeways.flatMap((leeway, wire) => (leeway === 'none' || wire <= system.publicSignals ? [] : [wire]));
}

function narrow(leeways: Leeway[], constraint: Constraint, witness: Witness): void {
  const [sumA, sumB] = [reduce(sumOf(constraint.a, witness)), reduce(sumOf(constraint.b, witness))];
  const parts = new Map<number, { a: bigint; b: bigint; c: bigint }>();
  for (const name of ['a', 'b', 'c'] as const) {
    for (const { wire, coefficient } of constraint[name]) {
      const part = parts.get(wire) ?? { a: 0n, b: 0n, c: 0n };
      parts.set(wire, { ...part, [name]: coefficient });
    }
  }
  for (const [wire, { a, b, c }] of parts) {
    const present = leeways[wire] ?? 'none';
    if (present !== 'none') leeways[wire] = both(present, leewayOf(reduce(a * sumB + b * sumA - c), reduce(a * b)));
  }
}

/** Solutions d ≠ 0 of linear + quadratic · d = 0. */
function leewayOf(linear: bigint, quadratic: bigint): Leeway {
  if (quadratic === 0n) return linear === 0n ? 'any' : 'none';
  return linear === 0n ? 'none' : reduce(-linear * field.inv(quadratic));
}

function both(left: Leeway, right: Leeway): Leeway {
  if (left === 'any') return right;
  if (right === 'any' || left === right) return left;
  return 'none';
}
