import { InvalidArgument } from '../../core/errors.ts';
import { type ChainId, USD } from '../../core/ids.ts';
import type { PathAccount, PathArc } from './problem.ts';

/** One option position of an account under scenario margin. */
export interface OptionLeg {
  readonly id: string;
  /** Contracts held or written that can be closed. */
  readonly contracts: number;
  /** What closing one contract costs: fees and half the spread, USD. */
  readonly closingCostUsd: number;
  /** Loss of one contract in each scenario of the venue's grid, USD; negative where it gains. */
  readonly lossUsd: readonly number[];
}

/** An option account as a venue margins it. */
export interface OptionMargin {
  readonly id: string;
  readonly label: string;
  readonly chain: ChainId;
  /** Equity E, USD. */
  readonly equityUsd: number;
  /** E' ≥ target · R' with R the loss in the worst scenario. */
  readonly target: number;
  /** Names of the venue's scenarios, in the order of `lossUsd`. */
  readonly scenarios: readonly string[];
  readonly legs: readonly OptionLeg[];
  readonly gasUsd: number;
}

/**
 * An option account as rows of a path problem. Scenario margin is linear in contracts, R = max over scenarios of Σ (q − z) · loss, so each scenario is a row of its own and no Greek is needed: E − Σ cost · z ≥ target · Σ (q − z) ·
 * loss_s. The amount of a close counts USD of the leg's greatest loss.
 *
 * No protocol of this release has options; what adds one hands its accounts in here.
 *
 * @throws {InvalidArgument} where a leg has another number of scenarios than the account
 * @source design: path.md §3, options
 */
export function buildOptionAccount({ id, label, chain, equityUsd, target, scenarios, legs, gasUsd }: OptionMargin): PathAccount {
  const uneven = legs.find((leg) => leg.lossUsd.length !== scenarios.length);
  if (uneven !== undefined) throw new InvalidArgument(`The leg ${uneven.id} of ${label} has ${uneven.lossUsd.length} losses for ${scenarios.length} scenarios.`);
  const losses = scenarios.map((_, at) =>
    Math.max(
      0,
      legs.reduce((sum, leg) => sum + leg.contracts * (leg.lossUsd[at] ?? 0), 0),
    ),
  );
  const worst = losses.indexOf(Math.max(...losses));
  return {
    id,
    label,
    chain,
    // The account's own row is the scenario that is worst now; the others stand beside it.
    collateralUsd: equityUsd,
    debtUsd: losses[worst] ?? 0,
    target,
    borrowLimit: null,
    scenarios: scenarios.map((name, at) => ({ name, collateralUsd: equityUsd, debtUsd: legs.reduce((sum, leg) => sum + leg.contracts * (leg.lossUsd[at] ?? 0), 0), target })),
    minimumDebts: [],
    asynchronous: false,
    arcs: legs.map((leg) => closeArc(leg, worst, gasUsd)),
  };
}

function closeArc({ id, contracts, closingCostUsd, lossUsd }: OptionLeg, worst: number, gasUsd: number): PathArc {
  const unit = Math.max(closingCostUsd, ...lossUsd.map(Math.abs));
  const effect = (loss: number): PathArc['effect'] => ({ collateralUsd: -closingCostUsd / unit, debtUsd: -loss / unit });
  return {
    id: `close ${id}`,
    kind: 'close',
    asset: USD,
    max: contracts * unit,
    all: contracts * unit,
    effect: effect(lossUsd[worst] ?? 0),
    borrowEffect: null,
    scenarioEffects: lossUsd.map(effect),
    cashPerUnit: 0,
    feeUsdPerUnit: closingCostUsd / unit,
    gasUsd,
  };
}
