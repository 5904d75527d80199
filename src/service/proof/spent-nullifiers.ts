import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import { findText, withLock, writePrivate } from './private-file.ts';

/** The name and version of a verifier's list of counted proofs. */
const SPENT_SCHEMA = 'plimsoll/nullifiers@1';

const spentFile = z.strictObject({ schema: z.literal(SPENT_SCHEMA), nullifiers: z.array(z.string().regex(/^[0-9]{1,78}$/)) });

/**
 * Judges a proof while nobody else counts, and counts its nullifier where it is accepted.
 *
 * @param judge is asked with what has been counted so far; true counts the nullifier
 * @throws {InvalidFile} where the list cannot be read or written, or is in use.
 */
export function countOnce(path: string, nullifier: bigint, judge: (isSpent: (nullifier: bigint) => boolean) => Promise<boolean>): Promise<void> {
  return withLock(path, async () => {
    const nullifiers = await readSpent(path);
    if (!(await judge((asked) => nullifiers.includes(asked.toString())))) return;
    await writePrivate(path, `${JSON.stringify({ schema: SPENT_SCHEMA, nullifiers: [...nullifiers, nullifier.toString()] }, null, 2)}\n`);
  });
}

async function readSpent(path: string): Promise<readonly string[]> {
  const text = await findText(path);
  if (text === null) return [];
  try {
    return spentFile.parse(JSON.parse(text)).nullifiers;
  } catch {
    throw new InvalidFile(`${path} is not a list of counted proofs. Restore it from a backup: without it a breach could be counted twice.`, { file: path });
  }
}
