import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerHealth } from '../../../src/api/worker-health.ts';
import { readConfig } from '../../../src/config.ts';
import { PlimsollError } from '../../../src/core/errors.ts';
import { type Attempt, type JobQueue, openJobQueue } from '../../../src/service/jobs/job-queue.ts';
import type { RunOutcome } from '../../../src/service/jobs/run-job.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import { keepHouse } from '../../../src/service/workers/housekeeping.ts';
import { startQueueRole } from '../../../src/service/workers/prove-queue.ts';
import type { RoleContext, RoleName, RunningRole } from '../../../src/service/workers/role.ts';
import { parseRoles, type Workers } from '../../../src/service/workers/start-workers.ts';
import { followWallets } from '../../../src/store/alerts.ts';
import type { Database } from '../../../src/store/database.ts';
import { addEvent } from '../../../src/store/events.ts';
import { claimShards, releaseLeases, SHARD_COUNT } from '../../../src/store/leases.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { closeOpportunity, saveOpportunity } from '../../../src/store/opportunities.ts';
import { recordPrices } from '../../../src/store/prices.ts';
import { addProofJob } from '../../../src/store/proof-jobs.ts';
import { createSealer } from '../../../src/store/seal.ts';
import { shardOf } from '../../../src/store/shard-of.ts';
import { deleteWebhook, listDeliveries, saveWebhook } from '../../../src/store/webhooks.ts';
import { startHere, until } from './working.ts';

const sealer = createSealer();
let database: Database;
let queue: JobQueue;
let running: (Workers | RunningRole)[] = [];
beforeAll(async () => {
  database = openDatabase({ kind: 'memory' });
  queue = await openJobQueue({ database, failed: () => {} });
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});
afterAll(async () => {
  await queue.close();
  await database.close();
});

const contextOf = (lines: string[] = []): RoleContext => ({
  config: readConfig({}),
  database,
  holder: 'tester',
  surroundings: MACHINE,
  registry: new Registry(),
  log: (line) => void lines.push(line),
});

describe('sync', () => {
  test('default: the recorded deployments are mirrored into the shared database; what is held is given back', async () => {
    const lines: string[] = [];
    const workers = await startHere(database, { roles: ['sync'] }, lines);
    running.push(workers);
    await until(() => workers.health()[0]?.lastSuccess);
    expect(workers.health()).toMatchObject([{ role: 'sync', holds: [], failures: {}, trouble: null }]);
    await workers.stop();
    expect(await database.query('select count(*)::int4 as accounts from plimsoll.accounts where position is not null')).toEqual([{ accounts: 4 }]);
    expect(await database.query(`select count(*)::int4 as held from plimsoll.leases where kind = 'sync' and holder is not null`)).toEqual([{ held: 0 }]);
    expect(lines.join('\n')).toMatch(/sync: aave-v3\/1\/core synced/);
    expect(lines.join('\n')).not.toContain('c0ffee');
  });
});

