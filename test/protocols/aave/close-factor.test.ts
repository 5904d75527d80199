import { describe, expect, test } from 'vitest';
import { type AaveAccountData, computeAccountData, type ValuedHolding } from '../../../src/protocols/aave/account-data.ts';
import { computeMaxRepay, MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD } from '../../../src/protocols/aave/liquidation.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { applyBy, refusalBy, T0, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';

const USD = 10n ** 8n;
/** A reserve whose unit is one base unit, so that amounts are values. */
const unit = (symbol: 'WETH' | 'wstETH' | 'USDC' | 'DAI', changes: Parameters<typeof reserveOf>[1] = {}) =>
  reserveOf(symbol, { decimals: 8, price: USD, liquidationThresholdBps: 8000, liquidationBonusBps: 10_500, liquidationProtocolFeeBps: 0, ...changes });
const POOL = poolOf([unit('WETH'), unit('wstETH'), unit('USDC'), unit('DAI')]);

function pairOf(account: AaveAccountData, collateral: number, debt: number): [ValuedHolding, ValuedHolding] {
  const find = (id: number) => account.holdings.find((valued) => valued.reserve.id === id);
  const [first, second] = [find(collateral), find(debt)];
  if (first === undefined || second === undefined) throw new Error('fixture');
  return [first, second];
}

/** The largest repayment of USDC against WETH. */
function maxRepay(rule: string, holdings: Parameters<typeof viewOf>[1]): bigint {
  const profile = getAaveProfile(rule);
  const account = computeAccountData(profile, POOL, { eMode: 0, holdings }, T0);
  return computeMaxRepay(profile, account, ...pairOf(account, 0, 2));
}

describe('computeMaxRepay', () => {
  /** A health factor of exactly 0.95: 1.9 M · 0.8 / 1.6 M. */
  const atThreshold = (debt = 1_600_000n * USD) => [supplied(0, 1_900_000n * USD), owed(2, debt)];

  test.each(['aave-v3@3.0', 'aave-v3@3.2', 'spark@1', 'spark@2'])('%s: the whole reserve at 0.95, half of it above', (rule) => {
    expect(maxRepay(rule, atThreshold())).toBe(1_600_000n * USD);
    // The health factor before 3.5 rounds half up at 18 decimals, where the 14 figures of the debt still show.
    expect(maxRepay(rule, atThreshold(1_600_000n * USD - 1n))).toBe(800_000n * USD);
  });

  test.each(['aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.6', 'aave-v3@3.7'])('%s: all at 0.95, half of the position above', (rule) => {
    expect(maxRepay(rule, atThreshold())).toBe(1_600_000n * USD);
    expect(maxRepay(rule, atThreshold(1_600_000n * USD - 1n))).toBe(800_000n * USD);
  });

  test('aave-v2@2: half of the reserve, always, halves up', () => {
    expect(maxRepay('aave-v2@2', atThreshold())).toBe(800_000n * USD);
    expect(maxRepay('aave-v2@2', [supplied(0, 10n), owed(2, 101n)])).toBe(51n);
  });

  test('behavior: from 3.3 half of the position is the limit, however large a part of it the reserve is', () => {
    const holdings = [supplied(0, 2_000_000n * USD), owed(2, 1_000_000n * USD), owed(3, 650_000n * USD)];
    expect(maxRepay('aave-v3@3.2', holdings)).toBe(500_000n * USD);
    expect(maxRepay('aave-v3@3.3', holdings)).toBe(825_000n * USD);
    const small = [supplied(0, 2_000_000n * USD), owed(2, 600_000n * USD), owed(3, 1_050_000n * USD)];
    expect(maxRepay('aave-v3@3.3', small)).toBe(600_000n * USD);
  });

  test('behavior: a stable debt counts with its reserve', () => {
    const both = { ...owed(2, 1_000_000n * USD), stableDebt: { principal: 650_000n * USD, rate: 0n, lastUpdate: T0 } };
    expect(maxRepay('aave-v3@3.0', [supplied(0, 2_000_000n * USD), both])).toBe(825_000n * USD);
  });

  describe('behavior: from 3.3 both sides must be worth 2,000 for a limit', () => {
    const LIMIT = MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD;
    // Another collateral carries the rest, so that the health factor is 0.97.
    const withCollateral = (value: bigint) => [supplied(0, value), supplied(1, 194_000n * USD - value), owed(2, 160_000n * USD)];
    const withDebt = (value: bigint) => [supplied(0, 2_425n * USD), owed(2, value), ...(value > LIMIT ? [] : [owed(3, LIMIT - value)])];

    test('collateral, one unit on either side', () => {
      expect(LIMIT).toBe(2_000n * USD);
      for (const rule of ['aave-v3@3.3', 'aave-v3@3.5', 'aave-v3@3.7']) {
        expect(maxRepay(rule, withCollateral(LIMIT))).toBe(80_000n * USD);
        expect(maxRepay(rule, withCollateral(LIMIT - 1n))).toBe(160_000n * USD);
      }
      expect(maxRepay('aave-v3@3.2', withCollateral(LIMIT - 1n))).toBe(80_000n * USD);
    });

    test('debt, one unit on either side', () => {
      for (const rule of ['aave-v3@3.3', 'aave-v3@3.5', 'aave-v3@3.7']) {
        expect(maxRepay(rule, withDebt(LIMIT))).toBe(1_000n * USD);
        expect(maxRepay(rule, withDebt(LIMIT - 1n))).toBe(LIMIT - 1n);
      }
    });
  });
});

