import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { divDown, divHalfUp, divUp, max, min, mulDivDown, mulDivUp, pow10, subFloor0 } from '../../src/core/fixed-point.ts';

const natural = fc.bigInt({ min: 0n, max: 2n ** 256n });
const positive = fc.bigInt({ min: 1n, max: 2n ** 128n });

describe('division with named rounding', () => {
  test('default', () => {
    expect([divDown(7n, 2n), divUp(7n, 2n), divHalfUp(7n, 2n)]).toEqual([3n, 4n, 4n]);
    expect([divDown(5n, 4n), divUp(5n, 4n), divHalfUp(5n, 4n)]).toEqual([1n, 2n, 1n]);
    expect([mulDivDown(10n, 10n, 3n), mulDivUp(10n, 10n, 3n)]).toEqual([33n, 34n]);
    expect(divHalfUp(3n, 2n)).toBe(2n);
  });

  test('behavior: down ≤ half-up ≤ up, one apart unless it divides', () => {
    fc.assert(
      fc.property(natural, positive, (a, b) => {
        const [down, half, up] = [divDown(a, b), divHalfUp(a, b), divUp(a, b)];
        expect(down <= half && half <= up).toBe(true);
        expect(up - down).toBe(a % b === 0n ? 0n : 1n);
        expect(down * b <= a && a <= up * b).toBe(true);
        // An odd divisor has no exact half: the remainder must reach the greater one.
        expect(half).toBe(a % b >= b - b / 2n && a % b !== 0n ? up : down);
      }),
    );
  });

  test.each([
    ['a negative operand', () => divDown(-1n, 2n)],
    ['a zero divisor', () => divUp(1n, 0n)],
    ['a negative divisor', () => divHalfUp(1n, -1n)],
  ])('error: INTERNAL for %s', (_, run) => {
    expect(run).toThrow(/unsigned division/);
  });
});

describe('pow10', () => {
  test('default', () => {
    expect([pow10(0), pow10(18), pow10(77)]).toEqual([1n, 10n ** 18n, 10n ** 77n]);
  });

  test.each([-1, 78, 1.5, Number.NaN])('error: INTERNAL for %s', (decimals) => {
    expect(() => pow10(decimals)).toThrow(/pow10/);
  });
});

describe('subFloor0, min, max', () => {
  test('default', () => {
    expect([subFloor0(3n, 5n), subFloor0(5n, 3n), min(1n, 2n), min(2n, 1n), max(1n, 2n), max(2n, 1n)]).toEqual([0n, 2n, 1n, 1n, 2n, 2n]);
  });
});
