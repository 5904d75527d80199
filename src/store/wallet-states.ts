import { integerOf, textOf, textsOf } from './columns.ts';
import type { Queries } from './database.ts';

/** What the database knows at the moment at which some wallets are looked at. */
export interface WalletMoment {
  /** Unix seconds by the database's clock: the same for all workers. */
  readonly at: bigint;
  /** Those of the wallets whose accounts are being made again. */
  readonly pending: ReadonlySet<string>;
}

/** Reads the moment, and what of some wallets the book cannot vouch for at it. */
export async function readWalletMoment(queries: Queries, owners: readonly string[]): Promise<WalletMoment> {
  const [row = {}] = await queries.query(
    `select extract(epoch from clock_timestamp())::int8::text as at,
       (select coalesce(jsonb_agg(distinct owner), '[]'::jsonb) from plimsoll.pending_owners where owner = any($1::text[])) as pending`,
    [owners],
  );
  return { at: integerOf(row, 'at'), pending: new Set(textsOf(row, 'pending')) };
}

/** The status that was told last of a wallet; null where none was. Only the holder of the wallet's shard may go by it. */
export async function findWalletStatus(queries: Queries, owner: string): Promise<string | null> {
  const [row] = await queries.query('select status from plimsoll.wallet_states where owner = $1', [owner]);
  return row === undefined ? null : textOf(row, 'status');
}

/** Keeps how a wallet stands. Hold the lease of its shard and write the event that tells of it in the same transaction. */
export async function saveWalletStatus(transaction: Queries, { owner, status, at }: { readonly owner: string; readonly status: string; readonly at: bigint }): Promise<void> {
  await transaction.query('insert into plimsoll.wallet_states (owner, status, at) values ($1, $2, $3) on conflict (owner) do update set status = excluded.status, at = excluded.at', [
    owner,
    status,
    at,
  ]);
}

/** Forgets how wallets stand but for some. @returns how many */
export async function deleteWalletStates(queries: Queries, kept: readonly string[]): Promise<number> {
  return (await queries.query('delete from plimsoll.wallet_states where not (owner = any($1::text[])) returning owner', [kept])).length;
}
