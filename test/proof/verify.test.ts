import { AbiCoder } from 'ethers';
import { beforeAll, describe, expect, test } from 'vitest';
import { isPlimsollError } from '../../src/core/errors.ts';
import { mergeAttestations } from '../../src/proof/attest.ts';
import type { Attestation } from '../../src/proof/attestation.ts';
import { signerAddress } from '../../src/proof/attestor-key.ts';
import { formatBundle, PROOF_SCHEMA, type ProofBundle, parseBundle } from '../../src/proof/bundle.ts';
import { encodeSubmission, SUBMISSION_TYPE, toSubmission } from '../../src/proof/calldata.ts';
import { packClaim } from '../../src/proof/claim.ts';
import { coverageId } from '../../src/proof/coverage.ts';
import { FIELD_MODULUS } from '../../src/proof/field.ts';
import { circuitId } from '../../src/proof/instances.ts';
import type { VerificationPolicy } from '../../src/proof/policy.ts';
import { buildStatement } from '../../src/proof/statement.ts';
import { type CheckedRule, claimText, requireAccepted, type VerifyRequest, verifyBundle } from '../../src/proof/verify.ts';
import { attestorKey, attestRecorded, SECRET } from './subjects.ts';

const CONSUMER = '0x00000000000000000000000000000000000000aa';
const RECIPIENT = '0x00000000000000000000000000000000000000bb';
const VKEY = 'ab'.repeat(32);
let attested: Attestation;
let committed: Attestation;

beforeAll(async () => {
  attested = await attestRecorded('insolvent');
  committed = mergeAttestations(await attestRecorded('insolvent', { key: attestorKey('secp256k1', 1) }), await attestRecorded('insolvent', { key: attestorKey('secp256k1', 2) }));
});

/** A bundle with true signals; its points are not looked at here, the equation is a parameter. */
function bundleOf(attestation: Attestation): ProofBundle {
  const { signals } = buildStatement(attestation, SECRET, {
    chainId: 31_337,
    consumer: CONSUMER,
    recipient: RECIPIENT,
    deadline: BigInt(attestation.snapshot + 3_600),
    claim: { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 100n },
    scope: { kind: 'unified' },
  });
  return {
    schema: PROOF_SCHEMA,
    class: 'dev',
    instance: attestation.instance,
    artifacts: { wasm: VKEY, zkey: VKEY, vkey: VKEY },
    chainId: 31_337,
    consumer: CONSUMER,
    recipient: RECIPIENT,
    deadline: attestation.snapshot + 3_600,
    proof: {
      a: [1n, 2n],
      b: [
        [3n, 4n],
        [5n, 6n],
      ],
      c: [7n, 8n],
    },
    signals: { ...signals },
    attestors: attestation.signature.kind === 'eddsa' ? [] : attestation.signature.signatures,
  };
}

function policyOf(attestation: Attestation): VerificationPolicy {
  const signers = [1, 2, 3].map((byte) => signerAddress(attestorKey('secp256k1', byte)));
  return {
    attestors: attestation.signature.kind === 'eddsa' ? { mode: 'attested', ids: [bundleOf(attestation).signals.attestor] } : { mode: 'committed', signers, threshold: 2 },
    coverages: [coverageId(attestation.coverage)],
    chainId: 31_337,
    consumer: CONSUMER,
    recipient: RECIPIENT,
    claim: { kind: 'breach', maxUpperPpm: 1_000_000, minDeficitCents: 100n },
    scopes: [0n],
    maxAgeSeconds: 1_800,
    accountRef: null,
    allowDevelopment: true,
  };
}

interface Changes {
  readonly bundle?: Partial<ProofBundle>;
  readonly signals?: Partial<ProofBundle['signals']>;
  readonly policy?: Partial<VerificationPolicy>;
  readonly request?: Partial<VerifyRequest>;
}

/** The rules that fail. */
async function failures(attestation: Attestation, { bundle, signals, policy, request }: Changes = {}): Promise<readonly CheckedRule[]> {
  const base = bundleOf(attestation);
  const { checks, accepted } = await verifyBundle({
    bundle: { ...base, ...bundle, signals: { ...base.signals, ...signals } },
    policy: { ...policyOf(attestation), ...policy },
    now: attestation.snapshot + 60,
    isSpent: () => false,
    holds: async () => true,
    keys: { class: 'dev', vkey: VKEY },
    ...request,
  });
  const failed = checks.filter((check) => !check.holds).map((check) => check.rule);
  expect(accepted).toBe(failed.length === 0);
  return failed;
}

