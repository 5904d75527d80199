import { AbiCoder, Interface } from 'ethers';
import type { UnsignedCall } from '../../core/call.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Address } from '../../core/ids.ts';
import type { SendRpc } from '../../sources/rpc.ts';

const TOKEN = new Interface(['function balanceOf(address account) view returns (uint256)']);
/** More than any liquidation needs, less than what newer forks allow a transaction. */
const GAS = '0xe4e1c0';
/** Wei that pay for many transactions. */
const ETHER = '0x3635c9adc5dea00000';
const ATTEMPTS = 100;

/** The result of a request. @throws {PlimsollError} CALL_FAILED where it reverted */
export async function readResult(send: SendRpc, method: string, params: readonly unknown[]): Promise<unknown> {
  const outcome = await send(method, params);
  if (outcome.kind === 'result') return outcome.value;
  throw new PlimsollError('CALL_FAILED', `The local chain reverted ${method}.`, { method });
}

/** Runs `body` and takes back everything that it did to the chain. */
export async function undo<Value>(send: SendRpc, body: () => Promise<Value>): Promise<Value> {
  const snapshot = await readResult(send, 'evm_snapshot', []);
  try {
    return await body();
  } finally {
    await readResult(send, 'evm_revert', [snapshot]);
  }
}

/** Whether the chain mines by itself is set aside while `body` runs: blocks come when they are asked for, at the time that is asked for. */
export async function mineByHand<Value>(send: SendRpc, body: () => Promise<Value>): Promise<Value> {
  const wasAutomatic = (await readResult(send, 'anvil_getAutomine', [])) === true;
  await readResult(send, 'evm_setAutomine', [false]);
  try {
    return await body();
  } finally {
    await readResult(send, 'evm_setAutomine', [wasAutomatic]);
  }
}

/** Mines one block at a unix second. */
export async function mineAt(send: SendRpc, at: bigint): Promise<void> {
  await readResult(send, 'evm_setNextBlockTimestamp', [Number(at)]);
  await readResult(send, 'evm_mine', []);
}

/** Gives somebody ether to pay gas with, and exactly so much of a token. */
export async function endow(send: SendRpc, account: Address, tokens: ReadonlyMap<Address, bigint>): Promise<void> {
  await readResult(send, 'anvil_setBalance', [account, ETHER]);
  for (const [token, amount] of tokens) await readResult(send, 'anvil_dealERC20', [account, token, `0x${amount.toString(16)}`]);
}

/** A token balance, raw units. */
export async function balanceOf(send: SendRpc, token: Address, account: Address): Promise<bigint> {
  const data = await readResult(send, 'eth_call', [{ to: token, data: TOKEN.encodeFunctionData('balanceOf', [account]) }, 'latest']);
  return BigInt(String(AbiCoder.defaultAbiCoder().decode(['uint256'], String(data))[0]));
}

/** What became of calls that were sent one after the other, all at one unix second. */
export type Sent = { readonly ok: true } | { readonly ok: false; readonly call: number; readonly data: string };

/** Sends calls as somebody whose key nobody has, each in a block at `at`, up to the first that fails. */
export async function sendCalls(send: SendRpc, from: Address, calls: readonly UnsignedCall[], at: bigint): Promise<Sent> {
  await readResult(send, 'anvil_impersonateAccount', [from]);
  for (const [index, { to, data, value }] of calls.entries()) {
    const transaction = { from, to, data, value: `0x${value.toString(16)}`, gas: GAS };
    // Asked for first: a transaction that fails does not say why.
    const trial = await send('eth_call', [transaction, 'latest']);
    const hash = await readResult(send, 'eth_sendTransaction', [transaction]);
    const receipt = await mineUntilIncluded(send, String(hash), at);
    if (receipt.status !== '0x1') return { ok: false, call: index, data: trial.kind === 'revert' ? trial.data : '0x' };
  }
  return { ok: true };
}

/** A chain may leave a transaction out of the first block that is mined after it. */
async function mineUntilIncluded(send: SendRpc, hash: string, at: bigint): Promise<{ readonly status: string }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await mineAt(send, at);
    const receipt = await readResult(send, 'eth_getTransactionReceipt', [hash]);
    if (receipt !== null && typeof receipt === 'object' && 'status' in receipt) return { status: String(receipt.status) };
  }
  throw new PlimsollError('SOURCE_REJECTED', `The local chain did not mine the transaction ${hash}.`);
}
