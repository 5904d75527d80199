import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE, ZERO } from '../../src/core/decimal.ts';
import { type AlertObservation, type AlertRule, type AlertState, judgeAlert, judgeStatus, UNSEEN } from '../../src/engine/alert.ts';
import { DEFAULT_BANDS, type Status } from '../../src/engine/report.ts';

const CALM: AlertObservation = { at: 100, weakest: new Decimal(2), unified: new Decimal(2), distance: new Decimal('0.5'), shortfall: ZERO, complete: true };
const RULES = {
  health: { kind: 'health', of: 'weakest', below: new Decimal('1.2') },
  unified: { kind: 'health', of: 'unified', below: new Decimal('1.2') },
  distance: { kind: 'liquidation-price', within: new Decimal('0.1') },
  shortfall: { kind: 'shortfall', above: new Decimal(1_000) },
} as const satisfies Record<string, AlertRule>;

/** The changes that a series of observations causes, and how it ends. */
function follow(rule: AlertRule, series: readonly Partial<AlertObservation>[]): { readonly changes: string[]; readonly state: AlertState } {
  let state = UNSEEN;
  const changes = series.map((changed, at) => {
    const verdict = judgeAlert(rule, state, { ...CALM, at: at + 1, ...changed });
    state = verdict.state;
    return verdict.changes.join('+');
  });
  return { changes, state };
}

describe('judgeAlert', () => {
  test('default: a threshold raises when it is crossed, and clears beyond the hysteresis only', () => {
    const health = (...values: string[]) => values.map((value) => ({ weakest: new Decimal(value) }));
    expect(follow(RULES.health, health('1.2', '1.1999', '1.21', '1.1', '1.2239', '1.224', '1.2', '1.19')).changes).toEqual(['', 'raised', '', '', '', 'cleared', '', 'raised']);
    const distance = (...values: string[]) => values.map((value) => ({ distance: new Decimal(value) }));
    expect(follow(RULES.distance, distance('0.1001', '0.1', '0.102', '0.1021', '0')).changes).toEqual(['', 'raised', '', 'cleared', 'raised']);
    const shortfall = (...values: number[]) => values.map((value) => ({ shortfall: new Decimal(value) }));
    expect(follow(RULES.shortfall, shortfall(1_000, 1_001, 981, 980)).changes).toEqual(['', 'raised', '', 'cleared']);
  });

  test('behavior: the unified number and the weakest account are different rules', () => {
    const series = [{ weakest: ONE, unified: new Decimal(2) }];
    expect(follow(RULES.health, series).changes).toEqual(['raised']);
    expect(follow(RULES.unified, series).changes).toEqual(['']);
  });

  test('behavior: no debt raises nothing and clears what was raised', () => {
    const none = { weakest: null, unified: null, distance: null };
    for (const rule of [RULES.health, RULES.unified, RULES.distance]) expect(follow(rule, [none]).changes).toEqual(['']);
    expect(follow(RULES.health, [{ weakest: ONE }, none]).changes).toEqual(['raised', 'cleared']);
  });

  test('behavior: while something cannot be read, nothing clears; it is said once that it is so', () => {
    const { changes, state } = follow(RULES.health, [{ weakest: ONE }, { complete: false }, { complete: false, weakest: null }, { complete: true }]);
    expect(changes).toEqual(['raised', 'blind', '', 'seeing+cleared']);
    expect(state).toEqual({ raised: false, since: 4, blind: false });
    expect(follow(RULES.health, [{ complete: false, weakest: ONE }]).changes).toEqual(['blind+raised']);
  });

  test('property: raised and cleared alternate, and between two changes a value crossed the whole band', () => {
    const value = fc.integer({ min: 1_150, max: 1_260 }).map((raw) => new Decimal(raw).div(1_000));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), (values) => {
        const changes = follow(
          RULES.health,
          values.map((weakest) => ({ weakest })),
        ).changes;
        const seen = changes.flatMap((change, at) => (change === '' ? [] : [{ change, value: values[at] ?? ONE }]));
        seen.forEach(({ change, value: at }, index) => {
          expect(change).toBe(index % 2 === 0 ? 'raised' : 'cleared');
          expect(change === 'raised' ? at.lt('1.2') : at.gte('1.224')).toBe(true);
        });
      }),
      { seed: 9 },
    );
  });

  test('bad input: a hysteresis outside 0 to 1', () => {
    expect(() => judgeAlert(RULES.health, UNSEEN, CALM, new Decimal(-1))).toThrow(/share from 0 to 1/);
    expect(() => judgeAlert(RULES.health, UNSEEN, CALM, new Decimal('1.1'))).toThrow(/share from 0 to 1/);
  });
});

describe('judgeStatus', () => {
  const of = (weakest: string): Status => (Number(weakest) < 1 ? 'liquidatable' : Number(weakest) < 1.2 ? 'critical' : Number(weakest) < 1.5 ? 'warning' : 'safe');
  const told = (...series: string[]): string[] => {
    let before: string | null = null;
    return series.map((weakest) => (before = judgeStatus(before, { status: of(weakest), weakest: new Decimal(weakest) })));
  };

  test('default: worse at once, better beyond the hysteresis', () => {
    expect(told('2', '1.49', '1.52', '1.5299', '1.53', '1.51', '1.5')).toEqual(['safe', 'warning', 'warning', 'warning', 'safe', 'safe', 'safe']);
    expect(told('1.19', '1.21', '1.2239', '1.224', '1.21', '1.19')).toEqual(['critical', 'critical', 'critical', 'warning', 'warning', 'critical']);
    expect(told('1.1', '1.52', '9')).toEqual(['critical', 'warning', 'safe']);
  });

  test('behavior: what no band decides is told as it is', () => {
    expect(told('0.9', '1.1', '0.99', '1.21', '1.6')).toEqual(['liquidatable', 'critical', 'liquidatable', 'critical', 'safe']);
    for (const status of ['incomplete', 'insolvent', 'liquidatable', 'critical'] as const) expect(judgeStatus('warning', { status, weakest: new Decimal('1.51') })).toBe(status);
    expect(judgeStatus('critical', { status: 'safe', weakest: null })).toBe('safe');
    expect(judgeStatus(null, { status: 'safe', weakest: new Decimal('1.5') })).toBe('safe');
    expect(judgeStatus('incomplete', { status: 'safe', weakest: new Decimal('1.5') })).toBe('safe');
  });

  test('behavior: with bands of its own', () => {
    const bands = { ...DEFAULT_BANDS, warning: new Decimal(3) };
    expect(judgeStatus('warning', { status: 'safe', weakest: new Decimal('3.05') }, { bands })).toBe('warning');
    expect(judgeStatus('warning', { status: 'safe', weakest: new Decimal('3.05') }, { bands, hysteresis: ZERO })).toBe('safe');
  });
});
