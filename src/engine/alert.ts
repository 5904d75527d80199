import { Decimal } from '../core/decimal.ts';
import { InvalidArgument } from '../core/errors.ts';
import { type Bands, DEFAULT_BANDS, type Status } from './report.ts';

/** What is watched. Each clears only beyond its threshold by the hysteresis, so that a value that trembles around it raises one alert and not a hundred. */
export type AlertRule =
  /** The weakest account's health in exposure form, or the unified one, falls below. */
  | { readonly kind: 'health'; readonly of: 'weakest' | 'unified'; readonly below: Decimal }
  /** The smallest uniform adverse price move that liquidates an account is at most this share of the price, as in 0.1. */
  | { readonly kind: 'liquidation-price'; readonly within: Decimal }
  /** Adjusted debt that no account's own collateral covers exceeds this, USD. */
  | { readonly kind: 'shortfall'; readonly above: Decimal };

/** What a wallet looks like at one moment. */
export interface AlertObservation {
  /** Unix seconds. */
  readonly at: number;
  /** Health of the weakest account and of the whole; null where nothing is owed. */
  readonly weakest: Decimal | null;
  readonly unified: Decimal | null;
  /** Share of the price, 0 where something is liquidatable now; null where no price move liquidates anything. */
  readonly distance: Decimal | null;
  /** USD. */
  readonly shortfall: Decimal;
  /** False where something could not be read. */
  readonly complete: boolean;
}

/** How a rule stands. */
export interface AlertState {
  readonly raised: boolean;
  /** Unix seconds of the last change; null where there was none. */
  readonly since: number | null;
  /** Whether the last observation lacked something. */
  readonly blind: boolean;
}

/** What has to be told: the threshold was crossed, it was crossed back, the wallet can no longer be seen whole, it can again. */
export type AlertChange = 'raised' | 'cleared' | 'blind' | 'seeing';

/** A rule, judged. */
export interface AlertVerdict {
  readonly state: AlertState;
  /** In the order in which to tell them; mostly empty. */
  readonly changes: readonly AlertChange[];
}

/** How a rule stands before anything was seen. */
export const UNSEEN: AlertState = { raised: false, since: null, blind: false };
/** Share of the threshold by which a value must lie beyond it before the alert clears, unless said otherwise. */
export const DEFAULT_HYSTERESIS: Decimal = new Decimal('0.02');

/**
 * Judges a rule by one more observation.
 *
 * An alert that is raised stays so while something cannot be read: what is not seen is not safe. One that is not raised can still be, since what is missing could only add to what is seen
 * to be wrong.
 *
 * @param hysteresis share of the threshold, 0 to 1
 * @throws {InvalidArgument} for a hysteresis outside 0 to 1.
 * @example
 * ```ts
 * judgeAlert({ kind: 'shortfall', above: new Decimal(100) }, UNSEEN, observation).changes; // ['raised']
 * ```
 */
export function judgeAlert(rule: AlertRule, state: AlertState, observation: AlertObservation, hysteresis: Decimal = DEFAULT_HYSTERESIS): AlertVerdict {
  if (hysteresis.lt(0) || hysteresis.gt(1)) throw new InvalidArgument(`The hysteresis is ${hysteresis}; it must be a share from 0 to 1.`);
  const raised = state.raised ? !(observation.complete && isClear(rule, observation, hysteresis)) : isCrossed(rule, observation);
  const blind = !observation.complete;
  const changes: AlertChange[] = [];
  if (blind !== state.blind) changes.push(blind ? 'blind' : 'seeing');
  if (raised !== state.raised) changes.push(raised ? 'raised' : 'cleared');
  return { state: { raised, since: raised === state.raised ? state.since : observation.at, blind }, changes };
}

/** How a wallet stands by its report alone. */
export interface StandingNow {
  readonly status: Status;
  /** Health of the weakest account; null where nothing is owed. */
  readonly weakest: Decimal | null;
}

/** What {@link judgeStatus} goes by; everything has a default. */
export interface StatusOptions {
  readonly bands?: Bands;
  /** Share of the band, 0 to 1. */
  readonly hysteresis?: Decimal;
}

/** Statuses that are worse than a band, the band's own one included. */
const WORSE_THAN_WARNING = ['warning', 'critical', 'liquidatable', 'insolvent'];
const WORSE_THAN_CRITICAL = ['critical', 'liquidatable', 'insolvent'];

/**
 * Says how a wallet stands, given what was said last: worse at once, better than a band only where the weakest account's health lies beyond it by the hysteresis. What no band decides
 * (something could not be read, a protocol would liquidate, more is owed than held) is said as it is.
 *
 * @param before the status that was said last; null where there was none
 * @example
 * ```ts
 * judgeStatus('warning', { status: 'safe', weakest: new Decimal('1.52') }); // 'warning': it is left at 1.53, though the band is 1.5
 * ```
 */
export function judgeStatus(before: string | null, { status, weakest }: StandingNow, { bands = DEFAULT_BANDS, hysteresis = DEFAULT_HYSTERESIS }: StatusOptions = {}): Status {
  if (weakest === null || before === null || (status !== 'safe' && status !== 'warning')) return status;
  const isBelow = (band: Decimal): boolean => weakest.lt(band.times(hysteresis.plus(1)));
  if (WORSE_THAN_CRITICAL.includes(before) && isBelow(bands.critical)) return 'critical';
  if (WORSE_THAN_WARNING.includes(before) && isBelow(bands.warning)) return 'warning';
  return status;
}

function isCrossed(rule: AlertRule, observation: AlertObservation): boolean {
  switch (rule.kind) {
    case 'health':
      return observation[rule.of]?.lt(rule.below) ?? false;
    case 'liquidation-price':
      return observation.distance?.lte(rule.within) ?? false;
    case 'shortfall':
      return observation.shortfall.gt(rule.above);
  }
}

/** Whether the value lies on the good side of the threshold by the whole hysteresis. */
function isClear(rule: AlertRule, observation: AlertObservation, hysteresis: Decimal): boolean {
  const [more, less] = [hysteresis.plus(1), new Decimal(1).minus(hysteresis)];
  switch (rule.kind) {
    case 'health':
      return observation[rule.of]?.gte(rule.below.times(more)) ?? true;
    case 'liquidation-price':
      return observation.distance?.gt(rule.within.times(more)) ?? true;
    case 'shortfall':
      return observation.shortfall.lte(rule.above.times(less));
  }
}
