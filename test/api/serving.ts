import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service, type ServiceOptions, startService } from '../../src/api/start-service.ts';
import { type Config, readConfig } from '../../src/config.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { createSealer, type Sealer } from '../../src/store/seal.ts';

/** The wallet that the recorded data construct in four protocols. */
export const DEMO = '0xc0ffee00000000000000000000000000c0ffee01';
export const DEMO_RECORDED = 'constructed-wallet';

/** A service of a test's own, on a free port, over recorded data. */
export interface TestService {
  readonly service: Service;
  readonly origin: string;
  readonly database: Database;
  readonly sealer: Sealer;
  readonly config: Config;
  /** Every line of the log so far. */
  readonly log: () => string;
  /** A folder that is gone at the end. */
  readonly folder: string;
  close(): Promise<void>;
}

/** What a test changes. */
export interface TestServiceOptions extends Partial<Omit<ServiceOptions, 'config' | 'log'>> {
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a service; its database, in memory where none is given, is opened when it is first used and closed with it. */
export async function startTestService({ environment = {}, database = openDatabase({ kind: 'memory' }), ...options }: TestServiceOptions = {}): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-api-'));
  const config = readConfig({ PLIMSOLL_API_KEYS: join(folder, 'keys.json'), PLIMSOLL_LOG: 'debug', ...environment });
  const sealer = createSealer();
  const lines: string[] = [];
  try {
    const service = await startService({
      host: '127.0.0.1',
      port: 0,
      isDurable: false,
      sealer,
      log: { write: (line) => void lines.push(line) },
      ...options,
      limits: { requestsPerMinute: 1_000_000, costlyPerMinute: 1_000_000, ...options.limits },
      config,
      database,
    });
    const close = async (): Promise<void> => {
      await service.stop();
      // A test may have closed it.
      await database.close().catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    };
    return { service, origin: service.origin, database, sealer, config, log: () => lines.join(''), folder, close };
  } catch (error) {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** What came back, with its JSON where it is some. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Asks a service. */
export async function ask(
  origin: string,
  path: string,
  { body, ...init }: Omit<RequestInit, 'body' | 'headers'> & { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const response = await fetch(`${origin}${path}`, {
    ...init,
    ...(body === undefined ? {} : { method: init.method ?? 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', ...init.headers } }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = text !== '' && /^application\/(?:problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
}
