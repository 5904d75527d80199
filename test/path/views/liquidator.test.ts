import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE } from '../../../src/core/decimal.ts';
import { InvalidArgument, RuleViolation } from '../../../src/core/errors.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import type { LiquidateStep, StepAmount } from '../../../src/core/rule.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import { computeLiquidatorOptimum } from '../../../src/path/closed-forms/liquidator-optimum.ts';
import { computeTwoStepLiquidation } from '../../../src/path/closed-forms/two-step.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import type { CollateralStore } from '../../../src/path/liquidator/absorb-and-buy.ts';
import { liquidatorView } from '../../../src/path/liquidator/liquidator.ts';
import type { LiquidatorMeans } from '../../../src/path/liquidator/liquidator-market.ts';
import type { Opportunity } from '../../../src/path/liquidator/liquidator-opportunity.ts';
import { computeBuyCollateral } from '../../../src/protocols/compound-v3/buy-collateral.ts';
import type { CometMarket } from '../../../src/protocols/compound-v3/state.ts';
import { viewOf } from '../../protocols/aave/apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from '../../protocols/aave/fact-sheet-pool.ts';
import { USDC as COMET_USDC, v6View } from '../../protocols/compound-v3/usdc-comet.ts';
import { vectorView } from '../../protocols/gmx-v2/eth-market.ts';
import { NOW, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { anyRuledAccount, dollarAccount } from './aave-accounts.ts';
import { openAccounts, ruleOf } from './portfolio.ts';

const RUNS = process.env['PLIMSOLL_LONG'] === '1' ? 4 : 1;
const [WETH, WSTETH, USDC] = [assetOf('WETH'), assetOf('wstETH'), assetOf('USDC')];
const PRICES: Readonly<Record<string, number>> = { [WETH]: 1816.85499606, [WSTETH]: 2080.52489524, [USDC]: 0.99997427, [assetOf('DAI')]: 0.99997427 };

interface Venue {
  readonly depthUsd: number;
  readonly fee?: number;
  readonly gas?: number;
  readonly flashFeeBps?: number;
  readonly prices?: (asset: AssetId) => number;
}

/** One constant-product pool for each pair, as deep on both sides. */
function venue({ depthUsd, fee = 0.0005, gas = 5, flashFeeBps = 5, prices = (asset) => PRICES[asset] ?? 1 }: Venue): LiquidatorMeans {
  return {
    curveOf: (from, to) =>
      constantProductCurve({ from, to, reserveFrom: depthUsd / prices(from), reserveTo: depthUsd / prices(to), fee, depth: depthUsd * 100, source: 'pool', observedAt: 0, assumed: false }),
    gasUsd: () => gas,
    flashFeeBps,
  };
}

const one = dollarAccount({ weth: 100_000, wsteth: 0, usdc: 83_838, dai: 0 });
const oneAccount = openAccounts([{ rule: 'aave-v3@3.6', view: one }]);
const sumOf = (items: readonly { readonly profitUsd: number }[]): number => items.reduce((total, { profitUsd }) => total + profitUsd, 0);

describe('liquidatorView', () => {
  test('default: at a health of 0.99 two calls repay 531 of 1,000, path.md §2.7', () => {
    const { sequence, opportunities, profitUsd, ended, method } = liquidatorView(oneAccount, { means: venue({ depthUsd: 1e9 }) });
    const [taken] = sequence;
    expect([sequence.length, taken?.kind, taken?.calls.length, ended]).toEqual([1, 'two-step', 2, 'done']);
    const debt = new Decimal(83_838);
    const sums = { collateralUsd: new Decimal(83_000), debtUsd: debt };
    const pair = { collateralUsd: new Decimal(100_000), threshold: new Decimal('0.83'), debtUsd: debt, debtWeight: ONE, bonus: new Decimal('0.05') };
    const { first, second } = computeTwoStepLiquidation(sums, pair, debt, new Decimal('0.5'));
    expect(Number(taken?.calls[0]?.paid[0]?.amount) / 1e6 / (first.toNumber() / 0.99997427)).toBeCloseTo(1, 5);
    expect(Number(taken?.calls[1]?.paid[0]?.amount) / 1e6 / (second.toNumber() / 0.99997427)).toBeCloseTo(1, 5);
    expect([taken?.calls[0]?.healthAfter.liquidatable, taken?.calls[1]?.healthAfter.liquidatable]).toEqual([true, false]);
    expect(profitUsd).toBeCloseTo(sumOf(sequence), 9);
    expect(taken?.profitUsd).toBeCloseTo(sumOf(taken?.calls ?? []), 9);
    expect(opportunities).toHaveLength(1);
    expect(method).toContain('not proven optimal');
    // What one call may pay is half of the debt.
    expect(taken?.cap?.usd.toNumber()).toBeCloseTo(83_838 / 2, 1);
    expect(taken?.breakEvenGasUsd).toBeCloseTo((taken?.profitUsd ?? 0) + 10, 9);
  });

  test('behavior: the second call is left out where gas eats its gain, or the pool is what binds', () => {
    const kindAt = (terms: Venue): string | undefined => liquidatorView(oneAccount, { means: venue(terms) }).opportunities[0]?.kind;
    expect(kindAt({ depthUsd: 1e9, gas: 5 })).toBe('two-step');
    expect(kindAt({ depthUsd: 1e9, gas: 500 })).toBe('one-step');
    expect(kindAt({ depthUsd: 300_000, gas: 5 })).toBe('one-step');
  });

  test('behavior: where one call may take everything there is no second', () => {
    const { opportunities } = liquidatorView(
      openAccounts([{ rule: 'morpho-blue@1', view: { market: wstEthUsdc, position: { supplyShares: 0n, borrowShares: 17_300_000_000_000_000n, collateral: 10n ** 19n }, at: NOW } }]),
      {
        means: venue({ depthUsd: 1e9, prices: (asset) => (asset === wstEthUsdc.collateral.asset ? 2080.5 : 1) }),
      },
    );
    expect(opportunities.map(({ kind }) => kind)).toEqual(['one-step']);
    expect(opportunities[0]?.calls[0]?.paid[0]?.amount).toBe(18_020_833_334n);
  });

  test('property: on a constant-product pool the size is the closed form’s r*, within the rules’ cap', () => {
    const seen = { capped: 0, pool: 0 };
    const terms = fc.record({
      collateral: fc.integer({ min: 5_000, max: 2_000_000 }),
      health: fc.integer({ min: 960, max: 999 }),
      depth: fc.integer({ min: 100_000, max: 50_000_000 }),
      gas: fc.integer({ min: 0, max: 50 }),
      flash: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(terms, ({ collateral, health, depth, gas, flash }) => {
        const opened = openAccounts([{ rule: 'aave-v3@3.6', view: dollarAccount({ weth: collateral, wsteth: 0, usdc: (collateral * 0.83 * 1000) / health, dai: 0 }) }]);
        const { opportunities } = liquidatorView(opened, { means: venue({ depthUsd: depth, gas, flashFeeBps: flash }), maxOpportunities: 1 });
        const [found] = opportunities;
        if (found?.optimalSize === undefined || found.optimalSize === null || found.cap === null) throw new TypeError('no opportunity');
        const bound = computeLiquidatorOptimum({
          pool: { depthUsd: new Decimal(depth), fee: new Decimal('0.0005'), basis: ONE },
          netBonus: new Decimal('0.045'),
          flashFee: new Decimal(flash).div(10_000),
          gasUsd: new Decimal(gas),
          capUsd: found.cap.usd,
        });
        // Profit is flat at its greatest: sizes agree to some ten-thousandths, profits to millionths.
        expect(found.optimalSize.usd.div(bound.repayUsd).minus(1).abs().toNumber()).toBeLessThan(2e-4);
        if (found.kind === 'one-step') expect(Math.abs(found.profitUsd - bound.profitUsd.toNumber())).toBeLessThan(1e-6 * found.cap.usd.toNumber() + 1e-5);
        if (bound.breakEvenSizeUsd === null) expect(found.breakEvenSize).toBeNull();
        else expect(found.breakEvenSize?.usd.minus(bound.breakEvenSizeUsd).abs().toNumber()).toBeLessThan(0.01 + bound.breakEvenSizeUsd.toNumber() * 1e-4);
        seen[bound.repayUsd.lt(found.cap.usd) ? 'pool' : 'capped'] += 1;
      }),
      { numRuns: 60 * RUNS, seed: 11, endOnFailure: true },
    );
    expect(Math.min(seen.capped, seen.pool)).toBeGreaterThan(10);
  });

  test('property: every call is accepted by the rules one after the other, markets and pools shared, and adds up', () => {
    let calls = 0;
    const three = fc.array(anyRuledAccount, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(three, fc.integer({ min: 20_000, max: 5_000_000 }), (specs, depthUsd) => {
        const [first] = specs;
        if (first === undefined) return;
        const { market, at } = first.view;
        const opened = openAccounts(specs.map(({ view }) => ({ rule: first.rule, view: { ...view, market, at }, market: 'pool' })));
        const prices = new Map(market.reserves.map(({ asset, price }) => [asset, Number(price) / 1e8] as const));
        const means = venue({ depthUsd, prices: (asset) => prices.get(asset) ?? 1 });
        const { sequence, gaps, closed } = liquidatorView(opened, { means });
        expect(gaps).toEqual([]);
        expect(closed.every(({ reason }) => reason.length > 0)).toBe(true);
        const positions = new Map(opened.accounts.map(({ entry, view }) => [entry.id, view.position]));
        let shared: unknown = market;
        const sold = new Map<string, number>();
        for (const opportunity of sequence) {
          expect(opportunity.profitUsd).toBeGreaterThan(0);
          for (const call of opportunity.calls) {
            calls += 1;
            const account = opened.accounts.find(({ entry }) => entry.id === opportunity.account);
            if (account === undefined || call.step === null) throw new TypeError('no account');
            const applied = account.rule.apply({ market: shared, position: positions.get(opportunity.account), at }, call.step);
            positions.set(opportunity.account, applied.position);
            shared = applied.market;
            expect(applied.paid[0]?.amount).toBe(call.paid[0]?.amount);
            const [[paid], [received]] = [call.paid, call.received];
            if (paid === undefined || received === undefined) throw new TypeError('nothing moved');
            const [paidUsd, tokens] = [paid.usd.toNumber(), Number(received.amount) / 10 ** received.decimals];
            const pool = `${received.asset}>${paid.asset}`;
            const curve = received.asset === paid.asset ? null : means.curveOf(received.asset, paid.asset);
            const before = sold.get(pool) ?? 0;
            const out = curve === null ? tokens : curve.out(before + tokens) - curve.out(before);
            sold.set(pool, before + tokens);
            const profit = out * (prices.get(paid.asset) ?? 0) - paidUsd * 1.0005 - 5;
            expect(Math.abs(profit - call.profitUsd)).toBeLessThan(1e-6 * (1 + paidUsd));
          }
        }
      }),
      { numRuns: 40 * RUNS, seed: 12, endOnFailure: true },
    );
    expect(calls).toBeGreaterThan(40);
  });

  test('behavior: a pool goes on from what the account before sold into it', () => {
    const two = openAccounts([
      { rule: 'aave-v3@3.6', view: one, market: 'pool' },
      { rule: 'aave-v3@3.6', view: one, market: 'pool' },
    ]);
    const means = venue({ depthUsd: 5_000_000 });
    const { sequence, opportunities } = liquidatorView(two, { means });
    expect(new Set(sequence.map(({ account }) => account)).size).toBe(2);
    expect(opportunities[0]?.profitUsd).toBeCloseTo(opportunities[1]?.profitUsd ?? 0, 6);
    expect(sequence[1]?.profitUsd).toBeLessThan((sequence[0]?.profitUsd ?? 0) * 0.9);
    const alone = liquidatorView(two, { means, accounts: ['account 1'] });
    expect(alone.sequence.map(({ account }) => account)).toEqual(['account 1']);
  });

  test('behavior: so it does for accounts of other markets; opportunities are told as if alone, the best first', () => {
    const two = openAccounts([
      { rule: 'aave-v3@3.6', view: dollarAccount({ weth: 50_000, wsteth: 0, usdc: 41_919, dai: 0 }) },
      { rule: 'aave-v3@3.6', view: one },
    ]);
    const { sequence, opportunities } = liquidatorView(two, { means: venue({ depthUsd: 5_000_000 }) });
    expect(opportunities.map(({ account }) => account)).toEqual(['account 1', 'account 0']);
    expect(sequence.map(({ account }) => account)).toEqual(['account 1', 'account 0']);
    expect(sequence[0]?.profitUsd).toBe(opportunities[0]?.profitUsd);
    expect(sequence[1]?.profitUsd).toBeLessThan((opportunities[1]?.profitUsd ?? 0) * 0.9);
  });

  test('behavior: the market moves on with every liquidation: what can be paid out of it is shared', () => {
    const reserves = [reserveOf('WETH', { availableLiquidity: 30n * 10n ** 18n }), reserveOf('USDC')];
    const view = viewOf(poolOf(reserves), [supplied(0, 55n * 10n ** 18n), owed(2, 83_800_000_000n)]);
    const two = openAccounts([
      { rule: 'aave-v3@3.6', view, market: 'pool' },
      { rule: 'aave-v3@3.6', view, market: 'pool' },
    ]);
    const { sequence } = liquidatorView(two, { means: venue({ depthUsd: 1e9 }) });
    const taken = sequence.flatMap(({ calls }) => calls).reduce((total, { received }) => total + (received[0]?.amount ?? 0n), 0n);
    expect(taken).toBeLessThanOrEqual(30n * 10n ** 18n);
    expect(taken).toBeGreaterThan(29n * 10n ** 18n);
  });

  test('behavior: no sale beyond the depth that a curve vouches for', () => {
    const means = venue({ depthUsd: 1e9 });
    const shallow = {
      ...means,
      curveOf: (from: AssetId, to: AssetId) => ({ ...constantProductCurve({ from, to, reserveFrom: 1e6, reserveTo: 1.816e9, fee: 0, depth: 2, source: 'pool', observedAt: 0, assumed: false }) }),
    };
    const { sequence } = liquidatorView(oneAccount, { means: shallow });
    const sold = sequence.flatMap(({ calls }) => calls).reduce((total, { received }) => total + Number(received[0]?.amount ?? 0n) / 1e18, 0);
    expect(sold).toBeLessThanOrEqual(2);
    expect(sold).toBeGreaterThan(1.999);
  });

  test('behavior: a comet is absorbed and its collateral bought, where its store is given', () => {
    const opened = openAccounts([{ rule: 'compound-v3@1', view: v6View(181_200_000_000n) }]);
    const means = venue({ depthUsd: 1e9, fee: 0, flashFeeBps: 0, prices: (asset) => (asset === COMET_USDC ? 0.99997427 : 1812) });
    const store: CollateralStore = {
      base: COMET_USDC,
      buy: (market, { asset, baseAmount, at }) => computeBuyCollateral(market as CometMarket, { asset, baseAmount, minAmount: 0n, at }),
    };
    const closed = liquidatorView(opened, { means });
    expect([closed.opportunities, closed.closed[0]?.reason]).toEqual([[], 'Absorbing pays the caller nothing; buying the absorbed collateral is not modelled here.']);
    // Reserves at their target: the comet sells nothing, absorbing costs its gas.
    const rich = openAccounts([{ rule: 'compound-v3@1', view: v6View(181_200_000_000n, { targetReserves: 0n }) }]);
    const full = liquidatorView(rich, { means, storeOf: () => store });
    expect([full.opportunities[0]?.kind, full.opportunities[0]?.profitUsd, full.sequence]).toEqual(['absorb-and-buy', -5, []]);
    // Where gas eats what the purchase earns, it is left out.
    const dear = liquidatorView(opened, { means: { ...means, gasUsd: () => 600 }, storeOf: () => store });
    expect([dear.opportunities[0]?.calls.length, dear.opportunities[0]?.profitUsd]).toEqual([1, -600]);
    const { sequence } = liquidatorView(opened, { means, storeOf: () => store });
    const [absorb, buy] = sequence[0]?.calls ?? [];
    expect([absorb?.kind, absorb?.profitUsd, buy?.kind, buy?.step]).toEqual(['liquidate', -5, 'buy', null]);
    // 10 WETH at half of the 5 % penalty.
    expect(Number(buy?.received[0]?.amount) / 1e18).toBeCloseTo(10, 6);
    expect(buy?.received[0]?.amount).toBeLessThanOrEqual(10n ** 19n);
    expect(buy?.profitUsd).toBeCloseTo(18_120 * 0.025 - 5, 0);
    expect(sequence[0]?.profitUsd).toBeCloseTo((buy?.profitUsd ?? 0) - 5, 9);
  });

  /** For protocols that absorb; no other is asked for one's goods. */
  const notAsked = (): CollateralStore => ({
    base: COMET_USDC,
    buy: () => {
      throw new TypeError('nothing is absorbed here');
    },
  });

  test('behavior: a GMX position is for keepers, an account without a way to sell is named, a safe one is not', () => {
    const opened = openAccounts([
      { rule: 'gmx-v2@2', view: vectorView(1_970_000_000n) },
      { rule: 'aave-v3@3.6', view: one },
      { rule: 'compound-v3@1', view: v6View() },
    ]);
    const { closed, opportunities, sequence, profitUsd, gaps } = liquidatorView(opened, { means: { curveOf: () => null, gasUsd: () => 0, flashFeeBps: 0 }, storeOf: notAsked });
    expect(closed.map(({ account, reason }) => [account, reason])).toEqual([
      ['account 0', "Only the venue's own keepers may liquidate it."],
      ['account 1', 'There is no way to sell what would be seized.'],
    ]);
    expect([opportunities, sequence, profitUsd, gaps]).toEqual([[], [], 0, []]);
  });

  test('behavior: a refusal by the protocol is the reason', () => {
    const view = { ...one, market: { ...one.market, liquidationAllowed: false } };
    const { closed } = liquidatorView(openAccounts([{ rule: 'aave-v3@3.6', view }]), { means: venue({ depthUsd: 1e9 }) });
    expect(closed[0]?.reason).toContain('PriceOracleSentinelCheckFailed');
  });

  test('behavior: losing pairs are listed, not taken; at break-even gas nothing is earned', () => {
    const at = (gas: number) => liquidatorView(oneAccount, { means: venue({ depthUsd: 300_000, gas }) });
    const [cheap] = at(5).opportunities;
    expect(cheap?.kind).toBe('one-step');
    expect(cheap?.cap?.usd.toNumber()).toBeCloseTo(83_838 / 2, 1);
    expect(cheap?.optimalSize?.usd.toNumber()).toBeLessThan(10_000);
    const even = cheap?.breakEvenGasUsd ?? 0;
    expect(at(even).opportunities[0]?.profitUsd).toBeCloseTo(0, 6);
    const dear = at(even + 1);
    expect([dear.sequence.length, dear.opportunities[0]?.breakEvenSize]).toEqual([0, null]);
    expect(dear.opportunities[0]?.profitUsd).toBeCloseTo(-1, 6);
  });

  test('behavior: price moves make opportunities, and curves follow them', () => {
    const opened = openAccounts([{ rule: 'aave-v3@3.6', view: dollarAccount({ weth: 100_000, wsteth: 0, usdc: 60_000, dai: 0 }) }]);
    const means = venue({ depthUsd: 1e9 });
    expect(liquidatorView(opened, { means }).opportunities).toEqual([]);
    const { sequence } = liquidatorView(opened, { means, moves: moveTogether([WETH], new Decimal('0.72')) });
    // 4.5 % of what is repaid, less the pool's fee and the flash loan's.
    const repaid = sequence.flatMap(({ calls }) => calls).reduce((total, { paid }) => total + (paid[0]?.usd.toNumber() ?? 0), 0);
    const calls = sequence.flatMap((opportunity) => opportunity.calls).length;
    expect((sumOf(sequence) + 5 * calls) / repaid).toBeCloseTo(0.045 - 1.045 * 0.0005 - 0.0005, 4);
    expect(sequence[0]?.calls[0]?.curve?.source).toBe('pool, at moved prices');
  });

  test('behavior: the sequence is cut at the stated number of opportunities, and says so', () => {
    const two = openAccounts([
      { rule: 'aave-v3@3.6', view: one },
      { rule: 'aave-v3@3.6', view: one },
    ]);
    const cut = liquidatorView(two, { means: venue({ depthUsd: 1e9 }), maxOpportunities: 1 });
    expect([cut.sequence.length, cut.ended]).toEqual([1, 'capped']);
    expect(liquidatorView(two, { means: venue({ depthUsd: 1e9 }) }).ended).toBe('done');
  });
});

describe('liquidatorView: greedy beside exhaustive search', () => {
  test('behavior: two accounts of two collaterals on shared pools: within 5 % of every order of up to three calls on a grid of sizes', () => {
    const ratios: number[] = [];
    const accounts = fc.tuple(
      ...[0, 1].map(() => fc.record({ weth: fc.integer({ min: 10_000, max: 100_000 }), wsteth: fc.integer({ min: 10_000, max: 100_000 }), health: fc.integer({ min: 955, max: 998 }) })),
    );
    fc.assert(
      fc.property(accounts, fc.integer({ min: 150_000, max: 10_000_000 }), (specs, depthUsd) => {
        const views = specs.map(({ weth, wsteth, health }) => dollarAccount({ weth, wsteth, usdc: ((weth * 0.83 + wsteth * 0.81) * 1000) / health, dai: 0 }));
        const means = venue({ depthUsd });
        const greedy = liquidatorView(openAccounts(views.map((view) => ({ rule: 'aave-v3@3.6', view }))), { means });
        const best = exhaustive(views, means, 3);
        ratios.push(greedy.profitUsd / best);
      }),
      { numRuns: 8 * RUNS, seed: 13, endOnFailure: true },
    );
    // A measured bound, not a proven one: the worst of 32 instances was 0.962. Greedy loses where a pair that earns less now would leave more for later; it wins by sizes between the grid's.
    process.stdout.write(`greedy ÷ exhaustive on a grid: ${ratios.map((ratio) => ratio.toFixed(4)).join(' ')}\n`);
    expect(Math.min(...ratios)).toBeGreaterThan(0.95);
    expect(ratios.filter((ratio) => ratio >= 1).length / ratios.length).toBeGreaterThan(0.6);
  });
});

/** The greatest profit of up to `depth` calls in any order, sizes on a grid of quarters. */
function exhaustive(views: readonly ReturnType<typeof dollarAccount>[], means: LiquidatorMeans, depth: number, sold: ReadonlyMap<string, number> = new Map()): number {
  if (depth === 0) return 0;
  let best = 0;
  const rule = ruleOf('aave-v3@3.6');
  for (const [at, view] of views.entries()) {
    if (!rule.health(view).liquidatable) continue;
    for (const collateral of [WETH, WSTETH]) {
      const max = tryStep(view, { kind: 'liquidate', collateral, debt: USDC, repay: 'max' });
      const size = max?.paid[0]?.amount ?? 0n;
      const sizes: readonly StepAmount[] = ['max', ...[1n, 2n, 3n].map((part) => (size * part) / 4n)];
      for (const repay of sizes) {
        const applied = tryStep(view, { kind: 'liquidate', collateral, debt: USDC, repay });
        if (applied === null) continue;
        const tokens = Number(applied.received[0]?.amount ?? 0n) / 1e18;
        const before = sold.get(collateral) ?? 0;
        const curve = means.curveOf(collateral, USDC);
        const out = (curve?.out(before + tokens) ?? 0) - (curve?.out(before) ?? 0);
        const profit = (out - (Number(applied.paid[0]?.amount ?? 0n) / 1e6) * 1.0005) * 0.99997427 - 5;
        const next = views.map((other, index) => (index === at ? { ...other, market: applied.market, position: applied.position } : other)) as typeof views;
        best = Math.max(best, profit + exhaustive(next, means, depth - 1, new Map([...sold, [collateral, before + tokens]])));
      }
    }
  }
  return best;
}

function tryStep(view: ReturnType<typeof dollarAccount>, step: LiquidateStep) {
  try {
    return ruleOf('aave-v3@3.6').apply(view, step);
  } catch (error) {
    if (error instanceof RuleViolation) return null;
    throw error;
  }
}

describe('liquidatorView: bad input', () => {
  const good = venue({ depthUsd: 1e6 });
  const ask = (options: Partial<Parameters<typeof liquidatorView>[1]>) => () => liquidatorView(oneAccount, { means: good, ...options });

  test('bad input: an unknown account, a limit that is none, means that cannot be', () => {
    expect(ask({ accounts: ['nobody'] })).toThrow(/no account "nobody"/);
    expect(ask({ maxOpportunities: 0 })).toThrow(/give a whole number above 0/);
    const empty = { from: WETH, to: USDC, out: () => 0, marginal: () => 0, depth: 1, source: 'an empty pool', observedAt: 0, assumed: false };
    expect(ask({ means: { ...good, curveOf: () => empty } })).toThrow(/an empty pool\) has no liquidity/);
    expect(ask({ means: { ...good, curveOf: () => empty } })).toThrow(InvalidArgument);
    expect(ask({ means: { ...good, gasUsd: () => -1 } })).toThrow(/Gas of -1/);
    expect(ask({ means: { ...good, flashFeeBps: Number.NaN } })).toThrow(/flash fee of NaN/);
  });

  test('bad input: an account whose rule cannot answer is a gap, told once', () => {
    const both = openAccounts([
      { rule: 'aave-v3@3.6', view: one },
      { rule: 'morpho-blue@1', view: { market: wstEthUsdc, position: { supplyShares: 0n, borrowShares: 17_300_000_000_000_000n, collateral: 10n ** 19n }, at: NOW } },
    ]);
    const { gaps, sequence } = liquidatorView(both, { means: good, moves: moveTogether([wstEthUsdc.collateral.asset], new Decimal(0)) });
    expect(gaps).toMatchObject([{ code: 'MISSING_PRICE', account: 'account 1' }]);
    expect(sequence.map(({ account }: Opportunity) => account)).toEqual(['account 0']);
  });
});
