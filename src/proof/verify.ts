import { PlimsollError } from '../core/errors.ts';
import { ATTESTATION_SCHEMA } from './attestation.ts';
import { attestationDigest, recoverSigner } from './attestor-key.ts';
import type { ProofBundle } from './bundle.ts';
import { type Claim, PPM, unpackClaim } from './claim.ts';
import { getInstance } from './instances.ts';
import { DEVELOPMENT_CHAINS } from './keys/load-keys.ts';
import { FUTURE_TOLERANCE_SECONDS, type VerificationPolicy } from './policy.ts';
import { computeBinding, computeDomain } from './public-signals.ts';

/** One rule of a policy, applied. */
export interface ProofCheck {
  readonly rule: CheckedRule;
  readonly holds: boolean;
  /** What was found, in words; it says nothing that the proof itself does not. */
  readonly finding: string;
}

export type CheckedRule = 'proof' | 'keys' | 'attestors' | 'coverage' | 'domain' | 'binding' | 'deadline' | 'snapshot' | 'claim' | 'scope' | 'account' | 'nullifier';

/** A proof, judged. */
export interface Verification {
  /** True where every rule holds. */
  readonly accepted: boolean;
  readonly checks: readonly ProofCheck[];
}

/** What a verifier brings along. */
export interface VerifyRequest {
  readonly bundle: ProofBundle;
  readonly policy: VerificationPolicy;
  /** Unix seconds now. */
  readonly now: number;
  /** Whether the nullifier has been counted before; a verifier that counts proofs must remember them. */
  readonly isSpent: (nullifier: bigint) => boolean | Promise<boolean>;
  /** The proof's own equation under the key of its circuit (`openVerifier`). */
  readonly holds: (bundle: ProofBundle) => Promise<boolean>;
  /** The class of the keys in use, and the sha256 of the verification key. */
  readonly keys: { readonly class: 'dev' | 'production'; readonly vkey: string };
}

type Check = (request: VerifyRequest) => { readonly holds: boolean; readonly finding: string } | Promise<{ readonly holds: boolean; readonly finding: string }>;

const CHECKS: Readonly<Record<CheckedRule, Check>> = {
  proof: async ({ bundle, holds }) => verdict(await holds(bundle), 'the equation holds', 'the equation does not hold for these signals'),
  keys: checkKeys,
  attestors: checkAttestors,
  coverage: ({ bundle, policy }) => verdict(policy.coverages.includes(bundle.signals.coverage), 'allowed', 'not among the coverages that are allowed'),
  domain: checkDomain,
  binding: checkBinding,
  deadline: ({ bundle, now }) => verdict(now <= bundle.deadline, `${bundle.deadline - now} s left`, `passed ${now - bundle.deadline} s ago`),
  snapshot: checkSnapshot,
  claim: checkClaim,
  scope: ({ bundle, policy }) => verdict(policy.scopes.includes(bundle.signals.scope), scopeText(bundle.signals.scope), `${scopeText(bundle.signals.scope)}, which is not allowed`),
  account: ({ bundle, policy }) =>
    policy.accountRef === null ? verdict(true, 'any account', '') : verdict(bundle.signals.accountRef === policy.accountRef, 'the account asked for', 'another account than the one asked for'),
  nullifier: async ({ bundle, isSpent }) => verdict(!(await isSpent(bundle.signals.nullifier)), 'not counted before', 'counted before: this is the same breach again'),
};

/**
 * Judges a proof by the whole policy: the equation, the keys, the attestors, coverage, domain, binding, deadline, age, claim, scope, account, nullifier. Every
 * rule is applied, also after one has failed. A proof that is not accepted proves nothing.
 */
export async function verifyBundle(request: VerifyRequest): Promise<Verification> {
  const checks: ProofCheck[] = [];
  for (const [rule, check] of Object.entries(CHECKS)) checks.push({ rule: rule as CheckedRule, ...(await check(request)) });
  return { accepted: checks.every((check) => check.holds), checks };
}

/**
 * Passes an accepted verification on.
 *
 * @throws {PlimsollError} PROOF_INVALID where the equation does not hold, PROOF_REFUSED naming the first rule that fails.
 */
export function requireAccepted(verification: Verification): Verification {
  const failed = verification.checks.find((check) => !check.holds);
  if (failed === undefined) return verification;
  throw new PlimsollError(failed.rule === 'proof' ? 'PROOF_INVALID' : 'PROOF_REFUSED', `The proof is refused. ${failed.rule}: ${failed.finding}.`, { rule: failed.rule });
}

/** What a breach means in words: `health factor below 1, deficit at least 100.00 USD`. */
export function claimText(claim: Claim): string {
  const ends = [claim.lowerPpm > 0 ? `at least ${claim.lowerPpm / PPM}` : '', claim.upperPpm === null ? '' : `below ${claim.upperPpm / PPM}`].filter((end) => end !== '');
  const band = ends.length === 0 ? 'any health factor' : `health factor ${ends.join(' and ')}`;
  if (claim.minDeficitCents === 0n) return band;
  return `${band}, deficit at least ${claim.minDeficitCents / 100n}.${(claim.minDeficitCents % 100n).toString().padStart(2, '0')} USD`;
}

