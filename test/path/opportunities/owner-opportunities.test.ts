import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../src/core/decimal.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import type { OpenedAccount } from '../../../src/engine/open-portfolio.ts';
import { judgeConfidence } from '../../../src/path/opportunities/confidence.ts';
import { planJointLiquidations } from '../../../src/path/opportunities/joint-liquidations.ts';
import { listSoldPairs, rankByOwner } from '../../../src/path/opportunities/owner-opportunities.ts';
import { comparePrices } from '../../../src/path/opportunities/price-effect.ts';
import { computeWatchList } from '../../../src/path/opportunities/watch-list.ts';
import { NOW, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { dollarAccount } from '../views/aave-accounts.ts';
import { openAccounts } from '../views/portfolio.ts';
import { openPool, ownerOf, PRICES, USDC, venue, WETH, WSTETH, wethAccount } from './venue.ts';

const SURE = { precision: 'exact', missing: [], ageSeconds: 12, isGasAssumed: false } as const;
const MARKET_PRICES = new Map(Object.entries(PRICES).map(([asset, usd]) => [asset, new Decimal(usd)] as const)) as ReadonlyMap<typeof WETH, Decimal>;
const planned = (accounts: readonly OpenedAccount[], depthUsd = 20_000_000, gas = 5) => planJointLiquidations(accounts, { means: venue({ depthUsd, gas }), prices: MARKET_PRICES });

describe(rankByOwner, () => {
  test('default: all accounts of one owner together, of several protocols, the most profitable owner first', () => {
    const aave = openPool([wethAccount(40_000, 985), wethAccount(100_000, 990)], [7, 8]);
    const morpho = openAccounts([
      { rule: 'morpho-blue@1', view: { market: wstEthUsdc, position: { supplyShares: 0n, borrowShares: 17_300_000_000_000_000n, collateral: 10n ** 19n }, at: NOW } },
    ]).accounts.map((account) => ({ ...account, entry: { ...account.entry, id: 'morpho', owner: ownerOf(7) }, marketEntry: { ...account.marketEntry, protocol: 'morpho-blue' } }));
    const pools = venue({ depthUsd: 50_000_000 });
    const sequence = planJointLiquidations([...aave, ...morpho], {
      means: {
        ...pools,
        curveOf: (from, to) => {
          const rate = from === wstEthUsdc.collateral.asset ? 2_080 : 1_816.9;
          return { from, to, out: (amount) => amount * rate, marginal: () => rate, depth: 1e6, source: 'pool', observedAt: 0, assumed: false };
        },
      },
      prices: new Map(),
    });
    const owners = rankByOwner([sequence], { minProfitUsd: 25, inputsOf: () => SURE });
    const seven = owners.find(({ owner }) => owner === ownerOf(7));
    expect(owners.map(({ owner }) => owner).toSorted()).toEqual([ownerOf(7), ownerOf(8)]);
    expect(seven?.protocols.toSorted()).toEqual(['morpho-blue', 'test']);
    expect(seven?.liquidations.map(({ opportunity }) => opportunity.account).toSorted()).toEqual(['account 0', 'morpho']);
    expect(seven?.profitUsd).toBeCloseTo(seven?.liquidations.reduce((total, { opportunity }) => total + opportunity.profitUsd, 0) ?? Number.NaN, 9);
    expect(owners[0]?.profitUsd).toBeGreaterThanOrEqual(owners[1]?.profitUsd ?? Infinity);
  });

  test('property: ranked by profit, none below the least, nothing counted twice, places are those of the sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1_000, max: 300_000 }), fc.integer({ min: 960, max: 1_010 }), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 300 }),
        (specs, minProfitUsd) => {
          const sequence = planned(
            openPool(
              specs.map(([collateral, health]) => wethAccount(collateral, health)),
              specs.map(([, , owner]) => owner),
            ),
          );
          const owners = rankByOwner([sequence], { minProfitUsd, inputsOf: () => SURE });
          const profits = owners.map(({ profitUsd }) => profitUsd);
          expect(profits).toEqual(profits.toSorted((a, b) => b - a));
          expect(profits.every((profit) => profit >= minProfitUsd)).toBe(true);
          const places = owners.flatMap(({ liquidations }) => liquidations.map(({ place }) => place));
          expect(new Set(places).size).toBe(places.length);
          for (const { owner, liquidations, gasUsd, profitUsd, breakEvenGasUsd } of owners) {
            expect(liquidations.every(({ account, place, opportunity }) => account.entry.owner === owner && sequence.taken[place - 1]?.opportunity === opportunity)).toBe(true);
            expect(breakEvenGasUsd).toBeCloseTo(profitUsd + gasUsd, 9);
          }
          const all = rankByOwner([sequence], { minProfitUsd: -Infinity, inputsOf: () => SURE });
          expect(all.reduce((total, { profitUsd }) => total + profitUsd, 0)).toBeCloseTo(sequence.profitUsd, 6);
        },
      ),
      { numRuns: 30, seed: 41, endOnFailure: true },
    );
  });

  test('behavior: at the break-even gas nothing is earned, below it something', () => {
    const accounts = openPool([wethAccount(30_000, 930)]);
    const [found] = rankByOwner([planned(accounts)], { minProfitUsd: 0, inputsOf: () => SURE });
    const calls = found?.liquidations[0]?.opportunity.calls.length ?? 0;
    const even = (found?.breakEvenGasUsd ?? 0) / calls;
    expect(planned(accounts, 20_000_000, even - 1).profitUsd).toBeGreaterThan(0);
    expect(planned(accounts, 20_000_000, even + 1).profitUsd).toBe(0);
  });
});

