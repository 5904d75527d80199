import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import { type CrossingProbe, type CrossingSearch, findCrossing } from '../../src/engine/crossing.ts';

function search(slack: (t: number) => number | null, options: Partial<CrossingSearch> = {}): CrossingSearch {
  return {
    start: new Decimal(1),
    end: new Decimal('0.000001'),
    slope: new Decimal(0),
    probe: (t): CrossingProbe | null => {
      const value = slack(t.toNumber());
      return value === null ? null : { slack: new Decimal(value), breached: value < 0 };
    },
    ...options,
  };
}

describe(findCrossing, () => {
  test('default: the root of a straight line', () => {
    const found = findCrossing(search((t) => 4 * t - 1, { slope: new Decimal(4) }));
    expect(found?.at.toString()).toBe('0.25');
    expect(found?.becomes).toBe('breached');
    expect(found?.before.gt(found.beyond)).toBe(true);
  });

  test('behavior: a curve is bracketed, whatever the slope at the start promised', () => {
    const found = findCrossing(search((t) => t * t - 0.3, { slope: new Decimal(2) }));
    expect(found?.at.toNumber()).toBeCloseTo(Math.sqrt(0.3), 12);
  });

  test('behavior: the nearest of two changes', () => {
    const found = findCrossing(search((t) => (t - 0.7) * (t - 0.2), { slope: new Decimal(1.1) }));
    expect(found?.at.toNumber()).toBeCloseTo(0.7, 12);
  });

  test('behavior: none on a straight line that runs away, none on a flat one', () => {
    expect(findCrossing(search((t) => 3 - t, { slope: new Decimal(-1) }))).toBeNull();
    expect(findCrossing(search(() => 1))).toBeNull();
    expect(findCrossing(search((t) => 5 + Math.sin(t), { slope: new Decimal(7) }))).toBeNull();
  });

  test('behavior: a decision that jumps without a root is bracketed', () => {
    const jump = search(() => 1, { probe: (t) => ({ slack: new Decimal(t.lt('0.5') ? 2 : 1), breached: t.lt('0.5') }) });
    const found = findCrossing(jump);
    expect(found?.at.toNumber()).toBeCloseTo(0.5, 12);
    expect(found?.becomes).toBe('breached');
  });

  test('behavior: a root that the decision does not confirm is not reported', () => {
    const deaf = search((t) => 2 * t - 1, { slope: new Decimal(2), probe: (t) => ({ slack: t.times(2).minus(1), breached: false }) });
    expect(findCrossing(deaf)).toBeNull();
  });

  test('behavior: where the account cannot be valued, nothing is claimed', () => {
    expect(findCrossing(search(() => null))).toBeNull();
    expect(findCrossing(search((t) => (t < 0.9 ? null : t * t)))).toBeNull();
    const hole = search((t) => (t < 0.52 && t > 0.48 ? null : t * t * t - 0.125));
    expect(findCrossing(hole)).toBeNull();
  });

  test('behavior: what is breached at the start becomes safe', () => {
    const found = findCrossing(search((t) => t - 3, { slope: new Decimal(1), end: new Decimal(1_000_000) }));
    expect(found?.at.toString()).toBe('3');
    expect(found?.becomes).toBe('safe');
  });
});
