import { InternalError } from '../core/errors.ts';
import type { SqlRow } from './database.ts';

/** A text column. @throws {InternalError} where it is something else */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw wrong(column, 'text');
  return value;
}

/** A text column that may be null. */
export function findText(row: SqlRow, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

/** An int8 or numeric without a fraction, which the statement cast to text. */
export function integerOf(row: SqlRow, column: string): bigint {
  const text = textOf(row, column);
  if (!/^-?[0-9]+$/.test(text)) throw wrong(column, 'an integer');
  return BigInt(text);
}

/** As {@link integerOf}, or null. */
export function findInteger(row: SqlRow, column: string): bigint | null {
  return row[column] === null ? null : integerOf(row, column);
}

/** An int2 or int4 column. */
export function numberOf(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw wrong(column, 'a number');
  return value;
}

/** A bytea column, as plain bytes. */
export function bytesOf(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw wrong(column, 'bytes');
  return new Uint8Array(value);
}

/** A jsonb array of texts. */
export function textsOf(row: SqlRow, column: string): readonly string[] {
  const value = row[column];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) throw wrong(column, 'a list of texts');
  return value;
}

function wrong(column: string, expected: string): InternalError {
  return new InternalError(`the column ${column} is not ${expected}`);
}
