import { describe, expect, test } from 'vitest';
import { InvalidPortfolio, PlimsollError } from '../../src/core/errors.ts';
import type { Portfolio } from '../../src/core/portfolio.ts';
import { openPortfolio } from '../../src/engine/open-portfolio.ts';
import { linearRule } from './linear-rule.ts';
import { linearAccount, open, USDC, WETH } from './portfolio-of.ts';

const { portfolio } = open({
  accounts: [
    linearAccount([
      ['collateral', WETH, 10, '0.8'],
      ['debt', USDC, 10_000, '1'],
    ]),
  ],
});

function reopen(change: (draft: { -readonly [Key in keyof Portfolio]: Portfolio[Key] }) => void): unknown {
  const draft = { ...portfolio };
  change(draft);
  return openPortfolio(draft, (id) => (id === linearRule.id ? linearRule : undefined));
}

function pathOf(change: Parameters<typeof reopen>[0]): string | null {
  try {
    reopen(change);
  } catch (error) {
    if (error instanceof InvalidPortfolio) return error.path;
    throw error;
  }
  return null;
}

function withLegs(change: (leg: Portfolio['accounts'][number]['legs'][number], at: number) => object): Parameters<typeof reopen>[0] {
  return (draft) => {
    draft.accounts = draft.accounts.map((account) => ({ ...account, legs: account.legs.map((leg, at) => ({ ...leg, ...change(leg, at) })) }));
  };
}

describe(openPortfolio, () => {
  test('default: an unchanged document opens', () => {
    expect(pathOf(() => undefined)).toBeNull();
  });

  test('behavior: a price written with more zeros is the same price', () => {
    expect(pathOf(withLegs((leg) => ({ priceUsd: `${leg.priceUsd}.000` })))).toBeNull();
  });

  test('error: UNKNOWN_RULE', () => {
    expect(() =>
      reopen((draft) => {
        draft.markets = draft.markets.map((market) => ({ ...market, rule: 'other@1' }));
      }),
    ).toThrow(PlimsollError);
  });

  test('error: InvalidPortfolio names an account of no market', () => {
    expect(
      pathOf((draft) => {
        draft.accounts = draft.accounts.map((account) => ({ ...account, market: 'none' }));
      }),
    ).toBe('accounts[0].market');
  });

  test('error: InvalidPortfolio names a state that the rule does not read', () => {
    expect(
      pathOf((draft) => {
        draft.markets = draft.markets.map((market) => ({ ...market, state: { ...market.state, borrowRate: 'x' } }));
      }),
    ).toBe('markets[0].state.borrowRate');
    expect(
      pathOf((draft) => {
        draft.accounts = draft.accounts.map((account) => ({ ...account, position: {} }));
      }),
    ).toBe('accounts[0].position.terms');
    expect(
      pathOf((draft) => {
        draft.accounts = draft.accounts.map((account) => ({ ...account, position: { terms: [], more: 1 } }));
      }),
    ).toBe('accounts[0].position');
  });

  test('error: InvalidPortfolio names the leg that differs from the position', () => {
    expect(pathOf(withLegs((_, at) => (at === 1 ? { amount: '1' } : {})))).toBe('accounts[0].legs[1].amount');
    expect(pathOf(withLegs((_, at) => (at === 0 ? { priceUsd: '2001' } : {})))).toBe('accounts[0].legs[0].priceUsd');
    expect(pathOf(withLegs((_, at) => (at === 0 ? { weight: '0.9' } : {})))).toBe('accounts[0].legs[0].weight');
    expect(
      pathOf((draft) => {
        draft.accounts = draft.accounts.map((account) => ({ ...account, legs: [] }));
      }),
    ).toBe('accounts[0].legs');
  });
});
