import { InternalError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openPglite } from './pglite-database.ts';
import { openPostgres, type PostgresOptions } from './postgres-database.ts';

/** Where the book is kept. */
export type DatabaseLocation =
  /** A PostgreSQL, shared by any number of processes. The address may hold a password. */
  | { readonly kind: 'postgres'; readonly url: string; readonly options?: PostgresOptions }
  /** The embedded database in a folder, for one process. */
  | { readonly kind: 'embedded'; readonly folder: string }
  /** The embedded database in memory, gone at the end. */
  | { readonly kind: 'memory' };

/**
 * Gives the book's database. Nothing is opened before the first statement, since the embedded one takes seconds; then the schema is
 * brought up to date first.
 *
 * @example
 * ```ts
 * const database = openDatabase({ kind: 'memory' });
 * await database.query('select count(*)::text as accounts from plimsoll.accounts');
 * await database.close();
 * ```
 */
export function openDatabase(location: DatabaseLocation): Database {
  let opening: Promise<Database> | null = null;
  let closed = false;
  const engine = location.kind === 'postgres' ? 'postgres' : 'pglite';

  function opened(): Promise<Database> {
    if (closed) return Promise.reject(new InternalError('the database was closed'));
    opening ??= open(location).catch((error: unknown) => {
      // The next statement tries again: a server may come back.
      opening = null;
      throw error;
    });
    return opening;
  }

  return {
    engine,
    query: async (text, values) => (await opened()).query(text, values),
    execute: async (script) => (await opened()).execute(script),
    transaction: async (work) => (await opened()).transaction(work),
    listen: async (channel, heard) => (await opened()).listen(channel, heard),
    attend: async (holder) => (await opened()).attend(holder),
    notify: async (channel, payload) => (await opened()).notify(channel, payload),
    async close() {
      closed = true;
      const database = await opening?.catch(() => null);
      await database?.close();
    },
  };
}

async function open(location: DatabaseLocation): Promise<Database> {
  if (location.kind === 'postgres') {
    // A step of the schema takes as long as it takes.
    await (await migrated(openPostgres(location.url, { ...location.options, connections: 1, statementMs: null }))).close();
    return openPostgres(location.url, location.options);
  }
  return migrated(await openPglite(location.kind === 'embedded' ? location.folder : null));
}

async function migrated(database: Database): Promise<Database> {
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
