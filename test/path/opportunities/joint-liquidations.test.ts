import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgument, RuleViolation } from '../../../src/core/errors.ts';
import type { LiquidateStep } from '../../../src/core/rule.ts';
import type { OpenedAccount } from '../../../src/engine/open-portfolio.ts';
import { liquidatorView } from '../../../src/path/liquidator/liquidator.ts';
import type { LiquidatorMeans } from '../../../src/path/liquidator/liquidator-market.ts';
import { type JointLiquidations, planJointLiquidations } from '../../../src/path/opportunities/joint-liquidations.ts';
import { viewOf } from '../../protocols/aave/apply-step.ts';
import { owed, poolOf, reserveOf, supplied } from '../../protocols/aave/fact-sheet-pool.ts';
import { vectorView } from '../../protocols/gmx-v2/eth-market.ts';
import { dollarAccount } from '../views/aave-accounts.ts';
import { openAccounts } from '../views/portfolio.ts';
import { openPool, PRICES, USDC, venue, WETH, wethAccount } from './venue.ts';

const RUNS = process.env['PLIMSOLL_LONG'] === '1' ? 5 : 1;
const NO_PRICES = new Map();
const anyWeth = fc.record({ collateral: fc.integer({ min: 2_000, max: 400_000 }), health: fc.integer({ min: 960, max: 999 }) });
const anyWallets = (most: number) => fc.array(anyWeth, { minLength: 1, maxLength: most });
const openWallets = (wallets: readonly { readonly collateral: number; readonly health: number }[]) => openPool(wallets.map(({ collateral, health }) => wethAccount(collateral, health)));
const idsOf = (taken: JointLiquidations['taken']): readonly string[] => taken.map(({ opportunity }) => opportunity.account);
const plan = (accounts: readonly OpenedAccount[], means: LiquidatorMeans, options: Partial<Parameters<typeof planJointLiquidations>[1]> = {}): JointLiquidations =>
  planJointLiquidations(accounts, { means, prices: NO_PRICES, ...options });

