import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgument, RuleViolation, UnknownMarket } from '../../../src/core/errors.ts';
import { encodeJson } from '../../../src/core/json.ts';
import type { Step } from '../../../src/core/rule.ts';
import { type GenericView, genericLendingRule } from '../../../src/protocols/generic-lending/index.ts';
import { after, E18, MARKET, MEME, NOW, reread, USDC, view, WBTC, WETH } from './book-fixture.ts';

const apply = genericLendingRule.apply;
const loan = view([[WETH, 10n * E18]], [[USDC, 9_400_000_000n]]);

function errorOf(account: GenericView, step: Step): string | null {
  try {
    apply(account, step);
  } catch (error) {
    if (error instanceof RuleViolation) return error.protocolError;
    throw error;
  }
  return null;
}

describe('apply', () => {
  test('default: supply, borrow, repay, withdraw and back to nothing', () => {
    let account = view([], []);
    account = after(account, { kind: 'supply', asset: WETH, amount: 4n * E18 });
    account = after(account, { kind: 'supply', asset: WETH, amount: 6n * E18 });
    account = after(account, { kind: 'borrow', asset: USDC, amount: 1_000_000_000n });
    account = after(account, { kind: 'borrow', asset: USDC, amount: 500_000_000n });
    account = after(account, { kind: 'borrow', asset: WBTC, amount: 1n });
    expect(genericLendingRule.legs(account).map((leg) => [leg.side, leg.symbol, leg.amount])).toEqual([
      ['collateral', 'WETH', 10n * E18],
      ['debt', 'USDC', 1_500_000_000n],
      ['debt', 'WBTC', 1n],
    ]);
    account = after(account, { kind: 'repay', asset: WBTC, amount: 5n });
    account = after(account, { kind: 'repay', asset: USDC, amount: 400_000_000n });
    account = after(account, { kind: 'withdraw', asset: WETH, amount: 1n * E18 });
    account = after(account, { kind: 'repay', asset: USDC, amount: 'max' });
    account = after(account, { kind: 'withdraw', asset: WETH, amount: 'max' });
    expect(account.position).toMatchObject({ supplied: [], debts: [] });
  });

  test('behavior: what is paid and received', () => {
    expect(apply(loan, { kind: 'supply', asset: WBTC, amount: 5n })).toMatchObject({ paid: [{ asset: WBTC, amount: 5n }], received: [] });
    expect(apply(loan, { kind: 'withdraw', asset: WETH, amount: 5n })).toMatchObject({ paid: [], received: [{ asset: WETH, amount: 5n }] });
    expect(apply(loan, { kind: 'borrow', asset: USDC, amount: 5n })).toMatchObject({ paid: [], received: [{ asset: USDC, amount: 5n }] });
    expect(apply(loan, { kind: 'repay', asset: USDC, amount: 10n ** 20n })).toMatchObject({ paid: [{ asset: USDC, amount: 9_400_000_000n }], received: [] });
  });

  test('behavior: interest is accrued into the position', () => {
    const market = { ...MARKET, assets: MARKET.assets.map((entry) => ({ ...entry, borrowRate: E18 / 10n })) };
    const later = view([[WETH, 10n * E18]], [[USDC, 1_000_000_000n]], market, NOW + 31_536_000);
    const { position } = apply(later, { kind: 'repay', asset: USDC, amount: 100_000_000n });
    expect(position).toMatchObject({ debts: [{ asset: USDC, amount: 1_000_000_000n }], updatedAt: NOW + 31_536_000 });
  });

  test('error: RuleViolation COLLATERAL_VIOLATION, on the edge', () => {
    expect(errorOf(loan, { kind: 'borrow', asset: USDC, amount: 7_144_000_000n })).toBeNull();
    expect(errorOf(loan, { kind: 'borrow', asset: USDC, amount: 7_144_000_001n })).toBe('COLLATERAL_VIOLATION');
    expect(errorOf(loan, { kind: 'withdraw', asset: WETH, amount: 5n * E18 })).toBe('COLLATERAL_VIOLATION');
  });

  test('error: RuleViolation BORROW_ISOLATION_VIOLATION for an isolated asset, and for a self-covered debt', () => {
    const rich = view([[WETH, 100n * E18]], [[USDC, 1_000_000n]]);
    expect(errorOf(rich, { kind: 'borrow', asset: MEME, amount: E18 })).toBe('BORROW_ISOLATION_VIOLATION');
    expect(errorOf(rich, { kind: 'borrow', asset: WETH, amount: E18 })).toBe('BORROW_ISOLATION_VIOLATION');
    expect(errorOf(view([[WETH, 100n * E18]], []), { kind: 'borrow', asset: MEME, amount: E18 })).toBeNull();
    expect(errorOf(rich, { kind: 'borrow', asset: WBTC, amount: 1n })).toBeNull();
    const speck = view(
      [
        [WETH, 100n * E18],
        [WBTC, 1n],
      ],
      [[USDC, 1_000_000n]],
    );
    expect(errorOf(speck, { kind: 'borrow', asset: WBTC, amount: 2n })).toBe('BORROW_ISOLATION_VIOLATION');
  });

  test('error: RuleViolation INSUFFICIENT_BALANCE, NO_DEBT', () => {
    expect(errorOf(loan, { kind: 'withdraw', asset: WETH, amount: 10n * E18 + 1n })).toBe('INSUFFICIENT_BALANCE');
    expect(errorOf(loan, { kind: 'withdraw', asset: WBTC, amount: 'max' })).toBe('INSUFFICIENT_BALANCE');
    expect(errorOf(loan, { kind: 'repay', asset: WBTC, amount: 'max' })).toBe('NO_DEBT');
  });

  test('error: InvalidArgument where an amount is not positive or the step is none of a loan; UnknownMarket for a foreign asset', () => {
    for (const kind of ['supply', 'borrow', 'withdraw', 'repay'] as const) expect(() => apply(loan, { kind, asset: kind === 'repay' ? USDC : WETH, amount: 0n })).toThrow(InvalidArgument);
    expect(() => apply(loan, { kind: 'close', sizeUsd: 'max' })).toThrow(InvalidArgument);
    expect(() => apply(loan, { kind: 'supply', asset: 'eip155:1/slip44:60', amount: 1n })).toThrow(UnknownMarket);
    expect(() => apply(loan, { kind: 'borrow', asset: 'eip155:1/slip44:60', amount: 1n })).toThrow(UnknownMarket);
  });

  test('property: supply and repay never lower health, borrow and withdraw never raise it, and no step leaves a loan liquidatable', () => {
    const kinds = fc.constantFrom('supply', 'withdraw', 'borrow', 'repay');
    fc.assert(
      fc.property(kinds, fc.constantFrom(WETH, USDC, WBTC), fc.bigInt({ min: 1n, max: 10n ** 19n }), (kind, asset, amount) => {
        const before = encodeJson(loan.position);
        const step: Step = { kind, asset, amount };
        if (kind !== 'supply' && errorOf(loan, step) !== null) return;
        const changed = after(loan, step);
        const [old, now] = [genericLendingRule.health(loan).healthFactor, genericLendingRule.health(changed).healthFactor];
        const improves = kind === 'supply' || kind === 'repay';
        if (old !== null && now !== null) expect(improves ? now.gte(old) : now.lte(old)).toBe(true);
        expect(genericLendingRule.health(changed).liquidatable).toBe(false);
        expect(encodeJson(loan.position)).toEqual(before);
        expect(reread(changed)).toEqual(changed);
      }),
    );
  });
});
