import { readFileSync } from 'node:fs';
import { buildCircuit } from '../../circuits/build-circuit.ts';
import { isPlimsollError } from '../../src/core/errors.ts';
import type { InstanceId } from '../../src/proof/instances.ts';
import type { CircuitInputs } from '../../src/proof/prover/backend.ts';
import { openWitnessCalculator } from '../../src/proof/prover/witness-calculator.ts';
import { type ConstraintSystem, findViolations, loadConstraintSystem, readWitness, type Witness } from './constraint-system.ts';

/** A compiled circuit under test. */
export interface OpenCircuit {
  readonly id: InstanceId;
  readonly system: ConstraintSystem;
  /** The honest witness, or null where an assertion fails on the way. Every witness that is answered was held against all constraints. */
  readonly solve: (inputs: CircuitInputs) => Promise<Witness | null>;
}

/** Compiles a circuit, or takes what was compiled from the same sources before. */
export async function openCircuit(id: InstanceId): Promise<OpenCircuit> {
  const built = await buildCircuit(id, { keys: false });
  const system = await loadConstraintSystem(built);
  const calculate = await openWitnessCalculator(readFileSync(built.wasm));
  const solve = async (inputs: CircuitInputs): Promise<Witness | null> => {
    try {
      const witness = readWitness(await calculate(inputs));
      const violations = findViolations(system, witness);
      if (violations.length > 0) throw new Error(`${id}: the calculated witness breaks ${violations.length} constraints.`);
      return witness;
    } catch (error) {
      if (isPlimsollError(error, 'STATEMENT_FALSE')) return null;
      throw error;
    }
  };
  return { id, system, solve };
}
