import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromFixed } from '../../../src/core/decimal.ts';
import { InvalidArgument, RuleViolation } from '../../../src/core/errors.ts';
import { computeLiquidation, type GenericView, genericLendingRule, type LiquidationRequest, type LiquidationResult } from '../../../src/protocols/generic-lending/index.ts';
import { after, E18, MARKET, USDC, view, WBTC, WETH } from './book-fixture.ts';

const pair: LiquidationRequest = { collateral: WETH, debt: USDC, repay: 'max' };
/** 10 WETH · 0.88 = 8.8 against 17,625 USDC = 8.8125 ETH / 0.94 = 9.375: health 0.938666… */
const under = view([[WETH, 10n * E18]], [[USDC, 17_625_000_000n]]);

function errorOf(account: GenericView, request: LiquidationRequest): string | null {
  try {
    computeLiquidation(account, request);
  } catch (error) {
    if (error instanceof RuleViolation) return error.protocolError;
    throw error;
  }
  return null;
}

describe(computeLiquidation, () => {
  test('default: to the target health, at 2 % + 1 − health, the liquidator paying 2 % on top', () => {
    const result = computeLiquidation(under, pair);
    expect(result.discount).toBe(81_333_333_333_333_334n);
    // x = (1.25 · 9.375 − 8.8) / (1.25 / 0.94 − 0.88 / (1 − 0.081333…)) = 7.8516… ETH, at 2000 USDC each.
    expect(Number(result.repaid) / 1e6).toBeCloseTo((2000 * (1.25 * 9.375 - 8.8)) / (1.25 / 0.94 - 0.88 / (1 - 0.08133333333333333)), 4);
    expect(Number(result.seized) / 1e18).toBeCloseTo(Number(result.repaid) / 2000e6 / (1 - 0.08133333333333333), 9);
    expect(result.paid).toBe((result.repaid * 102n) / 100n);
    expect(result.leftoverDebt).toBe(17_625_000_000n - result.repaid);
    expect(result.leftoverCollateral).toBe(10n * E18 - result.seized);
    expect(result.badDebt).toEqual([]);
    const { healthFactor } = genericLendingRule.health(after(under, { kind: 'liquidate', ...pair }));
    expect(healthFactor?.minus('1.25').abs().lt('1e-8')).toBe(true);
  });

  test('behavior: a part, its fee taken out', () => {
    const result = computeLiquidation(under, { ...pair, repay: 1_020_000_000n });
    expect(result.paid).toBe(1_020_000_000n);
    expect(result.repaid).toBe(999_999_999n);
    expect(result.maxPaid).toBeGreaterThan(1_020_000_000n);
  });

  test('behavior: the discount is capped at 20 %, and all collateral goes where it is what limits', () => {
    const deep = view([[WETH, 10n * E18]], [[USDC, 100_000_000_000n]]);
    const result = computeLiquidation(deep, pair);
    expect(result.discount).toBe(E18 / 5n);
    expect(result.seized).toBe(10n * E18);
    expect(result.repaid).toBe(16_000_000_000n);
    expect(result.leftoverCollateral).toBe(0n);
    expect(result.badDebt).toEqual([{ asset: USDC, amount: 84_000_000_000n }]);
  });

  test('behavior: other collateral keeps it from being bad debt; other debt is part of it', () => {
    expect(
      computeLiquidation(
        view(
          [
            [WETH, 10n * E18],
            [WBTC, 1n],
          ],
          [[USDC, 100_000_000_000n]],
        ),
        pair,
      ).badDebt,
    ).toEqual([]);
    expect(
      computeLiquidation(
        view(
          [[WETH, 10n * E18]],
          [
            [USDC, 100_000_000_000n],
            [WBTC, 7n],
          ],
        ),
        pair,
      ).badDebt,
    ).toEqual([
      { asset: USDC, amount: 84_000_000_000n },
      { asset: WBTC, amount: 7n },
    ]);
  });

  test('behavior: within the debt where this pair cannot restore the account', () => {
    const two = view(
      [[WETH, 10n * E18]],
      [
        [USDC, 1_000_000n],
        [WBTC, 100_000_000n],
      ],
    );
    const result = computeLiquidation(two, pair);
    expect(result.repaid).toBe(1_000_000n);
    expect(result.leftoverDebt).toBe(0n);
  });

  test('behavior: where seizing lowers health more than repaying raises it, all of the debt may go', () => {
    // Health 9 / 15.38, so the discount is capped at 20 %; with a target of 1, 1 / 0.91 < 0.90 / 0.8.
    const market = { ...MARKET, liquidation: { ...MARKET.liquidation, targetHealth: E18 } };
    const deep = view(
      [[USDC, 20_000_000_000n]],
      [
        [WETH, 5n * E18],
        [WBTC, 60_000_000n],
      ],
      { ...market, selfCollateralFactor: null },
    );
    expect(computeLiquidation(deep, { collateral: USDC, debt: WETH, repay: 'max' }).repaid).toBe(5n * E18);
  });

  test('behavior: a self-covered loan is liquidated in its own asset', () => {
    const self = view([[WETH, 10n * E18]], [[WETH, 9_700_000_000_000_000_000n]]);
    const result = computeLiquidation(self, { collateral: WETH, debt: WETH, repay: 'max' });
    expect(result.repaid).toBeLessThanOrEqual(9_700_000_000_000_000_000n);
    expect(result.seized).toBe(10n * E18);
  });

  test('error: RuleViolation NOT_LIQUIDATABLE, NO_DEBT, NO_COLLATERAL, EXCESSIVE_REPAY', () => {
    expect(errorOf(view([[WETH, 10n * E18]], [[USDC, 16_544_000_000n]]), pair)).toBe('NOT_LIQUIDATABLE');
    expect(errorOf(under, { ...pair, debt: WBTC })).toBe('NO_DEBT');
    expect(errorOf(under, { ...pair, collateral: WBTC })).toBe('NO_COLLATERAL');
    const { maxPaid } = computeLiquidation(under, pair);
    expect(errorOf(under, { ...pair, repay: maxPaid })).toBeNull();
    expect(errorOf(under, { ...pair, repay: maxPaid + 1n })).toBe('EXCESSIVE_REPAY');
  });

  test('error: InvalidArgument where nothing is repaid', () => {
    expect(() => computeLiquidation(under, { ...pair, repay: 0n })).toThrow(InvalidArgument);
  });

  test('property: never more than the account has or owes, within a unit of the discounted price, and never past the target', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1000n }), fc.bigInt({ min: 1n, max: 10n ** 7n }), fc.integer({ min: 1, max: 100 }), (weth, usdc, percent) => {
        const account = view([[WETH, weth * E18]], [[USDC, usdc * 1_000_000n]]);
        if (!genericLendingRule.health(account).liquidatable) return;
        const { maxPaid } = computeLiquidation(account, pair);
        const repay = (maxPaid * BigInt(percent)) / 100n;
        if (repay === 0n) return;
        const result = computeLiquidation(account, { ...pair, repay });
        expect(result.repaid <= usdc * 1_000_000n && result.seized <= weth * E18 && result.repaid <= result.paid).toBe(true);
        expect(valueGained(result).lte(1)).toBe(true);
        const health = genericLendingRule.health(after(account, { kind: 'liquidate', collateral: WETH, debt: USDC, repay })).healthFactor;
        if (health !== null) expect(health.lte('1.2501')).toBe(true);
      }),
    );
  });
});

