import { PlimsollError } from '../core/errors.ts';
import type { Address } from '../core/ids.ts';
import type { Portfolio } from '../core/portfolio.ts';
import type { FindRule } from '../core/rule.ts';
import { evaluatePortfolio } from '../engine/evaluate.ts';
import { openPortfolio } from '../engine/open-portfolio.ts';
import { accountField } from './account.ts';
import { ATTESTATION_SCHEMA, type Attestation, messageOf, vectorOf } from './attestation.ts';
import { type AttestorKey, attestationDigest, signDigest, signerAddress } from './attestor-key.ts';
import { hashBlocks, snapshotOf } from './blocks.ts';
import { commitVector } from './commitment.ts';
import { type Coverage, describeCoverage } from './coverage.ts';
import { derivePublicKey, signEddsa } from './eddsa.ts';
import { encodeAccounts } from './encode.ts';
import { requireField } from './field.ts';
import { chooseInstance, getInstance, type InstanceId } from './instances.ts';

/** The age in seconds up to which a snapshot is signed, unless said otherwise: what contracts accept by default. */
export const DEFAULT_MAX_SNAPSHOT_AGE_SECONDS = 1_800;
/** A salt of fewer bits than this could be tried out. */
const SALT_BITS = 128n;

/** What an attestor is asked to vouch for, and with what. */
export interface AttestRequest {
  readonly portfolio: Portfolio;
  readonly findRule: FindRule;
  /** The rule ids that this release has for a protocol. */
  readonly rulesOf: (protocol: string) => readonly string[];
  readonly key: AttestorKey;
  /** Poseidon of the holder's secret; the attestor keeps one for each account. */
  readonly secretHash: bigint;
  /** A random field element of at least 128 bits. */
  readonly salt: bigint;
  /** Unix seconds now; on recorded data the recorded clock's. */
  readonly now: number;
  readonly maxAgeSeconds?: number;
  /** The circuit; the smallest that fits where absent. */
  readonly instance?: InstanceId;
  /** True where the Portfolio was not read by the attestor itself. */
  readonly fromFile: boolean;
}

/**
 * Vouches for a Portfolio: encodes it, commits to it and signs the commitment.
 *
 * @throws {PlimsollError} ATTESTATION_REFUSED for a gap, an estimate, an old block, a key that is not marked `dev` where the positions are from a file or a
 * recording; ENCODING_REFUSED and ROWS_DO_NOT_FIT as `encodeAccounts`. No message holds a position.
 */
export function attestPortfolio(request: AttestRequest): Attestation {
  const { portfolio, key } = request;
  requireTrustworthySource(request);
  requireComplete(portfolio);
  requireFresh(portfolio, request.now, request.maxAgeSeconds ?? DEFAULT_MAX_SNAPSHOT_AGE_SECONDS);
  requireSalt(request.salt);

  const { accounts, gaps } = evaluatePortfolio(openPortfolio(portfolio, request.findRule));
  if (gaps.length > 0) throw refuse(`${gaps.length} of its accounts cannot be computed`);
  const { units, rows } = encodeAccounts(accounts);
  const instance = request.instance === undefined ? chooseInstance(key.kind === 'eddsa' ? 'attested' : 'committed', rows.length) : getInstance(request.instance);
  requireFits(instance, rows.length, key);
  const owners = portfolio.owners as readonly Address[];
  const facts: Omit<Attestation, 'commitment' | 'signature'> = {
    schema: ATTESTATION_SCHEMA,
    class: key.class,
    instance: instance.id,
    recorded: portfolio.recorded,
    createdAt: request.now,
    owners: [...owners],
    account: accountField(owners),
    snapshot: Number(snapshotOf(portfolio.asOf)),
    blocks: portfolio.asOf.map((block) => ({ ...block, chain: block.chain as Attestation['blocks'][number]['chain'], hash: block.hash ?? '' })),
    coverage: mutableCoverage(describeCoverage(portfolio, request.rulesOf)),
    secretHash: requireField(request.secretHash, 'The hash of the secret'),
    salt: request.salt,
    units: units.map(({ account, market }) => ({ account, market })),
    rows: [...rows],
  };
  hashBlocks(portfolio.asOf);
  const committed = { ...facts, commitment: commitVector(vectorOf(facts), instance.rows) };
  return { ...committed, signature: sign(committed, key) };
}

