import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../../src/core/errors.ts';
import type { StepAmount } from '../../../src/core/rule.ts';
import { computeAccountData, type ValuedHolding } from '../../../src/protocols/aave/account-data.ts';
import { computeSeizure, leavesDust, settleCollateral } from '../../../src/protocols/aave/liquidation.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { applyBy, category, holdingAfter, refusalBy, reserveAfter, T0, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, type Symbol, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const USD = 10n ** 8n;
/** A reserve whose unit is one base unit, so that amounts are values. */
const unit = (symbol: Symbol, changes: Parameters<typeof reserveOf>[1] = {}) =>
  reserveOf(symbol, { decimals: 8, price: USD, liquidationThresholdBps: 8000, liquidationBonusBps: 10_500, liquidationProtocolFeeBps: 0, ...changes });
const liquidate = (repay?: StepAmount, collateral: Symbol = 'WETH', debt: Symbol = 'USDC') =>
  ({ kind: 'liquidate', collateral: assetOf(collateral), debt: assetOf(debt), ...(repay === undefined ? {} : { repay }) }) as const;
const POOL = poolOf([unit('WETH'), unit('wstETH'), unit('USDC'), unit('DAI')]);
/** 10,000 of collateral, 9,000 of debt: a health factor of 0.89. */
const UNSAFE = [supplied(0, 10_000n * USD), owed(2, 9_000n * USD)];

describe('applyLiquidation: bad debt', () => {
  /** 1,050 of collateral pay 1,000 of 1,500 USDC; 700 DAI are owed as well. */
  const holdings = [supplied(0, 1_050n * USD), owed(2, 1_500n * USD), owed(3, 700n * USD)];
  const pool = poolOf([unit('WETH'), unit('USDC', { scaledVariableDebt: 5_000n * USD, availableLiquidity: 10n }), unit('DAI', { scaledVariableDebt: 5_000n * USD, availableLiquidity: 10n })]);

  test.each(['aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.6', 'aave-v3@3.7'])('%s: every remaining debt is written off', (rule) => {
    const after = applyBy(rule, viewOf(pool, holdings), liquidate('max'));
    expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: 1_000n * USD }]);
    expect(after.liquidation?.badDebt).toEqual([
      { asset: assetOf('USDC'), amount: 500n * USD },
      { asset: assetOf('DAI'), amount: 700n * USD },
    ]);
    expect(after.position.holdings).toEqual([]);
    expect(reserveAfter(after, 2)).toMatchObject({ scaledVariableDebt: 3_500n * USD, availableLiquidity: 1_000n * USD + 10n });
    expect(reserveAfter(after, 3)).toMatchObject({ scaledVariableDebt: 4_300n * USD, availableLiquidity: 10n });
  });

  test.each(['aave-v3@3.0', 'spark@2'])('%s: it stays with the account', (rule) => {
    const after = applyBy(rule, viewOf(pool, holdings), liquidate());
    expect(after.liquidation?.badDebt).toEqual([]);
    expect(after.position.holdings).toEqual([owed(2, 500n * USD), owed(3, 700n * USD)]);
  });

  test('aave-v2@2: half of the debt is less than the collateral carries', () => {
    const after = applyBy('aave-v2@2', viewOf(pool, holdings), liquidate('max'));
    expect(after.paid[0]?.amount).toBe(750n * USD);
    expect(holdingAfter(after, 0)?.scaledSupply).toBe((1_050n * USD * 10n - 7_875n * USD) / 10n);
  });

  test('aave-v2@2: less collateral lowers the repayment, and clears the flag', () => {
    const after = applyBy('aave-v2@2', viewOf(pool, [supplied(0, 105n * USD), owed(2, 1_500n * USD)]), liquidate('max'));
    expect(after.paid[0]?.amount).toBe(100n * USD);
    expect(after.liquidation).toMatchObject({ seized: [{ amount: 105n * USD }], protocolFee: [], badDebt: [] });
    expect(after.position.holdings).toEqual([owed(2, 1_400n * USD)]);
  });

  test('behavior: a full repayment against all collateral writes off only the others', () => {
    const after = applyBy('aave-v3@3.6', viewOf(pool, [supplied(0, 1_050n * USD), owed(2, 1_000n * USD), owed(3, 7n)]), liquidate('max'));
    expect(after.liquidation?.badDebt).toEqual([{ asset: assetOf('DAI'), amount: 7n }]);
  });

  test('behavior: the debt of an inactive reserve is passed over', () => {
    const market = poolOf([unit('WETH'), unit('USDC'), unit('DAI', { active: false })]);
    const after = applyBy('aave-v3@3.6', viewOf(market, holdings), liquidate('max'));
    expect(after.liquidation?.badDebt).toEqual([{ asset: assetOf('USDC'), amount: 500n * USD }]);
    expect(after.position.holdings).toEqual([owed(3, 700n * USD)]);
  });

  test('behavior: another collateral keeps every debt', () => {
    const after = applyBy('aave-v3@3.6', viewOf(POOL, [...holdings, supplied(1, 100n)]), liquidate('max'));
    expect(after.liquidation?.badDebt).toEqual([]);
    expect(after.position.holdings).toEqual([supplied(1, 100n), owed(2, 500n * USD), owed(3, 700n * USD)]);
  });

  test('behavior: a collateral that rounds to no value does not, up to 3.5 one without a threshold neither', () => {
    const market = poolOf([unit('WETH'), unit('wstETH', { liquidationThresholdBps: 0 }), unit('USDC'), unit('DAI')]);
    const worthless = [...holdings, supplied(1, 100n)];
    const badDebt = (rule: string) => applyBy(rule, viewOf(market, worthless), liquidate('max')).liquidation?.badDebt.length;
    expect([badDebt('aave-v3@3.5'), badDebt('aave-v3@3.6')]).toEqual([2, 0]);
    const cheap = poolOf([unit('WETH'), unit('wstETH', { price: 1n }), unit('USDC'), unit('DAI')]);
    expect(applyBy('aave-v3@3.6', viewOf(cheap, worthless), liquidate('max')).liquidation?.badDebt).toHaveLength(2);
  });
});

