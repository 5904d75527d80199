import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Following, startFollowing } from '../../src/api/stream/followed-wallets.ts';
import type { Database, SqlValue } from '../../src/store/database.ts';

/** Seconds that being followed lasts, as the table has it. */
const LASTS_MS = 60_000;
const WALLET = `0x${'ab'.repeat(20)}`;
let following: Following | null = null;
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  await following?.stop();
  vi.useRealTimers();
});

const unused = (): Promise<never> => Promise.reject(new RangeError('not asked for'));

/** Keeps who was said to be followed, with the seconds that this lasts. */
function recordingDatabase(said: (readonly SqlValue[])[], isDown: () => boolean = () => false): Database {
  const query: Database['query'] = async (text, values = []) => {
    if (isDown()) throw new RangeError('down');
    if (text.includes('insert into plimsoll.followed_wallets')) said.push(values);
    return [];
  };
  return { engine: 'pglite', query, execute: unused, transaction: unused, listen: unused, attend: unused, notify: unused, close: async () => {} };
}

test('behavior: following is said again well before it would end, for as long as somebody asks', async () => {
  const said: (readonly SqlValue[])[] = [];
  let wallets = new Set([WALLET]);
  following = startFollowing({ database: recordingDatabase(said), wallets: () => wallets, failed: () => {} });
  following.follow([WALLET]);
  await vi.advanceTimersByTimeAsync(0);
  expect(said).toEqual([[[WALLET], LASTS_MS / 1_000]]);
  await vi.advanceTimersByTimeAsync(LASTS_MS);
  expect(said.length).toBeGreaterThanOrEqual(3);
  expect(new Set(said.map((values) => JSON.stringify(values))).size).toBe(1);
  wallets = new Set();
  const before = said.length;
  await vi.advanceTimersByTimeAsync(2 * LASTS_MS);
  expect(said.length).toBe(before);
});

test('error: what could not be said is told of, and said again', async () => {
  const said: (readonly SqlValue[])[] = [];
  const failures: unknown[] = [];
  let isDown = true;
  following = startFollowing({ database: recordingDatabase(said, () => isDown), wallets: () => new Set([WALLET]), failed: (error) => void failures.push(error) });
  following.follow([WALLET]);
  await vi.advanceTimersByTimeAsync(0);
  expect([said.length, failures.length]).toEqual([0, 1]);
  isDown = false;
  await vi.advanceTimersByTimeAsync(LASTS_MS / 2);
  expect(said.length).toBeGreaterThanOrEqual(1);
});
