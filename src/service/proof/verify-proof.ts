import { Interface } from 'ethers';
import { PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { ProofBundle } from '../../proof/bundle.ts';
import { toSubmission } from '../../proof/calldata.ts';
import type { KeyEnvironment } from '../../proof/keys/load-keys.ts';
import type { VerificationPolicy } from '../../proof/policy.ts';
import { openGroth16Verifier } from '../../proof/prover/verify-groth16.ts';
import { listSignals } from '../../proof/public-signals.ts';
import { REGISTRY_ABI } from '../../proof/registry-abi.ts';
import { type Verification, verifyBundle } from '../../proof/verify.ts';
import { createChainSource } from '../../sources/chain.ts';
import { systemClock, systemFetch, systemRandom } from '../../sources/clock.ts';
import { openVerificationKey } from './key-files.ts';
import { countOnce } from './spent-nullifiers.ts';

/** A proof with what is accepted. */
export interface VerifyProofRequest {
  readonly bundle: ProofBundle;
  readonly policy: VerificationPolicy;
  /** Unix seconds now. */
  readonly now: number;
  /** A folder of keys; the shipped development keys where null. */
  readonly keys: string | null;
  /** A file that remembers what was counted, and counts this proof if it is accepted; null where nothing is counted. */
  readonly spent: string | null;
  readonly environment: Omit<KeyEnvironment, 'chainId'>;
}

/**
 * Judges a proof by a policy, without any network.
 *
 * @throws {PlimsollError} INVALID_FILE, KEY_REFUSED where there is no key to judge with; a proof that fails is an answer.
 */
export async function verifyProof({ bundle, policy, now, keys: folder, spent, environment }: VerifyProofRequest): Promise<Verification> {
  const opened = await openVerificationKey({ instance: bundle.instance, environment: { ...environment, chainId: policy.chainId }, ...(folder === null ? {} : { folder }) });
  const verifies = openGroth16Verifier(opened.vkey);
  const judge = (isSpent: (nullifier: bigint) => boolean): Promise<Verification> =>
    verifyBundle({ bundle, policy, now, isSpent, holds: async ({ proof, signals }) => verifies(proof, listSignals(signals)), keys: { class: opened.class, vkey: opened.entry.vkey } });
  if (spent === null) return judge(() => false);
  let verification: Verification = { accepted: false, checks: [] };
  await countOnce(spent, bundle.signals.nullifier, async (isSpent) => {
    verification = await judge(isSpent);
    return verification.accepted;
  });
  return verification;
}

/** Where a proof is to be tried. */
export interface RegistryRequest {
  readonly bundle: ProofBundle;
  readonly rpcUrl: string;
  readonly registry: Address;
  readonly purpose: 'breach' | 'solvent';
}

/** What the registry would say. */
export type RegistryVerdict = { readonly accepted: true } | { readonly accepted: false; readonly reason: string };

/**
 * Asks SolvencyRegistry whether it would count a proof for its consumer now: the call is made on trial, as the consumer makes it, and nothing is kept.
 *
 * @throws {PlimsollError} where the endpoint fails, or is one of another chain.
 */
export async function askRegistry({ bundle, rpcUrl, registry, purpose }: RegistryRequest): Promise<RegistryVerdict> {
  const chain = createChainSource({ chain: `eip155:${bundle.chainId}`, endpoint: { url: rpcUrl, label: '--rpc' }, clock: systemClock, random: systemRandom, fetch: systemFetch });
  const abi = new Interface(REGISTRY_ABI);
  const data = abi.encodeFunctionData(purpose === 'breach' ? 'submitBreach' : 'submitSolvent', [toSubmission(bundle)]);
  await requireContract(chain, registry);
  const trial = await chain.tryCalls?.([{ from: bundle.consumer, to: registry, data, value: 0n }]);
  const [result] = trial?.kind === 'tried' ? trial.results : [];
  if (result === undefined) throw new PlimsollError('SOURCE_REJECTED', 'The endpoint given with --rpc cannot try a call. Use another one.');
  if (result.ok) return { accepted: true };
  const error = result.data.length >= 10 ? abi.parseError(result.data) : null;
  return { accepted: false, reason: error?.name ?? result.message };
}

/** A call to an address without code succeeds: that must not look like a verdict. */
async function requireContract(chain: ReturnType<typeof createChainSource>, registry: Address): Promise<void> {
  const { hash } = await chain.fetchHead('latest');
  const answers = await chain.fetchCalls([{ key: 'delay', to: registry, signature: 'function delay() view returns (uint64)', args: [] }], hash ?? '');
  if (answers.get('delay')?.ok !== true) throw new PlimsollError('CALL_FAILED', 'There is no SolvencyRegistry at the address given with --registry on this chain.', { registry });
}