describe('settleCollateral', () => {
  /** All of `scaled` seized at an index of 1.3, a bonus of 10 % and half of it as fee. */
  function seizeAll(rule: string, scaled: bigint) {
    const profile = getAaveProfile(rule);
    const changes = { decimals: 0, price: USD } as const;
    const pool = poolOf([reserveOf('WETH', { ...changes, liquidityIndex: (13n * RAY) / 10n }), reserveOf('USDC', changes)]);
    const account = computeAccountData(profile, pool, { eMode: 0, holdings: [supplied(0, scaled), owed(2, 5_000n)] }, T0);
    const [collateral] = account.holdings;
    if (collateral === undefined) throw new Error('fixture');
    const prices = { collateralPrice: USD, collateralDecimals: 0, debtPrice: USD, debtDecimals: 0 };
    const seizure = computeSeizure(profile, { ...prices, collateralBalance: collateral.supplied, debtToCover: 5_000n, bonusBps: 11_000n, protocolFeeBps: 5_000n });
    return { seizure, settlement: settleCollateral(profile, account, collateral, seizure) };
  }

  test.each([
    // 1351 − 1351/1.1 = 123, half of it 62; 1289 burn 992 of 1039, and 62 would take 48 of the 47 left.
    { rule: 'aave-v3@3.0', scaled: 1_039n, repaid: 1_228n, asked: 62n, toLiquidator: 1_289n, paid: 61n },
    { rule: 'aave-v3@3.4', scaled: 1_039n, repaid: 1_228n, asked: 62n, toLiquidator: 1_289n, paid: 61n },
    // 118 of bonus, half of it 59; 1241 burn 955, and 59 would take 46 of the 45 left, which are worth 58.
    { rule: 'aave-v3@3.6', scaled: 1_000n, repaid: 1_182n, asked: 59n, toLiquidator: 1_241n, paid: 58n },
    // 3.7 cuts the base and rounds the fee up: 60; 1240 burn 954, and the 46 left are worth 59.
    { rule: 'aave-v3@3.7', scaled: 1_000n, repaid: 1_182n, asked: 60n, toLiquidator: 1_240n, paid: 59n },
  ])('$rule: a fee that asks for more than is left is cut to it', ({ rule, scaled, repaid, asked, toLiquidator, paid }) => {
    const { seizure, settlement } = seizeAll(rule, scaled);
    expect(seizure).toMatchObject({ repaid, protocolFee: asked, limitedBy: 'collateral' });
    expect(settlement).toMatchObject({ scaledLeft: 0n, toLiquidator, protocolFee: paid, flagCleared: true });
  });

  /** 3 of 4 units taken of 3 scaled ones at an index of 1.5: 2 for the liquidator burn 2 scaled, the fee of 1 burns 1. */
  function seizeThree(rule: string, others: Parameters<typeof viewOf>[1] = []) {
    const profile = getAaveProfile(rule);
    const pool = poolOf([reserveOf('WETH', { decimals: 0, price: USD, liquidityIndex: (3n * RAY) / 2n }), unit('wstETH'), reserveOf('USDC', { decimals: 0, price: USD })]);
    const account = computeAccountData(profile, pool, { eMode: 0, holdings: [supplied(0, 3n), ...others, owed(2, 9n)] }, T0);
    const [collateral] = account.holdings;
    if (collateral === undefined) throw new Error('fixture');
    return settleCollateral(profile, account, collateral, { repaid: 2n, seized: 3n, protocolFee: 1n, limitedBy: 'debt' });
  }

  test('behavior: 3.7 sees by the scaled balance that nothing is left, 3.6 by the value that something is', () => {
    expect(seizeThree('aave-v3@3.6')).toMatchObject({ scaledLeft: 0n, flagCleared: false, hasNoCollateralLeft: false });
    expect(seizeThree('aave-v3@3.7')).toMatchObject({ scaledLeft: 0n, flagCleared: true, hasNoCollateralLeft: true });
  });

  test('behavior: with another collateral 3.7 clears the flag and writes nothing off', () => {
    expect(seizeThree('aave-v3@3.7', [supplied(1, USD)])).toMatchObject({ flagCleared: true, hasNoCollateralLeft: false });
  });

  test('behavior: in 3.7 a leftover that rounds to no value clears the flag as well', () => {
    const profile = getAaveProfile('aave-v3@3.7');
    const pool = poolOf([unit('WETH', { decimals: 18, price: 10n }), unit('USDC', { price: 1n })]);
    const account = computeAccountData(profile, pool, { eMode: 0, holdings: [supplied(0, 10n ** 18n + 5n), owed(2, 20n * USD)] }, T0);
    const [collateral] = account.holdings;
    if (collateral === undefined) throw new Error('fixture');
    const settlement = settleCollateral(profile, account, collateral, { repaid: 10n * USD, seized: 10n ** 18n, protocolFee: 0n, limitedBy: 'debt' });
    expect(settlement).toMatchObject({ scaledLeft: 5n, flagCleared: true, hasNoCollateralLeft: true });
  });
});

