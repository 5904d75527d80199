import { Decimal } from './core/decimal.ts';
import { PlimsollError } from './core/errors.ts';
import { type ChainId, parseChain } from './core/ids.ts';

/** What the environment says. Everything is optional: with nothing set, Plimsoll reads its embedded recorded data. */
export interface Config {
  /** Key of The Graph's gateway. */
  readonly graphApiKey: string | null;
  /** Own subgraph endpoints by deployment id. */
  readonly graphUrls: ReadonlyMap<string, string>;
  readonly rpcUrls: ReadonlyMap<ChainId, { readonly first: string; readonly second: string | null }>;
  /** Base address of a market price API in the form of coins.llama.fi; null = no market prices. */
  readonly priceApiUrl: string | null;
  readonly maxBlockAgeSeconds: number;
  /** Health below which a wallet is `warning`, and `critical`, as plain decimals; null for the engine's own. */
  readonly bands: { readonly warning: string; readonly critical: string } | null;
  /** Seconds that one request may take with all its repetitions. */
  readonly deadlineSeconds: number;
  /** Name or folder of the recorded data set to use. */
  readonly recorded: string | null;
  /** A native prover (rapidsnark's command line) to be used instead of snarkjs. */
  readonly rapidsnarkBin: string | null;
  /** The PostgreSQL database that holds the book; null for the embedded one. It may carry a password: never show it. */
  readonly databaseUrl: string | null;
  /** The folder of the embedded database; null for the one in the home folder. */
  readonly dataFolder: string | null;
  /** The 32 bytes under which rows and secrets are kept sealed in the database; null for a key that ends with the process. Never show it. */
  readonly sealKey: Uint8Array | null;
  /** Whether development keys are refused whatever is asked for. */
  readonly production: boolean;
  readonly service: ServiceConfig;
}

/** How much the service writes into its log. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** What the environment says about `plimsoll serve`. */
export interface ServiceConfig {
  /** The file with the hashes of API keys; null for the shared database, or the file beside the embedded one. */
  readonly apiKeysFile: string | null;
  /** What may be done without a key once there are keys. */
  readonly anonymousScopes: readonly string[];
  /** Web origins that may call the API; `*` for all. Any needs API keys. */
  readonly corsOrigins: readonly string[];
  /** Requests a minute of one caller. */
  readonly requestsPerMinute: number;
  /** Whether the service makes proofs itself: then it is sent positions. */
  readonly proofs: boolean;
  /** How many proxies stand before the service, whose word about the caller's address is taken. Any needs API keys. */
  readonly proxies: number;
  readonly logLevel: LogLevel;
  /** Seconds that the service goes on after it turned red at its end, so that no more is sent to it when it closes. */
  readonly drainSeconds: number;
  /** The file that names attestors; null for none. */
  readonly attestorsFile: string | null;
}

/** The variables that configure Plimsoll, for `doctor` and the README. */
export const VARIABLES = [
  ['GRAPH_API_KEY', 'discovers accounts on every deployment through The Graph'],
  ['GRAPH_URL_<DEPLOYMENT>', 'a subgraph endpoint of your own, as in GRAPH_URL_AAVE_V3_1_CORE'],
  ['RPC_URL_<CHAIN>', 'values accounts on that chain exactly, as in RPC_URL_1'],
  ['RPC_URL_<CHAIN>_SECOND', 'a second endpoint: both must agree at the block hash'],
  ['PRICE_API_URL', 'market prices beside the oracles (the form of coins.llama.fi)'],
  ['PLIMSOLL_MAX_BLOCK_AGE', 'seconds after which a source counts as stale (default 600)'],
  ['PLIMSOLL_BANDS', 'health below which a wallet is warning, and critical (default 1.5,1.2)'],
  ['PLIMSOLL_DEADLINE', 'seconds that a request may take with all its repetitions (default 20)'],
  ['NODE_ENV', 'production: development proving keys are refused'],
  ['RAPIDSNARK_BIN', 'a native prover instead of snarkjs: the path of rapidsnark'],
  ['DATABASE_URL', 'a PostgreSQL database for the book, shared by any number of processes'],
  ['PLIMSOLL_DATA', 'the folder of the embedded database, used where DATABASE_URL is not set (default ~/.plimsoll); recorded data are kept beside it, under its name with -recorded'],
  ['PLIMSOLL_SEAL_KEY', 'seals jobs and webhook secrets in the database: 64 hex digits, the same for all processes (default: a key that ends with the process)'],
  ['PLIMSOLL_API_KEYS', 'the file with the hashes of API keys, made by "plimsoll serve keys create" (default: the database of DATABASE_URL, else beside the data folder)'],
  ['PLIMSOLL_ANONYMOUS', 'what may be done without a key once there are keys, as in read,plan (default: nothing)'],
  ['PLIMSOLL_CORS', 'web origins that may call the API, separated by commas (default: none); needs API keys'],
  ['PLIMSOLL_RATE_LIMIT', 'requests a minute of one caller (default 1200)'],
  ['PLIMSOLL_PROOFS', 'on: the service makes proofs, and is sent positions for it (default: off)'],
  ['PLIMSOLL_PROXIES', 'how many proxies stand before the service (default 0); needs API keys'],
  ['PLIMSOLL_DRAIN_SECONDS', 'seconds that the service goes on at its end, /readyz red, before it closes (default 0)'],
  ['PLIMSOLL_LOG', 'what the service logs: silent, error, warn, info or debug (default info)'],
  ['PLIMSOLL_ATTESTORS', 'a file that names attestors, for GET /v1/attestors'],
  ['PLIMSOLL_RECORDED', 'a recorded data set instead of live data, by name or folder'],
] as const;

