import fc from 'fast-check';
import { WAD } from '../../src/core/fixed-point.ts';
import type { GenericMarket, GenericPosition } from '../../src/protocols/generic-lending/index.ts';
import { genericLendingRule } from '../../src/protocols/generic-lending/index.ts';
import { type LinearMarket, type LinearPosition, linearRule } from './linear-rule.ts';
import { type AccountSpec, NOW, USDC, WBTC, WETH, WSTETH } from './portfolio-of.ts';

const ASSETS = [WETH, WSTETH, USDC, WBTC];

const price = fc.bigInt({ min: 10n ** 12n, max: 10n ** 24n });
const amount = fc.bigInt({ min: 1n, max: 10n ** 26n });
const threshold = fc.bigInt({ min: WAD / 10n, max: WAD });
const decimals = fc.constantFrom(0, 6, 8, 18);

const linearMarket: fc.Arbitrary<LinearMarket> = fc.tuple(...ASSETS.map(() => fc.tuple(price, decimals))).map((assets) => ({
  assets: assets.map(([value, places], at) => ({
    asset: ASSETS[at] ?? WETH,
    symbol: `T${at}`,
    decimals: places,
    price: value,
    fixed: false,
    cap: null,
  })),
  borrowRate: 0n,
  updatedAt: NOW,
  failsFrom: null,
}));

const linearPosition = (debts: number): fc.Arbitrary<LinearPosition> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...ASSETS), amount, threshold), { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom(...ASSETS), amount, fc.bigInt({ min: WAD, max: 2n * WAD })), { minLength: debts, maxLength: 3 }),
    )
    .map(([collateral, debt]) => ({
      terms: [
        ...collateral.map(([asset, raw, weight]) => ({ side: 'collateral' as const, asset, amount: raw, weight, role: 'collateral', idle: false })),
        ...debt.map(([asset, raw, weight]) => ({ side: 'debt' as const, asset, amount: raw, weight, role: 'debt', idle: false })),
      ],
    }));

/** A random account of the linear test rule; with `debts` = 1 it always owes something. */
export const linearAccounts = (debts: number): fc.Arbitrary<AccountSpec> => fc.tuple(linearMarket, linearPosition(debts)).map(([market, position]) => ({ rule: linearRule, market, position }));

const genericMarket: fc.Arbitrary<GenericMarket> = fc
  .tuple(
    fc.tuple(...ASSETS.map(() => fc.tuple(fc.bigInt({ min: 10n ** 14n, max: 10n ** 20n }), decimals, threshold, fc.bigInt({ min: WAD / 4n, max: WAD })))),
    fc.constantFrom(null, (WAD * 95n) / 100n),
  )
  .map(([assets, selfCollateralFactor]) => ({
    unit: { asset: WETH, symbol: 'ETH', priceUsd: 2000n * WAD },
    assets: assets.map(([value, places, collateralFactor, borrowFactor], at) => ({
      asset: ASSETS[at] ?? WETH,
      symbol: `T${at}`,
      decimals: places,
      price: value,
      priceFixed: false,
      collateralFactor,
      borrowFactor,
      borrowIsolated: false,
      supplyRate: 0n,
      borrowRate: 0n,
    })),
    selfCollateralFactor,
    liquidation: { targetHealth: (WAD * 125n) / 100n, baseDiscount: WAD / 50n, maxDiscount: WAD / 5n, repayFee: WAD / 50n, writesOffBadDebt: false },
  }));

/** A random account of `generic-lending@1` with debt, its amounts large against the rule's rounding. */
export const genericAccounts: fc.Arbitrary<AccountSpec> = genericMarket.chain((market) => {
  const whole = fc.bigInt({ min: 10n ** 3n, max: 10n ** 9n });
  const places = (at: number): bigint => 10n ** BigInt(market.assets[at]?.decimals ?? 18);
  const entries = (minLength: number): fc.Arbitrary<[number, bigint][]> => fc.uniqueArray(fc.tuple(fc.nat({ max: ASSETS.length - 1 }), whole), { minLength, maxLength: 3, selector: ([at]) => at });
  return fc.tuple(entries(1), entries(1)).map(([supplied, debts]) => {
    const position: GenericPosition = {
      supplied: supplied.map(([at, tokens]) => ({ asset: ASSETS[at] ?? WETH, amount: tokens * places(at), collateral: true })),
      debts: debts.map(([at, tokens]) => ({ asset: ASSETS[at] ?? WETH, amount: tokens * places(at) })),
      updatedAt: NOW,
    };
    return { rule: genericLendingRule, market, position };
  });
});
