import { describe, expect, test } from 'vitest';
import { findPlan } from '../../../src/path/solver/heuristic.ts';
import { searchKernel } from '../../../src/path/solver/kernel.ts';
import { buildModel } from '../../../src/path/solver/model.ts';
import { layOutNetwork } from '../../../src/path/solver/network.ts';
import { evaluateAmounts } from '../../../src/path/solver/plan-amounts.ts';
import { openRelaxation, solveRoot } from '../../../src/path/solver/relaxation.ts';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';
import { IS_LONG } from './fixture.ts';

const INSTANCES = IS_LONG ? 60 : 12;
const LIMITS = { timeLimitMs: Infinity, relativeGap: 1e-5, absoluteGap: 1e-3 };
const USED = 1e-6;

describe(searchKernel, () => {
  test('property: the plan out of the kernel holds, never costs more, often less, and uses nothing outside it', { timeout: 600_000 }, async () => {
    const solver = await openInThreadSolver();
    let cheaper = 0;
    for (let index = 0; index < INSTANCES; index += 1) {
      const model = buildModel(layOutNetwork(makeInstance(SIZES[1], index)));
      const relaxation = await openRelaxation(solver, model);
      const root = await solveRoot(relaxation);
      if (root.status !== 'optimal') continue;
      const { plan, supports } = await findPlan(solver, relaxation, root);
      if (plan === null) continue;
      const found = await searchKernel(solver, relaxation, { plan, supports, relaxed: root.values }, LIMITS);
      // Twice from nothing but the plan itself: the kernel is the plan's own support.
      const own = await searchKernel(solver, relaxation, { plan, supports: [], relaxed: new Float64Array(root.values.length) }, LIMITS);
      await relaxation.session.close();
      const [before, after] = [plan.evaluation.cost.totalUsd, found.evaluation.cost.totalUsd];
      expect(after, `instance ${index}`).toBeLessThanOrEqual(before);
      expect(after, `instance ${index}`).toBeGreaterThanOrEqual(root.objective - 1e-3);
      expect(evaluateAmounts(model.network, found.amounts).violationUsd, `instance ${index}`).toBeLessThan(1e-4);
      if (after < before - 0.01) cheaper += 1;
      for (const kind of ['arcs', 'pools'] as const) {
        model[kind].forEach((flow, at) => {
          const isOpen = (root.values[flow.amount] ?? 0) > USED || [plan.support, ...supports].some((support) => support[kind][at] === true);
          if (flow.used >= 0 && !isOpen) expect(found.amounts[kind][at], `instance ${index}, ${kind} ${at}`).toBe(0);
          if (flow.used >= 0 && plan.support[kind][at] !== true) expect(own.amounts[kind][at], `instance ${index}, ${kind} ${at}`).toBe(0);
        });
      }
    }
    expect(cheaper).toBeGreaterThan(2);
  });
});
