import { InvalidArgument } from '../core/errors.ts';
import { UNITS } from './instances.ts';

/**
 * One term of the exposure form as a circuit reads it. amount × price = USD × 10^28, × weight = USD × 10^34, for every asset.
 */
export interface Row {
  /** Raw base units, below 2^104. */
  readonly amount: bigint;
  /** USD per whole token × 10^(28 − decimals), below 2^88. */
  readonly price: bigint;
  /** Parts per million, below 2^24; 1,000,000 = 1. */
  readonly weight: bigint;
  /** Which account of the unit table it belongs to, 0 to 15. */
  readonly unit: number;
  /** 0 adds to the adjusted collateral C, 1 to the adjusted debt D. */
  readonly side: 0 | 1;
}

/** Widths of a packed row in bits, from the lowest; together 225, well below the field's 253. `unit` keeps four spare bits, which are zero. */
export const ROW_BITS = { amount: 104n, price: 88n, weight: 24n, unit: 8n, side: 1n } as const;

/** The row that fills a vector up: it adds nothing to anything. */
export const PADDING_ROW: Row = { amount: 0n, price: 0n, weight: 0n, unit: 0, side: 0 };

const PRICE_AT = ROW_BITS.amount;
const WEIGHT_AT = PRICE_AT + ROW_BITS.price;
const UNIT_AT = WEIGHT_AT + ROW_BITS.weight;
const SIDE_AT = UNIT_AT + ROW_BITS.unit;

/**
 * Packs a row into one field element.
 *
 * @throws {InvalidArgument} where a component does not fit its width; the message never holds the value.
 */
export function packRow(row: Row): bigint {
  requireWidth('amount', row.amount);
  requireWidth('price', row.price);
  requireWidth('weight', row.weight);
  if (!Number.isInteger(row.unit) || row.unit < 0 || row.unit >= UNITS) throw new InvalidArgument(`The unit of a row is a whole number from 0 to ${UNITS - 1}.`);
  if (row.side !== 0 && row.side !== 1) throw new InvalidArgument('The side of a row is 0 (collateral) or 1 (debt).');
  return row.amount + (row.price << PRICE_AT) + (row.weight << WEIGHT_AT) + (BigInt(row.unit) << UNIT_AT) + (BigInt(row.side) << SIDE_AT);
}

/** Whether a component fits its width. */
export function fitsRow(component: 'amount' | 'price' | 'weight', value: bigint): boolean {
  return value >= 0n && value < 1n << ROW_BITS[component];
}

/** Fills rows up to a circuit's number. The given list is not changed. @throws {InvalidArgument} where there are more */
export function padRows(rows: readonly Row[], count: number): readonly Row[] {
  if (rows.length > count) throw new InvalidArgument(`${rows.length} rows do not fit ${count}.`);
  return [...rows, ...Array<Row>(count - rows.length).fill(PADDING_ROW)];
}

function requireWidth(component: 'amount' | 'price' | 'weight', value: bigint): void {
  if (!fitsRow(component, value)) throw new InvalidArgument(`The ${component} of a row takes at most ${ROW_BITS[component]} bits.`, { component });
}
