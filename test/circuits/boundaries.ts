import { type Claim, UNBOUNDED } from '../../src/proof/claim.ts';
import type { StatementInput } from '../../src/proof/reference.ts';
import type { Row } from '../../src/proof/row.ts';

/** A statement at the edge of holding, with what it is meant to show. */
export interface NamedStatement {
  readonly name: string;
  readonly statement: StatementInput;
  readonly holds: boolean;
}

/** Market ids of four accounts; unit 4 and above are empty. */
export const MARKETS = [0xa11ce_0001n, 0xa11ce_0002n, 0xa11ce_0003n, 0xa11ce_0004n] as const;

const MOST = { amount: 2n ** 104n - 1n, price: 2n ** 88n - 1n, weight: 2n ** 24n - 1n } as const;
const PPM = 1_000_000n;
/** One US cent as amount × price × weight. */
const CENT: Omit<Row, 'amount' | 'unit' | 'side'> = { price: 10n ** 26n, weight: PPM };

/** A row that adds exactly `value` (below 2^104) to a side. */
export function unitRow(side: 0 | 1, value: bigint, unit = 0): Row {
  return { amount: value, price: 1n, weight: 1n, unit, side };
}

/** A row worth `cents` US cents. */
export function centRow(side: 0 | 1, cents: bigint, unit = 0): Row {
  return { amount: cents, ...CENT, unit, side };
}

/** The row of the largest value that there is. */
export function largestRow(side: 0 | 1, unit = 0): Row {
  return { ...MOST, unit, side };
}

const unified = { unitTable: MARKETS, unit: 0, scope: 0n } as const;
const claim = (part: Partial<Claim>): Claim => ({ lowerPpm: 0, upperPpm: null, minDeficitCents: 0n, ...part });

/** Every boundary of a statement, for a circuit with `rows` rows. */
export function listBoundaries(rows: number): readonly NamedStatement[] {
  return [...bandBoundaries(), ...deficitBoundaries(), ...sizeBoundaries(rows), ...scopeBoundaries()];
}

/** C stands in units such that a debt of 10^6 makes the health factor in ppm equal to C. */
function atHealth(collateral: bigint): readonly Row[] {
  return [unitRow(0, collateral), unitRow(1, PPM)];
}

function bandBoundaries(): readonly NamedStatement[] {
  const cases: readonly (readonly [string, bigint, Partial<Claim>, boolean])[] = [
    ['HF at the lower end', 950_000n, { lowerPpm: 950_000 }, true],
    ['HF one unit below the lower end', 949_999n, { lowerPpm: 950_000 }, false],
    ['HF one unit above the lower end', 950_001n, { lowerPpm: 950_000 }, true],
    ['HF at the upper end', 1_000_000n, { upperPpm: 1_000_000 }, false],
    ['HF one unit below the upper end', 999_999n, { upperPpm: 1_000_000 }, true],
    ['HF one unit above the upper end', 1_000_001n, { upperPpm: 1_000_000 }, false],
    ['a band of one value, met', 950_000n, { lowerPpm: 950_000, upperPpm: 950_001 }, true],
    ['a band of one value, missed by one', 950_001n, { lowerPpm: 950_000, upperPpm: 950_001 }, false],
    ['an empty band', 950_000n, { lowerPpm: 950_000, upperPpm: 950_000 }, false],
    ['upper = 0', 0n, { upperPpm: 0 }, false],
    ['no collateral, upper = 1', 0n, { upperPpm: 1 }, true],
    ['collateral of 1, upper = 1', 1n, { upperPpm: 1 }, false],
    ['the largest bounded upper', 16_777_213n, { upperPpm: UNBOUNDED - 1 }, true],
    ['HF at the largest bounded upper', 16_777_214n, { upperPpm: UNBOUNDED - 1 }, false],
    ['unbounded above every ppm', 2n ** 60n, { lowerPpm: 1_000_000 }, true],
    ['the largest lower, met', 16_777_215n, { lowerPpm: UNBOUNDED }, true],
    ['the largest lower, missed by one', 16_777_214n, { lowerPpm: UNBOUNDED }, false],
  ];
  const solvent = [unitRow(0, 5n)];
  return [
    ...cases.map(([name, collateral, part, holds]) => ({ name, holds, statement: { ...unified, rows: atHealth(collateral), claim: claim(part) } })),
    { name: 'no debt, a breach claimed', holds: false, statement: { ...unified, rows: solvent, claim: claim({ upperPpm: 1_000_000 }) } },
    { name: 'no debt, solvency claimed', holds: true, statement: { ...unified, rows: solvent, claim: claim({ lowerPpm: UNBOUNDED }) } },
    { name: 'no rows, a breach claimed', holds: false, statement: { ...unified, rows: [], claim: claim({ upperPpm: UNBOUNDED - 1 }) } },
    { name: 'no rows, nothing claimed', holds: true, statement: { ...unified, rows: [], claim: claim({}) } },
    { name: 'no rows, a deficit claimed', holds: false, statement: { ...unified, rows: [], claim: claim({ minDeficitCents: 1n }) } },
  ];
}

