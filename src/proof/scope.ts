import { AbiCoder } from 'ethers';
import { type ChainId, chainNumber } from '../core/ids.ts';
import { hashToField } from './field.ts';

/** A market that a protocol liquidates accounts in. */
export interface MarketName {
  readonly chain: ChainId;
  /** As in a Portfolio: `aave-v3`. */
  readonly protocol: string;
  /** The protocol's own market id, as in a Portfolio. */
  readonly market: string;
}

/** What a claim is about: all accounts together; one account in a named market; one account, not said where. */
export type Scope = { readonly kind: 'unified' } | { readonly kind: 'hidden' } | { readonly kind: 'market'; readonly marketId: bigint };

export const UNIFIED_SCOPE = 0n;
export const HIDDEN_SCOPE = 1n;

/**
 * The id of a market in unit tables and scopes: keccak256(abi.encode(chainId, protocol, market)) >> 8.
 *
 * @example
 * ```ts
 * marketId({ chain: 'eip155:1', protocol: 'aave-v3', market: '0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2' });
 * ```
 */
export function marketId(name: MarketName): bigint {
  return hashToField(AbiCoder.defaultAbiCoder().encode(['uint256', 'string', 'string'], [chainNumber(name.chain), name.protocol, name.market]));
}

/** The public signal of a scope. */
export function packScope(scope: Scope): bigint {
  switch (scope.kind) {
    case 'unified':
      return UNIFIED_SCOPE;
    case 'hidden':
      return HIDDEN_SCOPE;
    case 'market':
      return scope.marketId;
  }
}

/** Reads the public signal of a scope. */
export function unpackScope(packed: bigint): Scope {
  if (packed === UNIFIED_SCOPE) return { kind: 'unified' };
  return packed === HIDDEN_SCOPE ? { kind: 'hidden' } : { kind: 'market', marketId: packed };
}
