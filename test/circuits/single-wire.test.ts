import { describe, expect, test } from 'vitest';
import { getInstance, INSTANCES, type InstanceId } from '../../src/proof/instances.ts';
import type { StatementInput } from '../../src/proof/reference.ts';
import { usersOf } from '../chain/counts.ts';
import { listBoundaries, MARKETS, unitRow } from './boundaries.ts';
import type { ConstraintSystem, Witness } from './constraint-system.ts';
import { findMovableWires } from './movable-wires.ts';
import { openCircuit } from './open-circuit.ts';
import { assign, inputsOf } from './statement-case.ts';

const TIMEOUT_MS = 1_800_000;
const DEFAULT: readonly InstanceId[] = ['S-committed', 'M-attested'];
const ids = INSTANCES.map((instance) => instance.id).filter((id) => usersOf(0, 1) === 1 || DEFAULT.includes(id));

/**
 * The only wires that may move: `inv` of IsZero whose input is zero. Its constraints are in · inv = 1 − out and in · out = 0: with in = 0 they say out = 1, whatever inv
 * is, and nothing else reads inv. Who else has an IsZero:
 * - eqCheckX, eqCheckY: the verifier's last comparison of points, whose input must be zero;
 * - isUnified, isHidden, isEmpty: questions to the scope;
 * - isUnbounded, asksNoDeficit: questions to the claim;
 * - isUnit: which rows belong to the account.
 */
const EXPLAINED = /^main\.(signature\.eqCheck[XY]\.isz|statement\.(scoped\.is(Unified|Hidden|Empty)|claimed\.(isUnbounded|asksNoDeficit)|sums\.isUnit\[\d+\]))\.inv$/;

/** Statements that hold, so that between them every question is answered both ways. */
const STATEMENTS: readonly (readonly [string, StatementInput])[] = [
  ['a breach of one market', statement({ scope: MARKETS[1], unit: 1, claim: { lowerPpm: 1, upperPpm: 1_000_000, minDeficitCents: 0n } })],
  ['a solvent unified account, u empty', statement({ scope: 0n, unit: 9, claim: { lowerPpm: 1_000_000, upperPpm: null, minDeficitCents: 0n } })],
  ['a hidden scope', statement({ scope: 1n, unit: 0, claim: { lowerPpm: 1_000_000, upperPpm: 9_000_000, minDeficitCents: 0n } })],
];

function statement(part: Pick<StatementInput, 'scope' | 'unit' | 'claim'>): StatementInput {
  return { ...part, unitTable: MARKETS, rows: [unitRow(0, 5_000_000n, 0), unitRow(1, 1_000_000n, 0), unitRow(0, 900_000n, 1), unitRow(1, 1_000_000n, 1), unitRow(1, 3n, 3)] };
}

describe.each(ids)('%s', (id) => {
  test('property: no wire may move alone, over the whole field, but those that are named and explained', { timeout: TIMEOUT_MS }, async () => {
    const { system, solve } = await openCircuit(id);
    const extra = usersOf(0, 1) === 1 ? listBoundaries(getInstance(id).rows).filter((boundary) => boundary.holds) : [];
    const statements = [...STATEMENTS, ...extra.map((boundary) => [boundary.name, boundary.statement] as const)];
    const seen = new Set<string>();
    for (const [name, asked] of statements) {
      const witness = await solve(inputsOf(id, assign(id, asked)));
      expect(witness, name).not.toBeNull();
      const free = findMovableWires(system, witness ?? []).map((wire) => system.namesOf(wire).join(' = '));
      expect(
        free.filter((wire) => !EXPLAINED.test(wire)),
        name,
      ).toEqual([]);
      expect(free.toSorted(), name).toEqual(zeroTests(system, witness ?? []).toSorted());
      for (const wire of free) seen.add(wire.replace(/\[\d+\]/, '[]'));
    }
    process.stdout.write(`${id}: ${system.wires} wires, ${statements.length} witnesses, free: ${[...seen].toSorted().join(', ')}\n`);
  });
});

/** The wires `inv` of every IsZero that answered yes. */
function zeroTests(system: ConstraintSystem, witness: Witness): readonly string[] {
  return Array.from({ length: system.wires }, (_, wire) => system.namesOf(wire).join(' = ')).filter((name) => name.endsWith('.inv') && witness[system.wireOf(name)] === 0n);
}
