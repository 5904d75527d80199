import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decimal, ONE, ZERO } from '../../../src/core/decimal.ts';
import { RuleViolation } from '../../../src/core/errors.ts';
import type { AccountView, LiquidateStep } from '../../../src/core/rule.ts';
import { splitForcedRepayment } from '../../../src/path/closed-forms/greedy-forced.ts';
import { forcedView, type LiquidatableAccount } from '../../../src/path/forced/forced.ts';
import { costOf } from '../../../src/path/forced/forced-liquidation.ts';
import type { ForcedPair } from '../../../src/path/forced/forced-pairs.ts';
import { type LiquidationCall, type LiquidationChoice, listChoices, tryLiquidation } from '../../../src/path/forced/liquidation-choices.ts';
import { evaluateState, isEmpty, isLiquidatable, type LiquidationState } from '../../../src/path/forced/liquidation-state.ts';
import { poolOf } from '../../protocols/aave/fact-sheet-pool.ts';
import { E18, view as genericView, USDC, WBTC, WETH } from '../../protocols/generic-lending/book-fixture.ts';
import { NOW, wstEthUsdc } from '../../protocols/morpho-blue/wsteth-usdc.ts';
import { anyRuledAccount, dollarAccount, forcedOf, stateOf } from './aave-accounts.ts';
import { openAccounts, ruleOf } from './portfolio.ts';

const RUNS = process.env['PLIMSOLL_LONG'] === '1' ? 4 : 1;

/** Morpho positions and generic books around and below their limits. */
const anyOther = fc.oneof(
  fc.record({ collateral: fc.bigInt({ min: 10n ** 15n, max: 10n ** 22n }), percent: fc.bigInt({ min: 80n, max: 120n }) }).map(({ collateral, percent }) => {
    const borrowed = (collateral * 2_080_578_428n * 86n) / (10n ** 18n * percent);
    const borrowShares = (borrowed * wstEthUsdc.totalBorrowShares) / wstEthUsdc.totalBorrowAssets;
    return { rule: 'morpho-blue@1', view: { market: wstEthUsdc, position: { supplyShares: 0n, borrowShares, collateral }, at: NOW } };
  }),
  fc
    .record({ weth: fc.bigInt({ min: E18 / 10n, max: 1_000n * E18 }), wbtc: fc.bigInt({ min: 10n ** 6n, max: 50n * 10n ** 8n }), percent: fc.bigInt({ min: 70n, max: 105n }) })
    .map(({ weth, wbtc, percent }) => {
      const worth = (weth * 2_000n) / E18 + (wbtc * 30_000n) / 10n ** 8n;
      const debt = (worth * 880n * 940n * 1_000_000n) / (10_000n * percent);
      return {
        rule: 'generic-lending@1',
        view: genericView(
          [
            [WETH, weth],
            [WBTC, wbtc],
          ],
          [[USDC, debt + 1n]],
        ),
      };
    }),
);
const anyCase: fc.Arbitrary<{ readonly rule: string; readonly view: AccountView<unknown, unknown> }> = fc.oneof({ weight: 3, arbitrary: anyRuledAccount }, { weight: 1, arbitrary: anyOther });

function lookAt({ rule, view }: { readonly rule: string; readonly view: AccountView<unknown, unknown> }): LiquidatableAccount | null {
  const { accounts, gaps } = forcedView(openAccounts([{ rule, view }]), { maxSearchStates: 12 });
  expect(gaps).toEqual([]);
  return accounts[0]?.status === 'liquidatable' ? accounts[0] : null;
}

