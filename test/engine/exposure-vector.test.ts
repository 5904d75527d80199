import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import { evaluatePortfolio } from '../../src/engine/evaluate.ts';
import { summarizeWallet } from '../../src/engine/wallet.ts';
import { linearPerpRule } from './linear-rule.ts';
import { DOLLARS, linearAccount, open, USDC, WBTC, WETH } from './portfolio-of.ts';

/*
 * Three accounts whose native numbers are a loan of 8300 against 7500, a perp with E 897.5 and M 500, and a cross-margin account with E −100 and
 * M 372. Pooled in native terms that is (8300 + 897.5 + 0) / (7500 + 500 + 472) = 1.0856. In exposure form each position stands there at its
 * full size, and the same wallet is far nearer to the line:
 *
 *   loan    A = 8300                                        L = 7500                                    A − L =  800
 *   perp    long 50 ETH at 1980, entry value 100,000, 2,000 of margin, fees 30 + 12.5 + 60, M fixed at 500 USD
 *           A = 2000 + 50 · 1980 = 101,000                  L = 100,000 + 500 + 102.5 = 100,602.5       A − L =  397.5 = 897.5 − 500
 *   cross   −19,100 USDC, +10 ETH at 2500, −0.1 BTC at 60,000, m = 1.2 %: E = −100, M = 372
 *           A = 25,000 · 0.988 = 24,700                     L = 19,100 + 6,000 · 1.012 = 25,172         A − L = −472   = −100 − 372
 *
 *   U = 134,000 / 133,274.5 = 1.0054436…    weakest = 24,700 / 25,172 = 0.9812490…    S = 472    cover = 1 − 472 / 133,274.5 = 0.9964584…
 */
const loan = linearAccount([
  ['collateral', DOLLARS, 8300, '1'],
  ['debt', DOLLARS, 7500, '1'],
]);
const perp = linearAccount(
  [
    ['collateral', USDC, 2000, '1', 'margin'],
    ['collateral', WETH, 50, '1', 'long'],
    ['debt', DOLLARS, 100_000, '1', 'entry value'],
    ['debt', DOLLARS, 500, '1', 'maintenance margin'],
    ['debt', DOLLARS, '102.5', '1', 'fees'],
  ],
  { prices: { [WETH]: '1980' }, rule: linearPerpRule },
);
const cross = linearAccount(
  [
    ['debt', USDC, 19_100, '1', 'negative margin'],
    ['collateral', WETH, 10, '0.988', 'long'],
    ['debt', WBTC, '0.1', '1.012', 'short'],
  ],
  { prices: { [WETH]: '2500' }, rule: linearPerpRule },
);

describe('the wallet of three accounts in exposure form', () => {
  const { accounts } = evaluatePortfolio(open({ accounts: [loan, perp, cross] }));
  const wallet = summarizeWallet(accounts, new Decimal(1));

  test('default: slack of each account is its native slack', () => {
    expect(accounts.map((account) => account.slack.toString())).toEqual(['800', '397.5', '-472']);
    expect(accounts.map((account) => account.native.liquidatable)).toEqual([false, false, true]);
  });

  test('default: unified, weakest, shortfall and cover ratio', () => {
    expect(wallet.adjustedCollateral.toString()).toBe('134000');
    expect(wallet.adjustedDebt.toString()).toBe('133274.5');
    expect(wallet.health?.toFixed(12)).toBe('1.005443652011');
    expect(wallet.weakest?.account.entry.id).toBe('account 2');
    expect(wallet.weakest?.health?.toFixed(12)).toBe('0.981249006833');
    expect(wallet.shortfall.toString()).toBe('472');
    expect(wallet.coverRatio?.toFixed(12)).toBe('0.996458437285');
  });
});