describe('verifyBundle', () => {
  test('default: a proof that keeps every rule is accepted, attested and committed', async () => {
    expect(await failures(attested)).toEqual([]);
    expect(await failures(committed)).toEqual([]);
  });

  test.each<[CheckedRule, string, Changes]>([
    ['proof', 'the equation fails', { request: { holds: async () => false } }],
    ['keys', 'another verification key', { request: { keys: { class: 'dev', vkey: 'cd'.repeat(32) } } }],
    ['keys', 'development keys where none are allowed', { policy: { allowDevelopment: false } }],
    ['keys', 'a development attestation under production keys', { policy: { allowDevelopment: false }, request: { keys: { class: 'production', vkey: VKEY } } }],
    ['attestors', 'an unknown attestor', { policy: { attestors: { mode: 'attested', ids: [5n] } } }],
    ['attestors', 'the other mode', { policy: { attestors: { mode: 'committed', signers: [], threshold: 0 } } }],
    ['coverage', 'a coverage that is not allowed', { policy: { coverages: [] } }],
    ['coverage', 'another coverage in the proof', { signals: { coverage: 1n } }],
    ['domain', 'another consumer', { policy: { consumer: RECIPIENT } }],
    ['domain', 'the right consumer named, another one proved', { signals: { domain: 1n } }],
    ['domain', 'another circuit', { bundle: { instance: 'L-attested' } }],
    ['binding', 'another recipient', { policy: { recipient: CONSUMER } }],
    ['binding', 'a recipient written over', { bundle: { recipient: CONSUMER }, policy: { recipient: CONSUMER } }],
    ['binding', 'a deadline written over', { bundle: { deadline: 4_000_000_000 } }],
    ['claim', 'a wider band', { signals: { claim: packClaim({ lowerPpm: 0, upperPpm: 1_000_001, minDeficitCents: 100n }) } }],
    ['claim', 'a band with a lower end', { signals: { claim: packClaim({ lowerPpm: 1, upperPpm: 1_000_000, minDeficitCents: 100n }) } }],
    ['claim', 'a solvent claim as a breach', { signals: { claim: packClaim({ lowerPpm: 1_000_000, upperPpm: null, minDeficitCents: 0n }) } }],
    ['claim', 'an upper end of zero', { signals: { claim: packClaim({ lowerPpm: 0, upperPpm: 0, minDeficitCents: 100n }) } }],
    ['claim', 'a smaller deficit', { signals: { claim: packClaim({ lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 99n }) } }],
    ['claim', 'a claim of 113 bits', { signals: { claim: 2n ** 112n } }],
    ['claim', 'a breach where solvency is asked for', { policy: { claim: { kind: 'solvent', minLowerPpm: 1_000_000 } } }],
    ['scope', 'another market', { signals: { scope: 77n } }],
    ['scope', 'a hidden scope', { signals: { scope: 1n } }],
    ['account', 'another account', { policy: { accountRef: 1n } }],
    ['nullifier', 'counted before', { request: { isSpent: () => true } }],
  ])('error: %s: %s', async (rule, _, changes) => {
    expect(await failures(attested, changes)).toEqual([rule]);
  });

  test('error: another chain', async () => {
    expect(await failures(attested, { policy: { chainId: 1 } })).toEqual(['keys', 'domain']);
    expect(await failures(attested, { bundle: { chainId: 1 }, policy: { chainId: 1 } })).toEqual(['keys', 'domain']);
  });

  test('error: deadline and snapshot, to the second', async () => {
    const at = (seconds: number): Promise<readonly CheckedRule[]> => failures(attested, { request: { now: attested.snapshot + seconds } });
    expect(await at(1_800)).toEqual([]);
    expect(await at(1_801)).toEqual(['snapshot']);
    expect(await at(3_600)).toEqual(['snapshot']);
    expect(await at(3_601)).toEqual(['deadline', 'snapshot']);
    expect(await at(-60)).toEqual([]);
    expect(await at(-61)).toEqual(['snapshot']);
    expect(await failures(attested, { signals: { snapshot: 2n ** 65n } })).toEqual(['snapshot']);
  });

  test('error: attestors of a commitment: too few, twice, unordered, untrusted, another signature, another snapshot', async () => {
    const [first, second] = committed.signature.kind === 'secp256k1' ? committed.signature.signatures : [];
    if (first === undefined || second === undefined) throw new TypeError('two signatures');
    const withSigners = (attestors: ProofBundle['attestors']): Promise<readonly CheckedRule[]> => failures(committed, { bundle: { attestors } });
    expect(await withSigners([first])).toEqual(['attestors']);
    expect(await withSigners([])).toEqual(['attestors']);
    expect(await withSigners([first, first])).toEqual(['attestors']);
    expect(await withSigners([second, first])).toEqual(['attestors']);
    expect(await withSigners([{ ...first, signature: second.signature }, second])).toEqual(['attestors']);
    expect(await failures(committed, { policy: { attestors: { mode: 'committed', signers: [first.signer], threshold: 1 } } })).toEqual(['attestors']);
    expect(await failures(committed, { signals: { attestor: 5n } })).toEqual(['attestors']);
    expect(await failures(committed, { signals: { snapshot: BigInt(committed.snapshot + 1) } })).toEqual(['attestors']);
    expect(await failures(committed, { signals: { coverage: 5n } })).toEqual(['attestors', 'coverage']);
    // A threshold of nought would let anybody attest.
    expect(await failures(committed, { bundle: { attestors: [] }, policy: { attestors: { mode: 'committed', signers: [], threshold: 0 } } })).toEqual(['attestors']);
  });

  test('default: a solvent proof is judged by its own rule', async () => {
    const signals = { claim: packClaim({ lowerPpm: 1_050_000, upperPpm: null, minDeficitCents: 0n }) };
    expect(await failures(attested, { signals, policy: { claim: { kind: 'solvent', minLowerPpm: 1_050_000 } } })).toEqual([]);
    expect(await failures(attested, { signals, policy: { claim: { kind: 'solvent', minLowerPpm: 1_050_001 } } })).toEqual(['claim']);
  });

  test('error: requireAccepted throws PROOF_INVALID or PROOF_REFUSED, naming the rule', () => {
    const verification = (rule: CheckedRule, holds: boolean) => ({ accepted: holds, checks: [{ rule, holds, finding: 'found' }] });
    expect(requireAccepted(verification('scope', true)).accepted).toBe(true);
    expect(() => requireAccepted(verification('proof', false))).toThrow(/refused\. proof: found/);
    expect(codeOf(() => requireAccepted(verification('proof', false)))).toBe('PROOF_INVALID');
    expect(codeOf(() => requireAccepted(verification('scope', false)))).toBe('PROOF_REFUSED');
  });

  test('default: claims in words', () => {
    expect(claimText({ lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 10_050n })).toBe('health factor below 1, deficit at least 100.50 USD');
    expect(claimText({ lowerPpm: 1_050_000, upperPpm: null, minDeficitCents: 0n })).toBe('health factor at least 1.05');
  });
});

