import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, ONE, ZERO } from '../../../src/core/decimal.ts';
import {
  applyEffect,
  computeCollateralSwap,
  computeDeficit,
  computeForcedRepay,
  computeLeastAmount,
  computeMarginTopUp,
  computeNativePerpClose,
  computePerpClose,
  computeSelfRepay,
  computeSupply,
  type LeastAmount,
} from '../../../src/path/closed-forms/closed-form.ts';
import { decimalBetween, pairAccounts, TINY, targets } from './arbitrary.ts';

const d = (text: string | number) => new Decimal(text);
const amountOf = (answer: LeastAmount): Decimal => (answer.kind === 'amount' ? answer.amount : new Decimal(Number.NaN));

describe(computeLeastAmount, () => {
  test('default', () => {
    const sums = { collateralUsd: d(880), debtUsd: d(900) };
    expect(computeLeastAmount(sums, d('1.1'), { collateralUsd: ZERO, debtUsd: d(-1) })).toEqual({ kind: 'amount', amount: d(100) });
  });

  test('behavior: nothing is needed at the target, and the tightest broken limit is named', () => {
    const sums = { collateralUsd: d(990), debtUsd: d(900) };
    expect(computeLeastAmount(sums, d('1.1'), { collateralUsd: ONE, debtUsd: ZERO }).kind).toBe('none-needed');
    const limits = [
      { name: 'cap', amount: d(80) },
      { name: 'wallet', amount: d(50) },
    ] as const;
    expect(computeLeastAmount(sums, d('1.2'), { collateralUsd: ONE, debtUsd: ZERO }, limits)).toEqual({ kind: 'limited', needed: d(90), limit: limits[1] });
  });

  test('behavior: an amount that equals its limit is allowed', () => {
    const wallet = { name: 'wallet', amount: d(90) } as const;
    expect(computeLeastAmount({ collateralUsd: d(10), debtUsd: d(100) }, ONE, { collateralUsd: ONE, debtUsd: ZERO }, [wallet]).kind).toBe('amount');
  });

  test('behavior: an action without effect on the target is harmful, not a division by 0', () => {
    expect(computeLeastAmount({ collateralUsd: d(1), debtUsd: d(1) }, d(2), { collateralUsd: d(-2), debtUsd: d(-1) }).kind).toBe('harmful');
  });
});

describe(computeForcedRepay, () => {
  test('default', () => {
    // 0.99 · 1000 of adjusted collateral at LT 0.83, bonus 5 %: path.md says 34 % of the debt for 1.05 and 69 % for 1.25.
    const account = { sums: { collateralUsd: d(990), debtUsd: d(1000) }, pair: { collateralUsd: d(990).div('0.83'), threshold: d('0.83'), debtUsd: d(1000), debtWeight: ONE, bonus: d('0.05') } };
    expect(amountOf(computeForcedRepay(account.sums, account.pair, d('1.05'), null)).toFixed(1)).toBe('336.1');
    expect(amountOf(computeForcedRepay(account.sums, account.pair, d('1.25'), null)).toFixed(1)).toBe('686.9');
  });

  test('behavior: the answer puts the account on the target, and a limit or a harmful pair is recognised', () => {
    fc.assert(
      fc.property(pairAccounts, targets, fc.option(decimalBetween(0.1, 1), { nil: null }), ({ sums, pair }, target, share) => {
        const limit = share === null ? null : pair.debtUsd.times(share);
        const answer = computeForcedRepay(sums, pair, target, limit);
        const effect = { collateralUsd: pair.threshold.times(pair.bonus.plus(1)).neg(), debtUsd: pair.debtWeight.neg() };
        const most = Decimal.min(pair.debtUsd, pair.collateralUsd.div(pair.bonus.plus(1)), limit ?? pair.debtUsd);
        const at = (amount: Decimal) => computeDeficit(applyEffect(sums, effect, amount), target);
        if (answer.kind === 'none-needed') expect(at(ZERO).lte(0)).toBe(true);
        if (answer.kind === 'amount') {
          expect(at(answer.amount).abs().lt(TINY)).toBe(true);
          expect(at(answer.amount.times('0.999')).gt(0)).toBe(true);
          expect(answer.amount.lte(most)).toBe(true);
        }
        if (answer.kind === 'limited') {
          expect(at(answer.needed).abs().lt(TINY)).toBe(true);
          expect(answer.limit.amount.eq(most)).toBe(true);
          expect(at(most).gt(0)).toBe(true);
        }
        if (answer.kind === 'harmful') expect(at(most).gte(at(ZERO))).toBe(true);
      }),
    );
  });

  test('behavior: it is the exact rational quotient', () => {
    // Exact in integers: r = G / (H·w − LT·(1 + b)) with every input a ten-thousandth.
    fc.assert(
      fc.property(pairAccounts, targets, ({ sums, pair }, target) => {
        const answer = computeForcedRepay(sums, pair, target, null);
        if (answer.kind !== 'amount' && answer.kind !== 'limited') return;
        const units = (value: Decimal, scale: number) => BigInt(value.times(new Decimal(10).pow(scale)).toFixed(0));
        const [h, w, lt, taken] = [units(target, 4), units(pair.debtWeight, 4), units(pair.threshold, 4), units(pair.bonus.plus(1), 4)];
        const deficit = h * units(sums.debtUsd, 12) - units(sums.collateralUsd, 12) * 10n ** 4n;
        const floor = (deficit * 10n ** 60n) / (h * w - lt * taken);
        const amount = answer.kind === 'amount' ? answer.amount : answer.needed;
        expect(BigInt(amount.times('1e68').floor().toFixed(0))).toBe(floor);
      }),
    );
  });
});