describe(planJointLiquidations, () => {
  test('default: what one liquidation sells lowers what the next earns; each says what it would earn alone', () => {
    const { taken, profitUsd, ended, method, left, gaps } = plan(openPool([wethAccount(100_000, 990), wethAccount(100_000, 990)]), venue({ depthUsd: 5_000_000 }));
    expect([taken.length, ended, left, gaps]).toEqual([2, 'done', [], []]);
    expect(taken[0]?.aloneUsd).toBe(taken[0]?.opportunity.profitUsd);
    expect(taken[1]?.aloneUsd).toBeCloseTo(taken[0]?.aloneUsd ?? 0, 6);
    expect(taken[1]?.opportunity.profitUsd).toBeLessThan((taken[1]?.aloneUsd ?? 0) * 0.9);
    expect(profitUsd).toBe((taken[0]?.opportunity.profitUsd ?? 0) + (taken[1]?.opportunity.profitUsd ?? 0));
    expect(method).toContain('not proven optimal');
  });

  test('property: every profit is what a pool whose reserves really move pays, and every call is accepted on the market as the one before left it', () => {
    let calls = 0;
    fc.assert(
      fc.property(anyWallets(6), fc.integer({ min: 50_000, max: 20_000_000 }), (wallets, depthUsd) => {
        const accounts = openWallets(wallets);
        const { taken } = plan(accounts, venue({ depthUsd, gas: 4, flashFeeBps: 9 }));
        const rule = accounts[0]?.rule;
        let market = accounts[0]?.view.market;
        const positions = new Map(accounts.map(({ entry, view }) => [entry.id, view.position]));
        const pool = { weth: depthUsd / (PRICES[WETH] ?? 1), usdc: depthUsd / (PRICES[USDC] ?? 1) };
        for (const { opportunity } of taken) {
          expect(opportunity.profitUsd).toBeGreaterThan(0);
          for (const call of opportunity.calls) {
            if (rule === undefined || call.step === null) throw new TypeError('no step');
            const applied = rule.apply({ market, position: positions.get(opportunity.account), at: accounts[0]?.view.at ?? 0n }, call.step);
            market = applied.market;
            positions.set(opportunity.account, applied.position);
            const [weth, usdc] = [Number(applied.received[0]?.amount) / 1e18, Number(applied.paid[0]?.amount) / 1e6];
            // The fee stays with the seller's curve, not with the pool's product: the curve's own convention.
            const kept = weth * (1 - 0.0005);
            const out = (pool.usdc * kept) / (pool.weth + kept);
            pool.weth += kept;
            pool.usdc -= out;
            const profit = (out - usdc * 1.0009) * (PRICES[USDC] ?? 1) - 4;
            expect(Math.abs(profit - call.profitUsd)).toBeLessThan(1e-6 * (1 + usdc));
            calls += 1;
          }
        }
      }),
      { numRuns: 40 * RUNS, seed: 31, endOnFailure: true },
    );
    expect(calls).toBeGreaterThan(60);
  });

  test('behavior: greedy beside brute force: no order of three accounts on a grid of sizes earns much more', () => {
    const ratios: number[] = [];
    fc.assert(
      fc.property(fc.array(anyWeth, { minLength: 2, maxLength: 3 }), fc.integer({ min: 60_000, max: 5_000_000 }), (wallets, depthUsd) => {
        const accounts = openWallets(wallets);
        const means = venue({ depthUsd });
        const best = bruteForce(accounts, means, accounts[0]?.view.market, 0);
        const { profitUsd } = plan(accounts, means);
        if (best > 1) ratios.push(profitUsd / best);
        else expect(profitUsd).toBeGreaterThanOrEqual(best - 1e-6);
      }),
      { numRuns: 12 * RUNS, seed: 32, endOnFailure: true },
    );
    process.stdout.write(`joint greedy ÷ brute force: ${ratios.map((ratio) => ratio.toFixed(4)).join(' ')}\n`);
    expect(ratios.length).toBeGreaterThan(5);
    // Measured, not proven.
    expect(Math.min(...ratios)).toBeGreaterThan(0.97);
  });

  test('property: the same accounts in another order give the same sequence, and no more profit than all of them alone', () => {
    fc.assert(
      fc.property(anyWallets(5), fc.integer({ min: 100_000, max: 20_000_000 }), (wallets, depthUsd) => {
        const accounts = openWallets(wallets);
        const [forth, back] = [plan(accounts, venue({ depthUsd })), plan(accounts.toReversed(), venue({ depthUsd }))];
        // Of equal accounts either may be first.
        expect(back.profitUsd).toBeCloseTo(forth.profitUsd, 6);
        const alone = accounts.reduce((total, account) => total + plan([account], venue({ depthUsd })).profitUsd, 0);
        expect(forth.profitUsd).toBeLessThanOrEqual(alone + 1e-6);
      }),
      { numRuns: 25 * RUNS, seed: 33, endOnFailure: true },
    );
  });

  test('property: it earns what the wallet view earns, where gas is the same everywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyWeth, fc.integer({ min: 0, max: 60_000 })), { minLength: 1, maxLength: 4 }), fc.integer({ min: 100_000, max: 5_000_000 }), (specs, depthUsd) => {
        const views = specs.map(([{ collateral, health }, wsteth]) => dollarAccount({ weth: collateral, wsteth, usdc: ((collateral * 0.83 + wsteth * 0.81) * 1000) / health, dai: 0 }));
        const portfolio = openAccounts(views.map((view) => ({ rule: 'aave-v3@3.6', view, market: 'pool' })));
        const means = venue({ depthUsd });
        const view = liquidatorView(portfolio, { means });
        const joint = plan(portfolio.accounts, means);
        // Two orders of the same greedy: by profit there, by profit per gas here.
        expect(joint.profitUsd / Math.max(view.profitUsd, 1)).toBeGreaterThan(0.97);
      }),
      { numRuns: 12 * RUNS, seed: 34, endOnFailure: true },
    );
  });

  test('behavior: the greatest profit per gas comes first: two calls for little more wait for one', () => {
    const accounts = openPool([wethAccount(100_000, 998), wethAccount(70_000, 930)]);
    const { taken } = plan(accounts, venue({ depthUsd: 1e9, gas: 40 }));
    const perGas = taken.map(({ opportunity: { profitUsd, calls } }) => profitUsd / (40 * calls.length));
    expect(perGas).toEqual(perGas.toSorted((a, b) => b - a));
    expect(idsOf(taken).length).toBeGreaterThan(1);
  });

  test('behavior: an account may come up again: a close factor leaves it liquidatable', () => {
    const { taken } = plan(openPool([dollarAccount({ weth: 50_000, wsteth: 50_000, usdc: 90_000, dai: 0 })]), venue({ depthUsd: 2_000_000 }));
    expect(taken.length).toBeGreaterThan(1);
    expect(taken.map(({ aloneUsd }) => aloneUsd === null)).toEqual([false, ...taken.slice(1).map(() => true)]);
  });

  test('behavior: collateral that is worth less than the gas is not priced, and could not have paid', () => {
    const accounts = openPool([wethAccount(8, 990), wethAccount(80_000, 990)]);
    const { taken, left } = plan(accounts, venue({ depthUsd: 1e8, gas: 20 }));
    expect(new Set(idsOf(taken))).toEqual(new Set(['account 1']));
    expect(left.map(({ account, kind }) => [account.entry.id, kind])).toEqual([['account 0', 'worthless']]);
    expect(plan(accounts.slice(0, 1), venue({ depthUsd: 1e8, gas: 3 })).left.map(({ kind }) => kind)).toEqual(['loses']);
  });

  test('behavior: what offers nothing is named with its reason', () => {
    const gmx = openAccounts([{ rule: 'gmx-v2@2', view: vectorView(1_970_000_000n) }]).accounts;
    const frozen = { ...wethAccount(50_000, 980), market: { ...wethAccount(50_000, 980).market, liquidationAllowed: false } };
    const { left, taken } = plan([...gmx, ...openAccounts([{ rule: 'aave-v3@3.6', view: frozen }]).accounts], venue({ depthUsd: 1e8 }));
    expect(taken).toEqual([]);
    expect(left.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([expect.stringContaining('PriceOracleSentinelCheckFailed'), "closed: Only the venue's own keepers may liquidate it."]);
  });

  test('behavior: what the market lacked at first is taken once a repayment has brought it back', () => {
    const E18 = 10n ** 18n;
    const market = poolOf([reserveOf('WETH', { availableLiquidity: 0n }), reserveOf('USDC')]);
    // One holds USDC and owes WETH, which its liquidation brings into the pool; the other's liquidation pays WETH out of it.
    const shorts = viewOf(market, [supplied(2, 100_000_000_000n), owed(0, 44n * E18 + E18 / 2n)]);
    const longs = viewOf(market, [supplied(0, 22n * E18), owed(2, 33_500_000_000n)]);
    const { taken, left } = plan(openPool([longs, shorts]), venue({ depthUsd: 1e9 }));
    expect(taken[0]?.opportunity.account).toBe('account 1');
    expect(idsOf(taken)).toContain('account 0');
    expect(left.map(({ kind }) => kind)).not.toContain('closed');
  });

  test('behavior: limits are said', () => {
    const accounts = openPool([wethAccount(100_000, 990), wethAccount(50_000, 990), wethAccount(20_000, 990)]);
    const cut = plan(accounts, venue({ depthUsd: 1e9 }), { maxTaken: 1 });
    expect([cut.taken.length, cut.ended]).toEqual([1, 'capped']);
    const few = plan(accounts, venue({ depthUsd: 1e9 }), { maxPriced: 2 });
    expect(few.left.map(({ account, kind }) => [account.entry.id, kind])).toEqual([['account 2', 'unpriced']]);
  });

  test('bad input: limits that are none, gas and fees that cannot be', () => {
    const accounts = openPool([wethAccount(100_000, 990)]);
    expect(() => plan(accounts, venue({ depthUsd: 1e9 }), { maxTaken: 0 })).toThrow(/maxTaken of 0/);
    expect(() => plan(accounts, venue({ depthUsd: 1e9 }), { maxPriced: 1.5 })).toThrow(InvalidArgument);
    expect(() => plan(accounts, venue({ depthUsd: 1e9, gas: Number.NaN }))).toThrow(/Gas of NaN/);
    expect(() => plan(accounts, venue({ depthUsd: 1e9, flashFeeBps: -1 }))).toThrow(/flash fee/);
  });

  test('bad input: an account without a price is a gap, the others are planned', () => {
    const [good, bad] = openPool([wethAccount(100_000, 990), wethAccount(100_000, 990)]);
    if (good === undefined || bad === undefined) throw new TypeError('no accounts');
    const priceless = { ...bad, legs: bad.legs.map((leg) => ({ ...leg, priceUsd: leg.priceUsd.times(0) })) };
    const { gaps, taken } = plan([good, priceless], venue({ depthUsd: 1e9 }));
    expect(gaps).toMatchObject([{ code: 'MISSING_PRICE', account: 'account 1' }]);
    expect(taken[0]?.opportunity.account).toBe('account 0');
  });
});

