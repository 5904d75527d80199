import * as z from 'zod';
import { isPlimsollError, PlimsollError } from '../core/errors.ts';
import type { CallTrial, TrialCall, TrialResult } from '../core/source.ts';
import type { SendRpc } from './rpc.ts';

/** Codes and words of a node that does not know a method; providers word it differently. */
const UNKNOWN_METHOD = -32_601;
const UNSUPPORTED = /eth_simulateV1|method.*(?:not (?:found|supported|available|exist)|does not exist)|unsupported method|not whitelisted/i;

const hex = z.string().regex(/^0x[0-9a-fA-F]*$/);
/** A sender without the value of a call makes nodes refuse the whole request. @source execution-apis, error -38014 */
const NO_FUNDS = /insufficient (?:funds|balance)/i;

const simulatedCall = z.object({
  status: hex,
  gasUsed: hex,
  returnData: hex.optional(),
  error: z.object({ message: z.string(), data: z.unknown().optional() }).nullish(),
});
const simulation = z.array(z.object({ calls: z.array(simulatedCall) })).length(1);

/**
 * Runs calls one after the other on top of the newest block, each seeing what those before it changed, and keeps nothing: `eth_simulateV1`. A node without it can still try a single call.
 *
 * @param label the endpoint's public name
 * @throws {PlimsollError} where the source fails
 * @source ethereum/execution-apis src/eth/execute.yaml (eth_simulateV1)
 */
export async function tryCallsAt(send: SendRpc, label: string, calls: readonly TrialCall[]): Promise<CallTrial> {
  try {
    return await simulate(send, label, calls);
  } catch (error) {
    if (isPlimsollError(error, 'SOURCE_REJECTED') && NO_FUNDS.test(error.message)) return { kind: 'tried', results: [{ ok: false, data: '0x', message: 'the sender has too little ether for it' }] };
    if (!isUnknownMethod(error)) throw error;
  }
  const [only, ...others] = calls;
  if (only === undefined || others.length > 0) return { kind: 'untried', reason: `${label} has no eth_simulateV1, so calls that need each other cannot be tried` };
  const outcome = await send('eth_call', [requestOf(only), 'latest']);
  return { kind: 'tried', results: [outcome.kind === 'result' ? { ok: true } : { ok: false, data: outcome.data, message: outcome.outOfGas ? 'out of gas' : 'reverted' }] };
}

async function simulate(send: SendRpc, label: string, calls: readonly TrialCall[]): Promise<CallTrial> {
  const outcome = await send('eth_simulateV1', [{ blockStateCalls: [{ calls: calls.map(requestOf) }], validation: false, traceTransfers: false }, 'latest']);
  // The whole request is only refused as a revert by nodes that stop at the first one and tell no place.
  if (outcome.kind === 'revert') return { kind: 'tried', results: [{ ok: false, data: outcome.data, message: outcome.outOfGas ? 'out of gas' : 'reverted' }] };
  const parsed = simulation.safeParse(outcome.value);
  if (!parsed.success || parsed.data[0]?.calls.length !== calls.length) {
    throw new PlimsollError('MALFORMED_RESPONSE', `${label} answers eth_simulateV1 with something else than a result for each call.`, { source: label, path: 'eth_simulateV1' });
  }
  return { kind: 'tried', results: parsed.data[0].calls.map(readResult) };
}

function readResult({ status, returnData, error }: z.infer<typeof simulatedCall>): TrialResult {
  if (BigInt(status) === 1n) return { ok: true };
  const data = typeof error?.data === 'string' && hex.safeParse(error.data).success ? error.data : (returnData ?? '0x');
  return { ok: false, data: data.toLowerCase(), message: /out of gas/i.test(error?.message ?? '') ? 'out of gas' : 'reverted' };
}

function requestOf({ from, to, data, value }: TrialCall): object {
  return { from, to, input: data, data, value: `0x${value.toString(16)}` };
}

function isUnknownMethod(error: unknown): boolean {
  return isPlimsollError(error, 'SOURCE_REJECTED') && (error.fields['rpcCode'] === UNKNOWN_METHOD || UNSUPPORTED.test(error.message));
}
