import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../../src/api/contract/operations.ts';
import { createApiKey } from '../../src/api/http/api-keys.ts';
import { fileKeyStore } from '../../src/api/http/key-store.ts';
import { Decimal } from '../../src/core/decimal.ts';
import { judgeAlerts } from '../../src/service/alerts/watch-alerts.ts';
import { followWallets, listWatchedOwners } from '../../src/store/alerts.ts';
import { addEvent, type EventAudience } from '../../src/store/events.ts';
import { claimDeliveries, endRotations, listDeliveries, settleDelivery } from '../../src/store/webhooks.ts';
import { ask, startTestService, type TestService } from './serving.ts';
import { openStreamClient, type StreamClient } from './stream-client.ts';

const ANNA = `0x${'aa'.repeat(20)}`;
const BERT = `0x${'bb'.repeat(20)}`;
const CALM = { weakest: new Decimal(2), unified: new Decimal(2), distance: new Decimal('0.5'), shortfall: new Decimal(0), complete: true };
const PATIENCE_MS = 20_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let running: TestService;
const keys = new Map<string, string>();
const clients: StreamClient[] = [];

beforeAll(async () => {
  running = await startTestService({ webhookTarget: { resolve: async () => [{ address: '93.184.215.14', family: 4 }] }, stream: { heartbeatMs: 200 } });
  const make = async (name: string, scopes: readonly Scope[]): Promise<void> => {
    keys.set(name, await createApiKey(fileKeyStore(join(running.folder, 'keys.json')), { name, scopes, now: 1 }));
  };
  await make('anna', ['read', 'webhooks']);
  await make('bert', ['read', 'webhooks']);
  await make('operator', ['read', 'webhooks', 'admin']);
  await make('leaver', ['read']);
  // The service takes new keys up by itself.
  while ((await ask(running.origin, '/v1/webhooks')).status !== 401) await pause(100);
});
afterAll(async () => {
  for (const client of clients) client.cut();
  await running.close();
});

const as = (name: string): { readonly headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${keys.get(name)}` } });

async function subscribe(name: string, body: object): Promise<string> {
  const made = await ask(running.origin, '/v1/webhooks', { body: { url: `https://${name}.example.org/hook`, ...body }, ...as(name) });
  expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
  return String(made.json['id']);
}

async function idsSeenBy(name: string): Promise<readonly string[]> {
  return ((await ask(running.origin, '/v1/webhooks', as(name))).json['webhooks'] as { id: string }[]).map(({ id }) => id).toSorted();
}

async function tell(key: string, kind: string, subject: string, audience?: EventAudience): Promise<void> {
  await running.database.transaction((queries) => addEvent(queries, { key, kind, subject, body: { key }, at: 1_000n, ...(audience === undefined ? {} : { audience }) }));
}

/** Keys of the events on their way to a subscriber. */
async function deliveredTo(id: string): Promise<readonly string[]> {
  const due = await listDeliveries(running.database, id, 100);
  const rows = await running.database.query('select sequence::text as sequence, kind, subject, body from plimsoll.events order by events.sequence');
  return rows.filter((row) => due.some(({ event }) => event.toString() === row['sequence'])).map((row) => `${String(row['kind'])} ${String(row['subject']).slice(0, 4)}`);
}

