import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Decimal, ZERO } from '../../../src/core/decimal.ts';
import type { AlertObservation } from '../../../src/engine/alert.ts';
import { parseAlertRule } from '../../../src/service/alerts/alert-params.ts';
import { describeAsked, judgeStanding } from '../../../src/service/alerts/judge-standing.ts';
import { judgeAlerts } from '../../../src/service/alerts/watch-alerts.ts';
import { type AlertRule, listAlertStates, saveAlertRule } from '../../../src/store/alerts.ts';
import type { Database, Queries } from '../../../src/store/database.ts';
import { listEvents } from '../../../src/store/events.ts';
import { createSealer } from '../../../src/store/seal.ts';
import { listDeliveries, saveWebhook, switchWebhooks } from '../../../src/store/webhooks.ts';
import { startEngines, titleOf } from '../../store/engines.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());

const WALLET = `0x${'ab'.repeat(20)}`;
const OTHER = `0x${'cd'.repeat(20)}`;
const RULE: AlertRule = { id: 'low', owner: WALLET, kind: 'health', params: { below: '1.2' }, enabled: true };
const CALM: AlertObservation = { at: 1_000, weakest: new Decimal(2), unified: new Decimal(2), distance: new Decimal('0.5'), shortfall: ZERO, complete: true };
const seen = (at: number, weakest: string, changes: Partial<AlertObservation> = {}): AlertObservation => ({ ...CALM, at, weakest: new Decimal(weakest), ...changes });

