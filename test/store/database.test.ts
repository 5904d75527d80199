import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPlimsollError, PlimsollError } from '../../src/core/errors.ts';
import type { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations/index.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { startEngines, titleOf } from './engines.ts';

const { engines, server } = await startEngines();
afterAll(() => server.close());

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

for (const engine of engines) {
  describe.skipIf(engine.reason !== null)(titleOf(engine), () => {
    let database: Database;
    beforeAll(async () => {
      database = await engine.open();
    });
    afterAll(() => database.close());

    test('default: values go in and come out alike, whatever the engine', async () => {
      const [row] = await database.query(
        `select $1::text as text, $2::int8::text as wide, $3::numeric::text as exact, $4::jsonb as json, $5::bytea as bytes, $6::bool as flag, to_jsonb($7::text[]) as list, $8::text as nothing, 7::int4 as small`,
        ["it's", 2n ** 62n, '1.50', JSON.stringify({ a: [1, 'x'] }), new Uint8Array([0, 255]), true, ['a"b', 'c,d', null], null],
      );
      expect({ ...row, bytes: Array.from(row?.['bytes'] as Uint8Array) }).toEqual({
        text: "it's",
        wide: '4611686018427387904',
        exact: '1.50',
        json: { a: [1, 'x'] },
        bytes: [0, 255],
        flag: true,
        list: ['a"b', 'c,d', null],
        nothing: null,
        small: 7,
      });
    });

    test('behavior: migrating again does nothing, and so do several at once', async () => {
      expect(await migrate(database)).toEqual([]);
      expect(await Promise.all([migrate(database), migrate(database), migrate(database)])).toEqual([[], [], []]);
      const rows = await database.query('select number, name from plimsoll.migrations order by number');
      expect(rows).toEqual(MIGRATIONS.map(({ number, name }) => ({ number, name })));
    });

    test('behavior: processes that start at once on an empty database apply each step once', async () => {
      const empty = await engine.open();
      await empty.execute('drop schema if exists plimsoll cascade');
      const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(empty)));
      expect(applied.flat()).toEqual(MIGRATIONS.map((migration) => migration.number));
      await empty.close();
    });

    test('error: STORE_REFUSED where a newer or another release wrote the schema, and nothing is changed', async () => {
      const newer = [...MIGRATIONS, { number: 99, name: 'later', sql: 'create table plimsoll.later (id int4);' }];
      const other = await engine.open();
      expect(await migrate(other, newer)).toEqual([99]);
      expect(await failureOf(migrate(other))).toMatchObject({ code: 'STORE_REFUSED', fields: { step: 99 } });
      const altered = MIGRATIONS.map((migration) => ({ ...migration, sql: `${migration.sql}\n` }));
      expect(await failureOf(migrate(database, altered))).toMatchObject({ code: 'STORE_REFUSED' });
      await other.close();
    });

    test('error: a step that fails leaves nothing behind', async () => {
      const broken = [...MIGRATIONS, { number: MIGRATIONS.length + 1, name: 'broken', sql: 'create table plimsoll.half (id int4);\nselect 1 / 0;' }];
      expect(await failureOf(migrate(database, broken))).toBeInstanceOf(PlimsollError);
      expect(await database.query(`select to_regclass('plimsoll.half')::text as half`)).toEqual([{ half: null }]);
      expect(await migrate(database)).toEqual([]);
    });

    test('behavior: a transaction is kept whole or not at all, and what its work throws comes out as it is', async () => {
      await database.execute('create table if not exists plimsoll.scratch (id int4 primary key)');
      const own = new TypeError('mine');
      const work = database.transaction(async (queries) => {
        await queries.query('insert into plimsoll.scratch values (1)');
        throw own;
      });
      expect(await failureOf(work)).toBe(own);
      expect(await database.transaction(async (queries) => queries.query('select count(*)::int as rows from plimsoll.scratch'))).toEqual([{ rows: 0 }]);
    });

    test('error: a failed statement says its SQLSTATE and nothing of the rows', async () => {
      await database.execute('create table if not exists plimsoll.once (id text primary key)');
      await database.query('insert into plimsoll.once values ($1) on conflict do nothing', ['s3cret-position']);
      const error = await failureOf(database.query('insert into plimsoll.once values ($1)', ['s3cret-position']));
      expect(isPlimsollError(error, 'INTERNAL') && error.message).toBe('A statement failed in the database (23505, once_pkey).');
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('s3cret');
      expect((error as Error).cause).toBeUndefined();
    });

    test('behavior: what is sent to a channel is heard, and no longer after stopping', async () => {
      const heard: string[] = [];
      const first = Promise.withResolvers<void>();
      const stop = await database.listen('plimsoll_test', (payload) => {
        heard.push(payload);
        first.resolve();
      });
      await database.notify('plimsoll_other', 'not for us');
      await database.notify('plimsoll_test', 'one');
      await first.promise;
      await stop();
      await database.notify('plimsoll_test', 'two');
      await database.query('select 1');
      expect(heard).toEqual(['one']);
    });

    test('behavior: what a transaction sends is heard only if it is committed', async () => {
      const heard: string[] = [];
      const last = Promise.withResolvers<void>();
      await database.listen('plimsoll_commit', (payload) => {
        heard.push(payload);
        if (payload === 'kept') last.resolve();
      });
      await failureOf(
        database.transaction(async (queries) => {
          await queries.query(`select pg_notify('plimsoll_commit', 'dropped')`);
          throw new TypeError('no');
        }),
      );
      await database.transaction((queries) => queries.query(`select pg_notify('plimsoll_commit', 'kept')`));
      await last.promise;
      expect(heard).toEqual(['kept']);
    });

    test('error: a closed database is a defect of the caller', async () => {
      const other = await engine.open();
      await other.query('select 1');
      await other.close();
      expect(await failureOf(other.query('select 1'))).toMatchObject({ code: 'INTERNAL' });
    });
  });
}

