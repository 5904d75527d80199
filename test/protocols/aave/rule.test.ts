import { describe, expect, test } from 'vitest';
import { Decimal } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { MAX_UINT256 } from '../../../src/core/fixed-point.ts';
import type { AssetId } from '../../../src/core/ids.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { ExposureTerm, PriceMove } from '../../../src/core/rule.ts';
import { aaveV2, aaveV3, spark } from '../../../src/protocols/aave/index.ts';
import { AAVE_PROFILES, findRuleByRevision, getAaveProfile } from '../../../src/protocols/aave/profile.ts';
import { AAVE_RULES, createAaveRule } from '../../../src/protocols/aave/rule.ts';
import { category, refusalBy, T0, viewOf } from './apply-step.ts';
import { assetOf, owed, poolOf, reserveOf, type Symbol, supplied } from './fact-sheet-pool.ts';

const RAY = 10n ** 27n;
const WAD = 10n ** 18n;
const USD = 10n ** 8n;
const ruleOf = (id: string) => createAaveRule(getAaveProfile(id));

/** One of everything: collateral, supply that does not count, variable and stable debt, an account in e-mode with its own price. */
const POOL = poolOf(
  [
    reserveOf('WETH', { liquidityIndex: RAY + 7n, liquidityRate: RAY / 50n, scaledSupply: 5n, availableLiquidity: 9n }),
    reserveOf('wstETH', { accruedToTreasury: 3n, isolationDebt: 4n, debtCeiling: 8n }),
    reserveOf('USDC', { variableBorrowIndex: RAY + 11n, variableBorrowRate: RAY / 20n, scaledVariableDebt: 6n }),
    reserveOf('DAI', { frozen: true, gracePeriodUntil: 12n }),
  ],
  { eModes: [category({ price: 200_000_000_000n, ltvZero: [1], isolated: true })] },
);
const HOLDINGS = [
  supplied(0, 3n * WAD),
  { ...supplied(1, 2n * WAD), usedAsCollateral: false },
  owed(2, 2_000n * 10n ** 6n),
  { ...owed(3, 0n), stableDebt: { principal: 500n * WAD, rate: RAY / 25n, lastUpdate: T0 - 100n } },
];
const VIEW = viewOf(POOL, HOLDINGS, { at: T0 + 86_400n });

function slack(terms: readonly ExposureTerm[]): Decimal {
  const value = (term: ExposureTerm) => new Decimal(term.amount.toString()).times(term.priceUsd).times(term.weight).div(new Decimal(10).pow(term.decimals));
  return terms.reduce((total, term) => (term.side === 'collateral' ? total.plus(value(term)) : total.minus(value(term))), new Decimal(0));
}

describe('createAaveRule', () => {
  test('default: every profile is a lending rule of exactly one member of the family', () => {
    const families = [...aaveV2.rules, ...aaveV3.rules, ...spark.rules].map((rule) => rule.id);
    expect(families.toSorted()).toEqual(AAVE_PROFILES.map((profile) => profile.rule).toSorted());
    expect(AAVE_RULES.every((rule) => rule.kind === 'lending' && rule.profile.rule === rule.id)).toBe(true);
  });

  test.each(AAVE_PROFILES.map((profile) => profile.rule))('%s: market and position survive JSON', (id) => {
    const rule = ruleOf(id);
    expect(rule.marketSchema.parse(JSON.parse(JSON.stringify(encodeJson(POOL))))).toEqual(POOL);
    expect(rule.positionSchema.parse(encodeJson(VIEW.position))).toEqual(VIEW.position);
    const again = { ...VIEW, market: rule.marketSchema.parse(encodeJson(POOL)), position: rule.positionSchema.parse(encodeJson(VIEW.position)) };
    expect(rule.health(again)).toEqual(rule.health(VIEW));
  });

  test('error: a state with a negative amount or an unknown flag is refused by the schemas', () => {
    const rule = ruleOf('aave-v3@3.6');
    expect(rule.positionSchema.safeParse(encodeJson({ eMode: 0, holdings: [supplied(0, -1n)] })).success).toBe(false);
    expect(rule.positionSchema.safeParse(encodeJson({ eMode: 256, holdings: [] })).success).toBe(false);
    expect(rule.marketSchema.safeParse(encodeJson({ ...POOL, borrowAllowed: 'yes' })).success).toBe(false);
  });

  test('error: INTERNAL for a profile that does not exist', () => {
    expect(() => getAaveProfile('aave-v3@9.9')).toThrow(expect.toSatisfy((error) => isPlimsollError(error, 'INTERNAL')));
  });

  test('error: RULE_VIOLATION for a step that lending does not have', () => {
    expect(refusalBy('aave-v3@3.6', VIEW, { kind: 'close', sizeUsd: 'max' })).toBe('InvalidAmount');
  });
});

