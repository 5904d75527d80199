import { fileURLToPath } from 'node:url';
import { Interface } from 'ethers';
import { InternalError } from '../../src/core/errors.ts';
import { type Address, toAddress } from '../../src/core/ids.ts';
import { type Execution, type ExecutionCall, encodeExecution, executorInterface } from '../../src/path/transactions/executor-calldata.ts';
import { type Anvil, Reverted } from '../chain/anvil.ts';
import { type Artifact, compileSolidity } from '../chain/compile-solidity.ts';
import { type Contract, deploy } from '../chain/contract.ts';

/** A plan that nothing is missing from: no limits, no deadline. */
export const EMPTY_PLAN: Execution = { deadline: 2n ** 64n, loans: [], calls: [], outputs: [], checks: [] };

/** Whom the contract is compiled for: its notes say why. */
const SETTINGS = { evmVersion: 'paris', optimizer: { enabled: true, runs: 200 }, metadata: { bytecodeHash: 'none' } };
const GAS = '0xe4e1c0';

/** The executor and what the tests set against it, by contract name. */
export function compileExecutor(): Readonly<Record<string, Artifact>> {
  return compileSolidity({
    compiler: 'solc-0.8.27',
    roots: { 'contracts/': fileURLToPath(new URL('../../contracts/', import.meta.url)), 'test/': fileURLToPath(new URL('./solidity/', import.meta.url)) },
    entries: ['contracts/PlimsollExecutor.sol', 'test/TestTokens.sol', 'test/TestRouter.sol', 'test/Hostile.sol'],
    settings: SETTINGS,
  });
}

/** Deploys one of the contracts of {@link compileExecutor}. */
export async function put(chain: Anvil, from: string, name: string, args: readonly unknown[] = []): Promise<Contract> {
  const artifact = compileExecutor()[name];
  if (artifact === undefined) throw new InternalError(`no artifact ${name}`);
  return deploy(chain, from, artifact, args);
}

/** A call of a test's contract as a plan holds it. */
export function callOf(contract: Contract, method: string, args: readonly unknown[], approval: ExecutionCall['approval'] = null, value = 0n): ExecutionCall {
  return { target: contract.address, value, data: contract.abi.encodeFunctionData(method, args), approval };
}

/** What a spender may take during a call. */
export function allow(token: Contract, spender: Contract, amount: bigint): NonNullable<ExecutionCall['approval']> {
  return { token: token.address, spender: spender.address, amount };
}

/** What a plan that went through says of itself. */
export interface Executed {
  readonly gasUsed: bigint;
  readonly planHash: string;
}

/** Sends a plan. @throws {Reverted} */
export async function execute(executor: Contract, from: string, plan: Execution): Promise<Executed> {
  const receipt = await executor.chain.send(from, executor.address, encodeExecution(plan));
  const [event] = executor.events(receipt, 'Executed');
  const gasUsed = 'gasUsed' in receipt ? BigInt(String(receipt.gasUsed)) : 0n;
  return { gasUsed, planHash: String(event?.['plan']) };
}

/** Sends a transaction with ether. @throws {Reverted} */
export async function sendValue(chain: Anvil, from: string, to: string, data: string, value: bigint): Promise<void> {
  const transaction = { from, to, data, value: `0x${value.toString(16)}`, gas: GAS };
  await chain.request('eth_call', [transaction, 'latest']);
  await chain.request('eth_sendTransaction', [transaction]);
  await chain.request('evm_mine', []);
}

/** A refusal in words: the executor's error with its arguments, `CallFailed(0: …)` with what the target said; null where the call passes. */
export async function refusalOf(chain: Anvil, transaction: { from: string; to: string; data: string; value?: string }): Promise<string | null> {
  try {
    await chain.request('eth_call', [{ gas: GAS, ...transaction }, 'latest']);
    return null;
  } catch (error) {
    if (error instanceof Reverted) return wordsOf(error.data);
    throw error;
  }
}

/** The refusal of a plan. */
export async function planRefusal(executor: Contract, from: string, plan: Execution): Promise<string | null> {
  return refusalOf(executor.chain, { from, to: executor.address, data: encodeExecution(plan) });
}

const OTHER_ERRORS = new Interface(['error Error(string)', 'error Panic(uint256)', 'error BalanceTooLow()', 'error AllowanceTooLow()', 'error ApprovalRefused()', 'error NoEther()']);

/** Revert data in words. */
export function wordsOf(data: string): string {
  const parsed = data.length < 10 ? null : (executorInterface.parseError(data) ?? OTHER_ERRORS.parseError(data));
  if (parsed === null) return data;
  if (parsed.name === 'CallFailed') return `CallFailed(${String(parsed.args[0])}: ${wordsOf(String(parsed.args[1]))})`;
  return `${parsed.name}(${parsed.args.map((value) => String(value).toLowerCase()).join(', ')})`;
}

/** Asserts nothing itself: what an executor holds and lets others take. */
export async function leftBehind(executor: Contract, tokens: readonly Contract[], spenders: readonly string[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const token of tokens) {
    const held = await token.read('balanceOf', executor.address);
    if (held !== 0n) left.push(`${String(held)} of ${token.address}`);
    for (const spender of spenders) {
      const allowed = await token.read('allowance', executor.address, spender);
      if (allowed !== 0n) left.push(`${spender} may take ${String(allowed)} of ${token.address}`);
    }
  }
  const ether = BigInt(String(await executor.chain.request('eth_getBalance', [executor.address, 'latest'])));
  if (ether !== 0n) left.push(`${ether} wei`);
  return left;
}

/** An address from a small number. */
export function addressOf(number: number): Address {
  return toAddress(`0x${number.toString(16).padStart(40, '0')}`);
}
