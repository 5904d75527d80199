import { describe, expect, test } from 'vitest';
import { fromFixed, sum } from '../../../src/core/decimal.ts';
import { USD } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { GmxView } from '../../../src/protocols/gmx-v2/fees.ts';
import { computeMargin, computeRequirement } from '../../../src/protocols/gmx-v2/margin.ts';
import { computePnl } from '../../../src/protocols/gmx-v2/pnl.ts';
import { gmxV2Rule } from '../../../src/protocols/gmx-v2/rule.ts';
import { DOLLAR, ethLong, ethMarket, T0, USDC, vectorView, WETH } from './eth-market.ts';

function slack(view: GmxView) {
  const terms = gmxV2Rule.exposure(view);
  const side = (of: 'collateral' | 'debt') => sum(terms.filter((term) => term.side === of).map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
  return side('collateral').minus(side('debt'));
}

function equityOf(view: GmxView): bigint {
  return gmxV2Rule.health(view).figures.remainingCollateralUsd ?? 0n;
}

describe('health', () => {
  test('default: the fact sheet’s long at 1980', () => {
    const health = gmxV2Rule.health(vectorView());
    expect(health.figures).toMatchObject({
      remainingCollateralUsd: (8_975n * DOLLAR) / 10n,
      minCollateralUsdForLeverage: 500n * DOLLAR,
      minCollateralUsd: DOLLAR,
      basePnlUsd: -1_000n * DOLLAR,
      positionFeeAmount: 60_000_000n,
      totalCostAmount: 102_500_000n,
    });
    expect(health.healthFactor?.toString()).toBe('1.795');
    expect(health.liquidatable).toBe(false);
  });

  test('behavior: liquidatable at 1971.5, and not at 1972.05 where equity is exactly what is required', () => {
    const below = gmxV2Rule.health(vectorView(1_971_500_000n));
    expect(below).toMatchObject({ liquidatable: true, figures: { remainingCollateralUsd: (4_725n * DOLLAR) / 10n } });
    expect(below.healthFactor?.toString()).toBe('0.945');
    expect(below.reason).toContain('min collateral for leverage');
    const exact = gmxV2Rule.health(vectorView(1_972_050_000n));
    expect(exact).toMatchObject({ liquidatable: false, figures: { remainingCollateralUsd: 500n * DOLLAR } });
    expect(exact.healthFactor?.toString()).toBe('1');
    expect(gmxV2Rule.health(vectorView(1_972_049_999n)).liquidatable).toBe(true);
  });

  test('behavior: the dollar minimum, and equity of 0 with no minimum at all', () => {
    const tiny = { sizeInUsd: 10n * DOLLAR, sizeInTokens: 5n * 10n ** 15n, borrowingFeeUsd: 0n, fundingFeeAmount: 0n };
    const dollar = gmxV2Rule.health(vectorView(2_000_000_000n, { ...tiny, collateralAmount: 1_005_999n }));
    expect(dollar).toMatchObject({ liquidatable: true, reason: expect.stringContaining('min collateral:') });
    expect(gmxV2Rule.health(vectorView(2_000_000_000n, { ...tiny, collateralAmount: 1_006_000n })).liquidatable).toBe(false);
    const noMinimum = { minCollateralUsd: 0n, minCollateralFactorForLiquidation: 0n };
    expect(gmxV2Rule.health(vectorView(2_000_000_000n, { ...tiny, collateralAmount: 6_000n }, noMinimum)).reason).toContain('< 0');
    expect(gmxV2Rule.health(vectorView(2_000_000_000n, { ...tiny, collateralAmount: 6_001n }, noMinimum)).liquidatable).toBe(false);
  });

  test('behavior: equity below 0 is a health factor of 0', () => {
    const health = gmxV2Rule.health(vectorView(1_900_000_000n));
    expect(health.figures.remainingCollateralUsd).toBe((-31_025n * DOLLAR) / 10n);
    expect(health.healthFactor?.toString()).toBe('0');
    expect(health.liquidatable).toBe(true);
  });

  test('behavior: a short is valued at the upper index price, a long at the lower, collateral at the lower', () => {
    const market = ethMarket();
    const spread = {
      ...market,
      indexToken: { ...market.indexToken, priceMin: 1_979n * 10n ** 12n, priceMax: 1_981n * 10n ** 12n },
      shortToken: { ...market.shortToken, priceMin: 999n * 10n ** 21n },
    };
    expect(computeMargin({ market: spread, position: ethLong(), at: T0 }).pnl.pnlUsd).toBe(-1_050n * DOLLAR);
    expect(computeMargin({ market: spread, position: ethLong({ isLong: false }), at: T0 }).pnl.pnlUsd).toBe(950n * DOLLAR);
    expect(computeMargin({ market: spread, position: ethLong(), at: T0 }).collateralUsd).toBe(1_998n * DOLLAR);
  });

  test('behavior: positive impact never counts, negative up to the market’s limit', () => {
    const limit = { maxPositionImpactFactorForLiquidations: 10n ** 28n };
    const impact = (position: Parameters<typeof ethLong>[0]) => computeMargin(vectorView(undefined, position, limit)).priceImpactUsd;
    expect(impact({ closingImpactUsd: 700n * DOLLAR })).toBe(0n);
    expect(impact({ closingImpactUsd: -700n * DOLLAR })).toBe(-700n * DOLLAR);
    expect(impact({ closingImpactUsd: -1_700n * DOLLAR })).toBe(-1_000n * DOLLAR);
    expect(impact({ closingImpactUsd: -700n * DOLLAR, pendingImpactAmount: 10n ** 17n })).toBe(-502n * DOLLAR);
    // The gain from closing is capped at 0.5 % of the size before what is pending is added.
    expect(impact({ closingImpactUsd: 800n * DOLLAR, pendingImpactAmount: -4n * 10n ** 17n })).toBe(-292n * DOLLAR);
    expect(computeMargin(vectorView(undefined, { closingImpactUsd: -700n * DOLLAR })).priceImpactUsd).toBe(0n);
  });

  test('behavior: profits shrink with the pool where the side’s profits exceed its cap', () => {
    // Longs' profit at 4000: 25,000 × 4000 − 50 M = 50 M; cap: 100 WETH × 4000 × 0.9 = 360,000.
    const longs = { ...ethMarket().longs, poolAmount: 100n * 10n ** 18n };
    const pnl = computePnl(ethMarket(4_000_000_000n, { longs }), ethLong(), 100_000n * DOLLAR);
    expect(pnl).toEqual({ pnlUsd: 720n * DOLLAR, uncappedPnlUsd: 100_000n * DOLLAR, sizeDeltaInTokens: 50n * 10n ** 18n });
    const uncapped = { ...longs, maxPnlFactorForTraders: null };
    expect(computePnl(ethMarket(4_000_000_000n, { longs: uncapped }), ethLong(), 100_000n * DOLLAR).pnlUsd).toBe(100_000n * DOLLAR);
    const empty = { ...longs, poolAmount: 0n };
    expect(computePnl(ethMarket(4_000_000_000n, { longs: empty }), ethLong(), 100_000n * DOLLAR).pnlUsd).toBe(100_000n * DOLLAR);
    const losing = { ...longs, openInterestUsd: 500_000_000n * DOLLAR };
    expect(computePnl(ethMarket(4_000_000_000n, { longs: losing }), ethLong(), 100_000n * DOLLAR).pnlUsd).toBe(100_000n * DOLLAR);
  });

  test('behavior: fees of a later second are extrapolated with the rates, funding rounded up', () => {
    const longs = { ...ethMarket().longs, borrowingFactorPerSecond: 10n ** 22n, fundingFactorPerSecond: 10n ** 21n };
    const view = vectorView(undefined, {}, { longs });
    const later = computeMargin({ ...view, at: T0 + 1_000n });
    expect(later.fees.borrowingFee).toBe(31_000_000n);
    expect(later.fees.fundingFee).toBe(12_600_000n);
    expect(computeMargin({ ...view, position: ethLong({ fundingFeeAmount: 0n, sizeInUsd: 1n }), at: T0 + 1n }).fees.fundingFee).toBe(1n);
  });

  test('behavior: the fee depends on the balance, and the discount comes off it', () => {
    expect(computeMargin(vectorView(undefined, { closingImprovesBalance: true })).fees.positionFee).toBe(40_000_000n);
    const discounted = computeMargin(vectorView(undefined, { traderDiscountFactor: 10n ** 29n })).fees;
    expect([discounted.positionFee, discounted.discount, discounted.total]).toEqual([60_000_000n, 6_000_000n, 96_500_000n]);
  });

  test('behavior: a closed position has no health factor', () => {
    const closed = { sizeInUsd: 0n, sizeInTokens: 0n, collateralAmount: 0n, borrowingFeeUsd: 0n, fundingFeeAmount: 0n };
    const view = vectorView(undefined, closed);
    expect(gmxV2Rule.health(view)).toMatchObject({ healthFactor: null, liquidatable: false, reason: 'no position' });
    expect(gmxV2Rule.exposure(view)).toEqual([]);
    expect(gmxV2Rule.legs(view)).toEqual([]);
  });

  test('error: INVALID_ARGUMENT before the second that fees were read at, UNKNOWN_MARKET for a foreign collateral', () => {
    expect(() => gmxV2Rule.health({ ...vectorView(), at: T0 - 1n })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => gmxV2Rule.health(vectorView(undefined, { collateralToken: USD }))).toThrow(expect.objectContaining({ code: 'UNKNOWN_MARKET' }));
  });
});

describe('legs', () => {
  test('default', () => {
    const legs = gmxV2Rule.legs(vectorView());
    expect(legs.map(({ side, symbol, amount }) => [side, symbol, amount])).toEqual([
      ['margin', 'USDC', 2_000_000_000n],
      ['long', 'WETH', 50n * 10n ** 18n],
      ['fee', 'USD', 90n * DOLLAR],
      ['fee', 'USDC', 12_500_000n],
    ]);
    expect(legs[1]?.priceUsd.toString()).toBe('1980');
    expect(gmxV2Rule.legs(vectorView(undefined, { isLong: false }))[1]).toMatchObject({ side: 'short' });
  });
});

describe('exposure', () => {
  test('default: long A = K + q·p, L = V + M + fees', () => {
    const terms = gmxV2Rule.exposure(vectorView());
    expect(terms.map(({ side, role, symbol }) => `${side} ${role} ${symbol}`)).toEqual([
      'collateral collateral USDC',
      'collateral size at the oracle price WETH',
      'debt entry value USD',
      'debt maintenance margin USD',
      'debt closing and borrowing fees USD',
      'debt funding fee USDC',
    ]);
    expect(slack(vectorView()).toString()).toBe('397.5');
  });

  test('behavior: short A = K + V, L = q·p + M + fees', () => {
    const view = vectorView(2_020_000_000n, { isLong: false });
    expect(
      gmxV2Rule
        .exposure(view)
        .filter((term) => term.side === 'collateral')
        .map((term) => term.role),
    ).toEqual(['collateral', 'entry value']);
    expect(slack(view).toString()).toBe('397.5');
  });

  test('behavior: impact and the profit cap stand in L', () => {
    const longs = { ...ethMarket().longs, poolAmount: 100n * 10n ** 18n };
    const view = vectorView(4_000_000_000n, { closingImpactUsd: -50n * DOLLAR }, { longs, maxPositionImpactFactorForLiquidations: 10n ** 28n });
    const roles = gmxV2Rule.exposure(view).map((term) => term.role);
    expect(roles).toContain('price impact');
    expect(roles).toContain('profit above the cap');
    const margin = computeMargin(view);
    expect(slack(view).eq(fromFixed(margin.remainingCollateralUsd - computeRequirement(margin), 30))).toBe(true);
  });
});

describe('reprice', () => {
  test('default: every token moves by its own asset; the index follows the long token where they are one', () => {
    const market = gmxV2Rule.reprice(ethMarket(), new Map([[WETH, { numerator: 1n, denominator: 2n }]]));
    expect(market.indexToken.priceMin).toBe(990n * 10n ** 12n);
    expect(market.longToken.priceMax).toBe(990n * 10n ** 12n);
    expect(market.shortToken).toEqual(ethMarket().shortToken);
  });

  test('behavior: collateral and index fall together for a position that is collateralised in the index', () => {
    const view = vectorView(undefined, { collateralToken: WETH, collateralAmount: 10n ** 18n, fundingFeeAmount: 0n });
    const moved = { ...view, market: gmxV2Rule.reprice(view.market, new Map([[WETH, { numerator: 99n, denominator: 100n }]])) };
    expect(equityOf(view) - equityOf(moved)).toBeGreaterThan((1_980n * 51n * DOLLAR) / 100n - DOLLAR);
  });

  test('behavior: no price falls to 0', () => {
    expect(gmxV2Rule.reprice(ethMarket(), new Map([[USDC, { numerator: 0n, denominator: 1n }]])).shortToken).toMatchObject({ priceMin: 1n, priceMax: 1n });
  });
});

describe('schemas', () => {
  test('default: state survives its document form', () => {
    const market = ethMarket(undefined, { longs: { ...ethMarket().longs, maxPnlFactorForTraders: null } });
    const position = ethLong({ pendingImpactAmount: -5n, closingImpactUsd: -7n });
    expect(gmxV2Rule.marketSchema.parse(JSON.parse(JSON.stringify(encodeJson(market))))).toEqual(market);
    expect(gmxV2Rule.positionSchema.parse(JSON.parse(JSON.stringify(encodeJson(position))))).toEqual(position);
  });

  test('error: a price of 0 and a foreign field are refused', () => {
    const market = encodeJson(ethMarket()) as Record<string, unknown>;
    expect(gmxV2Rule.marketSchema.safeParse({ ...market, indexToken: encodeJson({ ...ethMarket().indexToken, priceMin: 0n }) }).success).toBe(false);
    expect(gmxV2Rule.marketSchema.safeParse({ ...market, router: '0x' }).success).toBe(false);
  });
});
