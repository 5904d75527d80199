import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { type FaultyEndpoint, startFaultyEndpoint } from './endpoint.ts';
import { chainOf, DEPLOYMENT, type GeneratedBook, generateBook } from './generated-book.ts';
import { differences, forget, type SyncSetting, syncOnce } from './syncing.ts';

let database: Database;
let endpoint: FaultyEndpoint | null = null;
beforeAll(() => {
  database = openDatabase({ kind: 'memory' });
});
afterAll(() => database.close());
beforeEach(() => forget(database));
afterEach(() => endpoint?.close());

async function serve(book: GeneratedBook): Promise<(setting?: Partial<SyncSetting>) => ReturnType<typeof syncOnce>> {
  endpoint = await startFaultyEndpoint(book.chain.answer);
  const { url } = endpoint;
  return (setting = {}) => syncOnce(database, { url, ...setting });
}

/** More rows than are read again one by one, as having changed at a block. */
async function plantChanged(block: bigint): Promise<void> {
  await database.query(
    `insert into plimsoll.mirror_rows (deployment, entity, id, owner, market, data, block) select $1, 'UserReserves', 'zz' || number, null, '', null, $2 from generate_series(1, 20001) as number`,
    [DEPLOYMENT, block],
  );
}

describe('where much is in doubt, everything is read', () => {
  test('behavior: after a rollback past more rows than can be read again one by one, though the chain vouches for the block', async () => {
    const book = generateBook(60, 31);
    const sync = await serve(book);
    await sync({ chain: chainOf(book) });
    book.grow(5);
    await sync({ chain: chainOf(book) });
    await plantChanged(book.chain.head.number);
    book.reorganise(1, 5);
    const result = await sync({ chain: chainOf(book) });
    expect(result).toMatchObject({ status: 'synced', mode: 'full' });
    expect(result.events).toContainEqual(expect.objectContaining({ kind: 'rolled-back' }));
    expect(await differences(database, book.expected())).toEqual([]);
  });

  test('behavior: without a chain, where more rows changed within the blocks that may be reorganised unseen', async () => {
    const book = generateBook(60, 32);
    const sync = await serve(book);
    await sync();
    book.grow(5);
    expect((await sync()).mode).toBe('changes');
    await plantChanged(book.chain.head.number);
    book.grow(5);
    expect(await sync({ chain: chainOf(book) })).toMatchObject({ status: 'synced', mode: 'changes' });
    book.grow(5);
    expect(await sync()).toMatchObject({ status: 'synced', mode: 'full' });
    expect(await differences(database, book.expected())).toEqual([]);
  });
});

describe('a first read at a block that vanishes', () => {
  test('behavior: what only that block emptied comes back, though nothing dates its change and nothing had been known of it', async () => {
    const book = generateBook(60, 33, { orphans: 'by-number' });
    const sync = await serve(book);
    // Long after the rows of the start were dated.
    for (let block = 0; block < 3; block += 1) book.grow(0);
    const full = book.chain.rows('UserReserve').find((row) => row['scaledATokenBalance'] !== '0') ?? expect.unreachable('a row');
    const { number, timestamp } = book.chain.head;
    book.chain.append({ number: number + 1n, hash: `0x${'e'.repeat(64)}`, timestamp: timestamp + 12 }, { UserReserve: { rows: [{ ...full, scaledATokenBalance: '0' }], gone: [] } });
    expect(await sync()).toMatchObject({ status: 'synced', mode: 'full' });
    expect(await differences(database, book.expected())).toEqual([]);
    book.reorganise(1, 0);
    expect(await sync()).toMatchObject({ status: 'synced', mode: 'changes' });
    expect(await differences(database, book.expected())).toEqual([]);
  });
});
