import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { DatabaseLocation } from '../store/open-database.ts';

/** Where the book is kept by configuration: `DATABASE_URL`, else the embedded database in `PLIMSOLL_DATA` or the home folder. */
export function locateStore(config: Config): DatabaseLocation {
  if (config.databaseUrl !== null) return { kind: 'postgres', url: config.databaseUrl };
  return { kind: 'embedded', folder: config.dataFolder ?? join(homedir(), '.plimsoll') };
}

/** Where a book was kept before by configuration; null where nothing ever was. */
export async function findStore(config: Config): Promise<DatabaseLocation | null> {
  const location = locateStore(config);
  if (location.kind !== 'embedded') return location;
  try {
    await access(location.folder);
    return location;
  } catch {
    return null;
  }
}
