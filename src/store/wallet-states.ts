import { findText, textOf, textsOf } from './columns.ts';
import type { Queries } from './database.ts';

/** What of the book is not whole, as far as it concerns some owners. */
export interface Unwholeness {
  /** Deployments that were never read to their end. */
  readonly unread: readonly string[];
  /** Those of the owners whose accounts are being made again. */
  readonly pending: readonly string[];
}

/** What the book cannot vouch for about some owners. */
export async function readUnwholeness(queries: Queries, owners: readonly string[]): Promise<Unwholeness> {
  const [row] = await queries.query(
    `select (select coalesce(jsonb_agg(id order by id), '[]'::jsonb) from plimsoll.deployments where full_at is null) as unread,
       (select coalesce(jsonb_agg(distinct owner), '[]'::jsonb) from plimsoll.pending_owners where owner = any($1::text[])) as pending`,
    [owners],
  );
  return row === undefined ? { unread: [], pending: [] } : { unread: textsOf(row, 'unread'), pending: textsOf(row, 'pending') };
}

/**
 * Keeps how a wallet stands, unless something later is known. Write the event that tells of it in the same transaction.
 *
 * @returns how it stood before, null where that was not known; undefined where nothing changed
 */
export async function saveWalletState(transaction: Queries, { owner, status, at }: { readonly owner: string; readonly status: string; readonly at: bigint }): Promise<string | null | undefined> {
  const [before] = await transaction.query('select status from plimsoll.wallet_states where owner = $1 for update', [owner]);
  const [row] = await transaction.query(
    `insert into plimsoll.wallet_states as known (owner, status, at) values ($1, $2, $3)
     on conflict (owner) do update set status = excluded.status, at = excluded.at where excluded.at > known.at and excluded.status <> known.status returning status`,
    [owner, status, at],
  );
  if (row === undefined) return undefined;
  return before === undefined ? null : (findText(before, 'status') ?? textOf(row, 'status'));
}

/** Forgets how wallets stand but for some. @returns how many */
export async function deleteWalletStates(queries: Queries, kept: readonly string[]): Promise<number> {
  return (await queries.query('delete from plimsoll.wallet_states where not (owner = any($1::text[])) returning owner', [kept])).length;
}
