import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import { amount, duration, health, healthText, percent, plain, price, short, usd, usdShort } from '../../src/web/data/format.ts';

describe('numbers as the page writes them', () => {
  test('behavior: a health factor is cut, never rounded up to the line', () => {
    expect(health(new Decimal('0.99996'))).toBe('0.9999');
    expect(health(new Decimal('0.999999'), 2)).toBe('0.99');
    expect(healthText('0.99999999')).toBe('0.9999');
    expect(healthText('1')).toBe('1.0000');
    expect([health(null), healthText(null)]).toEqual(['–', '–']);
  });

  test('default: dollars, prices, percentages', () => {
    expect([usd('1234.5'), usd(new Decimal('-3.456')), usd('123456.7')]).toEqual(['$1,234.50', '−$3.46', '$123,457']);
    expect([usdShort(121_517_745), usdShort('99.5')]).toEqual(['$121.5 M', '$99.50']);
    expect([price(new Decimal('3853.21')), price(new Decimal('0.181')), price(new Decimal('0.00012345'))]).toEqual(['$3,853.21', '$0.1810', '$0.0001234']);
    expect([percent(-0.2, 0), percent(0.05), percent(0, 0), percent(-0.0001, 0)]).toEqual(['−20 %', '+5.0 %', '0 %', '0 %']);
  });

  test('behavior: what is not nothing is never written as nothing', () => {
    const prices = ['0.0099999', '0.000000012345678', '1e-18', '0'].map((text) => price(new Decimal(text)));
    expect(prices).toEqual(['$0.01', '$0.00000001235', '$0.000000000000000001', '$0.0000']);
    expect([usd('0.004'), usd('-0.0001'), usd('0.005'), usd('0'), usdShort('0.001')]).toEqual(['< $0.01', '> −$0.01', '$0.01', '$0.00', '< $0.01']);
  });

  test('behavior: an amount keeps six digits and is never rounded up', () => {
    expect([amount('0.244031999999'), amount('6.9132871'), amount('19690.29999'), amount('1234567.891'), amount('0.000000123456789'), amount('5')]).toEqual([
      '0.244031',
      '6.91328',
      '19,690.2',
      '1,234,567',
      '0.000000123456',
      '5',
    ]);
  });

  test('behavior: durations in their two largest units, addresses cut, foreign text on one line', () => {
    expect([duration(6_811_200), duration(61), duration(0)]).toEqual(['78 d 20 h', '1 min 1 s', '0 s']);
    expect(short('0xc0ffee00000000000000000000000000c0ffee01')).toBe('0xc0ff…ee01');
    expect(plain('a\u202Eb\nc')).toBe('a b c');
  });
});
