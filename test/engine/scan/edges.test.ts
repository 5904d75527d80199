import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../src/core/decimal.ts';
import { InvalidArgument } from '../../../src/core/errors.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import type { PriceMove, Rule } from '../../../src/core/rule.ts';
import { createJsKernel, openKernel, ScanBook } from '../../../src/engine/scan/index.ts';
import { getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { createAaveRule } from '../../../src/protocols/aave/rule.ts';
import type { AavePool, AavePosition } from '../../../src/protocols/aave/state.ts';
import { compoundV3Rule } from '../../../src/protocols/compound-v3/rule.ts';
import { morphoBlueRule } from '../../../src/protocols/morpho-blue/rule.ts';
import type { MorphoMarket } from '../../../src/protocols/morpho-blue/state.ts';
import { usersOf } from '../../chain/counts.ts';
import { seededRandom } from '../../chain/seeded-random.ts';
import { assetOf, poolOf, reserveOf } from '../../protocols/aave/fact-sheet-pool.ts';
import { T0 as COMET_T0, WETH as COMET_WETH, usdcComet } from '../../protocols/compound-v3/usdc-comet.ts';
import { v7Position, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { type LinearMarket, type LinearPosition, linearRule } from '../linear-rule.ts';
import { expectExact, found, openBook } from './open-book.ts';
import { makeBook } from './random-book.ts';
import { makeMarkets, type RandomMarket, T0, tokensOf } from './random-markets.ts';

const YEAR = 31_536_000n;
const RAY = 10n ** 27n;
const aave = createAaveRule(getAaveProfile('aave-v3@3.6'));
const POOL_T0 = reserveOf('WETH').lastUpdate;

/** The linear rule with a screen: its amounts grow by one rate, and a position names its own cohort. */
const linear: Rule = {
  ...(linearRule as Rule),
  screening: {
    weightCut: 0,
    quantumUsd: () => new Decimal(0),
    numeraires: () => [],
    cohort: (_, position) => (position as { readonly cohort?: string }).cohort ?? 'all',
    shape: () => '',
  },
};

const [LINEAR] = tokensOf(0);
function linearMarket(changes: Partial<LinearMarket> = {}): LinearMarket {
  return { assets: [{ asset: LINEAR.asset, symbol: 'T', decimals: 18, price: 10n ** 18n, fixed: false, cap: null }], borrowRate: 0n, updatedAt: Number(T0), failsFrom: null, ...changes };
}
function linearPosition(collateral: bigint, debt: bigint): LinearPosition {
  const term = (side: 'collateral' | 'debt', amount: bigint) => ({ side, asset: LINEAR.asset, amount, weight: 10n ** 18n, role: side, idle: false });
  return { terms: [...(collateral > 0n ? [term('collateral', collateral)] : []), ...(debt > 0n ? [term('debt', debt)] : [])] };
}

/** A pool of WETH and USDC with a little interest. */
function pool(changes: Partial<AavePool> = {}): AavePool {
  return poolOf(
    [reserveOf('WETH', { liquidityRate: RAY / 50n }), reserveOf('USDC', { id: 1, variableBorrowRate: RAY / 5n, variableBorrowIndex: (RAY * 11n) / 10n }), reserveOf('DAI', { id: 2 })],
    changes,
  );
}
function borrower(scaledSupply: bigint, scaledDebt: bigint): AavePosition {
  return {
    eMode: 0,
    holdings: [
      { reserve: 0, scaledSupply, usedAsCollateral: true, scaledVariableDebt: 0n, stableDebt: null },
      { reserve: 1, scaledSupply: 0n, usedAsCollateral: false, scaledVariableDebt: scaledDebt, stableDebt: null },
    ],
  };
}
/** The least scaled debt with which the supply is liquidatable. */
function edgeOf(market: AavePool, scaledSupply: bigint, at: bigint): bigint {
  let [low, high] = [1n, 10n ** 40n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (aave.health({ market, position: borrower(scaledSupply, middle), at }).liquidatable) high = middle;
    else low = middle;
  }
  return high;
}
const asMarket = (state: unknown, rule: Rule = aave as Rule): RandomMarket => ({ key: 'pool', rule, state, makePosition: () => null, withDebt: () => null });
const inPool = (positions: readonly unknown[]) => positions.map((position) => ({ market: 'pool', position }));
const by = (asset: AssetId, numerator: bigint, denominator: bigint): ReadonlyMap<AssetId, PriceMove> => new Map([[asset, { numerator, denominator }]]);

describe('time', () => {
  test('property: accounts at their threshold at a later second are found from a book that was opened before', async () => {
    let liquidatable = 0;
    for (let seed = 0; seed < usersOf(4, 60); seed += 1) {
      for (const later of [45n, 61n, 5_000n, YEAR]) {
        const made = makeBook(seededRandom(300 + seed), { copies: 1, perMarket: 12, at: T0 + later });
        const opened = openBook(await openKernel(), { ...made, at: T0 });
        const result = opened.book.screen(T0 + later);
        expectExact(opened, result, `seed ${seed}, ${later} s later`);
        expectExact(opened, opened.book.tick(new Map(), T0 + later + 1n), `seed ${seed}, a second after`);
        liquidatable += result.liquidatable.length;
      }
    }
    expect(liquidatable).toBeGreaterThan(200);
  });

  test('behavior: a refusal from a second within the window on is not hidden by a price tick before it', async () => {
    const { book, ...opened } = openBook(await openKernel(), {
      markets: [asMarket(linearMarket({ failsFrom: Number(T0) + 30 }), linear)],
      accounts: inPool([linearPosition(10n ** 20n, 10n ** 18n)]),
      at: T0,
    });
    expect(found(book.screen(T0))).toEqual({ liquidatable: [], refused: [] });
    expect(found(book.tick(by(LINEAR.asset, 11n, 10n), T0 + 5n))).toEqual({ liquidatable: [], refused: [] });
    expect(found(book.tick(by(LINEAR.asset, 9n, 10n), T0 + 30n))).toEqual({ liquidatable: [], refused: ['0 UNSUPPORTED_STATE'] });
    expect(opened.positions.size).toBe(1);
  });

  test('behavior: accounts that come after a year of growth are weighed by what they owe now: those at the threshold are flagged, those 1 % off are not', async () => {
    const at = POOL_T0 + YEAR;
    const supply = 10n ** 19n;
    const edge = edgeOf(pool(), supply, at);
    const opened = openBook(await openKernel(), { markets: [asMarket(pool())], accounts: inPool([borrower(supply, edge / 3n)]), at: POOL_T0 });
    opened.book.screen(at);
    // The second is a hundred times the slot's yardstick, and becomes it.
    const debts = [edge, edge - 1n, (edge * 99n) / 100n, 100n * edge - 1n, 100n * edge];
    for (const [place, debt] of debts.entries()) {
      const position = borrower(place < 3 ? supply : 100n * supply, debt);
      opened.positions.set(opened.book.add({ market: 'pool', position }), position);
    }
    const result = opened.book.tick(new Map(), at);
    expectExact(opened, result);
    expect(result.liquidatable).toContain(1);
    expect(result.decided).toBeLessThan(5);
    for (const later of [1n, 12n, YEAR]) expectExact(opened, opened.book.screen(at + later), `${later} s later`);
  });
});

describe('prices', () => {
  test('property: accounts of fractions of a cent, at their threshold after a fall of a debt price by thousands, are found', async () => {
    let planted = 0;
    for (let seed = 0; seed < usersOf(12, 200); seed += 1) {
      const random = seededRandom(900 + seed);
      const [debt, ...others] = [
        reserveOf('DAI', { id: 9, price: 10n ** 12n }),
        ...Array.from({ length: 9 }, (_, id) => reserveOf('DAI', { id, asset: tokensOf(0)[id % 7]?.asset ?? LINEAR.asset, price: BigInt(random.integer(10 ** 8, 10 ** 9)) })),
      ];
      const market = poolOf([...others, { ...debt, decimals: 18 }]);
      const fall = by(assetOf('DAI'), 1n, BigInt(random.pick([300, 5_000, 100_000, 10_000_000])));
      const fallen = aave.reprice(market, fall);
      const position = (scaledDebt: bigint): AavePosition => ({
        eMode: 0,
        holdings: [
          ...others.map(({ id }) => ({ reserve: id, scaledSupply: supplies[id] ?? 1n, usedAsCollateral: true, scaledVariableDebt: 0n, stableDebt: null })),
          { reserve: 9, scaledSupply: 0n, usedAsCollateral: false, scaledVariableDebt: scaledDebt, stableDebt: null },
        ],
      });
      // Values of one to four base units, most of whose fraction is cut off.
      const supplies = others.map(({ price }) => (BigInt(random.integer(11, 49)) * 10n ** 17n) / price);
      let [low, high] = [1n, 10n ** 40n];
      while (high - low > 1n) {
        const middle = (low + high) / 2n;
        if (aave.health({ market: fallen, position: position(middle), at: POOL_T0 }).liquidatable) high = middle;
        else low = middle;
      }
      const opened = openBook(createJsKernel(), { markets: [asMarket(market)], accounts: inPool([position(high), position(low)]), at: POOL_T0 });
      opened.book.screen(POOL_T0);
      const result = opened.book.tick(fall, POOL_T0);
      expectExact(opened, result, `seed ${seed}`);
      planted += result.liquidatable.length;
    }
    expect(planted).toBeGreaterThanOrEqual(usersOf(12, 200));
  });

  test('behavior: where the base price of a comet is gone, accounts without debt are refused as well, by a screen and by a tick', async () => {
    const healthy = { principal: 0n, collaterals: [{ asset: COMET_WETH, balance: 10n ** 19n }] };
    const opened = openBook(await openKernel(), { markets: [asMarket(usdcComet(), compoundV3Rule as Rule)], accounts: inPool([healthy]), at: COMET_T0 });
    expect(found(opened.book.screen(COMET_T0))).toEqual({ liquidatable: [], refused: [] });
    const { base } = usdcComet();
    opened.book.replaceMarket('pool', usdcComet({ base: { ...base, price: null } }), COMET_T0);
    expect(found(opened.book.tick(new Map(), COMET_T0))).toEqual({ liquidatable: [], refused: ['0 MISSING_PRICE'] });
    opened.book.replaceMarket('pool', usdcComet(), COMET_T0);
    expect(found(opened.book.screen(COMET_T0))).toEqual({ liquidatable: [], refused: [] });
  });

  test('behavior: accounts that could not be valued when they came are decided in integers, and put into columns when the book is compacted', async () => {
    const { base } = usdcComet();
    const healthy = { principal: -1_000_000n, collaterals: [{ asset: COMET_WETH, balance: 10n ** 19n }] };
    const opened = openBook(await openKernel(), { markets: [asMarket(usdcComet({ base: { ...base, price: null } }), compoundV3Rule as Rule)], accounts: inPool([healthy]), at: COMET_T0 });
    expect(found(opened.book.screen(COMET_T0)).refused).toEqual(['0 MISSING_PRICE']);
    opened.book.replaceMarket('pool', usdcComet(), COMET_T0);
    expect(opened.book.screen(COMET_T0)).toMatchObject({ liquidatable: [], refused: [], decided: 1 });
    expect(opened.book.figures.alwaysExact).toBe(1);
    opened.book.compact();
    expect(opened.book.screen(COMET_T0)).toMatchObject({ liquidatable: [], refused: [], decided: 0 });
    expect(opened.book.figures.alwaysExact).toBe(0);
  });

  test('behavior: a hard-coded oracle stays where it is', async () => {
    const accounts = inPool([linearPosition(100n, 99n), linearPosition(10n ** 20n, 10n ** 18n)]);
    const [asset] = linearMarket().assets;
    const markets = [true, false].map((fixed) => ({ ...asMarket(linearMarket({ assets: asset === undefined ? [] : [{ ...asset, fixed }] }), linear), key: fixed ? 'fixed' : 'pool' }));
    const opened = openBook(await openKernel(), { markets, accounts: [...accounts, ...accounts.map((account) => ({ ...account, market: 'fixed' }))], at: T0 });
    for (const [numerator, denominator] of [
      [1n, 1_000n],
      [2n, 1n],
    ] as const) {
      const result = opened.book.tick(by(LINEAR.asset, numerator, denominator), T0 + 1n);
      expectExact(opened, result);
    }
  });

  test('behavior: where a fixed oracle quotes collateral in the loan token, a move of the loan token moves both', async () => {
    const state = { ...wstEthUsdc, oracleKind: 'fixed' };
    const [asset, loan] = [wstEthUsdc.collateral.asset, wstEthUsdc.loan.asset];
    const opened = openBook(await openKernel(), {
      markets: [asMarket(state, morphoBlueRule as Rule)],
      accounts: inPool([v7Position, { ...v7Position, borrowShares: v7Position.borrowShares * 2n }, { ...v7Position, collateral: v7Position.collateral * 10n }]),
      at: wstEthUsdc.lastUpdate,
    });
    for (const moves of [by(loan, 1n, 2n), by(loan, 3n, 1n), by(asset, 1n, 100n), by(loan, 1n, 90n)]) {
      const result = opened.book.tick(moves, wstEthUsdc.lastUpdate + 5n);
      expectExact(opened, result);
      expect(result.liquidatable).toEqual([0, 1]);
    }
  });

  test('behavior: a preview finds what a tick would, and leaves the book as it was', async () => {
    for (let seed = 0; seed < usersOf(4, 40); seed += 1) {
      const made = makeBook(seededRandom(40 + seed), { copies: 2, perMarket: 10 });
      const [opened, other] = [openBook(await openKernel(), { ...made, at: T0 }), openBook(await openKernel(), { ...made, at: T0 })];
      const before = found(opened.book.screen(T0));
      const moves = by(tokensOf(0)[seed % 4]?.asset ?? LINEAR.asset, 3n, 1_000n);
      expect(found(opened.book.preview(moves, T0 + 70n))).toEqual(found(other.book.tick(moves, T0 + 70n)));
      expect(found(opened.book.tick(new Map(), T0))).toEqual(before);
      expectExact(opened, opened.book.tick(new Map(), T0 + 3n));
    }
  });

  test('error: where a rule refuses a move, or gives a price that is not a number, nothing has moved', async () => {
    const state = usdcComet({ unit: { asset: tokensOf(0)[0].asset, symbol: 'ETH', usdPerUnit: 250_000_000_000n } });
    const made = makeBook(seededRandom(5), { copies: 1, perMarket: 8 });
    const markets = [...made.markets.filter(({ key }) => /^(comet|gmx)/.test(key)), { ...asMarket(state, compoundV3Rule as Rule), key: 'in ETH' }];
    const opened = openBook(await openKernel(), {
      markets,
      accounts: [
        ...made.accounts.filter(({ market }) => /^(comet|gmx)/.test(market)),
        { market: 'in ETH', position: { principal: -1_000_000n, collaterals: [{ asset: COMET_WETH, balance: 10n ** 19n }] } },
      ],
      at: T0,
    });
    const before = found(opened.book.screen(T0));
    expect(() => opened.book.tick(by(tokensOf(0)[0].asset, 0n, 1n), T0)).toThrow(/cannot be moved to 0/);
    expect(found(opened.book.screen(T0))).toEqual(before);

    const broken: Rule = {
      ...linear,
      exposure: (view) => linear.exposure(view).map((term) => ({ ...term, priceUsd: (view.market as LinearMarket).assets[0]?.price === 10n ** 18n ? term.priceUsd : new Decimal(Number.NaN) })),
    };
    const other = openBook(await openKernel(), { markets: [asMarket(linearMarket(), broken)], accounts: inPool([linearPosition(100n, 99n)]), at: T0 });
    expect(() => other.book.tick(by(LINEAR.asset, 1n, 2n), T0)).toThrow(/price of .* is NaN and its weight 1; both have to be finite numbers/);
    expect(found(other.book.tick(new Map(), T0))).toEqual({ liquidatable: [], refused: [] });
  });
});

/** A rule that is asked about each account by itself. */
function withoutPrepare(rule: Rule): Rule {
  return Object.fromEntries(Object.entries(rule).filter(([name]) => name !== 'prepare')) as typeof rule;
}

describe('markets', () => {
  test('behavior: a state in which a reserve is missing, or counts otherwise, has every account stored again', async () => {
    const idle: AavePosition = {
      eMode: 0,
      holdings: [...borrower(10n ** 19n, 10n ** 9n).holdings, { reserve: 2, scaledSupply: 10n ** 18n, usedAsCollateral: false, scaledVariableDebt: 0n, stableDebt: null }],
    };
    const opened = openBook(await openKernel(), { markets: [asMarket(pool())], accounts: inPool([idle, borrower(10n ** 20n, 10n ** 10n)]), at: POOL_T0 });
    expect(found(opened.book.screen(POOL_T0))).toEqual({ liquidatable: [], refused: [] });
    opened.book.replaceMarket('pool', { ...pool(), reserves: pool().reserves.slice(0, 2) }, POOL_T0);
    expect(found(opened.book.tick(new Map(), POOL_T0))).toEqual({ liquidatable: [], refused: ['0 UNKNOWN_MARKET'] });
    const [{ asset: another }] = tokensOf(5);
    const renamed = pool().reserves.map((reserve) => (reserve.id === 0 ? { ...reserve, asset: another } : reserve));
    opened.book.replaceMarket('pool', { ...pool(), reserves: renamed }, POOL_T0);
    expectExact(opened, opened.book.tick(by(another, 1n, 1_000n), POOL_T0));
    expect(found(opened.book.screen(POOL_T0)).liquidatable).toEqual([0, 1]);
  });

  test('behavior: a market whose rule answers for no second before its state stays in columns when it is read anew, and where it is newer than the book', async () => {
    const rule = morphoBlueRule as Rule;
    const [start, healthy] = [wstEthUsdc.lastUpdate, { ...v7Position, collateral: v7Position.collateral * 10n }];
    const opened = openBook(await openKernel(), { markets: [asMarket(wstEthUsdc, rule)], accounts: inPool(Array.from({ length: 40 }, () => healthy)), at: start });
    const stateAt = (lastUpdate: bigint) => ({ ...wstEthUsdc, lastUpdate });
    for (const at of [start + 12n, start + 24n, start + 200n]) {
      opened.book.replaceMarket('pool', stateAt(at), at);
      opened.book.replace(0, v7Position);
      opened.positions.set(0, v7Position);
      const result = opened.book.tick(new Map(), at + 12n);
      expectExact(opened, result);
      expect([result.liquidatable, result.decided, opened.book.figures.alwaysExact]).toEqual([[0], 1, 0]);
    }
    // The newest second that the book was asked about is before this state.
    opened.book.addMarket({ key: 'newer', rule, state: stateAt(start + 260n), at: start + 260n });
    opened.positions.set(opened.book.add({ market: 'newer', position: healthy }), healthy);
    const result = opened.book.tick(new Map(), start + 262n);
    expectExact(opened, result);
    expect([result.liquidatable, result.decided, opened.book.figures.alwaysExact]).toEqual([[0], 1, 0]);
    // Asked about an earlier second it says nothing of the newer market, as its rule does.
    const early = opened.book.screen(start + 250n);
    expectExact(opened, early);
    expect(found(early)).toEqual({ liquidatable: [0], refused: ['40 INVALID_ARGUMENT'] });
  });

  test('property: books of more slots than one table names are screened from several tables, and what fits in none is decided in integers', async () => {
    const many = usersOf(400, 26_000);
    const states = Array.from({ length: many }, (_, at) => ({ ...asMarket(linearMarket(), linear), key: `market ${at}` }));
    const accounts = states.map(({ key }, at) => ({ market: key, position: linearPosition(1_000n, BigInt(998 + (at % 4))) }));
    const opened = openBook(await openKernel(), { markets: states, accounts, at: T0 });
    const result = opened.book.screen(T0);
    expect(result.liquidatable).toEqual(accounts.flatMap((_, at) => (at % 4 === 3 ? [at] : [])));
    expect(opened.book.figures.bytes.tables / 524_288).toBe(2 * many > 49_152 ? 2 : 1);
    expect(opened.book.figures.alwaysExact).toBe(0);

    const crowd = usersOf(400, 33_000);
    const own = Array.from({ length: crowd }, (_, at) => ({ market: 'pool', position: { ...linearPosition(1_000n, BigInt(998 + (at % 4))), cohort: `${at}` } }));
    const crowded = openBook(await openKernel(), { markets: [asMarket(linearMarket(), linear)], accounts: own, at: T0 });
    expect(crowded.book.screen(T0).liquidatable).toEqual(own.flatMap((_, at) => (at % 4 === 3 ? [at] : [])));
    expect(crowded.book.figures.alwaysExact > 0).toBe(2 * crowd > 65_535);
  });
});

describe('amounts', () => {
  test('property: amounts of one unit, and beyond what f64 holds, are decided as the rule decides', async () => {
    const sizes = [1n, 2n, 16n, 17n, 2n ** 53n + 1n, 10n ** 40n, 10n ** 300n, 10n ** 320n];
    // The last owes what f64 does not hold, against what it just holds.
    const positions = [...sizes.flatMap((size) => [size - 1n, size, size + 1n].map((debt) => linearPosition(size, debt))), linearPosition(15n * 10n ** 307n, 10n ** 320n)];
    const accounts = inPool(positions);
    const opened = openBook(await openKernel(), { markets: [asMarket(linearMarket(), linear)], accounts, at: T0 });
    for (const result of [opened.book.screen(T0), opened.book.tick(by(LINEAR.asset, 1n, 3n), T0 + 9n)]) {
      expectExact(opened, result);
      expect(result.liquidatable).toEqual([...sizes.map((_, at) => 3 * at + 2), 3 * sizes.length]);
    }
  });
});

describe('listNear', () => {
  test('property: it misses no account that is liquidatable once debt weighs more, and the screen after it is as before', async () => {
    const positions = Array.from({ length: 200 }, (_, at) => linearPosition(10n ** 9n, 10n ** 9n - BigInt(at) * 10n ** 6n));
    const opened = openBook(await openKernel(), { markets: [asMarket(linearMarket(), linear)], accounts: inPool(positions), at: T0 });
    const before = found(opened.book.screen(T0));
    // 5 % more debt is too much for those that owe more than 1/1.05 = 95.24 % of their collateral.
    expect(opened.book.listNear(0.05, T0)).toEqual(Array.from({ length: 48 }, (_, at) => at));
    expect(found(opened.book.tick(new Map(), T0))).toEqual(before);
    expect(opened.book.health(47, T0).healthFactor?.toNumber()).toBeCloseTo(1 / 0.953, 6);
  });
});

describe('ScanBook', () => {
  test('bad input: what is not there, or there already, or no number, is refused with what to do', async () => {
    const opened = openBook(await openKernel(), { markets: makeMarkets(seededRandom(1), 1), accounts: [], at: T0 });
    const { book } = opened;
    expect(() => book.addMarket({ key: 'gmx 0', rule: linear, state: {} })).toThrow(/already; replace its state instead/);
    expect(() => book.add({ market: 'nowhere', position: {} })).toThrow(/no market "nowhere"; add it before/);
    expect(() => book.replace(0, {})).toThrow(/no account 0/);
    expect(() => book.remove(7)).toThrow(/no account 7/);
    for (const share of [Number.NaN, Number.POSITIVE_INFINITY, -0.1]) expect(() => book.listNear(share, T0)).toThrow(/is no distance/);
    expect(() => new ScanBook({ kernel: createJsKernel(), at: T0, positionOf: () => null, horizon: -1n })).toThrow(/ends before it begins/);
    expect(found(book.screen(T0))).toEqual({ liquidatable: [], refused: [] });
  });

  test('error: accounts that cannot be added leave nothing behind, nor does a market that cannot be taken', async () => {
    const broken: Rule = {
      ...linear,
      exposure: (view) => linear.exposure(view).map((term) => ({ ...term, priceUsd: (view.market as LinearMarket).assets[0]?.price === 7n ? new Decimal(Number.NaN) : term.priceUsd })),
    };
    const [asset] = linearMarket().assets;
    const bad = linearMarket({ assets: asset === undefined ? [] : [{ ...asset, price: 7n }] });
    const opened = openBook(await openKernel(), { markets: [asMarket(linearMarket(), broken), { ...asMarket(bad, broken), key: 'bad' }], accounts: [], at: T0 });
    const { book, positions } = opened;
    const position = linearPosition(1n, 2n);
    expect(() => book.load([...inPool([position, position]), { market: 'nowhere', position }])).toThrow(/no market "nowhere"/);
    for (const market of ['bad', 'nowhere']) expect(() => book.add({ market, position })).toThrow(InvalidArgument);
    expect(book.figures.accounts).toBe(0);
    expect(found(book.decideAll(T0))).toEqual({ liquidatable: [], refused: [] });

    for (const number of book.load(inPool([position, linearPosition(100n, 99n)]))) positions.set(number, number === 0 ? position : linearPosition(100n, 99n));
    expect(() => book.replace(7, position)).toThrow(/no account 7/);
    expect(() => book.replaceMarket('pool', bad, T0)).toThrow(/price of .* is NaN/);
    expect(book.screen(T0).liquidatable).toEqual([0]);
    // Derives from the state that is there, which would throw again if it were the other.
    for (const denominator of [1n, 2n]) expectExact(opened, book.tick(by(LINEAR.asset, 1n, denominator), T0 + 1n));
  });

  test('error: after a move that could not be taken, time has not passed either', async () => {
    const broken: Rule = {
      ...withoutPrepare(morphoBlueRule as Rule),
      reprice: (market) => ({ ...(market as MorphoMarket), loanUsd: 'NaN' }),
      exposure: (view) => {
        const { loanUsd } = view.market as MorphoMarket;
        const sound = { ...view, market: { ...(view.market as MorphoMarket), loanUsd: wstEthUsdc.loanUsd } };
        return morphoBlueRule.exposure(sound as Parameters<typeof morphoBlueRule.exposure>[0]).map((term) => (loanUsd === 'NaN' ? { ...term, priceUsd: new Decimal(Number.NaN) } : term));
      },
    };
    const [start, later] = [wstEthUsdc.lastUpdate, wstEthUsdc.lastUpdate + 100_000_000n];
    const isLiquidatable = (collateral: bigint, at: bigint): boolean => morphoBlueRule.health({ market: wstEthUsdc, position: { ...v7Position, collateral }, at }).liquidatable;
    const collateral = 11n * 10n ** 18n;
    // Its interest alone makes it liquidatable.
    expect([isLiquidatable(collateral, start), isLiquidatable(collateral, later)]).toEqual([false, true]);
    const opened = openBook(await openKernel(), { markets: [asMarket(wstEthUsdc, broken)], accounts: inPool([{ ...v7Position, collateral }]), at: start });
    expect(found(opened.book.screen(start)).liquidatable).toEqual([]);
    expect(() => opened.book.tick(by(wstEthUsdc.loan.asset, 1n, 2n), later)).toThrow(InvalidArgument);
    expect(found(opened.book.tick(new Map(), later)).liquidatable).toEqual([0]);
  });

  test('error: an account whose new position cannot be taken is decided in integers until it is replaced again', async () => {
    const isBad = (position: unknown): boolean => (position as { readonly cohort?: string }).cohort === 'bad';
    const broken: Rule = { ...linear, exposure: (view) => linear.exposure(view).map((term) => ({ ...term, priceUsd: isBad(view.position) ? new Decimal(Number.NaN) : term.priceUsd })) };
    const opened = openBook(await openKernel(), { markets: [asMarket(linearMarket(), broken)], accounts: inPool([linearPosition(100n, 99n), linearPosition(100n, 99n)]), at: T0 });
    const { book, positions } = opened;
    expect([book.screen(T0).liquidatable, book.figures.alwaysExact]).toEqual([[], 0]);
    const bad = { ...linearPosition(1n, 2n), cohort: 'bad' };
    positions.set(1, bad);
    expect(() => book.replace(1, bad)).toThrow(/is NaN/);
    expect([book.screen(T0).liquidatable, book.figures.alwaysExact]).toEqual([[1], 1]);
    expect(book.listFlagged(T0)).toContain(1);
    positions.set(1, linearPosition(100n, 99n));
    book.replace(1, linearPosition(100n, 99n));
    expect([book.screen(T0).liquidatable, book.figures.alwaysExact]).toEqual([[], 0]);
  });

  test('behavior: a price tick right after accounts were loaded misses none of them', async () => {
    const opened = openBook(await openKernel(), { markets: [asMarket(linearMarket(), linear)], accounts: inPool([linearPosition(1n, 2n)]), at: T0 });
    expect(opened.book.tick(new Map(), T0).liquidatable).toEqual([0]);
  });
});
