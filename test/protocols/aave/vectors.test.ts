import { describe, expect, test } from 'vitest';
import { computeAccountData } from '../../../src/protocols/aave/account-data.ts';
import { computeCompounded, computeDebtIndex, computeIncomeIndex } from '../../../src/protocols/aave/indexes.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import type { AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';

const T0 = 1_698_710_400n;
const ALL = ['3.0', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7'] as const;
const profileOf = (version: string) => getAaveProfile(`aave-v3@${version}`);

/** V1: 9.8e18 scaled WETH against 14,500e6 scaled USDC, an hour after the last update. */
function v1(wethPrice = 181_685_499_606n): { pool: AavePool; position: AavePosition } {
  return {
    pool: poolOf([
      reserveOf('WETH', { liquidityIndex: 1_020_304_050_607_080_901_112_131_415n, liquidityRate: 2n * 10n ** 25n, price: wethPrice }),
      reserveOf('USDC', { variableBorrowIndex: 1_050_607_080_910_111_213_141_516_171n, variableBorrowRate: 6n * 10n ** 25n }),
    ]),
    position: { eMode: 0, holdings: [supplied(0, 9_800_000_000_000_000_000n), owed(2, 14_500_000_000n)] },
  };
}

describe('indexes', () => {
  test('V1: income and debt indexes of both compounding formulas', () => {
    const { pool } = v1();
    const [weth, usdc] = pool.reserves;
    if (weth === undefined || usdc === undefined) throw new Error('fixture');
    expect(computeIncomeIndex(weth, T0 + 3600n)).toBe(1_020_306_380_068_383_657_004_599_707n);
    expect(computeDebtIndex(profileOf('3.4'), usdc, { at: T0 + 3600n, ownScaledDebt: 1n })).toBe(1_050_614_276_873_665_239_038_275_694n);
    expect(computeDebtIndex(profileOf('3.3'), usdc, { at: T0 + 3600n, ownScaledDebt: 1n })).toBe(1_050_614_276_873_658_386_295_029_169n);
    expect(computeCompounded('taylor', 6n * 10n ** 25n, 3600n)).toBe(1_000_006_849_338_525_105_158_215_022n);
    expect(computeCompounded('binomial', 6n * 10n ** 25n, 3600n)).toBe(1_000_006_849_338_518_582_507_291_531n);
    expect(computeCompounded('taylor', 6n * 10n ** 25n, 0n)).toBe(10n ** 27n);
  });

  test('behavior: with no time elapsed the stored index is used', () => {
    const { pool } = v1();
    const [weth] = pool.reserves;
    if (weth === undefined) throw new Error('fixture');
    expect(computeIncomeIndex(weth, T0 - 5n)).toBe(weth.liquidityIndex);
  });
});

describe('computeAccountData', () => {
  test.each(ALL)('V1 in %s', (version) => {
    const { pool, position } = v1();
    const account = computeAccountData(profileOf(version), pool, position, T0 + 3600n);
    const isNew = Number(version) >= 3.5;
    expect(account.holdings[0]?.supplied).toBe(isNew ? 9_999_002_524_670_159_838n : 9_999_002_524_670_159_839n);
    expect(account.holdings[1]?.variableDebt).toBe(15_233_907_015n);
    expect(account.totalCollateralBase).toBe(1_816_673_769_256n);
    expect(account.totalDebtBase).toBe(isNew ? 1_523_351_504_658n : 1_523_351_504_657n);
    expect(account.healthFactor).toBe(isNew ? 989_817_008_006_302_141n : 989_817_008_006_636_810n);
  });

  test.each(ALL)('V4 in %s: the average threshold is cut to whole bps up to 3.4', (version) => {
    const pool = poolOf([reserveOf('WETH'), reserveOf('wstETH'), reserveOf('USDC')]);
    const position = { eMode: 0, holdings: [supplied(0, 7n * 10n ** 18n), supplied(1, 5n * 10n ** 18n), owed(2, 20_900_000_000n)] };
    const account = computeAccountData(profileOf(version), pool, position, T0);
    expect(account.healthFactor).toBe(Number(version) >= 3.5 ? 908_255_587_255_044_761n : 908_254_008_481_858_334n);
    expect(account.currentLiquidationThreshold).toBe(8_210n);
  });

  test.each([
    { version: '3.6', eMode: 1, healthFactor: 998_044_157_696_538_578n },
    { version: '3.5', eMode: 0, healthFactor: 850_963_966_035_996_051n },
    { version: '3.3', eMode: 1, healthFactor: 998_044_157_697_042_547n },
    { version: '3.0', eMode: 0, healthFactor: 850_963_966_036_223_768n },
  ])('V5 in $version with e-mode $eMode', ({ version, eMode, healthFactor }) => {
    const category = { id: 1, label: 'ETH', ltvBps: 9300, liquidationThresholdBps: 9500, liquidationBonusBps: 10_100, collateral: [0, 1], borrowable: [0], ltvZero: [], isolated: false, price: null };
    const pool = poolOf([reserveOf('WETH'), reserveOf('wstETH')], { eModes: [category] });
    const position = { eMode, holdings: [owed(0, 10_900_000_000_000_000_000n), supplied(1, 10n * 10n ** 18n)] };
    expect(computeAccountData(profileOf(version), pool, position, T0).healthFactor).toBe(healthFactor);
  });

  test('error: UNKNOWN_MARKET for an e-mode category that was not read', () => {
    const { pool, position } = v1();
    expect(() => computeAccountData(profileOf('3.6'), pool, { ...position, eMode: 7 }, T0)).toThrow(/e-mode category 7/);
  });

  test('error: MISSING_PRICE for a zero price of something that counts', () => {
    const { pool, position } = v1(0n);
    expect(() => computeAccountData(profileOf('3.6'), pool, position, T0)).toThrow(/No usable price/);
  });
});

describe('liquidation', () => {
  test.each([
    { rule: 'aave-v3@3.7', repaid: 7_616_953_507n, toLiquidator: 4_548_292_349_320_941_033n, fee: 21_762_164_350_817_900n },
    { rule: 'aave-v3@3.6', repaid: 7_616_953_507n, toLiquidator: 4_548_292_349_320_941_034n, fee: 21_762_164_350_817_900n },
    { rule: 'aave-v3@3.5', repaid: 7_616_953_507n, toLiquidator: 4_548_292_349_320_941_034n, fee: 21_762_164_350_817_900n },
    { rule: 'aave-v3@3.0', repaid: 7_616_953_508n, toLiquidator: 4_548_292_349_918_068_526n, fee: 21_762_164_353_674_969n },
  ])('V2 in $rule: half of the debt', ({ rule, repaid, toLiquidator, fee }) => {
    const { pool, position } = v1(175_000_000_000n);
    const view = { market: pool, position, at: T0 + 3600n };
    const aave = createAaveRule(getAaveProfile(rule));
    const after = aave.apply(view, { kind: 'liquidate', collateral: assetOf('WETH'), debt: assetOf('USDC'), repay: 'max' });
    expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: repaid }]);
    expect(after.received).toEqual([{ asset: assetOf('WETH'), amount: toLiquidator }]);
    expect(after.liquidation?.protocolFee).toEqual([{ asset: assetOf('WETH'), amount: fee }]);
    expect(after.liquidation?.badDebt).toEqual([]);
  });

  test.each([
    { rule: 'aave-v3@3.7', repaid: 1_666_709_551n, deficit: 833_290_449n },
    { rule: 'aave-v3@3.5', repaid: 1_666_709_551n, deficit: 833_290_449n },
    { rule: 'aave-v3@3.4', repaid: 1_666_709_550n, deficit: 833_290_450n },
    { rule: 'aave-v3@3.3', repaid: 1_666_709_550n, deficit: 833_290_450n },
    { rule: 'aave-v3@3.0', repaid: 1_666_709_550n, deficit: 0n },
  ])('V3 in $rule: the collateral does not suffice', ({ rule, repaid, deficit }) => {
    const pool = poolOf([reserveOf('WETH', { price: 175_000_000_000n }), reserveOf('USDC')]);
    const position = { eMode: 0, holdings: [supplied(0, 10n ** 18n), owed(2, 2_500_000_000n)] };
    const aave = createAaveRule(getAaveProfile(rule));
    const after = aave.apply({ market: pool, position, at: T0 }, { kind: 'liquidate', collateral: assetOf('WETH'), debt: assetOf('USDC'), repay: 'max' });
    expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: repaid }]);
    expect(after.received).toEqual([{ asset: assetOf('WETH'), amount: 995_238_095_238_095_238n }]);
    expect(after.liquidation?.protocolFee).toEqual([{ asset: assetOf('WETH'), amount: 4_761_904_761_904_762n }]);
    expect(after.liquidation?.badDebt).toEqual(deficit === 0n ? [] : [{ asset: assetOf('USDC'), amount: deficit }]);
    if (deficit !== 0n) expect(after.position.holdings).toEqual([]);
  });
});