describe('parseBundle, toSubmission', () => {
  test('default: a document reads back, and is what the contract takes', () => {
    const bundle = bundleOf(committed);
    expect(parseBundle(formatBundle(bundle))).toEqual(bundle);
    const submission = toSubmission(bundle);
    expect(submission.circuitId).toBe(circuitId('S-committed'));
    expect(submission.b).toEqual([
      [4n, 3n],
      [6n, 5n],
    ]);
    expect(submission.signatures).toHaveLength(2 + 2 * 2 * 65);
    const [decoded] = AbiCoder.defaultAbiCoder().decode([SUBMISSION_TYPE], encodeSubmission(bundle));
    expect([...decoded.signals]).toEqual(submission.signals);
  });

  test('bad input: a signal of the modulus, an unknown field, another schema, not JSON', () => {
    const bundle = bundleOf(attested);
    expect(codeOf(() => parseBundle(formatBundle({ ...bundle, signals: { ...bundle.signals, scope: FIELD_MODULUS } })))).toBe('PROOF_INVALID');
    expect(codeOf(() => parseBundle({ ...JSON.parse(formatBundle(bundle)), extra: 1 }))).toBe('PROOF_INVALID');
    expect(codeOf(() => parseBundle({ ...JSON.parse(formatBundle(bundle)), schema: 'plimsoll/proof@2' }))).toBe('PROOF_INVALID');
    expect(codeOf(() => parseBundle('['))).toBe('PROOF_INVALID');
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    return isPlimsollError(error) ? error.code : String(error);
  }
}
