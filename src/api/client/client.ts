import { type Clock, type Fetch, systemClock, systemFetch } from '../../sources/clock.ts';
import type { Answer, Body, OPERATIONS, Params, Query } from '../contract/operations.ts';
import { type OperationId, PATHS } from '../contract/paths.ts';
import { keepAnswers } from './answer-store.ts';
import { asFailure, type Problem, readProblem, unreachable } from './problem.ts';
import { readStream, type StreamedEvent, type StreamInput } from './stream.ts';

/** What a call brings along: only what the operation takes. */
export interface CallInput<Id extends OperationId> {
  readonly params?: Params<Id>;
  readonly query?: Query<Id>;
  readonly body?: Body<Id>;
  /** 8 to 128 letters, digits, dashes and underscores: the same key gets the first request's answer, so that a repetition makes no second job. */
  readonly idempotencyKey?: (typeof OPERATIONS)[Id] extends { readonly idempotent: true } ? string : never;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the request; `AbortSignal.timeout(ms)` limits it. */
  readonly signal?: AbortSignal;
}

/** What came back: the answer, or a problem in the form of RFC 9457. */
export type CallResult<Id extends OperationId> =
  | {
      readonly ok: true;
      /** 304 where the service said that its last answer still stands; the data are that answer's. */
      readonly status: number;
      readonly data: Answer<Id>;
      readonly etag: string | null;
    }
  | { readonly ok: false; readonly status: number; readonly problem: Problem };

/** Where the service is, and who asks. */
export interface ClientOptions {
  /** As in `http://localhost:8080`; empty, as where it is absent, for the page's own origin. */
  readonly origin?: string;
  /** The machine's own where it is absent. */
  readonly fetch?: Fetch;
  /** As `plimsoll serve keys create` printed it. */
  readonly apiKey?: string;
  /** How many answers are kept, to be used again where the service says that they still stand; 50 where absent, 0 for none. */
  readonly mostKept?: number;
  /** For waiting between two connections of a stream; the machine's own where it is absent. */
  readonly clock?: Clock;
}

/** Calls operations by name, with types from the same table that the service validates by. */
export interface Client {
  /** Calls an operation; a failure of the service is an answer. It throws only what `fetch` throws. */
  call<Id extends OperationId>(id: Id, input?: CallInput<Id>): Promise<CallResult<Id>>;
  /**
   * Calls an operation for its answer.
   *
   * @throws {PlimsollError} with the service's code; SOURCE_UNREACHABLE where nobody answers; what the signal was aborted with
   */
  request<Id extends OperationId>(id: Id, input?: CallInput<Id>): Promise<Answer<Id>>;
  /**
   * Follows events, each once and in order. A line that breaks is taken up again after the last event.
   *
   * @throws {PlimsollError} where the service refuses and repeating it will not help
   */
  stream(input?: StreamInput): AsyncGenerator<StreamedEvent, void, undefined>;
}

const MOST_KEPT = 50;

/**
 * Makes a client of the service, for browsers and Node. Numbers of its answers are decimal strings, and a report with a gap is `incomplete`, whatever its numbers say.
 *
 * @example
 * ```ts
 * const client = createClient({ origin: 'http://localhost:8080' });
 * const { status, wallet, gaps } = await client.request('getWallet', { params: { wallet: '0xc0ffee00000000000000000000000000c0ffee01' } });
 * console.log(status, wallet.weakest?.health, gaps.length);
 * ```
 *
 * @example
 * ```ts
 * // A failure as an answer, for whoever wants to go on.
 * const client = createClient({ origin: 'http://localhost:8080' });
 * const answer = await client.call('planWallet', { params: { wallet: '0xc0ffee00000000000000000000000000c0ffee01' }, body: { target: '0.1' } });
 * console.log(answer.ok ? answer.data.view : answer.problem.code);
 * ```
 */
export function createClient({ origin = '', fetch = systemFetch, apiKey, mostKept = MOST_KEPT, clock = systemClock }: ClientOptions = {}): Client {
  const store = keepAnswers(mostKept);
  const own = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  async function call<Id extends OperationId>(id: Id, input: CallInput<Id> = {}): Promise<CallResult<Id>> {
    const { method, path } = PATHS[id];
    const url = `${origin}${fillPath(path, input.params)}${formatQuery(input.query)}`;
    const kept = method === 'get' ? store.find(url) : null;
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers: {
        accept: 'application/json',
        ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(input.idempotencyKey === undefined ? {} : { 'idempotency-key': input.idempotencyKey }),
        ...(kept === null ? {} : { 'if-none-match': kept.etag }),
        ...own,
        ...input.headers,
      },
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
    const etag = response.headers.get('etag');
    const text = await response.text();
    if (response.status === 304 && kept !== null) return { ok: true, status: 304, data: parse(kept.text, kept.isJson), etag: kept.etag };
    if (!response.ok) return { ok: false, status: response.status, problem: readProblem(text, response) };
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    if (method === 'get' && etag !== null) store.keep(url, { etag, text, isJson });
    return { ok: true, status: response.status, data: parse(text, isJson), etag };
  }

  return {
    call,
    async request(id, input = {}) {
      const answer = await call(id, input).catch((error: unknown) => {
        throw unreachable(error, origin, input.signal);
      });
      if (answer.ok) return answer.data;
      throw asFailure(answer.problem, answer.status);
    },
    stream: (input = {}) => readStream(input, { url: `${origin}${PATHS.streamEvents.path}${formatQuery(input.query)}`, origin, fetch, headers: own, clock }),
  };
}

/** Parsed anew each time: who gets an answer may change it. */
function parse(text: string, isJson: boolean): ReturnType<typeof JSON.parse> {
  return isJson ? JSON.parse(text) : text;
}

function fillPath(path: string, params: unknown): string {
  return Object.entries(params ?? {}).reduce((filled, [name, value]) => filled.replace(`{${name}}`, encodeURIComponent(String(value))), path);
}

function formatQuery(query: unknown): string {
  const fields = Object.entries(query ?? {}).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
  return fields.length === 0 ? '' : `?${new URLSearchParams(fields).toString()}`;
}
