import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../src/core/decimal.ts';
import { moveTogether } from '../../../src/engine/moves.ts';
import { constantProductCurve } from '../../../src/path/curves/curve-constant-product.ts';
import { forcedView } from '../../../src/path/forced/forced.ts';
import { searchBest } from '../../../src/path/forced/forced-best.ts';
import { type LookAtChoices, rememberChoices } from '../../../src/path/forced/forced-pairs.ts';
import type { LiquidatorMeans } from '../../../src/path/liquidator/liquidator-market.ts';
import { viewOf } from '../../protocols/aave/apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, supplied } from '../../protocols/aave/fact-sheet-pool.ts';
import { v6View } from '../../protocols/compound-v3/usdc-comet.ts';
import { E18, USDC as G_USDC, WETH as G_WETH, view as genericView } from '../../protocols/generic-lending/book-fixture.ts';
import { vectorView } from '../../protocols/gmx-v2/eth-market.ts';
import { NOW as MORPHO_NOW, v7Position, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { dollarAccount, forcedOf, stateOf } from './aave-accounts.ts';
import { openAccounts, ruleOf } from './portfolio.ts';

const [WETH, WSTETH, USDC, DAI] = [assetOf('WETH'), assetOf('wstETH'), assetOf('USDC'), assetOf('DAI')];

/** V1's account an hour later, at V2's price. */
const v2View = viewOf(
  poolOf([
    reserveOf('WETH', { liquidityIndex: 1_020_304_050_607_080_901_112_131_415n, liquidityRate: 2n * 10n ** 25n, price: 175_000_000_000n }),
    reserveOf('USDC', { variableBorrowIndex: 1_050_607_080_910_111_213_141_516_171n, variableBorrowRate: 6n * 10n ** 25n }),
  ]),
  [supplied(0, 9_800_000_000_000_000_000n), owed(2, 14_500_000_000n)],
  { at: 1_698_714_000n },
);
const v3View = viewOf(poolOf([reserveOf('WETH', { price: 175_000_000_000n }), reserveOf('USDC')]), [supplied(0, 10n ** 18n), owed(2, 2_500_000_000n)]);
const v7View = { market: wstEthUsdc, position: v7Position, at: MORPHO_NOW };
const absorbed = v6View(181_200_000_000n);

function liquidatable(rule: string, view: Parameters<typeof openAccounts>[0][number]['view']) {
  const [account] = forcedView(openAccounts([{ rule, view }])).accounts;
  if (account?.status !== 'liquidatable') throw new TypeError('not liquidatable');
  return account;
}

const curves = (depthUsd: number): LiquidatorMeans => ({
  curveOf: (from, to) =>
    constantProductCurve({ from, to, reserveFrom: depthUsd / priceOf(from), reserveTo: depthUsd / priceOf(to), fee: 0.0005, depth: null, source: 'pool', observedAt: 0, assumed: false }),
  gasUsd: () => 5,
  flashFeeBps: 5,
});
const priceOf = (asset: string): number => (asset === WETH ? 1816.85 : asset === WSTETH ? 2080.52 : 0.99997427);

describe('forcedView: vectors', () => {
  test.each([
    { rule: 'aave-v3@3.7', repaid: 7_616_953_507n, received: 4_548_292_349_320_941_033n, fee: 21_762_164_350_817_900n },
    { rule: 'aave-v3@3.6', repaid: 7_616_953_507n, received: 4_548_292_349_320_941_034n, fee: null },
    { rule: 'aave-v3@3.0', repaid: 7_616_953_508n, received: 4_548_292_349_918_068_526n, fee: 21_762_164_353_674_969n },
  ])('default: V2 in $rule: the largest call is half of the debt', ({ rule, repaid, received, fee }) => {
    const { pairs, kind } = liquidatable(rule, v2View);
    const [pair] = pairs;
    expect([kind, pairs.length, pair?.collateral, pair?.debt, pair?.refusal]).toEqual(['pair', 1, WETH, USDC, null]);
    expect(pair?.largest?.repaid[0]?.amount).toBe(repaid);
    expect(pair?.largest?.received[0]?.amount).toBe(received);
    if (fee !== null) expect(pair?.largest?.protocolFee[0]?.amount).toBe(fee);
    // Bonus 5 %, the protocol's tenth of it included: LT·(1 + b) = 0.8715.
    expect(pair?.largest?.bonus?.toNumber()).toBeCloseTo(0.05, 8);
    expect(pair?.toxicity?.lowersHealthBelow.toNumber()).toBeCloseTo(0.8715, 8);
    expect([pair?.toxicity?.lowersHealth, pair?.toxicity?.raisesLoanToValue]).toEqual([false, false]);
    expect(pair?.largest?.costUsd.toNumber()).toBeCloseTo(7616.953507 * 0.99997427 * 0.05, 4);
  });

  test.each([
    { rule: 'aave-v3@3.7', repaid: 1_666_709_551n, writtenOff: 833_290_449n },
    { rule: 'aave-v3@3.3', repaid: 1_666_709_550n, writtenOff: 833_290_450n },
    { rule: 'aave-v3@3.0', repaid: 1_666_709_550n, writtenOff: null },
  ])('default: V3 in $rule: all collateral goes, the rest of the debt is bad, written off or not', ({ rule, repaid, writtenOff }) => {
    const { pairs, best, rational, worst } = liquidatable(rule, v3View);
    expect(pairs[0]?.largest?.repaid[0]?.amount).toBe(repaid);
    expect(pairs[0]?.largest?.badDebt.map(({ amount }) => amount)).toEqual(writtenOff === null ? [] : [writtenOff]);
    expect([pairs[0]?.toxicity?.lowersHealth, pairs[0]?.toxicity?.raisesLoanToValue]).toEqual([true, true]);
    expect([best.liquidations.length, rational.liquidations.length]).toEqual([1, 1]);
    for (const sequence of [best, rational, worst]) {
      expect(sequence.ended).toBe('empty');
      expect(sequence.badDebtUsd.toNumber()).toBeCloseTo(833.29045 * 0.99997427, 5);
      expect(sequence.costUsd.toNumber()).toBeCloseTo(1750 - 1666.70955 * 0.99997427, 5);
    }
  });

  test('default: V6: a comet takes everything, the penalty is 5 % of all of it, the rest is credited', () => {
    const { pairs, best, rational, worst, kind } = liquidatable('compound-v3@1', absorbed);
    const [whole] = pairs;
    expect(kind).toBe('whole');
    expect(whole?.largest?.seized.map(({ asset, amount }) => [asset, amount])).toEqual([[absorbed.position.collaterals[0]?.asset, 10n ** 19n]]);
    expect(whole?.largest?.repaid[0]?.amount).toBe(16_218_518_518n);
    expect(whole?.largest?.costUsd.toNumber()).toBeCloseTo(0.05 * 18_120, 4);
    expect([whole?.toxicity, whole?.largest?.bonus]).toEqual([null, null]);
    expect(best.method).toContain('no partial liquidation');
    expect(rational).toBe(best);
    expect(worst).toBe(best);
    expect([best.ended, best.badDebtUsd.toString()]).toEqual(['empty', '0']);
  });

  test('behavior: a comet whose collateral does not cover the debt writes the rest off', () => {
    const { best } = liquidatable('compound-v3@1', v6View(160_000_000_000n));
    expect(best.badDebtUsd.toNumber()).toBeCloseTo(16_218.518518 * 0.99997427 - 15_200, 3);
    expect(best.costUsd.toNumber()).toBeCloseTo(800, 3);
  });

  test('default: V7: Morpho repays in any size; the least one ends at a loan-to-value of the limit', () => {
    const { pairs, best, worst, kind } = liquidatable('morpho-blue@1', v7View);
    expect(kind).toBe('market');
    expect(pairs[0]?.largest?.repaid[0]?.amount).toBe(18_020_833_334n);
    expect(pairs[0]?.largest?.seized[0]?.amount).toBe(9_041_183_204_688_965_238n);
    expect(pairs[0]?.largest?.bonus?.toNumber()).toBeCloseTo(0.043841336, 6);
    expect(best.ended).toBe('restored');
    expect(best.healthAfter.native?.gte(1)).toBe(true);
    // r = G ÷ (1 − LLTV · LIF) at the oracle's price.
    const repaid = (18_020.833334 - 17_892.974485) / (1 - 0.86 * 1.04384133611691);
    expect(best.costUsd.toNumber()).toBeCloseTo(repaid * 0.04384133611691 * 0.99997427, 3);
    expect(worst.costUsd.toNumber()).toBeCloseTo(18_020.833334 * 0.04384133611691 * 0.99997427, 3);
  });

  test('default: a GMX position loses the closing fee and the fee for being liquidated', () => {
    // 0.06 % + 0.2 % of 100,000.
    const account = liquidatable('gmx-v2@2', vectorView(1_970_000_000n));
    expect(account.best.costUsd.toNumber()).toBeCloseTo(260, 4);
    expect([account.best.ended, account.worst, account.rational]).toEqual(['empty', account.best, account.best]);
  });

  test('behavior: a discount on the closing fee lowers what a liquidation costs', () => {
    const account = liquidatable('gmx-v2@2', vectorView(1_970_000_000n, { traderDiscountFactor: 10n ** 29n }));
    expect(account.best.costUsd.toNumber()).toBeCloseTo(254, 4);
  });

  test('behavior: a GMX position that is worth less than the fees loses what is left, and what it lacks is bad debt', () => {
    const account = liquidatable('gmx-v2@2', vectorView(1_961_000_000n));
    // 2,000 − 1,950 − 30 − 12.50 of fees = 7.50 before closing.
    expect(account.best.costUsd.toNumber()).toBeCloseTo(7.5, 4);
    const insolvent = liquidatable('gmx-v2@2', vectorView(1_900_000_000n));
    expect(insolvent.best.costUsd.toNumber()).toBe(0);
    expect(insolvent.best.badDebtUsd.gt(2_900)).toBe(true);
  });

  test('default: a generic book liquidates up to its target health, at a discount that grows with the shortfall', () => {
    const account = liquidatable('generic-lending@1', genericView([[G_WETH, 10n * E18]], [[G_USDC, 17_625_000_000n]]));
    expect(account.pairs[0]?.largest?.bonus?.toNumber()).toBeCloseTo(1 / (1 - 0.0813333333333333) - 1, 6);
    expect(account.worst.healthAfter.native?.toNumber()).toBeCloseTo(1.25, 6);
    expect([account.best.ended, account.best.healthAfter.liquidatable]).toEqual(['restored', false]);
    expect(account.best.costUsd.lt(account.worst.costUsd)).toBe(true);
  });
});

describe('forcedView: behaviour', () => {
  test('behavior: of a safe account the uniform move that makes it liquidatable is told, and there it is', () => {
    const opened = openAccounts([{ rule: 'aave-v3@3.6', view: dollarAccount({ weth: 100_000, wsteth: 0, usdc: 60_000, dai: 0 }) }]);
    const options = { distance: { groups: new Map(), stable: new Set([USDC, DAI]) } };
    const [safe] = forcedView(opened, options).accounts;
    if (safe?.status !== 'safe') throw new TypeError('not safe');
    expect(safe.move?.toNumber()).toBeCloseTo(1 - 60 / 83, 4);
    const at = (share: string) => forcedView(opened, { ...options, moves: moveTogether([WETH], new Decimal(1).minus(safe.move ?? 0).times(share)) }).accounts[0]?.status;
    expect([at('1.00001'), at('0.99999')]).toEqual(['safe', 'liquidatable']);
    const [debtFree] = forcedView(openAccounts([{ rule: 'aave-v3@3.6', view: dollarAccount({ weth: 100_000, wsteth: 0, usdc: 0, dai: 0 }) }])).accounts;
    expect(debtFree).toMatchObject({ status: 'safe', move: null, reason: 'no debt' });
  });

  test('behavior: costs are counted at market prices, which follow the moves', () => {
    const specs = [{ rule: 'aave-v3@3.6', view: v2View }];
    const market = openAccounts(specs, {
      prices: [
        [WETH, '1800'],
        [USDC, '1'],
      ],
    });
    const [account] = forcedView(market).accounts;
    if (account?.status !== 'liquidatable') throw new TypeError('not liquidatable');
    expect(account.atOraclePrice).toEqual([]);
    const [pair] = account.pairs;
    const seized = Number(pair?.largest?.seized[0]?.amount) / 1e18;
    expect(pair?.largest?.costUsd.toNumber()).toBeCloseTo(seized * 1800 - 7616.953507, 6);
    // By the oracle the bonus is what it was.
    expect(pair?.largest?.bonus?.toNumber()).toBeCloseTo(0.05, 8);
    const [moved] = forcedView(market, { moves: moveTogether([WETH], new Decimal('0.9')) }).accounts;
    if (moved?.status !== 'liquidatable') throw new TypeError('not liquidatable');
    const largest = moved.pairs[0]?.largest;
    expect(largest?.costUsd.toNumber()).toBeCloseTo((Number(largest?.seized[0]?.amount) / 1e18) * 1620 - Number(largest?.repaid[0]?.amount) / 1e6, 6);
    expect(forcedView(openAccounts(specs)).accounts[0]?.atOraclePrice).toEqual([WETH, USDC]);
  });

  test('behavior: sums are over the accounts that are liquidatable', () => {
    const opened = openAccounts([
      { rule: 'aave-v3@3.6', view: v2View },
      { rule: 'morpho-blue@1', view: v7View },
      { rule: 'compound-v3@1', view: v6View() },
    ]);
    const { accounts, best, rational, worst, gaps } = forcedView(opened);
    expect(accounts.map(({ status }) => status)).toEqual(['liquidatable', 'liquidatable', 'safe']);
    for (const [total, of] of [
      [best, 'best'],
      [rational, 'rational'],
      [worst, 'worst'],
    ] as const) {
      const costs = accounts.map((account) => (account.status === 'liquidatable' ? account[of].costUsd.toNumber() : 0));
      expect(total.costUsd.toNumber()).toBeCloseTo(
        costs.reduce((a, b) => a + b),
        9,
      );
    }
    expect(gaps).toEqual([]);
    expect(forcedView(opened, { accounts: ['account 1'] }).accounts.map(({ account }) => account)).toEqual(['account 1']);
  });

  test('behavior: with two collaterals the answers of T1 and T2 differ by pair', () => {
    // HF 0.87: below 0.83 · 1.05 = 0.8715, above 0.81 · 1.06 = 0.8586; D/C 0.9425 is below both 1/1.05 and 1/1.06.
    const account = forcedOf('aave-v3@3.6', dollarAccount({ weth: 50_000, wsteth: 50_000, usdc: 94_253, dai: 0 }));
    expect(account?.health.native?.toNumber()).toBeCloseTo(0.87, 3);
    expect(account?.pairs.map(({ toxicity }) => [toxicity?.lowersHealth, toxicity?.raisesLoanToValue])).toEqual([
      [true, false],
      [false, false],
    ]);
  });

  test('behavior: a profit-maximiser stops where the pool no longer pays, and does nothing where gas eats it', () => {
    const view = dollarAccount({ weth: 100_000, wsteth: 0, usdc: 84_000, dai: 0 });
    const deep = forcedOf('aave-v3@3.6', view, { means: curves(1e9) });
    const shallow = forcedOf('aave-v3@3.6', view, { means: curves(100_000) });
    const dear = forcedOf('aave-v3@3.6', view, { means: { ...curves(1e9), gasUsd: () => 1e6 } });
    expect(deep?.rational.liquidations[0]?.repaid[0]?.usd.gt(shallow?.rational.liquidations[0]?.repaid[0]?.usd ?? 1e9)).toBe(true);
    expect(deep?.rational.method).toContain('after slippage');
    expect([dear?.rational.ended, dear?.rational.liquidations.length, dear?.rational.costUsd.toNumber()]).toEqual(['stuck', 0, 0]);
    expect([dear?.rational.refusal, dear?.best.ended, dear?.best.refusal]).toEqual([null, 'restored', null]);
    expect(forcedOf('aave-v3@3.6', view)?.rational.method).toContain('no curves were given');
  });

  test('behavior: where the protocol refuses every liquidation, the pairs say why and the account is stuck', () => {
    const view = dollarAccount({ weth: 100_000, wsteth: 0, usdc: 84_000, dai: 0 });
    const account = forcedOf('aave-v3@3.6', { ...view, market: { ...view.market, liquidationAllowed: false } });
    expect(account?.pairs[0]?.largest).toBeNull();
    expect(account?.pairs[0]?.refusal).toContain('PriceOracleSentinelCheckFailed');
    expect([account?.best.ended, account?.rational.ended, account?.worst.ended]).toEqual(['stuck', 'stuck', 'stuck']);
    expect(account?.worst.refusal).toContain('PriceOracleSentinelCheckFailed');
  });

  test('behavior: a sequence is cut at the stated number of liquidations', () => {
    // A health of 0.915: half of one debt does not restore it.
    const view = dollarAccount({ weth: 1_000_000, wsteth: 500_000, usdc: 650_000, dai: 700_000 });
    const account = forcedOf('aave-v2@2', view, { maxLiquidations: 1 });
    expect(account?.worst.liquidations).toHaveLength(1);
    expect(account?.worst.ended).toBe('capped');
    expect(forcedOf('aave-v2@2', view)?.worst.ended).not.toBe('capped');
  });

  test('behavior: the search says where it did not try every order', () => {
    const view = dollarAccount({ weth: 60_000, wsteth: 60_000, usdc: 56_000, dai: 56_000 });
    expect(forcedOf('aave-v3@3.6', view, { maxSearchStates: 1 })?.best.method).toContain('within 1 states');
    expect(forcedOf('aave-v3@3.6', view)?.best.method).toContain('every order');
  });

  test('behavior: a call stops where less than 1,000 dollars of the debt would be left, and takes all of a smaller one', () => {
    const account = forcedOf('aave-v3@3.6', dollarAccount({ weth: (4_500 * 0.98) / 0.83, wsteth: 0, usdc: 2_500, dai: 2_000 }));
    expect(account?.pairs.map(({ debt, largest }) => [debt, Math.round((largest?.repaid[0]?.usd.toNumber() ?? 0) * 100) / 100, largest?.step.repay === 'max'])).toEqual([
      [USDC, 1_500, false],
      [DAI, 2_000, true],
    ]);
  });

  test('behavior: between a part that leaves no dust and everything nothing is accepted: the least that restores is found below', () => {
    const account = forcedOf('aave-v3@3.6', dollarAccount({ weth: 2_266, wsteth: 0, usdc: 1_900, dai: 0 }));
    // r = G ÷ (1 − 0.83 · 1.05) at a bonus of 5 %.
    expect(account?.best.costUsd.toNumber()).toBeCloseTo(((1_900 - 2_266 * 0.83) / (1 - 0.8715)) * 0.05, 3);
    expect(account?.worst.costUsd.toNumber()).toBeGreaterThan(1_899 * 0.05);
  });

  test('behavior: a market without liquidity to pay the liquidator limits the call', () => {
    const reserves = [reserveOf('WETH', { availableLiquidity: 10n ** 18n }), reserveOf('USDC')];
    const view = viewOf(poolOf(reserves), [supplied(0, 55n * 10n ** 18n), owed(2, 84_000_000_000n)]);
    expect(forcedOf('aave-v3@3.6', view)?.pairs[0]?.largest?.received[0]?.amount).toBeLessThanOrEqual(10n ** 18n);
    expect(forcedOf('aave-v3@3.6', view)?.pairs[0]?.largest?.received[0]?.amount).toBeGreaterThan(10n ** 18n - 10n ** 10n);
    const { worst } = forcedOf('aave-v3@3.6', view) ?? {};
    expect([worst?.ended, worst?.badDebtUsd.toString()]).toEqual(['stuck', '0']);
    expect(worst?.refusal).toContain('NotEnoughLiquidity');
    expect(forcedOf('aave-v3@3.6', view)?.best.method).toContain('no order of pairs came to an end');
  });
});

describe('forcedView: bad input', () => {
  const opened = openAccounts([{ rule: 'aave-v3@3.6', view: v2View }]);

  test('bad input: an account that the portfolio does not have', () => {
    expect(() => forcedView(opened, { accounts: ['account 0', 'nobody'] })).toThrow(/no account "nobody"/);
  });

  test.each([0, -1, 1.5, Number.NaN])('bad input: a limit of %s', (limit) => {
    expect(() => forcedView(opened, { maxLiquidations: limit })).toThrow(/give a whole number above 0/);
    expect(() => forcedView(opened, { maxSearchStates: limit })).toThrow(/give a whole number above 0/);
  });

  test('bad input: curves without liquidity or of another pair, fees and gas that cannot be', () => {
    const good = curves(1e6);
    const ask = (means: Partial<LiquidatorMeans>) => () => forcedView(opened, { means: { ...good, ...means } });
    const flat = { from: WETH, to: USDC, out: () => 0, marginal: () => 0, depth: 10, source: 'an empty pool', observedAt: 0, assumed: false };
    expect(ask({ curveOf: () => flat })).toThrow(/an empty pool\) has no liquidity/);
    expect(ask({ curveOf: () => ({ ...flat, marginal: () => 1, depth: 0 }) })).toThrow(/has no liquidity/);
    expect(ask({ curveOf: (from, to) => good.curveOf(to, from) })).toThrow(/was asked for/);
    expect(ask({ flashFeeBps: -1 })).toThrow(/flash fee of -1/);
    expect(ask({ flashFeeBps: 10_000 })).toThrow(/flash fee of 10000/);
    expect(ask({ gasUsd: () => Number.NaN })).toThrow(/Gas of NaN/);
  });

  test('bad input: an account whose rule cannot answer is a gap, the others are answered', () => {
    const both = openAccounts([
      { rule: 'aave-v3@3.6', view: v2View },
      { rule: 'morpho-blue@1', view: v7View },
    ]);
    const { accounts, gaps } = forcedView(both, { moves: moveTogether([wstEthUsdc.collateral.asset], new Decimal(0)) });
    expect(accounts.map(({ account }) => account)).toEqual(['account 0']);
    expect(gaps).toMatchObject([{ code: 'MISSING_PRICE', account: 'account 1', deployment: 'market 1' }]);
  });

  test('bad input: a rule whose liquidations are not known here is a gap', () => {
    const strange = { ...ruleOf('aave-v3@3.6'), id: 'strange@1' };
    const { accounts, gaps } = forcedView(openAccounts([{ rule: 'strange@1', view: v2View }], { find: (id) => (id === 'strange@1' ? strange : undefined) }));
    expect(accounts).toEqual([]);
    expect(gaps).toMatchObject([{ code: 'UNSUPPORTED_STATE', account: 'account 0' }]);
  });

  test('bad input: the gaps of the portfolio are passed on', () => {
    const gap = { code: 'SOURCE_TIMEOUT', message: 'late', retryable: true, chain: null, deployment: null, account: null } as const;
    expect(forcedView(openAccounts([{ rule: 'aave-v3@3.6', view: v2View }], { gaps: [gap] })).gaps).toEqual([gap]);
  });
});

describe(searchBest, () => {
  test('behavior: an account that no order brings to an end is searched no longer than stated', () => {
    const state = stateOf('aave-v3@3.6', dollarAccount({ weth: 10_000, wsteth: 10_000, usdc: 9_000, dai: 9_000 }));
    const real = rememberChoices()(state);
    expect(real.sized.length).toBeGreaterThan(1);
    let looked = 0;
    // Whatever is done, everything stays as it was.
    const endless: LookAtChoices = () => {
      looked += 1;
      return { sized: real.sized.map(({ choice, sizes }) => ({ choice, sizes: { largest: { ...sizes.largest, after: state }, partial: null } })), refused: [] };
    };
    expect(searchBest(state, endless, { cap: 30, states: 5 })).toEqual({ found: null, complete: false });
    expect(looked).toBeLessThanOrEqual(35);
  });
});
