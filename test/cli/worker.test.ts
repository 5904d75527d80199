import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openJobQueue } from '../../src/service/jobs/job-queue.ts';
import { findProofJobStatus, submitProofJob } from '../../src/service/jobs/proof-jobs.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { createSealer } from '../../src/store/seal.ts';
import { breach, endWorkers, SEAL_KEY, spawnWorker, until, type WorkerChild } from '../service/workers/working.ts';
import { runCli } from './run-cli.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-worker-'));
});
afterEach(() => endWorkers());
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dataIn = (name: string) => ({ PLIMSOLL_DATA: join(root, name) });
const baseOf = (child: WorkerChild): Promise<string> => until(() => /http:\/\/127\.0\.0\.1:[0-9]+/.exec(child.stderr())?.[0]);

describe('plimsoll worker', () => {
  test('default: several roles in one process on the embedded database, with health and metrics, until it is told to stop', async () => {
    const child = spawnWorker(['--roles', 'sync,watch,notify', '--health-port', '0', '--json'], dataIn('a'));
    const base = await baseOf(child);
    const ask = async (path: string): Promise<readonly [number, string]> => {
      const answer = await fetch(`${base}${path}`);
      return [answer.status, await answer.text()];
    };
    await until(() => child.stderr().includes('sync: aave-v3/1/core synced'));
    const [alive, health] = await ask('/healthz');
    const { roles } = JSON.parse(health) as { roles: { role: string }[] };
    expect([alive, roles.map(({ role }) => role)]).toEqual([200, ['sync', 'watch', 'notify']]);
    expect((await until(async () => ((await ask('/readyz'))[0] === 200 ? ask('/readyz') : null)))[1]).toBe('{"ready":true,"troubles":[]}');
    const [status, metrics] = await ask('/metrics');
    expect(status).toBe(200);
    for (const role of ['sync', 'watch', 'notify']) expect(metrics).toContain(`plimsoll_${role}_rounds_total`);
    expect((await ask('/elsewhere'))[0]).toBe(404);
    child.process.kill('SIGTERM');
    expect(await child.ended).toEqual({ code: 0, signal: null });
    expect((JSON.parse(child.stdout()) as { role: string; holds: unknown[] }[]).map(({ role, holds }) => [role, holds])).toEqual([
      ['sync', []],
      ['watch', []],
      ['notify', []],
    ]);
    expect(child.stderr()).not.toContain('c0ffee');
    const database = openDatabase({ kind: 'embedded', folder: join(root, 'a-recorded') });
    expect(await database.query(`select count(*)::int4 as held from plimsoll.leases where holder is not null and kind <> 'house'`)).toEqual([{ held: 0 }]);
    await database.close();
  });

  test('behavior: the first signal lets a proof be finished; a second one ends the process at once, and the job is still there', async () => {
    const folder = join(root, 'b');
    const open = () => openDatabase({ kind: 'embedded', folder: `${folder}-recorded` });
    const before = open();
    const queue = await openJobQueue({ database: before, failed: () => {}, supervise: false });
    const { id } = await submitProofJob(await breach(), { database: before, queue, sealer: createSealer(Buffer.from(SEAL_KEY, 'hex')), now: () => 1_000, idempotencyKey: null });
    await queue.close();
    await before.close();
    const child = spawnWorker(['--roles', 'prove', '--dev-keys'], { PLIMSOLL_DATA: folder, PLIMSOLL_SEAL_KEY: SEAL_KEY });
    await until(() => child.stderr().includes(`took ${id}`));
    child.process.kill('SIGTERM');
    await until(() => child.stderr().includes('Stopping'));
    expect(child.process.exitCode).toBeNull();
    child.process.kill('SIGINT');
    expect(await child.ended).toEqual({ code: null, signal: 'SIGINT' });
    const after = open();
    expect(await findProofJobStatus(after, id)).toMatchObject({ state: 'waiting' });
    await after.close();
  });

  test.each([
    ['an unknown role', ['--roles', 'sync,moon'], {}, /"moon" is not a role/],
    ['attest without a key', ['--roles', 'attest'], {}, /--key-file/],
    ['prove without keys', ['--roles', 'prove'], {}, /--dev-keys/],
    ['a port that is none', ['--health-port', '70000'], {}, /--health-port "70000" is not a port/],
    ['a key of the wrong length', ['--roles', 'notify'], { PLIMSOLL_SEAL_KEY: 'beefbeef' }, /PLIMSOLL_SEAL_KEY must be 32 bytes as 64 hex digits/],
  ])('error: exit code 2 for %s', async (_, flags, environment, message) => {
    const { code, stderr } = await runCli(['worker', ...flags], { ...dataIn('c'), ...environment });
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).not.toContain('beefbeef');
  });

  test('error: exit code 2 where the port is taken, 4 where no database answers, without its password', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const busy = await runCli(['worker', '--roles', 'notify', '--health-port', String(port)], dataIn('d'));
    await new Promise((resolve) => taken.close(resolve));
    expect([busy.code, busy.stderr]).toEqual([2, expect.stringContaining('Choose another with --health-port')]);
    const absent = await runCli(['worker', '--roles', 'sync'], { DATABASE_URL: 'postgres://user:pa55word@127.0.0.1:1/none' });
    expect(absent.code).toBe(4);
    expect(absent.stderr + absent.stdout).not.toContain('pa55word');
  });
});
