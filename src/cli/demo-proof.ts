import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { AttestorKey } from '../proof/attestor-key.ts';
import { formatBundle, type ProofBundle } from '../proof/bundle.ts';
import { unpackClaim } from '../proof/claim.ts';
import { hashSecret } from '../proof/commitment.ts';
import { coverageId } from '../proof/coverage.ts';
import { attestorId, derivePublicKey } from '../proof/eddsa.ts';
import { claimText, requireAccepted, scopeText, type Verification } from '../proof/verify.ts';
import { attestWallet } from '../service/proof/attest-wallet.ts';
import { randomElement } from '../service/proof/holder-secret.ts';
import { proveWallet } from '../service/proof/prove-wallet.ts';
import { openProver } from '../service/proof/prover.ts';
import { verifyProof } from '../service/proof/verify-proof.ts';

/** Stands for a lending contract on a local chain, and for who watches over it. */
const CONSUMER = `0x${'0'.repeat(36)}c0de` as const;
const RECIPIENT = `0x${'0'.repeat(36)}beef` as const;
const LOCAL_CHAIN = 31_337;
const MAX_AGE_SECONDS = 1_800;
const DEMO = { production: false, allowDevelopment: true } as const;

/** A recorded wallet that is in breach. */
export interface DemoSubject {
  readonly wallet: string;
  readonly recorded: string;
}

/**
 * Attests a recorded wallet with a key made for the occasion, proves that it is in breach, and judges the proof as a lender would: all on the recorded clock, with
 * development keys.
 *
 * @returns what to tell a person
 * @throws {PlimsollError} where the proof is not accepted
 */
export async function demonstrateProof({ wallet, recorded }: DemoSubject, config: Config): Promise<string> {
  const key: AttestorKey = { kind: 'eddsa', class: 'dev', privateKey: randomBytes(32) };
  const secret = randomElement();
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-demo-'));
  const backend = openProver(config);
  try {
    const attestation = await attestWallet({ subject: wallet, recorded, key, secretHash: hashSecret(secret), ledger: join(folder, 'ledger.json') }, config);
    const now = attestation.createdAt;
    const started = performance.now();
    const bundle = await proveWallet(
      {
        attestation,
        secret,
        statement: 'breach',
        threshold: '1.0',
        minDeficit: '1000000',
        scope: 'unified',
        chainId: LOCAL_CHAIN,
        consumer: CONSUMER,
        recipient: RECIPIENT,
        deadline: BigInt(now + MAX_AGE_SECONDS),
        keys: null,
        environment: DEMO,
      },
      backend,
    );
    const provedIn = performance.now() - started;
    const policy = {
      attestors: { mode: 'attested', ids: [attestorId(derivePublicKey(key.privateKey))] },
      coverages: [coverageId(attestation.coverage)],
      chainId: LOCAL_CHAIN,
      consumer: CONSUMER,
      recipient: RECIPIENT,
      claim: { kind: 'breach', maxUpperPpm: 1_000_000, minDeficitCents: 100_000_000n },
      scopes: [0n],
      maxAgeSeconds: MAX_AGE_SECONDS,
      accountRef: null,
      allowDevelopment: true,
    } as const;
    const verification = requireAccepted(await verifyProof({ bundle, policy, now, keys: null, spent: null, environment: DEMO }));
    return render(bundle, verification, { provedIn, now });
  } finally {
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function render(bundle: ProofBundle, { checks }: Verification, { provedIn, now }: { readonly provedIn: number; readonly now: number }): string {
  return [
    `Proved in ${(provedIn / 1000).toFixed(1)} s, keys included: ${claimText(unpackClaim(bundle.signals.claim))}; ${scopeText(bundle.signals.scope)}.`,
    `The proof document has ${formatBundle(bundle).length} characters, and none of them tells the wallet, what it holds, owes, or where.`,
    '',
    `Verified as a lender would, on the recorded clock (${new Date(now * 1000).toISOString()}):`,
    ...checks.map(({ rule, finding }) => `  ✓ ${rule.padEnd(10)} ${finding}`),
    '',
    'The attestor and the proving keys of this demonstration are for development: such a proof convinces nobody outside this machine.',
    '',
  ].join('\n');
}
