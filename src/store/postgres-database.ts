import pg from 'pg';
import type { Database, Heard, Queries, SqlValue } from './database.ts';
import { failureOfSql, guarded, isRepeatable, transact } from './sql-failure.ts';

/** How often a transaction is run that the server broke off for another's sake. */
const ATTEMPTS = 5;
/** A shared lock, so that nobody ever waits for one; its keys are those of migration 4. */
const SHOW_LIFE = 'select pg_advisory_lock_shared(5041, hashtext($1))';
/** Milliseconds between two attempts to listen again. */
const RECONNECT_MS = 1_000;

/** How connections are made. */
export interface PostgresOptions {
  /** Connections at once. */
  readonly connections?: number;
  /** Milliseconds that a transaction may stand idle before the server ends it, and with it the locks of a process that hangs: less than any lease. */
  readonly idleMs?: number;
  /** Milliseconds that a statement may take before it is broken off, and a little more for a server that does not even say so; null for no limit. */
  readonly statementMs?: number | null;
}

/** What the server needs to say that it broke a statement off, milliseconds. */
const LATE_MS = 5_000;

/** Opens a PostgreSQL. The first statement connects; a connection that broke is replaced at the next one. */
export function openPostgres(url: string, { connections = 10, idleMs = 8_000, statementMs = 300_000 }: PostgresOptions = {}): Database {
  const settings = { connectionString: url, application_name: 'plimsoll', connectionTimeoutMillis: 10_000, keepAlive: true, ...(statementMs === null ? {} : { query_timeout: statementMs + LATE_MS }) };
  const pool = new pg.Pool({ ...settings, max: connections, idle_in_transaction_session_timeout: idleMs, statement_timeout: statementMs ?? 0 });
  // A connection that breaks while it is idle is simply replaced.
  pool.on('error', ignore);
  const line = createLine(() => new pg.Client(settings));

  async function begin<Result>(body: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect();
    // A connection that the server ends while this process stands still, in the middle of a transaction, says so by itself; the next statement fails.
    client.on('error', ignore);
    let broken = false;
    try {
      await client.query('begin');
      const result = await body(client);
      await client.query('commit');
      return result;
    } catch (error) {
      // A connection on which even this fails must not be used again, nor one that does not answer: it would not answer this either.
      broken =
        isSilent(error) ||
        (await client.query('rollback').then(
          () => false,
          () => true,
        ));
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  }

  const queries = queriesOf(pool);
  return {
    engine: 'postgres',
    query: (text, values) => queries.query(text, values),
    async execute(script) {
      // Several statements have several results; one has one.
      const results: readonly pg.QueryResult[] = [await guarded(() => pool.query(script))].flat();
      return results.flatMap((result) => result.rows);
    },
    async transaction(work) {
      for (let count = 1; ; count += 1) {
        try {
          return await transact(begin, (client: pg.PoolClient) => work(queriesOf(client)));
        } catch (error) {
          if (count >= ATTEMPTS || !isRepeatable(error)) throw error;
        }
      }
    },
    listen: (channel, heard) => guarded(() => line.listen(channel, heard)),
    attend: (holder) => guarded(() => line.attend(holder)),
    async notify(channel, payload) {
      await queries.query('select pg_notify($1, $2)', [channel, payload]);
    },
    async close() {
      await line.close();
      await pool.end();
    },
  };
}

/** Whether the server did not answer at all: it said of nothing why. */
function isSilent(error: unknown): boolean {
  const { code, fields } = failureOfSql(error);
  return code === 'STORE_UNREACHABLE' && fields['code'] === null;
}

function ignore(): void {}

function queriesOf(runner: Pick<pg.Pool | pg.PoolClient, 'query'>): Queries {
  return {
    query: (text, values = []) => guarded(async () => (await runner.query(text, values.map(parameterOf))).rows),
  };
}

function parameterOf(value: SqlValue): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/** One connection that hears every channel and shows who lives, made when it is needed first and made again when it breaks. */
function createLine(make: () => pg.Client): Pick<Database, 'listen' | 'attend' | 'close'> {
  const listeners = new Map<string, Set<Heard>>();
  const attended = new Set<string>();
  let client: Promise<pg.Client> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function connect(): Promise<pg.Client> {
    const made = make();
    made.on('notification', ({ channel, payload }) => {
      for (const heard of listeners.get(channel) ?? []) heard(payload ?? '');
    });
    made.on('error', ignore);
    made.on('end', again);
    await made.connect();
    for (const channel of listeners.keys()) await made.query(`listen ${pg.escapeIdentifier(channel)}`);
    for (const holder of attended) await made.query(SHOW_LIFE, [holder]);
    return made;
  }
  function again(): void {
    client = null;
    if (closed || listeners.size + attended.size === 0 || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      client = connect();
      client.catch(again);
    }, RECONNECT_MS);
    timer.unref();
  }
  return {
    async listen(channel, heard) {
      const known = listeners.get(channel);
      if (known === undefined) listeners.set(channel, new Set([heard]));
      else known.add(heard);
      if (client === null) await (client = connect());
      else if (known === undefined) await (await client).query(`listen ${pg.escapeIdentifier(channel)}`);
      return async () => {
        listeners.get(channel)?.delete(heard);
      };
    },
    async attend(holder) {
      const isNew = !attended.has(holder);
      if (client === null && timer === null) {
        client = connect();
        client.catch(again);
      }
      const connected = await client?.catch(() => null);
      if (connected === null || connected === undefined) return false;
      // Once it is held, a connection that is made anew takes it again.
      if (isNew) await connected.query(SHOW_LIFE, [holder]);
      attended.add(holder);
      return true;
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      listeners.clear();
      attended.clear();
      await (await client?.catch(() => null))?.end();
    },
  };
}
