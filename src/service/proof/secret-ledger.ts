import * as z from 'zod';
import { InvalidFile, PlimsollError } from '../../core/errors.ts';
import { findText, withLock, writePrivate } from './private-file.ts';

/** The name and version of an attestor's ledger. */
const LEDGER_SCHEMA = 'plimsoll/attestor-ledger@1';

const ledger = z.strictObject({ schema: z.literal(LEDGER_SCHEMA), secretHashes: z.record(z.string().regex(/^[0-9]{1,78}$/), z.string().regex(/^[0-9]{1,78}$/)) });

/**
 * Keeps one secret hash for each account, the first that was asked for: with a second secret the holder could be counted twice for one breach.
 * It is all that an attestor stores.
 *
 * @throws {PlimsollError} ATTESTATION_REFUSED where the account has another one; INVALID_FILE where the ledger cannot be read or written.
 */
export function claimSecretHash(path: string, account: bigint, secretHash: bigint): Promise<void> {
  return withLock(path, async () => {
    const hashes = await readLedger(path);
    const known = hashes[account.toString()];
    if (known === secretHash.toString()) return;
    if (known !== undefined) {
      throw new PlimsollError('ATTESTATION_REFUSED', 'No attestation: this account was attested with another secret before, and an account has one. Use the secret file of the first time.');
    }
    await writePrivate(path, `${JSON.stringify({ schema: LEDGER_SCHEMA, secretHashes: { ...hashes, [account.toString()]: secretHash.toString() } }, null, 2)}\n`);
  });
}

async function readLedger(path: string): Promise<Readonly<Record<string, string>>> {
  const text = await findText(path);
  if (text === null) return {};
  try {
    return ledger.parse(JSON.parse(text)).secretHashes;
  } catch {
    throw new InvalidFile(`${path} is not an attestor's ledger. Restore it from a backup: without it an account could be attested with two secrets.`, { file: path });
  }
}
