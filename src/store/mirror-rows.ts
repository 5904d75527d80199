import { numberOf, textOf, textsOf } from './columns.ts';
import type { Queries, SqlRow } from './database.ts';

/** A row as a subgraph has it. */
export interface MirrorRow {
  readonly id: string;
  /** Whose it is; null where all accounts share it. */
  readonly owner: string | null;
  /** The market that it is about. */
  readonly market: string;
  /** Null where the source has no such row, or one that holds nothing. */
  readonly data: unknown;
}

/** Rows of one entity of one deployment. */
export interface MirrorScope {
  readonly deployment: string;
  readonly entity: string;
  /** The block that rows which differ count as changed at. */
  readonly block: bigint;
  /** Whether ids without data are kept though nothing was known of them: they may have had some on a branch that comes back. */
  readonly keepsEmpty?: boolean;
}

/**
 * Applies what a source says of some ids: rows that differ are written, those without data lose theirs, and the owners of both are noted.
 * Applying the same again changes nothing.
 *
 * @returns how many rows changed
 */
export async function applyRows(transaction: Queries, { deployment, entity, block, keepsEmpty = false }: MirrorScope, rows: readonly MirrorRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const [row] = await transaction.query(
    `with given as (
       select id, owner, market, nullif(data, 'null'::jsonb) as data from jsonb_to_recordset($4::jsonb) as r (id text, owner text, market text, data jsonb)
     ), before as (
       select k.id, k.owner, k.data from plimsoll.mirror_rows k where k.deployment = $1 and k.entity = $2 and k.id = any($6::text[])
     ), written as (
       insert into plimsoll.mirror_rows as known (deployment, entity, id, owner, market, data, block)
       select $1, $2, given.id, given.owner, given.market, given.data, $3 from given
       where $5::bool or given.data is not null or exists (select 1 from before where before.id = given.id and before.data is not null)
       order by given.id
       on conflict (deployment, entity, id) do update
       set owner = coalesce(excluded.owner, known.owner), market = case when excluded.data is null then known.market else excluded.market end, data = excluded.data, block = excluded.block
       where known.data is distinct from excluded.data or (excluded.data is not null and (known.owner, known.market) is distinct from (excluded.owner, excluded.market))
       returning known.id, known.owner
     ), noted as (
       insert into plimsoll.pending_owners (deployment, owner)
       select $1, owner from (select owner from written union select b.owner from before b join written w on w.id = b.id) as touched where owner is not null order by owner
       on conflict do nothing
     )
     select count(*)::int as changed from written`,
    [deployment, entity, block, JSON.stringify(rows.map((entry) => ({ ...entry, data: entry.data ?? null }))), keepsEmpty, rows.map((entry) => entry.id)],
  );
  return row === undefined ? 0 : numberOf(row, 'changed');
}

/**
 * Takes their data from the rows between two ids that a source did not list there, since it reads in the order of ids. `to` null stands for
 * the end.
 *
 * @returns how many vanished
 */
export async function removeUnlisted(
  transaction: Queries,
  { deployment, entity, block }: MirrorScope,
  { after, to, listed }: { readonly after: string; readonly to: string | null; readonly listed: readonly string[] },
): Promise<number> {
  const [row] = await transaction.query(
    `with gone as (
       update plimsoll.mirror_rows set data = null, block = $3
       where deployment = $1 and entity = $2 and data is not null and id > $4 and ($5::text is null or id <= $5::text)
         and not exists (select 1 from unnest($6::text[]) as listed (id) where listed.id = mirror_rows.id)
       returning owner
     ), noted as (
       insert into plimsoll.pending_owners (deployment, owner) select distinct $1, owner from gone where owner is not null order by owner on conflict do nothing
     )
     select count(*)::int as gone from gone`,
    [deployment, entity, block, after, to, listed],
  );
  return row === undefined ? 0 : numberOf(row, 'gone');
}

/** Ids of rows that changed after a block as far as this mirror knows, vanished ones among them, in order of id. */
export async function listChangedIds(queries: Queries, scope: MirrorScope, { after, most }: { readonly after: string; readonly most: number }): Promise<readonly string[]> {
  const rows = await queries.query('select id from plimsoll.mirror_rows where deployment = $1 and entity = $2 and block > $3 and block > 0 and id > $4 order by id limit $5', [
    scope.deployment,
    scope.entity,
    scope.block,
    after,
    most,
  ]);
  return rows.map((row) => textOf(row, 'id'));
}