describe(judgeConfidence, () => {
  const [taken] = planned(openPool([wethAccount(100_000, 990)])).taken;
  if (taken === undefined) throw new TypeError('no opportunity');
  const judge = (inputs: Partial<Parameters<typeof judgeConfidence>[2]>, change: Partial<typeof taken.opportunity> = {}) =>
    judgeConfidence({ ...taken.opportunity, ...change }, taken.before, { ...SURE, ...inputs });

  test('default: exact, fresh, at a market that agrees with the oracle', () => {
    expect(judge({})).toMatchObject({ level: 'high', precision: 'exact', ageSeconds: 12, reasons: [] });
    expect(judge({}).marketAgainstOracle?.abs().toNumber()).toBeLessThan(1e-9);
  });

  test('behavior: each doubt lowers it and is said', () => {
    expect(judge({ precision: 'accrued' })).toMatchObject({ level: 'medium' });
    expect(judge({ precision: 'estimate', missing: ['staked balances'] })).toMatchObject({ level: 'low', reasons: ['an estimate without staked balances'] });
    expect(judge({ ageSeconds: 61 })).toMatchObject({ level: 'medium', reasons: ['read 61 s ago'] });
    expect(judge({ ageSeconds: 901 }).level).toBe('low');
    expect(judge({ isGasAssumed: true }).reasons).toEqual(['gas is an assumption']);
    const calls = taken.opportunity.calls.map((call) => ({ ...call, curve: { source: 'table', assumed: true, observedAt: null } }));
    expect(judge({}, { calls }).reasons).toEqual(['no market was looked at now: the curve is assumed']);
  });

  test('behavior: a market that pays less than the oracle says, and a price that is only the oracle’s, are said', () => {
    const at = (usd: number | null) => {
      const prices = new Map(
        [...MARKET_PRICES].filter(([asset]) => usd !== null || asset !== WETH).map(([asset, price]) => [asset, asset === WETH && usd !== null ? new Decimal(usd) : price] as const),
      );
      const [found] = planJointLiquidations(openPool([wethAccount(100_000, 990)]), { means: venue({ depthUsd: 1e9 }), prices }).taken;
      if (found === undefined) throw new TypeError('no opportunity');
      return judgeConfidence(found.opportunity, found.before, SURE);
    };
    expect(at(1_800)).toMatchObject({ level: 'medium', reasons: ['the market pays 0.93 % less than the oracles say'] });
    expect(at(1_750).level).toBe('low');
    expect(at(null)).toMatchObject({ level: 'low', marketAgainstOracle: null, reasons: ["no market price of WETH: the oracle's stands in"] });
  });
});

