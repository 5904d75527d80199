import { describe, expect, test } from 'vitest';
import type { AccountView, Step } from '../../../src/core/rule.ts';
import { accrueMarket, computePresentValue } from '../../../src/protocols/compound-v3/interest.ts';
import { compoundV3Rule } from '../../../src/protocols/compound-v3/rule.ts';
import type { CometMarket, CometPosition } from '../../../src/protocols/compound-v3/state.ts';
import { COMP, comp, T0, USDC, usdcComet, v6View, WBTC, WETH, weth } from './usdc-comet.ts';

type View = AccountView<CometMarket, CometPosition>;

const HOUR = T0 + 3_600n;
const UNHEALTHY = 181_200_000_000n;

function apply(view: View, step: Step) {
  return compoundV3Rule.apply(view, step);
}

function violation(protocolError: string) {
  return expect.objectContaining({ code: 'RULE_VIOLATION', protocolError });
}

function pausedView(flag: keyof CometMarket['paused'], price?: bigint): View {
  const view = v6View(price);
  return { ...view, market: { ...view.market, paused: { ...view.market.paused, [flag]: true } } };
}

describe('repay', () => {
  test('default: the debt of the accrued index falls by the amount', () => {
    const view = { ...v6View(), at: HOUR };
    const { market, position, paid } = apply(view, { kind: 'repay', asset: USDC, amount: 1_000_000_000n });
    const before = computePresentValue(accrueMarket(view.market, HOUR), view.position.principal);
    expect(market.lastAccrualTime).toBe(HOUR);
    expect(computePresentValue(market, position.principal) - before - 1_000_000_000n).toBeLessThanOrEqual(0n);
    expect(computePresentValue(market, position.principal) - before - 1_000_000_000n).toBeGreaterThanOrEqual(-1n);
    expect(market.totalBorrowBase - view.market.totalBorrowBase).toBe(view.position.principal - position.principal);
    expect(market.baseBalance - view.market.baseBalance).toBe(1_000_000_000n);
    expect(paid).toEqual([{ asset: USDC, amount: 1_000_000_000n }]);
  });

  test("behavior: 'max' is the debt at that second, and ends at 0", () => {
    const view = { ...v6View(), at: HOUR };
    const { position, paid, market } = apply(view, { kind: 'repay', asset: USDC, amount: 'max' });
    expect(position.principal).toBe(0n);
    expect(paid[0]?.amount).toBe(-computePresentValue(market, -15_000_000_000n));
  });

  test("behavior: 'max' without debt pays nothing", () => {
    const view = { ...v6View(), position: { principal: 7n, collaterals: [] } };
    expect(apply(view, { kind: 'repay', asset: USDC, amount: 'max' }).paid).toEqual([{ asset: USDC, amount: 0n }]);
  });

  test('behavior: more than the debt becomes supply', () => {
    const { position, market } = apply(v6View(), { kind: 'supply', asset: USDC, amount: 16_218_518_518n + 995_924_409n });
    expect(position.principal).toBe(939_551_329n);
    expect(market.totalBorrowBase).toBe(usdcComet().totalBorrowBase - 15_000_000_000n);
    expect(market.totalSupplyBase).toBe(usdcComet().totalSupplyBase + 939_551_329n);
  });

  test('error: RuleViolation', () => {
    expect(() => apply(pausedView('supply'), { kind: 'repay', asset: USDC, amount: 1n })).toThrow(violation('Paused'));
    expect(() => apply(v6View(), { kind: 'repay', asset: WETH, amount: 1n })).toThrow(violation('BadAsset'));
    const inconsistent = v6View(undefined, { totalBorrowBase: 1n });
    expect(() => apply(inconsistent, { kind: 'repay', asset: USDC, amount: 'max' })).toThrow(violation('Panic(0x11)'));
  });

  test('error: INVALID_ARGUMENT for a negative amount', () => {
    expect(() => apply(v6View(), { kind: 'repay', asset: USDC, amount: -1n })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('supply', () => {
  test('default: collateral does not accrue', () => {
    const view = { ...v6View(), at: HOUR };
    const { market, position } = apply(view, { kind: 'supply', asset: WBTC, amount: 5n });
    expect(position.collaterals).toEqual([
      { asset: WBTC, balance: 5n },
      { asset: WETH, balance: 10n ** 19n },
    ]);
    expect(market.lastAccrualTime).toBe(T0);
    expect(market.collaterals[1]?.totalSupply).toBe(5_000n * 10n ** 8n + 5n);
  });

  test('error: RuleViolation', () => {
    expect(() => apply(v6View(), { kind: 'supply', asset: COMP, amount: 10n ** 18n + 1n })).toThrow(violation('SupplyCapExceeded'));
    expect(() => apply(pausedView('supply'), { kind: 'supply', asset: WETH, amount: 1n })).toThrow(violation('Paused'));
    expect(() => apply(v6View(), { kind: 'supply', asset: 'eip155:1/erc20:0x0000000000000000000000000000000000000001', amount: 1n })).toThrow(violation('BadAsset'));
    expect(apply(v6View(), { kind: 'supply', asset: COMP, amount: 10n ** 18n }).paid).toHaveLength(1);
  });
});

describe('borrow', () => {
  const rich: View = { ...v6View(), position: { principal: -1_000_000_000n, collaterals: [{ asset: WETH, balance: 10n ** 19n }] } };

  test('default', () => {
    const { position, market, received } = apply(rich, { kind: 'borrow', asset: USDC, amount: 500_000_000n });
    expect(received).toEqual([{ asset: USDC, amount: 500_000_000n }]);
    expect(computePresentValue(market, position.principal)).toBe(-1_081_234_567n - 500_000_000n);
    expect(market.baseBalance).toBe(rich.market.baseBalance - 500_000_000n);
  });

  test('behavior: the borrowing factor limits, not the liquidation factor', () => {
    // 10 WETH × 1816.85 × 0.825 = 14,989.05 USD.
    const room = 14_989_000_000n - 1_081_234_568n;
    expect(apply(rich, { kind: 'borrow', asset: USDC, amount: room }).received).toHaveLength(1);
    expect(() => apply(rich, { kind: 'borrow', asset: USDC, amount: room + 1_000_000n })).toThrow(violation('NotCollateralized'));
  });

  test('error: RuleViolation', () => {
    const fresh: View = { ...rich, position: { ...rich.position, principal: 0n } };
    expect(() => apply(fresh, { kind: 'borrow', asset: USDC, amount: 99_999_999n })).toThrow(violation('BorrowTooSmall'));
    expect(apply(fresh, { kind: 'borrow', asset: USDC, amount: 100_000_000n }).received).toHaveLength(1);
    expect(() => apply(pausedView('withdraw'), { kind: 'borrow', asset: USDC, amount: 1n })).toThrow(violation('Paused'));
    expect(() => apply(rich, { kind: 'borrow', asset: WETH, amount: 1n })).toThrow(violation('BadAsset'));
    const dry = { ...rich, market: { ...rich.market, baseBalance: 499_999_999n } };
    expect(() => apply(dry, { kind: 'borrow', asset: USDC, amount: 500_000_000n })).toThrow(violation('TransferOutFailed'));
    const blind = { ...rich, market: usdcComet({ collaterals: [weth(null)] }) };
    expect(() => apply(blind, { kind: 'borrow', asset: USDC, amount: 500_000_000n })).toThrow(violation('BadPrice'));
  });
});

describe('withdraw', () => {
  test("default: 'max' of the base token is the balance at that second", () => {
    const view: View = { ...v6View(), position: { principal: 1_000_000_000n, collaterals: [] }, at: HOUR };
    const { position, received, market } = apply(view, { kind: 'withdraw', asset: USDC, amount: 'max' });
    expect(received[0]?.amount).toBe(computePresentValue(market, 1_000_000_000n));
    // The balance was rounded down, so less than one unit of principal may stay.
    expect(position.principal).toBeLessThanOrEqual(1n);
    expect(position.principal).toBeGreaterThanOrEqual(0n);
  });

  test("behavior: 'max' with a debt withdraws nothing", () => {
    const view: View = { ...v6View(), position: { ...v6View().position, principal: -1_000_000_000n } };
    expect(apply(view, { kind: 'withdraw', asset: USDC, amount: 'max' }).received).toEqual([{ asset: USDC, amount: 0n }]);
  });

  test('behavior: collateral is checked with the stored indexes', () => {
    const view: View = { ...v6View(), position: { principal: -1_000_000_000n, collaterals: [{ asset: WETH, balance: 10n ** 18n }] }, at: T0 + 10n ** 9n };
    // 1081.23 USD of debt at the stored index need 0.7213 WETH; decades of interest later far more.
    const { position, market } = apply(view, { kind: 'withdraw', asset: WETH, amount: 278n * 10n ** 15n });
    expect(position.collaterals).toEqual([{ asset: WETH, balance: 722n * 10n ** 15n }]);
    expect(market.baseBorrowIndex).toBe(view.market.baseBorrowIndex);
    expect(() => apply(view, { kind: 'withdraw', asset: WETH, amount: 279n * 10n ** 15n })).toThrow(violation('NotCollateralized'));
  });

  test('behavior: the last of a collateral leaves no entry', () => {
    const view: View = { ...v6View(), position: { principal: 0n, collaterals: [{ asset: WETH, balance: 5n }] } };
    expect(apply(view, { kind: 'withdraw', asset: WETH, amount: 5n }).position.collaterals).toEqual([]);
  });

  test('error: RuleViolation', () => {
    const free: View = { ...v6View(), position: { principal: 0n, collaterals: [{ asset: WETH, balance: 5n }] } };
    expect(() => apply(free, { kind: 'withdraw', asset: WETH, amount: 6n })).toThrow(violation('Panic(0x11)'));
    expect(() => apply(free, { kind: 'withdraw', asset: COMP, amount: 1n })).toThrow(violation('Panic(0x11)'));
    expect(() => apply(free, { kind: 'withdraw', asset: WETH, amount: 'max' })).toThrow(violation('InvalidUInt128'));
    expect(() => apply(pausedView('withdraw'), { kind: 'withdraw', asset: WETH, amount: 1n })).toThrow(violation('Paused'));
    expect(() => apply({ ...free, market: usdcComet({ collaterals: [comp()] }) }, { kind: 'withdraw', asset: WETH, amount: 1n })).toThrow(violation('BadAsset'));
  });
});

describe('liquidate', () => {
  test('default: V6, all collateral goes and the surplus stays as supply', () => {
    const view = v6View(UNHEALTHY);
    const { market, position, liquidation, paid, received } = apply(view, { kind: 'liquidate' });
    expect(position).toEqual({ principal: 939_551_329n, collaterals: [] });
    expect(liquidation).toEqual({
      repaid: [{ asset: USDC, amount: 16_218_518_518n }],
      seized: [{ asset: WETH, amount: 10n ** 19n }],
      protocolFee: [{ asset: WETH, amount: 10n ** 19n }],
      badDebt: [],
    });
    expect([paid, received]).toEqual([[], []]);
    expect(market.collaterals[2]).toMatchObject({ totalSupply: 99_990n * 10n ** 18n, reserves: 30n * 10n ** 18n });
    expect(market.totalBorrowBase).toBe(view.market.totalBorrowBase - 15_000_000_000n);
    expect(market.totalSupplyBase).toBe(view.market.totalSupplyBase + 939_551_329n);
  });

  test('behavior: accrues before it checks', () => {
    const price = 181_208_000_000n;
    expect(() => apply(v6View(price), { kind: 'liquidate' })).toThrow(violation('NotLiquidatable'));
    const later = { ...v6View(price), at: T0 + 30n * 86_400n };
    expect(apply(later, { kind: 'liquidate' }).market.lastAccrualTime).toBe(later.at);
  });

  test('behavior: a deficit is bad debt and leaves the account at 0', () => {
    const { position, liquidation } = apply(v6View(100_000_000_000n), { kind: 'liquidate' });
    expect(position.principal).toBe(0n);
    const covered = liquidation?.repaid[0]?.amount ?? 0n;
    expect(liquidation?.badDebt).toEqual([{ asset: USDC, amount: 16_218_518_518n - covered }]);
    expect(covered).toBe(9_500_244_441n);
  });

  test('error: RuleViolation', () => {
    expect(() => apply(pausedView('absorb', UNHEALTHY), { kind: 'liquidate' })).toThrow(violation('Paused'));
    const blind = { ...v6View(), market: usdcComet({ collaterals: [weth(null)] }) };
    expect(() => apply(blind, { kind: 'liquidate' })).toThrow(violation('BadPrice'));
  });
});

describe('close', () => {
  test('error: INVALID_ARGUMENT', () => {
    expect(() => apply(v6View(), { kind: 'close', sizeUsd: 'max' })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
