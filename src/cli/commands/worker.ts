import type { Command } from 'commander';
import { startWorkerHealth, type WorkerHealth } from '../../api/worker-health.ts';
import type { Config } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { encodeJson } from '../../core/json.ts';
import { locateStore } from '../../service/locate-store.ts';
import type { RoleHealth, RoleName } from '../../service/workers/role.ts';
import { parseRoles, startWorkers, type Workers } from '../../service/workers/start-workers.ts';
import { openDatabase } from '../../store/open-database.ts';
import type { Console } from '../console.ts';
import { plain } from '../render/format.ts';

interface WorkerFlags {
  readonly roles?: string;
  readonly healthPort?: string;
  readonly keyFile?: string;
  readonly keys?: string;
  readonly devKeys: boolean;
}

const MOST_PORT = 65_535;

/** `plimsoll worker`: some or all roles in this process, until it is told to stop. */
export function addWorkerCommand(program: Command, config: () => Config, console: Console): void {
  program
    .command('worker')
    .description('keep the book, watch it, prove, attest, deliver; in as many processes as wanted against one DATABASE_URL, or all in one on the embedded database')
    .option('--roles <roles>', 'sync, watch, prove, attest, notify, separated by commas (sync, watch and notify where absent; prove with keys, attest with a key file)')
    .option('--health-port <port>', '/healthz, /readyz and /metrics on the loopback')
    .option('--key-file <file>', "attest: the attestor's key (plimsoll attestor create)")
    .option('--keys <folder>', 'prove: proving keys with their manifest')
    .option('--dev-keys', 'prove: use the shipped development keys: anyone can forge proofs with them, so they count on development chains only', false)
    .action(async (flags: WorkerFlags) => {
      const settings = config();
      const roles = flags.roles === undefined ? rolesOf(flags) : parseRoles(flags.roles);
      const port = flags.healthPort === undefined ? null : readPort(flags.healthPort);
      const stop = listenForSignals(console);
      const database = openDatabase(locateStore(settings));
      try {
        const workers = await startWorkers({
          config: settings,
          database,
          roles,
          keyFile: flags.keyFile ?? null,
          keys: flags.keys ?? null,
          allowDevelopment: flags.devKeys,
          log: (line) => console.progress(plain(line)),
        });
        const last = await runUntil(stop.signal, workers, { port, console });
        console.output(encodeJson(last), () => last.map(render).join(''));
      } finally {
        await database.close();
        stop.forget();
      }
    });
}

async function runUntil(signal: AbortSignal, workers: Workers, { port, console }: { readonly port: number | null; readonly console: Console }): Promise<readonly RoleHealth[]> {
  let health: WorkerHealth | null = null;
  try {
    health = port === null ? null : await startWorkerHealth({ workers, port });
    if (health !== null) console.progress(`Health and metrics on http://127.0.0.1:${health.port}`);
    console.progress(
      `Working: ${workers
        .health()
        .map(({ role }) => role)
        .join(', ')}`,
    );
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    await workers.stop();
    await health?.close();
  }
  return workers.health();
}

/** The first signal stops in good order; a second one finds no listener any more and ends the process at once. */
function listenForSignals(console: Console): { readonly signal: AbortSignal; forget(): void } {
  const stop = new AbortController();
  const forget = (): void => {
    process.off('SIGINT', end).off('SIGTERM', end);
  };
  const end = (): void => {
    forget();
    console.progress('Stopping: nothing new is taken, what is held is finished or handed back. A second signal ends at once.');
    stop.abort();
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  return { signal: stop.signal, forget };
}

function rolesOf({ keyFile, keys, devKeys }: WorkerFlags): readonly RoleName[] {
  return ['sync', 'watch', ...(keys !== undefined || devKeys ? (['prove'] as const) : []), ...(keyFile === undefined ? [] : (['attest'] as const)), 'notify'];
}

function readPort(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= MOST_PORT) return Number(text);
  throw new InvalidArgument(`--health-port "${text}" is not a port. Write it as in --health-port 9464; 0 takes any that is free.`);
}

function render({ role, lastSuccess, failures }: RoleHealth): string {
  const failed = Object.entries(failures).map(([code, count]) => `${code} ${count}`);
  const last = lastSuccess === null ? 'never came to the end of a round' : `last round ${new Date(lastSuccess).toISOString()}`;
  return `${role.padEnd(6)} stopped; ${last}${failed.length === 0 ? '' : `; failures: ${failed.join(', ')}`}\n`;
}