/**
 * Adds the signature of another secp256k1 attestor that has read the same and come to the same commitment.
 *
 * @throws {PlimsollError} ATTESTATION_REFUSED where the commitments differ or a signer signs twice.
 */
export function mergeAttestations(first: Attestation, second: Attestation): Attestation {
  if (first.commitment !== second.commitment || first.snapshot !== second.snapshot) throw refuse('the two attestations are not about the same vector');
  if (first.signature.kind !== 'secp256k1' || second.signature.kind !== 'secp256k1') throw refuse('only committed attestations take more than one signature');
  const signatures = [...first.signature.signatures, ...second.signature.signatures].toSorted((a, b) => (a.signer < b.signer ? -1 : 1));
  if (new Set(signatures.map((entry) => entry.signer)).size !== signatures.length) throw refuse('one attestor signed twice');
  return { ...first, class: first.class === 'dev' || second.class === 'dev' ? 'dev' : 'production', signature: { kind: 'secp256k1', signatures } };
}

function sign(committed: Omit<Attestation, 'signature'>, key: AttestorKey): Attestation['signature'] {
  if (key.kind === 'eddsa') return { kind: 'eddsa', publicKey: derivePublicKey(key.privateKey), ...signEddsa(key.privateKey, committed.commitment) };
  return { kind: 'secp256k1', signatures: [{ signer: signerAddress(key), signature: signDigest(key, attestationDigest(messageOf(committed))) }] };
}

function requireTrustworthySource({ portfolio, key, fromFile }: AttestRequest): void {
  if (key.class === 'dev') return;
  if (fromFile) throw refuse('a Portfolio from a file is signed with a key marked dev only, because anybody can write a file. Name the wallet, so that it is read here');
  if (portfolio.recorded !== null) throw refuse('recorded data are signed with a key marked dev only');
}

function requireComplete(portfolio: Portfolio): void {
  const [gap] = portfolio.gaps;
  if (gap !== undefined) throw refuse(`the Portfolio has ${portfolio.gaps.length} gaps (the first: ${gap.code}). There are no partial attestations; run plimsoll wallet to see them, and read again`);
  if (portfolio.coverage.some((entry) => entry.status !== 'read')) throw refuse('a market was not read completely');
  if (portfolio.coverage.length === 0) throw refuse('nothing was read');
  const estimates = portfolio.accounts.filter((account) => account.precision === 'estimate').length;
  if (estimates > 0) throw refuse(`${estimates} accounts are estimates. Set RPC_URL_<CHAIN>, so that the chain values them`);
}

function requireFresh(portfolio: Portfolio, now: number, limit: number): void {
  const age = now - Number(snapshotOf(portfolio.asOf));
  if (age > limit) throw refuse(`its oldest block is ${age} s old (limit ${limit} s). Read it again, or raise --max-age as far as the consumer allows`);
  if (age < 0) throw refuse('its oldest block is from the future. Check the clock');
}

function requireSalt(salt: bigint): void {
  requireField(salt, 'The salt');
  if (salt >> (SALT_BITS - 8n) === 0n) throw refuse(`the salt has fewer than ${SALT_BITS} bits`);
}

function requireFits(instance: { readonly id: string; readonly mode: string; readonly rows: number }, rows: number, key: AttestorKey): void {
  if (instance.mode !== (key.kind === 'eddsa' ? 'attested' : 'committed')) throw refuse(`${instance.id} is ${instance.mode}; the key is ${key.kind}`);
  if (rows > instance.rows) {
    throw new PlimsollError('ROWS_DO_NOT_FIT', `The wallet takes ${rows} rows; ${instance.id} holds ${instance.rows}. Leave --instance out to have one that fits.`, { rows, largest: instance.rows });
  }
}

function mutableCoverage(coverage: Coverage): Attestation['coverage'] {
  return { ...coverage, rules: [...coverage.rules], markets: coverage.markets.map((market) => ({ ...market })) };
}

function refuse(problem: string): PlimsollError {
  return new PlimsollError('ATTESTATION_REFUSED', `No attestation: ${problem}.`);
}