describe.skipIf(server.kind === 'absent')('a PostgreSQL that does not answer', () => {
  const open = async (): Promise<Database> => openDatabase({ kind: 'postgres', url: server.kind === 'server' ? await server.createDatabase() : '', options: { statementMs: 500 } });

  test('error: STORE_UNREACHABLE for a statement that takes too long; the next one is answered', async () => {
    const database = await open();
    expect(await failureOf(database.query('select pg_sleep(600)'))).toMatchObject({ code: 'STORE_UNREACHABLE', fields: { code: '57014' } });
    expect(await failureOf(database.transaction((queries) => queries.query('select pg_sleep(600)')))).toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
  });

  test('error: STORE_UNREACHABLE for a server process that hangs in the middle of a transaction; another connection is made', { timeout: 60_000 }, async () => {
    const database = await open();
    let pid = 0;
    try {
      const work = database.transaction(async (queries) => {
        pid = Number((await queries.query('select pg_backend_pid() as pid'))[0]?.['pid']);
        process.kill(pid, 'SIGSTOP');
        return queries.query('select 1 as one');
      });
      expect(await failureOf(work)).toMatchObject({ code: 'STORE_UNREACHABLE', fields: { code: null } });
      expect((await database.query('select pg_backend_pid() as pid'))[0]?.['pid']).not.toBe(pid);
    } finally {
      if (pid > 0) process.kill(pid, 'SIGCONT');
      await database.close();
    }
  });
});

describe(openDatabase, () => {
  test('error: STORE_UNREACHABLE where no server listens, without the password', async () => {
    const database = openDatabase({ kind: 'postgres', url: 'postgres://user:pa55word@127.0.0.1:1/none' });
    const error = await failureOf(database.query('select 1'));
    expect(error).toMatchObject({ code: 'STORE_UNREACHABLE', retryable: true });
    expect(String(error)).not.toContain('pa55word');
    await database.close();
  });

  test('behavior: nothing is opened before the first statement', async () => {
    const database = openDatabase({ kind: 'embedded', folder: '/dev/null/book' });
    await database.close();
    const second = openDatabase({ kind: 'embedded', folder: '/dev/null/book' });
    expect(await failureOf(second.query('select 1'))).toMatchObject({ code: 'STORE_REFUSED' });
    await second.close();
  });
});
