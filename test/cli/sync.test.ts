import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/open-database.ts';
import { type CliRun, runCli } from './run-cli.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-sync-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dataIn = (name: string) => ({ PLIMSOLL_DATA: join(root, name) });

interface Summary {
  readonly deployment: string;
  readonly status: string;
  readonly rowsRead: number;
  readonly gaps: readonly unknown[];
}
const summaries = (run: CliRun) => (JSON.parse(run.stdout) as Summary[]).map(({ deployment, status }) => [deployment, status]);

describe('plimsoll sync', () => {
  test('default: the recorded deployments are mirrored into the embedded database, and once more there is nothing to do', async () => {
    const first = await runCli(['sync', '--once', '--json'], dataIn('a'));
    expect([first.code, summaries(first)]).toEqual([
      0,
      [
        ['aave-v3/1/core', 'synced'],
        ['compound-v3/1/usdc', 'synced'],
        ['morpho-blue/1', 'synced'],
        ['gmx-v2/42161', 'synced'],
      ],
    ]);
    expect(first.stderr).toMatch(/aave-v3\/1\/core +reading everything at block 23638500/);
    const second = await runCli(['sync', '--once', '--chain', '1', '--deployment', 'aave-v3/1/core'], dataIn('a'));
    expect([second.code, second.stdout]).toEqual([0, expect.stringMatching(/^aave-v3\/1\/core +current at block 23638500: 0 rows read in 1 requests/)]);
    const third = await runCli(['sync', '--once', '--full', '--json', '--deployment', 'aave-v3/1/core,morpho-blue/1'], dataIn('a'));
    expect((JSON.parse(third.stdout) as Summary[]).map((result) => [result.status, result.rowsRead > 0])).toEqual([
      ['synced', true],
      ['synced', true],
    ]);
    const database = openDatabase({ kind: 'embedded', folder: join(root, 'a-recorded') });
    expect(await database.query('select count(*)::int as accounts from plimsoll.accounts where position is not null')).toEqual([{ accounts: 4 }]);
    await database.close();
  }, 180_000);

  test('error: recorded data do not pass for live ones: they have a folder of their own, live ones are not mixed with them, and a scan says what they are', async () => {
    expect(existsSync(join(root, 'a'))).toBe(false);
    const live = { PLIMSOLL_DATA: join(root, 'a-recorded'), GRAPH_URL_AAVE_V3_1_CORE: 'http://127.0.0.1:1/' };
    const mixed = await runCli(['sync', '--once', '--json', '--deployment', 'aave-v3/1/core'], live);
    expect([mixed.code, JSON.parse(mixed.stdout).error]).toEqual([2, expect.objectContaining({ code: 'STORE_REFUSED', message: expect.stringContaining('holds recorded data') })]);
    const scanned = await runCli(['scan'], live);
    expect(scanned.stdout).toContain('recorded: what was synchronised from recorded data; none of it is live');
  }, 180_000);

  test('error: exit code 3 where --once was told to stop before everything was up to date', async () => {
    const child = spawn(process.execPath, [MAIN, 'sync', '--once', '--json'], { env: { PATH: process.env.PATH ?? '', ...dataIn('e') } });
    let stderr = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (!child.killed && stderr.includes(' reading everything')) child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, (JSON.parse(stdout) as Summary[]).map(({ status }) => status)]).toEqual([3, expect.arrayContaining(['stopped'])]);
    expect(stderr).toMatch(/is not up to date: it was told to stop in the middle/);
  }, 180_000);

  test('behavior: without --once it goes on until it is told to stop, and then ends well', async () => {
    const child = spawn(process.execPath, [MAIN, 'sync', '--json', '--every', '1', '--deployment', 'aave-v3/1/core'], { env: { PATH: process.env.PATH ?? '', ...dataIn('b') } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      // Once: a second signal would end it at once.
      if (!child.killed && stderr.split(' current at block').length >= 3) child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, (JSON.parse(stdout) as Summary[]).map((result) => result.status)]).toEqual([0, ['current']]);
    expect(stderr).toContain('Stopping');
  });

  test('error: exit code 2 where another process has the folder, 4 where no database answers, without its password', async () => {
    const folder = join(root, 'c');
    const database = openDatabase({ kind: 'embedded', folder: `${folder}-recorded` });
    await database.query('select 1');
    const busy = await runCli(['sync', '--once', '--json'], { PLIMSOLL_DATA: folder });
    await database.close();
    expect([busy.code, JSON.parse(busy.stdout).error?.code]).toEqual([2, 'STORE_REFUSED']);
    const absent = await runCli(['sync', '--once'], { DATABASE_URL: 'postgres://user:pa55word@127.0.0.1:1/none' });
    expect(absent.code).toBe(4);
    expect(absent.stderr + absent.stdout).not.toContain('pa55word');
  });

  test.each([
    ['an unknown deployment', ['--deployment', 'aave-v9/1/core'], /"aave-v9\/1\/core" cannot be synchronised here/],
    ['an unknown chain', ['--chain', 'moon'], /"moon" is not a chain/],
    ['a pause that is none', ['--every', '0'], /--every "0" is not a number of seconds/],
    ['a pause between rounds of which there is one', ['--once', '--every', '0'], /--every has no effect/],
  ])('error: exit code 2 for %s', async (_, flags, message) => {
    const { code, stderr } = await runCli(['sync', ...flags], dataIn('d'));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
