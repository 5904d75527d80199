import { InvalidArgument } from '../../core/errors.ts';
import { type Address, toAddress } from '../../core/ids.ts';

/** Reads a number of seconds. @throws {InvalidArgument} naming the flag */
export function readSeconds(flag: string, text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text.trim())) return Number(text);
  throw new InvalidArgument(`${flag} "${text}" is not a number of seconds. Write it as in ${flag} 1800.`);
}

/** Reads the number of an EVM chain. @throws {InvalidArgument} naming the flag */
export function readChainId(flag: string, text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text.trim())) return Number(text);
  throw new InvalidArgument(`${flag} "${text}" is not a chain's number. Write it as in ${flag} 1.`);
}

/** Reads an address. @throws {InvalidArgument} naming the flag */
export function readAddress(flag: string, text: string): Address {
  try {
    return toAddress(text);
  } catch {
    throw new InvalidArgument(`${flag} "${text}" is not an address.`);
  }
}