describe('computeSeizure', () => {
  /** 3 units of debt at 7 against a price of 2 and a bonus of 5 %: 10.5, cut to 10, and 10.5 or 10 of it. */
  const input = { collateralPrice: 2n, collateralDecimals: 0, collateralBalance: 100n, debtPrice: 7n, debtDecimals: 0, debtToCover: 3n, bonusBps: 10_500n, protocolFeeBps: 0n };

  test('behavior: v2 multiplies by the bonus before it divides, v3 rounds half up, 3.7 down', () => {
    const seized = (rule: string) => computeSeizure(getAaveProfile(rule), input).seized;
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.6', 'aave-v3@3.7'].map(seized)).toEqual([11n, 11n, 11n, 10n]);
    expect(computeSeizure(getAaveProfile('aave-v2@2'), { ...input, debtToCover: 9n, collateralPrice: 20n }).seized).toBe(3n);
    expect(computeSeizure(getAaveProfile('aave-v3@3.0'), { ...input, debtToCover: 9n, collateralPrice: 20n }).seized).toBe(3n);
  });

  test('behavior: exactly the whole balance is still limited by the debt', () => {
    const seizure = (balance: bigint) => computeSeizure(getAaveProfile('aave-v3@3.6'), { ...input, collateralBalance: balance });
    expect(seizure(11n)).toMatchObject({ repaid: 3n, seized: 11n, limitedBy: 'debt' });
    expect(seizure(10n)).toMatchObject({ seized: 10n, limitedBy: 'collateral' });
  });

  test('behavior: the debt that a collateral pays is rounded half up until 3.4, then up', () => {
    // 10 units of 20 are 200; over 7 that is 28, over 1.05 26.67; with 9 units 25, over 1.05 23.81; with 5, 14 and 13.33.
    const repaid = (rule: string, balance: bigint) => computeSeizure(getAaveProfile(rule), { ...input, collateralPrice: 20n, debtToCover: 1_000n, collateralBalance: balance }).repaid;
    expect(['aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.7'].map((rule) => repaid(rule, 10n))).toEqual([27n, 27n, 27n]);
    expect(['aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.7'].map((rule) => repaid(rule, 5n))).toEqual([13n, 14n, 14n]);
  });

  test('behavior: the fee on the bonus is rounded half up, in 3.7 up, and v2 has none', () => {
    // 1,100 seized of 1,000: a bonus of 100, of which 10.4 % are 10.4 units.
    const fee = (rule: string) =>
      computeSeizure(getAaveProfile(rule), { ...input, collateralPrice: 1n, debtPrice: 1n, collateralBalance: 5_000n, debtToCover: 1_000n, bonusBps: 11_000n, protocolFeeBps: 1_040n }).protocolFee;
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.6', 'aave-v3@3.7'].map(fee)).toEqual([0n, 10n, 10n, 11n]);
  });

  test('behavior: v2 lowers the repayment to what the collateral pays', () => {
    // 21 offered ask for 22.05; the 21 there pay 20.
    const even = { ...input, collateralPrice: 1n, debtPrice: 1n };
    expect(computeSeizure(getAaveProfile('aave-v2@2'), { ...even, debtToCover: 21n, collateralBalance: 21n })).toMatchObject({ repaid: 20n, seized: 21n, protocolFee: 0n });
  });
});

