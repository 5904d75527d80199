import { Decimal as DecimalJs } from 'decimal.js';

/**
 * Plimsoll's own clone of decimal.js: 120 significant digits, so that every product of an amount, a price and a weight
 * is exact, and no exponent notation. Never use the default constructor (20 digits).
 */
export const Decimal = DecimalJs.clone({
  precision: 120,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -9e15,
  toExpPos: 9e15,
  defaults: true,
});

/** A decimal number of the clone {@link Decimal}. */
export type Decimal = DecimalJs;

/** 0. */
export const ZERO: Decimal = new Decimal(0);
/** 1. */
export const ONE: Decimal = new Decimal(1);

/**
 * Turns a fixed-point integer into the number it stands for: raw / 10^decimals, exactly.
 *
 * @example
 * ```ts
 * fromFixed(1_500_000n, 6).toString(); // '1.5'
 * ```
 */
export function fromFixed(raw: bigint, decimals: number): Decimal {
  return new Decimal(`${raw}e-${decimals}`);
}

/** Sums decimals; the empty sum is 0. */
export function sum(values: Iterable<Decimal>): Decimal {
  let total = ZERO;
  for (const value of values) total = total.plus(value);
  return total;
}

/** The quotient, or null where the denominator is 0: Plimsoll's "no debt". */
export function ratioOrNull(numerator: Decimal, denominator: Decimal): Decimal | null {
  return denominator.isZero() ? null : numerator.div(denominator);
}

/** Rounds to `places` decimals and drops trailing zeros, for documents: `toText(new Decimal(1).div(3), 6)` is `'0.333333'`. */
export function toText(value: Decimal, places = 18): string {
  return value.toDecimalPlaces(places).toString();
}
