import type { Command } from 'commander';
import { SCOPES, type Scope } from '../../api/contract/operations.ts';
import { createApiKey } from '../../api/http/api-keys.ts';
import { databaseKeyStore, fileKeyStore, type KeyStore, locateKeys } from '../../api/http/key-store.ts';
import { type Config, isLive } from '../../config.ts';
import { InvalidArgument } from '../../core/errors.ts';
import { locateStore } from '../../service/locate-store.ts';
import { parseRoles } from '../../service/workers/start-workers.ts';
import { systemClock } from '../../sources/clock.ts';
import { openDatabase } from '../../store/open-database.ts';
import type { Console } from '../console.ts';
import { ensurePage } from '../ensure-page.ts';
import { EXIT } from '../exit.ts';
import { startServing, untilSignal } from '../start-serving.ts';

interface ServeFlags {
  readonly port: string;
  readonly host: string;
  readonly roles?: string;
}

const MOST_PORT = 65_535;

/** `plimsoll serve`: the API and the page, with workers in the same process where the database is the embedded one; and the keys that open it to others. */
export function addServeCommand(program: Command, config: () => Config, console: Console): void {
  const serve = program
    .command('serve')
    .description('the API, its documentation and the page; on the loopback only until there are API keys')
    .option('--port <port>', 'where to listen; 0 for any that is free', '8080')
    .option('--host <address>', 'which address to listen on; others than the loopback need API keys', '127.0.0.1')
    .option('--roles <roles>', 'workers in this process: sync, watch, prove, attest, notify, or none (by default those that fit an embedded database)')
    .action(async (flags: ServeFlags) => {
      const settings = config();
      const roles = flags.roles === undefined ? null : flags.roles === 'none' ? [] : parseRoles(flags.roles);
      const progress = (line: string): void => console.progress(line);
      await ensurePage(progress);
      const stopped = untilSignal();
      const serving = await startServing({ config: settings, host: flags.host, port: readPort(flags.port), roles, progress, log: { write: (line) => process.stderr.write(line) } });
      const { origin, port } = serving.service;
      console.progress(linesOf(origin, isLive(settings), serving.roles).join('\n'));
      await stopped;
      console.progress('Stopping: nothing new is taken, what is under way comes to its end. A second signal ends at once.');
      await serving.stop();
      console.output({ origin, port, stopped: true }, () => '');
    });
  addKeyCommands(serve, config, console);
}

function addKeyCommands(serve: Command, config: () => Config, console: Console): void {
  const keys = serve.command('keys').description('API keys; a running service takes changes up by itself');
  keys
    .command('create')
    .description('make a key and print it, this once')
    .argument('<name>', 'whose it is: letters, digits, dots and dashes')
    .requiredOption('--scopes <scopes>', `what it may do, separated by commas: ${SCOPES.join(', ')}`)
    .action(async (name: string, flags: { scopes: string }) => {
      const scopes = readScopes(flags.scopes);
      const key = await withKeys(config(), (store) => createApiKey(store, { name, scopes, now: Math.floor(systemClock.now() / 1000) }));
      console.progress('Keep it: only its hash is kept here.');
      console.output({ name, scopes: [...scopes], key }, () => `${key}\n`);
    });
  keys
    .command('list')
    .description('names, scopes and ages')
    .action(async () => {
      const known = await withKeys(config(), (store) => store.list());
      const rows = known.map(({ name, scopes, createdAt }) => ({ name, scopes, createdAt }));
      console.output(rows, () => rows.map(({ name, scopes, createdAt }) => `${name.padEnd(24)} ${scopes.join(',').padEnd(36)} ${new Date(createdAt * 1000).toISOString()}\n`).join(''));
    });
  keys
    .command('revoke')
    .description('take a key out: it ends within seconds')
    .argument('<name>', 'its name')
    .action(async (name: string) => {
      const revoked = await withKeys(config(), (store) => store.remove(name));
      if (!revoked) throw new InvalidArgument(`There is no key named ${name}. "plimsoll serve keys list" names them.`, { name });
      console.output({ name, revoked }, () => `Revoked ${name}.\n`);
      console.exit(EXIT.ok);
    });
}

/** Keys lie in a file, or in the database that several processes share. */
async function withKeys<Result>(config: Config, work: (store: KeyStore) => Promise<Result>): Promise<Result> {
  const place = locateKeys(config);
  if (place.kind === 'file') return work(fileKeyStore(place.path));
  const database = openDatabase(locateStore(config));
  try {
    return await work(databaseKeyStore(database));
  } finally {
    await database.close();
  }
}

/** Where everything is. */
export function linesOf(origin: string, isLiveData: boolean, roles: readonly string[]): readonly string[] {
  const shown = origin.replace('127.0.0.1', 'localhost');
  return [
    `Page  ${shown}/`,
    `API   ${shown}/v1/wallets/${isLiveData ? '<wallet>' : '0xc0ffee00000000000000000000000000c0ffee01'}`,
    `Docs  ${shown}/docs   (OpenAPI: ${shown}/openapi.json)`,
    `${isLiveData ? 'Live data' : 'Recorded data: no key, no network'}${roles.length === 0 ? '' : `; working here: ${roles.join(', ')}`}. Ctrl-C stops it.`,
  ];
}

function readPort(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= MOST_PORT) return Number(text);
  throw new InvalidArgument(`--port "${text}" is not a port. Write it as in --port 8080; 0 takes any that is free.`);
}

function readScopes(text: string): readonly Scope[] {
  const named = text.split(',').map((scope) => scope.trim());
  const unknown = named.find((name) => !SCOPES.some((scope) => scope === name));
  if (unknown !== undefined) throw new InvalidArgument(`"${unknown}" is not a scope. There are ${SCOPES.join(', ')}.`);
  return SCOPES.filter((scope) => named.includes(scope));
}