const DEFAULT_MAX_BLOCK_AGE_SECONDS = 600;
const DEFAULT_DEADLINE_SECONDS = 20;

/**
 * Reads the environment. The only function that does.
 *
 * @throws {PlimsollError} INVALID_CONFIGURATION naming the variable, never its value
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const set = Object.entries(environment).flatMap(([name, value]): [string, string][] => (value === undefined || value.trim() === '' ? [] : [[name, value.trim()]]));
  const valueOf = (name: string): string | null => set.find(([key]) => key === name)?.[1] ?? null;
  const graphUrls = new Map(set.filter(([name]) => name.startsWith('GRAPH_URL_')).map(([name, value]) => [name, requireUrl(name, value)]));
  return {
    graphApiKey: valueOf('GRAPH_API_KEY'),
    graphUrls,
    rpcUrls: readRpcUrls(set),
    priceApiUrl: optionalUrl('PRICE_API_URL', valueOf('PRICE_API_URL')),
    maxBlockAgeSeconds: readSeconds('PLIMSOLL_MAX_BLOCK_AGE', valueOf('PLIMSOLL_MAX_BLOCK_AGE'), DEFAULT_MAX_BLOCK_AGE_SECONDS),
    bands: readBands(valueOf('PLIMSOLL_BANDS')),
    deadlineSeconds: readSeconds('PLIMSOLL_DEADLINE', valueOf('PLIMSOLL_DEADLINE'), DEFAULT_DEADLINE_SECONDS),
    recorded: valueOf('PLIMSOLL_RECORDED'),
    rapidsnarkBin: valueOf('RAPIDSNARK_BIN'),
    databaseUrl: readDatabaseUrl(valueOf('DATABASE_URL')),
    dataFolder: valueOf('PLIMSOLL_DATA'),
    sealKey: readSealKey(valueOf('PLIMSOLL_SEAL_KEY')),
    production: valueOf('NODE_ENV') === 'production',
    service: readService(valueOf),
  };
}

const DEFAULT_REQUESTS_PER_MINUTE = 1_200;
const SCOPE_NAMES = ['read', 'plan', 'prove', 'webhooks', 'admin'];

function readService(valueOf: (name: string) => string | null): ServiceConfig {
  const listOf = (name: string): readonly string[] => (valueOf(name) ?? '').split(',').flatMap((entry) => entry.trim() || []);
  return {
    apiKeysFile: valueOf('PLIMSOLL_API_KEYS'),
    anonymousScopes: listOf('PLIMSOLL_ANONYMOUS').map((scope) => requireOneOf('PLIMSOLL_ANONYMOUS', scope, SCOPE_NAMES)),
    corsOrigins: listOf('PLIMSOLL_CORS').map(requireOrigin),
    requestsPerMinute: readSeconds('PLIMSOLL_RATE_LIMIT', valueOf('PLIMSOLL_RATE_LIMIT'), DEFAULT_REQUESTS_PER_MINUTE, 'requests a minute'),
    proofs: requireOneOf('PLIMSOLL_PROOFS', valueOf('PLIMSOLL_PROOFS') ?? 'off', ['on', 'off']) === 'on',
    proxies: Number(requireOneOf('PLIMSOLL_PROXIES', valueOf('PLIMSOLL_PROXIES') ?? '0', ['0', '1', '2', '3', '4'])),
    drainSeconds: valueOf('PLIMSOLL_DRAIN_SECONDS') === '0' ? 0 : readSeconds('PLIMSOLL_DRAIN_SECONDS', valueOf('PLIMSOLL_DRAIN_SECONDS'), 0),
    logLevel: requireOneOf('PLIMSOLL_LOG', valueOf('PLIMSOLL_LOG') ?? 'info', ['silent', 'error', 'warn', 'info', 'debug']),
    attestorsFile: valueOf('PLIMSOLL_ATTESTORS'),
  };
}

function requireOneOf<Name extends string>(variable: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new PlimsollError('INVALID_CONFIGURATION', `${variable} must be one of ${names.join(', ')}.`, { variable });
}

function requireOrigin(value: string): string {
  if (value === '*' || (URL.canParse(value) && new URL(value).origin === value)) return value;
  throw new PlimsollError('INVALID_CONFIGURATION', 'PLIMSOLL_CORS must be origins such as https://example.org, separated by commas, or *.', { variable: 'PLIMSOLL_CORS' });
}

/** Whether anything live is configured; otherwise the embedded data are read. */
export function isLive(config: Config): boolean {
  return config.recorded === null && (config.graphApiKey !== null || config.graphUrls.size > 0 || config.rpcUrls.size > 0);
}