describe('webhooks', () => {
  const made = new Map<string, string>();
  beforeAll(async () => {
    made.set('anna', await subscribe('anna', { kinds: ['alert', 'health.changed'], wallets: [ANNA], alerts: [{ owner: ANNA, kind: 'health', below: '1.2' }] }));
    made.set('bert', await subscribe('bert', { kinds: ['alert', 'health.changed'], wallets: [BERT], alerts: [{ owner: BERT, kind: 'health', below: '1.2' }] }));
    made.set('both', await subscribe('bert', { kinds: ['alert'], alerts: [{ owner: ANNA, kind: 'health', below: '1.5' }] }));
    made.set('market', await subscribe('bert', { kinds: ['opportunity.opened'] }));
    made.set('own market', await subscribe('bert', { kinds: ['opportunity.opened'], wallets: [BERT.toUpperCase().replace('0X', '0x')] }));
  });
  const idOf = (name: string): string => made.get(name) ?? '';

  test('default: each key sees and deletes its own; the operator all of them', async () => {
    expect(await idsSeenBy('anna')).toEqual([idOf('anna')]);
    expect(await idsSeenBy('bert')).toEqual([idOf('bert'), idOf('both'), idOf('market'), idOf('own market')].toSorted());
    expect(await idsSeenBy('operator')).toEqual([...made.values()].toSorted());
    const foreign = await ask(running.origin, `/v1/webhooks/${idOf('anna')}`, { method: 'DELETE', ...as('bert') });
    const absent = await ask(running.origin, `/v1/webhooks/wh_${'0'.repeat(24)}`, { method: 'DELETE', ...as('bert') });
    expect([foreign.status, foreign.json['detail']]).toEqual([404, absent.json['detail']]);
    expect(await idsSeenBy('anna')).toEqual([idOf('anna')]);
  });

  test('behavior: an alert goes to the subscriber whose rule it is, and to nobody else', async () => {
    for (const owner of [ANNA, BERT]) {
      await judgeAlerts(running.database, owner, { ...CALM, at: 1_000 });
      await judgeAlerts(running.database, owner, { ...CALM, at: 1_010, weakest: new Decimal('1.3') });
      await judgeAlerts(running.database, owner, { ...CALM, at: 1_020, weakest: new Decimal('1.1') });
    }
    expect(await deliveredTo(idOf('anna'))).toEqual(['alert 0xaa']);
    expect(await deliveredTo(idOf('bert'))).toEqual(['alert 0xbb']);
    expect(await deliveredTo(idOf('both'))).toEqual(['alert 0xaa']);
    const [rule] = await running.database.query('select distinct key_id from plimsoll.events where webhook = $1', [idOf('both')]);
    expect(rule).toEqual({ key_id: expect.stringMatching(/^bert:[0-9a-f]{12}$/) });
  });

  test("behavior: a wallet's health goes to who named the wallet, opportunities to all or to who named their owner", async () => {
    await tell('health of anna', 'health.changed', ANNA, { kind: 'wallet' });
    await tell('opportunity of anna', 'opportunity.opened', ANNA);
    await tell('opportunity of bert', 'opportunity.opened', BERT);
    expect((await deliveredTo(idOf('anna'))).slice(1)).toEqual(['health.changed 0xaa']);
    expect((await deliveredTo(idOf('bert'))).slice(1)).toEqual([]);
    expect(await deliveredTo(idOf('market'))).toEqual(['opportunity.opened 0xaa', 'opportunity.opened 0xbb']);
    expect(await deliveredTo(idOf('own market'))).toEqual(['opportunity.opened 0xbb']);
  });

  test('behavior: with a subscriber go its rules, and an alert of one that is gone goes to nobody', async () => {
    const id = await subscribe('anna', { kinds: ['alert'], alerts: [{ owner: ANNA, kind: 'shortfall', above: '5' }] });
    expect((await ask(running.origin, `/v1/webhooks/${id}`, { method: 'DELETE', ...as('anna') })).status).toBe(204);
    expect(await running.database.query('select id from plimsoll.alert_rules where webhook = $1', [id])).toEqual([]);
    await tell('late', 'alert', ANNA, { kind: 'rule', webhook: id });
    for (const other of made.values()) expect((await deliveredTo(other)).filter((entry) => entry === 'alert 0xaa').length).toBeLessThan(2);
  });

  test('behavior: what is still to be delivered and what was given up is told to whose it is, with the last answers of the newest', async () => {
    const id = await subscribe('anna', { kinds: ['opportunity.closed'] });
    for (let count = 0; count < 9; count += 1) await tell(`closed ${count}`, 'opportunity.closed', BERT);
    const due = (await listDeliveries(running.database, id, 9)).toReversed();
    const settle = (at: number, outcome: Parameters<typeof settleDelivery>[2]): Promise<void> => {
      const event = due[at]?.event ?? 0n;
      return settleDelivery(running.database, { webhook: id, event: { sequence: event, key: '', kind: '', subject: '', body: {}, at: 0n } }, outcome);
    };
    await settle(0, { kind: 'delivered', answer: '200' });
    for (let at = 1; at < 7; at += 1) await settle(at, { kind: 'dead', answer: `the receiver answered 50${at}` });
    const list = async (name: string) => (await ask(running.origin, '/v1/webhooks', as(name))).json['webhooks'] as { id: string; deliveries: Record<string, unknown> }[];
    const letter = (at: number) => ({ event: String(due[at]?.event), kind: 'opportunity.closed', at: 1_000, attempts: 0, lastAnswer: `the receiver answered 50${at}` });
    expect((await list('anna')).find((webhook) => webhook.id === id)?.deliveries).toEqual({ pending: 2, dead: 6, deadLetters: [6, 5, 4, 3, 2].map(letter) });
    expect((await list('operator')).find((webhook) => webhook.id === id)?.deliveries['dead']).toBe(6);
    expect((await list('bert')).map((webhook) => webhook.id)).not.toContain(id);
    expect((await list('bert')).every(({ deliveries }) => deliveries['dead'] === 0)).toBe(true);
    expect((await ask(running.origin, `/v1/webhooks/${id}`, { method: 'DELETE', ...as('anna') })).status).toBe(204);
  });

  test('behavior: a new secret signs beside the former one for a day, then alone; nobody else has it made', async () => {
    const id = await subscribe('anna', { kinds: ['opportunity.changed'] });
    const rotate = (name: string, of = id) => ask(running.origin, `/v1/webhooks/${of}/secret`, { method: 'POST', ...as(name) });
    const keysOf = async () => {
      await tell(`changed ${performance.now()}`, 'opportunity.changed', BERT);
      const [delivery] = (await claimDeliveries(running.database, running.sealer, { most: 100, seconds: 0 })).filter(({ webhook }) => webhook === id);
      const text = (key: Uint8Array | null | undefined) => (key === null || key === undefined ? null : `whsec_${Buffer.from(key).toString('base64')}`);
      return [text(delivery?.secrets.secret), text(delivery?.secrets.nextSecret)];
    };
    const [first, none] = await keysOf();
    expect(none).toBeNull();
    for (const refused of [await rotate('bert'), await rotate('anna', `wh_${'0'.repeat(24)}`)]) expect([refused.status, refused.json['code']]).toEqual([404, 'NOT_FOUND']);
    expect(await keysOf()).toEqual([first, null]);
    const lost = await rotate('anna');
    const made = await rotate('anna');
    expect(made.json).toEqual({ id, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/), previousUntil: expect.any(Number) });
    expect(new Set([first, lost.json['secret'], made.json['secret']]).size).toBe(3);
    expect(await keysOf()).toEqual([first, made.json['secret']]);
    expect([await endRotations(running.database, 60), await keysOf()]).toEqual([0, [first, made.json['secret']]]);
    await running.database.query(`update plimsoll.webhooks set rotated_at = rotated_at - interval '2 minutes' where id = $1`, [id]);
    expect([await endRotations(running.database, 60), await keysOf()]).toEqual([1, [made.json['secret'], null]]);
    expect((await ask(running.origin, '/v1/webhooks', as('anna'))).text).not.toContain('whsec_');
    expect((await ask(running.origin, `/v1/webhooks/${id}`, { method: 'DELETE', ...as('anna') })).status).toBe(204);
  });

  test('bad input: health without a wallet, a key used for two requests, nobody’s webhook', async () => {
    const health = await ask(running.origin, '/v1/webhooks', { body: { url: 'https://a.example.org/', kinds: ['health.changed'] }, ...as('anna') });
    expect([health.status, health.json['code']]).toEqual([400, 'INVALID_ARGUMENT']);
    // As a repetition after a restart: only the table knows of the first.
    const headers = { ...as('anna').headers, 'idempotency-key': 'once-and-again' };
    const body = { url: 'https://a.example.org/', kinds: ['alert'] };
    const first = await ask(running.origin, '/v1/webhooks', { body, headers });
    const other = await startTestService({ environment: { PLIMSOLL_API_KEYS: join(running.folder, 'keys.json') }, webhookTarget: { resolve: async () => [{ address: '93.184.215.14', family: 4 }] } });
    try {
      await other.database.query(
        `insert into plimsoll.webhooks (id, url, secret, kinds, created_at, key_id, digest) select id, url, secret, array['alert'], created_at, key_id, digest
         from jsonb_to_record($1::jsonb) as given (id text, url text, secret bytea, created_at int8, key_id text, digest text)`,
        [
          JSON.stringify(
            (
              await running.database.query('select id, url, secret::text as secret, created_at::text as created_at, key_id, digest from plimsoll.webhooks where id = $1', [String(first.json['id'])])
            )[0],
          ),
        ],
      );
      const again = await ask(other.origin, '/v1/webhooks', { body, headers });
      expect([again.status, again.json['id'], again.json['secret']]).toEqual([201, first.json['id'], null]);
      const changed = await ask(other.origin, '/v1/webhooks', { body: { ...body, url: 'https://b.example.org/' }, headers });
      expect([changed.status, changed.json['code']]).toEqual([409, 'CONFLICT']);
    } finally {
      await other.close();
    }
    await ask(running.origin, `/v1/webhooks/${String(first.json['id'])}`, { method: 'DELETE', ...as('anna') });
  });

  test('behavior: one key cannot use up the room of the others', async () => {
    const body = { url: 'https://full.example.org/', kinds: ['opportunity.closed'] };
    await running.database.query(
      `insert into plimsoll.webhooks (id, url, secret, kinds, created_at, key_id) select 'wh_full' || n, 'https://example.org/', '', '{}', 1, key_id from (select key_id from plimsoll.webhooks where key_id like 'bert:%' limit 1) as own, generate_series(1, 100) as n`,
    );
    const full = await ask(running.origin, '/v1/webhooks', { body, ...as('bert') });
    expect([full.status, full.json['code']]).toEqual([403, 'FORBIDDEN']);
    expect((await ask(running.origin, '/v1/webhooks', { body, ...as('anna') })).status).toBe(201);
    await running.database.query(`delete from plimsoll.webhooks where id like 'wh_full%'`);
  });
});

