import { beforeAll, describe, expect, test } from 'vitest';
import { packClaim } from '../../src/proof/claim.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import type { Row } from '../../src/proof/row.ts';
import { MARKETS, unitRow } from './boundaries.ts';
import { type ConstraintSystem, findViolations, reduce, type Witness } from './constraint-system.ts';
import { changeWires, fillSums, type Wires } from './forge-witness.ts';
import { openCircuit } from './open-circuit.ts';
import { type Assignment, assign, type FreeRow, inputsOf } from './statement-case.ts';

// A witness calculator that stops proves only that its own honest computation fails. These witnesses are written by hand: an honest one, with a lie and all that
// follows from it, so that nothing stands in the way of the lie but the constraint that is meant to.

const ID = 'S-committed';
const COMPILE_TIMEOUT_MS = 600_000;
const NOTHING_CLAIMED = { lowerPpm: 0, upperPpm: null, minDeficitCents: 0n };
const BREACH = packClaim({ lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n });

/** Account 0 is solvent (HF 5); rows 2 to 5 belong to account 1, which the scope does not select. */
const ROWS: readonly Row[] = [
  unitRow(0, 5_000_000n, 0),
  unitRow(1, 1_000_000n, 0),
  { amount: 77n, price: 8n, weight: 5n, unit: 1, side: 0 },
  { amount: 77n, price: 8n, weight: 5n, unit: 1, side: 1 },
  { amount: 0n, price: 1n, weight: 0n, unit: 1, side: 0 },
  { amount: 9n, price: 9n, weight: 9n, unit: 3, side: 0 },
];

let system: ConstraintSystem;
let base: Assignment;
let honest: Witness;

beforeAll(async () => {
  const circuit = await openCircuit(ID);
  system = circuit.system;
  base = assign(ID, { rows: ROWS, unitTable: MARKETS, unit: 0, scope: MARKETS[0], claim: NOTHING_CLAIMED });
  honest = (await circuit.solve(inputsOf(ID, base))) ?? [];
}, COMPILE_TIMEOUT_MS);

/** The signals of all constraints that a witness breaks. */
function brokenBy(witness: Witness): readonly (readonly string[])[] {
  return findViolations(system, witness).map((at) => {
    const constraint = system.constraints[at];
    const terms = constraint === undefined ? [] : [...constraint.a, ...constraint.b, ...constraint.c];
    return terms.flatMap(({ wire }) => system.namesOf(wire));
  });
}

function forge(claim: bigint, lies: Wires, changes: Wires = {}, rows: readonly FreeRow[] = base.rows): Witness {
  return changeWires(system, honest, { ...fillSums({ rows, u: base.u, single: 1n, claim }, lies), ...changes });
}

describe('the model that forges', () => {
  test('default: without a lie it gives the honest witness', () => {
    expect(forge(base.claim, {})).toEqual(honest);
    expect(brokenBy(honest)).toEqual([]);
  });

  test('behavior: without a lie a breach of the solvent account breaks one range check alone', () => {
    const broken = brokenBy(forge(BREACH, {}));
    expect(broken).toHaveLength(1);
    expect(broken[0]).toContain('main.statement.claimed.upperHolds.out[1]');
  });
});

describe('lies that would make the breach of a solvent account hold', () => {
  const sums = 'statement.sums';
  const claimed = 'statement.claimed';
  /** Each with a signal of the one constraint that it breaks. */
  const LIES: readonly (readonly [string, Wires, string])[] = [
    ['the collateral has another unit than u', { [`${sums}.isUnit[0].out`]: 0n }, `${sums}.isUnit[0].out`],
    ['the collateral is skipped', { [`${sums}.skipped[0]`]: 1n }, `${sums}.skipped[0]`],
    ['amount × price = 0', { [`${sums}.value[0]`]: 0n }, `${sums}.value[0]`],
    ['× weight = 0', { [`${sums}.weighted[0]`]: 0n }, `${sums}.weighted[0]`],
    ['nothing of it is selected', { [`${sums}.selected[0]`]: 0n }, `${sums}.selected[0]`],
    ['it is owed', { [`${sums}.owed[0]`]: 5_000_000n }, `${sums}.owed[0]`],
    ['the debt is larger', { [`${sums}.owed[1]`]: 10n ** 9n, [`${sums}.selected[1]`]: 10n ** 9n }, `${sums}.selected[1]`],
    ['the collateral is less', { [`${claimed}.collateral`]: 0n }, `${claimed}.collateral`],
    ['debt × upper is larger', { [`${claimed}.atUpper`]: 10n ** 13n }, `${claimed}.atUpper`],
    ['the difference is zero', { [`${claimed}.belowUpper`]: 0n }, `${claimed}.belowUpper`],
    ['the claim has no upper end', { [`${claimed}.isUnbounded.out`]: 1n }, `${claimed}.isUnbounded.out`],
  ];

  test.each(LIES)('error: %s', (_, lies, signal) => {
    const broken = brokenBy(forge(BREACH, lies));
    expect(broken.length).toBeGreaterThan(0);
    for (const signals of broken) expect(signals).toContain(`main.${signal}`);
  });

  test('error: a bit that is no bit takes up the difference', () => {
    // The first kept bit is lied about so that the sum of the bits is right; it is neither 0 nor 1.
    const difference = reduce(1_000_000n * 1_000_000n - 5_000_000n * 1_000_000n - 1n);
    const broken = brokenBy(changeWires(system, forge(BREACH, {}), { ...zeroBits(`${claimed}.upperHolds`), [`${claimed}.upperHolds.out[1]`]: difference * half() }));
    expect(broken.length).toBeGreaterThan(0);
    for (const signals of broken) expect(signals).toContain(`main.${claimed}.upperHolds.out[1]`);
  });

  test('error: another claim than the public one', () => {
    const broken = brokenBy(changeWires(system, honest, { claim: BREACH }));
    expect(broken.length).toBeGreaterThan(0);
    for (const signals of broken) expect(signals.some((name) => name.startsWith(`main.${claimed}.claimBits`))).toBe(true);
  });

  function zeroBits(at: string): Wires {
    return Object.fromEntries(Array.from({ length: 245 }, (_, bit) => [`${at}.out[${bit}]`, 0n]));
  }

  function half(): bigint {
    return (FIELD_MODULUS + 1n) / 2n;
  }
});

