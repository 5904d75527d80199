import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeDataFolder } from '../../src/store/data-folder.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { openPglite } from '../../src/store/pglite-database.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'plimsoll-data-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const initialise = async (folder: string) => {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(folder);
};
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe(takeDataFolder, () => {
  test('default: a folder is made whole, held, and given back', async () => {
    const folder = join(root, 'a', 'book');
    const release = await takeDataFolder(folder, initialise);
    expect(await readFile(`${folder}.lock`, 'utf8')).toBe(String(process.pid));
    expect(await failureOf(takeDataFolder(folder, initialise))).toMatchObject({ code: 'STORE_REFUSED' });
    await release();
    await (await takeDataFolder(folder, initialise))();
    expect((await readdir(join(root, 'a'))).toSorted()).toEqual(['book']);
  });

  test.skipIf(process.platform === 'win32')('behavior: other users are shut out of a new one, and of one that was open to them', async () => {
    const folder = join(root, 'private');
    const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
    const before = process.umask(0o022);
    try {
      await (await takeDataFolder(folder, initialise))();
      expect(await modeOf(folder)).toBe('700');
      await chmod(folder, 0o755);
      const release = await takeDataFolder(folder, initialise);
      expect(await modeOf(folder)).toBe('700');
      await release();
    } finally {
      process.umask(before);
    }
  });

  test('behavior: making it fails: nothing is left, and the next one may try', async () => {
    const folder = join(root, 'b');
    const broken = new TypeError('disk');
    expect(
      await failureOf(
        takeDataFolder(folder, async (draft) => {
          await initialise(draft);
          throw broken;
        }),
      ),
    ).toBe(broken);
    expect((await readdir(root)).filter((name) => name.startsWith('b'))).toEqual([]);
    await (await takeDataFolder(folder, initialise))();
  });

  test('behavior: the lock of a process that was killed is taken over, that of a live one is not', async () => {
    const folder = join(root, 'c');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(`${folder}.lock`, String(child.pid));
    expect(await failureOf(takeDataFolder(folder, initialise))).toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining(String(child.pid)) });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await (await takeDataFolder(folder, initialise))();
  });

  test('behavior: a process that has the number of the one before it takes its own lock over', async () => {
    const folder = join(root, 'd');
    await writeFile(`${folder}.lock`, String(process.pid));
    await (await takeDataFolder(folder, initialise))();
  });

  test('behavior: of several that find a stale lock, one gets the folder', async () => {
    const folder = join(root, 'e');
    await writeFile(`${folder}.lock`, '4194305');
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map(() => takeDataFolder(folder, initialise)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });
});

describe('the embedded database', () => {
  test('error: STORE_REFUSED while its disk is nearly full, before the engine would hang in a write; the work goes on when there is room', async () => {
    let free = 0;
    const open = () => openPglite(join(root, 'full'), async () => free);
    expect(await failureOf(open())).toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('nearly full') });
    free = 2 ** 30;
    const database = await open();
    await database.execute('create table notes (text text)');
    free = 2 ** 20;
    const refused = [database.query(`insert into notes values ('a')`), database.execute('select 1'), database.transaction((queries) => queries.query('select 1'))];
    for (const work of refused) expect(await failureOf(work)).toMatchObject({ code: 'STORE_REFUSED' });
    free = 2 ** 30;
    await database.query(`insert into notes values ('b')`);
    expect(await database.query('select text from notes')).toEqual([{ text: 'b' }]);
    await database.close();
  });

  test('behavior: what was committed is there after the process is gone without closing', async () => {
    const folder = join(root, 'killed', 'book');
    const script = `
      import { openDatabase } from '${new URL('../../src/store/open-database.ts', import.meta.url).href}';
      const database = openDatabase({ kind: 'embedded', folder: process.argv[1] });
      await database.execute('create table plimsoll.kept (id int4 primary key)');
      for (let id = 0; ; id += 1) {
        await database.query('insert into plimsoll.kept values ($1)', [id]);
        process.stdout.write(id + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder]);
    let told = -1;
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        told = Math.max(told, ...text.trim().split('\n').map(Number));
        if (told > 20) child.kill('SIGKILL');
      });
      child.once('exit', () => resolve());
    });
    const database = openDatabase({ kind: 'embedded', folder });
    const [row] = await database.query('select max(id) as last, count(*)::int as rows from plimsoll.kept');
    expect(told).toBeGreaterThan(20);
    expect(row?.['last']).toBeGreaterThanOrEqual(told);
    expect(row?.['rows']).toBe(Number(row?.['last']) + 1);
    await database.close();
  });
});
