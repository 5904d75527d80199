import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { claimLease, claimShards, listLeases, SHARD_COUNT } from '../../src/store/leases.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { startPostgres } from './postgres-server.ts';

const server = await startPostgres();
afterAll(() => server.close());

const PATIENCE = { timeout: 20_000, interval: 25 };
/** No test waits for as long as this: what is taken over is taken over for another reason than silence. */
const SECONDS = 3_600;
const title = server.kind === 'absent' ? `: skipped, no server here (${server.reason})` : '';

describe.skipIf(server.kind === 'absent')(`signs of life on PostgreSQL${title}`, () => {
  let url = '';
  let heir: Database;
  beforeAll(async () => {
    url = server.kind === 'server' ? await server.createDatabase() : '';
    heir = openDatabase({ kind: 'postgres', url });
  });
  afterAll(() => heir.close());

  const claimAll = (database: Database, holder: string, attended: boolean) => claimShards(database, { holder, most: SHARD_COUNT, seconds: SECONDS, attended });
  const freeAll = () => heir.query(`update plimsoll.leases set holder = null, expires_at = '-infinity'`);
  const expired = async (kind: string) => (await listLeases(heir, kind)).filter((lease) => lease.expired && lease.holder !== null).length;

  test('default: the leases of a process that is gone are free, though they have not run out', async () => {
    await freeAll();
    const process = openDatabase({ kind: 'postgres', url });
    expect(await process.attend('mortal')).toBe(true);
    expect((await claimAll(process, 'mortal', true)).length).toBe(SHARD_COUNT);
    expect(await claimLease(process, 'sync:x', { holder: 'mortal', seconds: SECONDS, attended: true })).not.toBeNull();
    expect(await claimAll(heir, 'heir', false), 'while it lives').toEqual([]);
    expect(await claimLease(heir, 'sync:x', { holder: 'heir', seconds: SECONDS })).toBeNull();
    expect([await expired('shard'), await expired('sync')]).toEqual([0, 0]);
    await process.close();
    await vi.waitFor(async () => expect(await expired('shard')).toBe(SHARD_COUNT), PATIENCE);
    expect((await claimAll(heir, 'heir', false)).length).toBe(SHARD_COUNT);
    expect((await claimLease(heir, 'sync:x', { holder: 'heir', seconds: SECONDS }))?.name).toBe('sync:x');
    expect(await expired('shard')).toBe(0);
  });

  test('behavior: who shows no sign of life keeps its leases until they run out', async () => {
    await freeAll();
    const process = openDatabase({ kind: 'postgres', url });
    await claimAll(process, 'silent', false);
    await process.close();
    expect(await claimAll(heir, 'heir', false)).toEqual([]);
  });

  test('behavior: a connection that breaks is made again, and the sign with it', async () => {
    await freeAll();
    const process = openDatabase({ kind: 'postgres', url });
    expect(await process.attend('stumbling')).toBe(true);
    await claimAll(process, 'stumbling', true);
    await heir.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 5041`);
    await vi.waitFor(async () => expect(await expired('shard')).toBe(SHARD_COUNT), PATIENCE);
    await vi.waitFor(async () => expect([await process.attend('stumbling'), await expired('shard')]).toEqual([true, 0]), PATIENCE);
    expect(await claimAll(heir, 'heir', false)).toEqual([]);
    await process.close();
  });

  test('behavior: names of other databases of the server are other names', async () => {
    await freeAll();
    const elsewhere = openDatabase({ kind: 'postgres', url: server.kind === 'server' ? await server.createDatabase() : '' });
    await elsewhere.attend('namesake');
    await claimAll(heir, 'namesake', true);
    expect(await expired('shard')).toBe(SHARD_COUNT);
    await elsewhere.close();
  });
});

test.skipIf(server.kind === 'absent')('error: a connection that the server ends in the middle of a transaction fails that transaction alone', async () => {
  const url = server.kind === 'server' ? await server.createDatabase() : '';
  const [database, other] = [openDatabase({ kind: 'postgres', url }), openDatabase({ kind: 'postgres', url })];
  const work = database.transaction(async (queries) => {
    const [row] = await queries.query('select pg_backend_pid() as pid');
    await other.query('select pg_terminate_backend($1)', [Number(row?.['pid'])]);
    // The server's word arrives while nothing is asked.
    await new Promise((resolve) => setTimeout(resolve, 200));
    return queries.query('select 1');
  });
  await expect(work).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', retryable: true });
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  await Promise.all([database.close(), other.close()]);
});

test('default: an embedded database has nobody who could look', async () => {
  const database = openDatabase({ kind: 'memory' });
  expect(await database.attend('alone')).toBe(false);
  expect((await claimShards(database, { holder: 'alone', most: 3, seconds: SECONDS, attended: false })).length).toBe(3);
  await database.close();
});