describe('apply liquidate', () => {
  const deep = view(
    [[WETH, 10n * E18]],
    [
      [USDC, 100_000_000_000n],
      [WBTC, 7n],
    ],
  );

  test('default: the outcome is what the computation says; debt without collateral stays', () => {
    const applied = genericLendingRule.apply(deep, { kind: 'liquidate', collateral: WETH, debt: USDC });
    expect(applied.liquidation).toEqual({
      repaid: [{ asset: USDC, amount: 16_000_000_000n }],
      seized: [{ asset: WETH, amount: 10n * E18 }],
      protocolFee: [],
      badDebt: [],
    });
    expect(applied.paid).toEqual([{ asset: USDC, amount: 16_320_000_000n }]);
    expect(applied.received).toEqual([{ asset: WETH, amount: 10n * E18 }]);
    expect(applied.position.debts).toEqual([
      { asset: USDC, amount: 84_000_000_000n },
      { asset: WBTC, amount: 7n },
    ]);
  });

  test('behavior: a book that writes bad debt off cancels every debt left', () => {
    const market = { ...MARKET, liquidation: { ...MARKET.liquidation, writesOffBadDebt: true } };
    const applied = genericLendingRule.apply({ ...deep, market }, { kind: 'liquidate', collateral: WETH, debt: USDC });
    expect(applied.position).toMatchObject({ supplied: [], debts: [] });
    expect(applied.liquidation?.badDebt).toEqual([
      { asset: USDC, amount: 84_000_000_000n },
      { asset: WBTC, amount: 7n },
    ]);
    const partly = genericLendingRule.apply({ ...deep, market }, { kind: 'liquidate', collateral: WETH, debt: USDC, repay: 1_000_000n });
    expect(partly.liquidation?.badDebt).toEqual([]);
    expect(partly.position.debts).toHaveLength(2);
  });

  test('error: InvalidArgument where fields are missing or not of this rule', () => {
    for (const fields of [{}, { collateral: WETH }, { debt: USDC }, { collateral: WETH, debt: USDC, seize: 1n }, { collateral: WETH, debt: USDC, repayShares: 1n }]) {
      expect(() => genericLendingRule.apply(deep, { kind: 'liquidate', ...fields })).toThrow(InvalidArgument);
    }
  });
});

/** Seized value × (1 − discount) less repaid value, in whole USDC units of 1e-6: at most one unit of rounding. */
function valueGained(result: LiquidationResult): ReturnType<typeof fromFixed> {
  const paidFor = fromFixed(result.seized, 18)
    .times(2000)
    .times(fromFixed(E18 - result.discount, 18));
  return paidFor.minus(fromFixed(result.repaid, 6)).times(1e6);
}
