import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/open-database.ts';
import { runCli } from '../cli/run-cli.ts';
import { startPostgres } from '../store/postgres-server.ts';
import { ask, startTestService, type TestService } from './serving.ts';

const PATIENCE_MS = 20_000;
const server = await startPostgres();
const title = server.kind === 'server' ? 'API keys of several processes' : `API keys of several processes: skipped, no PostgreSQL starts here (${server.reason})`;
const running: TestService[] = [];
let url = '';

async function start(host = '127.0.0.1'): Promise<TestService> {
  const started = await startTestService({ host, environment: { PLIMSOLL_API_KEYS: '', DATABASE_URL: url }, database: openDatabase({ kind: 'postgres', url }), isDurable: true });
  running.push(started);
  return started;
}

async function become(service: TestService, status: number, headers: Record<string, string> = {}): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < PATIENCE_MS; await new Promise((resolve) => setTimeout(resolve, 100)))
    if ((await ask(service.origin, '/v1/protocols', { headers })).status === status) return;
  throw new Error(`It never answered ${status}.`);
}

beforeAll(async () => {
  if (server.kind === 'server') url = await server.createDatabase();
});
afterAll(async () => {
  for (const service of running) await service.close();
  await server.close();
});

describe.skipIf(server.kind !== 'server')(title, () => {
  test('behavior: one that is made or revoked is so in every process, and lies in the database as a hash', { timeout: 180_000 }, async () => {
    const [one, two] = [await start(), await start()];
    await become(one, 200);
    await expect(start('0.0.0.0')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const environment = { DATABASE_URL: url };
    const made = await runCli(['serve', 'keys', 'create', 'shared', '--scopes', 'read'], environment);
    const key = made.stdout.trim();
    expect([made.code, key]).toEqual([0, expect.stringMatching(/^plk_[A-Za-z0-9_-]{43}$/)]);
    const headers = { authorization: `Bearer ${key}` };
    for (const service of [one, two]) {
      await become(service, 401);
      await become(service, 200, headers);
    }
    const rows = await one.database.query('select name, sha256, array_to_string(scopes, $1) as scopes from plimsoll.api_keys', [',']);
    expect(rows).toEqual([{ name: 'shared', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), scopes: 'read' }]);
    expect(JSON.stringify(rows)).not.toContain(key.slice(4));
    expect((await runCli(['serve', 'keys', 'create', 'shared', '--scopes', 'read'], environment)).code).toBe(2);
    expect(JSON.parse((await runCli(['serve', 'keys', 'list', '--json'], environment)).stdout)).toMatchObject([{ name: 'shared', scopes: ['read'] }]);
    expect((await runCli(['serve', 'keys', 'revoke', 'shared'], environment)).code).toBe(0);
    // Without any key left, a service that had some lets nobody in.
    for (const service of [one, two]) await become(service, 401, headers);
    expect((await ask(one.origin, '/v1/protocols')).status).toBe(401);
    expect(`${one.log()}${two.log()}${made.stderr}`).not.toContain(key.slice(4));
  });

  test('error: where the database does not answer, nothing is opened to anybody', async () => {
    await expect(
      startTestService({
        environment: { PLIMSOLL_API_KEYS: '', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
        database: openDatabase({ kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' }),
      }),
    ).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  });
});
