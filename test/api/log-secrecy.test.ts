import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/api/contract/operations.ts';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import { proveDemo } from './demo-proof.ts';
import { type ServeChild, startServe } from './serve-child.ts';
import { ask, DEMO } from './serving.ts';

const SEAL_KEY = '5ea1'.repeat(16);
const GRAPH_KEY = 'graph0key0that0nobody0may0read';
const WRONG_KEY = `plk_${'Wr0ngKey'.repeat(6).slice(0, 43)}`;
const HOOK_TOKEN = 't0ken-in-the-path';
const REPEAT_KEY = 'the-key-of-a-repetition';
const COOKIE = 'session=c00kie-monster';
const MOVE = '-12.3456%';
const PATIENCE_MS = 120_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let folder = '';
const running: ServeChild[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-secrets-'));
});
afterAll(async () => {
  for (const child of running) await child.stop('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function serve(environment: Readonly<Record<string, string>>, flags: readonly string[] = []): Promise<ServeChild> {
  const child = await startServe({ PLIMSOLL_LOG: 'debug', ...environment }, flags);
  running.push(child);
  return child;
}

/** Raw amounts of a document: long enough to be nothing else. */
function amountsOf(document: unknown): readonly string[] {
  return [...JSON.stringify(document).matchAll(/"([0-9]{7,})"/g)].map(([, amount]) => amount ?? '');
}

function expectNothingOf(secrets: readonly string[], output: string): void {
  // What it says first names the wallet that everybody may try.
  const log = output.replace(/^API {3}http.*$/m, '').toLowerCase();
  expect(secrets.filter((secret) => secret.length < 5)).toEqual([]);
  expect(secrets.filter((secret) => log.includes(secret.toLowerCase()))).toEqual([]);
}

describe('the whole log of a service and its workers', () => {
  test('default: holds no wallet, amount, price move, key, secret, token or body, whatever is asked and however it fails', { timeout: 3 * PATIENCE_MS }, async () => {
    const file = join(folder, 'keys.json');
    const key = await createApiKey(fileKeyStore(file), { name: 'tester', scopes: SCOPES, now: 1 });
    const demo = await proveDemo();
    const environment = { PLIMSOLL_API_KEYS: file, PLIMSOLL_PROOFS: 'on', PLIMSOLL_SEAL_KEY: SEAL_KEY, PLIMSOLL_RECORDED: 'constructed-wallet', GRAPH_API_KEY: GRAPH_KEY };
    const service = await serve(environment, ['--roles', 'prove,notify']);
    const headers = { authorization: `Bearer ${key}`, cookie: COOKIE, 'idempotency-key': REPEAT_KEY };
    const call = (path: string, body?: unknown) => ask(service.origin, path, { headers, ...(body === undefined ? {} : { body }) });

    const portfolio = await call(`/v1/wallets/${DEMO}/portfolio`);
    expect(portfolio.status).toBe(200);
    await call(`/v1/wallets/${DEMO}?shock=${encodeURIComponent(`ETH=${MOVE}`)}`);
    await call(`/v1/health?shock=${encodeURIComponent(`ETH=${MOVE}`)}`, portfolio.json);
    await call('/v1/health', { ...portfolio.json, owners: [] });
    await call('/v1/health', `{"owner": "${DEMO}", "broken`);
    await call('/v1/plan', { portfolio: portfolio.json, target: '1.5', budgetMs: 100, calldata: true });
    await call(`/v1/wallets/${DEMO}/plan`, { target: '70', budgetMs: 100 });
    await call('/v1/opportunities');
    const job = await call('/v1/proofs', demo.request);
    expect(job.status).toBe(202);
    await call('/v1/proofs', { ...demo.request, threshold: '0.9' });
    await call('/v1/proofs/verify', { proof: demo.bundle, policy: demo.policy, at: demo.at });
    const place = job.headers.get('location') ?? '';
    for (const begun = performance.now(); (await call(place)).json['state'] === 'waiting'; await pause(250)) if (performance.now() - begun > PATIENCE_MS) throw new Error('The proof was not made.');
    expect((await call(place)).json['state']).toBe('done');
    // No event is raised here, so that nobody is called at that address.
    const hook = await call('/v1/webhooks', { url: `https://93.184.215.14/${HOOK_TOKEN}`, kinds: ['alert'], alerts: [{ owner: DEMO, kind: 'health', below: '1.2' }] });
    expect([hook.status, hook.status === 201 ? '' : hook.text]).toEqual([201, '']);
    await call('/v1/webhooks', { url: `https://127.0.0.1/${HOOK_TOKEN}`, kinds: ['alert'] });
    await ask(service.origin, `/v1/wallets/${DEMO}`, { headers: { authorization: `Bearer ${WRONG_KEY}` } });
    await ask(service.origin, `/v1/stream?wallet=${DEMO}`, { headers: { ...headers, 'last-event-id': 'nonsense' } });
    await fetch(`${service.origin}/nowhere/${DEMO}?token=${HOOK_TOKEN}`);
    expect(await service.stop()).toBe(0);

    const output = service.output();
    expect(output.split('\n').filter((line) => line.includes('"route"')).length).toBeGreaterThan(15);
    for (const seen of ['/v1/wallets/{wallet}', '/v1/proofs', '"caller":"tester"', 'INVALID_PORTFOLIO', 'UNAUTHENTICATED', 'took prove-']) expect(output).toContain(seen);
    expect(amountsOf(portfolio.json).length).toBeGreaterThan(20);
    const secret = String(hook.json['secret']).replace(/^whsec_/, '');
    expectNothingOf(
      [
        key.slice(4),
        WRONG_KEY.slice(4),
        secret,
        HOOK_TOKEN,
        SEAL_KEY,
        GRAPH_KEY,
        REPEAT_KEY,
        COOKIE,
        DEMO.slice(2),
        '12.3456',
        ...demo.secrets,
        ...amountsOf(portfolio.json),
        ...amountsOf(demo.request),
      ],
      output,
    );
  });

  test('error: sources that fail are told of without what their addresses hold', { timeout: 2 * PATIENCE_MS }, async () => {
    const token = 'rpc0token0in0the0path';
    const service = await serve({ RPC_URL_1: `http://127.0.0.1:9/${token}`, GRAPH_API_KEY: GRAPH_KEY, GRAPH_URL_AAVE_V3_1_CORE: `http://user:${token}@127.0.0.1:9/`, PLIMSOLL_DEADLINE: '1' }, [
      '--roles',
      'none',
    ]);
    const report = await ask(service.origin, `/v1/wallets/${DEMO}?chain=1`);
    const ready = await ask(service.origin, '/readyz');
    expect([report.status === 200 ? report.json['status'] : 'failed', ready.status]).toEqual(['incomplete', 503]);
    await service.stop();
    expectNothingOf([token, GRAPH_KEY, DEMO.slice(2)], service.output());
    expectNothingOf([token, GRAPH_KEY], `${report.text}${ready.text}`);
  });

  test('error: a database that is not there is told of without its password', { timeout: PATIENCE_MS }, async () => {
    const password = 'p4ssw0rd-of-the-database';
    const failure = await startServe({ DATABASE_URL: `postgres://plimsoll:${password}@127.0.0.1:1/book` }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toContain('The database cannot be reached');
    expect(failure).not.toContain(password);
  });
});
