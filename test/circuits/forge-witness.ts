import { Field } from '@noble/curves/abstract/modular.js';
import { PPM, UNBOUNDED } from '../../src/proof/claim.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { type ConstraintSystem, reduce, type Witness } from './constraint-system.ts';
import type { FreeRow } from './statement-case.ts';

/** Values by signal name, below `main.` or in full; a signal that the compiler left no wire for is passed over. */
export type Wires = Readonly<Record<string, bigint>>;

/** A witness with some wires changed. */
export function changeWires(system: ConstraintSystem, witness: Witness, changes: Wires): Witness {
  const changed = [...witness];
  for (const [signal, value] of Object.entries(changes)) {
    const wire = system.findWire(`main.${signal}`);
    if (wire !== null) changed[wire] = reduce(value);
  }
  return changed;
}

/** What the sums and the claim of a statement are computed from. */
export interface SumsInput {
  readonly rows: readonly FreeRow[];
  readonly u: bigint;
  /** 0 for the unified scope, otherwise 1. */
  readonly single: bigint;
  readonly claim: bigint;
}

const field = Field(FIELD_MODULUS);
const CENT = 10n ** 32n;
const UPPER_AT = 24n;
const DEFICIT_AT = 48n;
const MASK = 2n ** 24n - 1n;

/**
 * Fills in the wires of SideSums and Claim as the circuit computes them, with lies: a named signal takes the lie instead, and everything after it is computed
 * honestly from there. So a constraint is broken only where a lie is, or where the lie does not help.
 */
export function fillSums(input: SumsInput, lies: Wires): Wires {
  const wires: Record<string, bigint> = {};
  const say = (signal: string, honest: bigint): bigint => {
    const told = reduce(lies[signal] ?? honest);
    wires[signal] = told;
    return told;
  };
  let [collateral, debt] = [0n, 0n];
  input.rows.forEach((row, at) => {
    const { selected, owed } = fillRow(say, { row, at, u: input.u, single: input.single });
    collateral = reduce(collateral + selected - owed);
    debt = reduce(debt + owed);
  });
  fillClaim(say, { claim: input.claim, collateral, debt });
  return wires;
}

type Say = (signal: string, honest: bigint) => bigint;

function fillRow(say: Say, { row, at, u, single }: { readonly row: FreeRow; readonly at: number; readonly u: bigint; readonly single: bigint }): { readonly selected: bigint; readonly owed: bigint } {
  const sums = 'statement.sums';
  const isUnit = fillIsZero(say, `${sums}.isUnit[${at}]`, row.unit - u);
  const skipped = say(`${sums}.skipped[${at}]`, single * (1n - isUnit));
  const value = say(`${sums}.value[${at}]`, row.amount * row.price);
  const weighted = say(`${sums}.weighted[${at}]`, value * row.weight);
  const selected = say(`${sums}.selected[${at}]`, weighted * (1n - skipped));
  return { selected, owed: say(`${sums}.owed[${at}]`, selected * row.side) };
}

function fillClaim(say: Say, sums: { readonly claim: bigint; readonly collateral: bigint; readonly debt: bigint }): void {
  const at = 'statement.claimed';
  const claim = say('claim', sums.claim);
  fillBits(say, `${at}.claimBits`, claim, 112);
  const [lower, upper, minDeficit] = [claim & MASK, (claim >> UPPER_AT) & MASK, claim >> DEFICIT_AT];
  const collateral = say(`${at}.collateral`, sums.collateral);
  const debt = say(`${at}.debt`, sums.debt);
  const atLower = say(`${at}.atLower`, debt * lower);
  fillBits(say, `${at}.lowerHolds`, collateral * BigInt(PPM) - atLower, 245);
  const isUnbounded = fillIsZero(say, `${at}.isUnbounded`, upper - BigInt(UNBOUNDED));
  const atUpper = say(`${at}.atUpper`, debt * upper);
  fillBits(say, `${at}.upperHolds`, say(`${at}.belowUpper`, (1n - isUnbounded) * (atUpper - collateral * BigInt(PPM) - 1n)), 245);
  const asksNoDeficit = fillIsZero(say, `${at}.asksNoDeficit`, minDeficit);
  fillBits(say, `${at}.deficitHolds`, say(`${at}.overDeficit`, (1n - asksNoDeficit) * (debt - collateral - minDeficit * CENT)), 245);
}

function fillIsZero(say: Say, at: string, value: bigint): bigint {
  const told = say(`${at}.in`, value);
  say(`${at}.inv`, told === 0n ? 0n : field.inv(told));
  return say(`${at}.out`, told === 0n ? 1n : 0n);
}

/** Sets more bits than a component may have; those that it has not are passed over. */
function fillBits(say: Say, at: string, value: bigint, bits: number): void {
  const rest = reduce(value);
  for (let bit = 0; bit < bits; bit += 1) say(`${at}.out[${bit}]`, (rest >> BigInt(bit)) & 1n);
}
