import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { createIdempotencyStore } from '../../src/api/http/idempotency.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import { deleteWebhook } from '../../src/store/webhooks.ts';
import { ask, startTestService, type TestService } from './serving.ts';

const TOKEN = 't0ken-of-the-receiver';
const BODY = { url: `https://hooks.example.org/${TOKEN}?key=${TOKEN}`, kinds: ['alert'] };

let folder = '';
let running: TestService;
const keys = new Map<string, string>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-repeats-'));
  const file = join(folder, 'keys.json');
  for (const name of ['anna', 'bert']) keys.set(name, await createApiKey(fileKeyStore(file), { name, scopes: ['webhooks'], now: 1 }));
  running = await startTestService({ environment: { PLIMSOLL_API_KEYS: file }, webhookTarget: { resolve: async () => [{ address: '93.184.215.14', family: 4 }] } });
});
afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true, force: true });
});

const as = (name: string): Record<string, string> => ({ authorization: `Bearer ${keys.get(name)}` });
const subscribe = (name: string, key: string, body: object = BODY) => ask(running.origin, '/v1/webhooks', { body, headers: { ...as(name), 'idempotency-key': key } });

async function idsOf(name: string): Promise<readonly unknown[]> {
  return ((await ask(running.origin, '/v1/webhooks', { headers: as(name) })).json['webhooks'] as { id: unknown }[]).map(({ id }) => id);
}

describe('a repeated request for a webhook', () => {
  test('default: gets the first one’s answer, and makes nothing', async () => {
    const first = await subscribe('anna', 'first-key');
    const again = await subscribe('anna', 'first-key');
    expect([first.status, again.status, again.json]).toEqual([201, 201, first.json]);
    expect(await idsOf('anna')).toEqual([first.json['id']]);
  });

  test('behavior: another key’s repetition of the same name and body is a request of its own', async () => {
    const first = await subscribe('anna', 'shared-name');
    const other = await subscribe('bert', 'shared-name');
    expect([first.status, other.status]).toEqual([201, 201]);
    expect([other.json['id'] === first.json['id'], other.json['secret'] === first.json['secret']]).toEqual([false, false]);
    expect(other.json['secret']).toMatch(/^whsec_/);
    expect(await idsOf('bert')).toEqual([other.json['id']]);
  });

  test('behavior: once the webhook is deleted, here or by another process, nothing of it is answered: one that works is made', async () => {
    for (const [at, forget] of [(id: string) => ask(running.origin, `/v1/webhooks/${id}`, { method: 'DELETE', headers: as('anna') }), (id: string) => deleteWebhook(running.database, id)].entries()) {
      const key = `deleted-${at}`;
      const first = await subscribe('anna', key);
      await forget(String(first.json['id']));
      const again = await subscribe('anna', key);
      expect([again.status, again.json['secret'] === first.json['secret']]).toEqual([201, false]);
      expect(again.json['secret']).toMatch(/^whsec_/);
      expect(await idsOf('anna')).toContain(again.json['id']);
      // It is remembered as the first one was.
      expect((await subscribe('anna', key)).json).toEqual(again.json);
    }
  });

  test('behavior: no answer repeats what follows the receiver’s host: it may be a password', async () => {
    const made = await subscribe('bert', 'token-key');
    const listed = await ask(running.origin, '/v1/webhooks', { headers: as('bert') });
    expect([made.status, made.json['url']]).toEqual([201, 'https://hooks.example.org/…']);
    expect((listed.json['webhooks'] as { url: string }[]).map(({ url }) => url)).toContain('https://hooks.example.org/…');
    expect(`${made.text}${listed.text}`).not.toContain(TOKEN);
  });
});

describe(createIdempotencyStore, () => {
  const request = { owner: 'anna', key: 'key-12345', body: 'a' };
  const always = async (): Promise<boolean> => true;

  test('behavior: of two repetitions that find the first answer gone, one does the work', async () => {
    const store = createIdempotencyStore<number>(() => 0);
    const compare = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));
    let made = 0;
    const make = async (): Promise<number> => (made += 1);
    expect(await store.once(request, { make, stands: always })).toBe(1);
    const repeated = await Promise.allSettled([1, 2].map(() => store.once(request, { make, stands: async () => made > 1 })));
    expect(made).toBe(2);
    expect(repeated.map((entry) => (entry.status === 'fulfilled' ? entry.value : (entry.reason as { code: unknown }).code)).toSorted(compare)).toEqual([2, 'CONFLICT']);
  });

  test('error: CONFLICT for another body; after a failure it is tried again', async () => {
    const store = createIdempotencyStore<number>(() => 0);
    await expect(store.once(request, { make: () => Promise.reject(new RangeError('no')), stands: always })).rejects.toThrow('no');
    expect(await store.once(request, { make: async () => 7, stands: always })).toBe(7);
    await expect(store.once({ ...request, body: 'b' }, { make: async () => 8, stands: always })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await store.once({ ...request, owner: 'bert', body: 'b' }, { make: async () => 9, stands: always })).toBe(9);
  });
});
