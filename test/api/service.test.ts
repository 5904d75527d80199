import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/api/client/client.ts';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import { startReadiness } from '../../src/api/routes/readiness.ts';
import { ERROR_TABLE, type ErrorCode } from '../../src/core/errors.ts';
import type { SourceState } from '../../src/service/diagnose.ts';
import { isPublicAddress } from '../../src/sources/public-address.ts';
import { ask, DEMO, DEMO_RECORDED, startTestService, type TestService } from './serving.ts';

const WALLET = `/v1/wallets/${DEMO}`;
const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is still held, whatever garbage lay about. */
function usedBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function withService(options: Parameters<typeof startTestService>[0], work: (running: TestService) => Promise<void>): Promise<void> {
  const running = await startTestService(options);
  try {
    await work(running);
  } finally {
    await running.close();
  }
}

function expectProblem(answer: Awaited<ReturnType<typeof ask>>, code: ErrorCode): void {
  expect([answer.status, answer.json['code'], answer.headers.get('content-type')]).toEqual([ERROR_TABLE[code].status, code, 'application/problem+json; charset=utf-8']);
  expect(answer.json).toMatchObject({ status: answer.status, type: `/docs#${code}`, retryable: ERROR_TABLE[code].retryable, instance: `urn:plimsoll:request:${answer.headers.get('x-request-id')}` });
}

let running: TestService;
beforeAll(async () => {
  running = await startTestService();
});
afterAll(() => running.close());

