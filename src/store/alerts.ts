import { findText, integerOf, textOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** What somebody wants to be told about a wallet. `params` is in the form of its kind. */
export interface AlertRule {
  readonly id: string;
  readonly owner: string;
  readonly kind: string;
  readonly params: unknown;
  readonly enabled: boolean;
  /** The subscriber that it belongs to, and that alone hears of it; null or absent where it is the operator's own. */
  readonly webhook?: string | null;
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
    `insert into plimsoll.alert_rules (id, owner, kind, params, enabled, webhook) values ($1, $2, $3, $4::jsonb, $5, $6)
     on conflict (id) do update set owner = excluded.owner, kind = excluded.kind, params = excluded.params, enabled = excluded.enabled, webhook = excluded.webhook`,
    [rule.id, rule.owner, rule.kind, JSON.stringify(rule.params), rule.enabled, rule.webhook ?? null],
  );
}

/** The rules of some owners, or all of them. */
export async function listAlertRules(queries: Queries, owners: readonly string[] | null = null): Promise<readonly AlertRule[]> {
  const rows = await queries.query('select id, owner, kind, params, enabled, webhook from plimsoll.alert_rules where $1::text[] is null or owner = any($1::text[]) order by id', [owners]);
  return rows.map(readRule);
}

/** Reads a rule and keeps others from judging or changing it until the transaction ends; null where there is none of that id. */
export async function lockAlertRule(transaction: Queries, id: string): Promise<AlertRule | null> {
  const [row] = await transaction.query('select id, owner, kind, params, enabled, webhook from plimsoll.alert_rules where id = $1 for no key update', [id]);
  return row === undefined ? null : readRule(row);
}

function readRule(row: SqlRow): AlertRule {
  return {
    id: textOf(row, 'id'),
    owner: textOf(row, 'owner'),
    kind: textOf(row, 'kind'),
    params: row['params'],
    enabled: row['enabled'] === true,
    webhook: findText(row, 'webhook'),
  };
}

/** Wallets that somebody wants to hear of: by a rule, a subscription, or for the time being. */
export async function listWatchedOwners(queries: Queries): Promise<readonly string[]> {
  const rows = await queries.query(
    `select owner from plimsoll.alert_rules where enabled
     union select unnest(wallets) from plimsoll.webhooks where enabled and 'health.changed' = any(kinds)
     union select owner from plimsoll.followed_wallets where until > now() order by owner`,
  );
  return rows.map((row) => textOf(row, 'owner'));
}

/** Follows wallets for some seconds from now on: whoever goes on following says so again in time. Those whose time is over are forgotten. */
export async function followWallets(queries: Queries, owners: readonly string[], seconds: number): Promise<void> {
  await queries.query('delete from plimsoll.followed_wallets where until < now()');
  await queries.query(
    `insert into plimsoll.followed_wallets as known (owner, until) select owner, now() + make_interval(secs => $2) from unnest($1::text[]) as owner order by owner
     on conflict (owner) do update set until = greatest(known.until, excluded.until)`,
    [owners, seconds],
  );
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

/** Keeps where a rule stands now. Lock the rule before, and write the event that it causes in the same transaction. */
export async function saveAlertState(transaction: Queries, { rule, subject, state, at }: AlertState): Promise<void> {
  await transaction.query(
    `insert into plimsoll.alert_states (rule, subject, state, at) values ($1, $2, $3::jsonb, $4)
     on conflict (rule, subject) do update set state = excluded.state, at = excluded.at`,
    [rule, subject, JSON.stringify(state), at],
  );
}

/** Forgets where a rule stood about anything but one wallet: it was given another since. */
export async function forgetOtherSubjects(transaction: Queries, { rule, subject }: Pick<AlertState, 'rule' | 'subject'>): Promise<void> {
  await transaction.query('delete from plimsoll.alert_states where rule = $1 and subject <> $2', [rule, subject]);
}
