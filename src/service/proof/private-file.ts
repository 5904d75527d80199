import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { InvalidFile } from '../../core/errors.ts';

/** Only the owner may read or write. */
const PRIVATE = 0o600;

/**
 * Reads a file whole.
 *
 * @throws {InvalidFile} naming the path, never what stands in it.
 */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidFile(`${path} cannot be read. Check the path and its permissions.`, { file: path }, { cause });
  }
}

/** As {@link readText}; null where there is no such file. */
export async function findText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new InvalidFile(`${path} cannot be read. Check its permissions.`, { file: path }, { cause });
  }
}

/** Writes a file that only its owner may read; whole, or not at all. @throws {InvalidFile} */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await writeFile(draft, text, { mode: PRIVATE, flag: 'wx' });
    await rename(draft, path);
  } catch (cause) {
    await unlink(draft).catch(() => {});
    throw new InvalidFile(`${path} cannot be written. Check the folder and its permissions.`, { file: path }, { cause });
  }
}

/**
 * Writes a new file that only its owner may read.
 *
 * @returns false where a file of that name is there already; it is left as it is.
 * @throws {InvalidFile}
 */
export async function createPrivate(path: string, text: string): Promise<boolean> {
  const draft = draftOf(path);
  try {
    await writeFile(draft, text, { mode: PRIVATE, flag: 'wx' });
    await link(draft, path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw new InvalidFile(`${path} cannot be written. Check the folder and its permissions.`, { file: path }, { cause });
  } finally {
    await unlink(draft).catch(() => {});
  }
}

/**
 * Runs `work` while no other process does so for the same file.
 *
 * @throws {InvalidFile} where another process holds it, or left its lock behind.
 */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${path}.lock`;
  try {
    await (await open(lock, 'wx', PRIVATE)).close();
  } catch (cause) {
    throw new InvalidFile(`${path} is in use by another process. Wait for it; if there is none, remove ${lock}.`, { file: path }, { cause });
  }
  try {
    return await work();
  } finally {
    await unlink(lock).catch(() => {});
  }
}

function draftOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.draft`;
}
