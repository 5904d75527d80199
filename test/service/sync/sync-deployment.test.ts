import { describe, expect, test } from 'vitest';
import { syncDeployment } from '../../../src/service/sync/sync-deployment.ts';
import type { AnswerRequest } from '../../../src/sources/recorded/graph-endpoint.ts';
import { claimLease } from '../../../src/store/leases.ts';
import { readMirrorState } from '../../../src/store/mirrors.ts';
import { usersOf } from '../../chain/counts.ts';
import type { FaultyEndpoint } from './endpoint.ts';
import { chainOf, DEPLOYMENT, type GeneratedBook, generateBook } from './generated-book.ts';
import { openStoreAndSubgraph } from './store-and-subgraph.ts';
import { differences } from './syncing.ts';

const { database, serve, sync } = openStoreAndSubgraph();
const expectEqual = async (book: GeneratedBook) => expect(await differences(database, book.expected())).toEqual([]);
const operationsOf = (server: FaultyEndpoint): string[] => {
  const seen: string[] = [];
  server.onRequest = (_, operation) => seen.push(operation);
  return seen;
};

describe(syncDeployment, () => {
  test('default: everything is read in pages, and the next time only what changed', async () => {
    const book = generateBook(1_500, 1);
    const server = await serve(book.chain.answer);
    const first = await sync();
    expect(first).toMatchObject({ status: 'synced', mode: 'full', gaps: [], rowsRead: expect.any(Number) });
    await expectEqual(book);
    expect((await sync()).status).toBe('current');

    for (let block = 0; block < 5; block += 1) book.grow(20);
    const seen = operationsOf(server);
    const second = await sync();
    expect(second).toMatchObject({ status: 'synced', mode: 'changes', gaps: [] });
    expect(second.rowsRead).toBeLessThan(200);
    expect(seen).toEqual(['Head', 'Block', 'Reserves', 'EModeCategories', 'MirrorUserReservesChanged', 'MirrorUsersChanged']);
    expect(seen).not.toContain('MirrorUserReserves');
    await expectEqual(book);
  });

  test('behavior: rows become accounts, and the accounts follow the rows', async () => {
    const book = generateBook(300, 2);
    await serve(book.chain.answer);
    await sync();
    const owners = new Set([...(book.expected().get('UserReserves')?.values() ?? [])].map((row) => (row as { user: { id: string } }).user.id));
    const count = async () => (await database.query('select count(*)::int as accounts, count(distinct market_key)::int as markets from plimsoll.accounts where position is not null'))[0];
    expect(await count()).toEqual({ accounts: owners.size, markets: 1 });
    for (let block = 0; block < 20; block += 1) book.grow(30);
    await sync();
    const after = new Set([...(book.expected().get('UserReserves')?.values() ?? [])].map((row) => (row as { user: { id: string } }).user.id));
    expect(await count()).toEqual({ accounts: after.size, markets: 1 });
    const stored = await database.query('select owner from plimsoll.accounts where position is not null order by owner');
    expect(stored.map((row) => row['owner'])).toEqual([...after].toSorted());
    expect(await database.query('select count(*)::int as pending from plimsoll.pending_owners')).toEqual([{ pending: 0 }]);
    const [market] = await database.query(`select rule, source, at::text as at, jsonb_array_length(state->'reserves') as reserves from plimsoll.markets`);
    expect(market).toMatchObject({ source: 'rows', reserves: 3 });
  });

  test('behavior: a run that was stopped goes on behind its last page', async () => {
    const book = generateBook(2_000, 3);
    const server = await serve(book.chain.answer);
    const stop = new AbortController();
    server.onRequest = (number) => {
      if (number === 6) stop.abort();
    };
    const first = await sync({ signal: stop.signal });
    expect(first.status).toBe('stopped');
    book.grow(50);
    const seen = operationsOf(server);
    const second = await sync();
    expect(second).toMatchObject({ status: 'synced', mode: 'full' });
    expect(second.events[0]).toMatchObject({ kind: 'started', resumed: true });
    expect(first.rowsRead + second.rowsRead).toBeLessThan(1.1 * (book.chain.rows('UserReserve').length + book.chain.rows('User').length));
    expect(seen.filter((name) => name === 'MirrorUserReserves').length).toBeLessThan(6);
    await sync();
    await expectEqual(book);
  });

  test('behavior: a block that vanishes in the middle begins the run anew', async () => {
    const book = generateBook(2_500, 4);
    const server = await serve(book.chain.answer);
    book.grow(10);
    server.onRequest = (number) => {
      if (number === 7) book.reorganise(1, 40);
    };
    const result = await sync();
    expect(result).toMatchObject({ status: 'synced', mode: 'full', gaps: [] });
    expect(result.events.map((event) => event.kind)).toContain('again');
    await expectEqual(book);
  });

  test('behavior: a reorganisation rolls back to the block before it, and rows that only the old branch changed are read again', async () => {
    const book = generateBook(1_000, 5);
    const server = await serve(book.chain.answer);
    await sync();
    for (let round = 0; round < 4; round += 1) {
      book.grow(15);
      await sync();
    }
    book.reorganise(2, 15);
    const seen = operationsOf(server);
    const result = await sync();
    expect(result).toMatchObject({ status: 'synced', mode: 'changes' });
    expect(result.events.some((event) => event.kind === 'rolled-back' && event.to !== null)).toBe(true);
    expect(seen).toContain('MirrorUserReservesById');
    expect(seen).not.toContain('MirrorUserReserves');
    await expectEqual(book);
  });

  test.each(Array.from({ length: usersOf(4, 60) }, (_, at) => at + 1))('behavior: without a chain, a graph-node that answers for orphans deceives nobody for long (seed %i)', async (seed) => {
    const book = generateBook(300, 50 + seed, { orphans: 'by-number' });
    const server = await serve(book.chain.answer);
    for (let block = 0; block < 3; block += 1) book.grow(10);
    server.onRequest = (number) => {
      if (number === 2 + (seed % 6)) book.reorganise(1 + (seed % 3), 10);
    };
    await sync();
    server.onRequest = () => {};
    for (let round = 0; round < 4; round += 1) {
      book.grow(10);
      await sync();
      if (round % 2 === 0) book.reorganise(1 + ((seed + round) % 2), 10);
    }
    book.grow(10);
    await sync();
    await expectEqual(book);
  });

  test('behavior: with a chain, a block that it denies is not believed, whatever the subgraph answers', async () => {
    const book = generateBook(300, 7, { orphans: 'by-number' });
    const server = await serve(book.chain.answer);
    const chain = chainOf(book);
    await sync({ chain });
    book.grow(10);
    server.onRequest = (_, operation) => {
      if (operation !== 'MirrorUsersChanged') return;
      server.onRequest = () => {};
      book.reorganise(1, 10);
    };
    const result = await sync({ chain });
    expect(result.events.some((event) => event.kind === 'again' && event.reason.includes('vanished from the chain'))).toBe(true);
    expect(result.status).toBe('synced');
    await expectEqual(book);
  });

  test('behavior: an endpoint without _change_block is asked by update time, and one without that for everything', async () => {
    const book = generateBook(400, 8);
    const without =
      (names: readonly string[]): AnswerRequest =>
      async (body) =>
        names.some((name) => JSON.stringify(body).includes(name)) ? { errors: [{ message: `Invalid value provided for argument \`where\`: unknown field ${names[0]}` }] } : book.chain.answer(body);
    let answer = without(['_change_block']);
    const server = await serve((body) => answer(body));
    await sync();
    for (let block = 0; block < 10; block += 1) book.grow(10);
    const seen = operationsOf(server);
    expect(await sync()).toMatchObject({ status: 'synced', mode: 'changes' });
    expect(seen).toEqual(expect.arrayContaining(['MirrorUserReservesUpdated', 'MirrorUsers']));
    expect(seen).not.toContain('MirrorUserReserves');
    answer = without(['_change_block', 'lastUpdateTimestamp_gte']);
    book.grow(10);
    const later = operationsOf(server);
    expect(await sync()).toMatchObject({ status: 'synced', gaps: [] });
    expect(later).toEqual(expect.arrayContaining(['MirrorUserReserves', 'MirrorUsers']));
    await expectEqual(book);
  });

  test('behavior: after a day everything is compared again, and what vanished unseen is found', async () => {
    const book = generateBook(400, 9, { deletes: true });
    await serve(book.chain.answer);
    await sync();
    await database.query(`insert into plimsoll.mirror_rows (deployment, entity, id, owner, market, data, block) values ($1, 'UserReserves', '0xstray', '0xstray', 'm', '{"id":"0xstray"}', 0)`, [
      DEPLOYMENT,
    ]);
    await database.query(
      `update plimsoll.mirror_rows set data = jsonb_set(data, '{scaledATokenBalance}', '"7"') where id = (select min(id) from plimsoll.mirror_rows where entity = 'UserReserves' and id > '0x1')`,
    );
    book.grow(5);
    expect((await sync()).mode).toBe('changes');
    expect(await differences(database, book.expected())).not.toEqual([]);
    book.grow(5);
    expect((await sync({ fullEverySeconds: 20 })).mode).toBe('full');
    await expectEqual(book);
  });

  test('behavior: an indexer that lags leaves the mirror as it is', async () => {
    const book = generateBook(200, 10);
    await serve(book.chain.answer);
    for (let block = 0; block < 3; block += 1) book.grow(5);
    await sync();
    const before = await readMirrorState(database, DEPLOYMENT);
    book.chain.revertTo(book.chain.head.number - 2n);
    const now = () => book.chain.head.timestamp;
    expect((await sync({ now })).status).toBe('behind');
    expect(await readMirrorState(database, DEPLOYMENT)).toEqual(before);
  });

  test('behavior: blocks later than now are of another source, and everything is read', async () => {
    const later = generateBook(200, 11);
    for (let block = 0; block < 60; block += 1) later.grow(1);
    const earlier = generateBook(150, 12);
    let book = later;
    await serve((body) => book.chain.answer(body));
    await sync({ now: () => later.chain.head.timestamp });
    book = earlier;
    const result = await sync({ now: () => earlier.chain.head.timestamp });
    expect(result).toMatchObject({ status: 'synced', mode: 'full' });
    expect(result.events[0]).toEqual({ deployment: DEPLOYMENT, kind: 'rolled-back', to: null });
    await expectEqual(earlier);
  });

  test('error: a gap where the subgraph is stale or reports indexing errors; nothing is changed', async () => {
    const book = generateBook(50, 13);
    await serve(book.chain.answer);
    const stale = await sync({ now: () => book.chain.head.timestamp + 601 });
    expect(stale).toMatchObject({ status: 'failed', gaps: [{ code: 'STALE_BLOCK', deployment: DEPLOYMENT }], rowsRead: 0 });
    const failing: AnswerRequest = async (body) => JSON.parse(JSON.stringify(await book.chain.answer(body)).replace('"hasIndexingErrors":false', '"hasIndexingErrors":true'));
    await serve(failing);
    expect(await sync()).toMatchObject({ status: 'failed', gaps: [{ code: 'INDEXING_ERRORS' }] });
  });

  test('error: a row of another form is a gap that says where, and what was read before it stays', async () => {
    const book = generateBook(1_200, 14);
    let pages = 0;
    await serve(async (body) => {
      const answer = JSON.stringify(await book.chain.answer(body));
      const isThird = JSON.stringify(body).includes('query MirrorUserReserves(') && (pages += 1) === 3;
      return JSON.parse(isThird ? answer.replace(/"scaledVariableDebt":"[0-9]+"/, '"scaledVariableDebt":"many"') : answer);
    });
    const result = await sync();
    expect(result).toMatchObject({ status: 'failed', gaps: [{ code: 'MALFORMED_RESPONSE' }] });
    expect(result.gaps[0]?.message).not.toContain('many');
    expect((await sync()).events[0]).toMatchObject({ kind: 'started', resumed: true });
    await expectEqual(book);
  });

  test('behavior: another process that holds the lease is left alone, and a lost one stops the run', async () => {
    const book = generateBook(1_500, 15);
    const server = await serve(book.chain.answer);
    await claimLease(database, `sync:${DEPLOYMENT}`, { holder: 'other', seconds: 600 });
    expect(await sync()).toMatchObject({ status: 'busy', requests: 0 });
    await database.query(`update plimsoll.leases set holder = null where kind = 'sync'`);
    server.onRequest = (number) => {
      if (number === 5) void database.query(`update plimsoll.leases set holder = 'thief', token = nextval('plimsoll.lease_tokens') where kind = 'sync'`);
    };
    const result = await sync();
    expect(result).toMatchObject({ status: 'failed', gaps: [{ code: 'LEASE_LOST' }] });
    expect(await database.query(`select holder from plimsoll.leases where kind = 'sync'`)).toEqual([{ holder: 'thief' }]);
  });
});