function deficitBoundaries(): readonly NamedStatement[] {
  const rows = [centRow(0, 1_000n), centRow(1, 1_250n)];
  const at = (minDeficitCents: bigint, list: readonly Row[] = rows, part: Partial<Claim> = {}): StatementInput => ({ ...unified, rows: list, claim: claim({ minDeficitCents, ...part }) });
  return [
    { name: 'a deficit exactly met', holds: true, statement: at(250n) },
    { name: 'a deficit of one cent more', holds: false, statement: at(251n) },
    { name: 'a deficit of one cent less', holds: true, statement: at(249n) },
    { name: 'a deficit met but for one unit', holds: false, statement: at(250n, [...rows, unitRow(0, 1n)]) },
    { name: 'a deficit exceeded by one unit', holds: true, statement: at(250n, [...rows, unitRow(1, 1n)]) },
    { name: 'a deficit within a band', holds: true, statement: at(250n, rows, { lowerPpm: 800_000, upperPpm: 1_000_000 }) },
    { name: 'a deficit met outside the band', holds: false, statement: at(250n, rows, { lowerPpm: 800_001, upperPpm: 1_000_000 }) },
    { name: 'a deficit of one cent where there is a surplus', holds: false, statement: at(1n, [centRow(0, 1_250n), centRow(1, 1_000n)]) },
    { name: 'no deficit asked where there is a surplus', holds: true, statement: at(0n, [centRow(0, 1_250n), centRow(1, 1_000n)]) },
    { name: 'the largest deficit, met', holds: true, statement: at(2n ** 64n - 1n, [centRow(1, 2n ** 64n - 1n)]) },
    { name: 'the largest deficit, missed by a cent', holds: false, statement: at(2n ** 64n - 1n, [centRow(1, 2n ** 64n - 2n)]) },
  ];
}

/** Sums at the ends of their widths. */
function sizeBoundaries(rows: number): readonly NamedStatement[] {
  const collateral = Array<Row>(rows).fill(largestRow(0));
  const debt = Array<Row>(rows).fill(largestRow(1));
  const both = [...Array<Row>(rows / 2).fill(largestRow(0)), ...Array<Row>(rows / 2).fill(largestRow(1))];
  const of = (list: readonly Row[], part: Partial<Claim>): StatementInput => ({ ...unified, rows: list, claim: claim(part) });
  return [
    { name: 'every row full collateral, solvent', holds: true, statement: of(collateral, { lowerPpm: UNBOUNDED }) },
    { name: 'every row full collateral, a breach claimed', holds: false, statement: of(collateral, { upperPpm: UNBOUNDED - 1 }) },
    { name: 'every row full collateral, a deficit claimed', holds: false, statement: of(collateral, { minDeficitCents: 2n ** 64n - 1n }) },
    { name: 'every row full debt, a breach', holds: true, statement: of(debt, { upperPpm: UNBOUNDED - 1, minDeficitCents: 2n ** 64n - 1n }) },
    { name: 'every row full debt, lower of one', holds: false, statement: of(debt, { lowerPpm: 1 }) },
    { name: 'every row full debt, the largest lower', holds: false, statement: of(debt, { lowerPpm: UNBOUNDED }) },
    { name: 'full rows in balance, HF of 1 claimed as solvent', holds: true, statement: of(both, { lowerPpm: 1_000_000, upperPpm: 1_000_001 }) },
    { name: 'full rows in balance, HF of 1 claimed as a breach', holds: false, statement: of(both, { upperPpm: 1_000_000 }) },
    { name: 'full rows in balance, a deficit of a cent', holds: false, statement: of(both, { minDeficitCents: 1n }) },
  ];
}

/** Account 0 is solvent and account 1 in breach; account 4 is not there. Together they are solvent. */
function scopeBoundaries(): readonly NamedStatement[] {
  const rows = [unitRow(0, 5_000_000n, 0), unitRow(1, 1_000_000n, 0), unitRow(0, 900_000n, 1), unitRow(1, 1_000_000n, 1), unitRow(1, 7n, 15)];
  const breach = claim({ upperPpm: 1_000_000 });
  const solvent = claim({ lowerPpm: 1_000_000 });
  const of = (scope: bigint, unit: number, asked: Claim, unitTable: readonly bigint[] = MARKETS): StatementInput => ({ rows, unitTable, unit, scope, claim: asked });
  const full = [...MARKETS, ...Array.from({ length: 12 }, (_, at) => BigInt(0xf000 + at))];
  const repeated = [MARKETS[0], MARKETS[0], MARKETS[2], MARKETS[3]];
  return [
    { name: 'unified, netting hides the breach', holds: false, statement: of(0n, 0, breach) },
    { name: 'unified is solvent', holds: true, statement: of(0n, 0, solvent) },
    { name: 'unified, u points to an empty account', holds: true, statement: of(0n, 9, solvent) },
    { name: 'a market in breach', holds: true, statement: of(MARKETS[1], 1, breach) },
    { name: 'a market in breach, claimed of another account', holds: false, statement: of(MARKETS[1], 0, breach) },
    { name: 'a solvent market, a breach claimed', holds: false, statement: of(MARKETS[0], 0, breach) },
    { name: "the breach of one market under another's scope", holds: false, statement: of(MARKETS[0], 1, breach) },
    { name: 'a solvent market', holds: true, statement: of(MARKETS[0], 0, solvent) },
    { name: 'a market that nobody is in', holds: false, statement: of(0xdeadn, 1, breach) },
    { name: 'hidden, the account in breach', holds: true, statement: of(1n, 1, breach) },
    { name: 'hidden, the solvent account', holds: false, statement: of(1n, 0, breach) },
    { name: 'hidden, an account without rows', holds: true, statement: of(1n, 2, solvent) },
    { name: 'hidden, an account that is not there', holds: false, statement: of(1n, 4, solvent) },
    { name: 'hidden, rows of a unit that the table does not have', holds: false, statement: of(1n, 15, breach) },
    { name: 'hidden, the sixteenth account', holds: true, statement: of(1n, 15, breach, full) },
    { name: 'the sixteenth market', holds: true, statement: of(0xf00bn, 15, breach, full) },
    { name: 'a market with two accounts, the second', holds: true, statement: of(MARKETS[0], 1, breach, repeated) },
    { name: 'a market with two accounts, the first', holds: false, statement: of(MARKETS[0], 0, breach, repeated) },
  ];
}
