import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentThreads, openDocumentThreads } from '../../src/api/documents/document-threads.ts';
import { ask, DEMO, startTestService, type TestService } from './serving.ts';
import { countThreads, readGauge, type ThreadCount, until } from './threads.ts';

const PATIENCE_MS = 60_000;

interface Portfolio {
  readonly owners: readonly string[];
  readonly accounts: readonly { readonly id: string; readonly owner: string }[];
}

let running: TestService;
let small: Portfolio;
/** As many accounts as a body holds: seconds of work. */
let large: Portfolio;
let threads: ThreadCount;

beforeAll(async () => {
  running = await startTestService();
  small = (await ask(running.origin, `/v1/wallets/${DEMO}/portfolio`)).json as unknown as Portfolio;
  large = manyOf(small, 1_200);
  threads = countThreads();
});
afterAll(async () => {
  threads.stop();
  await running.close();
});

/** The first account again and again, each of an owner of its own. */
function manyOf(document: Portfolio, count: number): Portfolio {
  const [first] = document.accounts;
  if (first === undefined) throw new Error('no account');
  const accounts = Array.from({ length: count }, (_, at) => JSON.parse(JSON.stringify(first).replaceAll(first.owner, `0x${(at + 1).toString(16).padStart(40, '0')}`)) as typeof first);
  return { ...document, owners: accounts.map(({ owner }) => owner), accounts };
}

describe('a document from elsewhere', () => {
  test.each([
    ['/v1/health', () => large],
    ['/v1/plan', () => ({ portfolio: large, view: 'forced' })],
  ])('bad input: %s with as much as fits keeps nobody else waiting', { timeout: 2 * PATIENCE_MS }, async (path, body) => {
    let isOver = false;
    const gone = new AbortController();
    const asked = ask(running.origin, path, { body: body(), signal: gone.signal })
      .catch(() => null)
      .finally(() => {
        isOver = true;
      });
    await until(async () => (await readGauge(running.origin, 'plimsoll_documents_running')) === 1);
    for (let count = 0; count < 5; count += 1) expect((await ask(running.origin, `/v1/wallets/${DEMO}`)).status).toBe(200);
    expect(isOver).toBe(false);
    gone.abort();
    await asked;
    // The thread goes with the one who asked.
    await until(async () => (await readGauge(running.origin, 'plimsoll_documents_running')) === 0 && threads.alive() === 0);
  });

  test('behavior: the next one has a thread again, and leaves it to those that follow', { timeout: PATIENCE_MS }, async () => {
    const before = threads.started();
    const first = await ask(running.origin, '/v1/health', { body: small });
    expect(first.json).toEqual((await ask(running.origin, `/v1/wallets/${DEMO}`)).json);
    for (let count = 0; count < 5; count += 1) expect((await ask(running.origin, '/v1/health', { body: small })).text).toBe(first.text);
    expect(threads.started() - before).toBe(1);
    const refused = await ask(running.origin, '/v1/health', { body: { ...small, accounts: [{ ...small.accounts[0], market: 'nowhere' }] } });
    expect([refused.status, refused.json['code'], refused.json['fields']]).toEqual([422, 'INVALID_PORTFOLIO', { path: 'accounts[0].market' }]);
    expect(threads.started() - before).toBe(1);
  });

  test('error: DEADLINE_EXCEEDED, and what takes too much memory ends its thread alone', { timeout: PATIENCE_MS }, async () => {
    const late = openDocumentThreads({ most: 1, waiting: 1, patienceMs: 1_000 });
    const tight = openDocumentThreads({ most: 1, waiting: 1, patienceMs: 1_000, memoryMb: 24 });
    const task = { kind: 'health', text: JSON.stringify(large), shock: null, bands: null } as const;
    const never = new AbortController().signal;
    try {
      await expect(late.run(task, AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      await expect(late.run({ ...task, text: '{' }, never)).rejects.toThrow();
      await expect(late.run({ ...task, text: '{}' }, never)).rejects.toMatchObject({ code: 'INVALID_PORTFOLIO' });
      await expect(tight.run(task, never)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    } finally {
      await Promise.all([late, tight].map((pool: DocumentThreads) => pool.close()));
    }
  });
});