describe('findRuleByRevision', () => {
  test('default: the revisions of every release', () => {
    const rules = Array.from({ length: 13 }, (_, revision) => findRuleByRevision(BigInt(revision)));
    const [v30, v32, v33] = ['aave-v3@3.0', 'aave-v3@3.2', 'aave-v3@3.3'];
    expect(rules).toEqual([null, v30, v30, v30, v30, v32, v33, v33, 'aave-v3@3.4', 'aave-v3@3.5', 'aave-v3@3.6', 'aave-v3@3.7', null]);
    for (const rule of rules) if (rule !== null) expect(getAaveProfile(rule).rule).toBe(rule);
  });
});

describe('health', () => {
  test('default: the number, the decision and its words', () => {
    const pool = poolOf([reserveOf('WETH', { price: 2_000n * USD, liquidationThresholdBps: 8000 }), reserveOf('USDC', { price: USD })]);
    const at = (debt: bigint) => ruleOf('aave-v3@3.6').health(viewOf(pool, [supplied(0, WAD), owed(2, debt)]));
    expect(at(1_600_000_000n)).toMatchObject({ liquidatable: false, reason: 'healthFactor 1000000000000000000 >= 1e18' });
    expect(at(1_600_000_000n).healthFactor?.toString()).toBe('1');
    expect(at(1_600_000_001n)).toMatchObject({ liquidatable: true, reason: 'healthFactor 999999999375000000 < 1e18' });
    expect(at(1_600_000_001n).figures).toEqual({
      totalCollateralBase: 2_000n * USD,
      totalDebtBase: 160_000_000_100n,
      currentLiquidationThreshold: 8_000n,
      ltv: 8_050n,
      healthFactor: 999_999_999_375_000_000n,
    });
  });

  test('behavior: no debt is null, not a great number', () => {
    const health = ruleOf('aave-v3@3.6').health(viewOf(POOL, [supplied(0, 1n)]));
    expect(health).toMatchObject({ healthFactor: null, liquidatable: false, reason: 'no debt' });
    expect(health.figures['healthFactor']).toBe(MAX_UINT256);
    expect(ruleOf('aave-v3@3.6').health(viewOf(POOL, [])).figures).toMatchObject({ totalCollateralBase: 0n, ltv: 0n, currentLiquidationThreshold: 0n });
  });

  test('behavior: a debt without collateral has a health factor of 0', () => {
    for (const id of ['aave-v2@2', 'aave-v3@3.4', 'aave-v3@3.6'])
      expect(
        ruleOf(id)
          .health(viewOf(POOL, [owed(2, 5n)]))
          .healthFactor?.toString(),
      ).toBe('0');
  });

  test('behavior: a price of 0 does not matter to a supply that does not count', () => {
    const pool = poolOf([reserveOf('WETH', { price: 0n }), reserveOf('USDC')]);
    const health = (holdings: typeof HOLDINGS) => ruleOf('aave-v3@3.6').health(viewOf(pool, holdings)).healthFactor;
    expect(health([{ ...supplied(0, WAD), usedAsCollateral: false }])).toBeNull();
    expect(() => health([supplied(0, WAD)])).toThrow(/No usable price/);
    expect(() => health([owed(0, 1n)])).toThrow(/No usable price/);
  });

  test('error: UNKNOWN_MARKET for a reserve that was not read', () => {
    expect(() => ruleOf('aave-v3@3.6').health(viewOf(POOL, [supplied(9, 1n)]))).toThrow(expect.toSatisfy((error) => isPlimsollError(error, 'UNKNOWN_MARKET')));
  });
});

