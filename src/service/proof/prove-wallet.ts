import type { Address } from '../../core/ids.ts';
import type { Attestation } from '../../proof/attestation.ts';
import type { ProofBundle } from '../../proof/bundle.ts';
import type { KeyEnvironment } from '../../proof/keys/load-keys.ts';
import { proveStatement } from '../../proof/prove.ts';
import type { ProveProgress, ProverBackend } from '../../proof/prover/backend.ts';
import { type ClaimWords, parseClaim, parseScope } from '../../proof/statement-words.ts';
import { openProvingKeys } from './key-files.ts';

/** What is to be proved, in words of the command line. */
export interface ProveWalletRequest extends ClaimWords {
  readonly attestation: Attestation;
  readonly secret: bigint;
  /** `unified`, `hidden`, or a market as in `eip155:1/aave-v3/0x8787…`. */
  readonly scope: string;
  readonly chainId: number;
  readonly consumer: Address;
  readonly recipient: Address;
  /** Unix seconds. */
  readonly deadline: bigint;
  /** A folder of keys; the shipped development keys where null. */
  readonly keys: string | null;
  readonly environment: Omit<KeyEnvironment, 'chainId'>;
  readonly onProgress?: (progress: ProveProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Proves a statement about an attested wallet, without any network.
 *
 * @param backend what proves; the caller closes it
 * @throws {PlimsollError} INVALID_ARGUMENT, STATEMENT_FALSE, KEY_REFUSED, PROVER_FAILED
 */
export async function proveWallet(request: ProveWalletRequest, backend: ProverBackend): Promise<ProofBundle> {
  const { attestation, secret, chainId, consumer, recipient, deadline, keys: folder, onProgress, signal } = request;
  const claim = parseClaim(request);
  const scope = parseScope(request.scope);
  const keys = await openProvingKeys({ instance: attestation.instance, environment: { ...request.environment, chainId }, ...(folder === null ? {} : { folder }) });
  const optional = { ...(onProgress === undefined ? {} : { onProgress }), ...(signal === undefined ? {} : { signal }) };
  return proveStatement({ attestation, secret, chainId, consumer, recipient, deadline, claim, scope, keys, backend, ...optional });
}
