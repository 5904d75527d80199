import { describe, expect, test } from 'vitest';
import { RuleViolation } from '../../../src/core/errors.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import type { Step } from '../../../src/core/rule.ts';
import { accrueInterest, compoundedGrowthWad } from '../../../src/protocols/morpho-blue/interest.ts';
import { liquidationIncentiveFactorWad } from '../../../src/protocols/morpho-blue/liquidation.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import type { MorphoMarket, MorphoPosition } from '../../../src/protocols/morpho-blue/state.ts';
import { asDocument, NOW, USDC, v7Position, WSTETH, wstEthUsdc } from './wsteth-usdc.ts';

const safe: MorphoPosition = { ...v7Position, borrowShares: 10_000_000_000_000_000n };

function view(position: MorphoPosition = v7Position, market: MorphoMarket = wstEthUsdc, at: bigint = NOW) {
  return { market, position, at };
}

function violationOf(step: Step, position: MorphoPosition = v7Position, market: MorphoMarket = wstEthUsdc): string {
  try {
    morphoBlueRule.apply(view(position, market), step);
  } catch (error) {
    if (error instanceof RuleViolation) return error.protocolError;
    throw error;
  }
  return 'accepted';
}

describe('health', () => {
  test('default: vector V7 is unhealthy by its integers', () => {
    const health = morphoBlueRule.health(view());
    expect(health.figures).toEqual({ borrowed: 18_020_833_334n, maxBorrow: 17_892_974_485n, collateralValue: 20_805_784_285n });
    expect(health.liquidatable).toBe(true);
    expect(health.healthFactor?.toString()).toBe('0.99290494248349947');
    expect(health.reason).toBe('maxBorrow 17892974485 < borrowed 18020833334');
  });

  test('behavior: equality is healthy, one unit more is not, though both show 1', () => {
    const market = { ...wstEthUsdc, totalBorrowAssets: 999_999n, totalBorrowShares: 999_999_000_000n, oraclePrice: 10n ** 36n, lltv: 5n * 10n ** 17n };
    const at = (borrowShares: bigint) => morphoBlueRule.health(view({ supplyShares: 0n, borrowShares, collateral: 2_000_000n }, market));
    expect(at(1_000_000_000_000n)).toMatchObject({ liquidatable: false, figures: { borrowed: 1_000_000n, maxBorrow: 1_000_000n } });
    expect(at(1_000_000_000_001n)).toMatchObject({ liquidatable: true, figures: { borrowed: 1_000_001n } });
  });

  test('behavior: without debt there is no health factor and no oracle is asked', () => {
    const market = { ...wstEthUsdc, oraclePrice: null };
    expect(morphoBlueRule.health(view({ ...v7Position, borrowShares: 0n }, market))).toMatchObject({ healthFactor: null, liquidatable: false });
  });

  test('behavior: interest since the last update counts before the check', () => {
    const edge = { ...v7Position, borrowShares: 17_177_255_000_000_000n };
    expect(morphoBlueRule.health(view(edge)).liquidatable).toBe(false);
    expect(morphoBlueRule.health(view(edge, wstEthUsdc, NOW + 3600n)).liquidatable).toBe(true);
  });

  test('error: MISSING_PRICE where a debt stands against an oracle that is silent or answers 0', () => {
    for (const oraclePrice of [null, 0n]) {
      expect(() => morphoBlueRule.health(view(v7Position, { ...wstEthUsdc, oraclePrice }))).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
    }
  });

  test('error: INVALID_ARGUMENT before the last update', () => {
    expect(() => morphoBlueRule.health(view(v7Position, wstEthUsdc, NOW - 1n))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('accrueInterest', () => {
  test('default: an hour of vector V7', () => {
    const after = accrueInterest(wstEthUsdc, NOW + 3600n);
    expect(after.totalBorrowAssets - wstEthUsdc.totalBorrowAssets).toBe(1_426_944_711n);
    expect(after.totalSupplyAssets - wstEthUsdc.totalSupplyAssets).toBe(1_426_944_711n);
    expect(after).toMatchObject({ totalBorrowShares: wstEthUsdc.totalBorrowShares, totalSupplyShares: wstEthUsdc.totalSupplyShares, lastUpdate: NOW + 3600n });
  });

  test('behavior: the fee is minted as supply shares of the new supply', () => {
    const after = accrueInterest({ ...wstEthUsdc, fee: 10n ** 17n }, NOW + 3600n);
    const feeAssets = 142_694_471n;
    const shares = (feeAssets * (wstEthUsdc.totalSupplyShares + 1_000_000n)) / (after.totalSupplyAssets - feeAssets + 1n);
    expect(after.totalSupplyShares - wstEthUsdc.totalSupplyShares).toBe(shares);
    expect(shares).toBeGreaterThan(0n);
  });

  test('behavior: no time, no change; three terms of the series', () => {
    expect(accrueInterest(wstEthUsdc, NOW)).toBe(wstEthUsdc);
    expect(compoundedGrowthWad(10n ** 17n, 10n)).toBe(1_666_666_666_666_666_666n);
  });
});

describe('liquidationIncentiveFactorWad', () => {
  test.each([
    [385n, 1_150_000_000_000_000_000n],
    [625n, 1_126_760_563_380_281_690n],
    [770n, 1_074_113_856_068_743_286n],
    [860n, 1_043_841_336_116_910_229n],
    [915n, 1_026_167_265_264_238_070n],
    [945n, 1_016_776_817_488_561_260n],
    [965n, 1_010_611_419_909_044_972n],
    [980n, 1_006_036_217_303_822_937n],
  ])('default: %i per mille', (lltv, factor) => {
    expect(liquidationIncentiveFactorWad(lltv * 10n ** 15n)).toBe(factor);
  });
});

describe('legs and exposure', () => {
  test('default: collateral at the oracle in USD, debt rounded up, supply without weight', () => {
    const legs = morphoBlueRule.legs(view({ ...v7Position, supplyShares: 285_000_000_000_000n }));
    expect(legs.map((leg) => [leg.side, leg.symbol, leg.amount, leg.priceUsd.toString(), leg.weight.toString()])).toEqual([
      ['collateral', 'wstETH', 10n ** 19n, '2080.52489523999999999999999932796556', '0.86'],
      ['debt', 'USDC', 18_020_833_334n, '0.99997427', '1'],
      ['supply', 'USDC', 299_999_999n, '0.99997427', '0'],
    ]);
  });

  test('behavior: the exposure has the sign of the protocol and leaves the supply out', () => {
    const terms = morphoBlueRule.exposure(view({ ...v7Position, supplyShares: 1n }));
    expect(terms.map((term) => [term.side, term.role])).toEqual([
      ['collateral', 'collateral'],
      ['debt', 'borrowed'],
    ]);
  });

  test('behavior: states survive a document unchanged', () => {
    expect(morphoBlueRule.marketSchema.parse(asDocument(wstEthUsdc))).toEqual(wstEthUsdc);
    expect(morphoBlueRule.positionSchema.parse(asDocument(v7Position))).toEqual(v7Position);
  });
});

describe('reprice', () => {
  const moved = (moves: [AssetId, bigint, bigint][], market: MorphoMarket = wstEthUsdc) =>
    morphoBlueRule.reprice(market, new Map(moves.map(([asset, numerator, denominator]) => [asset, { numerator, denominator }])));

  test('default: the collateral halves, the loan token stays', () => {
    expect(moved([[WSTETH, 1n, 2n]])).toMatchObject({ oraclePrice: 1_040_289_214_261_482_947_956_250_914n, loanUsd: '0.99997427' });
  });

  test('behavior: a dearer loan token lowers the price that is quoted in it', () => {
    const after = moved([[USDC, 2n, 1n]]);
    expect(after).toMatchObject({ oraclePrice: 1_040_289_214_261_482_947_956_250_914n, loanUsd: '1.99994854' });
    expect(moved([[USDC, 0n, 1n]]).oraclePrice).toBeNull();
    expect(moved([[USDC, 2n, 1n]], { ...wstEthUsdc, oraclePrice: null }).oraclePrice).toBeNull();
  });

  test('behavior: a fixed oracle does not follow', () => {
    expect(moved([[WSTETH, 1n, 100n]], { ...wstEthUsdc, oracleKind: 'fixed' }).oraclePrice).toBe(wstEthUsdc.oraclePrice);
  });
});

describe('liquidation', () => {
  test('default: V7, all shares', () => {
    const after = morphoBlueRule.apply(view(), { kind: 'liquidate', repayShares: v7Position.borrowShares });
    expect(after.paid).toEqual([{ asset: USDC, amount: 18_020_833_334n }]);
    expect(after.received).toEqual([{ asset: WSTETH, amount: 9_041_183_204_688_965_238n }]);
    expect(after.liquidation).toMatchObject({ protocolFee: [], badDebt: [] });
    expect(after.position).toEqual({ supplyShares: 0n, borrowShares: 0n, collateral: 10n ** 19n - 9_041_183_204_688_965_238n });
    expect(after.market.totalBorrowAssets).toBe(wstEthUsdc.totalBorrowAssets - 18_020_833_334n);
    expect(morphoBlueRule.apply(view(), { kind: 'liquidate', repayShares: 'max' })).toEqual(after);
  });

  test('default: V7, three wstETH', () => {
    const after = morphoBlueRule.apply(view(), { kind: 'liquidate', seize: 3n * 10n ** 18n, collateral: WSTETH, debt: USDC });
    expect(after.paid[0]?.amount).toBe(5_979_582_405n);
    expect(v7Position.borrowShares - after.position.borrowShares).toBe(5_740_399_107_840_001n);
  });

  test('behavior: the last unit of collateral turns the remaining debt into bad debt, one unit left does not', () => {
    const market = { ...wstEthUsdc, oraclePrice: wstEthUsdc.oraclePrice === null ? null : wstEthUsdc.oraclePrice / 2n };
    const all = morphoBlueRule.apply(view(v7Position, market), { kind: 'liquidate', seize: v7Position.collateral });
    const paid = all.paid[0]?.amount ?? 0n;
    const written = all.liquidation?.badDebt[0]?.amount ?? 0n;
    expect(all.position).toEqual({ supplyShares: 0n, borrowShares: 0n, collateral: 0n });
    expect(paid + written - 18_020_833_334n).toBeGreaterThanOrEqual(0n);
    expect(paid + written - 18_020_833_334n).toBeLessThanOrEqual(1n);
    expect(all.market.totalSupplyAssets).toBe(market.totalSupplyAssets - written);
    expect(morphoBlueRule.apply(view(v7Position, market), { kind: 'liquidate', repayShares: 'max' })).toEqual(all);
    const allButOne = morphoBlueRule.apply(view(v7Position, market), { kind: 'liquidate', seize: v7Position.collateral - 1n });
    expect(allButOne.liquidation?.badDebt).toEqual([]);
    expect(allButOne.position.borrowShares).toBeGreaterThan(0n);
  });
});

describe('apply', () => {
  test('default: collateral in and out, borrow, repay, lend and withdraw', () => {
    const more = morphoBlueRule.apply(view(safe), { kind: 'supply', asset: WSTETH, amount: 5n });
    expect(more).toMatchObject({ market: wstEthUsdc, position: { collateral: safe.collateral + 5n }, paid: [{ asset: WSTETH, amount: 5n }], received: [] });
    const less = morphoBlueRule.apply(view(safe), { kind: 'withdraw', asset: WSTETH, amount: 5n });
    expect(less).toMatchObject({ position: { collateral: safe.collateral - 5n }, received: [{ asset: WSTETH, amount: 5n }] });
    const debt = morphoBlueRule.apply(view(safe), { kind: 'borrow', asset: USDC, amount: 1_000_000n });
    expect(debt).toMatchObject({ market: { totalBorrowAssets: wstEthUsdc.totalBorrowAssets + 1_000_000n }, received: [{ asset: USDC, amount: 1_000_000n }] });
    const back = morphoBlueRule.apply({ ...debt, at: NOW }, { kind: 'repay', asset: USDC, amount: 1_000_000n });
    expect(back.position.borrowShares - safe.borrowShares).toBeLessThanOrEqual(1n);
    const lent = morphoBlueRule.apply(view(safe), { kind: 'supply', asset: USDC, amount: 1_000_000n });
    expect(lent.position).toEqual({ ...safe, supplyShares: 950_000_000_000n });
    const gone = morphoBlueRule.apply({ ...lent, at: NOW }, { kind: 'withdraw', asset: USDC, amount: 'max' });
    expect(gone).toMatchObject({ position: safe, received: [{ asset: USDC, amount: 999_999n }] });
    expect(morphoBlueRule.apply({ ...lent, at: NOW }, { kind: 'withdraw', asset: USDC, amount: 999_999n }).position.supplyShares).toBeLessThan(2_000_000n);
  });

  test("behavior: 'max' repays every share, rounded up, and then frees all collateral", () => {
    const repaid = morphoBlueRule.apply(view(), { kind: 'repay', asset: USDC, amount: 'max' });
    expect(repaid).toMatchObject({ position: { borrowShares: 0n }, paid: [{ asset: USDC, amount: 18_020_833_334n }] });
    const freed = morphoBlueRule.apply({ ...repaid, at: NOW }, { kind: 'withdraw', asset: WSTETH, amount: 'max' });
    expect(freed.position.collateral).toBe(0n);
  });

  test('behavior: every step but supplying collateral books the interest first', () => {
    const at = NOW + 3600n;
    const accrued = accrueInterest(wstEthUsdc, at);
    const borrowed = morphoBlueRule.apply({ market: wstEthUsdc, position: safe, at }, { kind: 'borrow', asset: USDC, amount: 7n });
    expect(borrowed.market.totalBorrowAssets).toBe(accrued.totalBorrowAssets + 7n);
    const supplied = morphoBlueRule.apply({ market: wstEthUsdc, position: safe, at }, { kind: 'supply', asset: WSTETH, amount: 7n });
    expect(supplied.market).toEqual(wstEthUsdc);
  });

  test.each<[string, Step, MorphoPosition?, MorphoMarket?]>([
    ['zero assets', { kind: 'supply', asset: WSTETH, amount: 0n }],
    ['zero assets', { kind: 'withdraw', asset: WSTETH, amount: 'max' }, { ...v7Position, collateral: 0n }],
    ['inconsistent input', { kind: 'supply', asset: USDC, amount: 0n }],
    ['inconsistent input', { kind: 'borrow', asset: USDC, amount: 0n }],
    ['inconsistent input', { kind: 'repay', asset: USDC, amount: 'max' }, { ...v7Position, borrowShares: 0n }],
    ['inconsistent input', { kind: 'withdraw', asset: USDC, amount: 'max' }],
    ['inconsistent input', { kind: 'liquidate' }],
    ['inconsistent input', { kind: 'liquidate', seize: 0n, repayShares: 0n }],
    ['inconsistent input', { kind: 'liquidate', seize: 1n, repayShares: 1n }],
    ['inconsistent input', { kind: 'liquidate', repay: 1n }],
    ['inconsistent input', { kind: 'liquidate', repayShares: 'max' }, { ...v7Position, collateral: 0n }],
    ['inconsistent input', { kind: 'close', sizeUsd: 1n }],
    ['market not created', { kind: 'borrow', asset: WSTETH, amount: 1n }],
    ['market not created', { kind: 'supply', asset: 'iso4217:usd', amount: 1n }],
    ['market not created', { kind: 'liquidate', seize: 1n, collateral: USDC }],
    ['market not created', { kind: 'liquidate', seize: 1n, debt: WSTETH }],
    ['market not created', { kind: 'supply', asset: WSTETH, amount: 1n }, v7Position, { ...wstEthUsdc, lastUpdate: 0n }],
    ['insufficient collateral', { kind: 'borrow', asset: USDC, amount: 1n }],
    ['insufficient collateral', { kind: 'withdraw', asset: WSTETH, amount: 1n }],
    ['insufficient liquidity', { kind: 'borrow', asset: USDC, amount: 2n }, safe, { ...wstEthUsdc, totalSupplyAssets: wstEthUsdc.totalBorrowAssets + 1n }],
    ['insufficient liquidity', { kind: 'withdraw', asset: USDC, amount: 2n }, { ...safe, supplyShares: 10n ** 20n }, { ...wstEthUsdc, totalSupplyAssets: wstEthUsdc.totalBorrowAssets + 1n }],
    ['position is healthy', { kind: 'liquidate', repayShares: 'max' }, safe],
    ['position is healthy', { kind: 'liquidate', repayShares: 1n }, { ...v7Position, borrowShares: 0n }],
    ['Panic(0x11)', { kind: 'withdraw', asset: WSTETH, amount: safe.collateral + 1n }, safe],
    ['Panic(0x11)', { kind: 'withdraw', asset: USDC, amount: 1n }, safe],
    ['Panic(0x11)', { kind: 'repay', asset: USDC, amount: 18_020_833_335n }],
    ['Panic(0x11)', { kind: 'liquidate', repayShares: v7Position.borrowShares + 1n }],
    ['Panic(0x11)', { kind: 'liquidate', seize: v7Position.collateral }],
    ['Panic(0x11)', { kind: 'supply', asset: WSTETH, amount: 2n ** 128n - 1n }],
    ['max uint128 exceeded', { kind: 'supply', asset: WSTETH, amount: 2n ** 128n }],
    ['max uint128 exceeded', { kind: 'borrow', asset: USDC, amount: 2n ** 128n }],
  ])('error: RULE_VIOLATION %s', (protocolError, step, position, market) => {
    expect(violationOf(step, position, market)).toBe(protocolError);
  });

  test('error: MISSING_PRICE where the contract would ask a silent oracle', () => {
    const silent = { ...wstEthUsdc, oraclePrice: null };
    const ask = () => morphoBlueRule.apply(view(safe, silent), { kind: 'borrow', asset: USDC, amount: 1n });
    expect(ask).toThrow(expect.objectContaining({ code: 'MISSING_PRICE' }));
    const empty = morphoBlueRule.apply(view({ ...safe, borrowShares: 0n }, silent), { kind: 'withdraw', asset: WSTETH, amount: 'max' });
    expect(empty.position.collateral).toBe(0n);
  });
});
