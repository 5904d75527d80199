import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WatchSettings } from '../../../src/service/workers/watch/watch-role.ts';
import type { Database } from '../../../src/store/database.ts';
import { listLeases, SHARD_COUNT } from '../../../src/store/leases.ts';
import { listShardProgress } from '../../../src/store/shard-progress.ts';

const CHILD = fileURLToPath(new URL('./watch-child.ts', import.meta.url));
/** Milliseconds that anything is waited for. */
const PATIENCE_MS = 90_000;

/** A process that watches. */
export interface WatchWorker {
  readonly holder: string;
  readonly process: ChildProcess;
  /** What it wrote to stderr. */
  errors(): string;
  /** Sends a signal and, unless the process only pauses or goes on, waits for its end. */
  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a worker and waits until it has a name. */
export async function startWorker(url: string, settings: WatchSettings): Promise<WatchWorker> {
  const child = spawn(process.execPath, [CHILD, url, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      running.delete(child);
      resolve();
    });
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part;
  });
  const holder = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim()));
    child.once('close', () => reject(new TypeError(`the worker ended: ${errors}`)));
  });
  return {
    holder,
    process: child,
    errors: () => errors,
    async signal(name) {
      child.kill(name);
      if (name === 'SIGKILL' || name === 'SIGTERM') await ended;
    },
  };
}

/** Ends every worker that still runs. */
export function endWorkers(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Waits until something holds. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const started = Date.now();
  while (!(await holds())) {
    if (Date.now() - started > PATIENCE_MS) throw new TypeError(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** How many shards each live holder has. */
export async function countShards(database: Database): Promise<ReadonlyMap<string, number>> {
  const leases = (await listLeases(database, 'shard')).filter(({ holder, expired }) => holder !== null && !expired);
  return new Map([...Map.groupBy(leases, ({ holder }) => holder ?? '')].map(([holder, held]) => [holder, held.length]));
}

/** Waits until some workers share all shards. */
export function untilBalanced(database: Database, workers: readonly WatchWorker[]): Promise<void> {
  return until('the shards are shared', async () => {
    const counts = await countShards(database);
    const own = workers.map(({ holder }) => counts.get(holder) ?? 0);
    return own.reduce((sum, count) => sum + count, 0) === SHARD_COUNT && Math.max(...own) <= Math.ceil(SHARD_COUNT / workers.length);
  });
}

/** Waits until everything that a transaction wrote was screened, priced and written. */
export function untilSettled(database: Database, transaction: bigint): Promise<void> {
  return until('every shard is settled', async () => {
    const progress = await listShardProgress(database);
    return progress.length === SHARD_COUNT && progress.every(({ settled }) => settled !== null && BigInt(settled) > transaction);
  });
}

/** Has the database keep when leases changed hands, when shards were screened, and under which token opportunities were written. */
export async function keepLogs(database: Database): Promise<void> {
  await database.execute(`
    create table lease_log (sequence bigint generated always as identity, name text, holder text, token int8, at timestamptz default clock_timestamp());
    create function log_lease() returns trigger language plpgsql as $$ begin insert into lease_log (name, holder, token) values (new.name, new.holder, new.token); return null; end $$;
    create trigger log_lease after update of holder, token on plimsoll.leases for each row when (new.kind = 'shard' and (old.holder, old.token) is distinct from (new.holder, new.token)) execute function log_lease();
    create table screen_log (shard int2, screened xid8, at timestamptz);
    create function log_screen() returns trigger language plpgsql as $$ begin insert into screen_log values (new.shard, new.screened::xid8, new.screened_at); return null; end $$;
    create trigger log_screen after insert or update of screened on plimsoll.shard_progress for each row execute function log_screen();
    create table write_log (subject text, token int8, newest int8);
    create function log_write() returns trigger language plpgsql as $$ begin
      insert into write_log select new.subject, new.token, l.token from plimsoll.leases l where l.name = 'shard:' || new.shard; return null; end $$;
    create trigger log_write after insert or update on plimsoll.opportunities for each row execute function log_write();`);
}

/** The database's unix seconds. */
export async function databaseSeconds(database: Database): Promise<number> {
  const [row] = await database.query('select extract(epoch from clock_timestamp())::float8 as now');
  return Number(row?.['now']);
}

/** The longest time, in seconds, for which a shard had no holder that was alive, from the first claim on. `deaths`: when a holder ended. */
export async function longestUnwatched(database: Database, deaths: ReadonlyMap<string, number>): Promise<number> {
  const rows = await database.query('select name, holder, extract(epoch from at)::float8 as at from lease_log order by sequence');
  const end = await databaseSeconds(database);
  let longest = 0;
  for (const entries of Map.groupBy(rows, (row) => String(row['name'])).values()) {
    for (const [place, { holder, at }] of entries.entries()) {
      const next = Number(entries[place + 1]?.['at'] ?? end);
      const from = typeof holder === 'string' ? Math.max(Number(at), deaths.get(holder) ?? next) : Number(at);
      longest = Math.max(longest, next - from);
    }
  }
  return longest;
}

/** Seconds from each block until each shard was screened with it, ascending. */
export async function listLags(database: Database, ticks: readonly { readonly transaction: bigint; readonly at: number }[]): Promise<readonly number[]> {
  const rows = await database.query('select shard, screened::text as screened, extract(epoch from at)::float8 as at from screen_log order by at');
  const shards = [...Map.groupBy(rows, (row) => Number(row['shard'])).values()].map((entries) => entries.map((row) => ({ screened: BigInt(String(row['screened'])), at: Number(row['at']) })));
  return ticks.flatMap(({ transaction, at }) => shards.map((entries) => (entries.find(({ screened }) => screened > transaction)?.at ?? Number.POSITIVE_INFINITY) - at)).toSorted((a, b) => a - b);
}
