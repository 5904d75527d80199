import * as z from 'zod';
import { type AlertChange, type AlertObservation, type AlertRule, type AlertState, judgeAlert, UNSEEN } from '../../engine/alert.ts';

/** How a rule stands, and what it asked for when it came to stand so. */
export interface AlertStanding {
  /** As {@link describeAsked} says it; null where an earlier release did not keep it. */
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

/**
 * Judges a rule by one more observation, given how it stood. A standing belongs to what was asked for: a rule that asks for something else since begins anew. What holds of it now is told, were it
 * what was told before, and what was told before and holds no longer is taken back; but nothing is cleared while something cannot be read.
 *
 * @param asked of the rule, by {@link describeAsked}
 * @param before null where nothing was seen yet
 */
export function judgeStanding(rule: AlertRule, { asked, before }: { readonly asked: string; readonly before: AlertStanding | null }, observation: AlertObservation): StandingVerdict {
  if (before === null || before.asked === null || before.asked === asked) return follow(judgeAlert(rule, before?.state ?? UNSEEN, observation), asked);
  const { state: told } = before;
  const { state, changes } = judgeAlert(rule, UNSEEN, observation);
  if (told.raised && !state.raised && !observation.complete) return { standing: { asked: before.asked, state: { ...told, blind: true } }, changes: told.blind ? [] : changes };
  const takenBack: readonly AlertChange[] = [...(told.blind && !state.blind ? (['seeing'] as const) : []), ...(told.raised && !state.raised ? (['cleared'] as const) : [])];
  return { standing: { asked, state: takenBack.includes('cleared') ? { ...state, since: observation.at } : state }, changes: [...takenBack, ...changes] };
}

function follow({ state, changes }: ReturnType<typeof judgeAlert>, asked: string): StandingVerdict {
  return { standing: { asked, state }, changes };
}
