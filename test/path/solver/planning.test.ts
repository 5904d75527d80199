import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { type Decimal, fromFixed } from '../../../src/core/decimal.ts';
import { isPlimsollError } from '../../../src/core/errors.ts';
import type { ExposureTerm, PlanningArc, Step } from '../../../src/core/rule.ts';
import { type OpenedAccount, type OpenedPortfolio, openPortfolio } from '../../../src/engine/open-portfolio.ts';
import { findRule } from '../../../src/protocols/registry.ts';
import { reportWallet } from '../../../src/service/portfolio/wallet-report.ts';

let opened: OpenedPortfolio;
beforeAll(async () => {
  const { portfolio } = await reportWallet({ subject: '0xc0ffee00000000000000000000000000c0ffee01' }, readConfig({}));
  opened = openPortfolio(portfolio, findRule);
});

const sumOf = (terms: readonly ExposureTerm[], side: ExposureTerm['side']): number =>
  terms.filter((term) => term.side === side).reduce((total, term) => total + fromFixed(term.amount, term.decimals).times(term.priceUsd).times(term.weight).toNumber(), 0);

describe('planning', () => {
  test('behavior: each arc changes adjusted collateral and debt as the rule itself does', () => {
    const seen: string[] = [];
    for (const account of opened.accounts) {
      for (const arc of account.rule.planning?.(account.view).arcs ?? []) {
        const amount = arc.max === null || arc.max > 10n ** BigInt(arc.decimals) * 1000n ? 10n ** BigInt(arc.decimals) / 100n : arc.max / 100n;
        const change = changeBy(account, arc, amount);
        if (change === null) continue;
        seen.push(`${account.entry.id.split('/')[0]} ${arc.kind}`);
        const tokens = fromFixed(amount, arc.decimals).toNumber();
        const what = `${account.entry.id} ${arc.kind} ${arc.symbol}`;
        // Every order of GMX settles the pending fees first, which leaves both sides at once.
        expectNear(change.collateral - change.debt, arc.collateralUsd.minus(arc.debtUsd), tokens, `${what} slack`);
        if (account.rule.kind === 'perp') continue;
        expectNear(change.collateral, arc.collateralUsd, tokens, `${what} A`);
        expectNear(change.debt, arc.debtUsd, tokens, `${what} L`);
      }
    }
    expect([...new Set(seen)].toSorted()).toEqual([
      'aave-v3 borrow',
      'aave-v3 repay',
      'aave-v3 supply',
      'aave-v3 withdraw',
      'compound-v3 borrow',
      'compound-v3 repay',
      'compound-v3 withdraw',
      'gmx-v2 close',
      'gmx-v2 supply',
      'gmx-v2 withdraw',
      'morpho-blue borrow',
      'morpho-blue repay',
      'morpho-blue supply',
      'morpho-blue withdraw',
    ]);
  });

  test('behavior: the amount that is all of it leaves nothing', () => {
    for (const account of opened.accounts) {
      for (const arc of account.rule.planning?.(account.view).arcs ?? []) {
        if (arc.kind !== 'repay' || arc.all === null) continue;
        const { position } = account.rule.apply(account.view, { kind: 'repay', asset: arc.asset, amount: 'max' });
        expect(account.rule.health({ ...account.view, position, market: account.view.market }).healthFactor).toBeNull();
      }
    }
  });
});

function expectNear(changed: number, perToken: Decimal, tokens: number, what: string): void {
  const planned = perToken.toNumber() * tokens;
  expect(Math.abs(changed - planned), `${what}: planned ${planned}, the rule gives ${changed}`).toBeLessThanOrEqual(0.02 + Math.abs(planned) * 2e-3);
}

function changeBy(account: OpenedAccount, arc: PlanningArc, amount: bigint): { collateral: number; debt: number } | null {
  const step: Step = arc.kind === 'close' ? { kind: 'close', sizeUsd: amount } : { kind: arc.kind, asset: arc.asset, amount };
  try {
    const after = account.rule.apply(account.view, step);
    const before = account.rule.exposure(account.view);
    const terms = account.rule.exposure({ ...account.view, market: after.market, position: after.position });
    return { collateral: sumOf(terms, 'collateral') - sumOf(before, 'collateral'), debt: sumOf(terms, 'debt') - sumOf(before, 'debt') };
  } catch (error) {
    if (isPlimsollError(error, 'RULE_VIOLATION')) return null;
    throw error;
  }
}
