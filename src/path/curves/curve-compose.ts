import { InvalidArgument } from '../../core/errors.ts';
import type { SwapCurve } from './curve.ts';

/** Halvings of an interval: enough to exhaust a float's digits. */
const HALVINGS = 100;

/**
 * Two swaps one after the other: out = second(first(x)). Increasing and concave because both are; as deep as the shallower leg allows, as old as the older one.
 *
 * @throws {InvalidArgument} where the first does not give what the second takes
 */
export function seriesCurve(first: SwapCurve, second: SwapCurve): SwapCurve {
  if (first.to !== second.from) throw new InvalidArgument(`A route of ${first.from} to ${first.to} cannot go on from ${second.from}.`);
  return {
    from: first.from,
    to: second.to,
    out: (amount) => second.out(first.out(amount)),
    marginal: (amount) => second.marginal(first.out(amount)) * first.marginal(amount),
    depth: first.out(first.depth) <= second.depth ? first.depth : largest(first.depth, (amount) => first.out(amount) <= second.depth),
    source: `${first.source}, then ${second.source}`,
    observedAt: oldest([first, second]),
    assumed: first.assumed || second.assumed,
  };
}

/**
 * Several pools of one pair, used together in the best split: marginals equal in all that are used. Pools of a piecewise linear curve tie over whole pieces; within a tie any split
 * is best.
 *
 * @throws {InvalidArgument} where there is none, or they trade different pairs
 */
export function parallelCurve(curves: readonly SwapCurve[]): SwapCurve {
  const [head] = curves;
  if (head === undefined) throw new InvalidArgument('A parallel route needs at least one curve.');
  if (curves.some((curve) => curve.from !== head.from || curve.to !== head.to)) throw new InvalidArgument('Curves in parallel trade the same pair.');
  const depth = curves.reduce((sum, curve) => sum + curve.depth, 0);
  return {
    from: head.from,
    to: head.to,
    out: (amount) => splitParallel(curves, amount).reduce((sum, part, at) => sum + (curves[at]?.out(part) ?? 0), 0),
    marginal: (amount) => clearParallel(curves, amount).price,
    depth,
    source: curves.map((curve) => curve.source).join(' + '),
    observedAt: oldest(curves),
    assumed: curves.some((curve) => curve.assumed),
  };
}

/** The inputs of each curve, in their order, that together give most; they sum up to `amount`, at most the joint depth. */
export function splitParallel(curves: readonly SwapCurve[], amount: number): readonly number[] {
  return clearParallel(curves, amount).parts;
}

/** The best split, and the marginal at which it clears: what the last unit earned and the next one would not beat. */
function clearParallel(curves: readonly SwapCurve[], amount: number): { readonly parts: readonly number[]; readonly price: number } {
  let low = 0;
  let high = Math.max(...curves.map((curve) => curve.marginal(0)));
  const at = (price: number) => curves.map((curve) => inputAbove(curve, price));
  // At `low` too much is taken, at `high` too little: the difference between the two is a tie.
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (total(at(middle)) > amount) low = middle;
    else high = middle;
  }
  const little = at(high);
  const much = low === 0 ? curves.map((curve) => curve.depth) : at(low);
  const room = total(much) - total(little);
  const share = room > 0 ? Math.min(1, Math.max(0, (amount - total(little)) / room)) : 0;
  const parts = little.map((part, index) => part + ((much[index] ?? part) - part) * share);
  // Where everything is full no price clears; the cheapest last unit tells.
  return { parts, price: Math.max(high, Math.min(...curves.map((curve) => curve.marginal(curve.depth)))) };
}

/** How much of a curve earns more than `price` at the margin. */
function inputAbove(curve: SwapCurve, price: number): number {
  if (curve.marginal(curve.depth) > price) return curve.depth;
  return curve.marginal(0) <= price ? 0 : largest(curve.depth, (amount) => curve.marginal(amount) > price);
}

/** The greatest amount up to `limit` for which a condition holds that, once false, stays false. */
function largest(limit: number, holds: (amount: number) => boolean): number {
  let low = 0;
  let high = limit;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function total(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum + part, 0);
}

function oldest(curves: readonly SwapCurve[]): number | null {
  return curves.reduce<number | null>((age, curve) => (age === null || curve.observedAt === null ? null : Math.min(age, curve.observedAt)), Number.MAX_SAFE_INTEGER);
}
