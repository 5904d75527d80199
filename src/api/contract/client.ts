import type { Fetch } from '../../sources/clock.ts';
import type { Answer, Body, Params, Query } from './operations.ts';
import { type OperationId, PATHS } from './paths.ts';

/** What a call brings along: only what the operation takes. */
export interface CallInput<Id extends OperationId> {
  readonly params?: Params<Id>;
  readonly query?: Query<Id>;
  readonly body?: Body<Id>;
  /** Further headers, as in `Idempotency-Key`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What came back: the answer, or a problem in the form of RFC 9457. */
export type CallResult<Id extends OperationId> =
  | { readonly ok: true; readonly status: number; readonly data: Answer<Id>; readonly etag: string | null }
  | { readonly ok: false; readonly status: number; readonly problem: { readonly code: string; readonly detail: string; readonly retryable: boolean } };

/** Where the service is, and who asks. */
export interface ClientOptions {
  /** As in `http://localhost:8080`; empty for the page's own origin. */
  readonly origin: string;
  readonly fetch: Fetch;
  readonly apiKey?: string;
}

/** Calls operations by name, with types from the same table that the service validates by. */
export interface Client {
  call<Id extends OperationId>(id: Id, input?: CallInput<Id>): Promise<CallResult<Id>>;
}

/**
 * Makes a client of the service. It throws only what `fetch` throws; a failure of the service is an answer.
 *
 * @example
 * ```ts
 * const client = createClient({ origin: 'http://localhost:8080', fetch });
 * const answer = await client.call('getWallet', { params: { wallet: '0xc0ffee00000000000000000000000000c0ffee01' } });
 * if (answer.ok) console.log(answer.data.status, answer.data.wallet.health);
 * ```
 */
export function createClient({ origin, fetch, apiKey }: ClientOptions): Client {
  return {
    async call(id, input = {}) {
      const { method, path } = PATHS[id];
      const response = await fetch(`${origin}${fillPath(path, input.params)}${formatQuery(input.query)}`, {
        method: method.toUpperCase(),
        headers: {
          accept: 'application/json',
          ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...input.headers,
        },
        ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
        ...(input.signal === undefined ? {} : { signal: input.signal }),
      });
      const text = await response.text();
      if (!response.ok) return { ok: false, status: response.status, problem: readProblem(text) };
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { ok: true, status: response.status, data: isJson ? JSON.parse(text) : text, etag: response.headers.get('etag') };
    },
  };
}

function fillPath(path: string, params: unknown): string {
  return Object.entries(params ?? {}).reduce((filled, [name, value]) => filled.replace(`{${name}}`, encodeURIComponent(String(value))), path);
}

function formatQuery(query: unknown): string {
  const fields = Object.entries(query ?? {}).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
  return fields.length === 0 ? '' : `?${new URLSearchParams(fields).toString()}`;
}

function readProblem(text: string): { readonly code: string; readonly detail: string; readonly retryable: boolean } {
  try {
    const { code, detail, retryable } = JSON.parse(text) as Record<string, unknown>;
    return { code: String(code), detail: String(detail), retryable: retryable === true };
  } catch {
    return { code: 'MALFORMED_RESPONSE', detail: 'The answer is not one of the service.', retryable: true };
  }
}
