import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, sum } from '../../src/core/decimal.ts';
import { type AccountEvaluation, evaluatePortfolio } from '../../src/engine/evaluate.ts';
import { findWeakest, summarizeWallet, type WalletHealth } from '../../src/engine/wallet.ts';
import { genericAccounts, linearAccounts } from './arbitrary.ts';
import type { LinearPosition } from './linear-rule.ts';
import { type AccountSpec, linearAccount, open, USDC, WBTC, WETH } from './portfolio-of.ts';

const DUST = new Decimal(1);
const RUNS = { numRuns: 150 };

function evaluate(accounts: readonly AccountSpec[], prices: readonly (readonly [typeof WETH, string])[] = []): readonly AccountEvaluation[] {
  return evaluatePortfolio(open({ accounts, prices })).accounts;
}

function walletOf(accounts: readonly AccountSpec[]): WalletHealth {
  return summarizeWallet(evaluate(accounts), DUST);
}

const anyAccount = fc.oneof(linearAccounts(0), genericAccounts);
const anyWallet = fc.array(anyAccount, { minLength: 1, maxLength: 5 });
const loan = (weth: number | string, usdc: number | string): AccountSpec =>
  linearAccount([
    ['collateral', WETH, weth, '0.8'],
    ['debt', USDC, usdc, '1'],
  ]);

