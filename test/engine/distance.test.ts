import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import type { AssetId } from '../../src/core/ids.ts';
import { computeDistance, type DistanceOptions, type WalletDistance } from '../../src/engine/distance.ts';
import { evaluatePortfolio, probeAccount } from '../../src/engine/evaluate.ts';
import { moveTogether } from '../../src/engine/moves.ts';
import { type AccountSpec, linearAccount, NOW, open, USDC, WBTC, WETH, WSTETH } from './portfolio-of.ts';

const STABLE = new Set<AssetId>([USDC]);

function distanceOf(accounts: readonly AccountSpec[], options: Partial<DistanceOptions> = {}): WalletDistance {
  return computeDistance(evaluatePortfolio(open({ accounts })).accounts, { groups: new Map(), stable: STABLE, ...options });
}

describe(computeDistance, () => {
  test('default: all volatile collateral falls together', () => {
    const account = linearAccount([
      ['collateral', WETH, 10, '0.8'],
      ['collateral', WBTC, 1, '0.5'],
      ['debt', USDC, 23_000, '1'],
    ]);
    const distance = distanceOf([account]);
    expect(distance.accounts[0]?.move?.toString()).toBe('0.5');
    expect(distance.unified?.toString()).toBe('0.5');
    expect(distance.first?.account.account.entry.id).toBe('account 0');
  });

  test('behavior: borrowed and shorted assets rise', () => {
    const short = linearAccount([
      ['collateral', USDC, 30_000, '0.8'],
      ['debt', WETH, 10, '1'],
    ]);
    expect(distanceOf([short]).accounts[0]?.move?.toString()).toBe('0.2');
    const both = linearAccount([
      ['collateral', WBTC, 1, '0.5'],
      ['debt', WETH, 10, '1'],
    ]);
    expect(distanceOf([both]).accounts[0]?.move?.toString()).toBe('0.2');
  });

  test('behavior: a group is one position', () => {
    const loop = linearAccount([
      ['collateral', WSTETH, 10, '0.9'],
      ['debt', WETH, 10, '1'],
    ]);
    const groups = new Map<AssetId, string>([
      [WETH, 'ETH'],
      [WSTETH, 'ETH'],
    ]);
    expect(distanceOf([loop], { groups }).accounts[0]?.move).toBeNull();
    expect(distanceOf([loop]).accounts[0]?.move?.toDecimalPlaces(6).toString()).toBe(new Decimal(700).div(40_700).toDecimalPlaces(6).toString());
  });

  test('behavior: liquidatable now is 0; only stable assets is null; no debt is left out', () => {
    const under = linearAccount([
      ['collateral', WETH, 1, '0.8'],
      ['debt', USDC, 2000, '1'],
    ]);
    const stable = linearAccount([
      ['collateral', USDC, 1000, '0.8'],
      ['debt', USDC, 100, '1'],
    ]);
    const free = linearAccount([['collateral', WETH, 1, '0.8']]);
    const distance = distanceOf([stable, under, free]);
    expect(distance.accounts.map(({ move }) => move?.toString() ?? null)).toEqual([null, '0']);
    expect(distance.first?.account.account.entry.id).toBe('account 1');
    expect(distance.unified?.toString()).toBe('0.1875');
    expect(distanceOf([under]).unified?.toString()).toBe('0');
    expect(distanceOf([free])).toMatchObject({ accounts: [], first: null, unified: null });
  });

  test("behavior: long and short of two accounts net out in the wallet's own distance", () => {
    const long = linearAccount([
      ['collateral', WETH, 10, '0.8'],
      ['debt', USDC, 10_000, '1'],
    ]);
    const short = linearAccount([
      ['collateral', USDC, 30_000, '0.8'],
      ['debt', WETH, 8, '1'],
    ]);
    const distance = distanceOf([long, short]);
    expect(distance.accounts.map(({ move }) => move?.toString())).toEqual(['0.375', '0.5']);
    expect(distance.unified).toBeNull();
  });

  test('behavior: an account that cannot be valued on the way has no distance', () => {
    const opened = open({
      accounts: [
        linearAccount(
          [
            ['collateral', WETH, 10, '0.8'],
            ['debt', USDC, 10_000, '1'],
          ],
          { failsFrom: NOW + 5 },
        ),
      ],
    });
    const { accounts } = evaluatePortfolio(opened);
    const later = accounts.map((account) => ({ ...account, account: { ...account.account, view: { ...account.account.view, at: BigInt(NOW + 5) } } }));
    expect(computeDistance(later, { groups: new Map(), stable: STABLE })).toMatchObject({ first: null, unified: null });
  });

  test('property: just inside the move the rule does not liquidate, just beyond it does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1_900_000 }), (weth, usdc) => {
        const account = linearAccount([
          ['collateral', WETH, weth, '0.8'],
          ['debt', USDC, usdc, '1'],
        ]);
        const [evaluated] = evaluatePortfolio(open({ accounts: [account] })).accounts;
        const move = distanceOf([account]).accounts[0]?.move;
        if (evaluated === undefined || move === null || move === undefined || move.isZero()) return;
        const decide = (size: Decimal): boolean => probeAccount(evaluated.account, { moves: moveTogether([WETH], new Decimal(1).minus(size)) }).liquidatable;
        expect(decide(move.minus('1e-15'))).toBe(false);
        expect(decide(move.plus('1e-15'))).toBe(true);
      }),
    );
  });
});
