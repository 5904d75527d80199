import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { PlimsollError } from '../core/errors.ts';
import { takeDataFolder } from './data-folder.ts';
import type { Database, Queries, SqlRow, SqlValue } from './database.ts';
import { failureOfSql, guarded, transact } from './sql-failure.ts';

/** Bytes that must be free on the disk of a folder: the engine hangs for ever, and the process with it, where its log cannot be written. */
const LEAST_FREE = 128 * 2 ** 20;

/**
 * Opens the embedded database, which takes a few seconds. Statements run one after the other, and none while its disk is nearly full.
 *
 * @param folder where it is kept; null keeps it in memory
 * @param readFree bytes that are free on the folder's disk
 * @throws {PlimsollError} STORE_REFUSED where the folder cannot be used
 */
export async function openPglite(folder: string | null, readFree: (folder: string) => Promise<number> = readFreeBytes): Promise<Database> {
  const roomy = folder === null ? async () => {} : async () => requireRoom(await readFree(folder));
  await roomy();
  const release = folder === null ? async () => {} : await takeDataFolder(folder, async (draft) => (await PGlite.create(draft)).close());
  try {
    return wrap(await (folder === null ? PGlite.create() : PGlite.create(folder)), { roomy, release });
  } catch (error) {
    await release();
    throw failureOfSql(error);
  }
}

function requireRoom(free: number): void {
  if (free >= LEAST_FREE) return;
  throw new PlimsollError('STORE_REFUSED', 'The disk of the embedded database is nearly full, and nothing more is written to it. Make room; the work goes on by itself then.');
}

/** Where there is no folder yet, its parent is on the same disk; where there is none either, opening says so. */
async function readFreeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => statfs(dirname(folder)).catch(() => null));
  return disk === null ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
}

/** What is done before each statement, and when the database was closed. */
interface Surroundings {
  readonly roomy: () => Promise<void>;
  readonly release: () => Promise<void>;
}

function wrap(engine: PGlite, { roomy, release }: Surroundings): Database {
  const queries = queriesOf(engine, roomy);
  return {
    engine: 'pglite',
    query: (text, values) => queries.query(text, values),
    async execute(script) {
      await roomy();
      const results = await guarded(() => engine.exec(script));
      return results.flatMap((result): readonly SqlRow[] => result.rows);
    },
    transaction: <Result>(work: (scope: Queries) => Promise<Result>) =>
      transact<Transaction, Result>(
        async (body) => {
          await roomy();
          return engine.transaction(body);
        },
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

function queriesOf(runner: Pick<PGlite | Transaction, 'query'>, first: () => Promise<void> = async () => {}): Queries {
  return {
    async query(text, values = []) {
      await first();
      return guarded(async () => (await runner.query<SqlRow>(text, values.map(parameterOf))).rows);
    },
  };
}

function parameterOf(value: SqlValue): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
