import type { Address } from '../core/ids.ts';

/** Whom a verifier believes. */
export type TrustedAttestors =
  | { readonly mode: 'attested'; readonly ids: readonly bigint[] }
  /** `threshold` of these secp256k1 signers must have signed the commitment. */
  | { readonly mode: 'committed'; readonly signers: readonly Address[]; readonly threshold: number };

/** Which claims a verifier accepts: a breach, or solvency. */
export type ClaimPolicy =
  /** lower = 0 and 0 < upper ≤ maxUpperPpm ≤ 1,000,000, and at least this deficit. */
  | { readonly kind: 'breach'; readonly maxUpperPpm: number; readonly minDeficitCents: bigint }
  /** lower ≥ minLowerPpm and no upper end. */
  | { readonly kind: 'solvent'; readonly minLowerPpm: number };

/** Everything that a proof must satisfy beside its own equation: the same list as SolvencyRegistry's. */
export interface VerificationPolicy {
  readonly attestors: TrustedAttestors;
  /** Coverage ids that count as having looked everywhere it matters. */
  readonly coverages: readonly bigint[];
  readonly chainId: number;
  readonly consumer: Address;
  readonly recipient: Address;
  readonly claim: ClaimPolicy;
  /** Scopes that count; 1 (one account, not said which) only where it is listed. */
  readonly scopes: readonly bigint[];
  /** Greatest age of the snapshot, seconds. */
  readonly maxAgeSeconds: number;
  /** The one account that it must be about; null for any. */
  readonly accountRef: bigint | null;
  /** Whether proofs marked `dev` are accepted; only on development chains. */
  readonly allowDevelopment: boolean;
}

/** Blocks and clocks differ by a little: a snapshot may be this many seconds ahead. */
export const FUTURE_TOLERANCE_SECONDS = 60;
