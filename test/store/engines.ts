import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

/** An engine to run a suite on; `reason` says why it is skipped. */
export interface Engine {
  readonly name: string;
  readonly reason: string | null;
  /** A database of its own, empty but for the schema. */
  open(): Promise<Database>;
}

/** PGlite always, PostgreSQL where this machine can start one. Close the server at the end. */
export async function startEngines(): Promise<{ readonly engines: readonly Engine[]; readonly server: PostgresServer }> {
  const server = await startPostgres();
  const pglite: Engine = { name: 'PGlite', reason: null, open: async () => openDatabase({ kind: 'memory' }) };
  const postgres: Engine = {
    name: 'PostgreSQL',
    reason: server.kind === 'absent' ? server.reason : null,
    open: async () => openDatabase({ kind: 'postgres', url: server.kind === 'server' ? await server.createDatabase() : '' }),
  };
  return { engines: [pglite, postgres], server };
}

/** The title of an engine's suite; says why where it is skipped. */
export function titleOf(engine: Engine): string {
  return engine.reason === null ? engine.name : `${engine.name}: skipped, it does not start here (${engine.reason})`;
}