/** How many rows changed after a block as far as this mirror knows. */
export async function countChangedAfter(queries: Queries, deployment: string, block: bigint): Promise<number> {
  const [row] = await queries.query('select count(*)::int as changed from plimsoll.mirror_rows where deployment = $1 and block > $2 and block > 0', [deployment, block]);
  return row === undefined ? 0 : numberOf(row, 'changed');
}

/** Rows by entity, each in order of id. */
export type RowsByEntity = ReadonlyMap<string, readonly unknown[]>;

/** Everything that some owners have in a deployment. */
export async function readOwnerRows(queries: Queries, deployment: string, owners: readonly string[]): Promise<RowsByEntity> {
  return byEntity(
    await queries.query('select entity, data from plimsoll.mirror_rows where deployment = $1 and owner = any($2::text[]) and data is not null order by entity, id', [deployment, owners]),
  );
}

/** Every row of some entities. */
export async function readEntityRows(queries: Queries, deployment: string, entities: readonly string[]): Promise<RowsByEntity> {
  return byEntity(
    await queries.query('select entity, data from plimsoll.mirror_rows where deployment = $1 and entity = any($2::text[]) and data is not null order by entity, id', [deployment, entities]),
  );
}

function byEntity(rows: readonly SqlRow[]): RowsByEntity {
  const grouped = Map.groupBy(rows, (row) => textOf(row, 'entity'));
  return new Map([...grouped].map(([entity, list]) => [entity, list.map((row) => row['data'])]));
}

/** Deletes for good what vanished at or before a block that no reorganisation reaches. @returns how many */
export async function deleteVanished(queries: Queries, deployment: string, settled: bigint): Promise<number> {
  const rows = await queries.query('delete from plimsoll.mirror_rows where deployment = $1 and data is null and block <= $2 returning 1 as one', [deployment, settled]);
  return rows.length;
}

/** Owners whose accounts have to be made again, in order. */
export async function listPendingOwners(queries: Queries, deployment: string, most: number): Promise<readonly string[]> {
  const rows = await queries.query('select owner from plimsoll.pending_owners where deployment = $1 order by owner limit $2', [deployment, most]);
  return rows.map((row) => textOf(row, 'owner'));
}

/** Notes that the accounts of every owner of a deployment, or of some, have to be made again. */
export async function addPendingOwners(queries: Queries, deployment: string, owners: readonly string[] | 'all'): Promise<void> {
  if (owners === 'all') {
    await queries.query(
      'insert into plimsoll.pending_owners (deployment, owner) select distinct $1, owner from plimsoll.mirror_rows where deployment = $1 and owner is not null on conflict do nothing',
      [deployment],
    );
    return;
  }
  await queries.query('insert into plimsoll.pending_owners (deployment, owner) select $1, unnest($2::text[]) on conflict do nothing', [deployment, owners]);
}

/** Markets that some owners are in, each with a few of them who have most rows there. */
export interface MarketWitnesses {
  readonly market: string;
  readonly owners: readonly string[];
}

/** Lists the markets that some owners, or all of a deployment where null, have rows about. */
export async function listWitnesses(queries: Queries, deployment: string, owners: readonly string[] | null, most: number): Promise<readonly MarketWitnesses[]> {
  const rows = await queries.query(
    `select market, to_jsonb((array_agg(owner order by held desc, owner))[1:$3::int4]) as owners
     from (
       select market, owner, count(*) as held from plimsoll.mirror_rows
       where deployment = $1 and owner is not null and data is not null and ($2::text[] is null or owner = any($2::text[])) group by market, owner
     ) as holders group by market order by market`,
    [deployment, owners, most],
  );
  return rows.map((row) => ({ market: textOf(row, 'market'), owners: textsOf(row, 'owners') }));
}

/** How many rows of each entity a deployment has. */
export async function countEntities(queries: Queries, deployment: string): Promise<ReadonlyMap<string, number>> {
  const rows = await queries.query('select entity, count(*)::int as rows from plimsoll.mirror_rows where deployment = $1 and data is not null group by entity', [deployment]);
  return new Map(rows.map((row) => [textOf(row, 'entity'), numberOf(row, 'rows')]));
}
