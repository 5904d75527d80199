import { keccak256 } from 'ethers';
import { InvalidArgument } from '../core/errors.ts';
import { FIELD_MODULUS } from './modulus.ts';

export { FIELD_MODULUS };

/**
 * Passes a field element on. The value is never put into the message: it may be a position.
 *
 * @throws {InvalidArgument} where it is negative or not below the modulus.
 */
export function requireField(value: bigint, name: string): bigint {
  if (value < 0n || value >= FIELD_MODULUS) throw new InvalidArgument(`${name} is not a field element. Write a whole number from 0 to the order of BN254's scalar field less one.`, { name });
  return value;
}

/**
 * A 256-bit hash as a field element: keccak256, with the lowest 8 bits cut off so that it always fits.
 *
 * @param data bytes as 0x hex
 */
export function hashToField(data: string): bigint {
  return BigInt(keccak256(data)) >> 8n;
}
