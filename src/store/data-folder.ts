import { randomBytes } from 'node:crypto';
import { access, chmod, link, mkdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlimsollError } from '../core/errors.ts';

/** Folders that this process holds or is about to. */
const held = new Set<string>();

/** How to make a database in an empty folder, and leave it closed. */
export type Initialise = (folder: string) => Promise<void>;

/**
 * Takes a folder for this process alone, and sees that it holds a whole database: two processes in one folder would destroy it, and one
 * that was killed while it was being made could never be opened. A lock whose process is gone is taken over.
 *
 * @returns how to give it back
 * @throws {PlimsollError} STORE_REFUSED where another process has it, or the folder cannot be written or closed to other users
 */
export async function takeDataFolder(folder: string, initialise: Initialise): Promise<() => Promise<void>> {
  const lock = `${folder}.lock`;
  if (held.has(folder)) throw inUse(folder, lock, process.pid);
  held.add(folder);
  try {
    await mkdir(dirname(folder), { recursive: true });
    await lockFor(folder, lock);
  } catch (error) {
    held.delete(folder);
    if (error instanceof PlimsollError) throw error;
    throw new PlimsollError('STORE_REFUSED', `The data folder ${folder} cannot be written. Check its permissions, or set PLIMSOLL_DATA.`, { folder });
  }
  const release = async () => {
    held.delete(folder);
    await unlink(lock).catch(() => {});
  };
  try {
    if (!(await exists(folder))) await makeWhole(folder, initialise);
    await closeToOthers(folder);
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

async function lockFor(folder: string, lock: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await tryLock(lock)) return;
    const holder = await readHolder(lock);
    // Our own number was left by a process that had it before: this one opens a folder once.
    if (holder !== null && holder !== process.pid && isAlive(holder)) throw inUse(folder, lock, holder);
    if (holder !== null) await removeStale(lock, holder);
  }
  throw new PlimsollError('STORE_REFUSED', `The data folder ${folder} is being opened by several processes. Try again.`, { folder });
}

/** The lock appears with its holder's number in it, or not at all. */
async function tryLock(lock: string): Promise<boolean> {
  const draft = `${lock}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, String(process.pid), { flag: 'wx', mode: 0o600 });
    await link(draft, lock);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft).catch(() => {});
  }
}

async function readHolder(lock: string): Promise<number | null> {
  const text = await readFile(lock, 'utf8').catch(() => null);
  return text === null ? null : Number(text);
}

/** Moved aside before it is removed: where somebody else was quicker, what we hold is their lock, and it goes back. */
async function removeStale(lock: string, holder: number): Promise<void> {
  const aside = `${lock}.${randomBytes(6).toString('hex')}.stale`;
  try {
    await rename(lock, aside);
    if ((await readHolder(aside)) !== holder) await link(aside, lock);
    await unlink(aside);
  } catch {
    // Somebody else removed it.
  }
}

function inUse(folder: string, lock: string, holder: number): PlimsollError {
  const message = `The data folder ${folder} is in use by process ${holder}. Stop it, or share a PostgreSQL through DATABASE_URL; if there is none, remove ${lock}.`;
  return new PlimsollError('STORE_REFUSED', message, { folder });
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** What of a folder's mode lets others in. */
const OTHERS = 0o077;

/** Whoever may enter the folder may read what people own and owe, whatever the modes of its files. A system without such modes has none to take away. */
async function closeToOthers(folder: string): Promise<void> {
  const isOpen = async (): Promise<boolean> => process.platform !== 'win32' && ((await stat(folder)).mode & OTHERS) !== 0;
  if (!(await isOpen())) return;
  await chmod(folder, 0o700).catch(() => {});
  if (!(await isOpen())) return;
  throw new PlimsollError('STORE_REFUSED', `The data folder ${folder} is open to other users of this machine, and cannot be closed to them. Make it yours (chown, chmod 700), or set PLIMSOLL_DATA.`, {
    folder,
  });
}

/** Made under another name and moved when it is whole. */
async function makeWhole(folder: string, initialise: Initialise): Promise<void> {
  const draft = `${folder}.${randomBytes(6).toString('hex')}.draft`;
  try {
    await initialise(draft);
    await closeToOthers(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
