import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../../src/api/start-service.ts';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { createSealer } from '../../src/store/seal.ts';

/** A service to be ill-treated. */
export interface HostileService {
  readonly origin: string;
  /** Everything that it logged so far. */
  output(): string;
  stop(): Promise<void>;
}

/** More than any test sends: limits must not hide what lies behind them. */
const NO_LIMIT = 10_000_000;

/** Starts the service in this process over recorded data, with nothing configured and no limit of requests a minute. */
export async function startHostileService(): Promise<HostileService> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-hostile-'));
  const database = openDatabase({ kind: 'memory' });
  let output = '';
  const log = {
    write: (line: string): void => {
      output += line;
    },
  };
  const service = await startService({
    config: readConfig({ PLIMSOLL_DATA: join(folder, 'data') }),
    host: '127.0.0.1',
    port: 0,
    database,
    isDurable: false,
    sealer: createSealer(),
    limits: { requestsPerMinute: NO_LIMIT, costlyPerMinute: NO_LIMIT },
    log,
    // No test asks the world for names.
    webhookTarget: { resolve: async (host) => (host === 'example.org' ? [{ address: '93.184.215.14', family: 4 }] : []) },
  });
  return {
    origin: service.origin,
    output: () => output,
    async stop() {
      await service.stop();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
