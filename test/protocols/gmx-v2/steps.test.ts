import { describe, expect, test } from 'vitest';
import type { Step } from '../../../src/core/rule.ts';
import type { GmxView } from '../../../src/protocols/gmx-v2/fees.ts';
import { gmxV2Rule } from '../../../src/protocols/gmx-v2/rule.ts';
import type { GmxMarket, GmxPosition } from '../../../src/protocols/gmx-v2/state.ts';
import { DOLLAR, ethMarket, T0, USDC, vectorView, WETH } from './eth-market.ts';

function apply(view: GmxView, step: Step) {
  return gmxV2Rule.apply(view, step);
}

function violation(protocolError: string) {
  return expect.objectContaining({ code: 'RULE_VIOLATION', protocolError });
}

const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const HALF = 50_000n * DOLLAR;

describe('supply', () => {
  test('default: pending fees are settled out of the new collateral', () => {
    const { position, paid, received, market } = apply(vectorView(), { kind: 'supply', asset: USDC, amount: 100_000_000n });
    expect(position).toMatchObject({ collateralAmount: 2_057_500_000n, borrowingFeeUsd: 0n, fundingFeeAmount: 0n, feesAsOf: T0 });
    expect([paid, received]).toEqual([[{ asset: USDC, amount: 100_000_000n }], []]);
    expect(market).toEqual(vectorView().market);
  });

  test('behavior: it can save a position that is liquidatable now', () => {
    const view = vectorView(1_971_500_000n);
    expect(() => apply(view, { kind: 'supply', asset: USDC, amount: 27_499_999n })).toThrow(violation('LiquidatablePosition'));
    expect(apply(view, { kind: 'supply', asset: USDC, amount: 27_500_000n }).position.collateralAmount).toBe(1_985_000_000n);
  });

  test('error: RuleViolation', () => {
    const drained = vectorView(undefined, { collateralAmount: 42_000_000n });
    expect(() => apply(drained, { kind: 'supply', asset: USDC, amount: 499_999n })).toThrow(violation('InsufficientCollateralAmount'));
    expect(() => apply(vectorView(undefined, {}, { minPositionSizeUsd: 100_001n * DOLLAR }), { kind: 'supply', asset: USDC, amount: 1n })).toThrow(violation('MinPositionSize'));
    expect(() => apply(vectorView(undefined, {}, { isDisabled: true }), { kind: 'supply', asset: USDC, amount: 1n })).toThrow(violation('DisabledMarket'));
    expect(() => apply(vectorView(undefined, { sizeInUsd: 0n }), { kind: 'supply', asset: USDC, amount: 1n })).toThrow(violation('EmptyPosition'));
  });

  test('error: INVALID_ARGUMENT', () => {
    expect(() => apply(vectorView(), { kind: 'supply', asset: WETH, amount: 1n })).toThrow(invalid);
    expect(() => apply(vectorView(), { kind: 'supply', asset: USDC, amount: -1n })).toThrow(invalid);
  });
});

describe('withdraw', () => {
  const rich = (position: Partial<GmxPosition> = {}, market: Partial<GmxMarket> = {}) => vectorView(2_000_000_000n, { collateralAmount: 10_000_000_000n, ...position }, market);

  test('default: fees first, then the amount', () => {
    const { position, received, paid } = apply(rich(), { kind: 'withdraw', asset: USDC, amount: 1_000_000_000n });
    expect(position.collateralAmount).toBe(10_000_000_000n - 42_500_000n - 1_000_000_000n);
    expect([paid, received]).toEqual([[], [{ asset: USDC, amount: 1_000_000_000n }]]);
  });

  test('behavior: the open-interest factor asks for more than the market’s own where interest is high', () => {
    // 50 M × 6e-11 = 0.3 %, below the 1 % of the market; ten times the multiplier makes it 3 %.
    const crowded = { longs: { ...ethMarket().longs, minCollateralFactorForOpenInterestMultiplier: 6n * 10n ** 20n } };
    expect(apply(rich(), { kind: 'withdraw', asset: USDC, amount: 8_800_000_000n }).received).toHaveLength(1);
    expect(() => apply(rich({}, crowded), { kind: 'withdraw', asset: USDC, amount: 7_000_000_001n })).toThrow(violation('UnableToWithdrawCollateral'));
    expect(apply(rich({}, crowded), { kind: 'withdraw', asset: USDC, amount: 7_000_000_000n }).received).toHaveLength(1);
  });

  test('behavior: what remains after fees must meet the factor for opening', () => {
    // 1,000 USDC would pass the estimate; less 42.5 of fees and 60 for closing it does not.
    expect(() => apply(rich(), { kind: 'withdraw', asset: USDC, amount: 9_000_000_000n })).toThrow(violation('LiquidatablePosition'));
    expect(apply(rich(), { kind: 'withdraw', asset: USDC, amount: 8_897_500_000n }).position.collateralAmount).toBe(1_060_000_000n);
    expect(() => apply(rich(), { kind: 'withdraw', asset: USDC, amount: 8_897_500_001n })).toThrow(violation('LiquidatablePosition'));
  });

  test('error: RuleViolation', () => {
    expect(() => apply(rich(), { kind: 'withdraw', asset: USDC, amount: 'max' })).toThrow(violation('UnableToWithdrawCollateral'));
    expect(() => apply(rich(), { kind: 'withdraw', asset: USDC, amount: 99_000_000_000n })).toThrow(violation('UnableToWithdrawCollateral'));
    const owing = rich({ collateralAmount: 2_000_000_000n, fundingFeeAmount: 2_000_000_000n });
    expect(() => apply(owing, { kind: 'withdraw', asset: USDC, amount: 1n })).toThrow(violation('InsufficientFundsToPayForCosts'));
    expect(() => apply(rich(), { kind: 'withdraw', asset: WETH, amount: 1n })).toThrow(invalid);
    expect(() => apply(rich(), { kind: 'withdraw', asset: USDC, amount: -1n })).toThrow(invalid);
  });
});

