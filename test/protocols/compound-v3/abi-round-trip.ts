import { Interface, Result } from 'ethers';

/** Encodes values by a planned call's own signature and decodes them as a chain source does: what does not fit the signature throws. */
export function throughAbi(signature: string, values: readonly unknown[]): readonly unknown[] {
  const abi = new Interface([signature]);
  const name = /function (\w+)/.exec(signature)?.[1] ?? '';
  return plain(abi.decodeFunctionResult(name, abi.encodeFunctionResult(name, values))) as readonly unknown[];
}

function plain(value: unknown): unknown {
  if (value instanceof Result) return value.toArray().map(plain);
  return typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value) ? value.toLowerCase() : value;
}
