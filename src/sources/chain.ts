import * as z from 'zod';
import { InternalError, PlimsollError } from '../core/errors.ts';
import { type ChainId, chainNumber } from '../core/ids.ts';
import { pathText } from '../core/json.ts';
import type { BlockRef, CallResult, ChainSource, ContractCall } from '../core/source.ts';
import { tryCallsAt } from './call-trial.ts';
import type { Surroundings } from './clock.ts';
import { type BatchLimits, DEFAULT_BATCH, decodeAnswer, type EncodedCall, encodeContractCall, fetchBatch, type RawAnswer, splitIntoBatches } from './contract-calls.ts';
import { createLane, DEFAULT_POLICY, type RequestPolicy } from './lane.ts';
import { type ChainEndpoint, createRpc, type SendRpc } from './rpc.ts';

/** Configuration of a {@link ChainSource}. */
export interface ChainSourceOptions extends Surroundings {
  readonly chain: ChainId;
  readonly endpoint: ChainEndpoint;
  /** A second endpoint, asked the same in parallel and compared. */
  readonly second?: ChainEndpoint;
  readonly policy?: Partial<RequestPolicy>;
  readonly batch?: Partial<BatchLimits>;
}

interface Node {
  readonly endpoint: ChainEndpoint;
  readonly send: SendRpc;
  /** Resolves once the endpoint has named the configured chain as its own. */
  readonly requireChain: () => Promise<void>;
}

/** Names listed in an ENDPOINTS_DIFFER message. */
const NAMED_KEYS = 8;

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
const blockAnswer = z.object({
  number: quantity,
  hash: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/)
    .transform((hash) => hash.toLowerCase()),
  timestamp: quantity,
});

/**
 * Opens a chain through one endpoint, or two that are compared.
 *
 * @example
 * ```ts
 * const chain = createChainSource({ chain: 'eip155:1', endpoint: { url, label: 'RPC_URL_1' }, clock: systemClock, random: systemRandom, fetch: systemFetch });
 * const head = await chain.fetchHead('latest');
 * ```
 */
export function createChainSource(options: ChainSourceOptions): ChainSource {
  const first = openNode(options.endpoint, options);
  const second = options.second === undefined ? null : openNode(options.second, options);
  const nodes = second === null ? [first] : [first, second];
  const limits = { ...DEFAULT_BATCH, ...options.batch };
  const { chain } = options;

  async function fetchAnswers({ endpoint, send, requireChain }: Node, calls: readonly EncodedCall[], blockHash: string): Promise<ReadonlyMap<string, RawAnswer>> {
    const batches = splitIntoBatches(calls, limits).map((batch) => fetchBatch(send, endpoint.label, batch, blockHash));
    const [, ...answers] = await Promise.all([requireChain(), ...batches]);
    return new Map(answers.flatMap((batch) => [...batch]));
  }

  return {
    chain,
    label: second === null ? first.endpoint.label : `${first.endpoint.label} and ${second.endpoint.label}`,

    /** With two endpoints the older head: the block that both have. */
    async fetchHead(finality) {
      const heads = await Promise.all(nodes.map((node) => fetchBlockRef(node, chain, 'eth_getBlockByNumber', finality)));
      return heads.reduce((oldest, head) => (head.number < oldest.number ? head : oldest));
    },

    fetchBlock: (block) => (typeof block === 'bigint' ? fetchBlockRef(first, chain, 'eth_getBlockByNumber', `0x${block.toString(16)}`) : fetchBlockRef(first, chain, 'eth_getBlockByHash', block)),

    async fetchGasPrice() {
      const [outcome] = await Promise.all([first.send('eth_gasPrice', []), first.requireChain()]);
      const parsed = quantity.safeParse(outcome.kind === 'result' ? outcome.value : null);
      if (!parsed.success) throw malformed(first.endpoint, 'eth_gasPrice');
      return BigInt(parsed.data);
    },

    async tryCalls(calls) {
      const [trial] = await Promise.all([tryCallsAt(first.send, first.endpoint.label, calls), first.requireChain()]);
      return trial;
    },

    async fetchCalls(calls, blockHash) {
      requireUniqueKeys(calls);
      if (calls.length === 0) return new Map<string, CallResult>();
      const encoded = new Map(calls.map((call) => [call.key, encodeContractCall(call)]));
      const sendable = [...encoded.values()].filter((call) => call !== null);
      const [answers = new Map<string, RawAnswer>(), others] = await Promise.all(nodes.map((node) => fetchAnswers(node, sendable, blockHash)));
      if (others !== undefined) requireSameAnswers(options, sendable, answers, others);
      return new Map(
        calls.map((call): [string, CallResult] => {
          if (encoded.get(call.key) === null) return [call.key, { ok: false, reason: 'the arguments do not fit the signature' }];
          return [call.key, decodeAnswer(call, answers.get(call.key) ?? { ok: false, reason: 'no answer' })];
        }),
      );
    },
  };
}

