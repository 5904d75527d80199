import { describe, expect, test } from 'vitest';
import type { PlanningArc, Step } from '../../../src/core/rule.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import { type AaveTestView, category, refusalBy, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, type Symbol, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const USD = 10n ** 8n;
const WAD = 10n ** 18n;

function plan(rule: string, view: AaveTestView) {
  const aave = createAaveRule(getAaveProfile(rule));
  const planned = aave.planning?.(view);
  if (planned === undefined) throw new Error('an Aave rule plans');
  return planned;
}
const shown = (arcs: readonly PlanningArc[]) => arcs.map((arc) => `${arc.kind} ${arc.symbol}`);
const find = (arcs: readonly PlanningArc[], kind: PlanningArc['kind'], symbol: Symbol) => arcs.find((arc) => arc.kind === kind && arc.symbol === symbol);

/** WETH at 2,000, thresholds as in the fact sheet. */
const poolWith = (weth: Parameters<typeof reserveOf>[1] = {}, usdc: Parameters<typeof reserveOf>[1] = {}, changes: Parameters<typeof poolOf>[1] = {}) =>
  poolOf([reserveOf('WETH', { price: 2_000n * USD, ...weth }), reserveOf('USDC', { price: USD, ...usdc })], changes);
const HOLDINGS = [supplied(0, 3n * WAD), owed(2, 1_000_000_000n)];

