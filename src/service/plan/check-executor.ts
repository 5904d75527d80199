import { InvalidArgument } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { ChainSource } from '../../core/source.ts';

/** The executor as somebody names it, and whose it must be. */
export interface NamedExecutor {
  readonly executor: Address;
  readonly owner: Address;
}

/**
 * Asks an executor on its chain whose it is, before rights are granted to it: it acts for nobody but its owner.
 *
 * A contract can lie about its owner: name only an executor that was deployed from this release's own code.
 *
 * @throws {InvalidArgument} where no executor answers at the address, or one of somebody else.
 * @throws {PlimsollError} where the source fails.
 */
export async function requireOwnExecutor(source: Pick<ChainSource, 'chain' | 'fetchHead' | 'fetchCalls'>, { executor, owner }: NamedExecutor): Promise<void> {
  const { hash } = await source.fetchHead('latest');
  if (hash === null) throw new InvalidArgument(`The owner of ${executor} cannot be read on ${source.chain}: its source names no block.`);
  const answers = await source.fetchCalls([{ key: 'owner', to: executor, signature: 'function owner() view returns (address)', args: [] }], hash);
  const answer = answers.get('owner');
  const found = answer?.ok === true ? answer.values[0] : null;
  if (found === null) throw new InvalidArgument(`There is no PlimsollExecutor at ${executor} on ${source.chain}. Deploy your own, or ask for an order of steps without it.`, { executor });
  if (found !== owner) throw new InvalidArgument(`The executor ${executor} on ${source.chain} belongs to ${String(found)}, not to ${owner}. Grant it nothing.`, { executor });
}
