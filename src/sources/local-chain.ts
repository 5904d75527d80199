import { InvalidArgument, PlimsollError } from '../core/errors.ts';
import type { ChainId } from '../core/ids.ts';
import type { Surroundings } from './clock.ts';
import { createLane, DEFAULT_POLICY } from './lane.ts';
import { createRpc, type SendRpc } from './rpc.ts';

/** A chain for trying things on: whatever is done to it, nobody else sees. */
export interface LocalChain {
  readonly chain: ChainId;
  readonly url: string;
  readonly send: SendRpc;
}

/** What development nodes call themselves. A node that copies another chain must be started under one of these (`anvil --chain-id 31337`). */
const LOCAL_IDS: readonly bigint[] = [31_337n, 1_337n];
/** Trying needs many requests, one after the other. */
const POLICY = { ...DEFAULT_POLICY, perSecond: 10_000, burst: 1_000, deadlineMs: 60_000 };

/**
 * Opens a local development chain with cheat codes.
 *
 * @throws {InvalidArgument} where the endpoint serves another chain: nothing is ever tried there
 * @throws {PlimsollError} SOURCE_* where it does not answer
 */
export async function openLocalChain(url: string, surroundings: Surroundings): Promise<LocalChain> {
  const send = createRpc({ url, label: 'the local chain' }, createLane('the local chain', POLICY, surroundings), surroundings);
  const outcome = await send('eth_chainId', []);
  const text = outcome.kind === 'result' ? outcome.value : null;
  if (typeof text !== 'string' || !/^0x[0-9a-fA-F]{1,16}$/.test(text)) throw new PlimsollError('MALFORMED_RESPONSE', 'The local chain does not say which chain it is. Check the address.');
  const id = BigInt(text);
  if (!LOCAL_IDS.includes(id)) {
    throw new InvalidArgument(`The endpoint serves chain ${id}. A drill changes prices and balances, so it runs on a local chain only: one whose id is ${LOCAL_IDS.join(' or ')}.`, {
      chain: id.toString(),
    });
  }
  return { chain: `eip155:${Number(id)}`, url, send };
}
