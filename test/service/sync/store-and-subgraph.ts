import { afterAll, afterEach, beforeEach } from 'vitest';
import type { SyncEvent, SyncResult } from '../../../src/service/sync/sync-options.ts';
import type { AnswerRequest } from '../../../src/sources/recorded/graph-endpoint.ts';
import type { Database } from '../../../src/store/database.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { type FaultRates, type FaultyEndpoint, startFaultyEndpoint } from './endpoint.ts';
import { type SyncSetting, syncOnce } from './syncing.ts';

/** A store, and the subgraph that is mirrored into it. */
export interface StoreAndSubgraph {
  /** Embedded; what was synchronised is forgotten before each test. */
  readonly database: Database;
  /** Serves a subgraph until the test ends, or another one is served. */
  readonly serve: (answer: AnswerRequest, rates?: FaultRates, seed?: number) => Promise<FaultyEndpoint>;
  /** Synchronises the generated deployment once, from the subgraph that is served. */
  readonly sync: (setting?: Partial<SyncSetting>) => Promise<SyncResult & { readonly events: readonly SyncEvent[] }>;
}

/** Opens a store for the tests of a file, and looks after what they serve: both are closed even where they fail. */
export function openStoreAndSubgraph(): StoreAndSubgraph {
  const database = openDatabase({ kind: 'memory' });
  let endpoint: FaultyEndpoint | null = null;
  const close = async (): Promise<void> => {
    await endpoint?.close();
    endpoint = null;
  };
  beforeEach(() => forget(database));
  afterEach(close);
  afterAll(() => database.close());
  return {
    database,
    async serve(answer, rates, seed) {
      await close();
      endpoint = await startFaultyEndpoint(answer, rates, seed);
      return endpoint;
    },
    sync: (setting = {}) => syncOnce(database, { url: endpoint?.url ?? '', ...setting }),
  };
}

async function forget(database: Database): Promise<void> {
  await database.query('delete from plimsoll.deployments');
  await database.query(`delete from plimsoll.leases where kind = 'sync'`);
}