describe('leavesDust', () => {
  test('behavior: debt left is rounded up from 3.5 on, down before', () => {
    const dust = (rule: string) => {
      const profile = getAaveProfile(rule);
      // 142,857,142,857 units at 0.7 base units are 999.999999999 · 10^8 and nine tenths of a unit.
      const pool = poolOf([unit('WETH'), reserveOf('USDC', { decimals: 1, price: 7n })]);
      const account = computeAccountData(profile, pool, { eMode: 0, holdings: [supplied(0, 10_000n * USD), owed(2, 600_000_000_000n)] }, T0);
      const [collateral, debt] = account.holdings as [ValuedHolding, ValuedHolding];
      const repaid = (left: bigint) => ({ repaid: 600_000_000_000n - left, seized: USD, protocolFee: 0n, limitedBy: 'debt' as const });
      return [142_857_142_858n, 142_857_142_857n, 142_857_142_855n].map((left) => leavesDust(profile, repaid(left), collateral, debt));
    };
    expect(dust('aave-v3@3.4')).toEqual([false, true, true]);
    expect(dust('aave-v3@3.5')).toEqual([false, false, true]);
    expect(dust('aave-v3@3.2')).toEqual([false, false, false]);
  });
});

describe('applyLiquidation: refusals', () => {
  const refusal = (rule: string, changes: { collateral?: Parameters<typeof reserveOf>[1]; debt?: Parameters<typeof reserveOf>[1] }, holdings: Parameters<typeof viewOf>[1] = UNSAFE) =>
    refusalBy(rule, viewOf(poolOf([unit('WETH', changes.collateral), unit('USDC', changes.debt)]), holdings), liquidate('max'));

  test('error: RULE_VIOLATION for a healthy account, at exactly 1 as well', () => {
    const at1 = [supplied(0, 10_000n * USD), owed(2, 8_000n * USD)];
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.7'].map((rule) => refusal(rule, {}, at1))).toEqual([
      '42',
      '45',
      '45',
      'HealthFactorNotBelowThreshold',
      'HealthFactorNotBelowThreshold',
    ]);
    expect(refusal('aave-v3@3.7', {}, [supplied(0, 10_000n * USD), owed(2, 8_000n * USD + 1n)])).toBe('accepted');
    expect(refusal('aave-v3@3.7', {}, [supplied(0, 10_000n * USD)])).toBe('HealthFactorNotBelowThreshold');
  });

  test('error: RULE_VIOLATION where either reserve is inactive or paused; frozen ones are liquidated', () => {
    expect(refusal('aave-v3@3.0', { collateral: { active: false } })).toBe('27');
    expect(refusal('aave-v3@3.6', { debt: { active: false } })).toBe('ReserveInactive');
    expect(refusal('aave-v3@3.0', { debt: { paused: true } })).toBe('29');
    expect(refusal('aave-v3@3.6', { collateral: { paused: true } })).toBe('ReservePaused');
    expect(refusal('aave-v3@3.6', { collateral: { frozen: true }, debt: { frozen: true } })).toBe('accepted');
  });

  test('error: RULE_VIOLATION while a grace period of either reserve runs', () => {
    expect(refusal('aave-v3@3.3', { collateral: { gracePeriodUntil: T0 } })).toBe('97');
    expect(refusal('aave-v3@3.7', { debt: { gracePeriodUntil: T0 } })).toBe('LiquidationGraceSentinelCheckFailed');
    expect(refusal('aave-v3@3.7', { debt: { gracePeriodUntil: T0 - 1n }, collateral: { gracePeriodUntil: T0 - 1n } })).toBe('accepted');
  });

  test('error: RULE_VIOLATION for a collateral that is not used, not held, or without a threshold', () => {
    const other = [supplied(1, 10_000n * USD), owed(2, 9_000n * USD)];
    const of = (rule: string, market: typeof POOL, holdings: Parameters<typeof viewOf>[1]) => refusalBy(rule, viewOf(market, holdings), liquidate('max'));
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.6'].map((rule) => of(rule, POOL, other))).toEqual(['43', '46', 'CollateralCannotBeLiquidated']);
    expect(of('aave-v3@3.6', POOL, [{ ...supplied(0, 5_000n * USD), usedAsCollateral: false }, ...other])).toBe('CollateralCannotBeLiquidated');
    const noThreshold = poolOf([unit('WETH', { liquidationThresholdBps: 0 }), unit('wstETH'), unit('USDC')]);
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.5', 'aave-v3@3.6'].map((rule) => of(rule, noThreshold, [supplied(0, 5_000n * USD), ...other]))).toEqual([
      '43',
      '46',
      'CollateralCannotBeLiquidated',
      'accepted',
    ]);
  });

  test('error: RULE_VIOLATION for a debt that is not owed', () => {
    const of = (rule: string) => refusalBy(rule, viewOf(POOL, UNSAFE), liquidate('max', 'WETH', 'DAI'));
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.6'].map(of)).toEqual(['44', '47', 'SpecifiedCurrencyNotBorrowedByUser']);
  });

  test('error: RULE_VIOLATION where the collateral cannot be paid out', () => {
    expect(refusal('aave-v3@3.6', { collateral: { availableLiquidity: 9_450n * USD } })).toBe('accepted');
    expect(refusal('aave-v3@3.6', { collateral: { availableLiquidity: 9_450n * USD - 1n } })).toBe('NotEnoughLiquidity');
    expect(refusal('aave-v2@2', { collateral: { availableLiquidity: 1n } })).toBe('45');
  });

  test('error: RULE_VIOLATION for an amount that seizes nothing, or is below 0', () => {
    const of = (rule: string, repay: bigint) => refusalBy(rule, viewOf(POOL, UNSAFE), liquidate(repay));
    expect([of('aave-v2@2', 0n), of('aave-v3@3.0', 0n), of('aave-v3@3.7', 0n)]).toEqual(['58', '25', 'InvalidBurnAmount']);
    expect([of('aave-v2@2', -1n), of('aave-v3@3.7', -1n)]).toEqual(['1', 'InvalidAmount']);
  });

  test('error: RULE_VIOLATION for a debt burn that rounds to nothing', () => {
    const market = poolOf([unit('WETH'), unit('USDC', { variableBorrowIndex: 3n * RAY })]);
    const of = (rule: string) => refusalBy(rule, viewOf(market, [supplied(0, 10_000n * USD), owed(2, 3_000n * USD)]), liquidate(1n));
    expect([of('aave-v3@3.3'), of('aave-v3@3.7')]).toEqual(['25', 'InvalidBurnAmount']);
  });

  test('error: RULE_VIOLATION for a step that names no pair, or an unlisted asset', () => {
    const view = viewOf(poolOf([unit('WETH'), unit('USDC')]), UNSAFE);
    expect(refusalBy('aave-v3@3.6', view, { kind: 'liquidate' })).toBe('InvalidAmount');
    expect(refusalBy('aave-v3@3.6', view, { kind: 'liquidate', collateral: assetOf('WETH') })).toBe('InvalidAmount');
    expect(refusalBy('aave-v3@3.6', view, liquidate('max', 'DAI'))).toBe('AssetNotListed');
  });

  test('error: MISSING_PRICE for a used collateral without balance and price', () => {
    const market = poolOf([unit('WETH', { price: 0n }), unit('wstETH'), unit('USDC')]);
    const view = viewOf(market, [supplied(0, 0n), supplied(1, 10_000n * USD), owed(2, 9_000n * USD)]);
    expect(() => refusalBy('aave-v3@3.6', view, liquidate('max'))).toThrow(expect.toSatisfy((error) => isPlimsollError(error, 'MISSING_PRICE')));
  });
});

