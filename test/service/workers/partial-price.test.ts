import { Registry } from 'prom-client';
import { afterAll, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import type { Address } from '../../../src/core/ids.ts';
import { MACHINE } from '../../../src/service/portfolio/open-runtime.ts';
import type { PricedOwner } from '../../../src/service/workers/watch/owner-prices.ts';
import { startWatch } from '../../../src/service/workers/watch/watch-role.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { put } from './put-account.ts';
import { readOpen, startBook } from './watched-book.ts';

const WALLET: Address = `0x${'c1'.repeat(20)}`;
const PATIENCE = { timeout: 60_000, interval: 60 };

/** What pricing is made to find; null: what it does find. */
const found = vi.hoisted((): { answer: PricedOwner | null; times: number } => ({ answer: null, times: 0 }));
vi.mock(import('../../../src/service/workers/watch/owner-prices.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    openPricing: async (...args) => {
      const pricing = await original.openPricing(...args);
      return {
        price: (owner) => {
          found.times += 1;
          return found.answer ?? pricing.price(owner);
        },
      };
    },
  };
});

const database = openDatabase({ kind: 'memory' });
afterAll(() => database.close());

test('behavior: what was priced in part only closes nothing; what was priced whole and earns nothing does', { timeout: 180_000 }, async () => {
  await startBook(database, { accounts: 5 });
  const context = { config: readConfig({}), database, holder: 'one', surroundings: MACHINE, registry: new Registry(), log: () => {} };
  const role = await startWatch(context, { lease: { seconds: 6, renewMs: 200 }, pollMs: 100, repriceMs: 0 });
  const isOpen = async (): Promise<boolean> => (await readOpen(database)).has(WALLET);
  /** By the time that it is priced again, what came of the time before is written. */
  const reprice = async (): Promise<void> => {
    for (const share of [1_021, 1_022]) {
      found.times = 0;
      await put(database, WALLET, share);
      await vi.waitFor(() => expect(found.times).toBeGreaterThan(0), PATIENCE);
    }
  };
  try {
    await put(database, WALLET, 1_020);
    await vi.waitFor(async () => expect(await isOpen()).toBe(true), PATIENCE);
    found.answer = { netUsd: null, precision: 'exact', body: null, isPartial: true };
    await reprice();
    expect(await isOpen()).toBe(true);
    found.answer = { ...found.answer, isPartial: false };
    await reprice();
    await vi.waitFor(async () => expect(await isOpen()).toBe(false), PATIENCE);
  } finally {
    await role.stop();
  }
});
