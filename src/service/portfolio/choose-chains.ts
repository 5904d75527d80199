import { PlimsollError } from '../../core/errors.ts';
import { type ChainId, findAccountChain } from '../../core/ids.ts';
import { listDeployments } from '../../protocols/registry.ts';
import { requireDeployments } from './open-runtime.ts';

/**
 * Chooses the chains to read. CAIP-10 accounts are about the chains that they name; beside a wallet without a chain, every chain is read.
 *
 * @param asked chains that were asked for besides; absent for none in particular
 * @returns undefined for all chains
 * @throws {PlimsollError} INVALID_CHAIN for an account on a chain without deployments, or on another one than is asked for
 */
export function chooseChains(wallets: readonly string[], asked: readonly ChainId[] | undefined): readonly ChainId[] | undefined {
  const named = wallets.map(findAccountChain);
  const own = [...new Set(named.filter((chain) => chain !== null))];
  requireDeployments(own, listDeployments());
  const foreign = asked === undefined ? undefined : own.find((chain) => !asked.includes(chain));
  if (foreign !== undefined)
    throw new PlimsollError('INVALID_CHAIN', `An account is on ${foreign}, and other chains are asked for. Ask for ${foreign} too, or write the address without a chain.`, { chain: foreign });
  return own.length > 0 && !named.includes(null) ? own : asked;
}