describe('the dust rule', () => {
  const liquidate = (repay: bigint) => ({ kind: 'liquidate', collateral: assetOf('WETH'), debt: assetOf('USDC'), repay }) as const;
  const refusal = (rule: string, collateral: bigint, debt: bigint, repay: bigint) => refusalBy(rule, viewOf(POOL, [supplied(0, collateral * USD), owed(2, debt * USD)]), liquidate(repay));

  test('error: RULE_VIOLATION for one unit less than 1,000 of debt', () => {
    // 10,000 of collateral and 9,000 of debt: repaying 8,000 leaves 1,000 and 1,600.
    const rules = ['aave-v3@3.2', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.7'];
    expect(rules.map((rule) => refusal(rule, 10_000n, 9_000n, 8_000n * USD))).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    expect(rules.map((rule) => refusal(rule, 10_000n, 9_000n, 8_000n * USD + 1n))).toEqual(['accepted', '103', 'MustNotLeaveDust', 'MustNotLeaveDust']);
  });

  test('error: RULE_VIOLATION for one unit less than 1,000 of collateral', () => {
    // 8,000 of debt seize 8,400 of 9,400.
    expect(refusal('aave-v3@3.3', 9_400n, 9_300n, 8_000n * USD)).toBe('accepted');
    expect(refusal('aave-v3@3.3', 9_400n, 9_300n, 8_000n * USD + 1n)).toBe('103');
  });

  test('behavior: a side that is cleared may leave the other small', () => {
    expect(refusal('aave-v3@3.6', 10_000n, 9_000n, 9_000n * USD)).toBe('accepted');
    expect(refusal('aave-v3@3.6', 8_400n, 8_500n, 8_000n * USD)).toBe('accepted');
    expect(refusal('aave-v3@3.6', 8_500n, 8_500n, 8_500n * USD)).toBe('accepted');
  });

  test('behavior: a debt of several reserves counts each for itself', () => {
    const view = viewOf(POOL, [supplied(0, 10_000n * USD), owed(2, 4_500n * USD), owed(3, 4_500n * USD)]);
    expect(refusalBy('aave-v3@3.6', view, liquidate(3_500n * USD + 1n))).toBe('MustNotLeaveDust');
    expect(refusalBy('aave-v3@3.6', view, liquidate(4_500n * USD))).toBe('accepted');
  });

  test('behavior: a repayment above the limit is cut to it', () => {
    const view = viewOf(POOL, [supplied(0, 1_900_000n * USD), owed(2, 1_590_000n * USD)]);
    expect(applyBy('aave-v3@3.6', view, liquidate(1_590_000n * USD)).paid[0]?.amount).toBe(795_000n * USD);
    expect(applyBy('aave-v3@3.6', view, liquidate(10n * USD)).paid[0]?.amount).toBe(10n * USD);
  });
});