/** The greatest profit of one call on each account, in any order, leaving any out, sizes in tenths of the most that is accepted. */
function bruteForce(accounts: readonly OpenedAccount[], means: LiquidatorMeans, market: unknown, sold: number): number {
  let best = 0;
  for (const account of accounts) {
    const rest = accounts.filter((other) => other !== account);
    const most = tryStep(account, market, 'max')?.paid[0]?.amount ?? 0n;
    for (let part = 1n; part <= 10n; part += 1n) {
      const applied = tryStep(account, market, (most * part) / 10n);
      if (applied === null) continue;
      const tokens = Number(applied.received[0]?.amount) / 1e18;
      const curve = means.curveOf(WETH, USDC);
      const out = (curve?.out(sold + tokens) ?? 0) - (curve?.out(sold) ?? 0);
      const profit = (out - (Number(applied.paid[0]?.amount) / 1e6) * 1.0005) * (PRICES[USDC] ?? 1) - 5;
      best = Math.max(best, profit + bruteForce(rest, means, applied.market, sold + tokens));
    }
  }
  return best;
}

function tryStep({ rule, view }: OpenedAccount, market: unknown, repay: LiquidateStep['repay'] & {}) {
  try {
    return rule.apply({ ...view, market }, { kind: 'liquidate', collateral: WETH, debt: USDC, repay });
  } catch (error) {
    if (error instanceof RuleViolation) return null;
    throw error;
  }
}
