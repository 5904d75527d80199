import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Coefficients, type Constraint, solve } from 'yalps';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { type RepayableDebt, type SeizableCollateral, splitForcedRepayment } from '../../../src/path/closed-forms/greedy-forced.ts';
import { decimalBetween } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);

interface Instance {
  readonly collaterals: readonly SeizableCollateral[];
  readonly debt: RepayableDebt;
  readonly sums: { readonly collateralUsd: Decimal; readonly debtUsd: Decimal };
  readonly target: Decimal;
}

/** Accounts of up to six collaterals; parameters from a short list too, so that ties occur. */
const instances: fc.Arbitrary<Instance> = fc
  .record({
    collaterals: fc.array(
      fc.record({
        valueUsd: decimalBetween(1_000, 500_000),
        threshold: fc.oneof(decimalBetween(0.3, 0.95), fc.constantFrom(d('0.8'), d('0.83'))),
        bonus: fc.oneof(decimalBetween(0, 0.15), fc.constantFrom(d('0.05'), d('0.1'))),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    health: decimalBetween(0.9, 1.05),
    target: decimalBetween(1, 1.15),
    weight: fc.oneof(fc.constant(ONE), decimalBetween(1, 1.5)),
    share: decimalBetween(0.3, 1),
  })
  .map(({ collaterals, health, target, weight, share }) => {
    const named = collaterals.map((entry, at) => ({ id: `c${at}`, ...entry }));
    const collateralUsd = named.reduce((sum, entry) => sum.plus(entry.valueUsd.times(entry.threshold)), d(0));
    const debtUsd = collateralUsd.div(health);
    return { collaterals: named, debt: { limitUsd: debtUsd.div(weight).times(share), weight }, sums: { collateralUsd, debtUsd }, target };
  });

/** The same question to a general solver. */
function solveByLp({ collaterals, debt, sums, target }: Instance): { readonly status: string; readonly result: number } {
  const deficit = target.times(sums.debtUsd).minus(sums.collateralUsd).toNumber();
  const constraints: Record<string, Constraint> = { cover: { min: deficit }, limit: { max: debt.limitUsd.toNumber() } };
  const variables: Record<string, Coefficients> = {};
  for (const entry of collaterals) {
    const taken = entry.bonus.plus(1);
    constraints[`cap-${entry.id}`] = { max: entry.valueUsd.div(taken).toNumber() };
    variables[entry.id] = { penalty: entry.bonus.toNumber(), cover: target.times(debt.weight).minus(entry.threshold.times(taken)).toNumber(), limit: 1, [`cap-${entry.id}`]: 1 };
  }
  return solve({ direction: 'minimize', objective: 'penalty', constraints, variables });
}

describe(splitForcedRepayment, () => {
  test('default', () => {
    // Neither the highest threshold nor the lowest bonus goes first: 0.05/(1.1 − 0.84) = 0.19, 0.06/(1.1 − 0.53) = 0.105, 0.04/(1.1 − 0.936) = 0.24.
    const collaterals = [
      { id: 'middle', valueUsd: d(1000), threshold: d('0.8'), bonus: d('0.05') },
      { id: 'low', valueUsd: d(106), threshold: d('0.5'), bonus: d('0.06') },
      { id: 'high', valueUsd: d(1000), threshold: d('0.9'), bonus: d('0.04') },
    ];
    const answer = splitForcedRepayment({ collateralUsd: d(1753), debtUsd: d(1700) }, collaterals, { limitUsd: d(1700), weight: ONE }, d('1.1'));
    expect(answer).toMatchObject({ kind: 'repay', byCollateral: [{ id: 'middle' }, { id: 'low', repayUsd: d(100) }] });
  });

  test('behavior: equal to the linear programme on 300 random accounts', () => {
    const seen = { repay: 0, 'out-of-reach': 0, 'none-needed': 0 };
    fc.assert(
      fc.property(instances, (instance) => void seen[compareWithLp(instance)]++),
      { numRuns: 300, seed: 42 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
  });

  test('behavior: equal to the linear programme where the repayment is limited to less than the cheapest order takes', () => {
    const seen = { repay: 0, 'out-of-reach': 0, 'none-needed': 0 };
    const limited = fc.tuple(instances, decimalBetween(0.8, 1)).map(([instance, share]) => {
      const free = splitForcedRepayment(instance.sums, instance.collaterals, { ...instance.debt, limitUsd: d(1e12) }, instance.target);
      return { ...instance, debt: { ...instance.debt, limitUsd: free.kind === 'repay' ? free.repayUsd.times(share) : d(1) } };
    });
    fc.assert(
      fc.property(limited, (instance) => void seen[compareWithLp(instance)]++),
      { numRuns: 600, seed: 7 },
    );
    expect(seen.repay).toBeGreaterThan(60);
  });

  test('behavior: three collaterals that tie at one exchange ratio', () => {
    // b = 0.2 − 0.25·(relief − …): points on a line, all changing places at once.
    const of = (id: string, threshold: string, bonus: string) => ({ id, valueUsd: d(1100), threshold: d(threshold), bonus: d(bonus) });
    const collaterals = [of('a', '0.8', '0'), of('b', '0.5', '0.1'), of('c', '0.25', '0.2')];
    const instance = { collaterals, debt: { limitUsd: d(1200), weight: ONE }, sums: { collateralUsd: d(1705), debtUsd: d(2000) }, target: ONE };
    const answer = splitForcedRepayment(instance.sums, collaterals, instance.debt, ONE);
    expect(answer.kind).toBe('repay');
    if (answer.kind !== 'repay') return;
    requireFeasible(instance, answer);
    expect(answer.penaltyUsd.toNumber()).toBeCloseTo(solveByLp(instance).result, 8);
  });

  test('behavior: a healthy account needs nothing, an account without a useful pair is out of reach', () => {
    const collaterals = [{ id: 'a', valueUsd: d(1000), threshold: d('0.95'), bonus: d('0.1') }];
    expect(splitForcedRepayment({ collateralUsd: d(950), debtUsd: d(900) }, collaterals, { limitUsd: d(900), weight: ONE }, ONE).kind).toBe('none-needed');
    expect(splitForcedRepayment({ collateralUsd: d(950), debtUsd: d(990) }, collaterals, { limitUsd: d(990), weight: ONE }, ONE)).toMatchObject({
      kind: 'out-of-reach',
      deficitUsd: d(40),
      bestUsd: d(0),
    });
  });
});

function compareWithLp(instance: Instance): 'repay' | 'out-of-reach' | 'none-needed' {
  const answer = splitForcedRepayment(instance.sums, instance.collaterals, instance.debt, instance.target);
  const lp = solveByLp(instance);
  if (answer.kind === 'none-needed') expect(instance.target.times(instance.sums.debtUsd).lte(instance.sums.collateralUsd)).toBe(true);
  if (answer.kind === 'out-of-reach') expect(lp.status).toBe('infeasible');
  if (answer.kind === 'repay') {
    expect(lp.status).toBe('optimal');
    expect(Math.abs(answer.penaltyUsd.toNumber() - lp.result)).toBeLessThanOrEqual(1e-6 * Math.max(1, lp.result));
    requireFeasible(instance, answer);
  }
  return answer.kind;
}

function requireFeasible(instance: Instance, answer: { readonly byCollateral: readonly { readonly id: string; readonly repayUsd: Decimal }[]; readonly repayUsd: Decimal }): void {
  let { collateralUsd, debtUsd } = instance.sums;
  for (const { id, repayUsd } of answer.byCollateral) {
    const entry = instance.collaterals.find((collateral) => collateral.id === id);
    const seized = repayUsd.times((entry?.bonus ?? d(0)).plus(1));
    expect(seized.lte((entry?.valueUsd ?? d(0)).plus('1e-60'))).toBe(true);
    collateralUsd = collateralUsd.minus(seized.times(entry?.threshold ?? 0));
    debtUsd = debtUsd.minus(repayUsd.times(instance.debt.weight));
  }
  expect(answer.repayUsd.lte(instance.debt.limitUsd.plus('1e-60'))).toBe(true);
  expect(collateralUsd.minus(instance.target.times(debtUsd)).abs().lt('1e-60')).toBe(true);
}
