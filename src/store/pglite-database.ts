import { PGlite, type Transaction } from '@electric-sql/pglite';
import { takeDataFolder } from './data-folder.ts';
import type { Database, Queries, SqlRow, SqlValue } from './database.ts';
import { failureOfSql, guarded, transact } from './sql-failure.ts';

/**
 * Opens the embedded database, which takes a few seconds. Statements run one after the other.
 *
 * @param folder where it is kept; null keeps it in memory
 * @throws {PlimsollError} STORE_REFUSED where the folder cannot be used
 */
export async function openPglite(folder: string | null): Promise<Database> {
  const release = folder === null ? async () => {} : await takeDataFolder(folder, async (draft) => (await PGlite.create(draft)).close());
  try {
    return wrap(await (folder === null ? PGlite.create() : PGlite.create(folder)), release);
  } catch (error) {
    await release();
    throw failureOfSql(error);
  }
}

function wrap(engine: PGlite, release: () => Promise<void>): Database {
  const queries = queriesOf(engine);
  return {
    engine: 'pglite',
    query: (text, values) => queries.query(text, values),
    async execute(script) {
      const results = await guarded(() => engine.exec(script));
      return results.flatMap((result): readonly SqlRow[] => result.rows);
    },
    transaction: <Result>(work: (scope: Queries) => Promise<Result>) =>
      transact<Transaction, Result>(
        (body) => engine.transaction(body),
        (transaction) => work(queriesOf(transaction)),
      ),
    listen: (channel, heard) =>
      guarded(async () => {
        const stop = await engine.listen(channel, heard);
        return () => stop();
      }),
    attend: async () => false,
    async notify(channel, payload) {
      await queries.query('select pg_notify($1, $2)', [channel, payload]);
    },
    async close() {
      await engine.close();
      await release();
    },
  };
}

function queriesOf(runner: Pick<PGlite | Transaction, 'query'>): Queries {
  return {
    query: (text, values = []) => guarded(async () => (await runner.query<SqlRow>(text, values.map(parameterOf))).rows),
  };
}

function parameterOf(value: SqlValue): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
