import { describe, expect, test } from 'vitest';
import { chainOf, DEPLOYMENT, generateBook } from './generated-book.ts';
import { openStoreAndSubgraph } from './store-and-subgraph.ts';
import { differences } from './syncing.ts';

const { database, serve, sync } = openStoreAndSubgraph();

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
    await serve(book.chain.answer);
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
    await serve(book.chain.answer);
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
    await serve(book.chain.answer);
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
