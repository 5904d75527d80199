import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../src/core/decimal.ts';
import type { Rule } from '../../../src/core/rule.ts';
import { createJsKernel, openKernel } from '../../../src/engine/scan/index.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import type { AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';
import { poolOf, reserveOf } from '../../protocols/aave/fact-sheet-pool.ts';
import { type LinearMarket, type LinearPosition, linearRule } from '../linear-rule.ts';
import { expectExact, found, openBook } from './open-book.ts';
import { T0, tokensOf } from './random-markets.ts';

const aave = createAaveRule(getAaveProfile('aave-v3@3.6')) as Rule;
const AT = reserveOf('WETH').lastUpdate;
const KERNELS = [
  ['WebAssembly', openKernel],
  ['JavaScript', async () => createJsKernel()],
] as const;

/** Supplies 10 WETH (reserve 0) and owes USDC (reserve 1). */
function borrower(scaledVariableDebt: bigint): AavePosition {
  return {
    eMode: 0,
    holdings: [
      { reserve: 0, scaledSupply: 10n ** 19n, usedAsCollateral: true, scaledVariableDebt: 0n, stableDebt: null },
      { reserve: 1, scaledSupply: 0n, usedAsCollateral: false, scaledVariableDebt, stableDebt: null },
    ],
  };
}

function pool(weth: bigint, usdc: bigint): AavePool {
  return poolOf([reserveOf('WETH', { price: weth }), reserveOf('USDC', { id: 1, price: usdc })]);
}

describe.each(KERNELS)('extremes on %s', (_, open) => {
  test('behavior: who holds or owes what has a price of zero is refused, never taken as safe, until a price comes back', async () => {
    const priced = pool(250_000_000_000n, 100_000_000n);
    const positions = [borrower(0n), borrower(1n), borrower(10n ** 9n), borrower(10n ** 14n)];
    const opened = openBook(await open(), {
      markets: [{ key: 'pool', rule: aave, state: priced, makePosition: () => null, withDebt: () => null }],
      accounts: positions.map((position) => ({ market: 'pool', position })),
      at: AT,
    });
    const screens = (state: AavePool): ReturnType<typeof found> => {
      opened.book.replaceMarket('pool', state, AT);
      const [tick, screen] = [opened.book.tick(new Map(), AT), opened.book.screen(AT)];
      for (const result of [tick, screen]) expectExact(opened, result);
      expect(found(tick)).toEqual(found(screen));
      return found(screen);
    };
    const refused = (...accounts: readonly number[]) => ({ liquidatable: [], refused: accounts.map((account) => `${account} MISSING_PRICE`) });
    expect(screens(priced)).toEqual({ liquidatable: [3], refused: [] });
    expect(screens(pool(0n, 100_000_000n))).toEqual(refused(0, 1, 2, 3));
    expect(screens(pool(250_000_000_000n, 0n))).toEqual(refused(1, 2, 3));
    expect(screens(pool(0n, 0n))).toEqual(refused(0, 1, 2, 3));
    expect(screens(priced)).toEqual({ liquidatable: [3], refused: [] });
  });

  test('behavior: a debt that no float holds is more than any collateral that one holds', async () => {
    const [{ asset }] = tokensOf(0);
    const market: LinearMarket = { assets: [{ asset, symbol: 'T', decimals: 18, price: 10n ** 18n, fixed: false, cap: null }], borrowRate: 0n, updatedAt: Number(T0), failsFrom: null };
    const rule: Rule = {
      ...(linearRule as Rule),
      screening: { weightCut: 0, quantumUsd: () => new Decimal(0), numeraires: () => [], cohort: () => 'all', shape: () => '' },
    };
    const term = (side: 'collateral' | 'debt', amount: bigint) => ({ side, asset, amount, weight: 10n ** 18n, role: side, idle: false });
    const position = (collateral: bigint, debt: bigint): LinearPosition => ({ terms: [term('collateral', collateral), term('debt', debt)] });
    const most = BigInt(Number.MAX_VALUE);
    const opened = openBook(await open(), {
      markets: [{ key: 'linear', rule, state: market, makePosition: () => null, withDebt: () => null }],
      accounts: [position(most, most - 1n), position(most, most + 1n), position(most, 2n * most), position(2n * most, most), position(4n * most, 5n * most)].map((made) => ({
        market: 'linear',
        position: made,
      })),
      at: T0,
    });
    const result = opened.book.screen(T0);
    expectExact(opened, result);
    expect(result.liquidatable).toEqual([1, 2, 4]);
  });
});
