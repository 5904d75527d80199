import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import { createPrivate, findText, readText } from './private-file.ts';

/** The name and version of a secret file. */
const SECRET_SCHEMA = 'plimsoll/secret@1';
/** A field element has 253 bits and a half; 248 random bits always fit. */
const SECRET_BYTES = 31;

const secretFile = z.strictObject({ schema: z.literal(SECRET_SCHEMA), secret: z.string().regex(/^0x[0-9a-f]{62}$/) });

/** A random field element of 248 bits: a holder's secret, or the salt of a commitment. */
export function randomElement(): bigint {
  return BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`);
}

/**
 * Reads a holder's secret from its file. Whoever has it can prove about the holder's attestations, and recognise the proofs.
 *
 * @throws {InvalidFile} naming the path, never what stands in it.
 */
export async function readSecret(path: string): Promise<bigint> {
  return parseSecret(path, await readText(path));
}

/** Reads a holder's secret, or makes one and keeps it in a new file that only its owner may read. @throws {InvalidFile} */
export async function readOrCreateSecret(path: string): Promise<{ readonly secret: bigint; readonly isNew: boolean }> {
  const text = await findText(path);
  if (text !== null) return { secret: parseSecret(path, text), isNew: false };
  const secret = randomElement();
  const isNew = await createPrivate(path, `${JSON.stringify({ schema: SECRET_SCHEMA, secret: `0x${secret.toString(16).padStart(2 * SECRET_BYTES, '0')}` }, null, 2)}\n`);
  return isNew ? { secret, isNew } : { secret: await readSecret(path), isNew };
}

function parseSecret(path: string, text: string): bigint {
  try {
    return BigInt(secretFile.parse(JSON.parse(text)).secret);
  } catch {
    throw new InvalidFile(`${path} is not a secret file of Plimsoll. Name the file that plimsoll attest made for this wallet.`, { file: path });
  }
}