describe('a key that is taken out', () => {
  const store = () => fileKeyStore(join(running.folder, 'keys.json'));
  const isOn = async (id: string): Promise<unknown> => (await running.database.query('select enabled from plimsoll.webhooks where id = $1', [id]))[0]?.['enabled'];
  const knows = async (name: string): Promise<boolean> => (await ask(running.origin, '/v1/webhooks', as(name))).status === 200;

  test('behavior: its subscribers hear nothing more, the next key of its name has none of them, and they come back with it', async () => {
    keys.set('guest', await createApiKey(store(), { name: 'guest', scopes: ['read', 'webhooks'], now: 1 }));
    expect(await until(() => knows('guest'))).toBe(true);
    const id = await subscribe('guest', { kinds: ['opportunity.opened'] });
    await tell('before', 'opportunity.opened', ANNA);
    const [first] = (await store().list()).filter(({ name }) => name === 'guest');
    await store().remove('guest');
    expect(await until(async () => (await isOn(id)) === false)).toBe(true);
    await tell('while it is off', 'opportunity.opened', BERT);
    expect(await deliveredTo(id)).toEqual(['opportunity.opened 0xaa']);
    expect((await claimDeliveries(running.database, running.sealer, { most: 100, seconds: 0 })).map(({ webhook }) => webhook)).not.toContain(id);

    keys.set('guest', await createApiKey(store(), { name: 'guest', scopes: ['read', 'webhooks'], now: 1 }));
    expect(await until(() => knows('guest'))).toBe(true);
    expect(await idsSeenBy('guest')).toEqual([]);
    expect((await ask(running.origin, `/v1/webhooks/${id}`, { method: 'DELETE', ...as('guest') })).status).toBe(404);
    expect(await isOn(id)).toBe(false);

    await store().remove('guest');
    if (first !== undefined) await store().add(first);
    expect(await until(async () => (await isOn(id)) === true)).toBe(true);
    expect(await idsSeenBy('operator')).toContain(id);
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < PATIENCE_MS; await pause(50)) if (await holds()) return true;
  return false;
}

describe('the stream', () => {
  async function listen(query: string, name: string): Promise<StreamClient> {
    const client = openStreamClient(`${running.origin}/v1/stream${query}`, null, as(name).headers);
    await client.connect();
    clients.push(client);
    return client;
  }
  const heard = (client: StreamClient): readonly string[] => client.messages.map(({ event, data }) => `${event} ${String((JSON.parse(data) as { subject?: string }).subject).slice(0, 4)}`);

  test('behavior: wallets are told of to who asks for them, alerts to who made the rule', async () => {
    const [all, anna, stranger, both, operator] = await Promise.all([
      listen('', 'anna'),
      listen(`?wallet=${ANNA}`, 'anna'),
      listen(`?wallet=${ANNA}`, 'leaver'),
      listen(`?wallet=${BERT},${ANNA}`, 'bert'),
      listen(`?wallet=${ANNA}`, 'operator'),
    ]);
    const [{ id } = {}] = await running.database.query(`select id from plimsoll.webhooks where key_id like 'anna:%' and 'health.changed' = any(kinds)`);
    await tell('s1', 'alert', ANNA, { kind: 'rule', webhook: String(id) });
    await tell('s2', 'health.changed', ANNA, { kind: 'wallet' });
    await tell('s3', 'health.changed', BERT, { kind: 'wallet' });
    await tell('s4', 'opportunity.opened', BERT);
    await tell('s5', 'opportunity.opened', ANNA);
    for (const client of [all, anna, stranger, both, operator]) expect(await until(() => heard(client).includes('opportunity.opened 0xaa'))).toBe(true);
    expect(heard(all)).toEqual(['opportunity.opened 0xbb', 'opportunity.opened 0xaa']);
    expect(heard(anna)).toEqual(['alert 0xaa', 'health.changed 0xaa', 'opportunity.opened 0xaa']);
    expect(heard(stranger)).toEqual(['health.changed 0xaa', 'opportunity.opened 0xaa']);
    expect(heard(both)).toEqual(['health.changed 0xaa', 'health.changed 0xbb', 'opportunity.opened 0xbb', 'opportunity.opened 0xaa']);
    expect(heard(operator)).toEqual(heard(anna));
  });

  test('behavior: a wallet that somebody asks for is watched, and no longer than that', async () => {
    const wallet = `0x${'cd'.repeat(20)}`;
    expect(await listWatchedOwners(running.database)).not.toContain(wallet);
    await listen(`?wallet=${wallet}`, 'anna');
    expect(await until(async () => (await listWatchedOwners(running.database)).includes(wallet))).toBe(true);
    await running.database.query(`update plimsoll.followed_wallets set until = now() - interval '1 second' where owner = $1`, [wallet]);
    expect(await listWatchedOwners(running.database)).not.toContain(wallet);
    await followWallets(running.database, [], 60);
    expect(await running.database.query('select owner from plimsoll.followed_wallets where owner = $1', [wallet])).toEqual([]);
  });

  test('behavior: a stream ends with its key', async () => {
    const client = await listen('', 'leaver');
    await fileKeyStore(join(running.folder, 'keys.json')).remove('leaver');
    expect(await until(() => client.ended())).toBe(true);
  });
});
