import { describe, expect, test } from 'vitest';
import { applyBy, category, holdingAfter, refusalBy, reserveAfter, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, type Symbol, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const HALF_MORE = (RAY * 3n) / 2n;
const ONE = 10n ** 18n;
const borrow = (amount: bigint, symbol: Symbol = 'USDC') => ({ kind: 'borrow', asset: assetOf(symbol), amount }) as const;

/** A reserve whose unit is worth 100 base units. */
const plain = (symbol: Symbol, changes: Parameters<typeof reserveOf>[1] = {}) => reserveOf(symbol, { decimals: 6, price: 10n ** 8n, ...changes });

describe('applyBorrow', () => {
  test.each([
    { rule: 'aave-v2@2', scaled: 67n },
    { rule: 'aave-v3@3.4', scaled: 67n },
    { rule: 'aave-v3@3.5', scaled: 67n },
  ])('$rule: 100 units at an index of 1.5 are $scaled scaled ones', ({ rule, scaled }) => {
    const pool = poolOf([reserveOf('WETH'), reserveOf('USDC', { variableBorrowIndex: HALF_MORE, scaledVariableDebt: 500n, availableLiquidity: 100n })]);
    const after = applyBy(rule, viewOf(pool, [supplied(0, ONE)]), borrow(100n));
    expect(holdingAfter(after, 2)).toEqual(owed(2, scaled));
    expect(after.received).toEqual([{ asset: assetOf('USDC'), amount: 100n }]);
    expect(reserveAfter(after, 2)).toMatchObject({ scaledVariableDebt: 500n + scaled, availableLiquidity: 0n });
  });

  test('behavior: 40 units at an index of 3 are 13 scaled ones before 3.5, and 14 from then on', () => {
    const view = viewOf(poolOf([reserveOf('WETH'), reserveOf('USDC', { variableBorrowIndex: RAY * 3n })]), [supplied(0, ONE), owed(2, 100n)]);
    expect(holdingAfter(applyBy('aave-v3@3.4', view, borrow(40n)), 2)?.scaledVariableDebt).toBe(113n);
    expect(holdingAfter(applyBy('aave-v3@3.5', view, borrow(40n)), 2)?.scaledVariableDebt).toBe(114n);
  });
});

describe('applyBorrow: the first loan of a reserve', () => {
  const idle = { variableBorrowIndex: HALF_MORE, variableBorrowRate: RAY / 10n, scaledVariableDebt: 0n, lastUpdate: 0n };
  const scaledAfter = (changes: Parameters<typeof reserveOf>[1], holdings: Parameters<typeof viewOf>[1] = []) =>
    holdingAfter(applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('WETH'), reserveOf('USDC', changes)]), [supplied(0, ONE), ...holdings]), borrow(300n)), 2)?.scaledVariableDebt;

  test('default: it starts from the stored index: while nobody owes, no interest grows, whatever rate is stored', () => {
    expect(scaledAfter(idle)).toBe(200n);
    const after = applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('WETH'), reserveOf('USDC', idle)]), [supplied(0, ONE)]), borrow(300n));
    expect(reserveAfter(after, 2)).toMatchObject({ variableBorrowIndex: HALF_MORE, scaledVariableDebt: 200n });
  });

  test('behavior: where somebody owes, or the total is not known, the index has grown', () => {
    expect(scaledAfter({ ...idle, scaledVariableDebt: 1n })).toBeLessThan(200n);
    expect(scaledAfter({ ...idle, scaledVariableDebt: null })).toBeLessThan(200n);
  });

  test('behavior: a total of 0 beside a debt of the user is not believed', () => {
    expect(scaledAfter(idle, [owed(2, 100n)])).toBeLessThan(300n);
  });
});

