import { describe, expect, test } from 'vitest';
import type { StepAmount } from '../../../src/core/rule.ts';
import { applyBy, category, holdingAfter, refusalBy, reserveAfter, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, type Symbol, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const HALF_MORE = (RAY * 3n) / 2n;
const ONE = 10n ** 18n;
const withdraw = (amount: StepAmount, symbol: Symbol = 'USDC') => ({ kind: 'withdraw', asset: assetOf(symbol), amount }) as const;

/** A reserve whose unit is worth 100 base units. */
const plain = (symbol: Symbol, changes: Parameters<typeof reserveOf>[1] = {}) => reserveOf(symbol, { decimals: 6, price: 10n ** 8n, ...changes });

describe('applyWithdraw', () => {
  test.each([
    { rule: 'aave-v2@2', scaledLeft: 33n },
    { rule: 'aave-v3@3.3', scaledLeft: 33n },
    { rule: 'aave-v3@3.5', scaledLeft: 33n },
  ])('$rule: 100 units at an index of 1.5 leave $scaledLeft of 100 scaled ones', ({ rule, scaledLeft }) => {
    const pool = poolOf([reserveOf('USDC', { liquidityIndex: HALF_MORE, scaledSupply: 1_000n, availableLiquidity: 100n })]);
    const after = applyBy(rule, viewOf(pool, [supplied(2, 100n)]), withdraw(100n));
    expect(holdingAfter(after, 2)).toEqual(supplied(2, scaledLeft));
    expect(after.received).toEqual([{ asset: assetOf('USDC'), amount: 100n }]);
    expect(reserveAfter(after, 2)).toMatchObject({ scaledSupply: 933n, availableLiquidity: 0n });
  });

  test('behavior: 40 units at an index of 3 burn 13 scaled ones before 3.5, and 14 from then on', () => {
    const view = viewOf(poolOf([reserveOf('USDC', { liquidityIndex: RAY * 3n })]), [supplied(2, 100n)]);
    expect(holdingAfter(applyBy('aave-v3@3.4', view, withdraw(40n)), 2)?.scaledSupply).toBe(87n);
    expect(holdingAfter(applyBy('aave-v3@3.5', view, withdraw(40n)), 2)?.scaledSupply).toBe(86n);
  });

  test("behavior: 'max', and the whole balance in units, leave nothing, not even the flag", () => {
    const pool = poolOf([reserveOf('USDC', { liquidityIndex: HALF_MORE })]);
    for (const [rule, balance] of [
      ['aave-v2@2', 5n],
      ['aave-v3@3.4', 5n],
      ['aave-v3@3.5', 4n],
      ['aave-v3@3.7', 4n],
    ] as const) {
      for (const amount of ['max', balance] as const) {
        const after = applyBy(rule, viewOf(pool, [supplied(2, 3n)]), withdraw(amount));
        expect(after.position.holdings).toEqual([]);
        expect(after.received).toEqual([{ asset: assetOf('USDC'), amount: balance }]);
      }
    }
  });

  test('behavior: what is owed in the same reserve stays, in its place', () => {
    const after = applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('WETH'), reserveOf('USDC')]), [{ ...owed(2, 9n), scaledSupply: 5n }, supplied(0, ONE)]), withdraw('max'));
    expect(after.position.holdings).toEqual([supplied(0, ONE), owed(2, 9n)]);
  });
});

