import * as z from 'zod';
import type { Decimal } from '../../core/decimal.ts';
import { type AlertChange, type AlertObservation, type AlertState, judgeAlert, UNSEEN } from '../../engine/alert.ts';
import type { Report } from '../../engine/report.ts';
import { listAlertRules, listAlertStates, type AlertRule as StoredRule, saveAlertState } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import { addEvent } from '../../store/events.ts';
import { parseAlertRule } from './alert-params.ts';

/** The kind of the events that alerts cause. */
export const ALERT_EVENT = 'alert';

const stateSchema = z.object({ raised: z.boolean(), since: z.number().nullable(), blind: z.boolean() });

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

/**
 * Judges every enabled rule of a wallet by what is seen of it now. Where a rule stands and what it has to tell are written in one transaction, so neither is lost
 * or told twice, however often this is called with the same observation.
 *
 * @returns how many events were written
 * @throws {PlimsollError} STORE_UNREACHABLE, and INVALID_ARGUMENT for a stored rule that this release does not know
 */
export async function judgeAlerts(database: Database, owner: string, observation: AlertObservation): Promise<number> {
  const rules = (await listAlertRules(database, [owner])).filter((rule) => rule.enabled);
  const states = await listAlertStates(
    database,
    rules.map((rule) => rule.id),
  );
  let written = 0;
  for (const rule of rules) {
    const known = states.find((entry) => entry.rule === rule.id && entry.subject === owner);
    if (known !== undefined && known.at >= BigInt(observation.at)) continue;
    written += await judgeRule(database, { rule, owner, observation, state: known === undefined ? UNSEEN : stateSchema.parse(known.state) });
  }
  return written;
}

interface Judging {
  readonly rule: StoredRule;
  readonly owner: string;
  readonly observation: AlertObservation;
  readonly state: AlertState;
}

async function judgeRule(database: Database, { rule, owner, observation, state }: Judging): Promise<number> {
  const verdict = judgeAlert(parseAlertRule(rule.kind, rule.params), state, observation);
  const at = BigInt(observation.at);
  return database.transaction(async (queries) => {
    // Somebody else may have seen something later meanwhile: then that stands.
    if (!(await saveAlertState(queries, { rule: rule.id, subject: owner, state: verdict.state, at }))) return 0;
    let written = 0;
    for (const change of verdict.changes) {
      const key = `${ALERT_EVENT}:${rule.id}:${owner}:${at}:${change}`;
      const sequence = await addEvent(queries, { key, kind: ALERT_EVENT, subject: owner, body: bodyOf(rule, change, observation), at, audience: { kind: 'rule', webhook: rule.webhook ?? null } });
      if (sequence !== null) written += 1;
    }
    return written;
  });
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
