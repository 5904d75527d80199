import { describe, expect, test } from 'vitest';
import { searchGreatest } from '../../../src/path/liquidator/liquidator-size.ts';

describe(searchGreatest, () => {
  test('behavior: no size of 0 is ever asked for, however small the range: a rule refuses it as a mistake', () => {
    for (let top = 1n; top <= 40n; top += 1n) {
      const asked: bigint[] = [];
      const found = searchGreatest(top, (size) => {
        asked.push(size);
        return { size, profitUsd: -Number((size - top / 2n) ** 2n) };
      });
      expect(
        asked.every((size) => size > 0n && size <= top),
        `top ${top}`,
      ).toBe(true);
      if (top > 3n) expect(Math.abs(Number((found?.size ?? 0n) - top / 2n))).toBeLessThanOrEqual(2);
    }
  });
});
