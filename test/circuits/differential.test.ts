import { beforeAll, describe, expect, test } from 'vitest';
import { getInstance, type InstanceId } from '../../src/proof/instances.ts';
import { evaluateStatement, type StatementInput } from '../../src/proof/reference.ts';
import { usersOf } from '../chain/counts.ts';
import { seededRandom } from '../chain/seeded-random.ts';
import { listBoundaries } from './boundaries.ts';
import { type OpenCircuit, openCircuit } from './open-circuit.ts';
import { randomStatement } from './random-statement.ts';
import { assign, inputsOf } from './statement-case.ts';

/** Random vectors by circuit; without the long run the two that are compiled by default. */
const VECTORS: readonly (readonly [InstanceId, seed: number, count: number])[] = [
  ['S-committed', 11, usersOf(40, 300)],
  ['M-attested', 12, usersOf(12, 300)],
  ['M-committed', 13, usersOf(0, 60)],
  ['L-attested', 14, usersOf(0, 60)],
];

/** Two circuits may be compiled one after the other on a busy machine. */
const COMPILE_TIMEOUT_MS = 600_000;

describe.each(VECTORS.filter(([, , count]) => count > 0))('%s against the integer reference', (id, seed, count) => {
  let circuit: OpenCircuit;
  beforeAll(async () => {
    circuit = await openCircuit(id);
  }, COMPILE_TIMEOUT_MS);

  const { rows } = getInstance(id);
  const isSatisfiable = async (statement: StatementInput): Promise<boolean> => (await circuit.solve(inputsOf(id, assign(id, statement)))) !== null;
  const boundaries = listBoundaries(rows);

  test.each(boundaries.map((boundary) => [boundary.name, boundary] as const))('behavior: %s', async (_, { statement, holds }) => {
    expect(evaluateStatement(statement).holds).toBe(holds);
    expect(await isSatisfiable(statement)).toBe(holds);
  });

  test(`property: ${count} random statements are satisfiable exactly where the reference says so`, { timeout: 600_000 }, async () => {
    const random = seededRandom(seed);
    const tally = { satisfiable: 0, unsatisfiable: 0 };
    for (let at = 0; at < count; at += 1) {
      const statement = randomStatement(random, rows);
      const { holds, reason } = evaluateStatement(statement);
      expect(await isSatisfiable(statement), `vector ${at}: ${reason}`).toBe(holds);
      tally[holds ? 'satisfiable' : 'unsatisfiable'] += 1;
    }
    // The vectors must not all fall on one side.
    expect(Math.min(tally.satisfiable, tally.unsatisfiable)).toBeGreaterThan(count / 8);
    process.stdout.write(`${id}: ${count} random statements, ${tally.satisfiable} satisfiable, and ${boundaries.length} boundaries\n`);
  });
});