/** Whether the stored book is one that workers are to keep: of live sources, or shared with other processes. */
export function hasWatchedBook(config: Config): boolean {
  return isLive(config) || config.databaseUrl !== null;
}

/** The name of the variable that sets a deployment's own subgraph endpoint. */
export function graphUrlVariable(deploymentId: string): string {
  return `GRAPH_URL_${deploymentId.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

function readRpcUrls(set: readonly (readonly [string, string])[]): Config['rpcUrls'] {
  const urls = new Map<ChainId, { first: string; second: string | null }>();
  for (const [name, value] of set) {
    const chain = /^RPC_URL_([0-9]+)$/.exec(name)?.[1];
    if (chain === undefined) continue;
    const second = set.find(([key]) => key === `${name}_SECOND`)?.[1] ?? null;
    urls.set(parseChain(chain), { first: requireUrl(name, value), second: optionalUrl(`${name}_SECOND`, second) });
  }
  return urls;
}

function readSeconds(variable: string, text: string | null, otherwise: number, unit = 'seconds'): number {
  if (text === null) return otherwise;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new PlimsollError('INVALID_CONFIGURATION', `${variable} must be a whole number of ${unit} above 0.`, { variable });
}

function readBands(value: string | null): Config['bands'] {
  if (value === null) return null;
  const [, warning, critical] = /^([0-9]{1,9}(?:\.[0-9]{1,18})?),\s*([0-9]{1,9}(?:\.[0-9]{1,18})?)$/.exec(value) ?? [];
  if (warning !== undefined && critical !== undefined && new Decimal(critical).gte(1) && new Decimal(warning).gte(critical)) return { warning, critical };
  throw new PlimsollError('INVALID_CONFIGURATION', 'PLIMSOLL_BANDS must be two decimals such as 1.5,1.2: warning first, then critical, which is no more than it and at least 1.', {
    variable: 'PLIMSOLL_BANDS',
  });
}

function readDatabaseUrl(value: string | null): string | null {
  if (value === null || (URL.canParse(value) && /^postgres(?:ql)?:$/.test(new URL(value).protocol))) return value;
  throw new PlimsollError('INVALID_CONFIGURATION', 'DATABASE_URL must be a postgres:// or postgresql:// address.', { variable: 'DATABASE_URL' });
}

function readSealKey(value: string | null): Uint8Array | null {
  if (value === null) return null;
  const digits = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(value)?.[1];
  if (digits !== undefined) return Uint8Array.from({ length: digits.length / 2 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
  throw new PlimsollError('INVALID_CONFIGURATION', 'PLIMSOLL_SEAL_KEY must be 32 bytes as 64 hex digits, as "openssl rand -hex 32" prints them.', { variable: 'PLIMSOLL_SEAL_KEY' });
}

function optionalUrl(name: string, value: string | null): string | null {
  return value === null ? null : requireUrl(name, value);
}

function requireUrl(name: string, value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new PlimsollError('INVALID_CONFIGURATION', `${name} must be an http or https address.`, { variable: name });
}
