import { type Claim, UNBOUNDED } from '../../src/proof/claim.ts';
import { evaluateStatement, type StatementInput } from '../../src/proof/reference.ts';
import { ROW_BITS, type Row } from '../../src/proof/row.ts';
import type { SeededRandom } from '../chain/seeded-random.ts';
import { MARKETS } from './boundaries.ts';

/** Where a random claim stands to the sums that it is about. */
const AIMS = ['anywhere', 'at the lower end', 'at the upper end', 'at the deficit'] as const;
const CENT = 10n ** 32n;
const PPM = 1_000_000n;

/** Draws a statement for a circuit with `most` rows. About half of the claims are aimed at their own boundary, one unit either side of it. */
export function randomStatement(random: SeededRandom, most: number): StatementInput {
  const unitTable = MARKETS.slice(0, random.integer(1, MARKETS.length));
  const plausible = random.integer(0, 3) > 0;
  const rows = Array.from({ length: random.pick([0, 1, 2, 5, most - 1, most]) }, () => randomRow(random, unitTable.length, plausible));
  const unit = random.integer(0, random.integer(0, 4) === 0 ? 15 : unitTable.length - 1);
  const scope = random.pick([0n, 1n, unitTable[unit] ?? 2n, random.pick(unitTable)]);
  const { collateral, debt } = evaluateStatement({ rows, unitTable, unit, scope, claim: { lowerPpm: 0, upperPpm: null, minDeficitCents: 0n } });
  return { rows, unitTable, unit, scope, claim: randomClaim(random, collateral, debt) };
}

function randomRow(random: SeededRandom, units: number, plausible: boolean): Row {
  const unit = random.integer(0, units - 1);
  const side = random.integer(0, 1) === 0 ? 0 : 1;
  if (!plausible) return { amount: bits(random, ROW_BITS.amount), price: bits(random, ROW_BITS.price), weight: bits(random, ROW_BITS.weight), unit, side };
  // A token of 6 to 18 decimals worth up to 30,000 USD (with 6 decimals a price has room for 30,948), of which up to 10,000 are held.
  const decimals = BigInt(random.pick([6, 8, 18]));
  const amount = (BigInt(random.integer(1, 10_000_000)) * 10n ** decimals) / 1_000n;
  return { amount, price: BigInt(random.integer(1, 30_000)) * 10n ** (28n - decimals), weight: BigInt(random.integer(0, 1_200_000)), unit, side };
}

function randomClaim(random: SeededRandom, collateral: bigint, debt: bigint): Claim {
  const off = BigInt(random.integer(-1, 1));
  const health = debt === 0n ? 0n : (collateral * PPM) / debt;
  switch (random.pick(AIMS)) {
    case 'anywhere':
      return { lowerPpm: random.integer(0, 2_000_000), upperPpm: random.pick([null, random.integer(0, 2_000_000)]), minDeficitCents: random.pick([0n, BigInt(random.integer(0, 2 ** 40))]) };
    case 'at the lower end':
      return { lowerPpm: bound(health + off), upperPpm: null, minDeficitCents: 0n };
    case 'at the upper end':
      return { lowerPpm: 0, upperPpm: Math.min(bound(health + 1n + off), UNBOUNDED - 1), minDeficitCents: 0n };
    case 'at the deficit':
      return { lowerPpm: 0, upperPpm: random.pick([null, 1_000_000]), minDeficitCents: clamp((debt - collateral) / CENT + off, 2n ** 64n - 1n) };
  }
}

function bits(random: SeededRandom, width: bigint): bigint {
  const limbs = Array.from({ length: 4 }, () => BigInt(random.integer(0, 2 ** 32 - 1)));
  return BigInt.asUintN(
    random.integer(1, Number(width)),
    limbs.reduce((value, limb) => (value << 32n) | limb, 0n),
  );
}

function bound(value: bigint): number {
  return Number(clamp(value, BigInt(UNBOUNDED)));
}

function clamp(value: bigint, most: bigint): bigint {
  if (value < 0n) return 0n;
  return value > most ? most : value;
}