describe('forcedView: properties', () => {
  test('property: every liquidation of every sequence is accepted by the rule, one after the other, and ends where it says', () => {
    const seen = { restored: 0, empty: 0, stuck: 0, capped: 0, steps: 0 };
    fc.assert(
      fc.property(anyCase, ({ rule, view }) => {
        const account = lookAt({ rule, view });
        for (const sequence of account === null ? [] : [account.best, account.rational, account.worst]) {
          let state = view;
          for (const { step, repaid, seized } of sequence.liquidations) {
            const applied = ruleOf(rule).apply(state, step);
            expect(applied.liquidation?.repaid.map(({ amount }) => amount)).toEqual(repaid.map(({ amount }) => amount));
            expect(applied.liquidation?.seized.map(({ amount }) => amount)).toEqual(seized.map(({ amount }) => amount));
            state = { ...state, market: applied.market, position: applied.position };
            seen.steps += 1;
          }
          const health = ruleOf(rule).health(state);
          expect(sequence.healthAfter.liquidatable).toBe(health.liquidatable);
          expect(sequence.healthAfter.native?.toString()).toBe(health.healthFactor?.toString());
          if (sequence.ended === 'restored') expect(health.liquidatable).toBe(false);
          if (sequence.ended === 'empty')
            expect(
              ruleOf(rule)
                .legs(state)
                .some(({ side }) => side === 'collateral'),
            ).toBe(false);
          seen[sequence.ended] += 1;
        }
      }),
      { numRuns: 120 * RUNS, seed: 1, endOnFailure: true },
    );
    expect(seen.restored).toBeGreaterThan(50);
    expect(seen.empty).toBeGreaterThan(20);
    expect(seen.steps).toBeGreaterThan(200);
  });

  test('property: the largest valid liquidation is the largest: a unit more is refused, or changes nothing', () => {
    const seen = { refused: 0, same: 0 };
    fc.assert(
      fc.property(anyCase, ({ rule, view }) => {
        for (const pair of lookAt({ rule, view })?.pairs ?? []) {
          if (pair.largest !== null) seen[oneUnitMore(rule, view, pair)] += 1;
        }
      }),
      { numRuns: 120 * RUNS, seed: 2, endOnFailure: true },
    );
    expect(Math.min(seen.refused, seen.same)).toBeGreaterThan(20);
  });

  test('property: best ≤ worst, and best ≤ rational ≤ worst wherever the rational case comes to an end', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyCase, ({ rule, view }) => {
        const account = lookAt({ rule, view });
        if (account === null) return;
        const { best, rational, worst } = account;
        expect(best.costUsd.lte(worst.costUsd) && rational.costUsd.lte(worst.costUsd)).toBe(true);
        if (rational.ended !== 'restored' && rational.ended !== 'empty') return;
        expect(best.costUsd.lte(rational.costUsd)).toBe(true);
        compared += 1;
      }),
      { numRuns: 120 * RUNS, seed: 3, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(60);
  });

  test('property: no order of pairs and sizes on a grid restores a small account for less than the best case', () => {
    let compared = 0;
    const small = fc.record({
      rule: fc.constantFrom('aave-v2@2', 'aave-v3@3.0', 'aave-v3@3.6'),
      weth: fc.integer({ min: 500, max: 60_000 }),
      wsteth: fc.integer({ min: 500, max: 60_000 }),
      health: fc.integer({ min: 870, max: 999 }),
      share: fc.constantFrom(0, 10, 3, 6, 9),
    });
    fc.assert(
      fc.property(small, ({ rule, weth, wsteth, health, share }) => {
        const debt = ((weth * 0.83 + wsteth * 0.81) * 1000) / health;
        const view = dollarAccount({ weth, wsteth, usdc: (debt * share) / 10, dai: (debt * (10 - share)) / 10 });
        const account = forcedOf(rule, view);
        if (account === null) return;
        const cheapest = share % 10 === 0 ? bruteForce(stateOf(rule, view), { depth: 2, parts: 4n }) : bruteForce(stateOf(rule, view), { depth: 1, parts: 8n });
        if (cheapest === null) return;
        compared += 1;
        expect(['restored', 'empty']).toContain(account.best.ended);
        // Up to 3.4 the average threshold is cut to whole bps: another mixture of collaterals can be restored a bp earlier.
        const tolerance = rule === 'aave-v3@3.6' ? 1e-3 : 1e-4 * (weth + wsteth) * 0.5;
        expect(account.best.costUsd.minus(cheapest).toNumber()).toBeLessThan(tolerance);
      }),
      { numRuns: 12 * RUNS, seed: 4, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(8);
  });

  test('property: where neither dust nor the number of calls binds, the best case is the greedy order of the fractional knapsack', () => {
    let compared = 0;
    const large = fc.record({
      weth: fc.integer({ min: 300_000, max: 5_000_000 }),
      wsteth: fc.integer({ min: 300_000, max: 5_000_000 }),
      health: fc.integer({ min: 900, max: 999 }),
      bonuses: fc.tuple(fc.integer({ min: 10_100, max: 11_000 }), fc.integer({ min: 10_100, max: 11_000 })),
      dai: fc.boolean(),
    });
    fc.assert(
      fc.property(large, ({ weth, wsteth, health, bonuses, dai }) => {
        const debt = ((weth * 0.83 + wsteth * 0.81) * 1000) / health;
        const plain = dollarAccount({ weth, wsteth, usdc: dai ? debt * 0.6 : debt, dai: dai ? debt * 0.4 : 0 });
        const market = poolOf(plain.market.reserves.map((reserve, at) => (at < 2 ? { ...reserve, liquidationBonusBps: bonuses[at] ?? 0 } : reserve)));
        const state = stateOf('aave-v3@3.6', { ...plain, market });
        const { adjustedCollateral, adjustedDebt, legs, raw } = evaluateState(state);
        const collaterals = legs.flatMap(({ side, asset, amount, decimals, priceUsd, weight }, at) =>
          side === 'collateral'
            ? [
                {
                  id: asset,
                  valueUsd: priceUsd.times(amount.toString()).div(`1e${decimals}`),
                  threshold: weight,
                  bonus: ONE.times(bonuses[at] ?? 0)
                    .div(10_000)
                    .minus(1),
                },
              ]
            : [],
        );
        const greedy = splitForcedRepayment({ collateralUsd: adjustedCollateral, debtUsd: adjustedDebt }, collaterals, { limitUsd: raw.debt, weight: ONE }, ONE);
        const account = forcedOf('aave-v3@3.6', { ...plain, market });
        if (greedy.kind !== 'repay' || account === null) return;
        const repaid = account.best.liquidations.reduce((total, { repaid: [entry] }) => total.plus(entry?.usd ?? ZERO), ZERO);
        // Leftovers below 1,000 dollars and the last units are what integers may add.
        if (account.best.liquidations.some(({ healthAfter }) => healthAfter.native === null)) return;
        compared += 1;
        expect(Math.abs(account.best.costUsd.div(greedy.penaltyUsd).toNumber() - 1)).toBeLessThan(1e-5);
        expect(Math.abs(repaid.div(greedy.repayUsd).toNumber() - 1)).toBeLessThan(1e-5);
        expect(new Set(account.best.liquidations.map(({ collateral }) => collateral))).toEqual(new Set(greedy.byCollateral.map(({ id }) => id)));
      }),
      { numRuns: 40 * RUNS, seed: 5, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(15);
  });
});

/** The pair's largest liquidation and one raw unit on top, in the unit that its step counts. */
function oneUnitMore(rule: string, view: AccountView<unknown, unknown>, { largest }: ForcedPair): 'refused' | 'same' {
  const step = largest?.step;
  if (step === undefined || largest === null || largest === undefined) throw new TypeError('no liquidation');
  const isMorpho = rule === 'morpho-blue@1';
  const size = ((isMorpho ? largest.seized[0]?.amount : largest.paid[0]?.amount) ?? 0n) + 1n;
  const { repay: _repay, repayShares: _shares, seize: _seize, ...pair } = step;
  const more: LiquidateStep = isMorpho ? { ...pair, seize: size } : { ...pair, repay: size };
  try {
    const { liquidation } = ruleOf(rule).apply(view, more);
    // Where all collateral goes, amounts cut to whole units let a unit more be paid; what it takes is the same but for the rounding of the fee.
    expect((liquidation?.seized[0]?.amount ?? 0n) - (largest.seized[0]?.amount ?? 0n)).toBeLessThanOrEqual(1n);
    return 'same';
  } catch (error) {
    if (error instanceof RuleViolation) return 'refused';
    throw error;
  }
}

interface Grid {
  readonly depth: number;
  readonly parts: bigint;
}

/** The least cost of restoring a state by up to `depth` calls of any size on a grid, and then one of the least size that restores, found by its own bisection. Null where none does. */
function bruteForce(state: LiquidationState, { depth, parts }: Grid): Decimal | null {
  if (isEmpty(state) || !isLiquidatable(state)) return ZERO;
  const costs: Decimal[] = [];
  for (const choice of listChoices(state)) {
    const last = leastRestoring(state, choice);
    if (last !== null) costs.push(costOf(last));
    if (depth === 0) continue;
    for (const call of listSizes(state, choice, parts)) {
      const rest = bruteForce(call.after, { depth: depth - 1, parts });
      if (rest !== null) costs.push(costOf(call).plus(rest));
    }
  }
  return costs.length === 0 ? null : costs.reduce((least, cost) => (cost.lt(least) ? cost : least));
}

function listSizes(state: LiquidationState, choice: LiquidationChoice, parts: bigint): readonly LiquidationCall[] {
  const full = tryLiquidation(state, choice, 'max');
  const size = full instanceof RuleViolation ? choice.limit : full.size;
  const some = Array.from({ length: Number(parts) - 1 }, (_, at) => tryLiquidation(state, choice, (size * BigInt(at + 1)) / parts));
  return [full, ...some].flatMap((call) => (call instanceof RuleViolation ? [] : [call]));
}

function leastRestoring(state: LiquidationState, choice: LiquidationChoice): LiquidationCall | null {
  let [low, high] = [0n, choice.limit];
  let found: LiquidationCall | null = null;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const call = tryLiquidation(state, choice, middle);
    if (call instanceof RuleViolation || isLiquidatable(call.after)) low = middle;
    else [high, found] = [middle, call];
  }
  return found;
}
