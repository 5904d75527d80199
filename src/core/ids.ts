import { getAddress } from 'ethers';
import { PlimsollError } from './errors.ts';

/** A CAIP-2 chain id, as in `eip155:1`. */
export type ChainId = `eip155:${number}`;
/** A 20-byte address, lower-case, with 0x. */
export type Address = `0x${string}`;
/** A CAIP-19 asset id, lower-case: `eip155:1/erc20:0x…`, or {@link USD} for plain dollar terms. */
export type AssetId = `eip155:${number}/erc20:0x${string}` | `eip155:${number}/slip44:${number}` | typeof USD;

/** The asset id of a plain amount of US dollars. */
export const USD = 'iso4217:usd';

const ADDRESS = /^0x[0-9a-f]{40}$/;
const CHAIN = /^(?:eip155:)?([1-9][0-9]{0,15})$/;
const ACCOUNT = /^eip155:([1-9][0-9]{0,15}):(0x[0-9a-fA-F]{40})$/;
/** The form of an asset id. */
export const ASSET_PATTERN = /^(?:eip155:[1-9][0-9]{0,15}\/(?:erc20:0x[0-9a-f]{40}|slip44:[0-9]{1,10})|iso4217:usd)$/;

/**
 * Reads a chain: CAIP-2 (`eip155:1`) or a plain integer.
 *
 * @throws {PlimsollError} INVALID_CHAIN
 * @example
 * ```ts
 * parseChain('1'); // 'eip155:1'
 * ```
 */
export function parseChain(text: string | number): ChainId {
  const match = CHAIN.exec(String(text).trim().toLowerCase());
  const number = match?.[1];
  if (number === undefined) {
    throw new PlimsollError('INVALID_CHAIN', `"${shorten(String(text))}" is not a chain. Write a CAIP-2 id such as eip155:1, or its number.`, {
      chain: shorten(String(text)),
    });
  }
  return `eip155:${Number(number)}`;
}

/** The number of a chain: 1 for `eip155:1`. */
export function chainNumber(chain: ChainId): number {
  return Number(chain.slice('eip155:'.length));
}

/**
 * Reads a wallet: a 20-byte hex address (a mixed-case one is accepted as it is: its checksum is not judged here) or a
 * CAIP-10 account. The result is lower-case.
 *
 * @throws {PlimsollError} INVALID_WALLET
 */
export function parseWallet(text: string): Address {
  const trimmed = text.trim();
  const lower = (ACCOUNT.exec(trimmed)?.[2] ?? trimmed).toLowerCase();
  if (!isAddress(lower)) {
    throw new PlimsollError('INVALID_WALLET', `"${shorten(trimmed)}" is not a wallet. Write a 20-byte address (0x and 40 hex digits) or a CAIP-10 account such as eip155:1:0x….`, {
      wallet: shorten(trimmed),
    });
  }
  return lower;
}

/** Finds the chain that a CAIP-10 account names; null for anything else. */
export function findAccountChain(text: string): ChainId | null {
  const number = ACCOUNT.exec(text.trim())?.[1];
  return number === undefined ? null : parseChain(number);
}

/** Tells whether `text` is a lower-case 20-byte address. */
export function isAddress(text: string): text is Address {
  return ADDRESS.test(text);
}

/** An address as it is shown outside: with the EIP-55 checksum. */
export function toChecksum(address: string): string {
  return getAddress(address);
}

/** Lower-cases an address that is known to be one. @throws {PlimsollError} MALFORMED_RESPONSE */
export function toAddress(text: string): Address {
  const lower = text.toLowerCase();
  if (!isAddress(lower)) throw new PlimsollError('MALFORMED_RESPONSE', `"${shorten(text)}" is not an address.`);
  return lower;
}

/** The asset id of an ERC-20 token. */
export function erc20(chain: ChainId, token: string): AssetId {
  return `${chain}/erc20:${toAddress(token)}`;
}

/** The contract address inside an ERC-20 asset id, or null for another kind of asset. */
export function tokenOf(asset: AssetId): Address | null {
  const at = asset.indexOf('/erc20:');
  return at < 0 ? null : toAddress(asset.slice(at + '/erc20:'.length));
}

/** Tells whether `text` is an asset id in canonical form. */
export function isAssetId(text: string): text is AssetId {
  return ASSET_PATTERN.test(text);
}

function shorten(text: string): string {
  return text.length <= 66 ? text : `${text.slice(0, 63)}...`;
}
