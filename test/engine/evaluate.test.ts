import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import { evaluatePortfolio } from '../../src/engine/evaluate.ts';
import { moveTogether } from '../../src/engine/moves.ts';
import { linearPerpRule } from './linear-rule.ts';
import { linearAccount, NOW, open, USDC, WBTC, WETH } from './portfolio-of.ts';

const loan = linearAccount([
  ['collateral', WETH, 10, '0.8'],
  ['debt', USDC, 10_000, '1'],
]);

describe(evaluatePortfolio, () => {
  test('default: A, L, health, slack and raw values of a loan', () => {
    const [account] = evaluatePortfolio(open({ accounts: [loan] })).accounts;
    expect(account).toMatchObject({ debtFree: false, market: null });
    expect(account?.adjustedCollateral.toString()).toBe('16000');
    expect(account?.adjustedDebt.toString()).toBe('10000');
    expect(account?.health?.toString()).toBe('1.6');
    expect(account?.slack.toString()).toBe('6000');
    expect(account?.shortfall.toString()).toBe('0');
    expect(account?.raw.collateral.toString()).toBe('20000');
    expect(account?.raw.debt.toString()).toBe('10000');
    expect(account?.native.liquidatable).toBe(false);
  });

  test('behavior: no debt is null, not a number', () => {
    const [account] = evaluatePortfolio(open({ accounts: [linearAccount([['collateral', WETH, 1, '0.8']])] })).accounts;
    expect(account?.health).toBeNull();
    expect(account?.debtFree).toBe(true);
  });

  test('behavior: what does not count is idle, not collateral', () => {
    const [account] = evaluatePortfolio(open({ accounts: [linearAccount([['collateral', WETH, 1, '0.8']], { idle: [WETH] })] })).accounts;
    expect(account?.idle.toString()).toBe('2000');
    expect(account?.raw.collateral.toString()).toBe('0');
  });

  test("behavior: a perp's maintenance is a requirement, not a debt", () => {
    const perp = linearAccount(
      [
        ['collateral', USDC, 2000, '1'],
        ['collateral', WETH, 50, '1', 'long'],
        ['debt', USDC, 99_500, '1', 'entry value'],
        ['debt', USDC, 500, '1', 'maintenance margin'],
      ],
      { rule: linearPerpRule },
    );
    const [account] = evaluatePortfolio(open({ accounts: [perp] })).accounts;
    expect(account?.raw.collateral.toString()).toBe('102000');
    expect(account?.raw.debt.toString()).toBe('99500');
    expect(account?.adjustedDebt.toString()).toBe('100000');
  });

  test('behavior: market health beside oracle health, with what has no market price named', () => {
    const [account] = evaluatePortfolio(
      open({
        accounts: [loan],
        prices: [
          [WETH, '1000'],
          [WBTC, '1'],
        ],
      }),
    ).accounts;
    expect(account?.market?.health?.toString()).toBe('0.8');
    expect(account?.market?.raw.collateral.toString()).toBe('10000');
    expect(account?.market?.atOraclePrice).toEqual([USDC]);
    expect(account?.health?.toString()).toBe('1.6');
  });

  test('behavior: a market price of zero is no price', () => {
    expect(evaluatePortfolio(open({ accounts: [loan], prices: [[WETH, '0']] })).accounts[0]?.market).toBeNull();
  });

  test('behavior: a fixed oracle does not follow a move, the market does', () => {
    const fixed = linearAccount(
      [
        ['collateral', WETH, 10, '0.8'],
        ['debt', USDC, 10_000, '1'],
      ],
      { fixed: [WETH] },
    );
    const opened = open({ accounts: [fixed], prices: [[WETH, '2000']] });
    const [account] = evaluatePortfolio(opened, { moves: moveTogether([WETH], new Decimal('0.5')) }).accounts;
    expect(account?.health?.toString()).toBe('1.6');
    expect(account?.market?.health?.toString()).toBe('0.8');
  });

  test('behavior: an account whose rule throws is a gap with its reason', () => {
    const broken = linearAccount([['collateral', WETH, 1, '0.8']], { failsFrom: NOW + 1 });
    const { accounts, gaps } = evaluatePortfolio(open({ accounts: [loan, broken] }), { at: BigInt(NOW + 1) });
    expect(accounts.map((account) => account.account.entry.id)).toEqual(['account 0']);
    expect(gaps).toEqual([expect.objectContaining({ code: 'UNSUPPORTED_STATE', account: 'account 1', deployment: 'deployment 1', chain: 'eip155:1' })]);
  });

  test('behavior: a defect of the program is not a gap', () => {
    const opened = open({ accounts: [loan] });
    const [first] = opened.accounts;
    if (first === undefined) throw new TypeError('no account');
    const defect = {
      ...first,
      rule: {
        ...first.rule,
        exposure: () => {
          throw new TypeError('defect');
        },
      },
    };
    expect(() => evaluatePortfolio({ ...opened, accounts: [defect] })).toThrow(TypeError);
  });

  test('behavior: inputs are not changed, and the same input gives the same answer', () => {
    const opened = open({ accounts: [loan] });
    const before = JSON.stringify(opened.portfolio);
    const once = evaluatePortfolio(opened, { moves: moveTogether([WETH], new Decimal('0.9')) });
    expect(evaluatePortfolio(opened, { moves: moveTogether([WETH], new Decimal('0.9')) })).toEqual(once);
    expect(JSON.stringify(opened.portfolio)).toBe(before);
  });
});
