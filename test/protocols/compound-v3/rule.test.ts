import { describe, expect, test } from 'vitest';
import { fromFixed, sum } from '../../../src/core/decimal.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { ExposureTerm } from '../../../src/core/rule.ts';
import { computeAbsorption } from '../../../src/protocols/compound-v3/absorb.ts';
import { computeBuyCollateral, computeReserves, quoteCollateral } from '../../../src/protocols/compound-v3/buy-collateral.ts';
import { accrueIndex, accrueMarket, computePresentValue, computePrincipal, computeRatePerSecond, computeUtilization } from '../../../src/protocols/compound-v3/interest.ts';
import { compoundV3Rule } from '../../../src/protocols/compound-v3/rule.ts';
import { COMP, comp, T0, USDC, usdcComet, V6_POSITION, v6View, WBTC, WETH, wbtc, weth } from './usdc-comet.ts';

const UNHEALTHY = 181_200_000_000n;

function slackE8(terms: readonly ExposureTerm[]): bigint {
  const side = (of: ExposureTerm['side']) => sum(terms.filter((term) => term.side === of).map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
  return BigInt(side('collateral').minus(side('debt')).times(1e8).toFixed(0));
}

describe('accrueIndex', () => {
  test('default: one step of an hour and two of half an hour differ', () => {
    const start = 1_081_234_567_890_123n;
    const rate = 1_759_893_453n;
    expect(accrueIndex(start, rate, 3_600n)).toBe(1_081_241_418_177_616n);
    expect(accrueIndex(accrueIndex(start, rate, 1_800n), rate, 1_800n)).toBe(1_081_241_418_188_466n);
  });

  test('behavior: the rate of the fact sheet at a utilization of 0.85', () => {
    expect(computeRatePerSecond(usdcComet().borrowCurve, 85n * 10n ** 16n)).toBe(1_759_893_453n);
    expect(computeRatePerSecond(usdcComet().borrowCurve, 8n * 10n ** 17n)).toBe(475_646_879n + 887_874_175n);
  });
});

describe('accrueMarket', () => {
  test('default', () => {
    const market = usdcComet();
    const utilization = computeUtilization(market);
    const accrued = accrueMarket(market, T0 + 3_600n);
    expect(accrued.baseBorrowIndex).toBe(accrueIndex(market.baseBorrowIndex, computeRatePerSecond(market.borrowCurve, utilization), 3_600n));
    expect(accrued.baseSupplyIndex).toBe(accrueIndex(market.baseSupplyIndex, computeRatePerSecond(market.supplyCurve, utilization), 3_600n));
    expect(accrued.lastAccrualTime).toBe(T0 + 3_600n);
    expect(accrueMarket(market, T0)).toBe(market);
  });

  test('behavior: nothing supplied means a utilization of 0', () => {
    expect(computeUtilization(usdcComet({ totalSupplyBase: 0n }))).toBe(0n);
  });

  test('error: INVALID_ARGUMENT before the last accrual', () => {
    expect(() => accrueMarket(usdcComet(), T0 - 1n)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('computePresentValue', () => {
  test('default: V6, the magnitude of a debt is rounded down', () => {
    expect(computePresentValue(usdcComet(), -15_000_000_000n)).toBe(-16_218_518_518n);
  });

  test('behavior: back to principal, debt is rounded up and supply down', () => {
    const market = usdcComet();
    expect(computePrincipal(market, -16_218_518_518n)).toBe(-15_000_000_000n);
    expect(computePrincipal(market, -16_218_518_519n)).toBe(-15_000_000_001n);
    expect(computePrincipal(market, 995_924_409n)).toBe(939_551_329n);
  });
});

describe('health', () => {
  test('default: V6, healthy', () => {
    const health = compoundV3Rule.health(v6View());
    expect(health.figures).toMatchObject({ presentValue: -16_218_518_518n, debtValue: 1_621_810_121_551n, liquidationValue: 1_626_085_221_473n, liquidity: 4_275_099_922n });
    expect(health.liquidatable).toBe(false);
    expect(health.healthFactor?.toFixed(6)).toBe('1.002636');
    expect(health.reason).toBe('liquidity 4275099922 >= 0');
  });

  test('behavior: V6, WETH at 1812 makes it liquidatable', () => {
    const health = compoundV3Rule.health(v6View(UNHEALTHY));
    expect(health.figures.liquidity).toBe(-70_121_551n);
    expect(health.liquidatable).toBe(true);
    expect(health.figures.isLiquidatable).toBe(1n);
  });

  test('behavior: a liquidity of exactly 0 is not liquidatable', () => {
    const changes = { baseBorrowIndex: 10n ** 15n, base: { ...usdcComet().base, price: 100_000_000n } };
    const view = { ...v6View(100_000_000_000n, changes), position: { principal: -895_000_000n, collaterals: [{ asset: WETH, balance: 10n ** 18n } as const] } };
    expect(compoundV3Rule.health(view)).toMatchObject({ liquidatable: false, figures: { liquidity: 0n } });
    expect(compoundV3Rule.health({ ...view, position: { ...view.position, principal: -895_000_001n } }).liquidatable).toBe(true);
  });

  test('behavior: the view that does not accrue may still say no', () => {
    const price = 181_208_000_000n;
    const view = { ...v6View(price), at: T0 + 30n * 86_400n };
    const health = compoundV3Rule.health(view);
    expect(health.liquidatable).toBe(true);
    expect(health.figures.isLiquidatable).toBe(0n);
    expect(compoundV3Rule.health({ ...view, at: T0 }).liquidatable).toBe(false);
  });

  test('behavior: supply alone has no health factor', () => {
    const health = compoundV3Rule.health({ ...v6View(), position: { principal: 5_000_000n, collaterals: [] } });
    expect(health).toMatchObject({ healthFactor: null, liquidatable: false, reason: 'no debt' });
  });

  test('behavior: a debt that is worth nothing has no ratio', () => {
    const market = usdcComet({ base: { ...usdcComet().base, price: 1n } });
    expect(compoundV3Rule.health({ market, position: { principal: -1n, collaterals: [] }, at: T0 }).healthFactor).toBeNull();
  });

  test('error: MISSING_PRICE of a held collateral, and of the base token', () => {
    const missing = expect.objectContaining({ code: 'MISSING_PRICE' });
    expect(() => compoundV3Rule.health({ ...v6View(), market: usdcComet({ collaterals: [weth(null)] }) })).toThrow(missing);
    expect(() => compoundV3Rule.health(v6View(UNHEALTHY, { base: { ...usdcComet().base, price: null } }))).toThrow(missing);
  });

  test('error: UNKNOWN_MARKET for a collateral that the comet does not list', () => {
    const position = { principal: -1n, collaterals: [{ asset: USDC, balance: 1n } as const] };
    expect(() => compoundV3Rule.health({ ...v6View(), position })).toThrow(expect.objectContaining({ code: 'UNKNOWN_MARKET' }));
  });
});

describe('legs', () => {
  test('default', () => {
    const legs = compoundV3Rule.legs(v6View());
    expect(legs.map(({ side, symbol, amount }) => [side, symbol, amount])).toEqual([
      ['collateral', 'WETH', 10n ** 19n],
      ['debt', 'USDC', 16_218_518_518n],
    ]);
    expect(legs[0]?.priceUsd.toString()).toBe('1816.85499606');
    expect(legs[0]?.weight.toString()).toBe('0.895');
  });

  test('behavior: supplied base is there but does not count', () => {
    const legs = compoundV3Rule.legs({ ...v6View(), position: { principal: 1_000_000n, collaterals: [] } });
    expect(legs).toMatchObject([{ side: 'supply', amount: 1_060_000n }]);
    expect(legs[0]?.weight.isZero()).toBe(true);
    expect(compoundV3Rule.exposure({ ...v6View(), position: { principal: 1_000_000n, collaterals: [] } })).toEqual([]);
  });

  test('behavior: prices of another unit of account are told in USD', () => {
    const market = usdcComet({ unit: { asset: WETH, symbol: 'ETH', usdPerUnit: 200_000_000_000n }, collaterals: [weth(105_000_000n)] });
    expect(compoundV3Rule.legs({ ...v6View(), market })[0]?.priceUsd.toString()).toBe('2100');
  });

  test('error: MISSING_PRICE', () => {
    const view = { ...v6View(), market: usdcComet({ collaterals: [weth(null)] }) };
    expect(() => compoundV3Rule.legs(view)).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
  });
});

describe('exposure', () => {
  test('default: A − L is the liquidity, up to its rounding', () => {
    const view = v6View(UNHEALTHY);
    const liquidity = compoundV3Rule.health(view).figures.liquidity ?? 0n;
    expect(slackE8(compoundV3Rule.exposure(view)) - liquidity).toBeGreaterThanOrEqual(-2n);
    expect(slackE8(compoundV3Rule.exposure(view)) - liquidity).toBeLessThanOrEqual(2n);
  });
});

describe('computeAbsorption', () => {
  test('default: V6', () => {
    const absorption = computeAbsorption(v6View(UNHEALTHY).market, V6_POSITION);
    expect(absorption).toMatchObject({
      creditedValue: 1_721_400_000_000n,
      creditedBase: 17_214_442_927n,
      newBalance: 995_924_409n,
      newPrincipal: 939_551_329n,
      badDebt: 0n,
      basePaidOut: 17_214_442_927n,
      basePaidOutValue: 1_721_399_999_938n,
    });
    expect(computePresentValue(v6View().market, absorption.newPrincipal)).toBe(995_924_408n);
  });

  test('behavior: what the collateral does not cover is bad debt', () => {
    const absorption = computeAbsorption(v6View(100_000_000_000n).market, V6_POSITION);
    expect(absorption.newBalance).toBe(0n);
    expect(absorption.badDebt).toBe(16_218_518_518n - absorption.creditedBase);
  });
});

describe('quoteCollateral', () => {
  const market = v6View(UNHEALTHY).market;

  test('default: V6', () => {
    expect(quoteCollateral(market, WETH, 10_000_000_000n)).toBe(5_660_124_922_171_279_787n);
  });

  test('error: MISSING_PRICE', () => {
    const blind = usdcComet({ collaterals: [weth(null)] });
    expect(() => quoteCollateral(blind, WETH, 1n)).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
  });
});

describe('computeBuyCollateral', () => {
  const poor = usdcComet({ baseBalance: 100_000_000n * 10n ** 6n, collaterals: [comp(), wbtc(), weth(UNHEALTHY)] });
  const options = { asset: WETH, baseAmount: 10_000_000_000n, minAmount: 0n, at: T0 } as const;
  const violation = (protocolError: string) => expect.objectContaining({ code: 'RULE_VIOLATION', protocolError });

  test('default', () => {
    expect(computeReserves(poor, T0)).toBe(370_370_367_036n);
    const { market, bought } = computeBuyCollateral(poor, options);
    expect(bought).toBe(5_660_124_922_171_279_787n);
    expect(market.collaterals[2]?.reserves).toBe(20n * 10n ** 18n - bought);
    expect(market.collaterals[0]).toEqual(poor.collaterals[0]);
    expect(market.baseBalance).toBe(poor.baseBalance + options.baseAmount);
  });

  test('behavior: for sale while reserves are negative', () => {
    expect(computeBuyCollateral({ ...poor, baseBalance: 0n }, options).bought).toBe(5_660_124_922_171_279_787n);
  });

  test('error: RuleViolation', () => {
    expect(() => computeBuyCollateral({ ...poor, targetReserves: 370_370_367_036n }, options)).toThrow(violation('NotForSale'));
    expect(() => computeBuyCollateral({ ...poor, paused: { ...poor.paused, buy: true } }, options)).toThrow(violation('Paused'));
    expect(() => computeBuyCollateral(poor, { ...options, minAmount: 6n * 10n ** 18n })).toThrow(violation('TooMuchSlippage'));
    expect(() => computeBuyCollateral(poor, { ...options, asset: WBTC })).toThrow(violation('InsufficientReserves'));
  });
});

describe('reprice', () => {
  const half = { numerator: 1n, denominator: 2n };

  test('default: prices in USD move with their asset', () => {
    const moved = compoundV3Rule.reprice(usdcComet(), new Map([[WETH, half]]));
    expect(moved.collaterals[2]?.price).toBe(90_842_749_803n);
    expect(moved.collaterals[1]).toEqual(usdcComet().collaterals[1]);
    expect(moved.base).toEqual(usdcComet().base);
  });

  test('behavior: in a comet that counts in ETH, a fall of ETH alone leaves the USD price of the rest', () => {
    const market = usdcComet({
      unit: { asset: WETH, symbol: 'ETH', usdPerUnit: 200_000_000_000n },
      base: { asset: WETH, symbol: 'WETH', decimals: 18, price: 100_000_000n },
      collaterals: [comp(2_000_000n)],
    });
    const moved = compoundV3Rule.reprice(market, new Map([[WETH, half]]));
    expect(moved.unit.usdPerUnit).toBe(100_000_000_000n);
    expect(moved.base.price).toBe(100_000_000n);
    expect(moved.collaterals[0]?.price).toBe(4_000_000n);
    const together = compoundV3Rule.reprice(
      market,
      new Map([
        [WETH, half],
        [COMP, half],
      ]),
    );
    expect(together.collaterals[0]?.price).toBe(2_000_000n);
  });

  test('behavior: no price falls to 0, and one that is missing stays missing', () => {
    const zero = { numerator: 0n, denominator: 1n };
    expect(compoundV3Rule.reprice(usdcComet(), new Map([[WETH, zero]])).collaterals[2]?.price).toBe(1n);
    expect(compoundV3Rule.reprice(usdcComet({ collaterals: [weth(null)] }), new Map([[WETH, zero]])).collaterals[0]?.price).toBeNull();
  });

  test('error: INVALID_ARGUMENT where the unit of account falls to 0', () => {
    const market = usdcComet({ unit: { asset: WETH, symbol: 'ETH', usdPerUnit: 1n } });
    expect(() => compoundV3Rule.reprice(market, new Map([[WETH, { numerator: 0n, denominator: 1n }]]))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('schemas', () => {
  test('default: state survives its document form', () => {
    const { market, position } = v6View(UNHEALTHY, { collaterals: [weth(null), wbtc()] });
    expect(compoundV3Rule.marketSchema.parse(JSON.parse(JSON.stringify(encodeJson(market))))).toEqual(market);
    expect(compoundV3Rule.positionSchema.parse(JSON.parse(JSON.stringify(encodeJson(position))))).toEqual(position);
  });

  test('error: a price of 0 and a foreign field are refused', () => {
    const market = encodeJson(usdcComet()) as Record<string, unknown>;
    expect(compoundV3Rule.marketSchema.safeParse({ ...market, base: { ...usdcComet().base, price: '0' } }).success).toBe(false);
    expect(compoundV3Rule.marketSchema.safeParse({ ...market, target: '0x' }).success).toBe(false);
  });
});
