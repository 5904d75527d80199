import { beforeAll, describe, expect, test } from 'vitest';
import { packClaim } from '../../src/proof/claim.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import type { InstanceId } from '../../src/proof/instances.ts';
import type { CircuitInputs } from '../../src/proof/prover/backend.ts';
import { PADDING_ROW, type Row } from '../../src/proof/row.ts';
import { MARKETS, unitRow } from './boundaries.ts';
import { type OpenCircuit, openCircuit } from './open-circuit.ts';
import { type Assignment, assign, type FreeRow, inputsOf, seal } from './statement-case.ts';

const COMPILE_TIMEOUT_MS = 600_000;
const BREACH = packClaim({ lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n });
const SOLVENT = packClaim({ lowerPpm: 1_000_000, upperPpm: null, minDeficitCents: 0n });

/** Account 0 has a health factor of 0.9, account 1 of 5; together they are solvent. */
const ROWS: readonly Row[] = [unitRow(0, 900_000n, 0), unitRow(1, 1_000_000n, 0), unitRow(0, 5_000_000n, 1), unitRow(1, 1_000_000n, 1)];

/** An attested breach of account 0, which every attempt below starts from. */
function honest(id: InstanceId): Assignment {
  return { ...assign(id, { rows: ROWS, unitTable: MARKETS, unit: 0, scope: MARKETS[0], claim: { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n } }), claim: BREACH };
}

function withRow(assignment: Assignment, at: number, change: Partial<FreeRow>): Assignment {
  return { ...assignment, rows: assignment.rows.map((row, index) => (index === at ? { ...row, ...change } : row)) };
}

function padding(): FreeRow {
  return { ...PADDING_ROW, unit: 0n, side: 0n };
}

/** What a prover may try with an attestation that he was given: the seal stays, the assignment changes. */
const AGAINST_THE_SEAL: readonly (readonly [string, (honest: Assignment) => Assignment])[] = [
  ['a dropped row', (a) => withRow(a, 0, padding())],
  ['a dropped row, the others moved up', (a) => ({ ...a, rows: [...a.rows.slice(1), padding()] })],
  ['an added row', (a) => withRow(a, 4, { ...padding(), amount: 1n, price: 1n, weight: 1n, side: 1n })],
  ['a duplicated row', (a) => ({ ...a, rows: [...a.rows.slice(0, 2), ...a.rows.slice(1, -1)] })],
  ['two rows exchanged', (a) => ({ ...a, rows: [...a.rows.slice(0, 2).toReversed(), ...a.rows.slice(2)] })],
  ['another amount', (a) => withRow(a, 0, { amount: 899_999n })],
  ['another price', (a) => withRow(a, 1, { price: 2n })],
  ['another weight', (a) => withRow(a, 1, { weight: 2n })],
  ['another side', (a) => withRow(a, 0, { side: 1n })],
  ['another unit', (a) => withRow(a, 0, { unit: 1n })],
  ['another market in the table', (a) => ({ ...a, unitTable: [MARKETS[1], MARKETS[0], ...a.unitTable.slice(2)], scope: MARKETS[1] })],
  ['a market added to the table', (a) => ({ ...a, unitTable: [...a.unitTable.slice(0, 4), 0xfeedn, ...a.unitTable.slice(5)] })],
  ['another account', (a) => ({ ...a, account: a.account + 1n })],
  ['another secret', (a) => ({ ...a, secret: a.secret + 1n })],
  ['another salt', (a) => ({ ...a, salt: a.salt + 1n })],
  ['other blocks', (a) => ({ ...a, blocksHash: a.blocksHash + 1n })],
  ['another coverage', (a) => ({ ...a, coverage: a.coverage + 1n })],
  ['another snapshot', (a) => ({ ...a, snapshot: a.snapshot + 1n })],
];

