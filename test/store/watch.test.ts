import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InternalError } from '../../src/core/errors.ts';
import { deleteAlertRule, listAlertRules, listAlertStates, saveAlertRule, saveAlertState } from '../../src/store/alerts.ts';
import type { Database } from '../../src/store/database.ts';
import { addEvent, EVENT_CHANNEL, listEvents } from '../../src/store/events.ts';
import { claimLease, claimShards, holdLease, listLeases, releaseLeases, renewLease, renewShards, SHARD_COUNT, type ShardLease } from '../../src/store/leases.ts';
import { closeOpportunity, listOpportunities, listShardOpportunities, type OpportunityDraft, saveOpportunity } from '../../src/store/opportunities.ts';
import { addProofJob, deleteProofJobs, endProofJob, findProofJob, openProofPayload } from '../../src/store/proof-jobs.ts';
import { createSealer } from '../../src/store/seal.ts';
import { claimDeliveries, deleteWebhook, listDeliveries, listWebhooks, saveWebhook, settleDelivery } from '../../src/store/webhooks.ts';
import { startEngines, titleOf } from './engines.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());

const OWNER = `0x${'a1'.repeat(20)}`;
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
const draft = (over: Partial<OpportunityDraft> = {}): OpportunityDraft => ({
  subject: 'aave/x',
  owner: OWNER,
  block: 10n,
  at: 100n,
  netUsd: '12.50',
  precision: 'exact',
  body: { steps: [] },
  ...over,
});

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(titleOf(engine), () => {
    let db: Database;
    beforeAll(async () => {
      db = await engine.open();
    });
    afterAll(() => db.close());

    const expire = () => db.query(`update plimsoll.leases set expires_at = now() - interval '1 second' where holder is not null`);
    const freeAll = () => db.query(`update plimsoll.leases set holder = null, expires_at = '-infinity'`);
    async function claimAll(holder: string): Promise<readonly ShardLease[]> {
      await freeAll();
      return claimShards(db, { holder, most: SHARD_COUNT, seconds: 60 });
    }
    async function leaseOf(leases: readonly ShardLease[], owner: string): Promise<ShardLease> {
      const [row] = await db.query(`select get_byte(decode(md5($1), 'hex'), 0) % 64 as shard`, [owner]);
      const lease = leases.find((entry) => entry.shard === row?.['shard']);
      if (lease === undefined) throw new InternalError('no lease of the shard');
      return lease;
    }

    test('default: shards go to those who claim them, each to one', async () => {
      await freeAll();
      const claims = await Promise.all(['a', 'b', 'c'].map((holder) => claimShards(db, { holder, most: 20, seconds: 60 })));
      const rest = await claimShards(db, { holder: 'd', most: 99, seconds: 60 });
      const shards = [...claims.flat(), ...rest].map((lease) => lease.shard);
      expect(claims.map((claim) => claim.length)).toEqual([20, 20, 20]);
      expect(shards.toSorted((a, b) => a - b)).toEqual(Array.from({ length: SHARD_COUNT }, (_, at) => at));
      expect(await claimShards(db, { holder: 'e', most: 99, seconds: 60 })).toEqual([]);
      expect(new Set((await listLeases(db, 'shard')).map((lease) => lease.token)).size).toBe(SHARD_COUNT);
    });

    test('behavior: of many that claim at the same moment no two get one shard', async () => {
      for (let round = 0; round < 5; round += 1) {
        await freeAll();
        const claims = await Promise.all(Array.from({ length: 8 }, (_, at) => claimShards(db, { holder: `w${at}`, most: 8, seconds: 60 })));
        expect(new Set(claims.flat().map((lease) => lease.shard)).size).toBe(SHARD_COUNT);
      }
    });

    test('behavior: what ran out is claimed with a greater token; the old holder renews nothing', async () => {
      const [old] = await claimAll('old');
      await expire();
      const taken = await claimShards(db, { holder: 'new', most: SHARD_COUNT, seconds: 60 });
      expect(taken.every((lease) => lease.token > (old?.token ?? 0n))).toBe(true);
      expect(await renewShards(db, 'old', 60)).toEqual([]);
      expect(await renewShards(db, 'new', 60)).toEqual(taken);
      await releaseLeases(db, old === undefined ? [] : [old]);
      expect((await listLeases(db, 'shard')).every((lease) => lease.holder === 'new' && !lease.expired)).toBe(true);
      await releaseLeases(db, taken.slice(0, 3));
      expect((await listLeases(db, 'shard')).filter((lease) => lease.holder === null)).toHaveLength(3);
    });

    test('behavior: a lease by name has one holder, who may claim it again', async () => {
      const first = await claimLease(db, 'sync:x', { holder: 'a', seconds: 60 });
      expect(await claimLease(db, 'sync:x', { holder: 'b', seconds: 60 })).toBeNull();
      const again = await claimLease(db, 'sync:x', { holder: 'a', seconds: 60 });
      expect([first?.name, again?.name, (again?.token ?? 0n) > (first?.token ?? 0n)]).toEqual(['sync:x', 'sync:x', true]);
      expect(first === null || (await renewLease(db, first, 60))).toBe(false);
      expect(again !== null && (await renewLease(db, again, 60))).toBe(true);
      await expire();
      expect((await claimLease(db, 'sync:x', { holder: 'b', seconds: 60 }))?.name).toBe('sync:x');
      expect((await listLeases(db, 'sync')).map((lease) => lease.holder)).toEqual(['b']);
    });

    test('error: LEASE_LOST, by the SQL itself, whatever is written under an old token', async () => {
      const old = await leaseOf(await claimAll('old'), OWNER);
      await saveOpportunity(db, old, draft());
      await expire();
      const now = await leaseOf(await claimShards(db, { holder: 'new', most: SHARD_COUNT, seconds: 60 }), OWNER);
      expect(await failureOf(saveOpportunity(db, old, draft({ netUsd: '99' })))).toMatchObject({ code: 'LEASE_LOST', retryable: true });
      expect(await failureOf(closeOpportunity(db, old, { subject: 'aave/x', at: 200n, reason: 'healthy' }))).toMatchObject({ code: 'LEASE_LOST' });
      expect(await failureOf(db.transaction((queries) => holdLease(queries, old)))).toMatchObject({ code: 'LEASE_LOST' });
      // Not even a statement that knows nothing of leases gets through.
      expect(await failureOf(db.query('update plimsoll.opportunities set net_usd = 1000, token = $1', [old.token]))).toMatchObject({ code: 'LEASE_LOST' });
      expect(await failureOf(db.query('update plimsoll.opportunities set net_usd = 1000'))).toMatchObject({ code: 'LEASE_LOST' });
      expect(await listOpportunities(db, 9)).toMatchObject([{ subject: 'aave/x', netUsd: '12.50' }]);
      await db.transaction((queries) => holdLease(queries, now));
      expect(await closeOpportunity(db, now, { subject: 'aave/x', at: 200n, reason: 'healthy' })).not.toBeNull();
    });

    test('error: LEASE_LOST where the lease is of another shard, though it is held', async () => {
      const leases = await claimAll('me');
      const own = await leaseOf(leases, OWNER);
      const other = leases.find((lease) => lease.shard !== own.shard) ?? own;
      expect(await failureOf(saveOpportunity(db, other, draft({ subject: 'wrong' })))).toMatchObject({ code: 'LEASE_LOST' });
    });

    test('behavior: an opportunity is one row while it is open, and an older look changes nothing', async () => {
      const lease = await leaseOf(await claimAll('me'), OWNER);
      const first = await saveOpportunity(db, lease, draft({ subject: 's' }));
      const again = await saveOpportunity(db, lease, draft({ subject: 's', block: 11n, at: 112n, netUsd: '13' }));
      expect([first?.opened, again?.opened, again?.id]).toEqual([true, false, first?.id]);
      expect(await saveOpportunity(db, lease, draft({ subject: 's', block: 9n, netUsd: '1' }))).toBeNull();
      expect(await listOpportunities(db, 9)).toMatchObject([{ subject: 's', openedBlock: 10n, seenBlock: 11n, netUsd: '13', closedAt: null, body: { steps: [] } }]);
      expect((await listShardOpportunities(db, [lease.shard])).map((entry) => entry.subject)).toEqual(['s']);
      expect(await closeOpportunity(db, lease, { subject: 's', at: 120n, reason: 'repaid' })).toBe(first?.id);
      expect(await closeOpportunity(db, lease, { subject: 's', at: 120n, reason: 'repaid' })).toBeNull();
      const second = await saveOpportunity(db, lease, draft({ subject: 's', block: 12n }));
      expect(second?.opened === true && second.id !== first?.id).toBe(true);
      await closeOpportunity(db, lease, { subject: 's', at: 130n, reason: 'repaid' });
    });

    test('behavior: the ranking pages by profit', async () => {
      const lease = await leaseOf(await claimAll('me'), OWNER);
      for (const [subject, netUsd] of [
        ['p1', '5'],
        ['p2', '100.25'],
        ['p3', '100.25'],
        ['p4', '-1'],
      ] as const) {
        await saveOpportunity(db, lease, draft({ subject, netUsd }));
      }
      const first = await listOpportunities(db, 2);
      const last = first.at(-1);
      const rest = await listOpportunities(db, 9, last === undefined ? null : { netUsd: last.netUsd, id: last.id });
      expect([...first, ...rest].map((entry) => entry.subject)).toEqual(['p2', 'p3', 'p1', 'p4']);
    });

    test('behavior: an event is written once, in order, with one delivery for each webhook that wants it', async () => {
      const sealer = createSealer();
      const hook = { id: 'w1', url: 'https://example.org/hook', kinds: ['alert'], enabled: true, createdAt: 1n, secret: new Uint8Array([1, 2, 3]), nextSecret: null };
      await saveWebhook(db, sealer, hook);
      await saveWebhook(db, sealer, { ...hook, id: 'w2', kinds: ['opportunity.opened'] });
      await saveWebhook(db, sealer, { ...hook, id: 'w3', enabled: false });
      await saveWebhook(db, sealer, { ...hook, nextSecret: new Uint8Array([9]) });
      const heard = Promise.withResolvers<string>();
      await db.listen(EVENT_CHANNEL, heard.resolve);
      const event = { key: 'k1', kind: 'alert', subject: OWNER, body: { band: 'critical' }, at: 5n };
      const sequence = await db.transaction((queries) => addEvent(queries, event));
      expect(await db.transaction((queries) => addEvent(queries, event))).toBeNull();
      expect(await heard.promise).toBe(String(sequence));
      const later = await db.transaction((queries) => addEvent(queries, { ...event, key: 'k2' }));
      expect((await listEvents(db, 0n, 9)).map((entry) => entry.key)).toEqual(['k1', 'k2']);
      expect(await listEvents(db, later ?? 0n, 9)).toEqual([]);

      const [first, second] = await claimDeliveries(db, sealer, { most: 9, seconds: 60 });
      expect(first).toEqual({ webhook: 'w1', url: hook.url, secrets: { secret: hook.secret, nextSecret: new Uint8Array([9]) }, event: { ...event, sequence }, attempt: 1 });
      expect(await claimDeliveries(db, sealer, { most: 9, seconds: 60 })).toEqual([]);
      if (first === undefined || second === undefined) throw new InternalError('two deliveries');
      await settleDelivery(db, first, { kind: 'delivered', answer: '200' });
      await settleDelivery(db, first, { kind: 'dead', answer: 'too late' });
      await settleDelivery(db, second, { kind: 'again', answer: '500', afterSeconds: 0 });
      const [again] = await claimDeliveries(db, sealer, { most: 9, seconds: 60 });
      expect([again?.event.key, again?.attempt]).toEqual(['k2', 2]);
      await settleDelivery(db, second, { kind: 'dead', answer: 'gone' });
      expect((await listDeliveries(db, 'w1', 9)).map((entry) => [entry.status, entry.attempts, entry.lastAnswer])).toEqual([
        ['dead', 2, 'gone'],
        ['delivered', 1, '200'],
      ]);
      expect((await listWebhooks(db)).map((entry) => [entry.id, entry.kinds, entry.enabled])).toEqual([
        ['w1', ['alert'], true],
        ['w2', ['opportunity.opened'], true],
        ['w3', ['alert'], false],
      ]);
      expect([await deleteWebhook(db, 'w1'), await deleteWebhook(db, 'w1'), await listDeliveries(db, 'w1', 9)]).toEqual([true, false, []]);
    });

    // The embedded engine has one transaction at a time.
    // Nobody else writes to the embedded database meanwhile.
    if (engine.name !== 'PGlite') {
      test('behavior: an event is committed after all of smaller sequences, so no reader passes one by', async () => {
        const [written, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const event = { kind: 'in order', subject: 's', body: {}, at: 1n };
        const slow = db.transaction(async (queries) => {
          const sequence = await addEvent(queries, { ...event, key: 'slow' });
          written.resolve();
          await gate.promise;
          return sequence;
        });
        await written.promise;
        let isWritten = false;
        const quick = db
          .transaction((queries) => addEvent(queries, { ...event, key: 'quick' }))
          .finally(() => {
            isWritten = true;
          });
        const isWaiting = async (): Promise<boolean> =>
          (await db.query(`select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`)).length > 0;
        while (!isWritten && !(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 20));
        expect(isWritten).toBe(false);
        gate.resolve();
        expect(Number(await slow)).toBeLessThan(Number(await quick));
      });
    }

    test('behavior: sequences are read in the order of numbers, not of digits', async () => {
      for (let count = 0; count < 12; count += 1) await db.transaction((queries) => addEvent(queries, { key: `many-${count}`, kind: 'many', subject: 's', body: {}, at: 1n }));
      const sequences = (await listEvents(db, 0n, 99)).map((event) => event.sequence);
      expect(sequences.length).toBeGreaterThan(10);
      expect(sequences).toEqual(sequences.toSorted((a, b) => (a < b ? -1 : 1)));
    });

    test('behavior: a delivery whose worker was killed is due again', async () => {
      const sealer = createSealer();
      await saveWebhook(db, sealer, { id: 'k', url: 'https://example.org', kinds: ['kill'], enabled: true, createdAt: 1n, secret: new Uint8Array(3), nextSecret: null });
      await db.transaction((queries) => addEvent(queries, { key: 'kill', kind: 'kill', subject: 's', body: {}, at: 1n }));
      await claimDeliveries(db, sealer, { most: 1, seconds: 60 });
      await db.query(`update plimsoll.deliveries set next_at = now() - interval '1 second'`);
      expect((await claimDeliveries(db, sealer, { most: 1, seconds: 60 })).map((entry) => entry.attempt)).toEqual([2]);
    });

    test('behavior: of many that claim at the same moment, all together get two of one subscriber, and two more once those are settled', async () => {
      const sealer = createSealer();
      const hook = { url: 'https://example.org', kinds: ['crowd'], enabled: true, createdAt: 1n, secret: new Uint8Array(3), nextSecret: null };
      const ids = ['crowd-a', 'crowd-b'];
      for (const id of ids) await saveWebhook(db, sealer, { ...hook, id });
      for (let count = 0; count < 20; count += 1) await db.transaction((queries) => addEvent(queries, { key: `crowd-${count}`, kind: 'crowd', subject: 's', body: {}, at: 1n }));
      for (let round = 0; round < 4; round += 1) {
        const claimed = (await Promise.all(Array.from({ length: 8 }, () => claimDeliveries(db, sealer, { most: 9, seconds: 60 })))).flat();
        for (const id of ids) expect(claimed.filter(({ webhook }) => webhook === id)).toHaveLength(2);
        for (const [at, delivery] of claimed.entries()) await settleDelivery(db, delivery, at % 2 === 0 ? { kind: 'delivered', answer: '200' } : { kind: 'again', answer: '500', afterSeconds: 600 });
      }
      for (const id of ids) await deleteWebhook(db, id);
    });

    test('behavior: where more is due than is taken, it begins with the subscriber that is named, and goes round', async () => {
      const sealer = createSealer();
      const ids = ['round-a', 'round-b', 'round-c'];
      for (const id of ids) await saveWebhook(db, sealer, { id, url: 'https://example.org', kinds: ['round'], enabled: true, createdAt: 1n, secret: new Uint8Array(3), nextSecret: null });
      for (let count = 0; count < 3; count += 1) await db.transaction((queries) => addEvent(queries, { key: `round-${count}`, kind: 'round', subject: 's', body: {}, at: 1n }));
      const claim = async (most: number, from: string) => (await claimDeliveries(db, sealer, { most, seconds: 60, from })).map(({ webhook }) => webhook).toSorted();
      expect(await claim(3, 'round-b')).toEqual(['round-b', 'round-b', 'round-c']);
      expect(await claim(9, 'round-c')).toEqual(['round-a', 'round-a', 'round-c']);
      for (const id of ids) await deleteWebhook(db, id);
    });

    test('behavior: rules of alerts, and where they stood', async () => {
      const rule = { id: 'r1', owner: OWNER, kind: 'health-band', params: { below: '1.2' }, enabled: true };
      await saveAlertRule(db, rule);
      await saveAlertRule(db, { ...rule, params: { below: '1.1' } });
      expect(await listAlertRules(db, [OWNER])).toEqual([{ ...rule, params: { below: '1.1' }, webhook: null }]);
      expect([(await listAlertRules(db)).length, await listAlertRules(db, ['0x0'])]).toEqual([1, []]);
      const state = { rule: 'r1', subject: OWNER, state: { band: 'warning' }, at: 10n };
      await saveAlertState(db, { ...state, state: { band: 'safe' } });
      await saveAlertState(db, state);
      expect(await listAlertStates(db, ['r1'])).toEqual([state]);
      expect([await deleteAlertRule(db, 'r1'), await listAlertStates(db, ['r1'])]).toEqual([true, []]);
    });

    test('behavior: a proof job lies sealed in the table, and its payload is deleted with its end', async () => {
      const key = randomBytes(32);
      const sealer = createSealer(key);
      const plain = new TextEncoder().encode('{"secret":"deadbeef","rows":[{"amount":"123456789"}]}');
      expect(await addProofJob(db, sealer, { id: 'j1', payload: plain, createdAt: 7n })).toBe(true);
      expect(await addProofJob(db, sealer, { id: 'j1', payload: new Uint8Array(1), createdAt: 8n })).toBe(false);
      const [stored] = await db.query(`select encode(payload, 'hex') as payload, proof_jobs::text as everything from plimsoll.proof_jobs where id = 'j1'`);
      const hex = String(stored?.['payload']);
      for (const part of ['secret', 'deadbeef', '123456789', 'amount']) expect(hex).not.toContain(Buffer.from(part).toString('hex'));
      expect(String(stored?.['everything'])).not.toContain('deadbeef');
      expect(await openProofPayload(db, createSealer(key), 'j1')).toEqual(plain);
      expect(await failureOf(openProofPayload(db, createSealer(), 'j1'))).toMatchObject({ code: 'STORE_REFUSED' });
      await addProofJob(db, sealer, { id: 'j2', payload: plain, createdAt: 7n });
      await db.query(`update plimsoll.proof_jobs set payload = (select payload from plimsoll.proof_jobs where id = 'j1') where id = 'j2'`);
      expect(await failureOf(openProofPayload(db, sealer, 'j2'))).toMatchObject({ code: 'STORE_REFUSED' });

      await endProofJob(db, 'j1', 'done', { proof: 'p' });
      await endProofJob(db, 'j1', 'failed', { problem: 'late' });
      expect(await findProofJob(db, 'j1')).toEqual({ id: 'j1', state: 'done', result: { proof: 'p' }, createdAt: 7n, keyId: null });
      expect(await openProofPayload(db, sealer, 'j1')).toBeNull();
      expect(await db.query(`select payload from plimsoll.proof_jobs where id = 'j1'`)).toEqual([{ payload: null }]);
      expect(await failureOf(db.query(`update plimsoll.proof_jobs set payload = '\\x00' where id = 'j1'`))).toMatchObject({ code: 'INTERNAL' });
      expect([await deleteProofJobs(db, 8n), await findProofJob(db, 'j1')]).toEqual([2, null]);
    });
  });
}

