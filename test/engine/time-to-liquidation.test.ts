import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluatePortfolio, probeAccount } from '../../src/engine/evaluate.ts';
import { computeTimeToLiquidation, TIME_HORIZON_SECONDS, type WalletTime } from '../../src/engine/time-to-liquidation.ts';
import { type AccountSpec, linearAccount, NOW, open, USDC, WETH } from './portfolio-of.ts';

const YEAR = 31_536_000n;

function timesOf(accounts: readonly AccountSpec[]): WalletTime {
  return computeTimeToLiquidation(evaluatePortfolio(open({ accounts })).accounts);
}

const loan = (debt: number | string, borrowRate: string, failsFrom?: number): AccountSpec =>
  linearAccount(
    [
      ['collateral', WETH, 10, '0.8'],
      ['debt', USDC, debt, '1'],
    ],
    { borrowRate, ...(failsFrom === undefined ? {} : { failsFrom }) },
  );

describe(computeTimeToLiquidation, () => {
  test('default: to the second', () => {
    // 15,000 at 10 % a year reaches 16,000 after 2/3 of a year; the second after it is the first beyond.
    const { accounts, first } = timesOf([loan(15_000, '0.1'), loan(10_000, '0.1')]);
    expect(accounts.map(({ seconds }) => seconds)).toEqual([(YEAR * 2n) / 3n + 1n, YEAR * 6n + 1n]);
    expect(first?.account.account.entry.id).toBe('account 0');
  });

  test('behavior: null with its reason: no debt, beyond ten years, not computable', () => {
    const free = linearAccount([['collateral', WETH, 1, '0.8']]);
    const times = timesOf([free, loan(10_000, '0.01'), loan(10_000, '0'), loan(10_000, '0.1', NOW + 10_000)]);
    expect(times.accounts.map(({ seconds, reason }) => [seconds, reason])).toEqual([
      [null, 'no-debt'],
      [null, 'beyond-horizon'],
      [null, 'beyond-horizon'],
      [null, 'not-computable'],
    ]);
    expect(times.first).toBeNull();
  });

  test('behavior: liquidatable now is 0', () => {
    expect(timesOf([loan(16_001, '0')]).first?.seconds).toBe(0n);
  });

  test('behavior: within the first step, and at the horizon', () => {
    expect(timesOf([loan('15999.999', '0.1')]).accounts[0]?.seconds).toBeLessThan(3_600n);
    const last = loan('10666.7', '0.05');
    expect(timesOf([last]).accounts[0]?.seconds).toBeGreaterThan(TIME_HORIZON_SECONDS - 10_000_000n);
  });

  test('behavior: a defect of the program is not swallowed', () => {
    const [account] = evaluatePortfolio(open({ accounts: [loan(10_000, '0.1')] })).accounts;
    if (account === undefined) throw new TypeError('no account');
    const defect = {
      ...account,
      account: {
        ...account.account,
        rule: {
          ...account.account.rule,
          health: () => {
            throw new TypeError('defect');
          },
        },
      },
    };
    expect(() => computeTimeToLiquidation([defect])).toThrow(TypeError);
  });

  test('property: safe one second before, liquidatable then and at every later time tried', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8_000, max: 15_999 }), fc.integer({ min: 1, max: 400 }), fc.bigInt({ min: 0n, max: YEAR * 20n }), (debt, percent, later) => {
        const [account] = evaluatePortfolio(open({ accounts: [loan(debt, (percent / 100).toFixed(2))] })).accounts;
        if (account === undefined) return;
        const seconds = computeTimeToLiquidation([account]).first?.seconds;
        if (seconds === undefined) return;
        const decide = (after: bigint): boolean => probeAccount(account.account, { at: BigInt(NOW) + after }).liquidatable;
        expect(decide(seconds - 1n)).toBe(false);
        expect(decide(seconds)).toBe(true);
        expect(decide(seconds + later)).toBe(true);
      }),
    );
  });
});
