import { integerOf, textOf } from './columns.ts';
import type { Queries } from './database.ts';

/** What somebody wants to be told about a wallet. `params` is in the form of its kind. */
export interface AlertRule {
  readonly id: string;
  readonly owner: string;
  readonly kind: string;
  readonly params: unknown;
  readonly enabled: boolean;
}

/** Where a rule stood when it was looked at last: hysteresis needs to know. */
export interface AlertState {
  readonly rule: string;
  /** What it was about: a wallet or an account. */
  readonly subject: string;
  readonly state: unknown;
  /** Unix seconds. */
  readonly at: bigint;
}

/** Adds a rule, or changes the one of that id. */
export async function saveAlertRule(queries: Queries, rule: AlertRule): Promise<void> {
  await queries.query(
    `insert into plimsoll.alert_rules (id, owner, kind, params, enabled) values ($1, $2, $3, $4::jsonb, $5)
     on conflict (id) do update set owner = excluded.owner, kind = excluded.kind, params = excluded.params, enabled = excluded.enabled`,
    [rule.id, rule.owner, rule.kind, JSON.stringify(rule.params), rule.enabled],
  );
}

/** The rules of some owners, or all of them. */
export async function listAlertRules(queries: Queries, owners: readonly string[] | null = null): Promise<readonly AlertRule[]> {
  const rows = await queries.query('select id, owner, kind, params, enabled from plimsoll.alert_rules where $1::text[] is null or owner = any($1::text[]) order by id', [owners]);
  return rows.map((row) => ({ id: textOf(row, 'id'), owner: textOf(row, 'owner'), kind: textOf(row, 'kind'), params: row['params'], enabled: row['enabled'] === true }));
}

/** Deletes a rule with its states. @returns false where there is none of that id */
export async function deleteAlertRule(queries: Queries, id: string): Promise<boolean> {
  return (await queries.query('delete from plimsoll.alert_rules where id = $1 returning id', [id])).length > 0;
}

/** Where the rules of some ids stood. */
export async function listAlertStates(queries: Queries, rules: readonly string[]): Promise<readonly AlertState[]> {
  const rows = await queries.query('select rule, subject, state, at::text as at from plimsoll.alert_states where rule = any($1::text[]) order by rule, subject', [rules]);
  return rows.map((row) => ({ rule: textOf(row, 'rule'), subject: textOf(row, 'subject'), state: row['state'], at: integerOf(row, 'at') }));
}

/** Keeps where a rule stands now, unless something later is known. Write the event that it causes in the same transaction. */
export async function saveAlertState(transaction: Queries, { rule, subject, state, at }: AlertState): Promise<boolean> {
  const rows = await transaction.query(
    `insert into plimsoll.alert_states as known (rule, subject, state, at) values ($1, $2, $3::jsonb, $4)
     on conflict (rule, subject) do update set state = excluded.state, at = excluded.at where excluded.at >= known.at returning rule`,
    [rule, subject, JSON.stringify(state), at],
  );
  return rows.length > 0;
}
