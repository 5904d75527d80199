import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RuleViolation } from '../../../src/core/errors.ts';
import { min, WAD } from '../../../src/core/fixed-point.ts';
import type { Applied, Step } from '../../../src/core/rule.ts';
import { type AaveAccountData, computeAccountData } from '../../../src/protocols/aave/account-data.ts';
import { computeCompounded, computeDebtIndex, computeIncomeIndex } from '../../../src/protocols/aave/indexes.ts';
import { AAVE_PROFILES, type AaveProfile, getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import type { AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';
import { anyAccount, anyRate, anyReserve, anyValue, SYMBOLS, unitsOf } from './any-account.ts';
import { type AaveTestView, T0, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const PROFILES = AAVE_PROFILES.map((profile) => [profile.rule, profile] as const);
const anySymbol = fc.constantFrom(...SYMBOLS);

function accountOf(profile: AaveProfile, { market, position, at }: AaveTestView): AaveAccountData {
  return computeAccountData(profile, market, position, at);
}

interface After {
  readonly view: AaveTestView;
  readonly applied: Applied<AavePool, AavePosition>;
}

/** The view after a step, or null where the protocol refuses it. */
function after(profile: AaveProfile, before: AaveTestView, step: Step): After | null {
  try {
    const applied = createAaveRule(profile).apply(before, step);
    return { view: { market: applied.market, position: applied.position, at: before.at }, applied };
  } catch (error) {
    if (error instanceof RuleViolation) return null;
    throw error;
  }
}

/** What cutting the average threshold to whole bps, and rounding what it weighs, can move a health factor by: nothing from 3.5 on. */
function averagingError(profile: AaveProfile, data: AaveAccountData): bigint {
  if (profile.healthFactor === 'full' || data.totalCollateralBase === 0n) return 0n;
  return data.healthFactor / data.currentLiquidationThreshold + data.healthFactor / data.totalCollateralBase + 2n;
}

/** Some units of tokens, worth up to 1,000 base units, on the smaller side. */
function roundingError(data: AaveAccountData): bigint {
  return (1_000n * data.healthFactor) / min(data.totalDebtBase, data.totalCollateralBase) + 2n;
}

function reserveOfSymbol({ market }: AaveTestView, symbol: (typeof SYMBOLS)[number]): AavePool['reserves'][number] {
  const found = market.reserves[SYMBOLS.indexOf(symbol)];
  if (found === undefined) throw new Error('fixture');
  return found;
}

describe('indexes', () => {
  test.each(PROFILES)('%s: they never fall with time, and growth is never below 1', (_, profile) => {
    const anySpan = fc.bigInt({ min: 0n, max: 10n ** 9n });
    fc.assert(
      fc.property(anyReserve('USDC'), anySpan, anySpan, (reserve, first, more) => {
        const [early, late, ownScaledDebt] = [T0 + first, T0 + first + more, 1n];
        expect(computeDebtIndex(profile, reserve, { at: late, ownScaledDebt })).toBeGreaterThanOrEqual(computeDebtIndex(profile, reserve, { at: early, ownScaledDebt }));
        expect(computeIncomeIndex(reserve, late)).toBeGreaterThanOrEqual(computeIncomeIndex(reserve, early));
        expect(computeCompounded(profile.compounding, reserve.variableBorrowRate, first)).toBeGreaterThanOrEqual(RAY);
      }),
    );
  });

  test('behavior: over a day the three formulas of one growth differ by less than 1e-8', () => {
    fc.assert(
      fc.property(anyRate, fc.bigInt({ min: 1n, max: 86_400n }), (rate, elapsed) => {
        const growths = (['per-second-binomial', 'binomial', 'taylor'] as const).map((formula) => computeCompounded(formula, rate, elapsed)).toSorted((a, b) => (a < b ? -1 : 1));
        expect((growths[2] ?? 0n) - (growths[0] ?? 0n)).toBeLessThan(RAY / 10n ** 8n);
      }),
    );
  });
});

describe('steps and the health factor', () => {
  const anyStep = (kinds: readonly ('supply' | 'repay' | 'withdraw' | 'borrow')[]) =>
    fc.record({ kind: fc.constantFrom(...kinds), symbol: anySymbol, value: anyValue, dust: fc.bigInt({ min: 1n, max: 99n }) });
  const stepOf = (before: AaveTestView, { kind, symbol, value, dust }: { kind: Step['kind']; symbol: (typeof SYMBOLS)[number]; value: bigint; dust: bigint }): Step =>
    ({ kind, asset: assetOf(symbol), amount: unitsOf(reserveOfSymbol(before, symbol), value) / dust + dust }) as Step;

  test.each(PROFILES)('%s: supplying and repaying never lower it', (_, profile) => {
    let accepted = 0;
    fc.assert(
      fc.property(anyAccount({ from: 50n, to: 300n }), anyStep(['supply', 'repay']), (before, any) => {
        const result = after(profile, before, stepOf(before, any));
        if (result === null) return;
        accepted += 1;
        const data = accountOf(profile, before);
        expect(accountOf(profile, result.view).healthFactor + averagingError(profile, data)).toBeGreaterThanOrEqual(data.healthFactor);
      }),
    );
    expect(accepted).toBeGreaterThan(40);
  });

  test.each(PROFILES)('%s: withdrawing and borrowing never raise it', (_, profile) => {
    let accepted = 0;
    fc.assert(
      fc.property(anyAccount({ from: 90n, to: 900n }), anyStep(['withdraw', 'borrow']), (before, any) => {
        const result = after(profile, before, stepOf(before, any));
        if (result === null) return;
        accepted += 1;
        const [data, then] = [accountOf(profile, before), accountOf(profile, result.view)];
        expect(then.healthFactor).toBeLessThanOrEqual(data.healthFactor + averagingError(profile, then) + averagingError(profile, data));
        // What was accepted may not leave the account to liquidators, but for v2's own estimate of it.
        if (profile.withdrawCheck === 'after' && any.kind === 'withdraw' && before.position.holdings.find((entry) => entry.reserve === SYMBOLS.indexOf(any.symbol))?.usedAsCollateral === true) {
          expect(then.healthFactor).toBeGreaterThanOrEqual(WAD);
        }
      }),
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test.each(PROFILES)('%s: a supply changes the balance by its amount, up to one scaled unit, and from 3.5 never by more', (_, profile) => {
    fc.assert(
      fc.property(anyAccount({ from: 90n, to: 300n }), anyStep(['supply']), (before, any) => {
        const step = stepOf(before, any);
        const result = after(profile, before, step);
        if (result === null || step.kind !== 'supply') throw new Error('a supply is never refused here');
        const entry = (view: AaveTestView) => accountOf(profile, view).holdings.find((valued) => valued.reserve.symbol === any.symbol);
        const gained = (entry(result.view)?.supplied ?? 0n) - (entry(before)?.supplied ?? 0n) - step.amount;
        const unit = (entry(result.view)?.incomeIndex ?? 0n) / RAY + 1n;
        expect(gained).toBeGreaterThanOrEqual(-unit);
        expect(gained).toBeLessThanOrEqual(profile.tokenRounding === 'protocol' ? 0n : unit);
      }),
    );
  });
});

describe('steps and the health factor: the exception, while the average threshold is cut to whole bps', () => {
  const USD = 10n ** 8n;
  const plain = (symbol: (typeof SYMBOLS)[number], liquidationThresholdBps: number) => reserveOf(symbol, { decimals: 8, price: USD, liquidationThresholdBps });
  const pool = poolOf([plain('WETH', 8_300), plain('wstETH', 8_100), plain('USDC', 8_000)]);
  const secured = [supplied(0, 10_000n * USD), owed(2, 8_299n * USD + (USD * 9n) / 10n)];
  const dust = supplied(1, USD);
  const factor = (rule: string, view: AaveTestView) => accountOf(getAaveProfile(rule), view).healthFactor;

  test.each(AAVE_PROFILES.filter((profile) => profile.healthFactor === 'average-threshold').map((profile) => profile.rule))('%s: a dollar more of collateral makes an account liquidatable', (rule) => {
    const before = viewOf(pool, secured);
    const result = after(getAaveProfile(rule), before, { kind: 'supply', asset: assetOf('wstETH'), amount: USD });
    expect(factor(rule, before)).toBe(1_000_012_048_337_931_782n);
    expect(result?.view.position.holdings[1]).toEqual(dust);
    // 8,299.98 bps became 8,299.
    expect(result === null ? null : factor(rule, result.view)).toBe(999_991_554_115_109_821n);
  });

  test.each(['aave-v3@3.5', 'aave-v3@3.6', 'aave-v3@3.7'])('%s: it does not', (rule) => {
    const result = after(getAaveProfile(rule), viewOf(pool, secured), { kind: 'supply', asset: assetOf('wstETH'), amount: USD });
    expect(result === null ? 0n : factor(rule, result.view)).toBeGreaterThan(factor(rule, viewOf(pool, secured)));
  });
});

describe('liquidation', () => {
  const anyLiquidation = fc.record({ collateral: fc.constantFrom('WETH', 'wstETH', 'USDC'), debt: fc.constantFrom('USDC', 'DAI', 'WETH'), value: fc.oneof(anyValue, fc.constant('max' as const)) });
  type AnyLiquidation = typeof anyLiquidation extends fc.Arbitrary<infer Value> ? Value : never;
  const liquidate = (before: AaveTestView, { collateral, debt, value }: AnyLiquidation): Step => ({
    kind: 'liquidate',
    collateral: assetOf(collateral as (typeof SYMBOLS)[number]),
    debt: assetOf(debt as (typeof SYMBOLS)[number]),
    repay: value === 'max' ? value : unitsOf(reserveOfSymbol(before, debt as (typeof SYMBOLS)[number]), value),
  });

  test.each(PROFILES)('%s: what is repaid is worth what is seized over the bonus, up to two units of either token', (_, profile) => {
    let accepted = 0;
    fc.assert(
      fc.property(anyAccount({ from: 60n, to: 105n, eModes: [0] }), anyLiquidation, (before, any) => {
        const result = after(profile, before, liquidate(before, any));
        if (result === null) return;
        accepted += 1;
        const { liquidation, received } = result.applied;
        const [from, to] = [reserveOfSymbol(before, any.collateral as (typeof SYMBOLS)[number]), reserveOfSymbol(before, any.debt as (typeof SYMBOLS)[number])];
        const [seized, repaid, fee] = [liquidation?.seized[0]?.amount ?? 0n, liquidation?.repaid[0]?.amount ?? 0n, liquidation?.protocolFee[0]?.amount ?? 0n];
        const paidFor = (units: bigint): bigint => units * to.price * BigInt(from.liquidationBonusBps) * 10n ** BigInt(from.decimals);
        const taken = (units: bigint): bigint => units * from.price * 10_000n * 10n ** BigInt(to.decimals);
        // Until 3.4 the debt that a collateral pays loses a unit to the floor and half a one to the rounding.
        expect(paidFor(repaid + (profile.seizure === 'v2' || profile.seizure === 'half-up' ? 2n : 1n))).toBeGreaterThanOrEqual(taken(seized - 2n));
        expect(received[0]?.amount).toBe(seized - fee);
        expect(fee * 10n).toBeLessThan(seized);
      }),
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test.each(PROFILES)('%s: of a health factor between threshold times bonus and 1, it raises it or is refused', (_, profile) => {
    let accepted = 0;
    fc.assert(
      fc.property(anyAccount({ from: 88n, to: 101n, eModes: [0] }), anyLiquidation, (before, any) => {
        const data = accountOf(profile, before);
        const { liquidationThresholdBps, liquidationBonusBps } = reserveOfSymbol(before, any.collateral as (typeof SYMBOLS)[number]);
        if (data.healthFactor >= WAD || BigInt(liquidationThresholdBps * liquidationBonusBps) * WAD >= data.healthFactor * 10n ** 8n) return;
        const result = after(profile, before, liquidate(before, any));
        if (result === null) return;
        accepted += 1;
        expect(accountOf(profile, result.view).healthFactor + averagingError(profile, data) + roundingError(data)).toBeGreaterThanOrEqual(data.healthFactor);
      }),
    );
    expect(accepted).toBeGreaterThan(10);
  });

  test.each(PROFILES)('%s: nobody loses more collateral, pays more, or is forgiven more than there is', (_, profile) => {
    fc.assert(
      fc.property(anyAccount({ from: 40n, to: 105n }), anyLiquidation, (before, any) => {
        const result = after(profile, before, liquidate(before, any));
        if (result === null) return;
        const held = (symbol: string) => accountOf(profile, before).holdings.find((valued) => valued.reserve.symbol === symbol);
        const { liquidation } = result.applied;
        expect(result.view.position.holdings.every((holding) => holding.scaledSupply >= 0n && holding.scaledVariableDebt >= 0n)).toBe(true);
        expect(liquidation?.seized[0]?.amount ?? 0n).toBeLessThanOrEqual(held(any.collateral)?.supplied ?? 0n);
        const written = (symbol: (typeof SYMBOLS)[number]) => liquidation?.badDebt.find((entry) => entry.asset === assetOf(symbol))?.amount ?? 0n;
        for (const symbol of SYMBOLS) {
          const repaid = symbol === any.debt ? (liquidation?.repaid[0]?.amount ?? 0n) : 0n;
          expect(repaid + written(symbol)).toBeLessThanOrEqual(held(symbol)?.variableDebt ?? 0n);
        }
        if (liquidation?.badDebt.length !== 0) expect(accountOf(profile, result.view).totalDebtBase).toBe(0n);
      }),
    );
  });
});

describe('versions', () => {
  const atLastUpdate = anyAccount({ from: 50n, to: 300n }).map((view) => ({ ...view, at: T0 }));
  const [full] = PROFILES.filter(([, profile]) => profile.healthFactor === 'full');
  const averaging = PROFILES.filter(([, profile]) => profile.healthFactor === 'average-threshold');

  test('behavior: one position has health factors within 1.3e-4 of each other in all of them', () => {
    fc.assert(
      fc.property(atLastUpdate, (view) => {
        const factors = PROFILES.map(([, profile]) => accountOf(profile, view).healthFactor).toSorted((a, b) => (a < b ? -1 : 1));
        const [least, most] = [factors[0] ?? 0n, factors.at(-1) ?? 0n];
        expect((most - least) * 1_000_000n).toBeLessThan(least * 130n);
      }),
    );
  });

  test('behavior: before 3.5 it is never above that of 3.5, but for rounding', () => {
    fc.assert(
      fc.property(atLastUpdate, (view) => {
        if (full === undefined) throw new Error('fixture');
        const now = accountOf(full[1], view);
        for (const [, profile] of averaging) expect(accountOf(profile, view).healthFactor).toBeLessThanOrEqual(now.healthFactor + roundingError(now));
      }),
    );
  });
});
