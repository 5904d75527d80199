import * as z from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import type { Surroundings } from './clock.ts';
import { type Again, type AttemptFailed, attemptFailed, failureOfStatus, redact } from './failure.ts';
import type { Lane } from './lane.ts';

/** Where a chain is reached. `label` is what may be shown: it never contains a key. */
export interface ChainEndpoint {
  readonly url: string;
  readonly label: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back: a result, or the revert of a call (its data, `0x` where the node tells none). */
export type RpcOutcome = { readonly kind: 'result'; readonly value: unknown } | { readonly kind: 'revert'; readonly data: string; readonly outOfGas: boolean };

/** Sends one JSON-RPC request. @throws {PlimsollError} SOURCE_*, BLOCK_GONE or MALFORMED_RESPONSE */
export type SendRpc = (method: string, params: readonly unknown[]) => Promise<RpcOutcome>;

const answer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).nullish(),
});
type RpcError = NonNullable<z.infer<typeof answer>['error']>;

interface KnownError {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly again: Again;
  readonly problem: string;
}

/** What clients and providers say beside a revert, first match wins. Wording differs by client; JSON-RPC codes alone do not tell. */
const KNOWN_ERRORS: readonly KnownError[] = [
  {
    pattern: /(?:header|block)(?: for hash| \S+)? not found|unknown block|not currently canonical|non-?canonical|block.?out.?of.?range|resource not found|block with such an id|could not find block/i,
    code: 'BLOCK_GONE',
    again: 'never',
    problem: 'does not have the pinned block. Read the head again and start over.',
  },
  {
    pattern: /missing trie node|pruned|archive|historical state|state (?:is )?not available|distance to target block/i,
    code: 'SOURCE_REJECTED',
    again: 'never',
    problem: 'no longer has the state of that block. Use an archive endpoint, or a newer block.',
  },
  {
    pattern: /rate.?limit|too many requests|limit exceeded|capacity|throttl|quota/i,
    code: 'SOURCE_RATE_LIMITED',
    again: 'until-deadline',
    problem: 'is asking for fewer requests. Lower its rate limit or use a key with a higher one.',
  },
  { pattern: /timed? ?out|deadline/i, code: 'SOURCE_TIMEOUT', again: 'until-deadline', problem: 'ran out of time on the request.' },
];
const REVERTED = /revert|invalid opcode|invalid jump|bad jump|stack (?:under|over)flow|VM (?:execution|exception)|EVM error/i;
const OUT_OF_GAS = /out of gas|gas required exceeds|gas limit (?:is )?(?:too|exceed)|OutOfGas/i;
const CODE_REVERT = 3;
const CODE_LIMIT = -32005;
const CODE_INTERNAL = -32603;

/** Makes the sender of one endpoint; limits and repetitions are the lane's. */
export function createRpc(endpoint: ChainEndpoint, lane: Lane, { fetch, clock }: Surroundings): SendRpc {
  let count = 0;
  return (method, params) =>
    lane.send(async (signal) => {
      count += 1;
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...endpoint.headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: count, method, params }),
        signal,
      });
      if (response.status === 429) throw failureOfStatus(endpoint.label, 429, response.headers, clock.now());
      const parsed = answer.safeParse(parseJson(await response.text()));
      const error = parsed.success ? parsed.data.error : null;
      if (error != null) return outcomeOfError(endpoint, error);
      if (!response.ok) throw failureOfStatus(endpoint.label, response.status, response.headers, clock.now());
      if (!parsed.success || parsed.data.result === undefined) throw unreadable(endpoint.label);
      return { kind: 'result', value: parsed.data.result };
    });
}

function outcomeOfError(endpoint: ChainEndpoint, error: RpcError): RpcOutcome {
  if (error.code === CODE_REVERT || REVERTED.test(error.message)) return { kind: 'revert', data: revertData(error.data), outOfGas: false };
  if (OUT_OF_GAS.test(error.message)) return { kind: 'revert', data: '0x', outOfGas: true };
  throw failureOfError(endpoint, error);
}

function failureOfError(endpoint: ChainEndpoint, error: RpcError): AttemptFailed {
  const known = error.code === CODE_LIMIT ? KNOWN_ERRORS.find((entry) => entry.code === 'SOURCE_RATE_LIMITED') : KNOWN_ERRORS.find((entry) => entry.pattern.test(error.message));
  const fields = { rpcCode: error.code };
  if (known !== undefined) return attemptFailed(known.code, endpoint.label, known.problem, known.again, fields);
  if (error.code === CODE_INTERNAL) return attemptFailed('SOURCE_UNREACHABLE', endpoint.label, 'reports an internal error. Try again later.', 'until-deadline', fields);
  const secrets = [endpoint.url, ...endpoint.url.split(/[/?&=]/).filter((part) => part.length >= 12), ...Object.values(endpoint.headers ?? {})];
  return attemptFailed('SOURCE_REJECTED', endpoint.label, `refuses the request: ${redact(error.message, secrets)}`, 'never', fields);
}

/** Nodes put the data at `error.data`, or one level deeper. */
function revertData(data: unknown): string {
  if (typeof data === 'string') return /0x[0-9a-fA-F]*$/.exec(data)?.[0].toLowerCase() ?? '0x';
  return data !== null && typeof data === 'object' && 'data' in data ? revertData(data.data) : '0x';
}

function unreadable(label: string): AttemptFailed {
  return attemptFailed('MALFORMED_RESPONSE', label, 'answers with something that is not JSON-RPC. Check the address.', 'once');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
