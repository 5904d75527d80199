import { Registry } from 'prom-client';
import type { Config } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import type { Surroundings } from '../../sources/clock.ts';
import type { Database } from '../../store/database.ts';
import { createSealer, type Sealer } from '../../store/seal.ts';
import type { DeliverOptions } from '../alerts/deliver-events.ts';
import { type JobQueue, openJobQueue } from '../jobs/job-queue.ts';
import { MACHINE } from '../portfolio/open-runtime.ts';
import { holderName } from '../sync/sync-book.ts';
import { attestRole } from './attest-role.ts';
import { notifyRole } from './notify-role.ts';
import { proveRole } from './prove-role.ts';
import { ROLES, type RoleContext, type RoleHealth, type RoleName, type RunningRole, type StartRole } from './role.ts';
import { startSync } from './sync-role.ts';
import { startWatch } from './watch/watch-role.ts';

/** Milliseconds that a job may go on for after the workers were told to stop, before it is handed back. */
const GRACE_MS = 20_000;

/** What workers are started with. */
export interface WorkersRequest {
  readonly config: Config;
  /** Open; whoever opened it closes it, after the workers. */
  readonly database: Database;
  readonly roles: readonly RoleName[];
  /** One line about what happened: no wallet, no amount, no secret. */
  readonly log: (line: string) => void;
  readonly surroundings?: Surroundings;
  /** Where the process has one already, because it hands in jobs too: both must be of one key. */
  readonly sealer?: Sealer;
  /** Where the process has one already, because it hands in jobs too. It is not closed with the workers. */
  readonly queue?: JobQueue;
  /** Where the process counts other things too. */
  readonly registry?: Registry;
  /** attest: the attestor's key. */
  readonly keyFile?: string | null;
  /** prove: a folder of proving keys; the shipped development keys where null. */
  readonly keys?: string | null;
  /** prove: whether development keys may be used. */
  readonly allowDevelopment?: boolean;
  /** Milliseconds that a job may go on for after the workers were told to stop. */
  readonly graceMs?: number;
  /** notify: how receivers are reached. */
  readonly webhook?: DeliverOptions['webhook'];
}

/** Roles that run in this process. */
export interface Workers {
  /** One entry for each role, in the order of {@link ROLES}. */
  health(): readonly RoleHealth[];
  readonly registry: Registry;
  /** Takes nothing new, finishes or hands back what is held, gives leases back. A second call waits for the first. */
  stop(): Promise<void>;
}

/**
 * Starts roles in this process; any number of processes may, against one PostgreSQL. All of them start, or none does.
 *
 * @throws {PlimsollError} where a role can never run with this configuration; STORE_*
 */
export async function startWorkers(request: WorkersRequest): Promise<Workers> {
  const { config, database, log, surroundings = MACHINE, registry = new Registry(), sealer = createSealer(config.sealKey) } = request;
  const roles = ROLES.filter((role) => request.roles.includes(role));
  const context: RoleContext = { config, database, holder: holderName(database), surroundings, registry, log };
  // A database that is not there is said before anything else is begun.
  await database.query('select 1');
  const needsQueue = roles.some((role) => role === 'prove' || role === 'attest');
  const ownQueue = needsQueue && request.queue === undefined ? await openJobQueue({ database, failed: ({ code, message }) => log(`jobs: ${code}: ${message}`) }) : null;
  const queue = request.queue ?? ownQueue;
  const running: RunningRole[] = [];

  async function end(): Promise<void> {
    await Promise.all(running.map((role) => role.stop()));
    await ownQueue?.close();
  }
  try {
    for (const role of roles) {
      running.push(await starterOf(role, { ...request, sealer, queue })(context));
      log(`${role}: started`);
    }
  } catch (error) {
    await end();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  return { health: () => running.map((role) => role.health()), registry, stop: () => (stopping ??= end()) };
}

/**
 * Reads roles as the command line names them, separated by commas.
 *
 * @throws {InvalidArgument} for one that there is not
 * @example
 * ```ts
 * parseRoles('watch,sync'); // ['sync', 'watch']
 * ```
 */
export function parseRoles(text: string): readonly RoleName[] {
  const named = text.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !ROLES.some((role) => role === name));
  if (unknown !== undefined) throw new InvalidArgument(`"${unknown}" is not a role. There are ${ROLES.join(', ')}; write them as in --roles sync,watch.`, { role: unknown });
  return ROLES.filter((role) => named.includes(role));
}

type Means = Omit<WorkersRequest, 'queue'> & { readonly sealer: Sealer; readonly queue: JobQueue | null };

function starterOf(role: RoleName, means: Means): StartRole {
  const { sealer, keyFile = null, keys = null, allowDevelopment = false, graceMs = GRACE_MS, webhook } = means;
  switch (role) {
    case 'sync':
      return startSync;
    case 'watch':
      return startWatch;
    case 'prove':
      return proveRole({ queue: requireQueue(means), sealer, keys, allowDevelopment, graceMs });
    case 'attest':
      return attestRole({ queue: requireQueue(means), sealer, keyFile, graceMs });
    case 'notify':
      return notifyRole({ sealer, ...(webhook === undefined ? {} : { webhook }) });
  }
}

function requireQueue({ queue }: Means): JobQueue {
  if (queue === null) throw new InvalidArgument('There is no queue of jobs.');
  return queue;
}
