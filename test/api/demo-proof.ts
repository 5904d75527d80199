import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { formatAttestation } from '../../src/proof/attestation.ts';
import type { AttestorKey } from '../../src/proof/attestor-key.ts';
import { formatBundle } from '../../src/proof/bundle.ts';
import { hashSecret } from '../../src/proof/commitment.ts';
import { policyTemplate } from '../../src/proof/policy-file.ts';
import { attestWallet } from '../../src/service/proof/attest-wallet.ts';
import { randomElement } from '../../src/service/proof/holder-secret.ts';
import { proveWallet } from '../../src/service/proof/prove-wallet.ts';
import { openProver } from '../../src/service/proof/prover.ts';

const WALLET = '0x1597e4b7cf6d2877a1d690b6088668afdb045763';
const CONSUMER = `0x${'0'.repeat(36)}c0de` as const;
const RECIPIENT = `0x${'0'.repeat(36)}beef` as const;

/** A proof over recorded data as documents: what is sent to the service. */
export async function proveDemo(): Promise<{
  readonly bundle: unknown;
  readonly policy: Record<string, unknown>;
  readonly at: string;
  readonly request: Record<string, unknown>;
  /** What no log may hold. */
  readonly secrets: readonly string[];
}> {
  const config = readConfig({});
  const key: AttestorKey = { kind: 'eddsa', class: 'dev', privateKey: randomBytes(32) };
  const secret = randomElement();
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-api-proof-'));
  const backend = openProver(config);
  try {
    const attestation = await attestWallet({ subject: WALLET, recorded: 'morpho-depeg', key, secretHash: hashSecret(secret), ledger: join(folder, 'ledger.json') }, config);
    const words = { statement: 'breach', threshold: '1.0', minDeficit: '1000000', scope: 'unified', chainId: 31_337, consumer: CONSUMER, recipient: RECIPIENT } as const;
    const deadline = attestation.createdAt + 1_800;
    const environment = { production: false, allowDevelopment: true };
    const bundle = await proveWallet({ ...words, attestation, secret, deadline: BigInt(deadline), keys: null, environment }, backend);
    return {
      bundle: JSON.parse(formatBundle(bundle)),
      policy: JSON.parse(policyTemplate(bundle)),
      at: new Date(attestation.createdAt * 1000).toISOString(),
      request: { ...words, attestation: JSON.parse(formatAttestation(attestation)), secret: secret.toString(), deadline, allowDevelopment: true },
      secrets: [secret.toString(), WALLET.slice(2), ...attestation.rows.map((row) => row.amount.toString()).filter((amount) => amount.length > 5)],
    };
  } finally {
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  }
}
