import type { Database } from './database.ts';

/** Tables that a synchronisation fills by the hundred thousand. */
const GREAT_TABLES = ['mirror_rows', 'pending_owners', 'accounts'] as const;

/**
 * Tells the database what its great tables hold now. After much was written at once it would otherwise look for owners by reading whole
 * deployments until its own statistics catch up; the embedded one never takes them, nor frees space, by itself.
 */
export async function maintain(database: Database): Promise<void> {
  for (const table of GREAT_TABLES) await database.execute(`${database.engine === 'pglite' ? 'vacuum (analyze)' : 'analyze'} plimsoll.${table}`);
}
