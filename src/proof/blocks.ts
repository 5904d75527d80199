import { AbiCoder } from 'ethers';
import { PlimsollError } from '../core/errors.ts';
import { type ChainId, chainNumber } from '../core/ids.ts';
import type { PortfolioBlock } from '../core/portfolio.ts';
import { hashToField } from './field.ts';

/** The blocks that positions were read at, as one field element: keccak256(abi.encode((chainId, number, hash)[])) >> 8, in the order of chain and number.
 *
 * @throws {PlimsollError} ATTESTATION_REFUSED where a block has no hash: what cannot be named cannot be vouched for.
 */
export function hashBlocks(blocks: readonly PortfolioBlock[]): bigint {
  const sorted = blocks.map((block) => [chainNumber(block.chain as ChainId), BigInt(block.number), requireHash(block)] as const).toSorted((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  return hashToField(AbiCoder.defaultAbiCoder().encode(['tuple(uint256 chainId, uint256 number, bytes32 hash)[]'], [sorted]));
}

/**
 * The moment that a reading is as old as: the oldest unix second over its blocks.
 *
 * @throws {PlimsollError} ATTESTATION_REFUSED where nothing was read.
 */
export function snapshotOf(blocks: readonly PortfolioBlock[]): bigint {
  if (blocks.length === 0) throw new PlimsollError('ATTESTATION_REFUSED', 'The Portfolio names no block, so there is no moment to vouch for. Read it again from a source that answers.');
  return BigInt(Math.min(...blocks.map((block) => block.timestamp)));
}

function requireHash(block: PortfolioBlock): string {
  if (block.hash === null) {
    throw new PlimsollError('ATTESTATION_REFUSED', `The block read on ${block.chain} has no hash. Set RPC_URL_${chainNumber(block.chain as ChainId)}, so that the chain tells it.`, {
      chain: block.chain,
    });
  }
  return block.hash;
}
