import { Decimal } from '../core/decimal.ts';
import { roundFactor } from './moves.ts';

/** What an account or a wallet looks like at one point of a search. */
export interface CrossingProbe {
  /** Adjusted collateral − adjusted debt, USD. */
  readonly slack: Decimal;
  /** The decision that the search is about: the rule's own for an account, slack < 0 for a wallet. */
  readonly breached: boolean;
}

/** A search along one variable t > 0, from `start` (today) towards `end`. */
export interface CrossingSearch {
  readonly start: Decimal;
  readonly end: Decimal;
  /** d slack / d t at the start, as the exposure terms have it. */
  readonly slope: Decimal;
  /** Null where the account cannot be valued at t. */
  readonly probe: (t: Decimal) => CrossingProbe | null;
}

/** The point nearest to the start where the decision changes. */
export interface Crossing {
  /** Root of the slack: exact on its linear piece. */
  readonly at: Decimal;
  /** A point on the start's side, where the decision is still the start's. */
  readonly before: Decimal;
  /** A point on the far side, where the decision is the other one. */
  readonly beyond: Decimal;
  readonly becomes: 'breached' | 'safe';
}

/** Half-widths that are tried around a root, relative to it: the narrowest that the oracle's price steps allow is reported. */
const WIDTHS = ['1e-18', '1e-15', '1e-12', '1e-10', '1e-9', '1e-8', '1e-7', '1e-6', '1e-5'].map((width) => new Decimal(width));
/** Half-widths that tell a straight piece from a curve, on which a secant only comes near. */
const NARROW_WIDTHS = WIDTHS.slice(0, 3);
/** How far from the straight line a probe may lie and still be on it, relative to what the line spans: rounding of prices. */
const LINE_TOLERANCE = new Decimal('1e-6');
/** Points of the scan of a curve that is not a straight line, dense near the start. */
const SCAN_POINTS = 32;
const SCAN_POWER = 4;
const BISECTIONS = 64;
const RESOLUTION = new Decimal('1e-15');

/**
 * Finds where a decision changes. The slack is linear in most searches, so the root comes from the exposure terms and is confirmed on both sides;
 * where probes off the line show a kink, the way is scanned, the change bracketed and the root solved on the piece that holds it.
 *
 * @returns null where the decision is the same all the way.
 */
export function findCrossing(search: CrossingSearch): Crossing | null {
  const first = search.probe(search.start);
  if (first === null) return null;
  const root = first.slack.isZero() || search.slope.isZero() ? null : search.start.minus(first.slack.div(search.slope));
  const inside = root !== null && isBetween(root, search.start, search.end) ? root : null;
  if (isStraight(search, first, inside)) {
    if (inside === null) return null;
    const crossing = confirm(search, first, { root: inside, widths: WIDTHS });
    if (crossing !== null) return crossing;
  }
  return scan(search, first);
}

function isStraight(search: CrossingSearch, first: CrossingProbe, root: Decimal | null): boolean {
  const far = root ?? search.end;
  const points = [search.start.plus(far).div(2), search.end];
  return points.every((t) => {
    const probe = search.probe(roundFactor(t));
    if (probe === null) return true;
    const rise = search.slope.times(t.minus(search.start));
    const tolerance = first.slack.abs().plus(rise.abs()).times(LINE_TOLERANCE);
    return probe.slack.minus(first.slack.plus(rise)).abs().lte(tolerance);
  });
}

/** The narrowest pair of points around a root between which the decision changes; null where there is none. */
function confirm(search: CrossingSearch, first: CrossingProbe, { root, widths }: { readonly root: Decimal; readonly widths: readonly Decimal[] }): Crossing | null {
  const outward = search.end.gt(search.start) ? 1 : -1;
  for (const width of widths) {
    const half = root.abs().times(width).times(outward);
    const before = clamp(roundFactor(root.minus(half)), search.start, search.end);
    const beyond = clamp(roundFactor(root.plus(half)), search.start, search.end);
    if (search.probe(before)?.breached !== first.breached) continue;
    const after = search.probe(beyond)?.breached;
    if (after === undefined || after === first.breached) continue;
    return { at: root, before, beyond, becomes: after ? 'breached' : 'safe' };
  }
  return null;
}

function scan(search: CrossingSearch, first: CrossingProbe): Crossing | null {
  let before = search.start;
  for (let k = 1; k <= SCAN_POINTS; k += 1) {
    const share = new Decimal(k).div(SCAN_POINTS).pow(SCAN_POWER);
    const t = roundFactor(search.start.plus(search.end.minus(search.start).times(share)));
    const probe = search.probe(t);
    if (probe === null) return null;
    if (probe.breached !== first.breached) return narrow(search, first, { before, beyond: t });
    before = t;
  }
  return null;
}

function narrow(search: CrossingSearch, first: CrossingProbe, within: { readonly before: Decimal; readonly beyond: Decimal }): Crossing | null {
  let { before, beyond } = within;
  for (let k = 0; k < BISECTIONS && beyond.minus(before).abs().gt(beyond.abs().times(RESOLUTION)); k += 1) {
    const root = secant(search, before, beyond);
    const crossing = k % 8 === 0 && root !== null ? confirm(search, first, { root, widths: NARROW_WIDTHS }) : null;
    if (crossing !== null) return crossing;
    const middle = roundFactor(before.plus(beyond).div(2));
    const probe = search.probe(middle);
    if (probe === null) return null;
    if (probe.breached === first.breached) before = middle;
    else beyond = middle;
  }
  const at = secant(search, before, beyond) ?? beyond;
  return { at, before, beyond, becomes: first.breached ? 'safe' : 'breached' };
}

/** The root of the straight line through two points; null where their slacks have the same sign. */
function secant(search: CrossingSearch, before: Decimal, beyond: Decimal): Decimal | null {
  const [near, far] = [search.probe(before), search.probe(beyond)];
  if (near === null || far === null || near.slack.isNegative() === far.slack.isNegative()) return null;
  const drop = near.slack.minus(far.slack);
  return drop.isZero() ? null : before.plus(beyond.minus(before).times(near.slack).div(drop));
}

function isBetween(t: Decimal, a: Decimal, b: Decimal): boolean {
  return a.lt(b) ? t.gt(a) && t.lte(b) : t.lt(a) && t.gte(b);
}

function clamp(t: Decimal, a: Decimal, b: Decimal): Decimal {
  return Decimal.max(Decimal.min(a, b), Decimal.min(Decimal.max(a, b), t));
}
