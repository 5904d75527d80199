import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Database } from '../../store/database.ts';
import { RoundMemory } from './round-memory.ts';
import { syncDeployment } from './sync-deployment.ts';
import { isStopped, type MirroredDeployment, type SyncOptions, type SyncResult } from './sync-options.ts';

/** Milliseconds between two looks at a deployment that another process is at. */
const BUSY_PAUSE_MS = 2_000;
/** How often a busy deployment is looked at before it is left to the other process. */
const BUSY_LOOKS = 35;

/** The deployments that can be mirrored: their protocol says how, and an endpoint is configured. */
export function listMirrored({ reader }: Pick<SyncOptions, 'reader'>): readonly MirroredDeployment[] {
  return reader.deployments.flatMap((deployment): MirroredDeployment[] => {
    const protocol = reader.protocols.find((candidate) => candidate.id === deployment.protocol);
    const mirror = protocol?.mirror?.(deployment);
    const endpoint = reader.endpointOf(deployment);
    return protocol === undefined || mirror === undefined || endpoint === null || mirror.queries.length === 0 ? [] : [{ deployment, protocol, mirror, endpoint }];
  });
}

/**
 * A name for this process among those that share a database. The embedded database has one process at a time: what a killed one held is its
 * successor's at once.
 */
export function holderName({ engine }: Pick<Database, 'engine'>): string {
  return engine === 'pglite' ? 'embedded' : `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
}

/**
 * Brings every deployment to its newest block, all at once, and waits for one that another process holds until that is done or its lease has
 * run out.
 */
export function syncBook(options: SyncOptions, mirrored: readonly MirroredDeployment[] = listMirrored(options)): Promise<readonly SyncResult[]> {
  return Promise.all(mirrored.map((one) => syncWhenFree(options, one)));
}

async function syncWhenFree(options: SyncOptions, mirrored: MirroredDeployment): Promise<SyncResult> {
  for (let look = 1; ; look += 1) {
    const result = await syncDeployment(options, mirrored);
    if (result.status !== 'busy' || look >= BUSY_LOOKS || isStopped(options)) return result;
    await options.clock.sleep(BUSY_PAUSE_MS, options.signal);
  }
}

/** What {@link watchBook} adds. */
export interface WatchOptions {
  /** Milliseconds between two rounds. */
  readonly pauseMs: number;
  /** Called after each round, and waited for. */
  readonly finished: (results: readonly SyncResult[]) => void | Promise<void>;
}

/** Synchronises round after round until the signal comes. Where everything is to be read, each deployment does so until it came to an end once. */
export async function watchBook(options: SyncOptions, mirrored: readonly MirroredDeployment[], { pauseMs, finished }: WatchOptions): Promise<void> {
  const remembered = mirrored.map((one) => ({ one, memory: new RoundMemory(options) }));
  while (!isStopped(options)) {
    await finished(await Promise.all(remembered.map(({ one, memory }) => syncRound(options, one, memory))));
    if (isStopped(options)) return;
    await options.clock.sleep(pauseMs, options.signal);
  }
}

async function syncRound(options: SyncOptions, mirrored: MirroredDeployment, memory: RoundMemory): Promise<SyncResult> {
  const result = await syncDeployment({ ...options, full: memory.wantsFull }, mirrored, memory);
  if (result.status === 'synced' && result.mode === 'full') memory.wantsFull = false;
  return result;
}