describe('legs', () => {
  test('default: collateral, supply that does not count, and both kinds of debt together', () => {
    const both = { ...owed(3, 100n * WAD), stableDebt: { principal: 500n * WAD, rate: 0n, lastUpdate: 0n } };
    const legs = ruleOf('aave-v3@3.0').legs(viewOf(POOL, [...HOLDINGS.slice(0, 2), { ...both, scaledSupply: 7n, usedAsCollateral: true }]));
    const shown = legs.map((leg) => ({ side: leg.side, symbol: leg.symbol, amount: leg.amount, weight: leg.weight.toString(), priceUsd: leg.priceUsd.toString() }));
    expect(shown).toEqual([
      { side: 'collateral', symbol: 'WETH', amount: 3n * WAD, weight: '0.83', priceUsd: '1816.85499606' },
      { side: 'supply', symbol: 'wstETH', amount: 2n * WAD, weight: '0', priceUsd: '2080.52489524' },
      { side: 'collateral', symbol: 'DAI', amount: 7n, weight: '0.8', priceUsd: '0.99997427' },
      { side: 'debt', symbol: 'DAI', amount: 600n * WAD, weight: '1', priceUsd: '0.99997427' },
    ]);
  });

  test('behavior: e-mode gives a member the threshold and the price of its category', () => {
    const [leg] = ruleOf('spark@1').legs(viewOf(POOL, HOLDINGS, { eMode: 1 }));
    expect(leg).toMatchObject({ side: 'collateral', symbol: 'WETH' });
    expect([leg?.weight.toString(), leg?.priceUsd.toString()]).toEqual(['0.95', '2000']);
  });

  test('behavior: up to 3.5 a collateral without a threshold is mere supply, from 3.6 collateral of weight 0', () => {
    const pool = poolOf([reserveOf('WETH', { liquidationThresholdBps: 0 })]);
    const side = (id: string) => ruleOf(id).legs(viewOf(pool, [supplied(0, 1n)]))[0]?.side;
    expect([side('aave-v3@3.5'), side('aave-v3@3.6')]).toEqual(['supply', 'collateral']);
  });

  test('behavior: v2 prices go through the price of ETH', () => {
    const pool = poolOf([reserveOf('WETH', { price: WAD }), reserveOf('USDC', { price: 500_000_000_000_000n })], { baseUnit: WAD, baseUsdE8: 1_900n * USD, baseAsset: assetOf('WETH') });
    const legs = ruleOf('aave-v2@2').legs(viewOf(pool, [supplied(0, 5n), owed(2, 9n)]));
    expect(legs.map((leg) => leg.priceUsd.toString())).toEqual(['1900', '0.95']);
  });

  test('error: MISSING_PRICE where the price of the base currency is not known', () => {
    for (const baseAsset of [assetOf('WETH'), null]) {
      const pool = poolOf([reserveOf('WETH')], { baseUsdE8: 0n, baseAsset });
      expect(() => ruleOf('aave-v2@2').legs(viewOf(pool, [supplied(0, 5n)]))).toThrow(expect.toSatisfy((error) => isPlimsollError(error, 'MISSING_PRICE')));
    }
  });
});

describe('exposure', () => {
  test('default: collateral and debt, without the supply that does not count', () => {
    const terms = ruleOf('aave-v3@3.6').exposure(VIEW);
    expect(terms.map(({ side, symbol, role }) => ({ side, symbol, role }))).toEqual([
      { side: 'collateral', symbol: 'WETH', role: 'collateral' },
      { side: 'debt', symbol: 'USDC', role: 'debt' },
      { side: 'debt', symbol: 'DAI', role: 'debt' },
    ]);
  });

  test.each(AAVE_PROFILES.filter((profile) => profile.healthFactor === 'full').map((profile) => profile.rule))('%s: its sign is the decision, to the last unit of debt', (id) => {
    const pool = poolOf([reserveOf('WETH', { price: 2_000n * USD, liquidationThresholdBps: 8000 }), reserveOf('USDC', { price: USD })]);
    const at = (debt: bigint) => viewOf(pool, [supplied(0, WAD), owed(2, debt)]);
    for (const [debt, sign] of [
      [1_599_999_999n, 1],
      [1_600_000_000n, 0],
      [1_600_000_001n, -1],
    ] as const) {
      const view = at(debt);
      expect(Math.sign(slack(ruleOf(id).exposure(view)).toNumber())).toBe(sign);
      expect(ruleOf(id).health(view).liquidatable).toBe(sign === -1);
    }
  });

  test('behavior: the threshold that is cut to whole bps moves the old decision by less than its 1 bps', () => {
    const pool = poolOf([reserveOf('WETH'), reserveOf('wstETH'), reserveOf('USDC')]);
    const view = viewOf(pool, [supplied(0, 7n * WAD), supplied(1, 5n * WAD), owed(2, 18_982_520_000n)]);
    expect(slack(ruleOf('aave-v3@3.4').exposure(view)).isPositive()).toBe(true);
    expect(ruleOf('aave-v3@3.4').health(view).liquidatable).toBe(true);
    expect(ruleOf('aave-v3@3.5').health(view).liquidatable).toBe(false);
  });
});

