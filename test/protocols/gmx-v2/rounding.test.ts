import { describe, expect, test } from 'vitest';
import { computeDecrease } from '../../../src/protocols/gmx-v2/decrease.ts';
import { computeLiquidationFee } from '../../../src/protocols/gmx-v2/fees.ts';
import { computeCloseImpact, computeLiquidationImpact } from '../../../src/protocols/gmx-v2/impact.ts';
import { computePnl } from '../../../src/protocols/gmx-v2/pnl.ts';
import type { GmxMarket } from '../../../src/protocols/gmx-v2/state.ts';
import { DOLLAR, ethLong, ethMarket, T0, vectorView } from './eth-market.ts';

/** ETH at `min` and `max` whole dollars. */
function spreadMarket(min: bigint, max: bigint, changes: Partial<GmxMarket> = {}): GmxMarket {
  const eth = { ...ethMarket().indexToken, priceMin: min * 10n ** 12n, priceMax: max * 10n ** 12n };
  return { ...ethMarket(), indexToken: eth, longToken: eth, ...changes };
}

describe('computePnl', () => {
  test('behavior: a part of a long closes its tokens rounded up, of a short rounded down', () => {
    const sizes = { sizeInUsd: 3n * DOLLAR, sizeInTokens: 10n };
    expect(computePnl(ethMarket(), ethLong(sizes), DOLLAR).sizeDeltaInTokens).toBe(4n);
    expect(computePnl(ethMarket(), ethLong({ ...sizes, isLong: false }), DOLLAR).sizeDeltaInTokens).toBe(3n);
  });

  test('behavior: the pool’s profits are counted at the price that makes them greatest, the pool at the lower', () => {
    const longs = { ...ethMarket().longs, poolAmount: 100n * 10n ** 18n };
    const long = computePnl(spreadMarket(3_999n, 4_001n, { longs }), ethLong(), 100_000n * DOLLAR);
    expect(long.pnlUsd).toBe((99_950n * DOLLAR * 359_910n) / 50_025_000n);
    const shorts = { ...ethMarket().shorts, poolAmount: 1_000_000_000n };
    const short = computePnl(spreadMarket(999n, 1_001n, { shorts }), ethLong({ isLong: false }), 100_000n * DOLLAR);
    expect(short.pnlUsd).toBe((49_950n * DOLLAR * 900n) / 25_025_000n);
  });

  test('behavior: losses are truncated towards 0', () => {
    const sizes = { sizeInUsd: 3n * DOLLAR, sizeInTokens: 10n };
    expect(computePnl(ethMarket(), ethLong(sizes), DOLLAR).pnlUsd).toBe(-((3n * DOLLAR - 10n * 1_980n * 10n ** 12n) * 4n) / 10n);
  });
});

describe('computeLiquidationImpact', () => {
  test('behavior: a pending loss is priced at the upper index price, a gain at the lower', () => {
    const market = spreadMarket(1_979n, 1_981n, { maxPositionImpactFactorForLiquidations: DOLLAR });
    expect(computeLiquidationImpact(market, ethLong({ pendingImpactAmount: -(10n ** 18n) }))).toBe(-1_981n * DOLLAR);
    expect(computeLiquidationImpact(market, ethLong({ pendingImpactAmount: 10n ** 18n, closingImpactUsd: -5_000n * DOLLAR }))).toBe(-3_021n * DOLLAR);
  });
});

describe('computeCloseImpact', () => {
  test('behavior: half of a pending loss is rounded up, of a gain down', () => {
    const half = 50_000n * DOLLAR;
    expect(computeCloseImpact(ethMarket(), ethLong({ pendingImpactAmount: -3n }), half).settledAmount).toBe(-2n);
    expect(computeCloseImpact(ethMarket(), ethLong({ pendingImpactAmount: 3n }), half).settledAmount).toBe(1n);
  });

  test('behavior: what exceeds the limit is claimable, not forgiven', () => {
    const impact = computeCloseImpact(ethMarket(), ethLong({ closingImpactUsd: -800n * DOLLAR }), 100_000n * DOLLAR);
    expect(impact).toMatchObject({ paidUsd: -500n * DOLLAR, claimableUsd: 300n * DOLLAR });
  });
});

describe('computeLiquidationFee', () => {
  test('behavior: rounded up to a unit of the collateral', () => {
    const market = { ...ethMarket(), shortToken: { ...ethMarket().shortToken, priceMin: 3n * 10n ** 23n } };
    expect(computeLiquidationFee({ market, position: ethLong({ sizeInUsd: DOLLAR }), at: T0 })).toBe(6_667n);
  });
});

describe('computeDecrease', () => {
  test('behavior: a cost below one unit of the collateral takes one', () => {
    const costOf = (closingImpactUsd: bigint) => computeDecrease(vectorView(undefined, { closingImpactUsd }), 100_000n * DOLLAR, 'order').remainingCollateral;
    expect(costOf(0n) - costOf(-1n)).toBe(1n);
  });
});