/** What a scope means in words. */
export function scopeText(scope: bigint): string {
  if (scope === 0n) return 'all accounts together';
  return scope === 1n ? 'one account, not said which' : `one account in the market ${scope}`;
}

function checkKeys({ bundle, policy, keys }: VerifyRequest): ReturnType<Check> {
  if (bundle.artifacts.vkey !== keys.vkey) return verdict(false, '', 'made with other keys than those of this verifier');
  const isDevelopment = keys.class === 'dev' || bundle.class === 'dev';
  if (!isDevelopment) return verdict(true, 'production keys', '');
  const isAllowed = policy.allowDevelopment && DEVELOPMENT_CHAINS.includes(policy.chainId);
  return verdict(isAllowed, 'development keys or attestation: it proves nothing to anybody', 'development keys or attestation, refused outside development chains');
}

function checkAttestors({ bundle, policy }: VerifyRequest): ReturnType<Check> {
  const { attestors } = policy;
  const { mode } = getInstance(bundle.instance);
  if (mode !== attestors.mode) return verdict(false, '', `the proof is ${mode}, the policy asks for ${attestors.mode}`);
  if (attestors.mode === 'attested') return verdict(attestors.ids.includes(bundle.signals.attestor), 'signed by a trusted attestor', 'signed by an attestor that is not trusted');
  const { snapshot, coverage, attestor: commitment } = bundle.signals;
  if (snapshot >= 1n << 64n) return verdict(false, '', 'the snapshot is no time');
  const digest = attestationDigest({ commitment, coverage, snapshot, schema: ATTESTATION_SCHEMA });
  const signers = bundle.attestors.map((entry) => entry.signer);
  const isAscending = signers.every((signer, at) => at === 0 || (signers[at - 1] ?? '') < signer);
  if (!isAscending) return verdict(false, '', 'its signers are not in ascending order, each once');
  if (bundle.attestors.some((entry) => recoverSigner(digest, entry.signature) !== entry.signer)) return verdict(false, '', 'a signature is not that of the signer named');
  const trusted = signers.filter((signer) => attestors.signers.includes(signer)).length;
  return verdict(
    trusted >= Math.max(1, attestors.threshold) && trusted === signers.length,
    `${trusted} trusted signers`,
    `${trusted} of its ${signers.length} signers are trusted, ${attestors.threshold} are asked for`,
  );
}

function checkDomain({ bundle, policy }: VerifyRequest): ReturnType<Check> {
  const isNamed = bundle.chainId === policy.chainId && bundle.consumer === policy.consumer;
  const isProved = computeDomain({ chainId: policy.chainId, consumer: policy.consumer, instance: bundle.instance }) === bundle.signals.domain;
  return verdict(isNamed && isProved, `chain ${policy.chainId}, ${policy.consumer}`, 'made for another chain, contract or circuit');
}

function checkBinding({ bundle, policy }: VerifyRequest): ReturnType<Check> {
  const isProved = computeBinding(bundle.recipient, BigInt(bundle.deadline)) === bundle.signals.binding;
  return verdict(isProved && bundle.recipient === policy.recipient, `for ${policy.recipient}`, 'made for another recipient or deadline');
}

function checkSnapshot({ bundle, policy, now }: VerifyRequest): ReturnType<Check> {
  const age = BigInt(now) - bundle.signals.snapshot;
  if (age < -BigInt(FUTURE_TOLERANCE_SECONDS)) return verdict(false, '', 'from the future');
  return verdict(age <= BigInt(policy.maxAgeSeconds), `${age} s old`, `${age} s old, more than ${policy.maxAgeSeconds} s`);
}

function checkClaim({ bundle, policy }: VerifyRequest): ReturnType<Check> {
  if (bundle.signals.claim >= 1n << 112n) return verdict(false, '', 'not a claim');
  const claim = unpackClaim(bundle.signals.claim);
  const wanted = policy.claim;
  if (wanted.kind === 'solvent') {
    return verdict(claim.lowerPpm >= wanted.minLowerPpm && claim.upperPpm === null && claim.minDeficitCents === 0n, claimText(claim), `${claimText(claim)}: not the solvency asked for`);
  }
  const upper = claim.upperPpm ?? Number.POSITIVE_INFINITY;
  const isBreach = claim.lowerPpm === 0 && upper > 0 && upper <= Math.min(wanted.maxUpperPpm, PPM);
  return verdict(isBreach && claim.minDeficitCents >= wanted.minDeficitCents, claimText(claim), `${claimText(claim)}: not the breach asked for`);
}

function verdict(holds: boolean, found: string, fault: string): { readonly holds: boolean; readonly finding: string } {
  return { holds, finding: holds ? found : fault };
}
