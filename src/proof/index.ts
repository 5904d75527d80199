/**
 * Proofs of a solvency breach: attest a Portfolio, prove a statement about it, judge a proof. Runs in browsers too: nothing here reads files, the network or a clock.
 *
 * What proves comes from `plimsoll/proof/node`, or from a worker of the page. Bundling that part brings snarkjs along, which is GPL-3.0.
 *
 * @packageDocumentation
 */
export { accountField } from './account.ts';
export { type AttestRequest, attestPortfolio, DEFAULT_MAX_SNAPSHOT_AGE_SECONDS, mergeAttestations } from './attest.ts';
export { type Attestation, attestationJsonSchema, formatAttestation, parseAttestation } from './attestation.ts';
export { type AttestorKey, attestationDigest, enrolmentDigest, formatAttestorKey, parseAttestorKey, signerAddress } from './attestor-key.ts';
export { formatBundle, type ProofBundle, parseBundle, proofJsonSchema } from './bundle.ts';
export { encodeSubmission, SUBMISSION_TYPE, type Submission, toSubmission } from './calldata.ts';
export { type Claim, packClaim, unpackClaim } from './claim.ts';
export { computeReferences, hashSecret } from './commitment.ts';
export { type Coverage, coverageId, describeCoverage } from './coverage.ts';
export { attestorId, derivePublicKey } from './eddsa.ts';
export { chooseInstance, circuitId, getInstance, INSTANCES, type InstanceId } from './instances.ts';
export { type KeyEnvironment, loadKeys, loadVerificationKey, type OpenedKeys, type OpenedVerificationKey } from './keys/load-keys.ts';
export { type KeyManifest, parseManifest } from './keys/manifest.ts';
export type { ClaimPolicy, TrustedAttestors, VerificationPolicy } from './policy.ts';
export { type ProveRequest, proveStatement } from './prove.ts';
export type { ProveProgress, ProverBackend } from './prover/backend.ts';
export { openGroth16Verifier } from './prover/verify-groth16.ts';
export { computeBinding, computeDomain, listSignals, type ProofDomain, type PublicSignals, SIGNAL_NAMES } from './public-signals.ts';
export { REGISTRY_ABI } from './registry-abi.ts';
export { type MarketName, marketId, type Scope } from './scope.ts';
export type { StatementRequest } from './statement.ts';
export { claimText, type ProofCheck, requireAccepted, scopeText, type Verification, type VerifyRequest, verifyBundle } from './verify.ts';