describe('sync, where one of several deployments is dead', () => {
  const COMET = '0xc3d688b66703497daa19211eedff47f25384cdc3';
  const hurried = { now: () => Date.now(), sleep: (ms: number, signal?: AbortSignal) => MACHINE.clock.sleep(ms / 100, signal) };

  test('error: its trouble is told beside the others’ health, and the role is not ready once it is older than a block may be', async () => {
    await database.query('delete from plimsoll.deployments');
    let isDown = false;
    let subgraph = '';
    const fetchOrFail: typeof fetch = (input, init) => {
      const body = typeof init?.body === 'string' ? init.body : '';
      const url = input instanceof Request ? input.url : input.toString();
      if (body.includes('query MirrorPositions') && body.includes(COMET)) subgraph = url;
      return isDown && url === subgraph ? Promise.resolve(new Response('no', { status: 400 })) : MACHINE.fetch(input, init);
    };
    const registry = new Registry();
    const lines: string[] = [];
    const workers = await startHere(database, { roles: ['sync'], registry, surroundings: { ...MACHINE, clock: hurried, fetch: fetchOrFail } }, lines);
    running.push(workers);
    const role = () => workers.health()[0];
    const of = (id: string) => role()?.deployments?.find(({ deployment }) => deployment === id);
    await until(() => role()?.lastSuccess);
    expect(role()?.deployments?.map(({ deployment, trouble }) => [deployment, trouble])).toEqual(['aave-v3/1/core', 'compound-v3/1/usdc', 'morpho-blue/1', 'gmx-v2/42161'].map((id) => [id, null]));
    const lag = of('compound-v3/1/usdc')?.lagMs ?? -1;
    expect([lag >= 0, role()?.trouble]).toEqual([true, null]);
    isDown = true;
    await until(() => of('compound-v3/1/usdc')?.trouble);
    expect([of('aave-v3/1/core')?.trouble, role()?.trouble]).toEqual([null, null]);
    await database.query(`update plimsoll.blocks set timestamp = timestamp - 1000 where deployment = 'compound-v3/1/usdc'`);
    const trouble = await until(() => role()?.trouble);
    expect(trouble).toMatch(/^compound-v3\/1\/usdc was last read at a block that is 1[0-9]{3} s old \(limit 600 s\): SOURCE_/);
    expect(trouble).not.toContain('aave');
    expect(role()?.lagMs).toBe(lag + 1_000_000);
    expect(await registry.metrics()).toContain(`plimsoll_sync_deployment_lag_seconds{deployment="compound-v3/1/usdc"} ${lag / 1_000 + 1_000}`);
    expect(lines.join('\n')).toMatch(/sync: compound-v3\/1\/usdc: SOURCE_/);
    isDown = false;
    await until(() => of('compound-v3/1/usdc')?.trouble === null);
  }, 180_000);
});