describe('applyWithdraw: refusals', () => {
  const refusal = (rule: string, changes: Parameters<typeof reserveOf>[1], amount: StepAmount) => refusalBy(rule, viewOf(poolOf([reserveOf('USDC', changes)]), [supplied(2, 100n)]), withdraw(amount));

  test('error: RULE_VIOLATION for nothing, and for less than one scaled unit', () => {
    expect(refusal('aave-v3@3.0', {}, 0n)).toBe('26');
    expect(refusal('aave-v3@3.6', {}, 0n)).toBe('InvalidAmount');
    expect(refusal('aave-v3@3.6', {}, -5n)).toBe('InvalidAmount');
    expect(refusal('aave-v2@2', {}, 0n)).toBe('1');
    expect(refusal('aave-v2@2', { liquidityIndex: RAY * 3n }, 1n)).toBe('58');
    expect(refusal('aave-v3@3.0', { liquidityIndex: RAY * 3n }, 1n)).toBe('25');
    expect(refusal('aave-v3@3.5', { liquidityIndex: RAY * 3n }, 1n)).toBe('accepted');
    expect(refusalBy('aave-v3@3.6', viewOf(poolOf([reserveOf('USDC')]), []), withdraw('max'))).toBe('InvalidAmount');
  });

  test('error: RULE_VIOLATION one unit above the balance', () => {
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.5'].map((rule) => refusal(rule, {}, 101n))).toEqual(['5', '32', 'NotEnoughAvailableUserBalance', 'NotEnoughAvailableUserBalance']);
    expect(refusal('aave-v3@3.6', {}, 100n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION for an inactive or paused reserve; a frozen one pays out', () => {
    expect(refusal('aave-v2@2', { active: false }, 1n)).toBe('2');
    expect(refusal('aave-v3@3.2', { paused: true }, 1n)).toBe('29');
    expect(refusal('aave-v3@3.7', { paused: true }, 1n)).toBe('ReservePaused');
    expect(refusal('aave-v3@3.7', { frozen: true }, 1n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION where the liquidity does not suffice', () => {
    expect(refusal('aave-v3@3.7', { availableLiquidity: 50n }, 50n)).toBe('accepted');
    expect(refusal('aave-v3@3.7', { availableLiquidity: 50n }, 51n)).toBe('NotEnoughLiquidity');
  });
});

describe('applyWithdraw: the health factor', () => {
  const pool = poolOf([plain('WETH', { liquidationThresholdBps: 8000 }), plain('USDC')]);
  const holdings = [supplied(0, 1_000_100n), owed(2, 800_000n)];

  test('behavior: down to exactly 1 is allowed', () => {
    for (const rule of ['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.7']) expect(refusalBy(rule, viewOf(pool, holdings), withdraw(100n, 'WETH'))).toBe('accepted');
  });

  test('error: RULE_VIOLATION one unit below', () => {
    const refusals = ['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.7'].map((rule) => refusalBy(rule, viewOf(pool, holdings), withdraw(101n, 'WETH')));
    expect(refusals).toEqual(['6', '35', '35', 'HealthFactorLowerThanLiquidationThreshold', 'HealthFactorLowerThanLiquidationThreshold']);
  });

  test('behavior: it is not asked for what is no collateral, nor without a debt', () => {
    const unsafe = [{ ...supplied(0, 1_000_100n), usedAsCollateral: false }, owed(2, 800_000n)];
    expect(refusalBy('aave-v3@3.6', viewOf(pool, unsafe), withdraw('max', 'WETH'))).toBe('accepted');
    expect(refusalBy('aave-v3@3.6', viewOf(pool, [supplied(0, 1_000_100n)]), withdraw('max', 'WETH'))).toBe('accepted');
    expect(refusalBy('aave-v3@3.6', viewOf(pool, holdings), withdraw('max', 'WETH'))).toBe('HealthFactorLowerThanLiquidationThreshold');
    expect(refusalBy('aave-v2@2', viewOf(pool, holdings), withdraw('max', 'WETH'))).toBe('6');
  });

  test('behavior: a stable debt counts as one', () => {
    const stable = { ...owed(2, 0n), stableDebt: { principal: 800_000n, rate: 0n, lastUpdate: 0n } };
    expect(refusalBy('aave-v3@3.0', viewOf(pool, [supplied(0, 1_000_100n), stable]), withdraw(101n, 'WETH'))).toBe('35');
  });
});

describe('applyWithdraw in v2: the estimate before the withdrawal', () => {
  // 7 WETH at 8300 and 5 wstETH at 8100 average to 8210.01 bps, which v2 cuts to 8210 before it takes the wstETH off again.
  const pool = poolOf([reserveOf('WETH'), reserveOf('wstETH'), reserveOf('USDC', { price: 10n ** 8n })]);
  const view = (debt: bigint) => viewOf(pool, [supplied(0, 7n * ONE), supplied(1, 5n * ONE), owed(2, debt)]);
  // 7 WETH alone carry 10,555.92 USDC at 8300 bps and 10,554.65 at 8299.
  const atRealThreshold = 10_555_900_000n;
  const atEstimate = 10_554_600_000n;

  test('error: RULE_VIOLATION where the cut threshold would not carry the debt, though the real one does', () => {
    expect(refusalBy('aave-v2@2', view(atRealThreshold), withdraw('max', 'wstETH'))).toBe('6');
    expect(refusalBy('aave-v3@3.0', view(atRealThreshold), withdraw('max', 'wstETH'))).toBe('accepted');
    expect(refusalBy('aave-v2@2', view(atEstimate), withdraw('max', 'wstETH'))).toBe('accepted');
  });

  test('behavior: a reserve without a threshold leaves freely', () => {
    const worthless = poolOf([reserveOf('WETH', { liquidationThresholdBps: 0 }), reserveOf('USDC')]);
    expect(refusalBy('aave-v2@2', viewOf(worthless, [supplied(0, ONE), owed(2, 10n)]), withdraw('max', 'WETH'))).toBe('accepted');
  });

  test('behavior: a debt that is worth nothing asks for nothing', () => {
    const cheap = poolOf([reserveOf('WETH'), reserveOf('USDC', { price: 1n })]);
    expect(refusalBy('aave-v2@2', viewOf(cheap, [supplied(0, ONE), owed(2, 9n)]), withdraw('max', 'WETH'))).toBe('accepted');
  });

  test('error: RULE_VIOLATION where the withdrawn threshold is above the cut average of everything', () => {
    const uneven = poolOf([plain('WETH', { liquidationThresholdBps: 10 }), plain('wstETH', { liquidationThresholdBps: 1 }), plain('USDC')]);
    const holdings = [supplied(0, 100n), supplied(1, 99n), owed(2, 1n)];
    // 5.52 bps on average are cut to 5: 199 · 5 − 100 · 10 is below 0.
    expect(refusalBy('aave-v2@2', viewOf(uneven, holdings), withdraw('max', 'WETH'))).toBe('6');
  });
});

describe('applyWithdraw: collateral with LTV 0 goes first', () => {
  const holdings = [supplied(0, ONE), supplied(1, ONE), owed(2, 10n)];
  const refusal = (rule: string, symbol: Symbol, options: { eMode?: ReturnType<typeof category>; wethLtv?: number } = {}) => {
    const pool = poolOf([reserveOf('WETH', { ltvBps: options.wethLtv ?? 0 }), reserveOf('wstETH'), reserveOf('USDC')], { eModes: options.eMode === undefined ? [] : [options.eMode] });
    return refusalBy(rule, viewOf(pool, holdings, { eMode: options.eMode?.id ?? 0 }), withdraw(10n, symbol));
  };

  test('error: RULE_VIOLATION for a reserve that has an LTV, as long as one without is used', () => {
    expect(['aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.6', 'aave-v3@3.7'].map((rule) => refusal(rule, 'wstETH'))).toEqual([
      '57',
      '57',
      'LtvValidationFailed',
      'LtvValidationFailed',
      'LtvValidationFailed',
    ]);
  });

  test('behavior: the one without, everything where all have one, and v2 are free', () => {
    expect(refusal('aave-v3@3.0', 'WETH')).toBe('accepted');
    expect(refusal('aave-v3@3.7', 'WETH')).toBe('accepted');
    expect(refusal('aave-v3@3.7', 'wstETH', { wethLtv: 8050 })).toBe('accepted');
    expect(refusal('aave-v2@2', 'wstETH')).toBe('accepted');
  });

  test('behavior: from 3.6 a member has the LTV of its category, or 0 where the category says so', () => {
    expect(refusal('aave-v3@3.5', 'wstETH', { eMode: category() })).toBe('LtvValidationFailed');
    expect(refusal('aave-v3@3.6', 'wstETH', { eMode: category() })).toBe('accepted');
    expect(refusal('aave-v3@3.6', 'wstETH', { eMode: category({ ltvZero: [0] }), wethLtv: 8050 })).toBe('LtvValidationFailed');
    expect(refusal('aave-v3@3.6', 'WETH', { eMode: category({ ltvZero: [0] }), wethLtv: 8050 })).toBe('accepted');
  });
});
