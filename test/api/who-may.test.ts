import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { type Answer, ask, DEMO, startTestService, type TestService, type TestServiceOptions } from './serving.ts';

const WRONG = `plk_${'A'.repeat(43)}`;
const APP = 'https://app.example.org';

let folder = '';
let file = '';
/** Opened once: that takes longer than everything else here. */
let shared: Database;
const keys = new Map<string, string>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-who-may-'));
  file = join(folder, 'keys.json');
  shared = openDatabase({ kind: 'memory' });
  for (const name of ['one', 'two']) keys.set(name, await createApiKey(fileKeyStore(file), { name, scopes: ['read', 'plan', 'prove'], now: 1 }));
});
afterAll(async () => {
  await shared.close();
  await rm(folder, { recursive: true, force: true });
});

const bearer = (key: string | undefined): Record<string, string> => ({ authorization: `Bearer ${key}` });
const as = (name: string): Record<string, string> => bearer(keys.get(name));

async function withKeys({ environment, ...options }: TestServiceOptions, work: (running: TestService) => Promise<void>): Promise<void> {
  const running = await startTestService({ database: { ...shared, close: async () => {} }, ...options, environment: { PLIMSOLL_API_KEYS: file, ...environment } });
  try {
    await work(running);
  } finally {
    await running.close();
  }
}

/** Asks for the same thing some times over, one after the other. */
async function statuses(times: number, request: () => Promise<Answer>): Promise<readonly number[]> {
  const found: number[] = [];
  for (let round = 0; round < times; round += 1) found.push((await request()).status);
  return found;
}

describe('the limit of requests a minute', () => {
  const asked = (running: TestService, headers: Record<string, string> = {}) => ask(running.origin, '/v1/protocols', { headers });

  test('behavior: holds for who has no key or a wrong one, counted together by address', async () => {
    await withKeys({ limits: { requestsPerMinute: 6 } }, async (running) => {
      expect(await statuses(3, () => asked(running))).toEqual([401, 401, 401]);
      expect(await statuses(5, () => asked(running, bearer(WRONG)))).toEqual([401, 401, 401, 429, 429]);
      const refused = await asked(running, bearer('nonsense'));
      expect([refused.json['code'], Number(refused.headers.get('retry-after')) > 0]).toEqual(['TOO_MANY_REQUESTS', true]);
      // Whoever has a key is not shut out by others of his address.
      expect((await asked(running, as('one'))).status).toBe(200);
    });
  });

  test('behavior: counts each key by itself, whatever address it comes from, and also what the key does not cover', async () => {
    await withKeys({ limits: { requestsPerMinute: 4 } }, async (running) => {
      expect(await statuses(3, () => asked(running, as('one')))).toEqual([200, 200, 200]);
      expect(await statuses(3, () => ask(running.origin, '/metrics', { headers: as('one') }))).toEqual([403, 429, 429]);
      expect(await statuses(5, () => asked(running, as('two')))).toEqual([200, 200, 200, 200, 429]);
    });
  });

  test('behavior: counts what is open to anybody by address', async () => {
    await withKeys({ limits: { requestsPerMinute: 3 }, environment: { PLIMSOLL_ANONYMOUS: 'read' } }, async (running) => {
      expect(await statuses(2, () => asked(running))).toEqual([200, 200]);
      expect((await asked(running, bearer(WRONG))).status).toBe(401);
      expect(await statuses(2, () => asked(running))).toEqual([429, 429]);
    });
  });

  test('behavior: is a lower one for what a solver works for', async () => {
    await withKeys({ limits: { requestsPerMinute: 1_000, costlyPerMinute: 2 } }, async (running) => {
      const plan = (name: string) => () => ask(running.origin, `/v1/wallets/${DEMO}/plan`, { body: { target: '0.1' }, headers: as(name) });
      expect(await statuses(4, plan('one'))).toEqual([400, 400, 429, 429]);
      expect((await asked(running, as('one'))).status).toBe(200);
      expect(await statuses(1, plan('two'))).toEqual([400]);
      // How a job stands is asked again and again.
      expect(await statuses(4, () => ask(running.origin, `/v1/proofs/prove-${'0'.repeat(40)}`, { headers: as('two') }))).toEqual([403, 403, 403, 403]);
      expect(await statuses(3, () => ask(running.origin, '/v1/proofs', { body: {}, headers: as('two') }))).toEqual([400, 429, 429]);
    });
  });
});

describe('a service without keys', () => {
  test('error: INVALID_ARGUMENT on another address than the loopback', async () => {
    await expect(startTestService({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('serve keys create') });
  });

  test.each([
    ['PLIMSOLL_CORS', APP],
    ['PLIMSOLL_CORS', '*'],
    ['PLIMSOLL_PROXIES', '1'],
  ])('error: INVALID_CONFIGURATION for %s=%s, which would open all of it', async (variable, value) => {
    await expect(startTestService({ environment: { [variable]: value } })).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      fields: { variable },
      message: expect.stringMatching(new RegExp(`^${variable} .*serve keys create.*leave ${variable} out`)),
    });
    await withKeys({ environment: { [variable]: value } }, async (running) => {
      expect((await ask(running.origin, '/v1/protocols', { headers: as('one') })).status).toBe(200);
    });
  });
});

describe('names and origins', () => {
  /** `fetch` sends no Host of one's choice. */
  function statusAt(origin: string, path: string, headers: Readonly<Record<string, string>>): Promise<readonly [number | undefined, string]> {
    return new Promise((resolve, reject) => {
      const request = get(`${origin}${path}`, { headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve([answer.statusCode, text]));
      });
      request.on('error', reject);
    });
  }

  test('behavior: without keys it answers to its own names alone, wherever one asks: a name that somebody points at this machine is none', async () => {
    const running = await startTestService();
    try {
      for (const path of ['/v1/protocols', '/healthz', '/docs', '/openapi.json', '/metrics', '/nowhere']) {
        for (const host of ['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1']) {
          const [status, text] = await statusAt(running.origin, path, { host });
          expect([path, host, status, text.includes('"code":"FORBIDDEN"')]).toEqual([path, host, 403, true]);
        }
      }
      for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]:8080']) expect([host, (await statusAt(running.origin, '/v1/protocols', { host }))[0]]).toEqual([host, 200]);
    } finally {
      await running.close();
    }
    await withKeys({}, async (closed) => {
      expect((await statusAt(closed.origin, '/v1/protocols', { host: 'plimsoll.example', ...as('one') }))[0]).toBe(200);
    });
  });

  test('behavior: pages of other origins are let in by configuration alone', async () => {
    const path = `/v1/wallets/${DEMO}`;
    const from = (origin: string) => ({ headers: { origin, ...as('one') } });
    await withKeys({}, async (own) => expect((await ask(own.origin, path, from(APP))).headers.get('access-control-allow-origin')).toBeNull());
    await withKeys({ environment: { PLIMSOLL_CORS: APP } }, async (own) => {
      expect((await ask(own.origin, path, from(APP))).headers.get('access-control-allow-origin')).toBe(APP);
      expect((await ask(own.origin, path, from('https://evil.example.org'))).headers.get('access-control-allow-origin')).toBeNull();
      const preflight = await ask(own.origin, `${path}/plan`, { method: 'OPTIONS', headers: { origin: APP, 'access-control-request-method': 'POST' } });
      expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, POST, DELETE']);
    });
  });
});
