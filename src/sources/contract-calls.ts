import * as z from 'zod';
import { PlimsollError } from '../core/errors.ts';
import type { CallResult, ContractCall } from '../core/source.ts';
import { decodeResult, describeRevert, encodeCall, parseSignature } from './abi.ts';
import { decodeAggregateResults, encodeAggregate, MULTICALL3 } from './multicall.ts';
import type { SendRpc } from './rpc.ts';

/** How calls are put together. */
export interface BatchLimits {
  /** Calls in one batch. */
  readonly calls: number;
  /** Bytes of calldata in one batch. */
  readonly bytes: number;
}

/** Stays below the gas and body limits of public providers. */
export const DEFAULT_BATCH: BatchLimits = { calls: 200, bytes: 48_000 };

/** An encoded call. */
export interface EncodedCall {
  readonly key: string;
  readonly to: string;
  readonly data: string;
}

/** What the chain answered, before decoding: return data, or a reason why there is none. */
export type RawAnswer = { readonly ok: true; readonly data: string } | { readonly ok: false; readonly reason: string };

/** Bytes that aggregate3 adds to each call: target, flag, offsets, length and padding. */
const OVERHEAD_BYTES = 192;

const hexData = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/);

/** Encodes a call, or says why it cannot be. A malformed signature is a defect and throws. */
export function encodeContractCall(call: ContractCall): EncodedCall | null {
  try {
    return { key: call.key, to: call.to, data: encodeCall(call.signature, call.args) };
  } catch (error) {
    if (error instanceof PlimsollError) throw error;
    return null;
  }
}

/** Splits calls into batches of bounded count and size, in order. */
export function splitIntoBatches(calls: readonly EncodedCall[], limits: BatchLimits): readonly (readonly EncodedCall[])[] {
  const batches: EncodedCall[][] = [];
  let bytes = 0;
  for (const call of calls) {
    const size = call.data.length / 2 + OVERHEAD_BYTES;
    const open = batches.at(-1);
    if (open === undefined || open.length >= limits.calls || bytes + size > limits.bytes) {
      batches.push([call]);
      bytes = size;
    } else {
      open.push(call);
      bytes += size;
    }
  }
  return batches;
}

/**
 * Answers one batch at a block hash (EIP-1898): through Multicall3, or call by call where it is not deployed at that block or the batch
 * reverts.
 *
 * @param label the endpoint's public name
 * @throws {PlimsollError} where the source fails
 * @source mds1/multicall3 src/Multicall3.sol (aggregate3); EIP-1898
 */
export async function fetchBatch(send: SendRpc, label: string, batch: readonly EncodedCall[], blockHash: string): Promise<ReadonlyMap<string, RawAnswer>> {
  const block = { blockHash, requireCanonical: true };
  const together = batch.length < 2 ? null : await fetchTogether(send, label, batch, block);
  const answers = await Promise.all(batch.map(async (call, at) => together?.[at] ?? (await fetchSingle(send, label, call, block))));
  return new Map(batch.map((call, at) => [call.key, answers[at] ?? { ok: false, reason: 'no answer' }]));
}

/**
 * null where the whole batch failed; null at a call that failed without data, because the batch may just have run out of gas there, and alone it
 * tells.
 */
async function fetchTogether(send: SendRpc, label: string, batch: readonly EncodedCall[], block: object): Promise<readonly (RawAnswer | null)[] | null> {
  const data = encodeAggregate(batch.map(({ to, data: inner }) => ({ to, allowFailure: true, data: inner })));
  const outcome = await send('eth_call', [{ to: MULTICALL3, data }, block]);
  if (outcome.kind === 'revert') return null;
  const text = requireHex(label, outcome.value);
  if (text === '0x') return null;
  const results = decodeAggregateResults(text);
  if (results?.length !== batch.length) throw malformed(label, 'aggregate3');
  return results.map(({ success, data: returned }) => {
    if (success) return { ok: true, data: returned };
    return returned === '0x' ? null : { ok: false, reason: describeRevert(returned) };
  });
}

async function fetchSingle(send: SendRpc, label: string, call: EncodedCall, block: object): Promise<RawAnswer> {
  const outcome = await send('eth_call', [{ to: call.to, data: call.data }, block]);
  if (outcome.kind === 'result') return { ok: true, data: requireHex(label, outcome.value).toLowerCase() };
  return { ok: false, reason: outcome.outOfGas ? 'ran out of gas' : describeRevert(outcome.data) };
}

/** Decodes an answer by its signature; one that is empty or does not fit becomes a reason. */
export function decodeAnswer(call: ContractCall, raw: RawAnswer): CallResult {
  if (!raw.ok) return raw;
  if (raw.data === '0x' && parseSignature(call.signature).outputs.length > 0) return { ok: false, reason: 'empty answer: there is no such contract or function at this block' };
  try {
    return { ok: true, values: decodeResult(call.signature, raw.data) };
  } catch {
    return { ok: false, reason: 'the answer does not fit the signature' };
  }
}

function requireHex(label: string, value: unknown): string {
  const parsed = hexData.safeParse(value);
  if (!parsed.success) throw malformed(label, 'eth_call');
  return parsed.data;
}

function malformed(label: string, path: string): PlimsollError {
  return new PlimsollError('MALFORMED_RESPONSE', `${label} answers ${path} with something that is not call data.`, { source: label, path });
}
