import { describe, expect, test } from 'vitest';
import { type Decimal, fromFixed, sum } from '../../../src/core/decimal.ts';
import { MissingPrice, PlimsollError, UnknownMarket, UnsupportedState } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import { type GenericMarket, type GenericView, genericLending, genericLendingRule } from '../../../src/protocols/generic-lending/index.ts';
import { CBETH, E18, MARKET, MEME, NOPE, NOW, reread, USDC, view, WBTC, WETH } from './book-fixture.ts';

function sumOf(account: GenericView, side: 'collateral' | 'debt'): Decimal {
  const terms = genericLendingRule.exposure(account).filter((term) => term.side === side);
  return sum(terms.map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
}

describe('health', () => {
  test('default: collateral × factor against debt / borrow factor', () => {
    // 10 WETH · 0.88 = 8.8; 9,400 USDC = 4.7 ETH / 0.94 = 5.
    const health = genericLendingRule.health(view([[WETH, 10n * E18]], [[USDC, 9_400_000_000n]]));
    expect(health.figures).toEqual({ collateralValue: 8_800_000_000_000_000_000n, liabilityValue: 5n * E18 });
    expect(health.healthFactor?.toString()).toBe('1.76');
    expect(health.liquidatable).toBe(false);
    expect(health.reason).toBe('collateralValue 8800000000000000000 >= liabilityValue 5000000000000000000');
  });

  test('behavior: same-asset collateral covers its debt at 0.95, the rest counts at the factors', () => {
    // 100 WETH against 19 WETH: 20 cover the 19, 80 · 0.88 = 70.4 remain. A = 89.4, L = 19.
    expect(genericLendingRule.health(view([[WETH, 100n * E18]], [[WETH, 19n * E18]])).figures).toEqual({ collateralValue: 89_400_000_000_000_000_000n, liabilityValue: 19n * E18 });
    // 10 WETH against 20 WETH: 9.5 are covered, 10.5 / 0.91 remain: A = 9.5, L = 9.5 + 11.538…
    const short = genericLendingRule.health(view([[WETH, 10n * E18]], [[WETH, 20n * E18]]));
    expect(short.figures).toEqual({ collateralValue: 9_500_000_000_000_000_000n, liabilityValue: 21_038_461_538_461_538_461n });
    expect(short.liquidatable).toBe(true);
  });

  test('behavior: without a self-collateral factor the two stand apart', () => {
    const market = { ...MARKET, selfCollateralFactor: null };
    expect(genericLendingRule.health(view([[WETH, 10n * E18]], [[WETH, 9n * E18]], market)).figures).toEqual({
      collateralValue: 8_800_000_000_000_000_000n,
      liabilityValue: 9_890_109_890_109_890_109n,
    });
  });

  test('behavior: equal is healthy, one unit less is not; no debt is null', () => {
    const edge = view([[WETH, 10n * E18]], [[USDC, 16_544_000_000n]]);
    expect(genericLendingRule.health(edge)).toMatchObject({ liquidatable: false, figures: { collateralValue: 8_800_000_000_000_000_000n, liabilityValue: 8_800_000_000_000_000_000n } });
    expect(genericLendingRule.health(view([[WETH, 10n * E18 - 2n]], [[USDC, 16_544_000_000n]])).liquidatable).toBe(true);
    expect(genericLendingRule.health(view([[WETH, 1n]], [])).healthFactor).toBeNull();
  });

  test('behavior: what is not entered as collateral does not count', () => {
    const account = view([[WETH, 10n * E18]], [[USDC, 1_000_000n]]);
    const position = { ...account.position, supplied: account.position.supplied.map((entry) => ({ ...entry, collateral: false })) };
    expect(genericLendingRule.health({ ...account, position }).figures['collateralValue']).toBe(0n);
    expect(genericLendingRule.legs({ ...account, position })[0]).toMatchObject({ side: 'supply' });
  });

  test('behavior: simple interest up to the time of the view, none before', () => {
    const market: GenericMarket = { ...MARKET, assets: MARKET.assets.map((entry) => ({ ...entry, borrowRate: E18 / 10n, supplyRate: E18 / 20n })) };
    const later = view([[WETH, 10n * E18]], [[USDC, 1_000_000_001n]], market, NOW + 31_536_000);
    expect(genericLendingRule.legs(later).map((leg) => leg.amount)).toEqual([10_500_000_000_000_000_000n, 1_100_000_002n]);
    expect(genericLendingRule.legs({ ...later, at: 0n }).map((leg) => leg.amount)).toEqual([10n * E18, 1_000_000_001n]);
  });

  test('error: UnsupportedState where a factor that is needed is not known', () => {
    expect(() => genericLendingRule.health(view([[CBETH, 1n]], []))).toThrow(UnsupportedState);
    expect(() => genericLendingRule.health(view([[WETH, E18]], [[CBETH, 1n]]))).toThrow('borrow factor of cbETH');
  });

  test('error: MissingPrice, UnknownMarket', () => {
    expect(() => genericLendingRule.health(view([[NOPE, 1n]], []))).toThrow(MissingPrice);
    expect(() => genericLendingRule.health(view([['eip155:1/erc20:0x9999999999999999999999999999999999999999', 1n]], []))).toThrow(UnknownMarket);
  });
});

describe('exposure', () => {
  test('default: A and L have the native sums, in USD', () => {
    for (const account of [
      view(
        [
          [WETH, 10n * E18],
          [WBTC, 123_456_789n],
        ],
        [[USDC, 9_400_123_456n]],
      ),
      view([[WETH, 100n * E18]], [[WETH, 19n * E18]]),
      view(
        [
          [WETH, 10n * E18],
          [USDC, 5_000_000n],
        ],
        [[WETH, 20n * E18]],
      ),
      view(
        [
          [MEME, E18],
          [WETH, E18],
        ],
        [[MEME, 7n * E18]],
      ),
    ]) {
      const { collateralValue = 0n, liabilityValue = 0n } = genericLendingRule.health(account).figures;
      expect(sumOf(account, 'collateral').minus(fromFixed(collateralValue, 18).times(2000)).abs().lt('1e-12')).toBe(true);
      expect(sumOf(account, 'debt').minus(fromFixed(liabilityValue, 18).times(2000)).abs().lt('1e-12')).toBe(true);
    }
  });

  test('behavior: legs keep amounts, USD prices and plain factors', () => {
    const [weth, usdc] = genericLendingRule.legs(view([[WETH, 10n * E18]], [[USDC, 1_000_000n]]));
    expect([weth?.side, weth?.priceUsd.toString(), weth?.weight.toString()]).toEqual(['collateral', '2000', '0.88']);
    expect([usdc?.side, usdc?.priceUsd.toString(), usdc?.weight.toFixed(6)]).toEqual(['debt', '1', '1.063830']);
  });
});

describe('reprice', () => {
  const half = { numerator: 1n, denominator: 2n };

  test('default: one asset moves in dollars', () => {
    const { assets } = genericLendingRule.reprice(MARKET, new Map([[WBTC, half]]));
    expect(assets.map((entry) => entry.price)).toEqual([E18, E18 / 2000n, (15n * E18) / 2n, E18 / 1000n, E18, 0n]);
  });

  test('behavior: where the unit of account moves, prices quoted in it move the other way', () => {
    const market = genericLendingRule.reprice(MARKET, new Map([[WETH, half]]));
    expect(market.unit.priceUsd).toBe(1000n * E18);
    expect(market.assets.slice(0, 3).map((entry) => entry.price)).toEqual([E18, E18 / 1000n, 30n * E18]);
    const [weth, usdc] = genericLendingRule.legs(view([[WETH, E18]], [[USDC, 1n]], market));
    expect([weth?.priceUsd.toString(), usdc?.priceUsd.toString()]).toEqual(['1000', '1']);
  });

  test('behavior: a fixed oracle stays; nothing else of the market changes; the input is not changed', () => {
    const market = { ...MARKET, assets: MARKET.assets.map((entry) => ({ ...entry, priceFixed: entry.asset === WBTC })) };
    const before = encodeJson(market);
    expect(genericLendingRule.reprice(market, new Map([[WBTC, half]]))).toEqual(market);
    expect(encodeJson(market)).toEqual(before);
  });
});

describe('schemas', () => {
  test('default: state and position survive JSON', () => {
    const account = view([[WETH, 10n * E18]], [[USDC, 1n]]);
    expect(reread(account)).toEqual(account);
  });

  test('error: an asset twice, a negative amount, a factor above 1, a target below 1 are refused', () => {
    const twice = encodeJson(
      view(
        [
          [WETH, 1n],
          [WETH, 2n],
        ],
        [],
      ).position,
    );
    expect(genericLendingRule.positionSchema.safeParse(twice).success).toBe(false);
    expect(genericLendingRule.positionSchema.safeParse(encodeJson(view([[WETH, -1n]], []).position)).success).toBe(false);
    const accepts = (market: unknown): boolean => genericLendingRule.marketSchema.safeParse(encodeJson(market)).success;
    expect(accepts(MARKET)).toBe(true);
    expect(accepts({ ...MARKET, selfCollateralFactor: E18 + 1n })).toBe(false);
    expect(accepts({ ...MARKET, selfCollateralFactor: 0n })).toBe(false);
    expect(accepts({ ...MARKET, liquidation: { ...MARKET.liquidation, targetHealth: E18 - 1n } })).toBe(false);
    expect(accepts({ ...MARKET, liquidation: { ...MARKET.liquidation, maxDiscount: E18 } })).toBe(false);
    expect(accepts({ ...MARKET, assets: MARKET.assets.map((entry) => ({ ...entry, borrowFactor: 0n })) })).toBe(false);
  });
});

describe('genericLending', () => {
  test('default: reads nothing, encodes nothing', () => {
    const deployment = { id: 'x', protocol: 'generic-lending', chain: 'eip155:1', label: 'x', market: '', subgraph: null, contracts: {}, assumedRule: 'generic-lending@1', source: 'x' } as const;
    expect(genericLending.deployments).toEqual([]);
    expect(genericLending.discover(deployment, [])).toEqual([]);
    expect(genericLending.value(deployment, [], {})).toEqual([]);
    const block = { chain: 'eip155:1', number: 1n, hash: null, timestamp: 1n } as const;
    expect(genericLending.normalize({ deployment, owners: [], block, rows: {}, calls: null })).toEqual({ markets: [], accounts: [], gaps: [], discrepancies: [] });
    const owner = `0x${'a'.repeat(40)}` as const;
    expect(() => genericLending.encodeStep({ deployment, market: '', state: {}, owner, sender: owner }, { kind: 'supply', asset: WETH, amount: 1n })).toThrow(PlimsollError);
  });
});
