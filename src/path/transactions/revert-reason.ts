import { AbiCoder, Interface } from 'ethers';
import { executorInterface } from './executor-calldata.ts';

/** @source OpenZeppelin draft-IERC6093.sol, SafeERC20.sol; Uniswap v3 periphery speaks in strings */
const TOKENS = new Interface([
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
  'error SafeERC20FailedOperation(address token)',
]);
const ERROR_STRING = '0x08c379a0';
const PANIC = '0x4e487b71';
/** Calls inside calls inside the executor: the reason is never deeper. */
const MOST_NESTING = 3;
const SHOWN = 160;

/**
 * What a contract reverted with, in words: a text, a panic code, an error of the executor with what its call failed of, a token's or a protocol's own error by its name.
 *
 * @param errors the protocols' own errors, as ABI fragments
 * @example
 * ```ts
 * describeRevert('0x08c379a0…'); // 'insufficient collateral'
 * ```
 */
export function describeRevert(data: string, errors: readonly string[] = []): string {
  return describe(data, [executorInterface, TOKENS, new Interface(errors)], MOST_NESTING);
}

function describe(data: string, abis: readonly Interface[], nesting: number): string {
  if (!/^0x[0-9a-f]{8}/i.test(data)) return 'no reason';
  try {
    if (data.startsWith(ERROR_STRING)) return shorten(String(AbiCoder.defaultAbiCoder().decode(['string'], `0x${data.slice(10)}`)[0]));
    if (data.startsWith(PANIC)) return `panic 0x${BigInt(`0x${data.slice(10)}`).toString(16)}`;
    for (const abi of abis) {
      const parsed = abi.parseError(data);
      if (parsed === null) continue;
      if (parsed.name === 'CallFailed' && nesting > 0) return `call ${String(parsed.args[0])} of the plan failed: ${describe(String(parsed.args[1]), abis, nesting - 1)}`;
      return shorten(`${parsed.name}(${parsed.args.map(String).join(', ')})`);
    }
  } catch {
    return `data that cannot be read (${data.slice(0, 10)})`;
  }
  return `an unknown error (${data.slice(0, 10)})`;
}

/** A hostile contract chooses the text. */
function shorten(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
  return plain.length <= SHOWN ? plain : `${plain.slice(0, SHOWN - 3)}...`;
}
