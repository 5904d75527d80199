import { describe, expect, test } from 'vitest';
import type { ChainSource } from '../../../src/core/source.ts';
import { keepLease } from '../../../src/service/keep-lease.ts';
import { listMirrored, watchBook } from '../../../src/service/sync/sync-book.ts';
import { syncLeaseName } from '../../../src/service/sync/sync-deployment.ts';
import { SYNC_LEASE } from '../../../src/service/sync/sync-lease.ts';
import { type Clock, systemClock } from '../../../src/sources/clock.ts';
import { claimLease, releaseLeases } from '../../../src/store/leases.ts';
import { DEPLOYMENT, generateBook } from './generated-book.ts';
import { openStoreAndSubgraph } from './store-and-subgraph.ts';
import { openSync, syncOnce } from './syncing.ts';

/** Where a minute goes by in a quarter of a second. */
const hurried: Clock = { now: () => systemClock.now(), sleep: (ms, signal) => systemClock.sleep(ms / 240, signal) };
const { database, serve } = openStoreAndSubgraph();
const secondsLeft = async (): Promise<number> =>
  Number((await database.query(`select extract(epoch from expires_at - clock_timestamp())::text as left from plimsoll.leases where kind = 'sync'`))[0]?.['left']);

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); ) {
    if (Date.now() > end) throw new TypeError('it did not happen');
    await systemClock.sleep(20);
  }
}

describe('the lease of a deployment', () => {
  test('behavior: is prolonged while a slow source is waited for, so that nobody takes the work over in the middle', async () => {
    const book = generateBook(50, 21);
    let answered = (): void => {};
    const gate = new Promise<void>((resolve) => {
      answered = resolve;
    });
    let isWaiting = false;
    const { url } = await serve(async (body) => {
      if (!JSON.stringify(body).includes('query MirrorUserReserves(')) return book.chain.answer(body);
      isWaiting = true;
      await gate;
      return book.chain.answer(body);
    });
    const running = syncOnce(database, { url, clock: hurried, policy: { attemptMs: 120_000, deadlineMs: 120_000 } });
    await until(async () => isWaiting);
    // As a minute later, but for what was prolonged meanwhile.
    await database.query(`update plimsoll.leases set expires_at = now() + interval '1 second' where kind = 'sync'`);
    await until(async () => (await secondsLeft()) > 50);
    expect(await claimLease(database, syncLeaseName(DEPLOYMENT), { holder: 'other', seconds: 60 })).toBeNull();
    answered();
    expect(await running).toMatchObject({ status: 'synced', gaps: [] });
    expect(await claimLease(database, syncLeaseName(DEPLOYMENT), { holder: 'other', seconds: 60 })).not.toBeNull();
  });

  test('error: that was taken over is told to the work under it, and prolonged no more', async () => {
    const first = await claimLease(database, syncLeaseName(DEPLOYMENT), { holder: 'first', seconds: 60 });
    if (first === null) throw new TypeError('set up');
    const kept = keepLease({ database, clock: hurried }, first, SYNC_LEASE);
    await database.query(`update plimsoll.leases set holder = 'thief', token = nextval('plimsoll.lease_tokens'), expires_at = now() + interval '1 second' where kind = 'sync'`);
    await new Promise<void>((resolve) => kept.lost.addEventListener('abort', () => resolve()));
    await kept.end();
    expect(await secondsLeft()).toBeLessThan(2);
  });

  test('error: that was taken over while a slow chain was waited for ends the work, before anything more is asked', async () => {
    const book = generateBook(50, 22);
    const { url } = await serve(book.chain.answer);
    const block = async (number: bigint) => ({ chain: 'eip155:1' as const, number, hash: book.hashAt(number) ?? null, timestamp: 0n });
    const chain: ChainSource = {
      chain: 'eip155:1',
      label: 'slow chain',
      fetchHead: () => block(book.chain.head.number),
      fetchBlock: (number) => block(BigInt(number)),
      async fetchCalls(calls) {
        await database.query(`update plimsoll.leases set holder = 'thief', token = nextval('plimsoll.lease_tokens') where kind = 'sync'`);
        await systemClock.sleep(1_000);
        return new Map(calls.map((call) => [call.key, { ok: false, reason: 'no contract here' }]));
      },
    };
    const result = await syncOnce(database, { url, chain, clock: hurried });
    expect(result).toMatchObject({ status: 'failed', gaps: [{ code: 'LEASE_LOST' }] });
    expect(result.gaps[0]?.message).toContain('another process took the synchronisation over');
  });
});

describe(watchBook, () => {
  test('behavior: a full comparison that was asked for is made once the deployment is free and answers, and not again', async () => {
    const book = generateBook(50, 23);
    let isBroken = false;
    const { url } = await serve(async (body) => {
      const answer = JSON.stringify(await book.chain.answer(body));
      return JSON.parse(isBroken ? answer.replace('"hasIndexingErrors":false', '"hasIndexingErrors":true') : answer);
    });
    expect((await syncOnce(database, { url })).mode).toBe('full');
    const other = await claimLease(database, syncLeaseName(DEPLOYMENT), { holder: 'other', seconds: 600 });
    if (other === null) throw new TypeError('set up');
    const stop = new AbortController();
    const { options } = openSync(database, { url, full: true, signal: stop.signal });
    const rounds: (readonly [string | undefined, string | null | undefined])[] = [];
    const between: Clock = {
      now: () => systemClock.now(),
      async sleep() {
        if (rounds.length === 1) {
          await releaseLeases(database, [other]);
          isBroken = true;
        }
        if (rounds.length === 2) isBroken = false;
        if (rounds.length === 4) stop.abort();
      },
    };
    // The lease is kept by another clock: this one never lets it wait.
    const mirrored = listMirrored(options);
    await watchBook({ ...options, clock: { now: () => between.now(), sleep: (ms, signal) => (ms === 7 ? between.sleep(ms, signal) : systemClock.sleep(ms, signal)) } }, mirrored, {
      pauseMs: 7,
      finished: ([result]) => void rounds.push([result?.status, result?.mode]),
    });
    expect(rounds).toEqual([
      ['busy', null],
      ['failed', null],
      ['synced', 'full'],
      ['current', null],
    ]);
  });
});
