import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { type Address, isAddress } from '../../core/ids.ts';
import { type Portfolio, parsePortfolio } from '../../core/portfolio.ts';
import {
  type Attestation,
  type AttestorKey,
  attestPortfolio,
  claimText,
  formatBundle,
  hashSecret,
  listSignals,
  type OpenedKeys,
  openGroth16Verifier,
  type ProverBackend,
  parseAttestation,
  parseBundle,
  proveStatement,
  scopeText,
  unpackClaim,
  verifyBundle,
} from '../../proof/index.ts';
import { parsePolicy, policyTemplate } from '../../proof/policy-file.ts';
import { parseClaim, parseScope } from '../../proof/statement-words.ts';
import { findRule, rulesOf } from '../../protocols/rules.ts';
import { fetchVerificationKey } from './fetch-keys.ts';
import type { Judged, ProofStage, ProofSubject, ProofTerms, WorkerReply } from './messages.ts';

/** A field element has 253 bits and a half; 248 random bits always fit. */
const ELEMENT_BYTES = 31;
const KEY_BYTES = 32;

/** What proving needs besides what is proved. */
export interface ProvingMeans {
  readonly keysOf: (place: { readonly instance: Attestation['instance']; readonly chainId: number }, onShare: (share: number) => void) => Promise<OpenedKeys>;
  readonly backend: ProverBackend;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly tell: (stage: ProofStage, share: number) => void;
  readonly clock: () => number;
}

/**
 * Makes a proof and judges it by every rule. Nothing of the subject leaves this thread but the proof.
 *
 * @param now unix seconds; of a recorded subject its own clock is used
 * @throws {PlimsollError} with messages that hold no position
 */
export async function proveSubject(
  { subject, terms, now }: { readonly subject: ProofSubject; readonly terms: ProofTerms; readonly now: number },
  means: ProvingMeans,
): Promise<Extract<WorkerReply, { kind: 'proved' }>> {
  const { tell, clock, backend } = means;
  const started = clock();
  tell('attest', 0);
  const { attestation, secret } = openSubject(subject, means.randomBytes);
  const proofClock = attestation.recorded === null ? now : attestation.createdAt;
  const attested = clock();
  const chainId = parseChainNumber(terms.chainId);
  const keys = await means.keysOf({ instance: attestation.instance, chainId }, (share) => tell(share < 1 ? 'keys' : 'check', share));
  const fetched = clock();
  const bundle = await proveStatement({
    attestation,
    secret,
    chainId,
    consumer: parseAddress(terms.consumer, 'The consumer'),
    recipient: parseAddress(terms.recipient, 'The recipient'),
    deadline: BigInt(proofClock + 60 * parseMinutes(terms.minutes)),
    claim: parseClaim({ statement: terms.statement, threshold: terms.threshold, minDeficit: terms.statement === 'breach' && terms.minDeficit.trim() !== '' ? terms.minDeficit.trim() : null }),
    scope: parseScope(terms.scope),
    keys,
    backend,
    onProgress: ({ stage, share }) => stage !== 'load' && tell(stage === 'witness' ? 'witness' : 'prove', share),
  });
  const proved = clock();
  tell('verify', 1);
  const policy = policyTemplate(bundle);
  const judged = await judge({ bundle, policy, now: proofClock, opened: keys });
  const done = clock();
  return {
    kind: 'proved',
    proof: formatBundle(bundle),
    policy,
    now: proofClock,
    judged,
    milliseconds: { attest: attested - started, keys: fetched - attested, prove: proved - fetched, verify: done - proved, all: done - started },
  };
}

/** Judges a proof by a policy. @throws {PlimsollError} where there is no key to judge with, or no policy. */
export async function judgeProof(request: { readonly proof: string; readonly policy: string; readonly now: number }): Promise<Judged> {
  const bundle = parseBundle(request.proof);
  const { chainId } = parsePolicy('The policy', request.policy);
  return judge({ bundle, policy: request.policy, now: request.now, opened: await fetchVerificationKey({ instance: bundle.instance, chainId }) });
}

