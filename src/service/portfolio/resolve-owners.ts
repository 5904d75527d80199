import { ensNormalize, namehash } from 'ethers';
import { InvalidArgument, PlimsollError } from '../../core/errors.ts';
import { type Address, type ChainId, isAddress, parseWallet } from '../../core/ids.ts';
import type { ChainSource, ContractCall } from '../../core/source.ts';

const ETHEREUM: ChainId = 'eip155:1';
/** @source docs.ens.domains: the registry, the same address since 2020 */
const ENS_REGISTRY: Address = '0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e';
const NO_ONE: Address = `0x${'0'.repeat(40)}`;
/** A dotted name; anything else is read as an address. */
const NAME = /^[^\s.]+(?:\.[^\s.]+)+$/;

/** Whether a wallet is written as a name. */
export function isName(text: string): boolean {
  return NAME.test(text.trim());
}

/**
 * Writes a name as ENS does: in any script, without regard to case.
 *
 * @throws {PlimsollError} INVALID_WALLET for one that ENS does not accept
 * @source ENSIP-15
 */
export function normalizeName(name: string): string {
  try {
    return ensNormalize(name);
  } catch (cause) {
    throw new PlimsollError('INVALID_WALLET', 'That is no name that ENS accepts. Check its letters, or write the address itself.', { wallet: name }, { cause });
  }
}

/**
 * Reads wallets: addresses, CAIP-10 accounts, and ENS names where Ethereum has an endpoint. Names whose resolver answers off chain are not followed.
 *
 * @throws {PlimsollError} INVALID_WALLET for what is neither, a name that ENS does not accept or that nobody has set; INVALID_ARGUMENT for a name without an endpoint.
 */
export async function resolveOwners(texts: readonly string[], chains: ReadonlyMap<ChainId, ChainSource>): Promise<readonly Address[]> {
  const owners = await Promise.all(texts.map((text) => (isName(text) ? resolveName(normalizeName(text.trim()), chains.get(ETHEREUM)) : parseWallet(text))));
  return [...new Set(owners)];
}

async function resolveName(name: string, chain: ChainSource | undefined): Promise<Address> {
  if (chain === undefined) throw new InvalidArgument('ENS names can only be looked up on Ethereum. Set RPC_URL_1, or write the address.', { name });
  const node = namehash(name);
  const { hash } = await chain.fetchHead('latest');
  const ask = async (to: Address, signature: string): Promise<Address> => {
    const call: ContractCall = { key: 'ens', to, signature, args: [node] };
    const answer = (await chain.fetchCalls([call], hash ?? '')).get('ens');
    const value = answer?.ok === true ? answer.values[0] : undefined;
    return typeof value === 'string' && isAddress(value) ? value : NO_ONE;
  };
  const resolver = await ask(ENS_REGISTRY, 'function resolver(bytes32 node) view returns (address)');
  const owner = resolver === NO_ONE ? NO_ONE : await ask(resolver, 'function addr(bytes32 node) view returns (address)');
  if (owner === NO_ONE) throw new PlimsollError('INVALID_WALLET', `No address is set for the name ${name}. Write the address itself.`, { wallet: name });
  return owner;
}