describe('close', () => {
  test('default: all of it at a loss pays loss and fees out of the collateral', () => {
    const { position, received, market } = apply(vectorView(), { kind: 'close', sizeUsd: 'max' });
    expect(position).toMatchObject({ sizeInUsd: 0n, sizeInTokens: 0n, collateralAmount: 0n });
    expect(received).toEqual([{ asset: USDC, amount: 897_500_000n }]);
    expect(market.longs.openInterestUsd).toBe(49_900_000n * DOLLAR);
    expect(market.longs.openInterestInTokens).toBe(24_950n * 10n ** 18n);
  });

  test('behavior: a long’s profit is paid in the long token, after costs in the collateral', () => {
    const { received } = apply(vectorView(2_020_000_000n), { kind: 'close', sizeUsd: 'max' });
    expect(received).toEqual([
      { asset: USDC, amount: 1_897_500_000n },
      { asset: WETH, amount: (1_000n * DOLLAR) / (2_020n * 10n ** 12n) },
    ]);
    const inIndex = apply(vectorView(2_020_000_000n, { collateralToken: WETH, collateralAmount: 10n ** 18n, fundingFeeAmount: 0n }), { kind: 'close', sizeUsd: 'max' });
    expect(inIndex.received.map(({ asset }) => asset)).toEqual([WETH]);
  });

  test('behavior: costs beyond the collateral come out of the profit in the other token', () => {
    const view = vectorView(2_020_000_000n, { collateralAmount: 50_000_000n });
    const { received } = apply(view, { kind: 'close', sizeUsd: 'max' });
    // 102.5 of costs, 50 in collateral: 52.5 USD out of 0.495… WETH.
    expect(received).toEqual([{ asset: WETH, amount: (1_000n * DOLLAR) / (2_020n * 10n ** 12n) - (525n * DOLLAR) / (20_200n * 10n ** 12n) }]);
  });

  test('behavior: half of it settles all pending fees, and keeps the rest as collateral', () => {
    const view = vectorView(undefined, { pendingImpactAmount: -2n * 10n ** 16n, closingImpactUsd: -40n * DOLLAR });
    const { position, received, market } = apply(view, { kind: 'close', sizeUsd: HALF });
    // Loss 500, fee 30, borrowing 30, funding 12.5, impact half of (40 + 0.02 × 1980).
    expect(position).toMatchObject({
      sizeInUsd: HALF,
      sizeInTokens: 25n * 10n ** 18n,
      collateralAmount: 2_000_000_000n - 500_000_000n - 72_500_000n - 39_800_000n,
      pendingImpactAmount: -(10n ** 16n),
      closingImpactUsd: -20n * DOLLAR,
      borrowingFeeUsd: 0n,
    });
    expect(received).toEqual([]);
    expect(market.longs.openInterestUsd).toBe(49_950_000n * DOLLAR);
  });

  test('behavior: impact beyond the order’s limit is taken too', () => {
    const without = apply(vectorView(), { kind: 'close', sizeUsd: 'max' }).received[0]?.amount ?? 0n;
    const beyond = apply(vectorView(undefined, { closingImpactUsd: -800n * DOLLAR }), { kind: 'close', sizeUsd: 'max' }).received[0]?.amount ?? 0n;
    expect(without - beyond).toBe(800_000_000n);
  });

  test('behavior: positive impact is not credited', () => {
    const gain = apply(vectorView(undefined, { closingImpactUsd: 300n * DOLLAR, pendingImpactAmount: 10n ** 17n }), { kind: 'close', sizeUsd: 'max' });
    expect(gain.received).toEqual([{ asset: USDC, amount: 897_500_000n }]);
  });

  test('behavior: what would leave too little closes everything', () => {
    expect(apply(vectorView(), { kind: 'close', sizeUsd: 100_000n * DOLLAR - DOLLAR + 1n }).position.sizeInUsd).toBe(0n);
    const poor = { borrowingFeeUsd: 0n, fundingFeeAmount: 0n, collateralAmount: 2_050_000_000n };
    const lax = { positionFeeFactorForNegativeImpact: 0n, minCollateralFactor: 0n };
    expect(apply(vectorView(1_959_020_000n, poor, lax), { kind: 'close', sizeUsd: HALF }).position.sizeInUsd).toBe(HALF);
    expect(apply(vectorView(1_959_019_999n, poor, lax), { kind: 'close', sizeUsd: HALF }).position.sizeInUsd).toBe(0n);
  });

  test('error: RuleViolation', () => {
    expect(() => apply(vectorView(), { kind: 'close', sizeUsd: 100_000n * DOLLAR + 1n })).toThrow(violation('InvalidDecreaseOrderSize'));
    expect(() => apply(vectorView(1_900_000_000n), { kind: 'close', sizeUsd: 'max' })).toThrow(violation('InsufficientFundsToPayForCosts'));
    expect(() => apply(vectorView(1_971_500_000n, {}, { minCollateralFactor: 2n * 10n ** 28n }), { kind: 'close', sizeUsd: 10_000n * DOLLAR })).toThrow(violation('LiquidatablePosition'));
    expect(() => apply(vectorView(), { kind: 'close', sizeUsd: 0n })).toThrow(invalid);
  });
});

