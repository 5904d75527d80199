import { packRows, type Row, type RowBlock, type RowEntry } from './linear-model.ts';
import type { PathModel } from './model.ts';

/** One point of a pool, in model units. */
interface LossPoint {
  readonly at: number;
  readonly loss: number;
}

/** The loss of a pool at an input, both in model units, and its slope. */
export function lossAt(model: PathModel, pool: number, at: number): LossPoint & { readonly slope: number } {
  const columns = model.pools[pool];
  const state = model.network.pools[pool];
  if (columns === undefined || state === undefined) return { at, loss: 0, slope: 0 };
  const amount = Math.min(at * columns.unit, state.curve.depth);
  return {
    at,
    loss: at - (state.curve.out(amount) * state.priceOut) / model.scale,
    slope: 1 - (state.curve.marginal(amount) * state.priceOut) / state.priceIn,
  };
}

/**
 * The tangent of a pool's loss at an input: no plan of the curve lies below it. The part that does not depend on the amount is switched with the pool, which
 * is where a relaxed plan would otherwise cheat (perspective of the tangent).
 */
export function tangentRow(model: PathModel, pool: number, at: number): Row {
  const { loss, slope } = lossAt(model, pool, at);
  return lineRow(model, pool, { slope, intercept: Math.min(0, loss - slope * at) });
}

/** Tangents at every given input of every pool, packed. */
export function tangentRows(model: PathModel, points: readonly (readonly number[])[]): RowBlock {
  return packRows(points.flatMap((inputs, pool) => inputs.map((at) => tangentRow(model, pool, at))));
}

/**
 * Chords of a pool's loss between neighbouring inputs (rising, first 0): no plan of the chords loses less than the curve does, up to the last input.
 */
export function chordRows(model: PathModel, pool: number, inputs: readonly number[]): Row[] {
  const points = inputs.map((at): LossPoint => lossAt(model, pool, at));
  return points.slice(1).map((point, index) => {
    const previous = points[index] ?? { at: 0, loss: 0 };
    const slope = (point.loss - previous.loss) / (point.at - previous.at);
    return lineRow(model, pool, { slope, intercept: point.loss - slope * point.at });
  });
}

/** Inputs at which the first tangents touch, as shares of the greatest amount. */
const FIRST_TANGENTS = [0, 1 / 64, 1 / 16, 1 / 4, 1];

/** First inputs for tangents, by pool. */
export function firstTangents(model: PathModel): number[][] {
  return model.pools.map((pool) => (pool.limit > 0 ? FIRST_TANGENTS.map((share) => share * pool.limit) : []));
}

function lineRow(model: PathModel, pool: number, { slope, intercept }: { slope: number; intercept: number }): Row {
  const columns = model.pools[pool];
  const [amount, loss, used] = [columns?.amount ?? -1, columns?.loss ?? -1, columns?.used ?? -1];
  const entries: RowEntry[] = [
    [loss, 1],
    [amount, -slope],
  ];
  return used < 0 ? { lower: intercept, upper: Infinity, entries } : { lower: 0, upper: Infinity, entries: [...entries, [used, -intercept]] };
}