describe('reprice', () => {
  const move = (numerator: bigint, denominator: bigint): PriceMove => ({ numerator, denominator });
  const moves = (entries: Partial<Record<Symbol, PriceMove>>) => new Map<AssetId, PriceMove>(Object.entries(entries).map(([symbol, value]) => [assetOf(symbol as Symbol), value]));
  const reprice = (pool: typeof POOL, entries: Partial<Record<Symbol, PriceMove>>) => ruleOf('aave-v3@3.6').reprice(pool, moves(entries));
  const prices = (pool: typeof POOL) => pool.reserves.map((reserve) => reserve.price);

  test('default: the moved asset alone, down, and nothing of the rest', () => {
    const after = reprice(POOL, { WETH: move(1n, 3n) });
    expect(prices(after)).toEqual([60_561_833_202n, 208_052_489_524n, 99_997_427n, 99_997_427n]);
    expect({ ...after, reserves: [], eModes: [] }).toEqual({ ...POOL, reserves: [], eModes: [] });
    expect(prices(POOL)[0]).toBe(181_685_499_606n);
    expect(reprice(POOL, {})).toEqual(POOL);
  });

  test("behavior: a category's own oracle moves with its first member", () => {
    expect(reprice(POOL, { WETH: move(3n, 4n) }).eModes[0]?.price).toBe(150_000_000_000n);
    expect(reprice(POOL, { wstETH: move(3n, 4n) }).eModes[0]?.price).toBe(200_000_000_000n);
    const empty = { ...POOL, eModes: [category({ price: 5n, collateral: [] }), category({ id: 2, price: null })] };
    expect(reprice(empty, { WETH: move(3n, 4n) }).eModes.map((entry) => entry.price)).toEqual([5n, null]);
  });

  describe('with an asset as base currency', () => {
    const v2 = poolOf([reserveOf('WETH', { price: WAD }), reserveOf('wstETH', { price: WAD + WAD / 10n }), reserveOf('USDC', { price: 500_000_000_000_000n })], {
      baseUnit: WAD,
      baseUsdE8: 2_000n * USD,
      baseAsset: assetOf('WETH'),
      eModes: [category({ price: WAD, collateral: [0] })],
    });

    test("behavior: the base's own price stays 1, every other one moves against it, and the base moves in USD", () => {
      const after = reprice(v2, { WETH: move(1n, 2n) });
      expect(after.baseUsdE8).toBe(1_000n * USD);
      expect(prices(after)).toEqual([WAD, 2n * (WAD + WAD / 10n), 1_000_000_000_000_000n]);
      expect(after.eModes[0]?.price).toBe(WAD);
    });

    test('behavior: the move of another asset leaves the base alone', () => {
      const after = reprice(v2, { wstETH: move(1n, 2n) });
      expect(after.baseUsdE8).toBe(2_000n * USD);
      expect(prices(after)).toEqual([WAD, (WAD + WAD / 10n) / 2n, 500_000_000_000_000n]);
    });

    test('behavior: dollar prices of everything but ETH stay, and with all of them moved the health stays', () => {
      const holdings = [supplied(0, WAD), supplied(1, WAD), owed(2, 1_000n * 10n ** 6n)];
      const rule = ruleOf('aave-v2@2');
      const after = reprice(v2, { WETH: move(4n, 5n) });
      expect(rule.legs(viewOf(after, holdings)).map((leg) => leg.priceUsd.toString())).toEqual(['1600', '2200', '1']);
      const all = reprice(v2, { WETH: move(4n, 5n), wstETH: move(4n, 5n), USDC: move(4n, 5n) });
      expect(rule.health(viewOf(all, holdings))).toEqual(rule.health(viewOf(v2, holdings)));
    });
  });
});
