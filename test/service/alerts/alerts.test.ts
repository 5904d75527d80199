import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { Decimal, ZERO } from '../../../src/core/decimal.ts';
import type { AlertObservation } from '../../../src/engine/alert.ts';
import { parseAlertRule } from '../../../src/service/alerts/alert-params.ts';
import { type DeliverOptions, MOST_ATTEMPTS, startDeliveries } from '../../../src/service/alerts/deliver-events.ts';
import { judgeAlerts, observeReport } from '../../../src/service/alerts/watch-alerts.ts';
import { reportWallet } from '../../../src/service/portfolio/wallet-report.ts';
import { saveAlertRule } from '../../../src/store/alerts.ts';
import type { Database } from '../../../src/store/database.ts';
import { addEvent, listEvents } from '../../../src/store/events.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { createSealer } from '../../../src/store/seal.ts';
import { listDeliveries, listWebhooks, saveWebhook, switchWebhooks } from '../../../src/store/webhooks.ts';
import { SUBJECTS } from '../../proof/subjects.ts';

const WALLET = `0x${'ab'.repeat(20)}`;
const CALM: AlertObservation = { at: 1_000, weakest: new Decimal(2), unified: new Decimal(2), distance: new Decimal('0.5'), shortfall: ZERO, complete: true };
const SECRET = new Uint8Array(32).fill(3);
const NEXT = new Uint8Array(32).fill(4);
const sealer = createSealer();
let database: Database;

beforeAll(async () => {
  database = await openDatabase({ kind: 'memory' });
}, 60_000);
afterAll(() => database.close());
beforeEach(async () => {
  await database.execute('delete from plimsoll.deliveries; delete from plimsoll.events; delete from plimsoll.webhooks; delete from plimsoll.alert_rules;');
  await saveAlertRule(database, { id: 'low', owner: WALLET, kind: 'health', params: { below: '1.2' }, enabled: true });
});

const changesOf = async (): Promise<readonly string[]> => (await listEvents(database, 0n, 100)).map((event) => String((event.body as { change: string }).change));

