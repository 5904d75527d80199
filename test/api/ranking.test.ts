import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JOINT_LEASE, listOpenPrices, saveJointPlan } from '../../src/store/joint-plans.ts';
import { claimLease, claimShards, type ShardLease } from '../../src/store/leases.ts';
import { closeOpportunity, saveOpportunity } from '../../src/store/opportunities.ts';
import { shardOf } from '../../src/store/shard-of.ts';
import { saveShardLooks, saveShardProgress } from '../../src/store/shard-progress.ts';
import { saveWatchLists } from '../../src/store/watch-lists.ts';
import { ask, startTestService, type TestService } from './serving.ts';

const OWNERS = 60;
const owner = (at: number): string => `0x${at.toString(16).padStart(40, '0')}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const now = (): bigint => BigInt(Math.floor(Date.now() / 1000));

let running: TestService;
let leases: readonly ShardLease[];
beforeAll(async () => {
  running = await startTestService({ isDurable: true, limits: { reportMs: 1_000 } });
  leases = await watch(running);
  for (let at = 0; at < OWNERS; at += 1) await open(at, 1_000 - at * 10, now());
});
afterAll(() => running.close());

async function open(at: number, netUsd: number, seenAt: bigint): Promise<void> {
  const subject = owner(at);
  const draft = { subject, owner: subject, block: 1n, at: seenAt, netUsd: netUsd.toFixed(2), precision: 'exact', body: { owner: subject } };
  expect(await saveOpportunity(running.database, leaseOf(subject), draft)).not.toBeNull();
}

function leaseOf(subject: string): ShardLease {
  const lease = leases.find(({ shard }) => shard === shardOf(subject));
  if (lease === undefined) throw new Error('not leased');
  return lease;
}

async function page(query: string): Promise<{ readonly owners: readonly string[]; readonly next: string | null; readonly json: Record<string, unknown> }> {
  const { status, json, text } = await ask(running.origin, `/v1/opportunities?${query}`);
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
  return { json, next: json['nextCursor'] as string | null, owners: (json['opportunities'] as { owner: string }[]).map((entry) => entry.owner) };
}

describe('GET /v1/opportunities, from the store', () => {
  test('default: pages by net profit, each owner once, whatever changes meanwhile', async () => {
    const first = await page('limit=20');
    expect(first.json).toMatchObject({ source: 'store', status: 'complete', gaps: [] });
    expect(first.owners).toEqual(Array.from({ length: 20 }, (_, at) => owner(at)));
    // The last comes first, one that is to come goes, and one from the first page falls into the second.
    await open(OWNERS - 1, 5_000, now());
    await closeOpportunity(running.database, leaseOf(owner(30)), { subject: owner(30), at: now(), reason: 'gone' });
    await open(0, 795, now());
    // A look is given to newcomers for some seconds: only behind a newer one does the cursor have to hold.
    for (let newest = await page('limit=1'); newest.owners[0] !== owner(OWNERS - 1); newest = await page('limit=1')) await pause(500);
    const second = await page(`limit=20&cursor=${first.next}`);
    const third = await page(`limit=20&cursor=${second.next}`);
    expect([...first.owners, ...second.owners, ...third.owners]).toEqual(Array.from({ length: OWNERS }, (_, at) => owner(at)));
    expect(third.next).toBeNull();
    expect(await page(`limit=20&cursor=${first.next}`)).toEqual(second);
  });

  test('behavior: a cursor whose look is gone goes on behind the item that it names', async () => {
    const first = await page('limit=10');
    const [look, offset, profitUsd, id] = JSON.parse(Buffer.from(String(first.next), 'base64url').toString()) as [string, number, string, string];
    const write = (...cursor: readonly unknown[]): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');
    const next = (await page(`limit=1&cursor=${first.next}`)).owners[0];
    // Wherever it stood in the look that is gone.
    for (const other of [offset, 1, 2_000]) {
      const second = await page(`limit=100&cursor=${write('another-process', other, profitUsd, id)}`);
      expect(second.owners[0]).toBe(next);
      expect(second.owners.filter((entry) => first.owners.includes(entry))).toEqual([]);
    }
    for (const forged of [write('another-process', offset, 'much', id), write(look, offset + 1, profitUsd, id), write(look, 2_000, profitUsd, id)]) {
      const refused = await ask(running.origin, `/v1/opportunities?cursor=${forged}`);
      expect([refused.status, refused.json['code']]).toEqual([400, 'INVALID_ARGUMENT']);
    }
  });

  test('behavior: what an owner brings together with the others stands beside what it brings alone, with its place and its second; the order stays that of alone', async () => {
    await withWatched(async (watched) => {
      const held = leasesOf.get(watched) ?? [];
      for (const [at, netUsd] of [30, 20, 10].entries()) {
        const lease = held.find(({ shard }) => shard === shardOf(owner(at)));
        if (lease === undefined) throw new Error('not leased');
        await saveOpportunity(watched.database, lease, { subject: owner(at), owner: owner(at), block: 1n, at: 100n, netUsd: netUsd.toFixed(6), precision: 'exact', body: {} });
      }
      const listed = async () => {
        const { json } = await ask(watched.origin, '/v1/opportunities?limit=3');
        const items = json['opportunities'] as readonly Record<string, unknown>[];
        return [json['method'], ...items.map(({ profitUsd, jointProfitUsd, place, plannedAt, repricedSince }) => [profitUsd, jointProfitUsd, place, plannedAt, repricedSince])];
      };
      const unplanned = (usd: string) => [usd, null, null, null, false];
      await expect.poll(listed, { timeout: 20_000 }).toEqual([null, unplanned('30.000000'), unplanned('20.000000'), unplanned('10.000000')]);
      const lease = await claimLease(watched.database, JOINT_LEASE, { holder: 'test', seconds: 3_600 });
      const [first, second] = await listOpenPrices(watched.database, 9);
      if (lease === null || first === undefined || second === undefined) throw new Error('nothing to plan');
      const joint = { netUsd: '11.500000', place: 2 };
      const entries = [
        { open: first, joint },
        { open: { ...second, netUsd: '19' }, joint: null },
      ];
      await saveJointPlan(watched.database, lease, { fingerprint: 'f', plannedAt: 105n, method: 'greedy', entries });
      await expect.poll(listed, { timeout: 20_000 }).toEqual(['greedy', ['30.000000', '11.500000', 2, 105, false], ['20.000000', null, null, 105, true], unplanned('10.000000')]);
      const { json } = await ask(watched.origin, '/v1/opportunities?limit=1');
      expect((await ask(watched.origin, `/v1/opportunities?limit=1&cursor=${String(json['nextCursor'])}`)).json['opportunities']).toMatchObject([{ profitUsd: '20.000000' }]);
    });
  });

  test('behavior: who is near is told on the first page, of all parts together, with its age', async () => {
    await withWatched(async (watched) => {
      const seenAt = Number(now()) - 30;
      const row = (at: number, health: string, move: string) => ({
        account: `market/${owner(at)}`,
        owner: owner(at),
        label: 'a market',
        health,
        nativeHealthFactor: null,
        move,
        collateralUsd: '2.5',
        debtUsd: '1',
        precision: 'exact',
        seenAt,
      });
      const rows = [row(1, '1.2', '0.15'), row(2, '1.05', '0.04'), row(3, '1.1', '0.09')];
      const accounts = Map.groupBy(rows, (entry) => shardOf(entry.owner));
      expect(accounts.size).toBeGreaterThan(1);
      await saveWatchLists(watched.database, leasesOf.get(watched) ?? [], { at: BigInt(seenAt), accounts });
      const listed = async () => (await ask(watched.origin, '/v1/opportunities')).json['watched'] as readonly Record<string, unknown>[];
      await expect.poll(async () => (await listed()).map((entry) => entry['health']), { timeout: 20_000 }).toEqual(['1.05', '1.1', '1.2']);
      const [nearest] = await listed();
      expect(nearest).toMatchObject({ owner: owner(2), move: '0.04', seenAt });
      expect(Number(nearest?.['ageSeconds'])).toBeGreaterThanOrEqual(30);
    });
  });

  test('behavior: where nobody has looked for long, at a part of the book only, the ranking and the readiness say so', async () => {
    await withWatched(async (watched) => {
      expect(await statusOf(watched)).toEqual(['complete', []]);
      expect((await ask(watched.origin, '/readyz')).json).toMatchObject({ status: 'ready', reasons: [] });
      await watched.database.query(`update plimsoll.shard_progress set looked_at = now() - interval '700 seconds' where shard = 13`);
      expect(await eventually(watched)).toEqual(['incomplete', [['STALE_BLOCK', null]]]);
      expect((await red(watched)).json['reasons']).toEqual([expect.stringMatching(/^watch: A part of the book was last looked at 7[0-9]{2} s ago \(limit 600 s\)/)]);
      // A look without anything new is a look.
      await saveShardLooks(watched.database, leasesOf.get(watched) ?? []);
      await eventually(watched, 'complete');
    });
  });

  test('behavior: opportunities out of an old block, or of a book that was never read whole, are not all that there is', async () => {
    await withWatched(async (watched) => {
      await watched.database.query(`update plimsoll.blocks set timestamp = timestamp - 1000`);
      expect(await eventually(watched)).toEqual(['incomplete', [['STALE_BLOCK', 'aave-v3/1/core']]]);
      expect((await red(watched)).json['reasons']).toEqual([expect.stringMatching(/^watch: The newest block of the book is 10[0-9]{2} s old/)]);
    });
    await withWatched(async (watched) => {
      await watched.database.query(`update plimsoll.deployments set full_at = null`);
      expect(await eventually(watched)).toEqual(['incomplete', [['MISSED_ACCOUNT', 'aave-v3/1/core']]]);
      expect((await ask(watched.origin, '/readyz')).status).toBe(200);
    });
  });

  test('behavior: where nobody ever looked, an empty ranking is not all that there is', async () => {
    await withWatched(async (watched) => {
      await watched.database.query('delete from plimsoll.shard_progress');
      expect(await eventually(watched)).toEqual(['incomplete', [['STALE_BLOCK', null]]]);
      expect((await ask(watched.origin, '/v1/opportunities')).json).toMatchObject({ source: 'store', opportunities: [] });
      expect((await red(watched)).json['reasons']).toEqual(['watch: No worker has watched the book yet. Start one with the role watch.']);
    });
  });
});

const leasesOf = new WeakMap<TestService, readonly ShardLease[]>();

/** Starts a service over a book of a live source that workers keep. */
async function withWatched(work: (watched: TestService) => Promise<void>): Promise<void> {
  const watched = await startTestService({ isDurable: true, environment: { RPC_URL_1: 'http://127.0.0.1:9' }, lookAtSources: async () => [], readinessMs: 50, limits: { reportMs: 50 } });
  try {
    leasesOf.set(watched, await watch(watched));
    await work(watched);
  } finally {
    await watched.close();
  }
}

/** Writes what workers write that look at everything now. */
async function watch({ database }: TestService): Promise<readonly ShardLease[]> {
  const held = await claimShards(database, { holder: 'test', most: 64, seconds: 3_600 });
  await saveShardProgress(database, held, { screened: '1', settled: '1' });
  await database.query(`insert into plimsoll.deployments (id, protocol, chain, market, label, full_at) values ('aave-v3/1/core', 'aave-v3', 'eip155:1', 'core', 'Aave', $1)`, [now()]);
  await database.query(`insert into plimsoll.blocks (deployment, number, hash, timestamp) values ('aave-v3/1/core', 1, '0x01', $1)`, [now()]);
  return held;
}

async function statusOf({ origin }: TestService): Promise<[unknown, unknown]> {
  const { json } = await ask(origin, '/v1/opportunities');
  return [json['status'], (json['gaps'] as { code: string; deployment: string | null }[]).map(({ code, deployment }) => [code, deployment])];
}

/** A look is given for some seconds before there is another one. */
async function eventually(watched: TestService, status = 'incomplete'): Promise<[unknown, unknown]> {
  for (let round = 0; round < 400; round += 1) {
    const found = await statusOf(watched);
    if (found[0] === status) return found;
    await pause(50);
  }
  throw new Error(`The ranking never was ${status}.`);
}

async function red({ origin }: TestService): Promise<Awaited<ReturnType<typeof ask>>> {
  for (let round = 0; round < 200; round += 1) {
    const answer = await ask(origin, '/readyz');
    if (answer.status === 503) return answer;
    await pause(50);
  }
  throw new Error('The service never was not ready.');
}