describe('applyBorrow: the reserve', () => {
  const refusal = (rule: string, changes: Parameters<typeof reserveOf>[1], amount = 10n) =>
    refusalBy(rule, viewOf(poolOf([reserveOf('WETH'), reserveOf('USDC', changes)]), [supplied(0, ONE)]), borrow(amount));

  test.each([
    { what: 'inactive', changes: { active: false }, v2: '2', v3: '27', name: 'ReserveInactive' },
    { what: 'paused', changes: { paused: true }, v2: '64', v3: '29', name: 'ReservePaused' },
    { what: 'frozen', changes: { frozen: true }, v2: '3', v3: '28', name: 'ReserveFrozen' },
    { what: 'not borrowable', changes: { borrowingEnabled: false }, v2: '7', v3: '30', name: 'BorrowingNotEnabled' },
  ])('error: RULE_VIOLATION for a reserve that is $what', ({ changes, v2, v3, name }) => {
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.7'].map((rule) => refusal(rule, changes))).toEqual([v2, v3, v3, name, name]);
  });

  test('error: RULE_VIOLATION for an amount of 0 or below, or below one scaled unit', () => {
    expect(refusal('aave-v2@2', {}, 0n)).toBe('1');
    expect(refusal('aave-v3@3.0', {}, -1n)).toBe('26');
    expect(refusal('aave-v3@3.5', {}, 0n)).toBe('InvalidAmount');
    expect(refusal('aave-v3@3.0', { variableBorrowIndex: RAY * 3n }, 1n)).toBe('24');
    expect(refusal('aave-v3@3.5', { variableBorrowIndex: RAY * 3n }, 1n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION one unit above the borrow cap', () => {
    const cap = { borrowCap: 1n, scaledVariableDebt: 999_000n };
    expect(refusal('aave-v3@3.0', cap, 1_000n)).toBe('accepted');
    expect(refusal('aave-v3@3.0', cap, 1_001n)).toBe('50');
    expect(refusal('aave-v3@3.6', cap, 1_000n)).toBe('accepted');
    expect(refusal('aave-v3@3.6', cap, 1_001n)).toBe('BorrowCapExceeded');
    expect(refusal('aave-v2@2', cap, 1_001n)).toBe('accepted');
    expect(refusal('aave-v3@3.6', { borrowCap: 1n }, 1_000_001n)).toBe('accepted');
  });

  test('behavior: from 3.5 the cap is compared after the mint, rounded up', () => {
    const changes = { borrowCap: 1n, scaledVariableDebt: 1n, variableBorrowIndex: HALF_MORE };
    // 999,998 units are 666,666 scaled ones; with the one there, 1,000,000.5 units, rounded up. Before: 2 and 999,998.
    expect(refusal('aave-v3@3.4', changes, 999_998n)).toBe('accepted');
    expect(refusal('aave-v3@3.5', changes, 999_998n)).toBe('BorrowCapExceeded');
  });

  test('error: RULE_VIOLATION where the liquidity does not suffice', () => {
    expect(refusal('aave-v3@3.6', { availableLiquidity: 9n })).toBe('NotEnoughLiquidity');
    expect(refusal('aave-v3@3.6', { availableLiquidity: 10n })).toBe('accepted');
  });

  test('error: RULE_VIOLATION while the sequencer sentinel forbids it, until 3.7 asks none', () => {
    const view = viewOf(poolOf([reserveOf('WETH'), reserveOf('USDC')], { borrowAllowed: false }), [supplied(0, ONE)]);
    expect(['aave-v3@3.0', 'aave-v3@3.6', 'aave-v3@3.7', 'aave-v2@2'].map((rule) => refusalBy(rule, view, borrow(1n)))).toEqual(['59', 'PriceOracleSentinelCheckFailed', 'accepted', 'accepted']);
  });
});

describe('applyBorrow: borrowing power', () => {
  const pool = poolOf([plain('WETH', { ltvBps: 7500, liquidationThresholdBps: 8000 }), plain('USDC'), plain('DAI')]);
  const secured = [supplied(0, 1_000_000n), owed(2, 500_000n)];
  const refusal = (rule: string, amount: bigint, holdings: Parameters<typeof viewOf>[1] = secured, market = pool) => refusalBy(rule, viewOf(market, holdings), borrow(amount, 'DAI'));

  test('behavior: up to the last unit that the LTV carries', () => {
    for (const rule of ['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.7']) expect(refusal(rule, 250_000n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION one unit above', () => {
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.7'].map((rule) => refusal(rule, 250_001n))).toEqual([
      '11',
      '36',
      'CollateralCannotCoverNewBorrow',
      'CollateralCannotCoverNewBorrow',
      'CollateralCannotCoverNewBorrow',
    ]);
  });

  test('behavior: the collateral that a debt needs is rounded half up until 3.4, then up', () => {
    // 750,001 of debt need 1,000,001 and a third.
    const units = poolOf([plain('WETH', { ltvBps: 7500, liquidationThresholdBps: 8000, decimals: 8 }), plain('USDC', { decimals: 8 })]);
    const of = (rule: string) => refusalBy(rule, viewOf(units, [supplied(0, 1_000_001n), owed(2, 750_000n)]), borrow(1n));
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.7'].map(of)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'CollateralCannotCoverNewBorrow',
      'CollateralCannotCoverNewBorrow',
    ]);
  });

  test('error: RULE_VIOLATION without any collateral', () => {
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.5'].map((rule) => refusal(rule, 1n, []))).toEqual(['9', '34', 'CollateralBalanceIsZero', 'LtvValidationFailed']);
  });

  test('error: RULE_VIOLATION where the collateral has no LTV', () => {
    const weak = poolOf([plain('WETH', { ltvBps: 0 }), plain('USDC'), plain('DAI')]);
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.6'].map((rule) => refusal(rule, 1n, [supplied(0, 1_000_000n)], weak))).toEqual([
      '50',
      '57',
      'LtvValidationFailed',
      'LtvValidationFailed',
    ]);
  });

  test('error: RULE_VIOLATION at a health factor of exactly 1 before it, where that is what is checked', () => {
    const holdings = [supplied(0, 1_000_000n), owed(2, 800_000n)];
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.4'].map((rule) => refusal(rule, 1n, holdings))).toEqual(['10', '35', 'HealthFactorLowerThanLiquidationThreshold']);
    // From 3.5 the health factor may be 1 after the borrow, but the LTV then forbids it.
    const even = poolOf([plain('WETH', { ltvBps: 8000, liquidationThresholdBps: 8000 }), plain('USDC'), plain('DAI')]);
    expect(refusal('aave-v3@3.5', 1n, [supplied(0, 1_000_000n), owed(2, 799_999n)], even)).toBe('accepted');
    expect(refusal('aave-v3@3.5', 1n, holdings)).toBe('HealthFactorLowerThanLiquidationThreshold');
  });

  test('behavior: in v2 a low health factor comes before a missing LTV', () => {
    const weak = poolOf([plain('WETH', { ltvBps: 0, liquidationThresholdBps: 8000 }), plain('USDC'), plain('DAI')]);
    const holdings = [supplied(0, 1_000_000n), owed(2, 900_000n)];
    expect(refusal('aave-v2@2', 1n, holdings, weak)).toBe('10');
    expect(refusal('aave-v3@3.0', 1n, holdings, weak)).toBe('57');
  });

  test('behavior: before 3.6 the LTV of a category counts only for members that have a base LTV', () => {
    const eModes = [category({ ltvBps: 9000, liquidationThresholdBps: 9500, borrowable: [3] })];
    const market = poolOf([plain('WETH', { ltvBps: 0 }), plain('wstETH', { ltvBps: 7500 }), plain('DAI')], { eModes });
    const of = (rule: string, reserve: number) => refusalBy(rule, viewOf(market, [supplied(reserve, 1_000_000n)], { eMode: 1 }), borrow(900_000n, 'DAI'));
    expect(of('aave-v3@3.5', 1)).toBe('accepted');
    expect(of('aave-v3@3.5', 0)).toBe('LtvValidationFailed');
    expect(of('aave-v3@3.6', 0)).toBe('accepted');
  });
});