describe(judgeStanding, () => {
  test('default: what is asked for is the same however it is written, and another for another threshold, number, wallet’s subscriber', () => {
    const asked = (params: object, audience: string | null = null): string => describeAsked(parseAlertRule('health', params), audience);
    expect(asked({ below: '1.20' })).toBe('{"kind":"health","of":"weakest","below":"1.2","audience":null}');
    expect(asked({ below: '1.2', of: 'weakest' })).toBe(asked({ of: 'weakest', below: '1.200' }));
    expect(new Set([asked({ below: '1.2' }), asked({ below: '1.21' }), asked({ below: '1.2', of: 'unified' }), asked({ below: '1.2' }, 'hook')]).size).toBe(4);
  });
});

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(`changed rules on ${titleOf(engine)}`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await engine.open();
    }, 60_000);
    afterAll(() => database.close());
    beforeEach(async () => {
      await database.execute('delete from plimsoll.deliveries; delete from plimsoll.events; delete from plimsoll.webhooks; delete from plimsoll.alert_rules;');
      await saveAlertRule(database, RULE);
    });

    const judge = (observation: AlertObservation, owner = WALLET): Promise<number> => judgeAlerts(database, owner, observation).then(({ written }) => written);
    /** What it lacks is being read right now. */
    const judgePassing = (at: number, weakest: string) => judgeAlerts(database, WALLET, { ...seen(at, weakest, { complete: false }), isPassing: true });
    const change = (changes: Partial<AlertRule>): Promise<void> => saveAlertRule(database, { ...RULE, ...changes });
    const told = async (): Promise<readonly string[]> =>
      (await listEvents(database, 0n, 100)).map(({ body }) => {
        const { change: what, rule } = body as { change: string; rule: { params: { below?: string; above?: string } } };
        return `${what} ${rule.params.below ?? rule.params.above}`;
      });

    test('default: a threshold that is raised above what is seen tells so, though the former alert was told; an unchanged rule tells nothing twice', async () => {
      await judge(seen(10, '1.1'));
      await change({ params: { below: '1.5' } });
      expect(await judge(seen(20, '1.1'))).toBe(1);
      expect(await judge(seen(30, '1.1'))).toBe(0);
      await change({ params: { of: 'weakest', below: '1.50' } });
      expect(await judge(seen(40, '1.1'))).toBe(0);
      expect(await told()).toEqual(['raised 1.2', 'raised 1.5']);
    });

    test('behavior: an alert that the changed rule would not have raised is taken back at once: its hysteresis is of another threshold', async () => {
      await judge(seen(10, '1.1'));
      await change({ params: { below: '1.09' } });
      expect(await judge(seen(20, '1.1'))).toBe(1);
      await change({ params: { below: '1.15' } });
      expect(await judge(seen(30, '1.1'))).toBe(1);
      expect(await told()).toEqual(['raised 1.2', 'cleared 1.09', 'raised 1.15']);
    });

    test('behavior: another kind of rule under the same id hides nothing', async () => {
      await judge(seen(10, '1.1'));
      await change({ kind: 'shortfall', params: { above: '100' } });
      expect(await judge(seen(20, '1.1', { shortfall: new Decimal(200) }))).toBe(1);
      expect(await told()).toEqual(['raised 1.2', 'raised 100']);
    });

    test('behavior: while something cannot be read, a changed rule clears nothing; what is seen first after it decides', async () => {
      await judge(seen(10, '1.1'));
      await change({ params: { below: '1.05' } });
      expect(await judge(seen(20, '1.1', { complete: false }))).toBe(1);
      expect(await judge(seen(30, '1.1', { complete: false }))).toBe(0);
      expect(await judge(seen(40, '1.1'))).toBe(2);
      expect(await told()).toEqual(['raised 1.2', 'blind 1.05', 'seeing 1.05', 'cleared 1.05']);
      expect(await judge(seen(50, '1.1'))).toBe(0);
    });

    test('behavior: what is being read right now makes no rule blind, a new or a changed one neither; it clears nothing, and a rule that is blind stays so', async () => {
      await judgePassing(10, '2');
      await judgePassing(20, '1.1');
      await judgePassing(30, '2');
      await change({ params: { below: '1.05' } });
      await judgePassing(40, '2');
      expect(await told()).toEqual(['raised 1.2']);
      await judge(seen(50, '2', { complete: false }));
      await judgePassing(60, '2');
      await change({ params: { below: '1.04' } });
      await judgePassing(70, '2');
      expect(await told()).toEqual(['raised 1.2', 'blind 1.05']);
      await judge(seen(80, '2'));
      expect(await told()).toEqual(['raised 1.2', 'blind 1.05', 'seeing 1.04', 'cleared 1.04']);
    });

    test('behavior: a rule that is blind is told to see only once it does, whatever is raised meanwhile', async () => {
      await judge(seen(10, '2', { complete: false }));
      await judgePassing(20, '1.1');
      await change({ params: { below: '1.3' } });
      await judgePassing(30, '1.1');
      await judge(seen(40, '1.1'));
      expect(await told()).toEqual(['blind 1.2', 'raised 1.2', 'raised 1.3', 'seeing 1.3']);
    });

    test('behavior: a rule that is given another wallet is not judged by the former one, and begins anew when it comes back', async () => {
      await judge(seen(10, '1.1'));
      await change({ owner: OTHER });
      expect([await judge(seen(20, '1.1')), await judge(seen(20, '2'), OTHER)]).toEqual([0, 0]);
      expect((await listAlertStates(database, [RULE.id])).map(({ subject }) => subject)).toEqual([OTHER]);
      await change({});
      expect(await judge(seen(30, '1.1'))).toBe(1);
    });

    test('behavior: a rule that goes to another wallet between its listing and its judging is not judged by what was seen of the former', async () => {
      const moving: Database = { ...database, transaction: (work) => change({ owner: OTHER }).then(() => database.transaction((queries: Queries) => work(queries))) };
      expect((await judgeAlerts(moving, WALLET, seen(10, '1.1'))).written).toBe(0);
      expect(await listEvents(database, 0n, 10)).toEqual([]);
    });

    test('behavior: a rule that is given to another subscriber tells that one what holds', async () => {
      const sealer = createSealer();
      const hook = { url: 'https://example.org/in', kinds: ['alert'], enabled: true, createdAt: 1n, secret: new Uint8Array(32), nextSecret: null };
      for (const id of ['a', 'b']) await saveWebhook(database, sealer, { ...hook, id });
      await change({ webhook: 'a' });
      await judge(seen(10, '1.1'));
      await change({ webhook: 'b' });
      await judge(seen(20, '1.1'));
      const counts = await Promise.all(['a', 'b'].map(async (id) => (await listDeliveries(database, id, 10)).length));
      expect(counts).toEqual([1, 1]);
    });

    test('behavior: a subscriber whose key is back is told what holds now: of what happened meanwhile it heard nothing', async () => {
      const hook = { url: 'https://example.org/in', kinds: ['alert'], enabled: true, createdAt: 1n, secret: new Uint8Array(32), nextSecret: null };
      const thresholds = { a: '1.2', b: '1.05', c: '1.2', d: '0.5' };
      for (const [id, below] of Object.entries(thresholds)) {
        await saveWebhook(database, createSealer(), { ...hook, id, keyId: `key of ${id}` });
        await saveAlertRule(database, { ...RULE, id, webhook: id, params: { below } });
      }
      const heard = () => Promise.all(Object.keys(thresholds).map(async (id) => (await listDeliveries(database, id, 10)).length));
      await judge(seen(10, '1'));
      await switchWebhooks(database, ['key of c']);
      await judge(seen(20, '2'));
      await judge(seen(30, '1.1'));
      expect(await heard()).toEqual([1, 1, 3, 0]);
      await switchWebhooks(database, ['key of a', 'key of b', 'key of c', 'key of d']);
      await judge(seen(40, '1.1'));
      await judge(seen(50, '1.1'));
      expect(await heard()).toEqual([2, 2, 3, 0]);
      expect((await told()).slice(-2)).toEqual(['raised 1.2', 'cleared 1.05']);
    });

    test('behavior: a standing that an earlier release kept is the present rule’s: nothing is told again for it, and a change after it is seen', async () => {
      await judge(seen(10, '1.1'));
      await database.execute(`update plimsoll.alert_states set state = state - 'asked'`);
      expect(await judge(seen(20, '1.1'))).toBe(0);
      await change({ params: { below: '1.3' } });
      expect(await judge(seen(30, '1.1'))).toBe(1);
    });

    test('behavior: several processes that see a changed rule tell it once; one that is switched off and on again tells nothing new', async () => {
      await judge(seen(10, '1.1'));
      await change({ params: { below: '1.3' } });
      const written = await Promise.all([1, 2, 3, 4].map(() => judge(seen(20, '1.1'))));
      expect(written.reduce((sum, count) => sum + count, 0)).toBe(1);
      await change({ params: { below: '1.3' }, enabled: false });
      await change({ params: { below: '1.3' } });
      expect(await judge(seen(30, '1.1'))).toBe(0);
    });
  });
}
