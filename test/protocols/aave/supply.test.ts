import { describe, expect, test } from 'vitest';
import { applyBy, category, holdingAfter, refusalBy, reserveAfter, T0, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const HALF_MORE = (RAY * 3n) / 2n;
const supply = (amount: bigint, symbol: 'WETH' | 'USDC' = 'USDC') => ({ kind: 'supply', asset: assetOf(symbol), amount }) as const;

describe('applySupply', () => {
  test.each([
    { rule: 'aave-v2@2', scaled: 67n },
    { rule: 'aave-v3@3.0', scaled: 67n },
    { rule: 'aave-v3@3.4', scaled: 67n },
    { rule: 'spark@2', scaled: 66n },
    { rule: 'aave-v3@3.5', scaled: 66n },
    { rule: 'aave-v3@3.7', scaled: 66n },
  ])('$rule: 100 units at an index of 1.5 are $scaled scaled ones', ({ rule, scaled }) => {
    const pool = poolOf([reserveOf('USDC', { liquidityIndex: HALF_MORE, scaledSupply: 1_000n, accruedToTreasury: 5n, availableLiquidity: 50n })]);
    const after = applyBy(rule, viewOf(pool, []), supply(100n));
    expect(holdingAfter(after, 2)).toEqual({ ...supplied(2, scaled) });
    expect(after.paid).toEqual([{ asset: assetOf('USDC'), amount: 100n }]);
    expect(after.received).toEqual([]);
    expect(reserveAfter(after, 2)).toMatchObject({ scaledSupply: 1_000n + scaled, availableLiquidity: 150n });
    expect(pool.reserves[0]).toMatchObject({ scaledSupply: 1_000n, availableLiquidity: 50n });
  });

  test('behavior: the reserve is brought to the time of the step, totals that were not read stay unknown', () => {
    const pool = poolOf([reserveOf('USDC', { liquidityRate: RAY / 10n })]);
    const after = applyBy('aave-v3@3.6', viewOf(pool, [supplied(2, 7n)], { at: T0 + 31_536_000n }), supply(110n));
    expect(reserveAfter(after, 2)).toMatchObject({ liquidityIndex: (RAY * 11n) / 10n, lastUpdate: T0 + 31_536_000n, scaledSupply: null, availableLiquidity: null });
    expect(holdingAfter(after, 2)?.scaledSupply).toBe(107n);
  });

  test('behavior: a step before the last update does not move the stored time back', () => {
    const after = applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('USDC')]), [], { at: T0 - 9n }), supply(1n));
    expect(reserveAfter(after, 2)?.lastUpdate).toBe(T0);
  });

  test('behavior: the debt of the same reserve and a price of 0 do not matter to a supply', () => {
    const after = applyBy('aave-v3@3.6', viewOf(poolOf([reserveOf('USDC', { price: 0n })]), [owed(2, 9n)]), supply(4n));
    expect(holdingAfter(after, 2)).toEqual({ ...owed(2, 9n), scaledSupply: 4n, usedAsCollateral: true });
  });
});

describe('applySupply: the automatic collateral flag', () => {
  const isFlagged = (rule: string, reserve: Parameters<typeof reserveOf>[1], options: { eModes?: ReturnType<typeof category>[]; eMode?: number; holdings?: ReturnType<typeof supplied>[] } = {}) => {
    const pool = poolOf([reserveOf('WETH', reserve), reserveOf('wstETH', { debtCeiling: 100n }), reserveOf('USDC')], { eModes: options.eModes ?? [] });
    const after = applyBy(rule, viewOf(pool, options.holdings ?? [], { eMode: options.eMode ?? 0 }), supply(10n ** 18n, 'WETH'));
    return holdingAfter(after, 0)?.usedAsCollateral;
  };

  test('default: the first supply of a reserve that has an LTV counts as collateral', () => {
    for (const rule of ['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.5', 'aave-v3@3.6', 'aave-v3@3.7']) expect(isFlagged(rule, {})).toBe(true);
  });

  test('behavior: an LTV of 0 leaves it out, except in v2, which does not ask', () => {
    expect(isFlagged('aave-v3@3.0', { ltvBps: 0 })).toBe(false);
    expect(isFlagged('aave-v3@3.6', { ltvBps: 0 })).toBe(false);
    expect(isFlagged('aave-v2@2', { ltvBps: 0 })).toBe(true);
  });

  test('behavior: a later supply does not touch the choice of the user', () => {
    expect(isFlagged('aave-v3@3.6', {}, { holdings: [{ ...supplied(0, 5n), usedAsCollateral: false }] })).toBe(false);
    expect(isFlagged('aave-v3@3.0', { ltvBps: 0 }, { holdings: [supplied(0, 5n)] })).toBe(true);
  });

  test('behavior: a debt ceiling needs a role to be enabled, until 3.7 takes ceilings away', () => {
    expect(isFlagged('aave-v3@3.0', { debtCeiling: 1n })).toBe(false);
    expect(isFlagged('aave-v3@3.5', { debtCeiling: 1n })).toBe(false);
    expect(isFlagged('aave-v3@3.7', { debtCeiling: 1n })).toBe(true);
  });

  test('behavior: an account in isolation mode takes no second collateral, until 3.7', () => {
    const holdings = [supplied(1, 10n ** 18n)];
    expect(isFlagged('aave-v3@3.3', {}, { holdings })).toBe(false);
    expect(isFlagged('aave-v3@3.7', {}, { holdings })).toBe(true);
    expect(isFlagged('aave-v3@3.3', {}, { holdings: [supplied(1, 10n ** 18n), supplied(2, 1n)] })).toBe(true);
  });

  test('behavior: from 3.6 the e-mode LTV of a member decides, before the base LTV alone', () => {
    const eModes = [category()];
    expect(isFlagged('aave-v3@3.6', { ltvBps: 0 }, { eModes, eMode: 1 })).toBe(true);
    expect(isFlagged('aave-v3@3.5', { ltvBps: 0 }, { eModes, eMode: 1 })).toBe(false);
    expect(isFlagged('aave-v3@3.6', {}, { eModes: [category({ ltvZero: [0] })], eMode: 1 })).toBe(false);
  });

  test('behavior: an isolated category of 3.7 gives a reserve outside it no LTV', () => {
    const eModes = [category({ collateral: [1], isolated: true })];
    expect(isFlagged('aave-v3@3.7', {}, { eModes, eMode: 1 })).toBe(false);
    expect(isFlagged('aave-v3@3.7', {}, { eModes: [category({ collateral: [1] })], eMode: 1 })).toBe(true);
  });
});

