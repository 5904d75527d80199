import * as z from 'zod';
import { type AlertChange, type AlertObservation, type AlertRule, type AlertState, type AlertVerdict, judgeAlert, UNSEEN } from '../../engine/alert.ts';

/** How a rule stands, and what it asked for when it came to stand so. */
export interface AlertStanding {
  /** As {@link describeAsked} says it; null where an earlier release did not keep it, empty where what was told may not have been heard. */
  readonly asked: string | null;
  readonly state: AlertState;
}

/** A standing after one more observation. */
export interface StandingVerdict {
  readonly standing: AlertStanding;
  /** In the order in which to tell them. */
  readonly changes: readonly AlertChange[];
}

const stateSchema = z.object({ raised: z.boolean(), since: z.number().nullable(), blind: z.boolean() });
const storedSchema = stateSchema.extend({ asked: z.string().nullable().default(null) }).transform(({ asked, ...state }): AlertStanding => ({ asked, state }));

/**
 * Says what a rule asks for, on whose behalf: equal for rules that ask for the same, however their numbers are written.
 *
 * @param audience the subscriber that hears of it; null for the operator's own
 * @example
 * ```ts
 * describeAsked(parseAlertRule('health', { below: '1.20' }), null); // '{"kind":"health","of":"weakest","below":"1.2","audience":null}'
 * ```
 */
export function describeAsked(rule: AlertRule, audience: string | null): string {
  return JSON.stringify({ ...rule, audience });
}

/** Reads a stored standing; null where it is of no known form: what is wrong is told again rather than never. */
export function readStanding(stored: unknown): AlertStanding | null {
  const parsed = storedSchema.safeParse(stored);
  return parsed.success ? parsed.data : null;
}

/** A standing as it is stored. */
export function storedStanding({ asked, state }: AlertStanding): object {
  return { ...state, asked };
}

/** What an observation is judged against. */
export interface StandingBefore {
  /** Of the rule, by {@link describeAsked}. */
  readonly asked: string;
  /** Null where nothing was seen yet. */
  readonly before: AlertStanding | null;
  /** Whether what the observation lacks is being read right now: then that it lacks something is not told yet. */
  readonly isPassing?: boolean;
}

/**
 * Judges a rule by one more observation, given how it stood. A standing belongs to what was asked for: a rule that asks for something else since begins anew. What holds of it now is told, were it
 * what was told before, and what was told before and holds no longer is taken back; but nothing is cleared while something cannot be read.
 */
export function judgeStanding(rule: AlertRule, { asked, before, isPassing = false }: StandingBefore, observation: AlertObservation): StandingVerdict {
  const judge = (state: AlertState): AlertVerdict => {
    const verdict = judgeAlert(rule, state, observation);
    return isPassing && !state.blind ? withoutBlindness(verdict) : verdict;
  };
  if (before === null || before.asked === null || before.asked === asked) return follow(judge(before?.state ?? UNSEEN), asked);
  const { state: told } = before;
  const { state, changes } = judge(isPassing ? { ...UNSEEN, blind: told.blind } : UNSEEN);
  if (told.raised && !state.raised && !observation.complete) return { standing: { asked: before.asked, state: { ...told, blind: state.blind } }, changes: told.blind ? [] : changes };
  const takenBack: readonly AlertChange[] = [...(told.blind && !state.blind ? (['seeing'] as const) : []), ...(told.raised && !state.raised ? (['cleared'] as const) : [])];
  return { standing: { asked, state: takenBack.includes('cleared') ? { ...state, since: observation.at } : state }, changes: [...takenBack, ...changes] };
}

/** As if nothing were lacking; that nothing is cleared while something is was judged before. */
function withoutBlindness({ state, changes }: AlertVerdict): AlertVerdict {
  return { state: { ...state, blind: false }, changes: changes.filter((change) => change !== 'blind') };
}

function follow({ state, changes }: AlertVerdict, asked: string): StandingVerdict {
  return { standing: { asked, state }, changes };
}
