import { type Service, type ServiceOptions, startService } from '../api/start-service.ts';
import { type Config, isLive } from '../config.ts';
import { locateStore } from '../service/locate-store.ts';
import type { RoleName } from '../service/workers/role.ts';
import { startWorkers, type Workers } from '../service/workers/start-workers.ts';
import { openDatabase } from '../store/open-database.ts';
import { createSealer } from '../store/seal.ts';

/** How to serve. */
export interface ServingOptions extends Pick<ServiceOptions, 'config' | 'host' | 'port' | 'log'> {
  /** Null for those that fit where the data are kept. */
  readonly roles: readonly RoleName[] | null;
  /** One line about what happened. */
  readonly progress: (line: string) => void;
}

/** A service with the workers of its process. */
export interface Serving {
  readonly service: Service;
  readonly roles: readonly RoleName[];
  /** Lets the requests that are under way come to an end, then the workers, then closes the database. */
  stop(): Promise<void>;
}

/**
 * Opens the database, starts the service and the workers of this process; all of it, or nothing.
 *
 * @throws {PlimsollError} for an address that cannot be listened on, keys that cannot be read, roles that cannot run
 */
export async function startServing({ config, host, port, log = null, roles: asked, progress }: ServingOptions): Promise<Serving> {
  const isDurable = config.databaseUrl !== null || config.dataFolder !== null || isLive(config);
  const roles = asked ?? rolesOf(config, isDurable);
  const database = openDatabase(isDurable ? locateStore(config) : { kind: 'memory' });
  // What is sealed by a key that ends with the process must not outlive it.
  const sealer = createSealer(config.sealKey);
  const canSeal = !isDurable || config.sealKey !== null;
  let service: Service | null = null;
  let workers: Workers | null = null;
  const stop = async (): Promise<void> => {
    await service?.stop();
    await workers?.stop();
    await database.close();
  };
  try {
    service = await startService({ config, host, port, database, isDurable, sealer: canSeal ? sealer : null, log });
    const { observer } = service;
    if (roles.length > 0) {
      const allowDevelopment = !config.production;
      workers = await startWorkers({ config, database, roles, sealer, registry: observer.registry, allowDevelopment, log: (line) => observer.note(line) });
    }
    if (isDurable && config.sealKey === null) progress('Webhooks and proof jobs are off: set PLIMSOLL_SEAL_KEY, so that their secrets can be read again after a restart.');
    return { service, roles, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Workers go with the embedded database, which is one process's own; a shared one has workers of its own. */
function rolesOf(config: Config, isDurable: boolean): readonly RoleName[] {
  const prove: readonly RoleName[] = config.service.proofs && !config.production ? ['prove'] : [];
  if (config.databaseUrl !== null) return [];
  return isDurable && isLive(config) ? ['sync', 'watch', ...prove, 'notify'] : prove;
}

/** Resolves at the first signal to stop; a second one finds no listener and ends the process at once. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      process.off('SIGINT', end).off('SIGTERM', end);
      resolve();
    };
    process.on('SIGINT', end).on('SIGTERM', end);
  });
}
