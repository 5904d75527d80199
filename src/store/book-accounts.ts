import { findText, integerOf, numberOf, textOf, textsOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** An account of the book. */
export interface BookAccountDraft {
  readonly id: string;
  readonly deployment: string;
  readonly owner: string;
  readonly marketKey: string;
  /** In the rule's own form, as JSON: bigints as decimal strings. The rule's positionSchema reads it. */
  readonly position: unknown;
  readonly precision: string;
  readonly missing: readonly string[];
  /** Why the rule cannot value it; null where it can. Never counted as safe. */
  readonly obstacle: string | null;
  readonly source: 'rows' | 'chain';
  /** The block, and its unix second, that the position is of. */
  readonly block: bigint;
  readonly at: bigint;
}

/** A stored account. */
export interface BookAccount extends BookAccountDraft {
  /** Which shard of the book it is in, by its owner. */
  readonly shard: number;
}

const COLUMNS = 'id, deployment, owner, shard, market_key, position, precision, missing, obstacle, source, block::text as block, at::text as at';

/** What some owners have in a deployment as of a block. */
export interface AccountReplacement {
  readonly deployment: string;
  readonly owners: readonly string[];
  readonly accounts: readonly BookAccountDraft[];
  /** The block, and its unix second, that this is of. */
  readonly block: bigint;
  readonly at: bigint;
}

/** Whether a written account says something else than the known one. */
const IS_OTHER = `(known.owner, known.market_key, known.position, known.precision, known.missing, known.obstacle, known.source)
         is distinct from (excluded.owner, excluded.market_key, excluded.position, excluded.precision, excluded.missing, excluded.obstacle, excluded.source)`;

/**
 * Writes what some owners have in a deployment now: accounts that differ are written, those that are not among `accounts` lose their
 * position, and the owners are no longer pending. Of those that the chain valued anew to the same, or that could not be valued again, the block is
 * noted alone. All owners of `accounts` must be in `owners`.
 *
 * @returns how many accounts changed
 */
export async function replaceAccounts(transaction: Queries, { deployment, owners, accounts, block, at }: AccountReplacement): Promise<number> {
  const [row] = await transaction.query(
    `with given as (
       select * from jsonb_to_recordset($3::jsonb) as r (id text, owner text, market_key text, position jsonb, precision text, missing jsonb, obstacle text, source text, block int8, at int8)
     ), written as (
       insert into plimsoll.accounts as known (id, deployment, owner, market_key, position, precision, missing, obstacle, source, block, at)
       select id, $1, owner, market_key, position, precision, missing, obstacle, source, block, at from given order by id
       on conflict (id) do update
       set owner = excluded.owner, market_key = excluded.market_key, position = excluded.position, precision = excluded.precision, missing = excluded.missing, obstacle = excluded.obstacle,
         source = excluded.source, block = excluded.block, at = excluded.at, changed = case when ${IS_OTHER} then pg_current_xact_id() else known.changed end
       where ${IS_OTHER} or excluded.block > known.block and (excluded.source = 'chain' or excluded.obstacle is not null)
       returning known.changed
     ), gone as (
       update plimsoll.accounts set position = null, block = $4, at = $5, changed = pg_current_xact_id()
       where deployment = $1 and owner = any($2::text[]) and position is not null and not exists (select 1 from given where given.id = accounts.id)
       returning 1
     ), done as (
       delete from plimsoll.pending_owners where deployment = $1 and owner = any($2::text[])
     )
     select ((select count(*) from written where written.changed = pg_current_xact_id()) + (select count(*) from gone))::int as changed`,
    [deployment, owners, JSON.stringify(accounts.map(encodeDraft)), block, at],
  );
  return row === undefined ? 0 : numberOf(row, 'changed');
}

/** Which accounts to read: those of some shards, of some deployments, of some owners; all where a field is absent. */
export interface AccountScope {
  readonly shards?: readonly number[];
  readonly deployments?: readonly string[];
  readonly owners?: readonly string[];
}

const IN_SCOPE = `($1::text[] is null or shard = any($1::text[]::int2[])) and ($2::text[] is null or deployment = any($2::text[])) and ($3::text[] is null or owner = any($3::text[]))`;

/** A page of accounts in order of id, after `after`; gone ones are left out. */
export async function listAccounts(queries: Queries, scope: AccountScope, { after, most }: { readonly after: string; readonly most: number }): Promise<readonly BookAccount[]> {
  const rows = await queries.query(`select ${COLUMNS} from plimsoll.accounts where position is not null and ${IN_SCOPE} and id > $4 order by id limit $5`, [...scopeOf(scope), after, most]);
  return rows.map(readAccount);
}

/** The book as one snapshot holds it at a time: what a reader asks from where the last answer ended. */
export interface BookChanges {
  /** Hand this in next time. What was written by transactions that were under way comes again: applying it twice must not matter. */
  readonly next: string;
  readonly accounts: readonly BookAccount[];
  /** Accounts that are no more. */
  readonly gone: readonly string[];
  /** Keys of markets whose state changed. */
  readonly markets: readonly string[];
}

/** Where a reader starts that is about to read the whole book: call it before. */
export async function readBookPosition(queries: Queries): Promise<string> {
  const [row] = await queries.query('select pg_snapshot_xmin(pg_current_snapshot())::text as next');
  return row === undefined ? '0' : textOf(row, 'next');
}

/**
 * What changed in the book since `since`; nothing that was committed is ever left out. Positions do not outlive the database server's own
 * numbering: a reader that starts anew reads the whole book.
 */
export async function listBookChanges(queries: Queries, scope: AccountScope, since: string): Promise<BookChanges> {
  const [row] = await queries.query(
    `select pg_snapshot_xmin(pg_current_snapshot())::text as next,
       (select coalesce(jsonb_agg(to_jsonb(a) || jsonb_build_object('block', a.block::text, 'at', a.at::text) - 'changed' order by a.id), '[]'::jsonb)
        from plimsoll.accounts a where a.changed >= $4::text::xid8 and ${IN_SCOPE.replaceAll(/\b(shard|deployment|owner) =/g, 'a.$1 =')}) as accounts,
       (select coalesce(jsonb_agg(m.key order by m.key), '[]'::jsonb)
        from plimsoll.markets m where m.changed >= $4::text::xid8 and ($2::text[] is null or m.deployment = any($2::text[]))) as markets`,
    [...scopeOf(scope), since],
  );
  const accounts = row === undefined ? [] : rowsOf(row['accounts']);
  return {
    next: row === undefined ? since : textOf(row, 'next'),
    accounts: accounts.filter((account) => account['position'] !== null).map(readAccount),
    gone: accounts.filter((account) => account['position'] === null).map((account) => textOf(account, 'id')),
    markets: row === undefined ? [] : textsOf(row, 'markets'),
  };
}

/** Notes that accounts which could not be valued are to be made again: those of `most` owners, the longest untried first; of all where null. */
export async function addObstructedOwners(queries: Queries, deployment: string, most: number | null = null): Promise<void> {
  await queries.query(
    `insert into plimsoll.pending_owners (deployment, owner)
     select deployment, owner from plimsoll.accounts where deployment = $1 and obstacle is not null and position is not null
     group by deployment, owner order by min(at), owner limit $2 on conflict do nothing`,
    [deployment, most],
  );
}

/** Deletes for good the accounts that were gone before a unix second. @returns how many */
export async function deleteGoneAccounts(queries: Queries, before: bigint): Promise<number> {
  return (await queries.query('delete from plimsoll.accounts where position is null and at < $1 returning 1 as one', [before])).length;
}

function scopeOf({ shards, deployments, owners }: AccountScope) {
  return [shards?.map(String) ?? null, deployments ?? null, owners ?? null];
}

function encodeDraft({ marketKey, block, at, ...rest }: BookAccountDraft) {
  return { ...rest, market_key: marketKey, block: block.toString(), at: at.toString() };
}

function rowsOf(value: unknown): readonly SqlRow[] {
  return Array.isArray(value) ? (value as readonly SqlRow[]) : [];
}

function readAccount(row: SqlRow): BookAccount {
  return {
    id: textOf(row, 'id'),
    deployment: textOf(row, 'deployment'),
    owner: textOf(row, 'owner'),
    shard: numberOf(row, 'shard'),
    marketKey: textOf(row, 'market_key'),
    position: row['position'],
    precision: textOf(row, 'precision'),
    missing: textsOf(row, 'missing'),
    obstacle: findText(row, 'obstacle'),
    source: textOf(row, 'source') === 'chain' ? 'chain' : 'rows',
    block: integerOf(row, 'block'),
    at: integerOf(row, 'at'),
  };
}