/** What no attestor's seal can make true: the assignment changes, and is sealed again as it then is. */
const WITH_A_NEW_SEAL: readonly (readonly [string, (honest: Assignment) => Assignment])[] = [
  ['u of the solvent account', (a) => ({ ...a, u: 1n })],
  ["u of the solvent account with the breach's market as its own", (a) => ({ ...a, u: 1n, unitTable: [MARKETS[1], MARKETS[0], ...a.unitTable.slice(2)] })],
  ["another market's scope", (a) => ({ ...a, scope: MARKETS[1] })],
  ['a hidden scope over the solvent account', (a) => ({ ...a, scope: 1n, u: 1n })],
  ['a hidden scope over an account that is not there', (a) => ({ ...a, scope: 1n, u: 9n, claim: SOLVENT })],
  ['a scope that is no market', (a) => ({ ...a, scope: 2n })],
  ['a unified scope, where other accounts cover the breach', (a) => ({ ...a, scope: 0n })],
  ['a solvent band over the breach', (a) => ({ ...a, claim: SOLVENT })],
  ['u = 16', (a) => ({ ...a, u: 16n })],
  ['u = 16 where nothing is selected by it', (a) => ({ ...a, u: 16n, scope: 0n, claim: SOLVENT })],
  ['u = 2^8, the unit of a row too', (a) => withRow({ ...a, u: 256n, scope: 1n }, 0, { unit: 256n })],
  ['u = p − 1', (a) => ({ ...a, u: FIELD_MODULUS - 1n })],
  ['a claim of 2^112', (a) => ({ ...a, claim: a.claim + 2n ** 112n })],
  ['a claim of p − 1', (a) => ({ ...a, claim: FIELD_MODULUS - 1n })],
];

/** Values outside a component's width, in a row of account 0 and in one that the scope does not select. */
const WIDTHS = { amount: 104n, price: 88n, weight: 24n, unit: 4n, side: 1n } as const;
const OUT_OF_RANGE = (Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]).flatMap((component) => {
  const width = WIDTHS[component];
  const values = [
    ['2^n', 2n ** width],
    ['2^n + 1', 2n ** width + 1n],
    ['2^253', 2n ** 253n],
    ['p − 1', FIELD_MODULUS - 1n],
    ['p − 2^n', FIELD_MODULUS - 2n ** width],
    ['one half', (FIELD_MODULUS + 1n) / 2n],
  ] as const;
  return values.flatMap(([text, value]) => [0, 2, 7].map((at) => [`${component} = ${text} in row ${at}`, component, value, at] as const));
});

describe.each(['S-committed', 'M-attested'] as const)('%s', (id) => {
  let circuit: OpenCircuit;
  let base: Assignment;
  beforeAll(async () => {
    circuit = await openCircuit(id);
    base = honest(id);
  }, COMPILE_TIMEOUT_MS);
  const accepts = async (inputs: CircuitInputs): Promise<boolean> => (await circuit.solve(inputs)) !== null;

  test('default: what the attempts start from is accepted', async () => {
    expect(await accepts(inputsOf(id, base))).toBe(true);
  });

  test.each(AGAINST_THE_SEAL)('error: %s, under the seal of the true rows', async (_, cheat) => {
    const sealed = seal(base);
    expect(await accepts(inputsOf(id, cheat(base), sealed))).toBe(false);
  });

  test.each(WITH_A_NEW_SEAL)('error: %s, sealed again', async (_, cheat) => {
    expect(await accepts(inputsOf(id, cheat(base)))).toBe(false);
  });

  test.each(OUT_OF_RANGE)('error: %s, sealed again', async (_, component, value, at) => {
    expect(await accepts(inputsOf(id, withRow(base, at, { [component]: value })))).toBe(false);
  });

  test.each(['amount', 'price', 'weight'] as const)('behavior: the largest %s is accepted', async (component) => {
    // In the solvent account, so that the breach of account 0 stays one.
    expect(await accepts(inputsOf(id, withRow(base, 2, { [component]: 2n ** WIDTHS[component] - 1n })))).toBe(true);
  });

  test('behavior: the largest unit is accepted', async () => {
    expect(await accepts(inputsOf(id, withRow(base, 2, { unit: 15n })))).toBe(true);
  });

  test('error: each public signal changed alone', async () => {
    const inputs = inputsOf(id, base);
    const names = [id === 'S-committed' ? 'commitment' : 'attestor', 'coverage', 'domain', 'snapshot', 'scope', 'nullifier', 'accountRef'];
    for (const name of names) expect(await accepts({ ...inputs, [name]: (BigInt(String(inputs[name])) + 1n).toString() }), name).toBe(false);
    expect(await accepts({ ...inputs, claim: SOLVENT.toString() }), 'claim').toBe(false);
  });

  test('behavior: a witness for another binding is another witness, which a proof fixes', async () => {
    const inputs = inputsOf(id, base);
    const witness = await circuit.solve(inputs);
    const other = await circuit.solve({ ...inputs, binding: '12345' });
    const binding = circuit.system.wireOf('main.binding');
    const square = circuit.system.wireOf('main.statement.bindingSquare');
    expect([witness?.[binding], other?.[binding], other?.[square]]).toEqual([base.binding, 12_345n, 12_345n ** 2n]);
    expect(binding).toBeLessThanOrEqual(circuit.system.publicSignals);
  });
});
