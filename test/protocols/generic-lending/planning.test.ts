import { describe, expect, test } from 'vitest';
import { type Decimal, fromFixed, ZERO } from '../../../src/core/decimal.ts';
import type { ExposureTerm, PlanningArc, Step } from '../../../src/core/rule.ts';
import { type GenericView, genericLendingRule } from '../../../src/protocols/generic-lending/index.ts';
import { type Amounts, after, CBETH, E18, MARKET, MEME, NOPE, USDC, view, WBTC, WETH } from './book-fixture.ts';

const planOf = (of: GenericView): readonly PlanningArc[] => genericLendingRule.planning?.(of).arcs ?? [];
const shown = (of: GenericView): string[] => planOf(of).map((arc) => `${arc.kind} ${arc.symbol}`);
const HELD: Amounts = [[WETH, 10n * E18]];
const OWED: Amounts = [[USDC, 8_000_000_000n]];

const sumsOf = (of: GenericView): { A: Decimal; L: Decimal } => {
  const value = (side: ExposureTerm['side']): Decimal =>
    genericLendingRule
      .exposure(of)
      .filter((term) => term.side === side)
      .reduce((sum, term) => sum.plus(fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight)), ZERO);
  return { A: value('collateral'), L: value('debt') };
};

describe('planBook', () => {
  test('default: every asset with price and factors that count, and what may be done with it', () => {
    expect(shown(view(HELD, OWED))).toEqual(['supply WETH', 'withdraw WETH', 'repay USDC', 'borrow USDC', 'supply WBTC', 'borrow WBTC']);
    const [supply, withdraw, repay] = planOf(view(HELD, OWED));
    expect([supply?.max, withdraw?.max, withdraw?.all, repay?.max, repay?.all]).toEqual([null, 10n * E18, 10n * E18, 8_000_000_000n, 8_000_000_000n]);
  });

  test('behavior: each arc changes adjusted collateral and debt as the rule itself does', () => {
    const before = view([...HELD, [WBTC, 10n ** 8n]], OWED);
    const { A, L } = sumsOf(before);
    for (const arc of planOf(before)) {
      const amount = arc.max === null ? 10n ** BigInt(arc.decimals) : arc.max / 4n;
      const step: Step = arc.kind === 'close' ? { kind: 'close', sizeUsd: amount } : { kind: arc.kind, asset: arc.asset, amount };
      const changed = sumsOf(after(before, step));
      const tokens = fromFixed(amount, arc.decimals);
      expect(changed.A.minus(A).minus(arc.collateralUsd.times(tokens)).abs().toNumber(), `${arc.kind} ${arc.symbol}: A`).toBeLessThan(1e-9);
      expect(changed.L.minus(L).minus(arc.debtUsd.times(tokens)).abs().toNumber(), `${arc.kind} ${arc.symbol}: L`).toBeLessThan(1e-9);
    }
  });

  test('behavior: an asset on both sides is left alone, and none is made one', () => {
    const both = view([...HELD, [USDC, 9_000_000_000n]], OWED);
    expect(shown(both)).toEqual(['supply WETH', 'withdraw WETH', 'supply WBTC']);
    expect(shown(view(HELD, OWED))).not.toContain('borrow WETH');
    expect(shown(view(HELD, OWED))).not.toContain('supply USDC');
  });

  test('behavior: a debt that stands alone admits no second one; without debt everything may be borrowed', () => {
    expect(shown(view(HELD, [[MEME, E18]])).filter((arc) => arc.startsWith('borrow'))).toEqual([]);
    expect(shown(view(HELD, [])).filter((arc) => arc.startsWith('borrow'))).toEqual(['borrow USDC', 'borrow WBTC', 'borrow MEME']);
  });

  test('behavior: what is not counted may be taken out without changing health, and is not added to', () => {
    const spare = view(HELD, OWED);
    const uncounted: GenericView = { ...spare, position: { ...spare.position, supplied: [...spare.position.supplied, { asset: WBTC, amount: 10n ** 8n, collateral: false }] } };
    const arcs = planOf(uncounted).filter((arc) => arc.asset === WBTC);
    expect(arcs.map((arc) => [arc.kind, arc.collateralUsd.toString()])).toEqual([['withdraw', '0']]);
  });

  test('bad input: assets without a price or factors are not offered', () => {
    const arcs = planOf(view(HELD, OWED, MARKET));
    expect(arcs.some((arc) => arc.asset === NOPE || arc.asset === CBETH)).toBe(false);
  });
});