describe('planAave', () => {
  test('default: every move of either reserve, with what it does to health and to the borrow limit', () => {
    const { arcs, borrowLimit, minimumDebts, asynchronous } = plan('aave-v3@3.6', viewOf(poolWith(), HOLDINGS));
    expect(shown(arcs)).toEqual(['supply WETH', 'withdraw WETH', 'borrow WETH', 'supply USDC', 'repay USDC', 'borrow USDC']);
    const figures = (arc: PlanningArc | undefined) => [arc?.max, arc?.all, ...[arc?.collateralUsd, arc?.debtUsd, arc?.limitCollateralUsd, arc?.limitDebtUsd].map(String)];
    expect(figures(find(arcs, 'supply', 'WETH'))).toEqual([null, null, '1660', '0', '1610', '0']);
    expect(figures(find(arcs, 'withdraw', 'WETH'))).toEqual([3n * WAD, 3n * WAD, '-1660', '0', '-1610', '0']);
    expect(figures(find(arcs, 'repay', 'USDC'))).toEqual([1_000_000_000n, 1_000_000_000n, '0', '-1', '0', '-1']);
    expect(figures(find(arcs, 'borrow', 'USDC'))).toEqual([null, null, '0', '1', '0', '1']);
    expect([borrowLimit?.collateralUsd.toString(), borrowLimit?.debtUsd.toString(), borrowLimit?.kinds]).toEqual(['4830', '1000', ['borrow']]);
    expect([minimumDebts, asynchronous]).toEqual([[], false]);
  });

  test('behavior: caps and liquidity bound the amounts, to one unit that the rule still accepts', () => {
    const totals = { scaledSupply: 5n * 10n ** 6n, scaledVariableDebt: 4n * 10n ** 6n, accruedToTreasury: 7n };
    for (const rule of ['aave-v3@3.3', 'aave-v3@3.5', 'aave-v3@3.7']) {
      const view = viewOf(poolWith({}, { ...totals, supplyCap: 20n, borrowCap: 6n, liquidityIndex: (RAY * 3n) / 2n, variableBorrowIndex: (RAY * 4n) / 3n }), HOLDINGS);
      const { arcs } = plan(rule, view);
      for (const kind of ['supply', 'borrow'] as const) {
        const max = find(arcs, kind, 'USDC')?.max ?? 0n;
        const refusal = (amount: bigint) => refusalBy(rule, view, { kind, asset: assetOf('USDC'), amount });
        expect(max).toBeGreaterThan(100_000n);
        expect([refusal(max), refusal(max + 4n)]).toEqual(['accepted', rule === 'aave-v3@3.3' ? (kind === 'supply' ? '51' : '50') : kind === 'supply' ? 'SupplyCapExceeded' : 'BorrowCapExceeded']);
      }
    }
  });

  test('behavior: a cap that is used up leaves 0, one whose total was not read no bound', () => {
    const full = plan('aave-v3@3.6', viewOf(poolWith({}, { supplyCap: 1n, borrowCap: 1n, scaledSupply: 10n ** 9n, scaledVariableDebt: 10n ** 9n }), HOLDINGS)).arcs;
    expect([find(full, 'supply', 'USDC')?.max, find(full, 'borrow', 'USDC')?.max]).toEqual([0n, 0n]);
    const unread = plan('aave-v3@3.6', viewOf(poolWith({}, { supplyCap: 1n, borrowCap: 1n }), HOLDINGS)).arcs;
    expect([find(unread, 'supply', 'USDC')?.max, find(unread, 'borrow', 'USDC')?.max]).toEqual([null, null]);
    const uncapped = plan('aave-v2@2', viewOf(poolWith({}, { supplyCap: 1n, borrowCap: 1n, scaledSupply: 10n ** 9n, scaledVariableDebt: 10n ** 9n }), HOLDINGS)).arcs;
    expect([find(uncapped, 'supply', 'USDC')?.max, find(uncapped, 'borrow', 'USDC')?.max]).toEqual([null, null]);
  });

  test('behavior: what can leave the pool is no more than its liquidity', () => {
    const { arcs } = plan('aave-v3@3.6', viewOf(poolWith({ availableLiquidity: WAD }, { availableLiquidity: 5n, borrowCap: 10n ** 6n, scaledVariableDebt: 1n }), HOLDINGS));
    expect([find(arcs, 'withdraw', 'WETH')?.max, find(arcs, 'borrow', 'WETH')?.max, find(arcs, 'borrow', 'USDC')?.max]).toEqual([WAD, WAD, 5n]);
    expect(find(arcs, 'withdraw', 'WETH')?.all).toBe(3n * WAD);
  });

  test('behavior: a frozen reserve only lets out, one without price, paused or inactive does nothing', () => {
    expect(shown(plan('aave-v3@3.6', viewOf(poolWith({ frozen: true }, { frozen: true }), HOLDINGS)).arcs)).toEqual(['withdraw WETH', 'repay USDC']);
    for (const changes of [{ price: 0n }, { paused: true }, { active: false }]) {
      expect(shown(plan('aave-v3@3.6', viewOf(poolWith({}, changes), [supplied(0, WAD)])).arcs)).toEqual(['supply WETH', 'withdraw WETH', 'borrow WETH']);
    }
  });

  test('behavior: a supply that would not count is no help, one that does not count leaves freely', () => {
    const unused = [{ ...supplied(0, WAD), usedAsCollateral: false }, owed(2, 5n)];
    const { arcs } = plan('aave-v3@3.6', viewOf(poolWith({}, { ltvBps: 0 }), unused));
    expect(shown(arcs)).toEqual(['withdraw WETH', 'borrow WETH', 'repay USDC', 'borrow USDC']);
    expect(find(arcs, 'withdraw', 'WETH')?.collateralUsd.toString()).toBe('0');
  });

  test('behavior: e-mode gives a member its threshold and LTV, and says what can be borrowed', () => {
    const { arcs } = plan('aave-v3@3.6', viewOf(poolWith({}, {}, { eModes: [category()] }), HOLDINGS, { eMode: 1 }));
    expect([find(arcs, 'supply', 'WETH')?.collateralUsd.toString(), find(arcs, 'supply', 'WETH')?.limitCollateralUsd.toString()]).toEqual(['1900', '1860']);
    expect(shown(arcs)).toContain('borrow WETH');
    expect(shown(arcs)).not.toContain('borrow USDC');
  });

  test('behavior: the sentinel takes borrowing away, where the version asks it', () => {
    const borrows = (rule: string) => shown(plan(rule, viewOf(poolWith({}, {}, { borrowAllowed: false }), HOLDINGS)).arcs).filter((arc) => arc.startsWith('borrow'));
    expect(borrows('aave-v3@3.6')).toEqual([]);
    expect(borrows('aave-v3@3.7')).toEqual(['borrow WETH', 'borrow USDC']);
  });

  test('behavior: v2 is planned in dollars, through the price of ETH', () => {
    const pool = poolOf([reserveOf('WETH', { price: WAD }), reserveOf('USDC', { price: WAD / 2_000n })], { baseUnit: WAD, baseUsdE8: 2_000n * USD, baseAsset: assetOf('WETH') });
    const { arcs, borrowLimit } = plan('aave-v2@2', viewOf(pool, HOLDINGS));
    expect(find(arcs, 'supply', 'WETH')?.collateralUsd.toString()).toBe('1660');
    expect([borrowLimit?.collateralUsd.toString(), borrowLimit?.debtUsd.toString()]).toEqual(['4830', '1000']);
  });

  test('behavior: every move that is planned within its bound is accepted, or meets the limit of the whole account', () => {
    const view = viewOf(poolWith({ availableLiquidity: 2n * WAD }, { availableLiquidity: 10n ** 12n }), HOLDINGS);
    for (const rule of ['aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.7']) {
      for (const arc of plan(rule, view).arcs) {
        const step = { kind: arc.kind, asset: arc.asset, amount: (arc.max ?? 10n ** 6n) / 1_000n } as Step;
        expect(refusalBy(rule, view, step)).toBe('accepted');
      }
    }
  });
});