describe('judgeAlerts', () => {
  const judge = async (observation: AlertObservation): Promise<number> => (await judgeAlerts(database, WALLET, observation)).written;

  test('default: what crosses the threshold is one event, told once', async () => {
    expect(await judge(CALM)).toBe(0);
    const below = { ...CALM, at: 1_010, weakest: new Decimal('1.1') };
    expect(await judge(below)).toBe(1);
    expect(await judge(below)).toBe(0);
    expect(await judge({ ...below, at: 1_020 })).toBe(0);
    expect(await judge({ ...CALM, at: 1_030 })).toBe(1);
    expect(await changesOf()).toEqual(['raised', 'cleared']);
  });

  test('behavior: a clock that was put back silences nothing', async () => {
    await judge({ ...CALM, at: 9_000 });
    expect(await judge({ ...CALM, at: 1_010, weakest: new Decimal('1.1') })).toBe(1);
    await judge({ ...CALM, at: 1_020 });
    expect(await judge({ ...CALM, at: 1_010, weakest: new Decimal('1.1') })).toBe(1);
    expect(await changesOf()).toEqual(['raised', 'cleared', 'raised']);
  });

  test('behavior: two processes that see the same tell it once', async () => {
    const below = { ...CALM, at: 1_010, weakest: new Decimal('1.1') };
    const written = await Promise.all([1, 2, 3, 4].map(() => judge(below)));
    expect(written.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(await changesOf()).toEqual(['raised']);
  });

  test('behavior: a report with a gap never clears an alert; a disabled rule is not judged', async () => {
    await judge({ ...CALM, at: 1_010, weakest: new Decimal('1.1') });
    await judge({ ...CALM, at: 1_020, complete: false });
    expect(await changesOf()).toEqual(['raised', 'blind']);
    await saveAlertRule(database, { id: 'low', owner: WALLET, kind: 'health', params: { below: '1.2' }, enabled: false });
    expect(await judge({ ...CALM, at: 1_030 })).toBe(0);
  });

  test("default: an observation is the report's own numbers", async () => {
    const { report } = await reportWallet(SUBJECTS.insolvent, readConfig({}));
    const observed = observeReport(report);
    expect(observed).toMatchObject({ complete: true, at: report.asOf.createdAt });
    expect([observed.weakest?.lt(1), observed.distance?.isZero(), observed.shortfall.gt(0)]).toEqual([true, true, true]);
  });
});

describe('parseAlertRule', () => {
  test('bad input: an unknown kind, a share of 1, a number in place of text, an unknown field', () => {
    expect(parseAlertRule('liquidation-price', { within: '0.1' })).toEqual({ kind: 'liquidation-price', within: new Decimal('0.1') });
    for (const [kind, params] of [
      ['speed', {}],
      ['liquidation-price', { within: '1' }],
      ['health', { below: 1.2 }],
      ['health', { below: '1.2', extra: 1 }],
      ['health', null],
      ['health', { below: '0' }],
    ] as const) {
      expect(() => parseAlertRule(kind, params)).toThrow(/The alert rule is not understood/);
    }
  });
});

describe(startDeliveries, () => {
  let server: Server;
  let answers: number[] = [];
  let seen: { headers: Record<string, unknown>; body: string }[] = [];
  let port = 0;

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        const status = answers.shift() ?? 204;
        if (status > 0) response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    await saveWebhook(database, sealer, { id: 'hook', url: `http://hooks.example:${port}/in`, kinds: ['alert'], enabled: true, createdAt: 1n, secret: SECRET, nextSecret: NEXT });
    await judgeAlerts(database, WALLET, { ...CALM, at: 1_010, weakest: new Decimal('1.1') });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const deliver = async (changes: DeliverOptions['webhook'] = {}) => {
    const started = await startDeliveries({
      database,
      sealer,
      now: () => 1_800_000_000,
      random: () => 0.5,
      most: 10,
      webhook: { timeoutMs: 400, allowHttp: true, isAllowed: (address) => address === '127.0.0.1', resolve: async () => [{ address: '127.0.0.1', family: 4 }], ...changes },
    });
    const outcomes = await Promise.all(started);
    const count = (...kinds: string[]): number => outcomes.filter(({ kind }) => kinds.includes(kind)).length;
    return { delivered: count('delivered'), again: count('again'), dead: count('dead', 'gone') };
  };
  /** Lets the time until the next attempt pass. */
  const makeDue = (): Promise<unknown> => database.execute("update plimsoll.deliveries set next_at = now() - interval '1 second'");
  const state = async () => (await listDeliveries(database, 'hook', 10))[0];

  test('default: an event is delivered once, signed with both keys, under its sequence', async () => {
    answers = [204];
    expect(await deliver()).toEqual({ delivered: 1, again: 0, dead: 0 });
    await makeDue();
    expect(await deliver()).toEqual({ delivered: 0, again: 0, dead: 0 });
    const [{ sequence } = { sequence: 0n }] = await listEvents(database, 0n, 1);
    expect(seen).toHaveLength(1);
    const { headers, body } = seen[0] ?? { headers: {}, body: '' };
    expect(headers['webhook-id']).toBe(`evt_${sequence}`);
    const signature = (key: Uint8Array): string => `v1,${createHmac('sha256', key).update(`evt_${sequence}.1800000000.${body}`).digest('base64')}`;
    expect(headers['webhook-signature']).toBe(`${signature(NEXT)} ${signature(SECRET)}`);
    expect(JSON.parse(body)).toMatchObject({ type: 'alert', timestamp: '1970-01-01T00:16:50.000Z', data: { change: 'raised', wallet: WALLET, observed: { weakest: '1.1' } } });
  });

  test('behavior: a receiver that fails is tried again under the same id, a bounded number of times, then given up', async () => {
    answers = Array<number>(MOST_ATTEMPTS).fill(500);
    for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
      expect(await deliver()).toEqual({ delivered: 0, again: 1, dead: 0 });
      expect(await deliver()).toEqual({ delivered: 0, again: 0, dead: 0 });
      await makeDue();
    }
    expect(await deliver()).toEqual({ delivered: 0, again: 0, dead: 1 });
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await state()).toMatchObject({ status: 'dead', attempts: MOST_ATTEMPTS, lastAnswer: 'the receiver answered 500' });
    await makeDue();
    await deliver();
    expect(seen).toHaveLength(MOST_ATTEMPTS);
  });

  test('behavior: one that hangs or redirects is tried again, one that is gone is not', async () => {
    answers = [0];
    expect(await deliver()).toEqual({ delivered: 0, again: 1, dead: 0 });
    await makeDue();
    answers = [302];
    expect(await deliver()).toEqual({ delivered: 0, again: 1, dead: 0 });
    expect((await state())?.lastAnswer).toBe('the receiver answered 302');
    await makeDue();
    answers = [410];
    expect(await deliver()).toEqual({ delivered: 0, again: 0, dead: 1 });
  });

  test('error: nothing is sent to a name while it stands for a private address, also where it was public before: it is tried again, and given up in the end', async () => {
    answers = [503];
    await deliver();
    const inside = { resolve: async () => [{ address: '169.254.169.254', family: 4 }] };
    await makeDue();
    expect(await deliver(inside)).toEqual({ delivered: 0, again: 1, dead: 0 });
    expect([seen.length, await state()]).toMatchObject([1, { status: 'pending', lastAnswer: 'the receiver has no address on the public internet' }]);
    for (let attempt = 3; attempt <= MOST_ATTEMPTS; attempt += 1) {
      await makeDue();
      await deliver(inside);
    }
    expect([seen.length, await state()]).toMatchObject([1, { status: 'dead', attempts: MOST_ATTEMPTS }]);
  });

  test('behavior: a name that is public again in time is delivered to', async () => {
    await deliver({ resolve: async () => [{ address: '10.0.0.1', family: 4 }] });
    await makeDue();
    expect(await deliver()).toEqual({ delivered: 1, again: 0, dead: 0 });
  });

  test('behavior: a receiver that says it is gone is switched off with all that was to be delivered, and stays so while its key is in force', async () => {
    const hook = { id: 'hook', url: `http://hooks.example:${port}/in`, kinds: ['alert'], enabled: true, createdAt: 1n, secret: SECRET, nextSecret: NEXT, keyId: 'key' };
    await database.execute('delete from plimsoll.webhooks');
    await saveWebhook(database, sealer, hook);
    const tell = (key: string) => database.transaction((queries) => addEvent(queries, { key, kind: 'alert', subject: 's', body: {}, at: 1n }));
    for (const key of ['a', 'b', 'c', 'd']) await tell(key);
    answers = [410, 410];
    expect(await deliver()).toEqual({ delivered: 0, again: 0, dead: 2 });
    const known = (await listDeliveries(database, 'hook', 10)).map(({ status, lastAnswer }) => [status, lastAnswer]);
    expect(known).toEqual(Array(4).fill(['dead', 'the receiver is gone (410)']));
    await switchWebhooks(database, ['key']);
    await tell('later');
    expect([(await listWebhooks(database)).map(({ enabled }) => enabled), (await listDeliveries(database, 'hook', 10)).length]).toEqual([[false], 4]);
  });

  test('behavior: two processes deliver it once; one that dies in between loses nothing', async () => {
    answers = [204, 204];
    const both = await Promise.all([deliver(), deliver()]);
    expect(both.map((entry) => entry.delivered).toSorted((a, b) => a - b)).toEqual([0, 1]);
    await database.execute("update plimsoll.deliveries set status = 'pending', attempts = 1, next_at = now() - interval '1 second'");
    expect(await deliver()).toEqual({ delivered: 1, again: 0, dead: 0 });
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});
