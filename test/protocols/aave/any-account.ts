import fc from 'fast-check';
import type { AavePool, AaveReserve } from '../../../src/protocols/aave/state.ts';
import { type AaveTestView, category, T0, viewOf } from './apply-step.ts';
import { poolOf, reserveOf, type Symbol } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const BASE = 10n ** 8n;

/** The reserves of every generated pool, in order of id. */
export const SYMBOLS: readonly Symbol[] = ['WETH', 'wstETH', 'USDC', 'DAI'];
const USUAL_PRICE: Readonly<Record<Symbol, bigint>> = { WETH: 1_800n * BASE, wstETH: 2_100n * BASE, USDC: BASE, DAI: BASE };

const index = fc.bigInt({ min: RAY, max: 2n * RAY });
/** Up to 50 % a year. */
export const anyRate = fc.bigInt({ min: 0n, max: RAY / 2n });

export function anyReserve(symbol: Symbol): fc.Arbitrary<AaveReserve> {
  const price = fc.bigInt({ min: USUAL_PRICE[symbol] / 3n, max: USUAL_PRICE[symbol] * 3n });
  return fc.record({ liquidityIndex: index, variableBorrowIndex: index, liquidityRate: anyRate, variableBorrowRate: anyRate, price }).map((changes) => reserveOf(symbol, changes));
}

const anyPool: fc.Arbitrary<AavePool> = fc
  .tuple(anyReserve('WETH'), anyReserve('wstETH'), anyReserve('USDC'), anyReserve('DAI'))
  .map((reserves) => poolOf(reserves, { eModes: [category({ borrowable: [0, 1, 2, 3] })] }));

/** Base units of value as units of a reserve. */
export function unitsOf(reserve: AaveReserve, value: bigint): bigint {
  return (value * 10n ** BigInt(reserve.decimals)) / reserve.price;
}

/** From 50 dollars, where the close factor and dust rules bind, to 5 M. */
export const anyValue = fc.oneof(fc.bigInt({ min: 50n * BASE, max: 10_000n * BASE }), fc.bigInt({ min: 50n * BASE, max: 5_000_000n * BASE }));
const anyShare = fc.bigInt({ min: 1n, max: 100n });
const optional = <T>(arbitrary: fc.Arbitrary<T>, absent: T): fc.Arbitrary<T> => fc.oneof(arbitrary, fc.constant(absent));

/**
 * Any account with collateral and debt whose health factor, before interest, lies within the given percents; supply that is not used, debts in one to
 * three reserves, with or without e-mode, up to a month after the last update.
 */
export function anyAccount(percents: { readonly from: bigint; readonly to: bigint; readonly eModes?: readonly number[] }): fc.Arbitrary<AaveTestView> {
  return fc
    .record({
      pool: anyPool,
      collateral: fc.tuple(anyValue, optional(anyValue, 0n), optional(anyValue, 0n), fc.constant(0n)),
      unused: optional(anyValue, 0n),
      debt: fc.tuple(optional(anyShare, 0n), fc.constant(0n), anyShare, optional(anyShare, 0n)),
      healthPercent: fc.bigInt({ min: percents.from, max: percents.to }),
      eMode: fc.constantFrom(...(percents.eModes ?? [0, 1])),
      elapsed: fc.bigInt({ min: 0n, max: 2_592_000n }),
    })
    .map(({ pool, collateral, unused, debt, healthPercent, eMode, elapsed }) => {
      const weighted = collateral.reduce((total, value, id) => total + (value * BigInt(pool.reserves[id]?.liquidationThresholdBps ?? 0)) / 10_000n, 0n);
      const shares = debt.reduce((total, share) => total + share, 0n);
      const holdings = pool.reserves.map((reserve, id) => {
        const supplied = unitsOf(reserve, (collateral[id] ?? 0n) + (id === 3 ? unused : 0n));
        const owed = unitsOf(reserve, (weighted * 100n * (debt[id] ?? 0n)) / (shares * healthPercent));
        return {
          reserve: id,
          scaledSupply: (supplied * RAY) / reserve.liquidityIndex,
          usedAsCollateral: (collateral[id] ?? 0n) > 0n,
          scaledVariableDebt: (owed * RAY) / reserve.variableBorrowIndex,
          stableDebt: null,
        };
      });
      return viewOf(
        pool,
        holdings.filter((holding) => holding.scaledSupply > 0n || holding.scaledVariableDebt > 0n),
        { eMode, at: T0 + elapsed },
      );
    });
}
