import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { formatAttestation } from '../../src/proof/attestation.ts';
import { hashSecret } from '../../src/proof/commitment.ts';
import { attestWallet } from '../../src/service/proof/attest-wallet.ts';
import { randomElement } from '../../src/service/proof/holder-secret.ts';

/** The two files that `plimsoll attest` leaves, for a recorded wallet and by a development attestor. */
export async function attestDemo(wallet: string, recorded: string): Promise<{ readonly attestation: string; readonly secret: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-attested-'));
  try {
    const secret = randomElement();
    const key = { kind: 'eddsa', class: 'dev', privateKey: randomBytes(32) } as const;
    const attestation = await attestWallet({ subject: wallet, recorded, key, secretHash: hashSecret(secret), ledger: join(folder, 'ledger.json') }, readConfig({}));
    return { attestation: formatAttestation(attestation), secret: JSON.stringify({ schema: 'plimsoll/secret@1', secret: `0x${secret.toString(16).padStart(62, '0')}` }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
