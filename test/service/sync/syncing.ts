import type { ChainSource } from '../../../src/core/source.ts';
import type { Deployment } from '../../../src/protocols/protocol.ts';
import { findRule, listDeployments, PROTOCOLS } from '../../../src/protocols/registry.ts';
import { listMirrored } from '../../../src/service/sync/sync-book.ts';
import { syncDeployment } from '../../../src/service/sync/sync-deployment.ts';
import type { SyncEvent, SyncOptions, SyncResult } from '../../../src/service/sync/sync-options.ts';
import { systemClock } from '../../../src/sources/clock.ts';
import { createGraphSource } from '../../../src/sources/graph.ts';
import type { RequestPolicy } from '../../../src/sources/lane.ts';
import type { Database } from '../../../src/store/database.ts';
import { usersOf } from '../../chain/counts.ts';
import { DEPLOYMENT, type ExpectedRows } from './generated-book.ts';

/** Quick to give up on one attempt, slow to give up altogether. */
const POLICY: Partial<RequestPolicy> = { attemptMs: usersOf(400, 5_000), deadlineMs: 30_000, firstPauseMs: 5, longestPauseMs: 50, concurrent: 50, perSecond: 100_000, burst: 100_000 };

/** What a test changes. */
export interface SyncSetting extends Partial<Omit<SyncOptions, 'reader' | 'database' | 'notify'>> {
  readonly url: string;
  readonly deployment?: string;
  /** A deployment that is not built in. */
  readonly row?: Deployment;
  readonly chain?: ChainSource;
  /** Unix seconds now; the recorded head counts as fresh if absent. */
  readonly now?: () => number;
  readonly policy?: Partial<RequestPolicy>;
}

/** Options that read one deployment from `url`, with the events they give. */
export function openSync(database: Database, setting: SyncSetting): { readonly options: SyncOptions; readonly events: SyncEvent[] } {
  const { url, deployment: id = DEPLOYMENT, row, chain, now = () => 0, policy, ...rest } = setting;
  const deployments = row === undefined ? listDeployments().filter((deployment) => deployment.id === id) : [row];
  const events: SyncEvent[] = [];
  const options: SyncOptions = {
    reader: {
      protocols: PROTOCOLS,
      deployments,
      findRule,
      graph: createGraphSource({ clock: systemClock, random: () => 0.5, fetch: globalThis.fetch, policy: { ...POLICY, ...policy } }),
      endpointOf: (deployment) => ({ chain: deployment.chain, dialect: deployment.subgraph?.dialect ?? 'graph-node', url, label: deployment.id }),
      chains: new Map(chain === undefined ? [] : [[chain.chain, chain]]),
      now,
      maxBlockAgeSeconds: 600,
    },
    database,
    holder: 'test',
    clock: systemClock,
    notify: (event) => events.push(event),
    ...rest,
  };
  return { options, events };
}

/** Synchronises the one deployment once. */
export async function syncOnce(database: Database, setting: SyncSetting): Promise<SyncResult & { readonly events: readonly SyncEvent[] }> {
  const { options, events } = openSync(database, setting);
  const [mirrored] = listMirrored(options);
  if (mirrored === undefined) throw new TypeError('no such deployment');
  return { ...(await syncDeployment(options, mirrored)), events };
}

/** Where the store differs from the source: missing, left over or different rows, at most a few of each. */
export async function differences(database: Database, expected: ExpectedRows): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [entity, rows] of expected) {
    const stored = new Map((await database.query('select id, data from plimsoll.mirror_rows where entity = $1 and data is not null', [entity])).map((row) => [String(row['id']), row['data']]));
    for (const [id, data] of rows) if (!isSame(stored.get(id), data)) found.push(`${entity} ${id}: source ${JSON.stringify(data)}, store ${JSON.stringify(stored.get(id))}`);
    for (const id of stored.keys()) if (!rows.has(id)) found.push(`${entity} ${id}: only in the store`);
  }
  return found.slice(0, 5);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const left = Object.entries(a);
  const right = new Map<string, unknown>(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => isSame(value, right.get(key)));
}
