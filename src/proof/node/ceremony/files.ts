import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refuseStep, unusable } from './ceremony-error.ts';

/** Reads a file whole. @throws {InvalidFile} */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw unusable(path, 'cannot be read. Check the path and its permissions.', cause);
  }
}

/** A file's hash, hex, without holding the file in memory. @throws {InvalidFile} */
export async function hashFile(path: string, algorithm: 'sha256' | 'blake2b512'): Promise<string> {
  const hash = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  } catch (cause) {
    throw unusable(path, 'cannot be read. Check the path and its permissions.', cause);
  }
  return hash.digest('hex');
}

/** Reads bytes of a file at a place; fewer where it ends. @throws {InvalidFile} */
export async function readSlice(path: string, at: number, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead } = await file.read(bytes, 0, count, at);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unusable(path, 'cannot be read. Check the path and its permissions.', cause);
  }
}

/**
 * Makes a new file or folder whole or not at all: work writes a draft beside it, which gets its name when the work is done and is deleted when it fails.
 *
 * @throws {PlimsollError} KEY_REFUSED where the file is there already: nothing of a ceremony is written over
 */
export async function writeFinished<T>(path: string, work: (draft: string) => Promise<T>): Promise<T> {
  if (existsSync(path)) throw refuseStep(`${path} is there already, and nothing of a ceremony is written over. Give another name, or move it away.`);
  const draft = `${path}.draft-${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const result = await work(draft);
    await rename(draft, path);
    return result;
  } finally {
    await rm(draft, { force: true, recursive: true });
  }
}
