import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Config, isLive } from '../config.ts';
import type { DatabaseLocation } from '../store/open-database.ts';

/** The folder that is kept by configuration: `PLIMSOLL_DATA`, else one in the home folder. */
export function locateFolder(config: Config): string {
  return config.dataFolder ?? join(homedir(), '.plimsoll');
}

/**
 * Where the book is kept by configuration: `DATABASE_URL`, else the embedded database. Recorded data have a folder of their own beside that
 * of live ones, for which they would pass.
 */
export function locateStore(config: Config): DatabaseLocation {
  if (config.databaseUrl !== null) return { kind: 'postgres', url: config.databaseUrl };
  const folder = locateFolder(config);
  return { kind: 'embedded', folder: isLive(config) ? folder : `${folder}-recorded` };
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