describe(computeWatchList, () => {
  const options = { groups: new Map(), stable: new Set([USDC]) };

  test('default: the nearest first; what is liquidatable or owes nothing is not on it', () => {
    const accounts = openPool([wethAccount(10_000, 1_300), wethAccount(10_000, 990), wethAccount(10_000, 1_050), dollarAccount({ weth: 1_000, wsteth: 0, usdc: 0, dai: 0 })]);
    const { accounts: list, gaps } = computeWatchList(accounts, options);
    expect(list.map(({ account }) => account.entry.id)).toEqual(['account 2', 'account 0']);
    // With WETH alone against a dollar, health 1.05 is 1 − 1/1.05 away.
    expect(list[0]?.move?.toNumber()).toBeCloseTo(1 - 1 / 1.05, 4);
    expect(list[0]?.health.toNumber()).toBeCloseTo(1.05, 4);
    expect(list[0]?.debtUsd.toNumber()).toBeCloseTo((10_000 * 0.83) / 1.05, 0);
    expect(gaps).toEqual([]);
  });

  test('bad input: an account whose rule cannot answer is a gap, not far away', () => {
    const [first, second] = openPool([wethAccount(10_000, 1_300), wethAccount(10_000, 1_400)]);
    if (first === undefined || second === undefined) throw new TypeError('no accounts');
    const market = second.rule.reprice(second.view.market, moveTogether([WETH], new Decimal(0)));
    const { accounts, gaps } = computeWatchList([first, { ...second, view: { ...second.view, market } }], options);
    expect([accounts.length, gaps.map(({ account, code }) => [account, code])]).toEqual([1, [['account 1', 'MISSING_PRICE']]]);
  });
});

describe(comparePrices, () => {
  test('default: what a fall adds, its debt and its part of the profit', () => {
    const [now, near] = openPool([wethAccount(100_000, 990), wethAccount(50_000, 1_040)]);
    if (now === undefined || near === undefined) throw new TypeError('no accounts');
    const moves = moveTogether([WETH], new Decimal('0.95'));
    const fallen = [now, near].map((account) => {
      const view = { ...account.view, market: account.rule.reprice(account.view.market, moves) };
      return { ...account, view, legs: account.rule.legs(view) };
    });
    const prices = new Map([...MARKET_PRICES].map(([asset, usd]) => [asset, asset === WETH ? usd.times('0.95') : usd] as const));
    const moved = planJointLiquidations(fallen, { means: venue({ depthUsd: 2e7 }), prices, moves });
    const effect = comparePrices({ liquidatable: [now], sequences: [planned([now])], prices: MARKET_PRICES }, { liquidatable: fallen, sequences: [moved], prices });
    expect([effect.added.count, effect.removed, effect.total.count]).toEqual([1, 0, 2]);
    expect(effect.added.debtUsd.toNumber()).toBeCloseTo((50_000 * 0.83) / 1.04, 0);
    expect(effect.added.profitUsd).toBeGreaterThan(0);
    expect(effect.added.profitUsd).toBeLessThan(effect.total.profitUsd);
    expect(effect.total.profitUsd).toBeCloseTo(moved.profitUsd, 9);
  });
});

describe(listSoldPairs, () => {
  test('default: each collateral with each debt, once, never with itself', () => {
    const pairs = listSoldPairs(openPool([wethAccount(10_000, 990), dollarAccount({ weth: 1_000, wsteth: 1_000, usdc: 1_000, dai: 0 })]));
    expect(pairs.map(([from, to]) => [from, to])).toEqual([
      [WETH, USDC],
      [WSTETH, USDC],
    ]);
  });
});
