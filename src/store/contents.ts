import { PlimsollError } from '../core/errors.ts';
import { findText } from './columns.ts';
import type { Queries } from './database.ts';

/** What a book is of. */
export type StoreContents = 'live' | 'recorded';

/**
 * Notes what is about to be stored, before anything is. A store without deployments may become either.
 *
 * @throws {PlimsollError} STORE_REFUSED where the store holds the other kind
 */
export async function claimContents(queries: Queries, kind: StoreContents): Promise<void> {
  await queries.query(
    `insert into plimsoll.store_contents as known (kind) values ($1)
     on conflict (id) do update set kind = excluded.kind where known.kind <> excluded.kind and not exists (select 1 from plimsoll.deployments)`,
    [kind],
  );
  const held = await readContents(queries);
  if (held === kind) return;
  const about = kind === 'live' ? 'recorded data, and live data would be mixed with them' : 'live data, and recorded ones would be mixed with them';
  throw new PlimsollError(
    'STORE_REFUSED',
    `The database holds ${about}. Use another database (DATABASE_URL, or PLIMSOLL_DATA), or drop the schema plimsoll in this one if nobody needs what it holds.`,
    {
      holds: held,
    },
  );
}

/** What a store holds; null where nobody noted it. */
export async function readContents(queries: Queries): Promise<StoreContents | null> {
  const [row] = await queries.query('select kind from plimsoll.store_contents');
  const kind = row === undefined ? null : findText(row, 'kind');
  return kind === 'live' || kind === 'recorded' ? kind : null;
}
