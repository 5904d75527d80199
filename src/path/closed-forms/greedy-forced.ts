import { Decimal, ZERO } from '../../core/decimal.ts';
import { computeDeficit, type ExposureSums } from './closed-form.ts';

/** A collateral that a liquidation may take. */
export interface SeizableCollateral {
  readonly id: string;
  /** Value held, USD. */
  readonly valueUsd: Decimal;
  readonly threshold: Decimal;
  /** Share of the repaid value that the borrower loses on top of it; not negative. */
  readonly bonus: Decimal;
}

/** How much debt a liquidation may repay. */
export interface RepayableDebt {
  /** Total that may be repaid, plain USD: the least of the debts' sum and the close limit. */
  readonly limitUsd: Decimal;
  /** Borrow weight, the same for all debts of the account; debts of different weight are asked one by one. */
  readonly weight: Decimal;
}

/** The borrower's cheapest forced way to a target. */
export type ForcedRepayment =
  | { readonly kind: 'none-needed' }
  | { readonly kind: 'repay'; readonly byCollateral: readonly { readonly id: string; readonly repayUsd: Decimal }[]; readonly repayUsd: Decimal; readonly penaltyUsd: Decimal }
  /** No liquidation reaches the target; `bestUsd` is the part of the deficit (USD of adjusted collateral) that the most helpful one closes. */
  | { readonly kind: 'out-of-reach'; readonly deficitUsd: Decimal; readonly bestUsd: Decimal };

interface Candidate {
  readonly id: string;
  readonly cap: Decimal;
  readonly bonus: Decimal;
  /** Deficit closed per dollar repaid: H·w − LT·(1 + b), positive. */
  readonly relief: Decimal;
}

/** Amounts by position in the list of candidates. */
type Fill = readonly Decimal[];

/**
 * Splits a forced liquidation of one account over its collaterals at the least penalty: min Σ b·r with Σ (H·w − LT·(1 + b))·r ≥ G, r ≤ C/(1 + b), Σ r ≤ limit.
 *
 * Collaterals are taken in ascending order of b ÷ (H·w − LT·(1 + b)); where that is not positive they are left out. Where this order would repay more than the
 * limit, dearer collaterals with more relief per dollar replace cheaper ones, in the ratio at which both limits are met exactly.
 *
 * @source fractional covering knapsack (Dantzig's order); the second limit by its Lagrange multiplier
 */
export function splitForcedRepayment(sums: ExposureSums, collaterals: readonly SeizableCollateral[], debt: RepayableDebt, target: Decimal): ForcedRepayment {
  const deficit = computeDeficit(sums, target);
  if (deficit.lte(0)) return { kind: 'none-needed' };
  const candidates = collaterals.map((entry) => candidateOf(entry, debt.weight, target)).filter((entry) => entry.relief.gt(0) && entry.cap.gt(0));
  const cheapest = fillToDeficit(candidates, byRatio(candidates), deficit);
  if (cheapest !== null && total(cheapest).lte(debt.limitUsd)) return describe(candidates, cheapest);
  const strongest = fillToLimit(
    candidates,
    orderBy(candidates, (a, b) => b.relief.cmp(a.relief)),
    debt.limitUsd,
  );
  const reach = weighted(candidates, strongest);
  if (cheapest === null || reach.lt(deficit)) return { kind: 'out-of-reach', deficitUsd: deficit, bestUsd: reach };
  return describe(candidates, fillBoth(candidates, strongest, debt.limitUsd, deficit));
}

function candidateOf(entry: SeizableCollateral, weight: Decimal, target: Decimal): Candidate {
  const taken = entry.bonus.plus(1);
  return { id: entry.id, cap: entry.valueUsd.div(taken), bonus: entry.bonus, relief: target.times(weight).minus(entry.threshold.times(taken)) };
}

function byRatio(candidates: readonly Candidate[]): readonly number[] {
  return orderBy(candidates, (a, b) => a.bonus.times(b.relief).cmp(b.bonus.times(a.relief)) || b.relief.cmp(a.relief));
}

function orderBy(candidates: readonly Candidate[], compare: (a: Candidate, b: Candidate) => number): readonly number[] {
  const entries = candidates.map((candidate, at) => ({ candidate, at }));
  return entries.toSorted((a, b) => compare(a.candidate, b.candidate) || a.candidate.id.localeCompare(b.candidate.id, 'en')).map((entry) => entry.at);
}

