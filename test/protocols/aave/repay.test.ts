import { describe, expect, test } from 'vitest';
import type { StepAmount } from '../../../src/core/rule.ts';
import type { AaveHolding } from '../../../src/protocols/aave/state.ts';
import { applyBy, holdingAfter, refusalBy, reserveAfter, T0, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const HALF_MORE = (RAY * 3n) / 2n;
const YEAR = 31_536_000n;
const repay = (amount: StepAmount) => ({ kind: 'repay', asset: assetOf('USDC'), amount }) as const;
const stable = (principal: bigint, rate = 0n): AaveHolding => ({ ...owed(2, 0n), stableDebt: { principal, rate, lastUpdate: T0 } });

describe('applyRepay', () => {
  test.each([
    { rule: 'aave-v2@2', scaledLeft: 33n },
    { rule: 'aave-v3@3.4', scaledLeft: 33n },
    { rule: 'aave-v3@3.5', scaledLeft: 34n },
    { rule: 'spark@2', scaledLeft: 34n },
  ])('$rule: 100 units at an index of 1.5 leave $scaledLeft of 100 scaled ones', ({ rule, scaledLeft }) => {
    const pool = poolOf([reserveOf('USDC', { variableBorrowIndex: HALF_MORE, scaledVariableDebt: 500n, availableLiquidity: 7n })]);
    const after = applyBy(rule, viewOf(pool, [owed(2, 100n)]), repay(100n));
    expect(holdingAfter(after, 2)).toEqual(owed(2, scaledLeft));
    expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: 100n }]);
    expect(reserveAfter(after, 2)).toMatchObject({ scaledVariableDebt: 400n + scaledLeft, availableLiquidity: 107n });
  });

  test("behavior: 'max' and more than is owed pay what is owed and leave nothing", () => {
    const pool = poolOf([reserveOf('USDC', { variableBorrowIndex: RAY + RAY / 4n })]);
    for (const [rule, debt] of [
      ['aave-v2@2', 4n],
      ['aave-v3@3.4', 4n],
      ['aave-v3@3.5', 4n],
    ] as const) {
      for (const amount of ['max', debt, 1_000n] as const) {
        const after = applyBy(rule, viewOf(pool, [owed(2, 3n)]), repay(amount));
        expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: debt }]);
        expect(after.position.holdings).toEqual([]);
      }
    }
  });

  test('behavior: supply and flag of the same reserve stay', () => {
    const after = applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('USDC')]), [{ ...supplied(2, 8n), scaledVariableDebt: 3n }]), repay('max'));
    expect(after.position.holdings).toEqual([supplied(2, 8n)]);
  });

  test('behavior: the collateral flag without a balance keeps its holding', () => {
    const after = applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('USDC')]), [{ ...owed(2, 3n), usedAsCollateral: true }]), repay('max'));
    expect(after.position.holdings).toEqual([supplied(2, 0n)]);
  });
});

describe('applyRepay: stable debt', () => {
  test('default: with its own interest, compounded at its own rate', () => {
    const after = applyBy('aave-v3@3.0', viewOf(poolOf([reserveOf('USDC')]), [stable(1_000_000n, RAY / 10n)], { at: T0 + YEAR }), repay('max'));
    // Three terms of e^0.1 are 1.1051667; the contract's cube of the rate, 31.9 ray units per second³, is cut to 31.
    expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: 1_105_162n }]);
    expect(after.position.holdings).toEqual([]);
  });

  test('behavior: a part of it restarts the interest from what is left', () => {
    const after = applyBy('aave-v2@2', viewOf(poolOf([reserveOf('USDC')]), [stable(1_000_000n, RAY / 10n)], { at: T0 + YEAR }), repay(105_167n));
    // v2 rounds the same cube to 32: 1,105,167 were owed.
    expect(holdingAfter(after, 2)?.stableDebt).toEqual({ principal: 1_000_000n, rate: RAY / 10n, lastUpdate: T0 + YEAR });
    expect(holdingAfter(after, 2)?.scaledVariableDebt).toBe(0n);
  });

  test('behavior: variable debt goes first, alone', () => {
    const both = { ...stable(50n), scaledVariableDebt: 30n };
    const after = applyBy('aave-v3@3.0', viewOf(poolOf([reserveOf('USDC')]), [both]), repay('max'));
    expect(after.paid[0]?.amount).toBe(30n);
    expect(holdingAfter(after, 2)).toEqual(stable(50n));
  });
});

describe('applyRepay: refusals', () => {
  const refusal = (rule: string, changes: Parameters<typeof reserveOf>[1], amount: StepAmount, holdings = [owed(2, 100n)]) =>
    refusalBy(rule, viewOf(poolOf([reserveOf('USDC', changes)]), holdings), repay(amount));

  test('error: RULE_VIOLATION for nothing', () => {
    expect([0n, -1n].map((amount) => refusal('aave-v3@3.6', {}, amount))).toEqual(['InvalidAmount', 'InvalidAmount']);
    expect(refusal('aave-v2@2', {}, 0n)).toBe('1');
  });

  test('error: RULE_VIOLATION where nothing is owed', () => {
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.7'].map((rule) => refusal(rule, {}, 'max', []))).toEqual(['15', '39', 'NoDebtOfSelectedType', 'NoDebtOfSelectedType']);
    expect(refusal('aave-v3@3.7', {}, 'max', [supplied(2, 5n)])).toBe('NoDebtOfSelectedType');
  });

  test('error: RULE_VIOLATION for an inactive or paused reserve; a frozen one takes repayments', () => {
    expect(refusal('aave-v3@3.0', { active: false }, 1n)).toBe('27');
    expect(refusal('aave-v3@3.6', { paused: true }, 1n)).toBe('ReservePaused');
    expect(refusal('aave-v3@3.6', { frozen: true }, 1n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION for less than one scaled unit', () => {
    const changes = { variableBorrowIndex: RAY * 3n };
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.5'].map((rule) => refusal(rule, changes, 1n))).toEqual(['58', '25', 'InvalidBurnAmount', 'InvalidBurnAmount']);
    // Two of three units round up to one before 3.5, and down to none from then on.
    expect(refusal('aave-v3@3.4', changes, 2n)).toBe('accepted');
    expect(refusal('aave-v3@3.5', changes, 2n)).toBe('InvalidBurnAmount');
  });
});

describe('applyRepay: isolation mode', () => {
  const after = (rule: string, amount: bigint, isolationDebt = 10_000n) => {
    const pool = poolOf([reserveOf('WETH', { debtCeiling: 15_000n, isolationDebt }), reserveOf('USDC')]);
    return reserveAfter(applyBy(rule, viewOf(pool, [supplied(0, 10n ** 18n), owed(2, 200_000_000n)]), repay(amount)), 0)?.isolationDebt;
  };

  test('default: the debt drawn on the ceiling falls by whole cents', () => {
    expect(after('aave-v3@3.0', 1_239_999n)).toBe(9_877n);
    expect(after('aave-v3@3.6', 1_239_999n)).toBe(9_877n);
  });

  test('behavior: not below 0, because it knows no interest', () => {
    expect(after('aave-v3@3.3', 200_000_000n)).toBe(0n);
  });

  test('behavior: 3.7 and v2 have no ceilings', () => {
    expect(after('aave-v3@3.7', 1_239_999n)).toBe(10_000n);
    expect(after('aave-v2@2', 1_239_999n)).toBe(10_000n);
  });
});
