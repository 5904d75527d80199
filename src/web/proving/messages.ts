import type { ProofCheck } from '../../proof/verify.ts';

/** What a proof is to say, as it stands in the form. */
export interface ProofTerms {
  readonly statement: 'breach' | 'solvent';
  /** A health factor, as in `1.0`. */
  readonly threshold: string;
  /** USD; a breach only; empty for none. */
  readonly minDeficit: string;
  /** `unified`, `hidden`, or a market as in `eip155:1/aave-v3/0x8787…`. */
  readonly scope: string;
  readonly chainId: string;
  readonly consumer: string;
  readonly recipient: string;
  /** How long it counts, minutes. */
  readonly minutes: string;
}

/** Over what: an attestation with its secret, or a recorded document that a development attestor of this page vouches for. */
export type ProofSubject = { readonly kind: 'attested'; readonly attestation: string; readonly secret: string } | { readonly kind: 'development'; readonly portfolio: string };

/** What the worker is asked. It is this page's own, and answers one request after the other. */
export type WorkerRequest =
  /** Take in code, curve and keys of the usual circuit, so that the first proof is quick. */
  | { readonly kind: 'warm' }
  | { readonly kind: 'prove'; readonly subject: ProofSubject; readonly terms: ProofTerms; readonly now: number }
  | { readonly kind: 'policy'; readonly proof: string }
  | { readonly kind: 'verify'; readonly proof: string; readonly policy: string; readonly now: number };

/** Where a proof is. */
export type ProofStage = 'keys' | 'check' | 'attest' | 'witness' | 'prove' | 'verify';

/** A proof, judged: every rule with its finding. */
export interface Judged {
  readonly accepted: boolean;
  readonly claim: string;
  readonly scope: string;
  readonly isDevelopment: boolean;
  readonly checks: readonly ProofCheck[];
}

/** What the worker answers: any number of `progress`, then one of the others. */
export type WorkerReply =
  | { readonly kind: 'progress'; readonly stage: ProofStage; readonly share: number }
  | { readonly kind: 'warm' }
  | { readonly kind: 'proved'; readonly proof: string; readonly policy: string; readonly now: number; readonly judged: Judged; readonly milliseconds: Readonly<Record<string, number>> }
  | { readonly kind: 'policy'; readonly policy: string }
  | { readonly kind: 'verified'; readonly judged: Judged }
  /** A message of Plimsoll's own; it holds no position and no secret. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
