import type { Address } from '../../src/core/ids.ts';
import { mergeAttestations } from '../../src/proof/attest.ts';
import { type Attestation, messageOf, vectorOf } from '../../src/proof/attestation.ts';
import { type AttestorKey, attestationDigest, signDigest } from '../../src/proof/attestor-key.ts';
import type { ProofBundle } from '../../src/proof/bundle.ts';
import { type Submission, toSubmission } from '../../src/proof/calldata.ts';
import { commitVector, hashSecret } from '../../src/proof/commitment.ts';
import { coverageId } from '../../src/proof/coverage.ts';
import { attestorId, derivePublicKey, signEddsa } from '../../src/proof/eddsa.ts';
import { getInstance, type InstanceId } from '../../src/proof/instances.ts';
import { openSnarkjsBackend } from '../../src/proof/node/snarkjs-backend.ts';
import { proveStatement } from '../../src/proof/prove.ts';
import type { Row } from '../../src/proof/row.ts';
import { marketId } from '../../src/proof/scope.ts';
import type { StatementRequest } from '../../src/proof/statement.ts';
import { openProvingKeys } from '../../src/service/proof/key-files.ts';
import { addressOf } from './executor-chain.ts';
import { addressOfSigner } from './solvency-chain.ts';
import { DEVELOPMENT_CHAIN, SIGNERS } from './solvency-world.ts';

/** The markets of the holder's two accounts: the first is the one that gets into trouble. */
const MARKETS = [
  { chain: 'eip155:1', protocol: 'aave-v3', market: 'core' },
  { chain: 'eip155:1', protocol: 'morpho-blue', market: 'blue' },
] as const;
export const TROUBLED_MARKET: bigint = marketId(MARKETS[0]);
export const HEALTHY_MARKET: bigint = marketId(MARKETS[1]);
const COVERAGE = { schema: 'plimsoll/portfolio@1', gauge: 'plimsoll/exposure@1', rules: ['aave-v3@3.6.0'], markets: MARKETS.map((market) => ({ ...market })) };
/** What the holder's attestor looked at. */
export const HOLDER_COVERAGE: bigint = coverageId(COVERAGE);

const ATTESTOR_KEY = new Uint8Array(32).fill(9);
/** The attestor of attested circuits. */
export const ATTESTOR: bigint = attestorId(derivePublicKey(ATTESTOR_KEY));
export const SECRET = 0x51ab_c0de_51ab_c0de_51ab_c0de_51ab_c0de_51abn;
const SALT = 0xfedcba0987654321fedcba0987654321fedcba0987654321n;

/** A dollar of an asset with 18 decimals, as a row has it. */
const dollars = (amount: bigint, side: 0 | 1, unit: number, weight = 1_000_000n): Row => ({ amount: amount * 10n ** 18n, price: 10n ** 10n, weight, unit, side });
const HEALTHY_ROWS = [dollars(50n, 0, 1), dollars(10n, 1, 1)];
/** Health factors 850/950 and 850/550 with both accounts, 800/940 and 800/540 in the first market; the second account is healthy always. */
const STATES = {
  breached: [dollars(1_000n, 0, 0, 800_000n), dollars(940n, 1, 0), ...HEALTHY_ROWS],
  solvent: [dollars(1_000n, 0, 0, 800_000n), dollars(540n, 1, 0), ...HEALTHY_ROWS],
};

/** Claims about those states. */
export const CLAIMS = {
  breach: { lowerPpm: 0, upperPpm: 1_000_000, minDeficitCents: 0n },
  solvent: { lowerPpm: 1_000_000, upperPpm: null, minDeficitCents: 0n },
  /** True of both, hence a breach of nothing. */
  wide: { lowerPpm: 0, upperPpm: 2_000_000, minDeficitCents: 0n },
} as const;

/** What is proved: which state, when, of what, for whom. */
export interface Proving {
  readonly instance: InstanceId;
  readonly consumer: Address;
  readonly snapshot: bigint;
  readonly deadline: bigint;
  readonly state?: keyof typeof STATES;
  readonly claim?: StatementRequest['claim'];
  readonly scope?: StatementRequest['scope'];
  readonly chainId?: number;
}

/** Who the proofs serve. */
export const PROOF_RECIPIENT: Address = addressOf(0x4ec1);

/** A holder with a prover of its own. */
export interface Holder {
  /** A proof, as a registry takes it, with two signatures where the circuit is a committed one. */
  prove(proving: Proving): Promise<Submission>;
  /** The same as a document. */
  proveBundle(proving: Proving): Promise<ProofBundle>;
  close(): Promise<void>;
}

/** Opens a prover with the development keys that are there. */
export function openHolder(): Holder {
  const backend = openSnarkjsBackend();
  const keys = new Map<InstanceId, ReturnType<typeof openProvingKeys>>();
  const keysOf = (instance: InstanceId) => {
    const opening = keys.get(instance) ?? openProvingKeys({ instance, environment: { chainId: DEVELOPMENT_CHAIN, production: false, allowDevelopment: true } });
    keys.set(instance, opening);
    return opening;
  };
  const proveBundle = async ({ instance, state = 'breached', claim = CLAIMS.breach, scope = { kind: 'unified' }, chainId = DEVELOPMENT_CHAIN, ...rest }: Proving): Promise<ProofBundle> => {
    const request = { chainId, consumer: rest.consumer, recipient: PROOF_RECIPIENT, deadline: rest.deadline, claim, scope };
    return proveStatement({ ...request, attestation: holderAttestation(instance, state, rest.snapshot), secret: SECRET, keys: await keysOf(instance), backend });
  };
  return {
    prove: async (proving) => toSubmission(await proveBundle(proving)),
    proveBundle,
    close: () => backend.close(),
  };
}

/** What an attestor would sign of the holder at a moment. */
export function holderAttestation(instance: InstanceId, state: keyof typeof STATES, snapshot: bigint): Attestation {
  const seconds = Number(snapshot);
  const facts: Omit<Attestation, 'commitment' | 'signature'> = {
    schema: 'plimsoll/attestation@1',
    class: 'dev',
    instance,
    recorded: null,
    createdAt: seconds,
    owners: [addressOf(0xb0b)],
    account: 0xb0bn,
    snapshot: seconds,
    blocks: [{ chain: 'eip155:1', number: '1', hash: `0x${'11'.repeat(32)}`, timestamp: seconds }],
    coverage: COVERAGE,
    secretHash: hashSecret(SECRET),
    salt: SALT,
    units: MARKETS.map((market) => ({ account: market.protocol, market })),
    rows: [...STATES[state]],
  };
  const { mode, rows } = getInstance(instance);
  const committed = { ...facts, commitment: commitVector(vectorOf(facts), rows) };
  if (mode === 'attested') return { ...committed, signature: { kind: 'eddsa', publicKey: derivePublicKey(ATTESTOR_KEY), ...signEddsa(ATTESTOR_KEY, committed.commitment) } };
  const [first, second] = SIGNERS.slice(0, 2).map((key) => signAs(committed, key));
  if (first === undefined || second === undefined) throw new TypeError('no signers');
  return mergeAttestations(first, second);
}

function signAs(committed: Omit<Attestation, 'signature'>, key: AttestorKey): Attestation {
  const signature = signDigest(key, attestationDigest(messageOf(committed)));
  return { ...committed, signature: { kind: 'secp256k1', signatures: [{ signer: addressOfSigner(key), signature }] } };
}