async function judge(request: {
  readonly bundle: ReturnType<typeof parseBundle>;
  readonly policy: string;
  readonly now: number;
  readonly opened: Pick<OpenedKeys, 'vkey' | 'class' | 'entry'>;
}): Promise<Judged> {
  const { bundle, now, opened } = request;
  const verifies = openGroth16Verifier(opened.vkey);
  const { accepted, checks } = await verifyBundle({
    bundle,
    policy: parsePolicy('The policy', request.policy),
    now,
    isSpent: () => false,
    holds: async ({ proof, signals }) => verifies(proof, listSignals(signals)),
    keys: { class: opened.class, vkey: opened.entry.vkey },
  });
  return { accepted, checks, claim: describeClaim(bundle.signals.claim), scope: scopeText(bundle.signals.scope), isDevelopment: bundle.class === 'dev' };
}

/** A foreign proof may hold what is no claim at all. */
function describeClaim(claim: bigint): string {
  return claim < 1n << 112n ? claimText(unpackClaim(claim)) : 'not a claim';
}

function openSubject(subject: ProofSubject, randomBytes: ProvingMeans['randomBytes']): { readonly attestation: Attestation; readonly secret: bigint } {
  if (subject.kind === 'attested') return { attestation: parseAttestation(subject.attestation), secret: parseSecret(subject.secret) };
  const portfolio = parsePortfolio(subject.portfolio);
  requireRecorded(portfolio);
  const secret = toElement(randomBytes(ELEMENT_BYTES));
  const key: AttestorKey = { kind: 'eddsa', class: 'dev', privateKey: randomBytes(KEY_BYTES) };
  const attestation = attestPortfolio({ portfolio, findRule, rulesOf, key, secretHash: hashSecret(secret), salt: toElement(randomBytes(ELEMENT_BYTES)), now: portfolio.createdAt, fromFile: true });
  return { attestation, secret };
}

/** The development attestor of the page is there to show how it goes, over data that everybody can see are recorded. */
function requireRecorded({ recorded }: Portfolio): void {
  if (recorded !== null) return;
  throw new PlimsollError(
    'ATTESTATION_REFUSED',
    'No attestation: the development attestor of this page vouches for recorded data only. For a live wallet run plimsoll attest and open its files here.',
  );
}

/** Reads a holder's secret file. */
function parseSecret(text: string): bigint {
  const secret = /^\s*\{\s*"schema":\s*"plimsoll\/secret@1",\s*"secret":\s*"(0x[0-9a-f]{62})"\s*\}\s*$/.exec(text)?.[1];
  if (secret === undefined) throw new PlimsollError('INVALID_FILE', 'That is not a secret file of Plimsoll. Open the one that plimsoll attest made for this wallet (--secret-file).');
  return BigInt(secret);
}

function parseAddress(text: string, what: string): Address {
  const lower = text.trim().toLowerCase();
  if (!isAddress(lower)) throw new InvalidArgument(`${what} is not an address. Write 0x and 40 hex digits.`);
  return lower;
}

function parseChainNumber(text: string): number {
  const number = /^[1-9][0-9]{0,14}$/.test(text.trim()) ? Number(text.trim()) : 0;
  if (number === 0) throw new InvalidArgument('The chain is not a number. Write the chain id on which the proof is to count, as in 1; 31337 is a local chain.');
  return number;
}

function parseMinutes(text: string): number {
  const number = /^[1-9][0-9]{0,4}$/.test(text.trim()) ? Number(text.trim()) : 0;
  if (number === 0) throw new InvalidArgument('The time for which the proof counts is not a number of minutes. Write 1 to 99999.');
  return number;
}

function toElement(bytes: Uint8Array): bigint {
  return BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
}
