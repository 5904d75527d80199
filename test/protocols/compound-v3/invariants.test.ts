import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromFixed, sum } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { AccountView, ExposureTerm, Step } from '../../../src/core/rule.ts';
import { computePresentValue, computePrincipal } from '../../../src/protocols/compound-v3/interest.ts';
import { compoundV3Rule } from '../../../src/protocols/compound-v3/rule.ts';
import type { CometMarket, CometPosition } from '../../../src/protocols/compound-v3/state.ts';
import { COMP, comp, T0, USDC, usdcComet, WBTC, WETH, wbtc, weth } from './usdc-comet.ts';

type View = AccountView<CometMarket, CometPosition>;

const price = fc.bigInt({ min: 10_000_000n, max: 10n ** 13n });
const amount18 = fc.bigInt({ min: 1n, max: 10n ** 22n });
const assets = [
  { asset: COMP, arbitrary: amount18 },
  { asset: WBTC, arbitrary: fc.bigInt({ min: 1n, max: 4n * 10n ** 11n }) },
  { asset: WETH, arbitrary: amount18 },
] as const;

const market: fc.Arbitrary<CometMarket> = fc.record({ comp: price, wbtc: price, weth: price, base: fc.bigInt({ min: 90_000_000n, max: 110_000_000n }) }).map((prices) =>
  usdcComet({
    base: { ...usdcComet().base, price: prices.base },
    totalSupplyBase: 10n ** 16n,
    totalBorrowBase: 8n * 10n ** 15n,
    baseBalance: 10n ** 15n,
    collaterals: [comp(prices.comp), wbtc(prices.wbtc), weth(prices.weth)],
  }),
);
const collaterals = fc.tuple(...assets.map(({ asset, arbitrary }) => fc.option(arbitrary.map((balance) => ({ asset, balance }))))).map((held) => held.filter((one) => one !== null));
const principal = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 13n });
const view: fc.Arbitrary<View> = fc.record({ market, position: fc.record({ principal, collaterals }), at: fc.bigInt({ min: T0, max: T0 + 10_000_000n }) });
const indebted = view.map((one): View => ({ ...one, position: { ...one.position, principal: one.position.principal < 0n ? one.position.principal : -1n - one.position.principal } }));

function side(terms: readonly ExposureTerm[], of: ExposureTerm['side']) {
  return sum(terms.filter((term) => term.side === of).map((term) => fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)));
}

describe('compoundV3Rule', () => {
  test('behavior: A − L is the liquidity within one unit per rounding, so its sign is the trigger', () => {
    fc.assert(
      fc.property(indebted, (one) => {
        const terms = compoundV3Rule.exposure(one);
        const { figures, liquidatable } = compoundV3Rule.health(one);
        const slack = side(terms, 'collateral').minus(side(terms, 'debt')).times(1e8);
        // Two floors for each asset and one for the debt, each below 1.
        const bound = 2 * one.position.collaterals.length + 1;
        expect(
          slack
            .minus((figures.liquidity ?? 0n).toString())
            .abs()
            .lte(bound),
        ).toBe(true);
        expect(liquidatable).toBe((figures.liquidity ?? 0n) < 0n);
      }),
    );
  });

  test('behavior: exactly the liquidatable accounts can be absorbed, and each ends without debt or collateral', () => {
    fc.assert(
      fc.property(view, (one) => {
        const { liquidatable } = compoundV3Rule.health(one);
        if (!liquidatable) {
          expect(() => compoundV3Rule.apply(one, { kind: 'liquidate' })).toThrow(expect.objectContaining({ protocolError: 'NotLiquidatable' }));
          return;
        }
        const { position, liquidation, market: after } = compoundV3Rule.apply(one, { kind: 'liquidate' });
        const covered = (liquidation?.repaid[0]?.amount ?? 0n) + (liquidation?.badDebt[0]?.amount ?? 0n);
        expect(position.principal).toBeGreaterThanOrEqual(0n);
        expect(position.collaterals).toEqual([]);
        expect(covered).toBe(-computePresentValue(after, one.position.principal));
        expect(liquidation?.badDebt.length === 0 || position.principal === 0n).toBe(true);
      }),
    );
  });

  test('behavior: more collateral never lowers the liquidity, and repaying never raises the debt', () => {
    fc.assert(
      fc.property(indebted, fc.bigInt({ min: 1n, max: 10n ** 18n }), (one, extra) => {
        const liquidityOf = (at: View): bigint => compoundV3Rule.health(at).figures.liquidity ?? 0n;
        const supplied = compoundV3Rule.apply(one, { kind: 'supply', asset: WETH, amount: extra });
        expect(liquidityOf({ ...one, ...supplied })).toBeGreaterThanOrEqual(liquidityOf(one));
        const repaid = compoundV3Rule.apply(one, { kind: 'repay', asset: USDC, amount: extra % 1_000_000_000n });
        expect(liquidityOf({ ...one, ...repaid })).toBeGreaterThanOrEqual(liquidityOf(one) - 1n);
      }),
    );
  });

  test('behavior: what was borrowed is never more than the comet would lend, and can be paid back', () => {
    fc.assert(
      fc.property(indebted, fc.bigInt({ min: 1n, max: 10n ** 12n }), (one, amount) => {
        try {
          const borrowed = compoundV3Rule.apply(one, { kind: 'borrow', asset: USDC, amount });
          expect(compoundV3Rule.health({ ...one, ...borrowed }).figures.borrowLiquidity).toBeGreaterThanOrEqual(0n);
          const back = compoundV3Rule.apply({ ...one, ...borrowed }, { kind: 'repay', asset: USDC, amount: 'max' });
          expect(back.position.principal).toBe(0n);
        } catch (error) {
          if (!isPlimsollError(error, 'RULE_VIOLATION')) throw error;
        }
      }),
    );
  });

  test('behavior: balance and principal lead back to each other, never in the account’s favour', () => {
    fc.assert(
      fc.property(market, fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (one, balance) => {
        const back = computePresentValue(one, computePrincipal(one, balance));
        if (balance >= 0n) expect(back).toBeLessThanOrEqual(balance);
        expect(back - balance).toBeLessThanOrEqual(1n);
        expect(back - balance).toBeGreaterThanOrEqual(-2n);
      }),
    );
  });

  test('behavior: state survives its document form, and a step changes neither of its arguments', () => {
    const steps: readonly Step[] = [
      { kind: 'supply', asset: WETH, amount: 1n },
      { kind: 'repay', asset: USDC, amount: 'max' },
      { kind: 'supply', asset: USDC, amount: 12_345n },
    ];
    fc.assert(
      fc.property(view, fc.constantFrom(...steps), (one, step) => {
        const before = JSON.stringify(encodeJson(one));
        const { market: after, position } = compoundV3Rule.apply(one, step);
        expect(JSON.stringify(encodeJson(one))).toBe(before);
        expect(compoundV3Rule.marketSchema.parse(encodeJson(after))).toEqual(after);
        expect(compoundV3Rule.positionSchema.parse(encodeJson(position))).toEqual(position);
      }),
    );
  });
});