describe('liquidate', () => {
  test('default: loss, fees and the liquidation fee are taken, the rest goes to the owner', () => {
    const { position, received, liquidation, paid, market } = apply(vectorView(1_971_500_000n), { kind: 'liquidate' });
    // 2000 − 1425 − 102.5 − 200.
    expect(received).toEqual([{ asset: USDC, amount: 272_500_000n }]);
    expect(liquidation).toEqual({
      repaid: [],
      seized: [{ asset: USDC, amount: 1_727_500_000n }],
      protocolFee: [{ asset: USDC, amount: 200_000_000n }],
      badDebt: [],
    });
    expect(position).toMatchObject({ sizeInUsd: 0n, collateralAmount: 0n });
    expect(paid).toEqual([]);
    expect(market.longs.openInterestUsd).toBe(49_900_000n * DOLLAR);
  });

  test('behavior: an insolvent position leaves bad debt and nothing for the owner', () => {
    const { received, liquidation } = apply(vectorView(1_900_000_000n), { kind: 'liquidate' });
    expect(received).toEqual([]);
    // 5000 of loss against 1987.5 after funding.
    expect(liquidation).toEqual({
      repaid: [],
      seized: [{ asset: USDC, amount: 2_000_000_000n }],
      protocolFee: [],
      badDebt: [{ asset: USDC, amount: 3_012_500_000n }],
    });
  });

  test('behavior: fees that accrued since count', () => {
    const longs = { ...ethMarket().longs, borrowingFactorPerSecond: 10n ** 22n };
    const view = vectorView(1_972_050_000n, {}, { longs });
    expect(() => apply(view, { kind: 'liquidate' })).toThrow(violation('PositionShouldNotBeLiquidated'));
    expect(apply({ ...view, at: T0 + 1n }, { kind: 'liquidate' }).liquidation).toBeDefined();
  });

  test('error: RuleViolation', () => {
    expect(() => apply(vectorView(), { kind: 'liquidate' })).toThrow(violation('PositionShouldNotBeLiquidated'));
    expect(() => apply(vectorView(1_900_000_000n, {}, { isDisabled: true }), { kind: 'liquidate' })).toThrow(violation('DisabledMarket'));
  });
});

describe('borrow and repay', () => {
  test('error: INVALID_ARGUMENT', () => {
    expect(() => apply(vectorView(), { kind: 'borrow', asset: USDC, amount: 1n })).toThrow(invalid);
    expect(() => apply(vectorView(), { kind: 'repay', asset: USDC, amount: 'max' })).toThrow(invalid);
  });
});