describe('applyLiquidation: the sequencer sentinel', () => {
  const pool = poolOf([unit('WETH'), unit('USDC')], { liquidationAllowed: false });
  const refusal = (rule: string, debt: bigint) => refusalBy(rule, viewOf(pool, [supplied(0, 1_900_000n * USD), owed(2, debt)]), liquidate('max'));

  test('error: RULE_VIOLATION at a health factor of 0.95 and above', () => {
    expect(['aave-v3@3.0', 'aave-v3@3.6'].map((rule) => refusal(rule, 1_600_000n * USD))).toEqual(['59', 'PriceOracleSentinelCheckFailed']);
    expect(refusal('spark@1', 1_550_000n * USD)).toBe('59');
  });

  test('behavior: below it, in 3.7 and in v2 it has no say', () => {
    expect(refusal('aave-v3@3.6', 1_600_000n * USD + 1_000n)).toBe('accepted');
    expect(refusal('aave-v3@3.7', 1_550_000n * USD)).toBe('accepted');
    expect(refusal('aave-v2@2', 1_550_000n * USD)).toBe('accepted');
  });
});

describe('applyLiquidation: e-mode', () => {
  const eModes = [category({ price: 2n * USD })];
  const market = poolOf([unit('WETH'), unit('wstETH'), unit('USDC')], { eModes });
  const of = (rule: string, symbol: Symbol, debt: bigint, pool = market) =>
    applyBy(rule, viewOf(pool, [supplied(1, 1_000_000n * USD), owed(symbol === 'WETH' ? 0 : 2, debt)], { eMode: 1 }), liquidate('max', 'wstETH', symbol));

  test('behavior: a member is seized with the bonus of its category', () => {
    const plain = poolOf([unit('WETH'), unit('wstETH'), unit('USDC')], { eModes: [category()] });
    expect(of('aave-v3@3.6', 'WETH', 960_000n * USD, plain).liquidation?.seized[0]?.amount).toBe(484_800n * USD);
    const outside = poolOf([unit('WETH'), unit('wstETH', { liquidationThresholdBps: 9500 }), unit('USDC')], { eModes: [category({ collateral: [0] })] });
    expect(of('aave-v3@3.6', 'WETH', 960_000n * USD, outside).liquidation?.seized[0]?.amount).toBe(504_000n * USD);
  });

  test('behavior: in 3.0 and Spark the oracle of the category prices the collateral and every debt', () => {
    expect(of('spark@1', 'WETH', 960_000n * USD).liquidation?.seized[0]?.amount).toBe(484_800n * USD);
    // USDC is no member: the account counts it at 1, the liquidation at 2.
    const after = of('aave-v3@3.0', 'USDC', 1_950_000n * USD);
    expect(after.paid[0]?.amount).toBe(975_000n * USD);
    expect(after.liquidation?.seized[0]?.amount).toBe(984_750n * USD);
  });

  test('behavior: from 3.3 on every debt has its own price', () => {
    expect(of('aave-v3@3.3', 'USDC', 1_990_000n * USD).liquidation?.seized[0]?.amount).toBe(502_475n * USD);
  });

  test('behavior: a category price of 0 means that there is none', () => {
    const zero = poolOf([unit('WETH'), unit('wstETH'), unit('USDC')], { eModes: [category({ price: 0n })] });
    expect(of('spark@1', 'WETH', 960_000n * USD, zero).liquidation?.seized[0]?.amount).toBe(484_800n * USD);
  });
});

