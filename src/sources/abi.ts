import { AbiCoder, FunctionFragment, type ParamType } from 'ethers/abi';
import { InternalError } from '../core/errors.ts';

const coder = AbiCoder.defaultAbiCoder();
const fragments = new Map<string, FunctionFragment>();

/** Reads a human-readable function signature, with or without the word `function`. @throws {InternalError} */
export function parseSignature(signature: string): FunctionFragment {
  const known = fragments.get(signature);
  if (known !== undefined) return known;
  try {
    const fragment = FunctionFragment.from(/^\s*function\s/.test(signature) ? signature : `function ${signature}`);
    fragments.set(signature, fragment);
    return fragment;
  } catch {
    throw new InternalError(`"${signature}" is not a function signature`);
  }
}

/** Encodes a call: selector and arguments. @throws where an argument does not fit its type (ethers' own error) */
export function encodeCall(signature: string, args: readonly unknown[]): string {
  const fragment = parseSignature(signature);
  return `${fragment.selector}${coder.encode(fragment.inputs, args).slice(2)}`;
}

/** Decodes a call's arguments to plain arrays. */
export function decodeArguments(signature: string, data: string): readonly unknown[] {
  return decodePlain(parseSignature(signature).inputs, `0x${data.slice(10)}`);
}

/** Encodes what a call returns. */
export function encodeResult(signature: string, values: readonly unknown[]): string {
  return coder.encode(parseSignature(signature).outputs, values);
}

/**
 * Decodes what a call returned to plain arrays: structs become arrays, every integer a bigint, addresses and bytes lower-case.
 *
 * @throws where the data does not fit the signature (ethers' own error)
 */
export function decodeResult(signature: string, data: string): readonly unknown[] {
  return decodePlain(parseSignature(signature).outputs, data);
}

/** Encodes a revert with a text, as Solidity's `require` does. */
export function encodeRevert(text: string): string {
  return `0x08c379a0${coder.encode(['string'], [text]).slice(2)}`;
}

/** Puts revert data into words: its text, its panic code, or the selector of a custom error. */
export function describeRevert(data: string): string {
  try {
    if (data.startsWith('0x08c379a0')) return `reverted: ${String(coder.decode(['string'], `0x${data.slice(10)}`)[0]).slice(0, 160)}`;
    if (data.startsWith('0x4e487b71')) return `reverted with panic ${String(coder.decode(['uint256'], `0x${data.slice(10)}`)[0])}`;
  } catch {
    return 'reverted with unreadable data';
  }
  return data.length >= 10 ? `reverted with custom error ${data.slice(0, 10)}` : 'reverted without a reason';
}

function decodePlain(types: readonly ParamType[], data: string): readonly unknown[] {
  const values = coder.decode(types, data).toArray();
  return types.map((type, at) => plain(type, values[at]));
}

function plain(type: ParamType, value: unknown): unknown {
  if (type.isArray()) return toList(value).map((item) => plain(type.arrayChildren, item));
  if (type.isTuple()) {
    const values = toList(value);
    return type.components.map((component, at) => plain(component, values[at]));
  }
  const isHex = type.type === 'address' || type.type.startsWith('bytes');
  return isHex && typeof value === 'string' ? value.toLowerCase() : value;
}

/** ethers' Result is an array that throws when an undecodable item is read. */
function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? Array.from<unknown>(value) : [];
}
