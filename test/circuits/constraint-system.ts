import { readFileSync } from 'node:fs';
import { type LinearCombination, readR1cs } from 'r1csfile';
import { InternalError } from '../../src/core/errors.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';

/** A value for every wire of a circuit; wire 0 is the constant one. */
export type Witness = readonly bigint[];

/** The constraints of a compiled circuit: A · B = C for each, over linear combinations of wires. */
export interface ConstraintSystem {
  readonly wires: number;
  /** Outputs and public inputs; they are wires 1 to this number. */
  readonly publicSignals: number;
  readonly constraints: readonly Constraint[];
  /** The wire of a signal's name, as in `main.amount[0]`. @throws {InternalError} where the compiler left none */
  wireOf(signal: string): number;
  /** As {@link wireOf}, null where there is none. */
  findWire(signal: string): number | null;
  /** The names that one wire has. */
  namesOf(wire: number): readonly string[];
}

/** Three linear combinations. */
export interface Constraint {
  readonly a: readonly Term[];
  readonly b: readonly Term[];
  readonly c: readonly Term[];
}

interface Term {
  readonly wire: number;
  /** Signed: p − 1 reads −1, which keeps the sums small. */
  readonly coefficient: bigint;
}

const COEFFICIENT_BYTES = 32;

/** Loads the constraints and the names of the wires. */
export async function loadConstraintSystem(files: { readonly r1cs: string; readonly sym: string }): Promise<ConstraintSystem> {
  const r1cs = await readR1cs(files.r1cs, { loadConstraints: true, F: { p: FIELD_MODULUS, fromRprLE: readCoefficient } });
  const names = readNames(files.sym);
  const wires = new Map([...names].flatMap(([wire, list]) => list.map((name) => [name, wire] as const)));
  return {
    wires: r1cs.nVars,
    publicSignals: r1cs.nOutputs + r1cs.nPubInputs,
    constraints: r1cs.constraints.map(([a, b, c]) => ({ a: termsOf(a), b: termsOf(b), c: termsOf(c) })),
    wireOf: (signal) => {
      const wire = wires.get(signal);
      if (wire === undefined) throw new InternalError(`The compiled circuit has no wire for ${signal}.`);
      return wire;
    },
    findWire: (signal) => wires.get(signal) ?? null,
    namesOf: (wire) => names.get(wire) ?? [],
  };
}

/** The constraints that a witness breaks, by their index. */
export function findViolations(system: ConstraintSystem, witness: Witness): readonly number[] {
  return system.constraints.flatMap(({ a, b, c }, at) => (reduce(sumOf(a, witness) * sumOf(b, witness) - sumOf(c, witness)) === 0n ? [] : [at]));
}

/** A linear combination's value, not reduced. */
export function sumOf(terms: readonly Term[], witness: Witness): bigint {
  return terms.reduce((total, { wire, coefficient }) => total + coefficient * (witness[wire] ?? 0n), 0n);
}

/** A number's remainder in the field. */
export function reduce(value: bigint): bigint {
  const rest = value % FIELD_MODULUS;
  return rest < 0n ? rest + FIELD_MODULUS : rest;
}

/** The values of a .wtns file. */
export function readWitness(file: Uint8Array): Witness {
  const HEADER_BYTES = 76;
  return Array.from({ length: (file.length - HEADER_BYTES) / COEFFICIENT_BYTES }, (_, at) => readNatural(file, HEADER_BYTES + at * COEFFICIENT_BYTES));
}

function termsOf(combination: LinearCombination): readonly Term[] {
  return Object.entries(combination).map(([wire, coefficient]) => ({ wire: Number(wire), coefficient }));
}

function readCoefficient(bytes: Uint8Array, at: number): bigint {
  const value = readNatural(bytes, at);
  return value > FIELD_MODULUS / 2n ? value - FIELD_MODULUS : value;
}

function readNatural(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, COEFFICIENT_BYTES);
  return [3, 2, 1, 0].reduce((value, word) => (value << 64n) | view.getBigUint64(8 * word, true), 0n);
}

/** Lines of a .sym file: label, wire (−1 where it was optimised away), component, name. */
function readNames(sym: string): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string[]>();
  for (const line of readFileSync(sym, 'utf8').split('\n')) {
    const [, wire, , name] = line.split(',');
    if (name === undefined || wire === '-1') continue;
    const list = names.get(Number(wire));
    if (list === undefined) names.set(Number(wire), [name]);
    else list.push(name);
  }
  return names;
}
