import { type Config, hasWatchedBook, isLive } from '../../config.ts';
import { findBookFreshness } from '../../service/book-freshness.ts';
import { diagnose, type SourceState } from '../../service/diagnose.ts';
import type { Database } from '../../store/database.ts';

/** One thing that must be in order. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly note: string;
}

/** What readiness is found out with. */
export interface ReadinessOptions {
  readonly config: Config;
  /** Null where nothing is stored but in memory. */
  readonly database: Database | null;
  readonly everyMs: number;
  /** Unix milliseconds. */
  readonly clock: () => number;
  /** Finds how the sources are; a test brings its own. */
  readonly lookAtSources?: (config: Config) => Promise<readonly SourceState[]>;
}

/** Whether requests should come here, looked after in the background: a probe costs nothing. */
export interface ReadinessProbe {
  /** The newest findings; not in order before the first. */
  readonly checks: () => readonly Check[];
  /** Looks now. */
  refresh(): Promise<void>;
  stop(): void;
}

const DATABASE_MS = 3_000;

/** Starts looking. */
export function startReadiness({ config, database, everyMs, clock, lookAtSources = sourcesOf }: ReadinessOptions): ReadinessProbe {
  let checks: readonly Check[] = [{ name: 'sources', ok: false, note: 'not looked at yet' }];
  let looking: Promise<void> | null = null;
  const refresh = (): Promise<void> => {
    looking ??= Promise.all([lookAtSources(config).then(judgeSources, unknown), database === null ? [] : judgeDatabase(database, config, clock())])
      .then((found) => {
        checks = found.flat();
      })
      .finally(() => {
        looking = null;
      });
    return looking;
  };
  const timer = setInterval(() => void refresh(), everyMs);
  timer.unref();
  return { checks: () => checks, refresh, stop: () => clearInterval(timer) };
}

/** Recordings are as old as they are meant to be. */
async function sourcesOf(config: Config): Promise<readonly SourceState[]> {
  return isLive(config) ? (await diagnose(config)).sources : [];
}

/** Red where every source of a kind that is configured is stale, failing or silent; single ones are gaps of the reports, which say so. */
function judgeSources(states: readonly SourceState[]): Check[] {
  const configured = states.filter(({ status }) => status !== 'not-configured');
  return [...Map.groupBy(configured, ({ kind }) => kind)].map(([kind, same]) => {
    const bad = same.filter(({ status }) => status !== 'ok');
    const first = bad[0];
    const note = first === undefined ? `${same.length} in order` : `${bad.length} of ${same.length} not in order, as ${first.label}: ${first.status}`;
    return { name: kind === 'chain' ? 'chains' : 'subgraphs', ok: bad.length < same.length, note };
  });
}

function unknown(): Check[] {
  return [{ name: 'sources', ok: false, note: 'could not be looked at' }];
}

/** The database, and where workers are to keep watch over what it holds, whether they do. */
async function judgeDatabase(database: Database, config: Config, nowMs: number): Promise<Check[]> {
  const limit = { now: Math.floor(nowMs / 1000), maxAgeSeconds: config.maxBlockAgeSeconds };
  const asked = hasWatchedBook(config) ? findBookFreshness(database, limit).then(({ trouble }) => trouble) : database.query('select 1 as one').then(() => null);
  const { promise: late, resolve } = Promise.withResolvers<'silent'>();
  const timer = setTimeout(() => resolve('silent'), DATABASE_MS);
  const trouble = await Promise.race([asked.catch(() => 'silent' as const), late]);
  clearTimeout(timer);
  if (trouble === 'silent') return [{ name: 'database', ok: false, note: 'does not answer' }];
  const answers = { name: 'database', ok: true, note: 'answers' };
  return hasWatchedBook(config) ? [answers, { name: 'watch', ok: trouble === null, note: trouble ?? 'the book is watched' }] : [answers];
}
