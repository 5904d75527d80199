import { integerOf, textOf, textsOf } from './columns.ts';
import type { Queries } from './database.ts';

/** A key of the API as it is kept: its hash alone. */
export interface StoredApiKey {
  readonly name: string;
  /** Hex; of the whole key. */
  readonly sha256: string;
  readonly scopes: readonly string[];
  /** Unix seconds. */
  readonly createdAt: bigint;
}

/** Every key, by name. */
export async function listApiKeys(queries: Queries): Promise<readonly StoredApiKey[]> {
  const rows = await queries.query('select name, sha256, to_jsonb(scopes) as scopes, created_at::text as created_at from plimsoll.api_keys order by name');
  return rows.map((row) => ({ name: textOf(row, 'name'), sha256: textOf(row, 'sha256'), scopes: textsOf(row, 'scopes'), createdAt: integerOf(row, 'created_at') }));
}

/** Keeps a key. @returns false where its name is taken */
export async function addApiKey(queries: Queries, { name, sha256, scopes, createdAt }: StoredApiKey): Promise<boolean> {
  const rows = await queries.query('insert into plimsoll.api_keys (name, sha256, scopes, created_at) values ($1, $2, $3::text[], $4) on conflict (name) do nothing returning name', [
    name,
    sha256,
    scopes,
    createdAt,
  ]);
  return rows.length > 0;
}

/** Takes a key out. @returns false where there is none of that name */
export async function deleteApiKey(queries: Queries, name: string): Promise<boolean> {
  return (await queries.query('delete from plimsoll.api_keys where name = $1 returning name', [name])).length > 0;
}