describe(createSealer, () => {
  test('default: what was sealed opens with its key and place, and never looks the same twice', () => {
    const sealer = createSealer();
    const plain = new Uint8Array([1, 2, 3]);
    const sealed = sealer.seal(plain, 'a');
    expect(sealer.open(sealed, 'a')).toEqual(plain);
    expect(sealer.seal(plain, 'a')).not.toEqual(sealed);
    expect(sealer.open(sealer.seal(new Uint8Array(), 'a'), 'a')).toEqual(new Uint8Array());
  });

  test('error: STORE_REFUSED for another place, another key, any byte altered, and anything cut off', () => {
    const sealer = createSealer();
    const sealed = sealer.seal(new Uint8Array([1, 2, 3]), 'a');
    const refused = expect.objectContaining({ code: 'STORE_REFUSED' });
    expect(() => sealer.open(sealed, 'b')).toThrow(refused);
    expect(() => createSealer().open(sealed, 'a')).toThrow(refused);
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = sealed.with(at, (sealed[at] ?? 0) ^ 1);
      expect(() => sealer.open(altered, 'a'), `byte ${at}`).toThrow(refused);
      expect(() => sealer.open(sealed.subarray(0, at), 'a'), `cut at ${at}`).toThrow(refused);
    }
    expect(() => createSealer(new Uint8Array(16))).toThrow(refused);
  });
});