describe('notify', () => {
  let receiver: Server;
  let seen: { readonly id: string; readonly body: string }[] = [];
  let answers: number[] = [];
  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        seen.push({ id: String(request.headers['webhook-id']), body });
        response.writeHead(answers.shift() ?? 204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    await saveWebhook(database, sealer, { id: 'hook', url: `http://127.0.0.1:${port}/in`, kinds: ['alert'], enabled: true, createdAt: 1n, secret: new Uint8Array(32).fill(3), nextSecret: null });
  });
  afterAll(async () => {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });
  const tell = (key: string): Promise<bigint | null> => database.transaction((queries) => addEvent(queries, { key, kind: 'alert', subject: 'one', body: { key }, at: 1_000n }));
  const webhook = { allowHttp: true, isAllowed: () => true };

  test('default: what happened before and what happens while it runs is delivered once, signed, to a local receiver', async () => {
    await tell('before');
    const workers = await startHere(database, { roles: ['notify'], sealer, webhook });
    running.push(workers);
    await until(() => seen.length === 1);
    await tell('while');
    await until(() => seen.length === 2);
    await until(async () => (await listDeliveries(database, 'hook', 10)).every((delivery) => delivery.status === 'delivered'));
    expect(seen.map(({ body }) => (JSON.parse(body) as { data: unknown }).data)).toEqual([{ key: 'before' }, { key: 'while' }]);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2);
    expect(workers.health()).toMatchObject([{ role: 'notify', failures: {}, trouble: null }]);
  });

  test('behavior: a receiver that fails is counted, and is no trouble of the role', async () => {
    [seen, answers] = [[], [500]];
    const workers = await startHere(database, { roles: ['notify'], sealer, webhook });
    running.push(workers);
    await tell('failing');
    await until(() => workers.health()[0]?.failures.SOURCE_UNREACHABLE);
    expect(workers.health()).toMatchObject([{ failures: { SOURCE_UNREACHABLE: 1 }, trouble: null }]);
    expect(await workers.registry.metrics()).toContain('plimsoll_notify_failures_total{code="SOURCE_UNREACHABLE"} 1');
    const [newest] = await listDeliveries(database, 'hook', 1);
    expect(newest).toMatchObject({ status: 'pending', attempts: 1 });
  });

  test('error: a subscriber whose key was sealed by a process that is gone keeps nobody else from being told, and is told why', async () => {
    [seen, answers] = [[], []];
    const foreign = { id: 'foreign', url: 'http://127.0.0.1:1/', kinds: ['alert'], enabled: true, createdAt: 1n, secret: new Uint8Array(32), nextSecret: null };
    await saveWebhook(database, createSealer(), foreign);
    await tell('for both');
    running.push(await startHere(database, { roles: ['notify'], sealer, webhook }));
    await until(() => seen.length === 1);
    const [delivery] = await until(async () => (await listDeliveries(database, 'foreign', 1)).filter(({ lastAnswer }) => lastAnswer !== null));
    expect(delivery).toMatchObject({ status: 'pending', attempts: 1, lastAnswer: expect.stringMatching(/PLIMSOLL_SEAL_KEY/) });
    await database.execute(`update plimsoll.deliveries set attempts = 9, next_at = now() where webhook = 'foreign'`);
    await until(async () => (await listDeliveries(database, 'foreign', 1))[0]?.status === 'dead');
    await deleteWebhook(database, 'foreign');
  });

  test('behavior: subscribers that hang keep nobody else waiting, and are sent two at a time', async () => {
    [seen, answers] = [[], []];
    const open = new Map<string, number>();
    const hanging = createServer((request) => void open.set(String(request.url), (open.get(String(request.url)) ?? 0) + 1));
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const ids = ['hang-a', 'hang-b', 'hang-c'];
    const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    for (const id of ids) await saveWebhook(database, sealer, { id, url: `${url}/${id}`, kinds: ['slow'], enabled: true, createdAt: 1n, secret: new Uint8Array(32), nextSecret: null });
    for (let count = 0; count < 40; count += 1) await database.transaction((queries) => addEvent(queries, { key: `slow-${count}`, kind: 'slow', subject: 's', body: {}, at: 1n }));
    // Nothing that hangs ends within the test.
    const both = await Promise.all([1, 2].map(() => startHere(database, { roles: ['notify'], sealer, webhook: { ...webhook, timeoutMs: 600_000 } })));
    try {
      await until(() => ids.every((id) => open.get(`/${id}`) === 2));
      for (const key of ['meanwhile', 'and again', 'and once more']) await tell(key);
      await until(() => seen.length === 3);
      expect([...open.values()]).toEqual([2, 2, 2]);
    } finally {
      const stopped = both.map((workers) => workers.stop());
      hanging.closeAllConnections();
      await Promise.all(stopped);
      await new Promise((resolve) => hanging.close(resolve));
      for (const id of ids) await deleteWebhook(database, id);
    }
  });

  test('behavior: what is due is begun when something ends, and what happens when it is heard of: without a look at the clock', async () => {
    [seen, answers] = [[], []];
    for (let count = 0; count < 7; count += 1) await tell(`due-${count}`);
    const clock = { ...MACHINE.clock, sleep: (_: number, signal?: AbortSignal) => new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true })) };
    running.push(await startHere(database, { roles: ['notify'], sealer, webhook, surroundings: { ...MACHINE, clock } }));
    await until(() => seen.length === 7, 30_000);
    await until(async () => (await listDeliveries(database, 'hook', 7)).every(({ status }) => status === 'delivered'), 30_000);
    await tell('heard');
    await until(() => seen.length === 8, 30_000);
  });

  test('error: a receiver on a private address is not asked', async () => {
    seen = [];
    const workers = await startHere(database, { roles: ['notify'], sealer, webhook: { allowHttp: true } });
    running.push(workers);
    await tell('private');
    await until(async () => ((await listDeliveries(database, 'hook', 1))[0]?.attempts ?? 0) > 0 && workers.health()[0]?.failures.SOURCE_UNREACHABLE);
    expect(seen).toEqual([]);
  });
});

