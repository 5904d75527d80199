import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal } from '../../src/core/decimal.ts';
import type { AssetId } from '../../src/core/ids.ts';
import { type AccountEvaluation, evaluatePortfolio, probeAccount } from '../../src/engine/evaluate.ts';
import { computeLiquidationPrice, computeLiquidationPrices, type LiquidationPrices, type PricePoint } from '../../src/engine/liquidation-price.ts';
import { moveTogether, type PriceDriver, priceDrivers } from '../../src/engine/moves.ts';
import { summarizeWallet } from '../../src/engine/wallet.ts';
import { genericAccounts, linearAccounts } from './arbitrary.ts';
import { linearPerpRule } from './linear-rule.ts';
import { type AccountSpec, DOLLARS, linearAccount, open, USDC, WBTC, WETH, WSTETH } from './portfolio-of.ts';

const GROUPS = new Map<AssetId, string>([
  [WETH, 'ETH'],
  [WSTETH, 'ETH'],
]);
const loan = linearAccount([
  ['collateral', WETH, 10, '0.8'],
  ['debt', USDC, 10_000, '1'],
]);

function pricesOf(accounts: readonly AccountSpec[]): LiquidationPrices {
  const opened = open({ accounts });
  return computeLiquidationPrices(evaluatePortfolio(opened).accounts, priceDrivers(opened, GROUPS));
}

function entryOf(prices: LiquidationPrices, name: string, account = 0): LiquidationPrices['accounts'][number]['drivers'][number] | undefined {
  return prices.accounts[account]?.drivers.find((entry) => entry.driver.name === name);
}

function walletOf(prices: LiquidationPrices, name: string): LiquidationPrices['wallet'][number] | undefined {
  return prices.wallet.find((entry) => entry.driver.name === name);
}

