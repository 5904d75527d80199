import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimShards, type ShardLease } from '../../src/store/leases.ts';
import { closeOpportunity, saveOpportunity } from '../../src/store/opportunities.ts';
import { shardOf } from '../../src/store/shard-of.ts';
import { ask, startTestService, type TestService } from './serving.ts';

const OWNERS = 60;
const owner = (at: number): string => `0x${at.toString(16).padStart(40, '0')}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const now = (): bigint => BigInt(Math.floor(Date.now() / 1000));

let running: TestService;
let leases: readonly ShardLease[];
beforeAll(async () => {
  running = await startTestService({ isDurable: true });
  leases = await claimShards(running.database, { holder: 'test', most: 64, seconds: 3_600 });
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
    const [, offset, profitUsd, id] = JSON.parse(Buffer.from(String(first.next), 'base64url').toString()) as [string, number, string, string];
    const elsewhere = Buffer.from(JSON.stringify(['another-process', offset, profitUsd, id])).toString('base64url');
    const second = await page(`limit=100&cursor=${elsewhere}`);
    expect(second.owners[0]).toBe((await page(`limit=1&cursor=${first.next}`)).owners[0]);
    expect(second.owners.filter((entry) => first.owners.includes(entry))).toEqual([]);
  });

  test('behavior: where nobody has looked for long, the ranking says so', async () => {
    const stale = await startTestService({ isDurable: true });
    try {
      const [lease] = await claimShards(stale.database, { holder: 'test', most: 64, seconds: 3_600 }).then((all) => all.filter(({ shard }) => shard === shardOf(owner(1))));
      if (lease === undefined) throw new Error('not leased');
      await saveOpportunity(stale.database, lease, { subject: owner(1), owner: owner(1), block: 1n, at: now() - 5_000n, netUsd: '1', precision: 'exact', body: {} });
      const { json } = await ask(stale.origin, '/v1/opportunities');
      expect(json).toMatchObject({ status: 'incomplete', gaps: [{ code: 'STALE_BLOCK' }] });
    } finally {
      await stale.close();
    }
  });
});