describe('keepHouse', () => {
  test('default: what is old goes, what is new and what is still to be delivered stays; only one process does it', async () => {
    await database.execute(
      `delete from plimsoll.leases where kind = 'house'; delete from plimsoll.deliveries; delete from plimsoll.events; delete from plimsoll.proof_jobs; delete from plimsoll.prices; delete from plimsoll.price_history;`,
    );
    const now = BigInt(Math.floor(Date.now() / 1000));
    const event = (key: string, at: bigint, kind = 'opportunity.opened') => database.transaction((queries) => addEvent(queries, { key, kind, subject: 's', body: {}, at }));
    await event('old', now - 40n * 86_400n);
    await event('old, but not delivered', now - 40n * 86_400n, 'alert');
    await event('new', now);
    const payload = new Uint8Array([1]);
    await addProofJob(database, sealer, { id: 'prove-old', payload, createdAt: now - 2n * 86_400n });
    await addProofJob(database, sealer, { id: 'prove-new', payload, createdAt: now });
    const price = (usd: string, at: bigint) => ({ asset: 'a', kind: 'market' as const, source: 's', usd, at });
    await recordPrices(database, [price('1', now - 50n * 86_400n), price('2', now - 40n * 86_400n), price('3', now)]);
    const owner = `0x${'a1'.repeat(20)}`;
    const leases = await claimShards(database, { holder: 'tester', most: SHARD_COUNT, seconds: 60 });
    const lease = leases.find(({ shard }) => shard === shardOf(owner));
    if (lease === undefined) throw new TypeError('no lease');
    for (const [subject, closedAt] of [
      ['old', now - 40n * 86_400n],
      ['new', now],
      ['open', null],
    ] as const) {
      await saveOpportunity(database, lease, { subject, owner, block: 1n, at: 1n, netUsd: '1', precision: 'exact', body: {} });
      if (closedAt !== null) await closeOpportunity(database, lease, { subject, at: closedAt, reason: 'repaid' });
    }
    await releaseLeases(database, leases);
    await followWallets(database, ['0xfollowed'], 3_600);
    for (const wallet of ['0xfollowed', '0xleft']) await database.query(`insert into plimsoll.wallet_states (owner, status, at) values ($1, 'safe', 1)`, [wallet]);
    await database.query(`update plimsoll.webhooks set next_secret = '\\x01', rotated_at = now() - interval '2 days' where id = 'hook'`);
    const kept = { events: 1, jobs: 1, accounts: 0, opportunities: 1, prices: 1, states: 1 };
    expect(await Promise.all([keepHouse(contextOf()), keepHouse(contextOf())]).then((all) => all.toSorted((a) => (a === null ? 1 : -1)))).toEqual([kept, null]);
    expect(await database.query('select subject from plimsoll.opportunities order by subject')).toEqual([{ subject: 'new' }, { subject: 'open' }]);
    expect(await database.query('select usd::text as usd from plimsoll.price_history order by price_history.usd')).toEqual([{ usd: '2' }, { usd: '3' }]);
    expect(await database.query('select owner from plimsoll.wallet_states')).toEqual([{ owner: '0xfollowed' }]);
    expect(await database.query(`select secret = '\\x01' as taken, next_secret from plimsoll.webhooks where id = 'hook'`)).toEqual([{ taken: true, next_secret: null }]);
    expect(await keepHouse(contextOf())).toBeNull();
    expect(await database.query('select key from plimsoll.events order by key')).toEqual([{ key: 'new' }, { key: 'old, but not delivered' }]);
    expect(await database.query('select id from plimsoll.proof_jobs')).toEqual([{ id: 'prove-new' }]);
  });
});