function openNode(endpoint: ChainEndpoint, options: ChainSourceOptions): Node {
  const lane = createLane(endpoint.label, { ...DEFAULT_POLICY, ...options.policy }, options);
  const send = createRpc(endpoint, lane, options);
  let checked: Promise<void> | null = null;
  const check = async () => {
    const outcome = await send('eth_chainId', []);
    const id = outcome.kind === 'result' ? quantity.safeParse(outcome.value) : null;
    if (id?.success !== true) throw malformed(endpoint, 'eth_chainId');
    if (id.data !== BigInt(chainNumber(options.chain))) {
      throw new PlimsollError('SOURCE_REJECTED', `${endpoint.label} serves chain eip155:${id.data}, not ${options.chain}. Check the configured address.`, { source: endpoint.label });
    }
  };
  const requireChain = () => {
    checked ??= check().catch((error: unknown) => {
      checked = null;
      throw error;
    });
    return checked;
  };
  return { endpoint, send, requireChain };
}

async function fetchBlockRef({ endpoint, send, requireChain }: Node, chain: ChainId, method: string, reference: string): Promise<BlockRef> {
  const [outcome] = await Promise.all([send(method, [reference, false]), requireChain()]);
  const value = outcome.kind === 'result' ? outcome.value : null;
  if (value === null) {
    throw new PlimsollError('BLOCK_GONE', `${endpoint.label} has no block ${reference}. Read the head again.`, { source: endpoint.label, block: reference });
  }
  const parsed = blockAnswer.safeParse(value);
  if (!parsed.success) throw malformed(endpoint, `${method}.${pathText(parsed.error.issues[0]?.path ?? [])}`);
  return { chain, ...parsed.data };
}

/** Reverts are compared as such: providers word them differently. */
function requireSameAnswers(options: ChainSourceOptions, calls: readonly EncodedCall[], answers: ReadonlyMap<string, RawAnswer>, others: ReadonlyMap<string, RawAnswer>): void {
  const differing = calls.filter(({ key }) => returnedData(answers.get(key)) !== returnedData(others.get(key))).map(({ key }) => key);
  if (differing.length === 0) return;
  const more = differing.length > NAMED_KEYS ? ` and ${differing.length - NAMED_KEYS} more` : '';
  const keys = `${differing.slice(0, NAMED_KEYS).join(', ')}${more}`;
  const labels = `${options.endpoint.label} and ${options.second?.label ?? ''}`;
  throw new PlimsollError('ENDPOINTS_DIFFER', `${labels} answer differently at one block hash: ${keys}. Trust neither until they agree.`, { keys, count: differing.length });
}

function returnedData(answer: RawAnswer | undefined): string | null {
  return answer?.ok === true ? answer.data : null;
}

function requireUniqueKeys(calls: readonly ContractCall[]): void {
  const seen = new Set<string>();
  for (const { key } of calls) {
    if (seen.has(key)) throw new InternalError(`two contract calls have the key "${key}"`);
    seen.add(key);
  }
}

function malformed(endpoint: ChainEndpoint, path: string): PlimsollError {
  return new PlimsollError('MALFORMED_RESPONSE', `${endpoint.label} answers with a missing or malformed field ${path}.`, { source: endpoint.label, path });
}
