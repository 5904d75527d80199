import type { Decimal } from '../../core/decimal.ts';
import { isPlimsollError, type PlimsollError } from '../../core/errors.ts';
import type { AlertChange, AlertObservation } from '../../engine/alert.ts';
import type { Report } from '../../engine/report.ts';
import { forgetOtherSubjects, listAlertRules, listAlertStates, lockAlertRule, type AlertRule as StoredRule, saveAlertState } from '../../store/alerts.ts';
import type { Database, Queries } from '../../store/database.ts';
import { addEvent, nameTransaction } from '../../store/events.ts';
import { isStoreFailure } from '../../store/sql-failure.ts';
import { parseAlertRule } from './alert-params.ts';
import { describeAsked, judgeStanding, readStanding, storedStanding } from './judge-standing.ts';

/** The kind of the events that alerts cause. */
export const ALERT_EVENT = 'alert';

/** What an alert looks at in a report. */
export function observeReport(report: Report): AlertObservation {
  const { wallet, distance } = report;
  return {
    at: report.asOf.createdAt,
    weakest: wallet.weakest?.health ?? null,
    unified: wallet.health,
    distance: distance.first?.move ?? null,
    shortfall: wallet.shortfall,
    complete: report.status !== 'incomplete',
  };
}

/** What came of judging the rules of a wallet. */
export interface Judged {
  /** Events that were written. */
  readonly written: number;
  /** Rules that this release cannot read, by id: they keep their state, and the others are judged all the same. */
  readonly refused: ReadonlyMap<string, PlimsollError>;
}

/**
 * Judges every enabled rule of a wallet by what is seen of it now. A rule that asks for something else since it was judged last begins anew. Where a rule stands and what it has to tell are written in one transaction, so neither is lost
 * or told twice, however often this is called with the same observation. What is seen later must be handed in later: there is one worker that may write about a
 * wallet at a time, and its transactions are refused once it is another.
 *
 * @param observation `isPassing`: whether what it lacks is being read right now: then that it lacks something is not told yet
 * @throws {PlimsollError} STORE_*, LEASE_LOST
 */
export async function judgeAlerts(database: Database, owner: string, observation: AlertObservation & { readonly isPassing?: boolean }): Promise<Judged> {
  const refused = new Map<string, PlimsollError>();
  let written = 0;
  for (const { id, enabled } of await listAlertRules(database, [owner])) {
    if (!enabled) continue;
    try {
      written += await database.transaction((queries) => judgeRule(queries, { id, owner }, observation));
    } catch (error) {
      if (!isPlimsollError(error) || isStoreFailure(error)) throw error;
      refused.set(id, error);
    }
  }
  return { written, refused };
}

async function judgeRule(
  queries: Queries,
  { id, owner }: { readonly id: string; readonly owner: string },
  { isPassing = false, ...observation }: AlertObservation & { readonly isPassing?: boolean },
): Promise<number> {
  const rule = await lockAlertRule(queries, id);
  // A rule that was given another wallet meanwhile is not judged by this one.
  if (rule === null || !rule.enabled || rule.owner !== owner) return 0;
  const stored = (await listAlertStates(queries, [id])).find(({ subject }) => subject === owner);
  const before = stored === undefined ? null : readStanding(stored.state);
  const parsed = parseAlertRule(rule.kind, rule.params);
  const { standing, changes } = judgeStanding(parsed, { asked: describeAsked(parsed, rule.webhook ?? null), before, isPassing }, observation);
  if (before !== null && before.asked === standing.asked && changes.length === 0) return 0;
  const at = BigInt(observation.at);
  await saveAlertState(queries, { rule: id, subject: owner, state: storedStanding(standing), at });
  await forgetOtherSubjects(queries, { rule: id, subject: owner });
  const occurrence = `${ALERT_EVENT}:${id}:${owner}:${at}:${await nameTransaction(queries)}`;
  for (const change of changes) {
    await addEvent(queries, {
      key: `${occurrence}:${change}`,
      kind: ALERT_EVENT,
      subject: owner,
      body: bodyOf(rule, change, observation),
      at,
      audience: { kind: 'rule', webhook: rule.webhook ?? null },
    });
  }
  return changes.length;
}

function bodyOf(rule: StoredRule, change: AlertChange, observation: AlertObservation): object {
  const text = (value: Decimal | null): string | null => value?.toDecimalPlaces(18).toString() ?? null;
  const { weakest, unified, distance, shortfall, complete } = observation;
  return {
    change,
    rule: { id: rule.id, kind: rule.kind, params: rule.params },
    wallet: rule.owner,
    observed: { weakest: text(weakest), unified: text(unified), distance: text(distance), shortfallUsd: text(shortfall), complete },
  };
}