describe('a role with a queue', () => {
  const start = async (run: (attempt: Attempt) => Promise<RunOutcome>, graceMs: number): Promise<RunningRole> => {
    const role = await startQueueRole({ role: 'prove', queue, keyNumber: sealer.keyNumber, graceMs, run, closed: async () => {} }, contextOf());
    running.push(role);
    return role;
  };
  const send = (id: string): Promise<void> => database.transaction((queries) => queue.send({ name: 'prove', id, keyNumber: sealer.keyNumber }, queries));
  const stateOf = async (id: string): Promise<unknown> => (await database.query(`select state::text as state from plimsoll_jobs.job where data->>'id' = $1`, [id]))[0]?.['state'];

  test('behavior: stopping finishes what runs and takes nothing new', async () => {
    const taken: string[] = [];
    let finish = (): void => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const role = await start(async ({ id }) => {
      taken.push(id);
      await gate;
      return { kind: 'done' };
    }, 60_000);
    await send('first');
    await until(() => taken.length === 1);
    expect(role.health().holds).toEqual(['first']);
    await send('second');
    const stopped = role.stop();
    finish();
    await stopped;
    expect([taken, await stateOf('first'), await stateOf('second')]).toEqual([['first'], 'completed', 'created']);
    expect(role.health()).toMatchObject({ holds: [], failures: {} });
    await database.execute('delete from plimsoll_jobs.job');
  });

  test('behavior: what is not finished in time is handed back, and another worker takes it', async () => {
    const first = await start(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new PlimsollError('PROVER_FAILED', 'handed back')));
        }),
      0,
    );
    await send('long');
    await until(() => first.health().holds.length === 1);
    await first.stop();
    expect(await stateOf('long')).toBe('retry');
    const taken: string[] = [];
    await start(async ({ id }) => {
      taken.push(id);
      return { kind: 'done' };
    }, 0);
    await until(async () => (await stateOf('long')) === 'completed');
    expect(taken).toEqual(['long']);
  });
});

describe('startWorkerHealth', () => {
  test('behavior: a role in trouble makes the process alive but not ready, and says why', async () => {
    let trouble: string | null = 'The database did not answer.';
    const health: Workers['health'] = () => [{ role: 'sync', lastSuccess: null, lagMs: null, holds: [], failures: {}, trouble }];
    const server = await startWorkerHealth({ workers: { health, registry: new Registry(), stop: async () => {} }, port: 0 });
    const ask = async (path: string): Promise<unknown> => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
      return [answer.status, await answer.json()];
    };
    try {
      expect(await ask('/healthz')).toEqual([200, { roles: health() }]);
      expect(await ask('/readyz')).toEqual([503, { ready: false, troubles: [{ role: 'sync', trouble }] }]);
      trouble = null;
      expect(await ask('/readyz')).toEqual([200, { ready: true, troubles: [] }]);
    } finally {
      await server.close();
    }
  });
});

describe('startWorkers', () => {
  test.each<readonly [string, readonly RoleName[], Readonly<Record<string, string>>, object, RegExp]>([
    ['prove without keys', ['prove'], {}, {}, /needs proving keys: --keys/],
    ['development keys in production', ['prove'], { NODE_ENV: 'production' }, { allowDevelopment: true }, /refused in production/],
    ['attest without a key', ['attest'], {}, {}, /needs the key of an attestor: --key-file/],
    ['attest with a file that is no key', ['sync', 'attest'], {}, { keyFile: '/dev/null' }, /key/],
  ])('error: %s', async (_, roles, environment, changes, message) => {
    await expect(startHere(database, { roles, config: readConfig(environment), ...changes })).rejects.toThrow(message);
  });

  test('error: a database that is not there', async () => {
    const absent = openDatabase({ kind: 'postgres', url: 'postgres://user:pa55word@127.0.0.1:1/none' });
    await expect(startHere(absent, { roles: ['notify'] })).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', message: expect.not.stringContaining('pa55word') });
    await absent.close();
  });

  test('behavior: stopping twice is stopping once', async () => {
    const workers = await startHere(database, { roles: ['notify'] });
    await Promise.all([workers.stop(), workers.stop()]);
    await workers.stop();
  });

  test('bad input: roles that there are not', () => {
    expect(parseRoles(' watch,sync,watch')).toEqual(['sync', 'watch']);
    for (const text of ['', 'sync,', 'moon', 'sync;watch']) expect(() => parseRoles(text)).toThrow(/is not a role. There are sync, watch, prove, attest, notify/);
  });
});
