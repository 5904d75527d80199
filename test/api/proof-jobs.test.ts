import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import { startWorkers } from '../../src/service/workers/start-workers.ts';
import { proveDemo } from './demo-proof.ts';
import { ask, startTestService } from './serving.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('default: a proof that is asked for is made by a worker, and accepted', { timeout: 180_000 }, async () => {
  const running = await startTestService({ environment: { PLIMSOLL_PROOFS: 'on' } });
  const { config, database, sealer } = running;
  const demo = await proveDemo();
  const lines: string[] = [];
  const workers = await startWorkers({ config, database, sealer, roles: ['prove'], allowDevelopment: true, log: (line) => void lines.push(line) });
  try {
    const made = await ask(running.origin, '/v1/proofs', { body: demo.request });
    expect([made.status, made.json['state']]).toEqual([202, 'waiting']);
    const place = made.headers.get('location') ?? '';
    const seen = new Set<string>();
    let job = await ask(running.origin, place);
    while (job.json['state'] === 'waiting') {
      seen.add((job.json['progress'] as { stage: string } | null)?.stage ?? 'waits');
      await pause(50);
      job = await ask(running.origin, place);
    }
    expect([job.json['state'], job.json['failure']]).toEqual(['done', null]);
    expect(seen.size).toBeGreaterThan(1);
    const judged = await ask(running.origin, '/v1/proofs/verify', { body: { proof: job.json['proof'], policy: demo.policy, at: demo.at } });
    expect(judged.json).toMatchObject({ accepted: true });
    for (const secret of demo.secrets) expect(`${running.log()}${lines.join()}${job.text}`).not.toContain(secret);
  } finally {
    await workers.stop();
    await running.close();
  }
});

test('bad input: an attestation that was altered makes no job, and a policy for production is judged by now alone', async () => {
  const running = await startTestService({ environment: { PLIMSOLL_PROOFS: 'on' } });
  try {
    const demo = await proveDemo();
    const attestation = { ...(demo.request['attestation'] as object), snapshot: 1 };
    const refused = await ask(running.origin, '/v1/proofs', { body: { ...demo.request, attestation } });
    expect([refused.status, refused.json['code']]).toEqual([422, 'ATTESTATION_REFUSED']);
    for (const secret of demo.secrets) expect(`${running.log()}${refused.text}`).not.toContain(secret);
    // A proof that was good once would be good for ever, if whoever shows it could choose the moment.
    const body = { proof: demo.bundle, policy: { ...demo.policy, allowDevelopment: false }, at: demo.at };
    for (const policy of [body.policy, { ...demo.policy, allowDevelopment: undefined }]) {
      const chosen = await ask(running.origin, '/v1/proofs/verify', { body: { ...body, policy } });
      expect([chosen.status, chosen.json['code'], chosen.json['fields']]).toEqual([400, 'INVALID_ARGUMENT', { in: 'body', path: 'at' }]);
    }
    const judged = await ask(running.origin, '/v1/proofs/verify', { body: { ...body, policy: demo.policy } });
    expect([judged.status, judged.json['accepted']]).toEqual([200, true]);
  } finally {
    await running.close();
  }
});

test('behavior: a job is its own key’s alone: another one finds nothing, whatever it calls its requests', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-proof-keys-'));
  const store = fileKeyStore(join(folder, 'keys.json'));
  const [one, two, operator] = [
    await createApiKey(store, { name: 'one', scopes: ['prove'], now: 1 }),
    await createApiKey(store, { name: 'two', scopes: ['prove'], now: 1 }),
    await createApiKey(store, { name: 'operator', scopes: ['prove', 'admin'], now: 1 }),
  ];
  const running = await startTestService({ environment: { PLIMSOLL_PROOFS: 'on', PLIMSOLL_API_KEYS: join(folder, 'keys.json'), PLIMSOLL_ANONYMOUS: 'prove' } });
  const as = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}`, 'idempotency-key': 'the-same-name' });
  try {
    const demo = await proveDemo();
    const made = await ask(running.origin, '/v1/proofs', { body: demo.request, headers: as(one) });
    expect(made.status).toBe(202);
    const place = made.headers.get('location') ?? '';
    const statusOf = async (headers: Record<string, string>): Promise<number> => (await ask(running.origin, place, { headers })).status;
    expect([await statusOf(as(one)), await statusOf(as(two)), await statusOf({}), await statusOf(as(operator))]).toEqual([200, 404, 404, 200]);
    const other = await ask(running.origin, '/v1/proofs', { body: demo.request, headers: as(two) });
    expect([other.status, other.json['id'] === made.json['id']]).toEqual([202, false]);
    const nobody = await ask(running.origin, '/v1/proofs', { body: demo.request });
    expect([nobody.status, nobody.json['code']]).toEqual([401, 'UNAUTHENTICATED']);
  } finally {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  }
});