describe('failures', () => {
  test.each<[string, ErrorCode, string, Parameters<typeof ask>[2]]>([
    ['no such address', 'NOT_FOUND', '/v1/nothing', {}],
    ['another method', 'METHOD_NOT_ALLOWED', WALLET, { method: 'PUT' }],
    ['an answer in another form', 'NOT_ACCEPTABLE', WALLET, { headers: { accept: 'text/csv' } }],
    ['a body of another type', 'UNSUPPORTED_MEDIA_TYPE', '/v1/health', { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['a body that is packed', 'UNSUPPORTED_MEDIA_TYPE', '/v1/health', { body: '{}', headers: { 'content-encoding': 'gzip' } }],
    ['a body that is too large', 'BODY_TOO_LARGE', '/v1/health', { body: `"${'x'.repeat(2_100_000)}"` }],
    ['no body', 'INVALID_ARGUMENT', '/v1/health', { method: 'POST', headers: { 'content-type': 'application/json' } }],
    ['no JSON', 'INVALID_ARGUMENT', '/v1/health', { body: '{"a"' }],
    ['no Portfolio', 'INVALID_PORTFOLIO', '/v1/health', { body: {} }],
    ['no wallet', 'INVALID_ARGUMENT', '/v1/wallets/0x12', {}],
    ['a file for a wallet', 'INVALID_ARGUMENT', '/v1/wallets/package.json', {}],
    ['a parameter that is not known', 'INVALID_ARGUMENT', `${WALLET}?chains=1`, {}],
    ['a parameter twice', 'INVALID_ARGUMENT', `${WALLET}?chain=1&chain=10`, {}],
    ['a folder for a data set', 'INVALID_ARGUMENT', `${WALLET}?recorded=..%2F..%2Fetc`, {}],
    ['a data set that there is not', 'INVALID_ARGUMENT', `${WALLET}?recorded=nowhere`, {}],
    ['a shock of nothing held', 'INVALID_ASSET', `${WALLET}?shock=DOGE%3D-10%25`, {}],
    ['a target below 1', 'INVALID_ARGUMENT', `${WALLET}/plan`, { body: { target: '0.5' } }],
    ['a cursor of its own making', 'INVALID_ARGUMENT', '/v1/opportunities?cursor=AAAAAAAAAAAA', {}],
    ['a proof where none are made', 'FORBIDDEN', '/v1/proofs/prove-0000000000000000000000000000000000000000', {}],
  ])('error: %s is %s', async (_, code, path, init) => {
    expectProblem(await ask(running.origin, path, init), code);
  });

  test('behavior: 405 says what is taken, also to OPTIONS', async () => {
    expect((await ask(running.origin, WALLET, { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    const options = await ask(running.origin, '/v1/webhooks', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
  });

  test('behavior: a name that a refusal would quote is not repeated', async () => {
    const { text } = await ask(running.origin, `${WALLET}?shock=${encodeURIComponent('<script>X9=-10%')}`);
    expect(text).toContain('INVALID_ASSET');
    expect(text).not.toMatch(/script|X9/);
  });
});

describe('answers', () => {
  test('default: a tag, and 304 to who knows it', async () => {
    const first = await ask(running.origin, WALLET);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    const again = await ask(running.origin, WALLET, { headers: { 'if-none-match': `"other", ${tag}` } });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag]);
    expect((await ask(running.origin, WALLET, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await ask(running.origin, `${WALLET}?chain=1`)).headers.get('etag')).not.toBe(tag);
  });

  test('behavior: HEAD is GET without a body', async () => {
    const head = await ask(running.origin, WALLET, { method: 'HEAD' });
    const get = await ask(running.origin, WALLET);
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', String(get.text.length)]);
  });

  test('behavior: a request id comes back where it is well-formed', async () => {
    expect((await ask(running.origin, '/healthz', { headers: { 'x-request-id': 'my-own_id-12345' } })).headers.get('x-request-id')).toBe('my-own_id-12345');
    expect((await ask(running.origin, '/healthz', { headers: { 'x-request-id': 'no id <b>' } })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('behavior: the policy allows nothing inline and nothing from elsewhere, WebAssembly apart', async () => {
    const { headers, text } = await ask(running.origin, '/docs');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("worker-src 'self'");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).not.toMatch(/<script|style=|onclick|(?:src|href)="(?!\/|#)/);
    expect(text).toContain('/v1/wallets/{wallet}');
  });

  test('default: the typed client', async () => {
    const client = createClient({ origin: running.origin, fetch: (input, init) => fetch(input, init) });
    const answer = await client.call('getWallet', { params: { wallet: DEMO }, query: { shock: 'ETH=-10%' } });
    expect(answer.ok && [answer.data.status, answer.data.shocked?.shock[0]?.target]).toEqual(['critical', 'ETH']);
    const refused = await client.call('planWallet', { params: { wallet: DEMO }, body: { target: '0.1' } });
    expect(refused).toMatchObject({ ok: false, status: 400, problem: { code: 'INVALID_ARGUMENT', retryable: false } });
    expect((await client.call('deleteWebhook', { params: { id: `wh_${'0'.repeat(24)}` } })).status).toBe(404);
  });
});

describe('who may', () => {
  test('behavior: keys are scoped, kept as hashes, and end when they are revoked', async () => {
    await withService({}, async (own) => {
      const file = join(own.folder, 'keys.json');
      const reader = await createApiKey(fileKeyStore(file), { name: 'reader', scopes: ['read'], now: 1 });
      const admin = await createApiKey(fileKeyStore(file), { name: 'admin', scopes: ['admin'], now: 1 });
      await withService({ environment: { PLIMSOLL_API_KEYS: file } }, async (other) => {
        const as = (key: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}` } });
        const none = await ask(other.origin, WALLET);
        expectProblem(none, 'UNAUTHENTICATED');
        expect(none.headers.get('www-authenticate')).toBe('Bearer');
        expectProblem(await ask(other.origin, WALLET, as(`plk_${'A'.repeat(43)}`)), 'UNAUTHENTICATED');
        expect((await ask(other.origin, WALLET, as(reader))).status).toBe(200);
        expectProblem(await ask(other.origin, `${WALLET}/plan`, { body: {}, ...as(reader) }), 'FORBIDDEN');
        expectProblem(await ask(other.origin, '/metrics', as(reader)), 'FORBIDDEN');
        expect((await ask(other.origin, '/metrics', as(admin))).status).toBe(200);
        for (const open of ['/healthz', '/readyz', '/docs', '/openapi.json']) expect((await ask(other.origin, open)).status, open).toBe(200);
        expect(other.log()).not.toContain(reader.slice(4));
        expect(other.log()).toContain('"caller":"reader"');
        await fileKeyStore(file).remove('reader');
        await fileKeyStore(file).remove('admin');
        // The file is looked at every two seconds; without any key left, nobody gets in.
        for (let round = 0; round < 40 && (await ask(other.origin, WALLET, as(reader))).status === 200; round += 1) await tick(250);
        expectProblem(await ask(other.origin, WALLET, as(reader)), 'UNAUTHENTICATED');
        expectProblem(await ask(other.origin, WALLET), 'UNAUTHENTICATED');
      });
    });
  });

  test('behavior: what is open to anybody is said by configuration', async () => {
    await withService({}, async (own) => {
      const file = join(own.folder, 'keys.json');
      await createApiKey(fileKeyStore(file), { name: 'somebody', scopes: ['plan'], now: 1 });
      await withService({ environment: { PLIMSOLL_API_KEYS: file, PLIMSOLL_ANONYMOUS: 'read' } }, async (other) => {
        expect((await ask(other.origin, WALLET)).status).toBe(200);
        expectProblem(await ask(other.origin, `${WALLET}/plan`, { body: {} }), 'UNAUTHENTICATED');
      });
    });
  });

  test.each([
    ['http://example.org/hook'],
    ['https://user:password@example.org/'],
    ['https://127.0.0.1/hook'],
    ['https://[::1]/hook'],
    ['https://[::ffff:169.254.169.254]/latest'],
    ['https://169.254.169.254/latest/meta-data'],
    ['https://0x7f000001/'],
    ['https://2130706433/'],
    ['https://localhost/hook'],
    ['https://inside.example.org/hook'],
    ['file:///etc/passwd'],
    ['gopher://example.org/'],
  ])('bad input: a webhook to %s', async (url) => {
    const resolve = async (host: string) => [{ address: host === 'inside.example.org' ? '10.0.0.7' : '127.0.0.1', family: 4 }];
    await withService({ webhookTarget: { resolve, isAllowed: isPublicAddress } }, async (own) => {
      const answer = await ask(own.origin, '/v1/webhooks', { body: { url, kinds: ['alert'] } });
      expectProblem(answer, 'INVALID_ARGUMENT');
      expect(answer.text).not.toMatch(/user:password|etc\/passwd|meta-data/);
    });
  });
});

describe('limits', () => {
  test('behavior: a caller who asks too often is told when to come again, and the limit holds', async () => {
    await withService({ limits: { requestsPerMinute: 10 } }, async (own) => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask(own.origin, '/v1/protocols')));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
      const refused = answers.find(({ status }) => status === 429);
      if (refused === undefined) throw new Error('nobody was refused');
      expectProblem(refused, 'TOO_MANY_REQUESTS');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('ratelimit')).toMatch(/r=0;t=\d+|r=0; t=\d+/);
      expect(answers[0]?.headers.get('ratelimit-policy')).toContain('q=10; w=60');
      expect((await ask(own.origin, '/healthz')).status).toBe(200);
    });
  });

  test('behavior: more work than it can do is refused at once, and then it goes on', async () => {
    await withService({ limits: { working: 1, waiting: 1, patienceMs: 60_000 } }, async (own) => {
      const wallets = Array.from({ length: 12 }, (_, at) => `/v1/wallets/0x${String(at).padStart(40, '0')}`);
      const answers = await Promise.all(wallets.map((path) => ask(own.origin, path)));
      const refused = answers.filter(({ status }) => status === 503);
      expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(12);
      expect(refused.length).toBeGreaterThan(5);
      if (refused[0] !== undefined) expectProblem(refused[0], 'OVERLOADED');
      expect(refused[0]?.headers.get('retry-after')).toBe('1');
      for (const path of wallets.slice(0, 3)) expect((await ask(own.origin, path)).status).toBe(200);
    });
  });

  test('behavior: requests beyond those that it holds at once are refused', async () => {
    await withService({ limits: { inFlight: 2 } }, async (own) => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(own.origin, WALLET)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses).toContain(503);
      expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
      expect((await ask(own.origin, WALLET)).status).toBe(200);
    });
  });

  test('behavior: streams beyond those of one caller, or of all, are refused', async () => {
    for (const [stream, code] of [
      [{ mostPerCaller: 2 }, 'TOO_MANY_REQUESTS'],
      [{ mostClients: 2 }, 'OVERLOADED'],
      [{ mostWallets: 1 }, 'OVERLOADED'],
    ] as const) {
      await withService({ stream }, async (own) => {
        const lines = [];
        for (let at = 0; at < 2; at += 1) lines.push(await fetch(`${own.origin}/v1/stream?wallet=${DEMO}`));
        expect(lines.map(({ status }) => status)).toEqual([200, 200]);
        expectProblem(await ask(own.origin, `/v1/stream?wallet=0x${'1'.repeat(40)}`), code);
        for (const line of lines) await line.body?.cancel();
      });
    }
  });

  test('behavior: what takes longer than a request may is broken off', async () => {
    await withService({ limits: { deadlineMs: 1 } }, async (own) => {
      expectProblem(await ask(own.origin, WALLET), 'DEADLINE_EXCEEDED');
      expect((await ask(own.origin, '/healthz')).status).toBe(200);
    });
  });

  test('behavior: memory is flat over many requests of different wallets', async () => {
    await withService({ limits: { reports: 20 } }, async (own) => {
      const rounds = process.env['PLIMSOLL_LONG'] === '1' ? 2_000 : 25;
      const load = async (from: number): Promise<void> => {
        for (let at = from; at < from + rounds; at += 1) await ask(own.origin, `/v1/wallets/0x${at.toString(16).padStart(40, '0')}?recorded=${DEMO_RECORDED}`);
      };
      await load(0);
      const before = usedBytes();
      await load(rounds);
      expect(usedBytes() - before).toBeLessThan(30_000_000);
      expect((await ask(own.origin, '/metrics')).text).toContain('plimsoll_report_cache_size 20\n');
    });
  });
});

describe('moved prices', () => {
  test('default: a wallet and its Portfolio in a body have the same report and the same answer to a shock', async () => {
    const { text } = await ask(running.origin, `${WALLET}/portfolio`);
    const [of, from] = [await ask(running.origin, `${WALLET}?shock=ETH%3D-21%25`), await ask(running.origin, '/v1/health?shock=ETH%3D-21%25', { body: text })];
    expect([of.status, of.json['shocked']]).toEqual([200, expect.objectContaining({ shock: expect.any(Array) })]);
    expect(of.json).toEqual(from.json);
    const { shocked: _, ...unmoved } = of.json;
    expect(unmoved).toEqual((await ask(running.origin, WALLET)).json);
  });
});

describe('the service itself', () => {
  const source = (status: SourceState['status'], kind: SourceState['kind'] = 'chain'): SourceState => ({ label: 'RPC_URL_1', kind, status, block: '1', ageSeconds: 900, note: '' });

  test('behavior: ready turns red when the sources of a kind are stale, and green again', async () => {
    let states = [source('ok'), source('stale')];
    await withService({ lookAtSources: async () => states, readinessMs: 50 }, async (own) => {
      expect((await ask(own.origin, '/readyz')).json).toMatchObject({ status: 'ready', reasons: [] });
      states = [source('stale'), source('unreachable'), source('ok', 'subgraph'), source('not-configured', 'subgraph')];
      const become = async (status: number): Promise<Awaited<ReturnType<typeof ask>>> => {
        for (let round = 0; round < 100; round += 1) {
          const answer = await ask(own.origin, '/readyz');
          if (answer.status === status) return answer;
          await tick(50);
        }
        throw new Error(`ready never answered ${status}`);
      };
      const red = await become(503);
      expect(red.json).toEqual({ status: 'not-ready', reasons: ['chains: 2 of 2 not in order, as RPC_URL_1: stale'], checks: expect.any(Array) });
      states = [source('ok'), source('ok', 'subgraph')];
      await become(200);
    });
  });

  test('behavior: ready is red before anything was looked at', async () => {
    const looked = Promise.withResolvers<SourceState[]>();
    const readiness = startReadiness({ config: running.config, database: null, everyMs: 60_000, clock: () => 0, lookAtSources: () => looked.promise });
    const first = readiness.refresh();
    expect(readiness.checks()).toEqual([{ name: 'sources', ok: false, note: 'not looked at yet' }]);
    looked.resolve([source('ok')]);
    await first;
    expect(readiness.checks().map(({ ok }) => ok)).toEqual([true]);
    readiness.stop();
  });

  test('behavior: ready is red where the sources cannot be looked at', async () => {
    await withService({ lookAtSources: () => Promise.reject(new Error('x')) }, async (own) => {
      expect((await ask(own.origin, '/readyz')).json['reasons']).toEqual(['sources: could not be looked at']);
    });
  });

  test('behavior: ready is red where the database is gone', async () => {
    const own = await startTestService({ isDurable: true, readinessMs: 50 });
    try {
      expect((await ask(own.origin, '/readyz')).status).toBe(200);
      await own.database.close();
      for (let round = 0; round < 100 && (await ask(own.origin, '/readyz')).status === 200; round += 1) await tick(50);
      expect((await ask(own.origin, '/readyz')).json['reasons']).toEqual(['database: does not answer']);
      expectProblem(await ask(own.origin, '/v1/nothing'), 'NOT_FOUND');
    } finally {
      await own.close();
    }
  });

  test('behavior: the end lets what is under way come to its end, and waits for nothing else', { timeout: 20_000 }, async () => {
    // Neither for the grace, nor until an idle connection is given up.
    const own = await startTestService({ graceMs: 3_600_000 });
    try {
      const plan = ask(own.origin, `${WALLET}/plan`, { body: { target: '1.4', budgetMs: 300 } });
      while (!/plimsoll_work_running [1-9]|plimsoll_http_in_flight 2/.test((await ask(own.origin, '/metrics')).text)) await tick(5);
      const stopped = own.service.stop();
      expect((await plan).status).toBe(200);
      await stopped;
      await expect(fetch(`${own.origin}/healthz`)).rejects.toThrow();
    } finally {
      await own.close();
    }
  });

  test('behavior: no line of the log holds a wallet, an amount or a parameter', async () => {
    await withService({}, async (own) => {
      const { json } = await ask(own.origin, `${WALLET}/portfolio`);
      await ask(own.origin, '/v1/health?shock=ETH%3D-12.34%25', { body: json });
      await ask(own.origin, '/v1/health', { body: { ...json, owners: [] } });
      await ask(own.origin, `${WALLET}?shock=nonsense`);
      const amounts = [...JSON.stringify(json).matchAll(/"amount":"([0-9]{6,})"/g)].map(([, amount]) => amount ?? '');
      expect(amounts.length).toBeGreaterThan(3);
      expect(
        own
          .log()
          .split('\n')
          .filter((line) => line !== '').length,
      ).toBe(4);
      for (const told of [DEMO.slice(2), '12.34', 'nonsense', ...amounts]) expect(own.log().toLowerCase(), told).not.toContain(told);
      expect(own.log()).toContain('/v1/wallets/{wallet}');
    });
  });
});

describe('files', () => {
  let folder: string;
  let own: TestService;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-files-'));
    mkdirSync(join(folder, 'web', 'assets'), { recursive: true });
    mkdirSync(join(folder, 'keys', 'M-attested'), { recursive: true });
    writeFileSync(join(folder, 'web', 'index.html'), '<!doctype html><title>page</title>');
    writeFileSync(join(folder, 'web', 'assets', 'main-BxA9_k2c.js'), `export const text = '${'long '.repeat(1_000)}';`);
    writeFileSync(join(folder, 'keys', 'M-attested', 'circuit.zkey.br'), brotliCompressSync(Buffer.from('the key')));
    writeFileSync(join(folder, 'secret.txt'), 'nobody may read this');
    own = await startTestService({ files: { page: join(folder, 'web'), keys: join(folder, 'keys') } });
  });
  afterAll(async () => {
    await own.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('default: the page is asked for anew, its parts are kept for good, packed for who takes it', async () => {
    const page = await ask(own.origin, '/');
    expect([page.status, page.headers.get('content-type'), page.headers.get('cache-control')]).toEqual([200, 'text/html; charset=utf-8', 'public, no-cache']);
    const part = await ask(own.origin, '/assets/main-BxA9_k2c.js', { headers: { 'accept-encoding': 'gzip' } });
    expect([part.headers.get('cache-control'), part.headers.get('content-encoding')]).toEqual(['public, max-age=31536000, immutable', 'gzip']);
    expect(part.text).toContain('long long');
    expect((await ask(own.origin, '/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })).status).toBe(304);
  });

  test('default: proving keys go out as they are kept, tagged by their content, and for good where that is named', async () => {
    const key = await ask(own.origin, '/proving-keys/M-attested/circuit.zkey', { headers: { 'accept-encoding': 'br' } });
    expect([key.status, key.text, key.headers.get('content-encoding')]).toEqual([200, 'the key', 'br']);
    const hash = /^W\/"([0-9a-f]{64})"$/.exec(key.headers.get('etag') ?? '')?.[1];
    expect((await ask(own.origin, `/proving-keys/M-attested/circuit.zkey?v=${hash}`)).headers.get('cache-control')).toContain('immutable');
    expect((await ask(own.origin, `/proving-keys/M-attested/circuit.zkey?v=${'0'.repeat(64)}`)).headers.get('cache-control')).toBe('public, no-cache');
    const plain = await ask(own.origin, '/proving-keys/M-attested/circuit.zkey', { headers: { 'accept-encoding': 'identity' } });
    expect([plain.text, plain.headers.get('content-encoding')]).toEqual(['the key', null]);
  });

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2f..%2fsecret.txt',
    '/proving-keys/..%2f..%2fsecret.txt',
    '/proving-keys/%2e%2e/%2e%2e/secret.txt',
    '//secret.txt',
    '/web/index.html',
  ])('bad input: %s leads nowhere', async (path) => {
    const answer = await ask(own.origin, path);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('nobody may');
  });

  test('behavior: a page that was not built says how', async () => {
    await withService({ files: { page: join(folder, 'nowhere') } }, async (other) => {
      const answer = await ask(other.origin, '/');
      expect(answer.status).toBe(503);
      expect(answer.text).toContain('npm run build:web');
    });
  });
});
