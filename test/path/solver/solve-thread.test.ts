import { describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../../src/core/errors.ts';
import { atLeast, type LinearModel, packRows } from '../../../src/path/solver/linear-model.ts';
import { solvePath } from '../../../src/path/solver/refine.ts';
import type { MipOptions } from '../../../src/path/solver/solve.ts';
import { openInThreadSolver } from '../../../src/path/solver/solve.ts';
import { openWorkerSolver } from '../../../src/path/solver/solve-thread.ts';
import { makeInstance, SIZES } from '../../bench/path/instances.ts';
import { solveHere } from './fixture.ts';

/** min 2a + 3b, a + b ≥ 1.5, whole: 4 with a = 2; 3 where not. */
const MODEL: LinearModel = {
  cost: Float64Array.of(2, 3),
  lower: Float64Array.of(0, 0),
  upper: Float64Array.of(10, 10),
  integer: Uint8Array.of(1, 1),
  rows: packRows([
    atLeast(1.5, [
      [0, 1],
      [1, 1],
    ]),
  ]),
};
const MIP: MipOptions = { start: null, timeLimitMs: 1_000, relativeGap: 0, absoluteGap: 0 };
const FAULTY = { script: new URL('./faulty-worker.ts', import.meta.url), graceMs: 500 };
const isInternal = (error: unknown): boolean => isPlimsollError(error, 'INTERNAL');

describe('openInThreadSolver', () => {
  test('default: solves with and without whole columns, changed columns and further rows', async () => {
    const solver = await openInThreadSolver();
    const session = await solver.open(MODEL);
    expect((await session.solveLp({})).objective).toBeCloseTo(3, 9);
    expect(await session.solveMip(MIP)).toMatchObject({ status: 'optimal', objective: 4, bound: 4 });
    expect((await session.solveLp({ cost: Float64Array.of(5, 3) })).objective).toBeCloseTo(4.5, 9);
    await session.addRows(packRows([atLeast(1, [[1, 1]])]));
    expect((await session.solveLp({})).objective).toBeCloseTo(4, 9);
    expect((await session.solveMip({ ...MIP, start: { columns: Int32Array.of(0, 1), values: Float64Array.of(3, 1) } })).objective).toBe(5);
    expect(await session.solveLp({ upper: Float64Array.of(0, 1) })).toMatchObject({ status: 'infeasible' });
    await session.close();
    await solver.close();
  });

  test('error: INTERNAL for a model that is none', async () => {
    const solver = await openInThreadSolver();
    const session = await solver.open({ ...MODEL, lower: Float64Array.of(Number.NaN, 0) });
    await expect(session.solveLp({})).rejects.toSatisfy(isInternal);
    await expect(session.solveMip(MIP)).rejects.toSatisfy(isInternal);
  });
});

describe('openWorkerSolver', () => {
  test('default: the thread answers as this thread does', async () => {
    const solver = openWorkerSolver();
    try {
      const problem = makeInstance(SIZES[0], 3);
      expect(await solveHere(problem, { solver })).toEqual(await solveHere(problem));
    } finally {
      await solver.close();
    }
  });

  test('behavior: without a solver one is started and ended with the call', async () => {
    const solution = await solvePath(makeInstance(SIZES[0], 0), { budgetMs: 10_000, now: () => performance.now() });
    expect(solution).toEqual(await solveHere(makeInstance(SIZES[0], 0)));
  });

  test.each([
    ['crashes', 1e-9, 'ended before it answered'],
    ['hangs', 2e-9, 'did not answer within'],
  ])('behavior: a thread that %s breaks that solve only; the open model is loaded again', async (_, absoluteGap, message) => {
    const solver = openWorkerSolver(FAULTY);
    try {
      const session = await solver.open(MODEL);
      await session.addRows(packRows([atLeast(1, [[1, 1]])]));
      await expect(session.solveMip({ ...MIP, timeLimitMs: 100, absoluteGap })).rejects.toSatisfy((error: Error) => isInternal(error) && error.message.includes(message));
      expect(await session.solveMip(MIP)).toMatchObject({ status: 'optimal', objective: 5 });
    } finally {
      await solver.close();
    }
  });

  test('behavior: a plan that was found survives a solver that fails', async () => {
    const solver = openWorkerSolver(FAULTY);
    try {
      const halted = await solveHere(makeInstance(SIZES[1], 3), { solver, relativeGap: 0, absoluteGapUsd: 2e-9 });
      expect(halted).toMatchObject({ status: 'budget', method: 'LP heuristic (the solver did not answer)' });
      expect(halted.cost.totalUsd).toBeGreaterThan(halted.lowerBoundUsd);
    } finally {
      await solver.close();
    }
  });

  test('error: INTERNAL for a failure inside the thread, which goes on', async () => {
    const solver = openWorkerSolver();
    try {
      const broken = await solver.open({ ...MODEL, upper: Float64Array.of(Number.NaN, 1) });
      await expect(broken.solveMip(MIP)).rejects.toSatisfy(isInternal);
      const session = await solver.open(MODEL);
      expect((await session.solveLp({})).objective).toBeCloseTo(3, 9);
    } finally {
      await solver.close();
    }
  });

  test('error: INTERNAL for a script that does not start', async () => {
    const solver = openWorkerSolver({ script: new URL('./no-such-worker.ts', import.meta.url) });
    await expect(solver.open(MODEL)).rejects.toSatisfy(isInternal);
    await solver.close();
  });
});