describe('another split of the same packed row', () => {
  /** Component → the next one in the packed row, with the width between their offsets. */
  const NEIGHBOURS = [
    ['amount', 'price', 104n],
    ['price', 'weight', 88n],
    ['weight', 'unit', 24n],
    ['unit', 'side', 8n],
  ] as const;
  const PARTS = [
    ['1', 1n],
    ['− 1', -1n],
    ['one half', (FIELD_MODULUS + 1n) / 2n],
    ['2^100', 2n ** 100n],
  ] as const;
  const SPLITS = NEIGHBOURS.flatMap(([low, high, width]) =>
    PARTS.flatMap(([text, part]) => [2, 3, 4, 5].map((at) => [`${text} of ${high} written as ${low} in row ${at}`, low, high, width, part, at] as const)),
  );

  test.each(SPLITS)('error: %s', (_, low, high, width, part, at) => {
    const row = base.rows[at];
    if (row === undefined) throw new Error('no such row');
    const split: FreeRow = { ...row, [low]: reduce(row[low] + part * 2n ** width), [high]: reduce(row[high] - part) };
    expect(pack(split)).toBe(pack(row));
    const rows = base.rows.map((other, index) => (index === at ? split : other));
    const components = Object.fromEntries((['amount', 'price', 'weight', 'unit', 'side'] as const).flatMap((name) => [[`${name}[${at}]`, split[name]] as const, ...bitsOf(name, split[name], at)]));
    // Everything after the components is right for them, and the hash is the same: only range checks of this row may stand in the way.
    const broken = brokenBy(forge(base.claim, {}, components, rows));
    expect(broken.length).toBeGreaterThan(0);
    for (const signals of broken) expect(isRangeCheck(signals, at)).toBe(true);
  });

  function pack({ amount, price, weight, unit, side }: FreeRow): bigint {
    return reduce(amount + price * 2n ** 104n + weight * 2n ** 192n + unit * 2n ** 216n + side * 2n ** 224n);
  }

  /** The lowest bits of a component; the compiler keeps no wire for one of them, which so takes up what is left. */
  function bitsOf(name: keyof FreeRow, value: bigint, at: number): readonly (readonly [string, bigint])[] {
    return Array.from({ length: 104 }, (_, bit) => [`statement.row[${at}].${name}Bits.out[${bit}]`, (value >> BigInt(bit)) & 1n] as const);
  }

  function isRangeCheck(signals: readonly string[], at: number): boolean {
    const own = [`main.statement.row[${at}].`, ...['amount', 'price', 'weight', 'unit', 'side'].map((name) => `main.${name}[${at}]`)];
    return signals.length > 0 && signals.every((signal) => own.some((start) => signal.startsWith(start)));
  }
});

describe('lies about scope and account', () => {
  const scoped = 'statement.scoped';

  test.each([
    ['the market looked up is that of the scope', { [`${scoped}.market.node[0]`]: MARKETS[1] }],
    ['the account is not empty', { [`${scoped}.isEmpty.out`]: 1n }],
    ['the scope is unified', { [`${scoped}.single`]: 0n }],
    ['the scope is hidden', { [`${scoped}.isHidden.out`]: 1n }],
    ['another u', { u: 1n }],
    ['another nullifier', { nullifier: 1n }],
    ['another reference', { accountRef: 1n }],
    ['another commitment', { commitment: 1n }],
    ['another coverage', { coverage: 1n }],
    ['another domain', { domain: 1n }],
    ['another snapshot', { snapshot: 1n }],
    ['another scope', { scope: MARKETS[1] }],
    ['another account', { account: 1n }],
    ['another secret', { secret: 1n }],
    ['another salt', { salt: 1n }],
    ['other blocks', { blocksHash: 1n }],
    ['another secret hash', { 'statement.identity.secretHash': 1n }],
    ['another binding than the squared one', { binding: 1n }],
  ] as const)('error: %s', (_, changes) => {
    expect(brokenBy(changeWires(system, honest, changes)).length).toBeGreaterThan(0);
  });
});