describe(summarizeWallet, () => {
  test('default: unified, weakest, shortfall, cover ratio and free collateral', () => {
    const wallet = walletOf([loan(10, 10_000), loan(1, 2_000), linearAccount([['collateral', WBTC, 1, '0.7']])]);
    expect(wallet.health?.toFixed(6)).toBe(new Decimal(17_600).div(12_000).toFixed(6));
    expect(wallet.weakest?.account.entry.id).toBe('account 1');
    expect(wallet.shortfall.toString()).toBe('400');
    expect(wallet.coverRatio?.toFixed(6)).toBe(new Decimal(11_600).div(12_000).toFixed(6));
    expect(wallet.freeCollateral.toString()).toBe('60000');
    expect(wallet.debtFree.map((account) => account.account.entry.id)).toEqual(['account 2']);
    expect(wallet.market).toBeNull();
  });

  test('behavior: a wallet without debt has null, not Infinity', () => {
    const wallet = walletOf([linearAccount([['collateral', WETH, 1, '0.8']])]);
    expect(wallet).toMatchObject({ health: null, coverRatio: null, weakest: null, weakestAboveDust: null, market: null });
    expect(wallet.shortfall.toString()).toBe('0');
    expect(walletOf([]).health).toBeNull();
  });

  test('behavior: a dust account counts, and the weakest above dust is named as well', () => {
    const wallet = walletOf([loan(10, 10_000), loan('0.000001', '0.5')]);
    expect(wallet.weakest?.account.entry.id).toBe('account 1');
    expect(wallet.weakestAboveDust?.account.entry.id).toBe('account 0');
    expect(wallet.dust.map((account) => account.account.entry.id)).toEqual(['account 1']);
    expect(wallet.adjustedDebt.toString()).toBe('10000.5');
  });

  test("behavior: market sums take the oracle's where an account has no market price", () => {
    const bitcoinLoan = linearAccount([
      ['collateral', WBTC, 1, '0.5'],
      ['debt', USDC, 10_000, '1'],
    ]);
    const wallet = summarizeWallet(evaluate([loan(10, 10_000), bitcoinLoan], [[WETH, '1000']]), DUST);
    expect(wallet.market?.adjustedCollateral.toString()).toBe('38000');
    expect(wallet.market?.shortfall.toString()).toBe('2000');
    expect(wallet.adjustedCollateral.toString()).toBe('46000');
  });

  test('property: one account has U < 1 exactly when its rule liquidates it', () => {
    fc.assert(
      fc.property(linearAccounts(1), (account) => {
        const [evaluated] = evaluate([account]);
        expect(walletOf([account]).health?.lt(1)).toBe(evaluated?.native.liquidatable);
      }),
      RUNS,
    );
  });

  test('property: with a rule that rounds, U and the decision part only within its rounding', () => {
    fc.assert(
      fc.property(genericAccounts, (account) => {
        const [evaluated] = evaluate([account]);
        const health = walletOf([account]).health ?? new Decimal(0);
        if (health.minus(1).abs().gt('1e-12')) expect(health.lt(1)).toBe(evaluated?.native.liquidatable);
      }),
      RUNS,
    );
  });

  test('property: min ≤ U ≤ max, and the weakest is the min', () => {
    fc.assert(
      fc.property(anyWallet, (accounts) => {
        const wallet = walletOf(accounts);
        const healths = evaluate(accounts).flatMap((account) => (account.health === null ? [] : [account.health]));
        expect(wallet.health === null).toBe(healths.length === 0);
        if (wallet.health === null) return;
        const rounding = new Decimal(1).plus('1e-100');
        expect(wallet.health.times(rounding).gte(Decimal.min(...healths))).toBe(true);
        expect(wallet.health.lte(Decimal.max(...healths).times(rounding))).toBe(true);
        expect(wallet.weakest?.health?.eq(Decimal.min(...healths))).toBe(true);
      }),
      RUNS,
    );
  });

  test('property: U ≥ 1 exactly when the surplus of some accounts could cure all others', () => {
    fc.assert(
      fc.property(anyWallet, (accounts) => {
        const indebted = evaluate(accounts).filter((account) => !account.debtFree);
        if (indebted.length === 0) return;
        const surplus = sum(indebted.map((account) => Decimal.max(account.slack, 0)));
        const wallet = walletOf(accounts);
        expect(wallet.slack.gte(0)).toBe(surplus.gte(wallet.shortfall));
      }),
      RUNS,
    );
  });

  test('property: more collateral lowers nothing and raises no shortfall', () => {
    fc.assert(
      fc.property(fc.array(linearAccounts(1), { minLength: 1, maxLength: 4 }), fc.nat({ max: 3 }), fc.bigInt({ min: 1n, max: 10n ** 27n }), (accounts, pick, extra) => {
        const chosen = pick % accounts.length;
        const before = walletOf(accounts);
        const after = walletOf(accounts.map((account, at) => (at === chosen ? withMoreCollateral(account, extra) : account)));
        expect(after.health?.gte(before.health ?? 0)).toBe(true);
        expect(after.weakest?.health?.gte(before.weakest?.health ?? 0)).toBe(true);
        expect(after.coverRatio?.gte(before.coverRatio ?? 0)).toBe(true);
        expect(after.shortfall.lte(before.shortfall)).toBe(true);
      }),
      RUNS,
    );
  });

  test('property: sums and shortfall add up over disjoint sets of accounts', () => {
    fc.assert(
      fc.property(anyWallet, anyWallet, (a, b) => {
        const [one, other, both] = [walletOf(a), walletOf(b), walletOf([...a, ...b])];
        for (const key of ['shortfall', 'adjustedCollateral', 'adjustedDebt', 'slack', 'freeCollateral'] as const) {
          expect(near(both[key], one[key].plus(other[key]))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test('property: scaling every amount leaves ratios alone and scales the sums (the test rule has no fixed dollars, tiers or minima)', () => {
    fc.assert(
      fc.property(fc.array(linearAccounts(1), { minLength: 1, maxLength: 4 }), fc.bigInt({ min: 2n, max: 10n ** 6n }), (accounts, factor) => {
        const before = walletOf(accounts);
        const after = walletOf(accounts.map((account) => scaled(account, factor)));
        expect(near(after.health ?? new Decimal(0), before.health ?? new Decimal(0))).toBe(true);
        expect(near(after.coverRatio ?? new Decimal(0), before.coverRatio ?? new Decimal(0))).toBe(true);
        expect(after.shortfall.eq(before.shortfall.times(factor.toString()))).toBe(true);
      }),
      RUNS,
    );
  });

  test('property: cover ratio is 1 − shortfall / debt, and every sum is finite', () => {
    fc.assert(
      fc.property(anyWallet, (accounts) => {
        const wallet = walletOf(accounts);
        const indebted = evaluate(accounts).filter((account) => !account.debtFree);
        const covered = sum(indebted.map((account) => Decimal.min(account.adjustedCollateral, account.adjustedDebt)));
        if (wallet.coverRatio !== null) expect(near(wallet.coverRatio, covered.div(wallet.adjustedDebt))).toBe(true);
        for (const value of [wallet.health, wallet.coverRatio, wallet.shortfall, wallet.freeCollateral]) expect(value === null || value.isFinite()).toBe(true);
      }),
      RUNS,
    );
  });
});

describe(findWeakest, () => {
  test('behavior: of equals the first, and null without debt', () => {
    const accounts = evaluate([loan(2, 1000), loan(4, 2000), linearAccount([['collateral', WETH, 1, '0.8']])]);
    expect(findWeakest(accounts)?.account.entry.id).toBe('account 0');
    expect(findWeakest(accounts.slice(2))).toBeNull();
  });
});

function isLinearPosition(position: unknown): position is LinearPosition {
  return typeof position === 'object' && position !== null && 'terms' in position;
}

function mapTerms(account: AccountSpec, change: (term: LinearPosition['terms'][number], at: number) => bigint): AccountSpec {
  if (!isLinearPosition(account.position)) throw new TypeError('not a linear account');
  return { ...account, position: { terms: account.position.terms.map((term, at) => ({ ...term, amount: change(term, at) })) } };
}

function withMoreCollateral(account: AccountSpec, extra: bigint): AccountSpec {
  return mapTerms(account, (term, at) => (at === 0 ? term.amount + extra : term.amount));
}

function scaled(account: AccountSpec, factor: bigint): AccountSpec {
  return mapTerms(account, (term) => term.amount * factor);
}

/** Equal up to the rounding of 120 digits: weights such as 1 / 0.28 have no end. */
function near(a: Decimal, b: Decimal): boolean {
  return a
    .minus(b)
    .abs()
    .lte(Decimal.max(a.abs(), b.abs(), 1).times('1e-90'));
}
