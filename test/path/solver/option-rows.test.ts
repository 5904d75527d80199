import { describe, expect, test } from 'vitest';
import { buildOptionAccount, type OptionMargin } from '../../../src/path/solver/option-account.ts';
import { openRandom } from '../../bench/path/random.ts';
import { CHAIN, problemOf, solveHere, TIGHT } from './fixture.ts';

const SCENARIOS = ['−20 %', '−10 %', '0', '+10 %', '+20 %'];

function randomAccount(seed: number): OptionMargin {
  const random = openRandom(5_000_011 + seed);
  const legs = Array.from({ length: 2 }, (_, at) => {
    const slope = random.between(-300, 300);
    return {
      id: `leg ${at}`,
      contracts: random.integer(5, 40),
      closingCostUsd: random.between(1, 30),
      // A written call loses upwards, a written put downwards; both convex in the price.
      lossUsd: [-2, -1, 0, 1, 2].map((move) => Math.max(-150, slope * move) + random.between(0, 20)),
    };
  });
  const worst = Math.max(...SCENARIOS.map((_, at) => legs.reduce((sum, leg) => sum + leg.contracts * (leg.lossUsd[at] ?? 0), 0)));
  return { id: 'options', label: 'options', chain: CHAIN, equityUsd: worst * random.between(0.6, 1.2), target: 1.2, scenarios: SCENARIOS, legs, gasUsd: 2 };
}

/** Whether closing z of each leg satisfies every scenario, and what it costs: the margin rule itself, written down a second time. */
function costOf({ equityUsd, target, legs, gasUsd }: OptionMargin, closed: readonly number[]): number {
  const cost = legs.reduce((sum, leg, at) => sum + (closed[at] ?? 0) * leg.closingCostUsd, 0);
  const requirement = Math.max(...SCENARIOS.map((_, s) => legs.reduce((sum, leg, at) => sum + (leg.contracts - (closed[at] ?? 0)) * (leg.lossUsd[s] ?? 0), 0)));
  return equityUsd - cost >= target * requirement - 1e-9 ? cost + gasUsd * closed.filter((amount) => amount > 0).length : Infinity;
}

describe('option rows', () => {
  test('property: the solver closes no dearer than any point of a fine grid, and what it closes meets every scenario', async () => {
    let planned = 0;
    for (let seed = 0; seed < 25; seed += 1) {
      const margin = randomAccount(seed);
      const solution = await solveHere(problemOf({ accounts: [buildOptionAccount(margin)] }), TIGHT);
      const grid = Array.from({ length: 201 }, (_, a) =>
        Array.from({ length: 201 }, (_, b) => costOf(margin, [(a / 200) * (margin.legs[0]?.contracts ?? 0), (b / 200) * (margin.legs[1]?.contracts ?? 0)])),
      ).flat();
      const best = Math.min(...grid);
      if (solution.status === 'infeasible') {
        expect(best).toBe(Infinity);
        continue;
      }
      planned += solution.arcs.length > 0 ? 1 : 0;
      expect(solution.cost.totalUsd).toBeLessThanOrEqual(best + 1e-3);
      const closed = margin.legs.map((leg) => {
        const amount = solution.arcs.find(({ arc }) => arc === `close ${leg.id}`)?.amount ?? 0;
        return amount / Math.max(leg.closingCostUsd, ...leg.lossUsd.map(Math.abs));
      });
      const relaxed = { ...margin, equityUsd: margin.equityUsd + 1e-4 };
      expect(costOf(relaxed, closed)).toBeCloseTo(solution.cost.totalUsd, 3);
    }
    expect(planned).toBeGreaterThan(5);
  });

  test('bad input: a leg with another number of scenarios', () => {
    expect(() => buildOptionAccount({ ...randomAccount(1), scenarios: ['one'] })).toThrow(/5 losses for 1 scenarios/);
  });
});