describe('applyLiquidation: isolation mode', () => {
  const drawn = (rule: string, isolationDebt: bigint, second = false) => {
    const pool = poolOf([unit('WETH', { debtCeiling: 1_000_000n, isolationDebt }), unit('wstETH'), unit('USDC')]);
    const holdings = [supplied(0, 10_000n * USD), ...(second ? [supplied(1, 1n)] : []), owed(2, 9_000n * USD)];
    return reserveAfter(applyBy(rule, viewOf(pool, holdings), liquidate(8_000n * USD)), 0)?.isolationDebt;
  };

  test('default: what is repaid comes off the debt drawn on the ceiling', () => {
    expect(['aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.6'].map((rule) => drawn(rule, 900_000n))).toEqual([100_000n, 100_000n, 100_000n]);
    expect(drawn('aave-v3@3.6', 500_000n)).toBe(0n);
  });

  test('behavior: before 3.3 the account must be isolated, then the ceiling of the seized collateral decides', () => {
    expect(drawn('aave-v3@3.0', 900_000n, true)).toBe(900_000n);
    expect(drawn('aave-v3@3.3', 900_000n, true)).toBe(100_000n);
  });

  test('behavior: 3.7 and v2 have no ceilings', () => {
    expect(['aave-v3@3.7', 'spark@1'].map((rule) => drawn(rule, 900_000n))).toEqual([900_000n, 100_000n]);
    expect(reserveAfter(applyBy('aave-v3@3.6', viewOf(POOL, UNSAFE), liquidate('max')), 0)?.isolationDebt).toBe(0n);
  });
});

describe('applyLiquidation: stable debt', () => {
  test('behavior: variable debt is burned first, then stable debt', () => {
    const both = { ...owed(2, 3_000n * USD), stableDebt: { principal: 6_000n * USD, rate: 0n, lastUpdate: 0n } };
    const after = applyBy('aave-v3@3.0', viewOf(poolOf([unit('WETH'), unit('USDC')]), [supplied(0, 10_000n * USD), both]), liquidate(4_000n * USD));
    expect(holdingAfter(after, 2)).toEqual({ ...owed(2, 0n), stableDebt: { principal: 5_000n * USD, rate: 0n, lastUpdate: T0 } });
  });
});
