import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, fromFixed, ratioOrNull, sum, toText } from '../../src/core/decimal.ts';

describe('Decimal', () => {
  test('behavior: the product of an amount, a price and a weight is exact', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 104n), fc.bigInt(1n, 2n ** 88n), fc.bigInt(1n, 2n ** 24n), (amount, price, weight) => {
        const product = new Decimal(amount.toString()).times(price.toString()).times(weight.toString());
        expect(product.toFixed(0)).toBe((amount * price * weight).toString());
      }),
    );
  });

  test('behavior: no exponent notation', () => {
    expect(new Decimal('1e-30').toString()).toBe(`0.${'0'.repeat(29)}1`);
    expect(new Decimal('1e30').toString()).toBe(`1${'0'.repeat(30)}`);
  });
});

describe('fromFixed, sum, ratioOrNull, toText', () => {
  test('default', () => {
    expect(fromFixed(1_500_000n, 6).toString()).toBe('1.5');
    expect(fromFixed(-5n, 1).toString()).toBe('-0.5');
    expect(sum([new Decimal(1), new Decimal('0.5')]).toString()).toBe('1.5');
    expect(sum([]).toString()).toBe('0');
    expect(ratioOrNull(new Decimal(1), new Decimal(4))?.toString()).toBe('0.25');
    expect(ratioOrNull(new Decimal(1), new Decimal(0))).toBeNull();
    expect(toText(new Decimal(1).div(3), 6)).toBe('0.333333');
    expect(toText(new Decimal('2.50'))).toBe('2.5');
  });
});