describe('applySupply: refusals', () => {
  const refusal = (rule: string, changes: Parameters<typeof reserveOf>[1], amount: bigint) => refusalBy(rule, viewOf(poolOf([reserveOf('USDC', changes)]), []), supply(amount));

  test.each([
    { what: 'inactive', changes: { active: false }, v2: '2', v3: '27', name: 'ReserveInactive' },
    { what: 'paused', changes: { paused: true }, v2: '64', v3: '29', name: 'ReservePaused' },
    { what: 'frozen', changes: { frozen: true }, v2: '3', v3: '28', name: 'ReserveFrozen' },
  ])('error: RULE_VIOLATION for a reserve that is $what', ({ changes, v2, v3, name }) => {
    expect(['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.3', 'aave-v3@3.4', 'aave-v3@3.7', 'spark@1'].map((rule) => refusal(rule, changes, 1n))).toEqual([v2, v3, v3, name, name, v3]);
  });

  test('error: RULE_VIOLATION for an amount of 0 or below', () => {
    for (const amount of [0n, -1n]) {
      expect(refusal('aave-v2@2', {}, amount)).toBe('1');
      expect(refusal('aave-v3@3.0', {}, amount)).toBe('26');
      expect(refusal('aave-v3@3.6', {}, amount)).toBe('InvalidAmount');
    }
  });

  test('error: RULE_VIOLATION for an amount below one scaled unit', () => {
    const changes = { liquidityIndex: RAY * 3n };
    expect(refusal('aave-v2@2', changes, 1n)).toBe('56');
    expect(refusal('aave-v3@3.0', changes, 1n)).toBe('24');
    expect(refusal('aave-v3@3.4', changes, 1n)).toBe('InvalidMintAmount');
    expect(refusal('aave-v3@3.5', changes, 1n)).toBe('InvalidAmount');
    // Two of three units round up to one before 3.5, and down to none from then on.
    expect(refusal('aave-v3@3.4', changes, 2n)).toBe('accepted');
    expect(refusal('aave-v3@3.5', changes, 2n)).toBe('InvalidAmount');
  });

  test('error: RULE_VIOLATION one unit above the supply cap, which includes what the treasury is owed', () => {
    const cap = { supplyCap: 1n, scaledSupply: 999_000n };
    expect(refusal('aave-v3@3.0', cap, 1_000n)).toBe('accepted');
    expect(refusal('aave-v3@3.0', cap, 1_001n)).toBe('51');
    expect(refusal('aave-v3@3.6', { ...cap, accruedToTreasury: 1n }, 999n)).toBe('accepted');
    expect(refusal('aave-v3@3.6', { ...cap, accruedToTreasury: 1n }, 1_000n)).toBe('SupplyCapExceeded');
    expect(refusal('aave-v2@2', cap, 5_000n)).toBe('accepted');
    expect(refusal('aave-v3@3.6', { supplyCap: 1n }, 5_000_000n)).toBe('accepted');
    expect(refusal('aave-v3@3.6', { scaledSupply: 1n }, 5_000_000n)).toBe('accepted');
  });

  test('behavior: from 3.5 the cap is compared after the mint, rounded once', () => {
    const changes = { supplyCap: 1n, scaledSupply: 1n, liquidityIndex: HALF_MORE };
    expect(refusal('aave-v3@3.4', changes, 999_999n)).toBe('SupplyCapExceeded');
    expect(refusal('aave-v3@3.5', changes, 999_999n)).toBe('accepted');
  });

  test('error: RULE_VIOLATION for an asset that is not a reserve', () => {
    const view = viewOf(poolOf([reserveOf('USDC')]), []);
    expect(refusalBy('aave-v3@3.0', view, supply(1n, 'WETH'))).toBe('82');
    expect(refusalBy('aave-v3@3.7', view, supply(1n, 'WETH'))).toBe('AssetNotListed');
  });
});