describe(computeLiquidationPrices, () => {
  test('default: the exact price at which a loan is liquidated, by collateral and by debt', () => {
    const prices = pricesOf([loan]);
    const weth = entryOf(prices, 'WETH');
    expect(weth?.down?.prices).toEqual([{ asset: WETH, symbol: 'WETH', priceUsd: new Decimal(1250) }]);
    expect(weth?.down?.move.toString()).toBe('-0.375');
    expect(weth?.down?.becomes).toBe('breached');
    expect(weth?.up).toBeNull();
    const usdc = entryOf(prices, 'USDC');
    expect(usdc?.down).toBeNull();
    expect(usdc?.up?.factor.toString()).toBe('1.6');
  });

  test('behavior: a group moves by one factor, each of its assets keeps its own price', () => {
    const staked = linearAccount([
      ['collateral', WSTETH, 10, '0.8'],
      ['collateral', WETH, 5, '0.8'],
      ['debt', USDC, 13_200, '1'],
    ]);
    const group = entryOf(pricesOf([staked]), 'ETH');
    expect(group?.driver).toEqual({ kind: 'group', name: 'ETH', assets: [WSTETH, WETH] });
    expect(group?.down?.factor.toString()).toBe('0.5');
    expect(group?.down?.prices.map((price) => price.priceUsd.toString())).toEqual(['1150', '1000']);
  });

  test('behavior: collateral and debt of one group cancel where they match', () => {
    const loop = linearAccount([
      ['collateral', WSTETH, 10, '0.9'],
      ['debt', WETH, 10, '1'],
    ]);
    const prices = pricesOf([loop]);
    expect(entryOf(prices, 'ETH')?.down).toBeNull();
    expect(entryOf(prices, 'ETH')?.up).toBeNull();
    expect(entryOf(prices, 'WETH')?.up?.prices[0]?.priceUsd.toString()).toBe('2070');
    expect(entryOf(prices, 'wstETH')?.down?.prices[0]?.priceUsd.toDecimalPlaces(4).toString()).toBe('2222.2222');
  });

  test('behavior: a perp with a fixed maintenance margin (GMX: 50 ETH, entry 2000, margin 2000 USDC, fees 102.5, M 500)', () => {
    const perp = linearAccount(
      [
        ['collateral', USDC, 2000, '1', 'margin'],
        ['collateral', WETH, 50, '1', 'long'],
        ['debt', DOLLARS, 100_000, '1', 'entry value'],
        ['debt', DOLLARS, 500, '1', 'maintenance margin'],
        ['debt', DOLLARS, '102.5', '1', 'fees'],
      ],
      { prices: { [WETH]: '1980' }, rule: linearPerpRule },
    );
    expect(
      entryOf(pricesOf([perp]), 'WETH')
        ?.down?.prices[0]?.priceUsd.toDecimalPlaces(30)
        .toString(),
    ).toBe('1972.05');
  });

  test('behavior: an oracle that does not follow gives no price', () => {
    const fixed = linearAccount(
      [
        ['collateral', WETH, 10, '0.8'],
        ['debt', USDC, 10_000, '1'],
      ],
      { fixed: [WETH] },
    );
    expect(entryOf(pricesOf([fixed]), 'WETH')).toMatchObject({ down: null, up: null });
  });

  test('behavior: a kink is found on the piece that holds it', () => {
    // Borrowed WETH counts at 2500 at most, collateral in wstETH is worth 23,000 · 0.8: up to the cap the debt of 7 WETH never reaches 18,400; 7.5 does.
    const capped = (weth: string): AccountSpec =>
      linearAccount(
        [
          ['collateral', WSTETH, 10, '0.8'],
          ['debt', WETH, weth, '1'],
        ],
        { caps: { [WETH]: '2500' } },
      );
    expect(entryOf(pricesOf([capped('7')]), 'WETH')?.up).toBeNull();
    expect(
      entryOf(pricesOf([capped('7.5')]), 'WETH')
        ?.up?.prices[0]?.priceUsd.toDecimalPlaces(6)
        .toString(),
    ).toBe('2453.333333');
    // Collateral that counts at 1500 at most while the price is 2000: nothing changes until the price falls below the cap.
    const above = linearAccount(
      [
        ['collateral', WETH, 10, '0.8'],
        ['debt', USDC, 10_000, '1'],
      ],
      { caps: { [WETH]: '1500' } },
    );
    const down = entryOf(pricesOf([above]), 'WETH')?.down;
    expect(down?.factor.toDecimalPlaces(20).toString()).toBe('0.625');
  });

  test('behavior: what is liquidatable now gets the price that heals it', () => {
    const under = linearAccount([
      ['collateral', WETH, 1, '0.8'],
      ['debt', USDC, 2000, '1'],
    ]);
    const prices = pricesOf([under]);
    expect(entryOf(prices, 'WETH')?.up).toMatchObject({ becomes: 'safe' });
    expect(entryOf(prices, 'WETH')?.up?.prices[0]?.priceUsd.toString()).toBe('2500');
    expect(entryOf(prices, 'WETH')?.down).toBeNull();
    expect(walletOf(prices, 'WETH')?.first).toEqual({ down: null, up: null });
  });

  test('behavior: the wallet has the price of U = 1 and of its first liquidation', () => {
    const prices = pricesOf([
      loan,
      linearAccount([
        ['collateral', WETH, 10, '0.8'],
        ['debt', USDC, 12_000, '1'],
      ]),
    ]);
    const weth = walletOf(prices, 'WETH');
    expect(weth?.unified.down?.prices[0]?.priceUsd.toString()).toBe('1375');
    expect(weth?.first.down?.account.account.entry.id).toBe('account 1');
    expect(weth?.first.down?.point.prices[0]?.priceUsd.toString()).toBe('1500');
    expect(weth?.first.up).toBeNull();
  });

  test('behavior: a short and a long are each named in their own direction', () => {
    const short = linearAccount([
      ['collateral', USDC, 30_000, '0.8'],
      ['debt', WETH, 10, '1'],
    ]);
    const weth = walletOf(pricesOf([loan, short]), 'WETH');
    expect(weth?.first.down?.account.account.entry.id).toBe('account 0');
    expect(weth?.first.up?.account.account.entry.id).toBe('account 1');
    expect(weth?.first.up?.point.prices[0]?.priceUsd.toString()).toBe('2400');
  });

  test('behavior: accounts without debt, and assets that an account does not hold, are left out', () => {
    const prices = pricesOf([linearAccount([['collateral', WBTC, 1, '0.8']]), loan]);
    expect(prices.accounts.map(({ account }) => account.account.entry.id)).toEqual(['account 1']);
    expect(prices.accounts[0]?.drivers.map(({ driver }) => driver.name)).toEqual(['WETH', 'USDC', 'ETH']);
    expect(walletOf(prices, 'WBTC')?.unified).toEqual({ down: null, up: null });
  });

  test('behavior: a defect of the program is not taken for an account that cannot be valued', () => {
    const opened = open({ accounts: [loan] });
    const [account] = evaluatePortfolio(opened).accounts;
    if (account === undefined) throw new TypeError('no account');
    const defect = {
      ...account,
      account: {
        ...account.account,
        rule: {
          ...account.account.rule,
          reprice: () => {
            throw new TypeError('defect');
          },
        },
      },
    };
    expect(() => computeLiquidationPrices([defect], priceDrivers(opened, GROUPS))).toThrow(TypeError);
  });

  test('property: on one side of the price the rule liquidates, on the other it does not (exact rule, and one that rounds)', () => {
    let confirmed = 0;
    fc.assert(
      fc.property(fc.oneof(linearAccounts(1), genericAccounts), (spec) => {
        const opened = open({ accounts: [spec] });
        const [account] = evaluatePortfolio(opened).accounts;
        if (account === undefined || account.debtFree) return;
        for (const driver of priceDrivers(opened, GROUPS)) {
          const pair = computeLiquidationPrice(account, driver);
          for (const point of [pair.down, pair.up]) {
            if (point === null) continue;
            confirmed += 1;
            expectChange(account, driver, point);
          }
        }
      }),
      { numRuns: 120 },
    );
    expect(confirmed).toBeGreaterThan(50);
  });

  test('property: where no price is named, no price on the way liquidates', () => {
    fc.assert(
      fc.property(linearAccounts(1), fc.double({ min: 0.001, max: 1000, noNaN: true }), (spec, tried) => {
        const opened = open({ accounts: [spec] });
        const [account] = evaluatePortfolio(opened).accounts;
        for (const driver of priceDrivers(opened, GROUPS)) {
          if (account === undefined) continue;
          const { down, up } = computeLiquidationPrice(account, driver);
          const factor = new Decimal(tried);
          const passed = factor.lt(1) ? down !== null && factor.lte(down.before) : up !== null && factor.gte(up.before);
          if (!passed) expect(decide(account, driver, factor)).toBe(account.native.liquidatable);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("property: at the wallet's price U is 1", () => {
    fc.assert(
      fc.property(fc.array(linearAccounts(1), { minLength: 1, maxLength: 3 }), (specs) => {
        const opened = open({ accounts: specs });
        const { accounts } = evaluatePortfolio(opened);
        for (const { driver, unified } of computeLiquidationPrices(accounts, priceDrivers(opened, GROUPS)).wallet) {
          for (const point of [unified.down, unified.up]) {
            if (point === null) continue;
            const sideOf = (factor: Decimal): boolean | undefined => summarizeWallet(evaluatePortfolio(opened, { moves: moveTogether(driver.assets, factor) }).accounts, new Decimal(1)).health?.lt(1);
            expect(sideOf(point.before)).not.toBe(sideOf(point.beyond));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

function decide(account: AccountEvaluation, driver: PriceDriver, factor: Decimal): boolean {
  return probeAccount(account.account, { moves: moveTogether(driver.assets, factor) }).liquidatable;
}

function expectChange(account: AccountEvaluation, driver: PriceDriver, point: PricePoint): void {
  expect(decide(account, driver, point.before)).toBe(account.native.liquidatable);
  expect(decide(account, driver, point.beyond)).toBe(!account.native.liquidatable);
  expect(point.becomes).toBe(account.native.liquidatable ? 'safe' : 'breached');
  expect(point.before.minus(point.beyond).abs().lte(point.factor.times('1e-4'))).toBe(true);
}