/** Takes candidates in order until the deficit is closed; null where all of them do not close it. */
function fillToDeficit(candidates: readonly Candidate[], order: readonly number[], deficit: Decimal): Fill | null {
  const fill = candidates.map(() => ZERO);
  let open = deficit;
  for (const at of order) {
    const candidate = candidates[at];
    if (candidate === undefined || open.lte(0)) continue;
    const amount = Decimal.min(candidate.cap, open.div(candidate.relief));
    fill[at] = amount;
    // A candidate that ends the list ends it exactly: its own quotient may be rounded.
    open = amount.lt(candidate.cap) ? ZERO : open.minus(amount.times(candidate.relief));
  }
  return open.lte(0) ? fill : null;
}

/** Takes candidates in order until `limit` is repaid, or all of them. */
function fillToLimit(candidates: readonly Candidate[], order: readonly number[], limit: Decimal): Fill {
  const fill = candidates.map(() => ZERO);
  let left = limit;
  for (const at of order) {
    const amount = Decimal.max(ZERO, Decimal.min(candidates[at]?.cap ?? ZERO, left));
    fill[at] = amount;
    left = left.minus(amount);
  }
  return fill;
}

/**
 * Both limits bind. Ordering by b − κ·relief moves, as κ grows, from the cheapest to the strongest, and changes only where two candidates tie. The mixture, meeting the deficit, of the fills just
 * before and just after such a κ costs the same per unit of b − κ·relief as either, so it is optimal.
 */
function fillBoth(candidates: readonly Candidate[], strongest: Fill, limit: Decimal, deficit: Decimal): Fill {
  let below: Fill | null = null;
  for (const kappa of changesOfOrder(candidates)) {
    const price = (entry: Candidate) => entry.bonus.minus(kappa.times(entry.relief));
    const order = orderBy(candidates, (a, b) => tieCompare(price(a), price(b)) || b.relief.cmp(a.relief));
    const fill = fillToLimit(candidates, order, limit);
    if (weighted(candidates, fill).gte(deficit)) return below === null ? fill : mix(candidates, below, fill, deficit);
    below = fill;
  }
  return strongest;
}

/** κ is a rounded quotient, so prices that are equal at it differ in their last digits. */
const TIE_TOLERANCE = new Decimal('1e-90');

function tieCompare(a: Decimal, b: Decimal): number {
  return a.minus(b).abs().lte(TIE_TOLERANCE) ? 0 : a.cmp(b);
}

/** Every κ ≥ 0 at which two candidates change places, ascending, 0 first. */
function changesOfOrder(candidates: readonly Candidate[]): readonly Decimal[] {
  const changes = [ZERO];
  candidates.forEach((a, at) => {
    for (const b of candidates.slice(at + 1)) {
      if (a.relief.eq(b.relief)) continue;
      const kappa = a.bonus.minus(b.bonus).div(a.relief.minus(b.relief));
      if (kappa.gt(0)) changes.push(kappa);
    }
  });
  return changes.toSorted((a, b) => a.cmp(b));
}

/** The mixture of two fills of equal sum whose relief is exactly the deficit. */
function mix(candidates: readonly Candidate[], below: Fill, above: Fill, deficit: Decimal): Fill {
  const low = weighted(candidates, below);
  const share = deficit.minus(low).div(weighted(candidates, above).minus(low));
  return below.map((amount, at) => amount.plus((above[at] ?? ZERO).minus(amount).times(share)));
}

function total(fill: Fill): Decimal {
  return fill.reduce((sum, amount) => sum.plus(amount), ZERO);
}

function weighted(candidates: readonly Candidate[], fill: Fill): Decimal {
  return candidates.reduce((sum, candidate, at) => sum.plus(candidate.relief.times(fill[at] ?? ZERO)), ZERO);
}

function describe(candidates: readonly Candidate[], fill: Fill): ForcedRepayment {
  const byCollateral = candidates.map((candidate, at) => ({ id: candidate.id, repayUsd: fill[at] ?? ZERO })).filter((entry) => entry.repayUsd.gt(0));
  const penaltyUsd = candidates.reduce((sum, candidate, at) => sum.plus(candidate.bonus.times(fill[at] ?? ZERO)), ZERO);
  return { kind: 'repay', byCollateral, repayUsd: total(fill), penaltyUsd };
}