describe('applyBorrow: e-mode', () => {
  const holdings = [supplied(1, ONE)];
  const refusal = (rule: string, borrowable: number[], borrowingEnabled = true) =>
    refusalBy(rule, viewOf(poolOf([reserveOf('WETH', { borrowingEnabled }), reserveOf('wstETH')], { eModes: [category({ borrowable })] }), holdings, { eMode: 1 }), borrow(10n, 'WETH'));

  test('error: RULE_VIOLATION for a reserve outside what the category lends', () => {
    const rules = ['aave-v3@3.0', 'spark@1', 'spark@2', 'aave-v3@3.2', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.7'];
    expect(rules.map((rule) => refusal(rule, [1]))).toEqual(['58', '58', '58', '100', '100', 'NotBorrowableInEMode', 'NotBorrowableInEMode']);
    for (const rule of rules) expect(refusal(rule, [0])).toBe('accepted');
  });

  test('behavior: until 3.5 the reserve must lend as well, from 3.6 the category alone decides', () => {
    expect(refusal('aave-v3@3.0', [0], false)).toBe('30');
    expect(refusal('aave-v3@3.5', [0], false)).toBe('BorrowingNotEnabled');
    expect(refusal('aave-v3@3.6', [0], false)).toBe('accepted');
  });

  test('behavior: the price of the category values the loan of a member', () => {
    const market = poolOf([plain('WETH'), plain('wstETH', { ltvBps: 7500 })], { eModes: [category({ price: 2n * 10n ** 8n, ltvBps: 7500 })] });
    const of = (amount: bigint) => refusalBy('spark@1', viewOf(market, [supplied(1, 1_000_000n)], { eMode: 1 }), borrow(amount, 'WETH'));
    expect(of(750_000n)).toBe('accepted');
    expect(of(750_001n)).toBe('36');
  });
});

describe('applyBorrow: siloed reserves', () => {
  const pool = poolOf([reserveOf('WETH'), reserveOf('USDC', { siloedBorrowing: true }), reserveOf('DAI')]);
  const refusal = (rule: string, debts: Parameters<typeof viewOf>[1], symbol: Symbol) => refusalBy(rule, viewOf(pool, [supplied(0, 10n * ONE), ...debts]), borrow(10n, symbol));

  test('error: RULE_VIOLATION beside a siloed debt, and for a siloed reserve beside another debt', () => {
    expect(['aave-v3@3.0', 'aave-v3@3.4', 'aave-v3@3.6'].map((rule) => refusal(rule, [owed(2, 10n)], 'DAI'))).toEqual(['89', 'SiloedBorrowingViolation', 'SiloedBorrowingViolation']);
    expect(refusal('aave-v3@3.6', [owed(3, 10n)], 'USDC')).toBe('SiloedBorrowingViolation');
  });

  test('behavior: alone, more of the same, and everything in 3.7 and v2 is allowed', () => {
    expect(refusal('aave-v3@3.6', [], 'USDC')).toBe('accepted');
    expect(refusal('aave-v3@3.6', [owed(2, 10n)], 'USDC')).toBe('accepted');
    expect(refusal('aave-v3@3.6', [owed(3, 10n)], 'DAI')).toBe('accepted');
    // A reserve that became siloed beside another debt binds nobody until it is the only one.
    expect(refusal('aave-v3@3.6', [owed(2, 10n), owed(3, 10n)], 'DAI')).toBe('accepted');
    expect(refusal('aave-v3@3.7', [owed(2, 10n)], 'DAI')).toBe('accepted');
    expect(refusal('aave-v2@2', [owed(2, 10n)], 'DAI')).toBe('accepted');
  });
});

describe('applyBorrow: isolation mode', () => {
  /** 100 USD drawn of a ceiling of 150 USD. */
  const pool = (debt: Parameters<typeof reserveOf>[1] = {}) =>
    poolOf([reserveOf('WETH', { debtCeiling: 15_000n, isolationDebt: 10_000n }), reserveOf('wstETH'), reserveOf('USDC', { borrowableInIsolation: true, ...debt })]);
  const isolated = [supplied(0, 10n * ONE)];
  const refusal = (rule: string, amount: bigint, holdings: Parameters<typeof viewOf>[1] = isolated, market = pool()) => refusalBy(rule, viewOf(market, holdings), borrow(amount));

  test('behavior: the debt is counted in whole cents, down', () => {
    const after = applyBy('aave-v3@3.3', viewOf(pool(), isolated), borrow(1_239_999n));
    expect(reserveAfter(after, 0)?.isolationDebt).toBe(10_123n);
    expect(reserveAfter(after, 2)?.isolationDebt).toBe(0n);
  });

  test('error: RULE_VIOLATION one cent above the ceiling', () => {
    expect(refusal('aave-v3@3.0', 50_009_999n)).toBe('accepted');
    expect(refusal('aave-v3@3.0', 50_010_000n)).toBe('53');
    expect(refusal('aave-v3@3.6', 50_010_000n)).toBe('DebtCeilingExceeded');
    expect(refusal('aave-v3@3.7', 50_010_000n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION for an asset that isolation does not lend', () => {
    const market = pool({ borrowableInIsolation: false });
    expect(refusal('aave-v3@3.3', 1n, isolated, market)).toBe('60');
    expect(refusal('aave-v3@3.5', 1n, isolated, market)).toBe('AssetNotBorrowableInIsolation');
    expect(refusal('aave-v3@3.7', 1n, isolated, market)).toBe('accepted');
  });

  test('behavior: two collaterals, or one without a ceiling, are not isolated', () => {
    const market = pool({ borrowableInIsolation: false });
    expect(refusal('aave-v3@3.3', 1n, [supplied(0, ONE), supplied(1, ONE)], market)).toBe('accepted');
    expect(refusal('aave-v3@3.3', 1n, [supplied(1, ONE)], market)).toBe('accepted');
  });

  test('error: UNKNOWN_MARKET for a debt with fewer decimals than a ceiling has', () => {
    expect(() => refusal('aave-v3@3.3', 1n, isolated, pool({ decimals: 1 }))).toThrow(/with 1 decimals/);
  });
});
