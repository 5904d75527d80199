import * as z from 'zod';
import { InvalidFile } from '../../core/errors.ts';
import { chainNumber } from '../../core/ids.ts';
import { encodeCall, encodeResult, encodeRevert } from '../abi.ts';
import { type AggregatedCall, type AggregatedResult, decodeAggregate, encodeAggregateResults, MULTICALL3 } from '../multicall.ts';
import type { RecordedChain } from './dataset.ts';
import type { AnswerRequest } from './graph-endpoint.ts';

type Block = RecordedChain['blocks'][number];

/** A JSON-RPC error that goes to the caller as it is. */
class RpcFailure extends Error {
  readonly code: number;
  readonly data: string | null;

  constructor(code: number, message: string, data: string | null = null) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const rpcRequest = z.object({ id: z.union([z.string(), z.number(), z.null()]), method: z.string(), params: z.array(z.unknown()).default([]) });
const callRequest = z.object({ to: z.string(), data: z.string().optional(), input: z.string().optional() });
const blockByHash = z.object({ blockHash: z.string() });

/**
 * Makes the JSON-RPC endpoint of a recorded chain. What was not recorded answers as a revert ("not recorded").
 *
 * @throws {InvalidFile} where a recorded call does not fit its signature
 */
export function createChainEndpoint(recorded: RecordedChain): AnswerRequest {
  const blocks = [...recorded.blocks].sort((a, b) => (BigInt(a.number) < BigInt(b.number) ? -1 : 1));
  const answers = encodeCalls(recorded);

  function findBlock(reference: unknown): Block | null {
    if (reference === undefined || reference === 'latest' || reference === 'finalized' || reference === 'safe' || reference === 'pending') return blocks.at(-1) ?? null;
    const byHash = blockByHash.safeParse(reference);
    const hash = byHash.success ? byHash.data.blockHash : typeof reference === 'string' && reference.length === 66 ? reference : null;
    if (hash !== null) return blocks.find((block) => block.hash === hash.toLowerCase()) ?? null;
    return typeof reference === 'string' && /^0x[0-9a-f]+$/i.test(reference) ? (blocks.find((block) => BigInt(block.number) === BigInt(reference)) ?? null) : null;
  }

  function call(to: string, data: string, block: Block): string {
    const batch = to === MULTICALL3 ? decodeAggregate(data) : null;
    if (batch !== null) return aggregate(batch, block);
    const answer = answers.get(callKey(to, data))?.find(({ at }) => at === null || at.has(block.hash));
    if (answer === undefined) throw new RpcFailure(3, 'execution reverted: not recorded', encodeRevert('not recorded'));
    return answer.data;
  }

  function aggregate(batch: readonly AggregatedCall[], block: Block): string {
    const results = batch.map(({ to, allowFailure, data }): AggregatedResult => {
      try {
        return { success: true, data: call(to, data, block) };
      } catch (error) {
        if (!(error instanceof RpcFailure) || error.code !== 3) throw error;
        if (!allowFailure) throw new RpcFailure(3, 'execution reverted: Multicall3: call failed', encodeRevert('Multicall3: call failed'));
        return { success: false, data: error.data ?? '0x' };
      }
    });
    return encodeAggregateResults(results);
  }

  function answer(method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return `0x${chainNumber(recorded.chain).toString(16)}`;
      case 'eth_blockNumber':
        return `0x${BigInt(blocks.at(-1)?.number ?? '0').toString(16)}`;
      case 'eth_getBlockByNumber':
      case 'eth_getBlockByHash':
        return describeBlock(findBlock(params[0]));
      case 'eth_call': {
        const { to, data, input } = callRequest.parse(params[0]);
        const block = findBlock(params[1]);
        if (block === null) throw new RpcFailure(-32000, 'header not found');
        return call(to.toLowerCase(), (input ?? data ?? '0x').toLowerCase(), block);
      }
      default:
        throw new RpcFailure(-32601, `the method ${method} does not exist`);
    }
  }

  function respond(body: unknown): unknown {
    const request = rpcRequest.safeParse(body);
    if (!request.success) return { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'invalid request' } };
    const { id, method, params } = request.data;
    try {
      return { jsonrpc: '2.0', id, result: answer(method, params) };
    } catch (error) {
      const failure = error instanceof RpcFailure ? error : new RpcFailure(-32602, 'invalid params');
      return { jsonrpc: '2.0', id, error: { code: failure.code, message: failure.message, ...(failure.data === null ? {} : { data: failure.data }) } };
    }
  }

  return (body) => Promise.resolve(Array.isArray(body) ? body.map(respond) : respond(body));
}

interface RecordedAnswer {
  readonly data: string;
  /** The block hashes that it holds at; null for all. */
  readonly at: ReadonlySet<string> | null;
}

function encodeCalls({ calls, file }: RecordedChain): ReadonlyMap<string, readonly RecordedAnswer[]> {
  const answers = new Map<string, RecordedAnswer[]>();
  calls.forEach(({ to, signature, args, returns, at }, index) => {
    try {
      const key = callKey(to, encodeCall(signature, args));
      const answer = { data: encodeResult(signature, returns), at: at === undefined ? null : new Set(at) };
      answers.set(key, [...(answers.get(key) ?? []), answer]);
    } catch {
      throw new InvalidFile(`${file}, at calls[${index}]: args or returns do not fit the signature ${signature}.`, { file, path: `calls[${index}]` });
    }
  });
  return answers;
}

function callKey(to: string, data: string): string {
  return `${to}|${data}`;
}

function describeBlock(block: Block | null): unknown {
  if (block === null) return null;
  return { number: `0x${BigInt(block.number).toString(16)}`, hash: block.hash, timestamp: `0x${block.timestamp.toString(16)}`, transactions: [] };
}