describe('actions of the owner', () => {
  test('behavior: each puts the account exactly on the target', () => {
    fc.assert(
      fc.property(pairAccounts, targets, decimalBetween(0.3, 0.97), decimalBetween(0, 0.05), ({ sums, pair }, target, toThreshold, loss) => {
        fc.pre(computeDeficit(sums, target).gt(0));
        const repay = computeSelfRepay(sums, { debtUsd: pair.debtUsd, weight: pair.debtWeight }, target);
        expect(repay.kind).toBe('amount');
        expect(
          target
            .times(sums.debtUsd.minus(amountOf(repay).times(pair.debtWeight)))
            .minus(sums.collateralUsd)
            .abs()
            .lt(TINY),
        ).toBe(true);
        const supply = amountOf(computeSupply(sums, pair.threshold, target, null));
        expect(sums.collateralUsd.plus(supply.times(pair.threshold)).minus(target.times(sums.debtUsd)).abs().lt(TINY)).toBe(true);
        expect(amountOf(computeMarginTopUp(sums, target, null)).eq(computeDeficit(sums, target))).toBe(true);
        const swap = computeCollateralSwap(sums, { fromUsd: pair.collateralUsd, fromThreshold: pair.threshold, toThreshold, loss }, target);
        if (swap.kind !== 'amount') return;
        const after = sums.collateralUsd.minus(swap.amount.times(pair.threshold)).plus(swap.amount.times(ONE.minus(loss)).times(toThreshold));
        expect(after.minus(target.times(sums.debtUsd)).abs().lt(TINY)).toBe(true);
      }),
    );
  });

  test('behavior: swapping into a collateral that counts less cannot help', () => {
    const swap = { fromUsd: d(1000), fromThreshold: d('0.8'), toThreshold: d('0.8'), loss: d('0.001') };
    expect(computeCollateralSwap({ collateralUsd: d(800), debtUsd: d(790) }, swap, d('1.1')).kind).toBe('harmful');
  });

  test('behavior: supply caps and wallets limit', () => {
    const sums = { collateralUsd: d(80), debtUsd: d(100) };
    expect(computeSupply(sums, d('0.5'), ONE, d(39))).toMatchObject({ kind: 'limited', limit: { name: 'cap' } });
    expect(computeMarginTopUp(sums, ONE, d(19))).toMatchObject({ kind: 'limited', limit: { name: 'wallet' } });
  });
});

describe(computePerpClose, () => {
  /** A long of size q·p with margin K and entry value V: A = K + q·p·(1 − m), L = V. */
  const longs = fc.record({
    size: decimalBetween(1_000, 1_000_000),
    entry: decimalBetween(0.8, 1.2),
    margin: decimalBetween(0.02, 0.2),
    m: decimalBetween(0.005, 0.05),
    fee: decimalBetween(0, 0.004),
  });

  test('default', () => {
    fc.assert(
      fc.property(longs, targets, ({ size, entry, margin, m, fee }, target) => {
        const value = size.times(entry);
        const held = size.times(margin);
        const sums = { collateralUsd: held.plus(size.times(ONE.minus(m))), debtUsd: value };
        const perUnit = { collateralPerUsd: entry.minus(m), debtPerUsd: entry, feePerUsd: fee };
        const answer = computePerpClose(sums, { sizeUsd: size, ...perUnit }, target);
        if (answer.kind !== 'amount') return;
        // Close that much of the position itself: its profit or loss and the fee go to the margin.
        const left = size.minus(answer.amount);
        const marginAfter = held.plus(answer.amount.times(ONE.minus(entry))).minus(answer.amount.times(fee));
        const after = { collateralUsd: marginAfter.plus(left.times(ONE.minus(m))), debtUsd: left.times(entry) };
        expect(computeDeficit(after, target).abs().lt(TINY)).toBe(true);
      }),
    );
  });

  test("behavior: at a target of 1 the exposure form and the venue's own ratio agree", () => {
    fc.assert(
      fc.property(longs, ({ size, entry, margin, m, fee }) => {
        const sums = { collateralUsd: size.times(margin).plus(size.times(ONE.minus(m))), debtUsd: size.times(entry) };
        const exposure = computePerpClose(sums, { sizeUsd: size, collateralPerUsd: entry.minus(m), debtPerUsd: entry, feePerUsd: fee }, ONE);
        const equityUsd = size.times(margin).plus(size.times(ONE.minus(entry)));
        const native = computeNativePerpClose({ equityUsd, maintenanceUsd: size.times(m), maintenancePerUsd: m, sizeUsd: size, feePerUsd: fee }, ONE);
        expect(native.kind).toBe(exposure.kind);
        if (exposure.kind === 'amount') expect(amountOf(native).minus(exposure.amount).abs().lt(TINY)).toBe(true);
      }),
    );
  });

  test('behavior: closing is harmful where the fee eats what it frees', () => {
    const perp = { equityUsd: d(90), maintenanceUsd: d(100), maintenancePerUsd: d('0.01'), sizeUsd: d(10_000) };
    expect(computeNativePerpClose({ ...perp, feePerUsd: d('0.01') }, ONE).kind).toBe('harmful');
    expect(computeNativePerpClose({ ...perp, feePerUsd: d('0.0099') }, ONE).kind).toBe('limited');
    expect(amountOf(computeNativePerpClose({ ...perp, feePerUsd: d('0.001') }, ONE)).toFixed(4)).toBe('1111.1111');
  });
});
