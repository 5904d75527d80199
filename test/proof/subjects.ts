import { readConfig } from '../../src/config.ts';
import type { Portfolio } from '../../src/core/portfolio.ts';
import { type AttestRequest, attestPortfolio } from '../../src/proof/attest.ts';
import type { Attestation } from '../../src/proof/attestation.ts';
import type { AttestorKey } from '../../src/proof/attestor-key.ts';
import { hashSecret } from '../../src/proof/commitment.ts';
import { findRule, PROTOCOLS } from '../../src/protocols/registry.ts';
import { readSubject } from '../../src/service/portfolio/wallet-report.ts';

/** Recorded wallets: four accounts in four protocols; one account deep under water; an Aave v2 one. */
export const SUBJECTS = {
  constructed: { subject: '0xc0ffee00000000000000000000000000c0ffee01', recorded: 'constructed-wallet' },
  insolvent: { subject: '0x1597e4b7cf6d2877a1d690b6088668afdb045763', recorded: 'morpho-depeg' },
} as const;

export const SECRET = 0x1234567890abcdef1234567890abcdef1234567890abcdefn;
export const SALT = 0xfedcba0987654321fedcba0987654321fedcba0987654321n;

const portfolios = new Map<string, Promise<Portfolio>>();

/** A recorded wallet's Portfolio, read once. */
export function readRecorded(name: keyof typeof SUBJECTS): Promise<Portfolio> {
  const reading = portfolios.get(name) ?? readSubject(SUBJECTS[name], readConfig({}));
  portfolios.set(name, reading);
  return reading;
}

/** A key that is told apart by one byte. */
export function attestorKey(kind: AttestorKey['kind'], byte = 7, keyClass: AttestorKey['class'] = 'dev'): AttestorKey {
  return { kind, class: keyClass, privateKey: new Uint8Array(32).fill(byte) };
}

/** What an attestor is asked for, about a Portfolio at its own time. */
export function attestRequest(portfolio: Portfolio, changes: Partial<AttestRequest> = {}): AttestRequest {
  return {
    portfolio,
    findRule,
    rulesOf: (protocol) => PROTOCOLS.filter((entry) => entry.id === protocol).flatMap((entry) => entry.rules.map((rule) => rule.id)),
    key: attestorKey('eddsa'),
    secretHash: hashSecret(SECRET),
    salt: SALT,
    now: portfolio.createdAt,
    fromFile: false,
    ...changes,
  };
}

/** A recorded wallet, attested. */
export async function attestRecorded(name: keyof typeof SUBJECTS, changes: Partial<AttestRequest> = {}): Promise<Attestation> {
  return attestPortfolio(attestRequest(await readRecorded(name), changes));
}
